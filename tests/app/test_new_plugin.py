"""``vitreous new-plugin NAME --kind KIND`` makes a package whose checks pass, and overwrites
nothing.
"""

import os
import re
import shlex
import subprocess
import sys

import pytest
from toy import environment, vitreous

from vitreous.app.new_plugin import files_of
from vitreous.core.plugin import KINDS


def made(tmp_path, kind):
    """A new package of the kind, as if it was installed: its folder."""
    name = f"my-{kind}"
    done = vitreous(tmp_path, "new-plugin", name, "--kind", kind)
    assert done.returncode == 0, done.stderr
    module, folder = f"my_{kind}", tmp_path / name
    about = folder / f"{module}-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text(f"[vitreous]\n{module} = {module}\n")
    return folder, done.stdout


def seen(tmp_path, folders):
    path = os.pathsep.join([*map(str, folders), environment(tmp_path)["PYTHONPATH"]])
    return {**environment(tmp_path), "PYTHONPATH": path}


def test_the_checks_of_a_package_of_every_kind_pass_and_it_can_be_run(tmp_path):
    """All nine are installed at once; then what each is told to be used with is composed."""
    printed = {kind: made(tmp_path, kind) for kind in KINDS}
    variables = seen(tmp_path, [folder for folder, _ in printed.values()])
    code = (
        "import sys\nfrom vitreous.testing import run_checks\n"
        "for name in sys.argv[1:]:\n    table = run_checks(name)\n    print(name, table)\n"
        "    assert table.passed, name\n"
    )
    names = [f"my-{kind}" for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" 0 failed") == 2 * len(KINDS)
    composing = (
        "import sys, shlex\nfrom vitreous.cli import main\n"
        "for line in sys.stdin.read().splitlines():\n"
        "    assert main([*shlex.split(line)[1:], '--cfg', 'job']) == 0, line\n"
    )
    used = [re.findall(r"vitreous run .*", out)[0] for _, out in printed.values()]
    done = subprocess.run(
        [sys.executable, "-c", composing],
        input="\n".join(used),
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert all(shlex.split(line)[:2] == ["vitreous", "run"] for line in used)


def test_what_was_made_and_what_to_type_next_is_printed(tmp_path):
    done = vitreous(tmp_path, "new-plugin", "glass-angles", "--kind", "descriptor")
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [
        "glass-angles/",
        "pyproject.toml name, dependencies",
        "glass_angles/__init__.py the declaration: put your citation there",
        "glass_angles/glass_angles.py the method: begin here",
        "glass_angles/conf/descriptor/glass_angles.yaml every field with its default",
        "tests/test_conformance.py the checks, for pytest",
        "next:",
        "pip install -e glass-angles",
        "vitreous check glass-angles",
        "vitreous run experiment=demo debug=fast descriptor=glass_angles model=ridge",
    ]
    names = {p.relative_to(tmp_path / "glass-angles").as_posix() for p in tmp_path.rglob("*.*")}
    assert set(files_of("glass-angles", "descriptor")) <= names


REFUSED = {
    "Glass": "'Glass' cannot name a package; expected small letters, digits and single -",
    "glass_angles": "beginning with a letter, such as glass-angles; did you mean glass-angles?",
    "Glass Rings": "did you mean glass-rings?",
    "2d-glass": "'2d-glass' cannot name a package",
    "../glass": "'../glass' cannot name a package",
    "class": "'class' cannot name a package",
    "json": "a module json is already installed, which a package 'json' would hide",
    "vitreous": "a module vitreous is already installed",
    "physical": "already provides descriptor 'physical'; choose another name",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_cannot_be_is_refused_in_one_sentence(name, tmp_path):
    done = vitreous(tmp_path, "new-plugin", name, "--kind", "descriptor")
    assert done.returncode == 2 and REFUSED[name] in done.stderr
    assert done.stderr.count("\n") == 1 and not list(tmp_path.iterdir())


def test_an_unknown_kind_is_answered_with_all(tmp_path):
    done = vitreous(tmp_path, "new-plugin", "glass-angles", "--kind", "descripter")
    assert done.returncode == 2
    assert "unknown kind 'descripter'; did you mean 'descriptor'?; expected one of " in done.stderr


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "glass-angles").mkdir()
    done = vitreous(tmp_path, "new-plugin", "glass-angles", "--kind", "model")
    assert done.returncode == 2 and f"{tmp_path}/glass-angles is already there" in done.stderr
    assert list((tmp_path / "glass-angles").iterdir()) == []
