"""The house rules: every component is configured, documented and shipped; modules stay short;
nothing prints but the command line.
"""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vitreous.core.config_folders import OWN, unwrapped
from vitreous.testing import subjects_of
from vitreous.testing.catalogue import markdown

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "vitreous"
SUBJECTS = subjects_of("vitreous")
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_every_component_has_its_config_and_every_other_config_of_its_kind_builds_on_one() -> None:
    ids = {subject.id for subject in SUBJECTS}
    kinds = {subject.kind for subject in SUBJECTS}
    files = {
        f"{path.parent.name}/{path.stem}": path
        for path in OWN.rglob("*.yaml")
        if path.parent.name in kinds
    }
    assert ids <= files.keys()
    for name in files.keys() - ids - {"model/none"}:
        based_on = {
            f"{files[name].parent.name}/{word}"
            for word in re.findall(r"^ *- (\w+)$", files[name].read_text(), re.MULTILINE)
        }
        assert based_on & ids, f"{name} is no component's config, and builds on none"


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.id)
def test_one_stem_for_module_and_config(subject) -> None:
    assert subject.cls.__module__.rpartition(".")[2] == subject.component.name


def own_file_of(subject) -> Path:
    """tests/plugins/test_NAME.py, or test_NAME_KIND.py where that is there: components of two kinds
    may share a name.
    """
    folder, name = ROOT / "tests" / "plugins", subject.component.name
    of_kind = folder / f"test_{name}_{subject.kind}.py"
    return of_kind if of_kind.exists() else folder / f"test_{name}.py"


def found_in(path: Path) -> set[str]:
    """The test functions of a file, and the names that it imports; empty without such a file."""
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    } | imported


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.id)
def test_every_component_has_a_test_file_of_its_own(subject) -> None:
    """The file imports the component and tests it."""
    path = own_file_of(subject)
    found = found_in(path)
    assert subject.cls.__name__ in found, (
        f"{path.relative_to(ROOT)} does not import {subject.cls.__name__}"
    )
    assert any(name.startswith("test_") for name in found)


def test_every_file_of_plugin_tests_is_that_of_a_component_or_of_a_part_that_components_share() -> (
    None
):
    known = {own_file_of(subject).stem.removeprefix("test_") for subject in SUBJECTS}
    shared = {path.stem.removeprefix("_") for path in (PACKAGE / "plugins").rglob("_*.py")}
    files = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests" / "plugins").glob("test_*.py")
    }
    assert files <= known | shared


def test_the_page_of_components_is_up_to_date() -> None:
    page = (ROOT / "docs" / "components.md").read_text()
    assert page == markdown("vitreous"), (
        "run: python -m vitreous.testing.catalogue > docs/components.md"
    )


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.id)
def test_every_component_has_an_entry_with_its_citation(subject) -> None:
    page = (ROOT / "docs" / "components.md").read_text()
    assert (
        f"### `{subject.kind}={subject.component.name}`" in page
        and subject.component.citation in page
    )


def test_modules_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): n
        for path in MODULES
        if (n := len(path.read_text().splitlines())) > 360
    }
    assert not long


def test_lines_of_configurations_fit_a_screen() -> None:
    """A comment goes on in a line that begins with # and three spaces (``unwrapped``)."""
    folders = (OWN, ROOT / "examples")
    paths = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    lines = [(path, line) for path in paths for line in path.read_text().splitlines()]
    assert [(str(path), line) for path, line in lines if len(line) > 100] == []


def test_a_comment_and_a_list_over_several_lines_are_read_as_one() -> None:
    text = "a: [1,\n    2] # first\n       #   second\n# third\nb: 3 # x, y\nc: 4"
    assert unwrapped(text) == "a: [1, 2] # first second\n# third\nb: 3 # x, y\nc: 4"


def test_nothing_prints() -> None:
    prints = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
            ):
                prints.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not prints


def test_nothing_is_left_to_do() -> None:
    marks = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if re.search(r"\b(TODO|FIXME|XXX)\b", path.read_text())
    ]
    assert not marks


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    program = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=True, capture_output=True
    )
    shipped = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    wanted = [
        path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    missing = [
        str(path.relative_to(ROOT))
        for path in wanted
        if path.relative_to(ROOT).as_posix() not in shipped
    ]
    assert not missing
