"""Known weaknesses of the packages in constraints.txt, as pip-audit finds them in PyPI's database.

``python .ci/audit.py SCRATCH``: pip-audit gets an environment of its own in that folder. Exits with
1 if a package has a weakness that is not in ``ACCEPTED``. Where no database answers, or pip-audit
cannot be installed, that is said, and the gate goes on: it says nothing of the packages.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ACCEPTED: dict[str, str] = {}  #: why a weakness does not matter here, by its identifier
MINUTES = 5.0  #: for all packages
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


def found(report: Path, command: list[str]) -> tuple[list[dict], str]:
    """What pip-audit says of each package, and why it says nothing."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=60 * MINUTES
        )
    except subprocess.TimeoutExpired:
        return [], f"it took longer than {MINUTES:g} minutes"
    if not report.exists():  # with weaknesses it ends with status 1, too
        return [], (done.stderr.strip() or "no word").splitlines()[-1][:300]
    packages = json.loads(report.read_text())["dependencies"]
    reasons = {each["skip_reason"].partition(":")[0] for each in packages if "skip_reason" in each}
    return [each for each in packages if "vulns" in each], "; ".join(sorted(reasons))


def main(scratch: Path) -> int:
    """Prints each weakness, or what was not looked up; the exit status."""
    report, tools = scratch / "audit.json", scratch / "audit"
    venv.create(tools, with_pip=True)
    install = [tools / "bin" / "pip", "install", "--quiet", "pip-audit"]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if done.returncode:
        print(f"not audited: pip-audit cannot be installed ({done.stderr.strip()[-300:]})")
        return 0
    command = [tools / "bin" / "pip-audit", "--disable-pip", "--no-deps", "--progress-spinner=off"]
    command += ["--timeout=15", "--requirement", CONSTRAINTS, "--format=json", "--output", report]
    packages, silent = found(report, [str(word) for word in command])
    known = [(p["name"], p["version"], v) for p in packages for v in p["vulns"]]
    bad = [entry for entry in known if not {entry[2]["id"], *entry[2]["aliases"]} & set(ACCEPTED)]
    for name, version, weakness in bad:
        fixed = ", ".join(weakness["fix_versions"]) or "none"
        print(f"{name} {version}: {weakness['id']}, mended in: {fixed}")
    print(f"{len(packages)} packages audited, {len(known)} weaknesses, {len(bad)} not accepted")
    if silent:
        print(f"the others were not: {silent}")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
