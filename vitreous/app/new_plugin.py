"""The files of a new package with one component, filled in from the folder ``templates``."""

from __future__ import annotations

import argparse
import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from vitreous.core.errors import VitreousError
from vitreous.core.plugin import KINDS
from vitreous.core.registry import discover, suggest

TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SUMMARIES: Mapping[str, str] = {
    "potential": "Two species that repel each other",
    "generator": "A shaken lattice of small and large atoms",
    "simulator": "The native deformation with events above a smallest drop of energy",
    "labeler": "Number of neighbours of every atom",
    "descriptor": "Number of atoms of each species around a site",
    "model": "Linear regression with a penalty",
    "evaluation": "Fraction of the weakest sites that the model finds",
    "executor": "Tasks in threads of the process of the run",
    "tracker": "A line of JSON for each run",
}
#: what is typed to use a component of the kind, after ``vitreous run``: {0} is its name
_USE: Mapping[str, str] = {
    "potential": "experiment=files potential={0} generator.path=GLASSES labeler=d2min "
    "descriptor=symmetry_functions ~descriptor@indicators",
    "generator": "experiment=lj debug=fast generator={0}",
    "simulator": "experiment=demo debug=fast simulator={0}",
    "labeler": "experiment=demo debug=fast labeler={0} model=ridge descriptor=symmetry_functions",
    "descriptor": "experiment=demo debug=fast descriptor={0} model=ridge",
    "model": "experiment=demo debug=fast model={0} descriptor=symmetry_functions",
    "evaluation": "experiment=demo debug=fast +evaluation@evaluations.{0}={0}",
    "executor": "experiment=demo debug=fast executor={0}",
    "tracker": "experiment=demo debug=fast tracker={0}",
}


class File(NamedTuple):
    """What a file of the package holds, and a line about it."""

    text: str
    about: str


def refuse_name(name: str, kind: str) -> None:
    """Raise VitreousError for an unknown kind, or a name that is no package's or that is taken."""
    if kind not in KINDS:
        raise VitreousError(
            f"unknown kind '{kind}'{suggest(kind, KINDS)}; expected one of {', '.join(KINDS)}"
        )
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(module):
        close = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
        meant = f"; did you mean {close}?" if _NAME.fullmatch(close) and close != name else ""
        raise VitreousError(
            f"'{name}' cannot name a package; expected small letters, digits and single -, "
            f"beginning with a letter, such as glass-angles{meant}"
        )
    if module in sys.stdlib_module_names or find_spec(module) is not None:
        raise VitreousError(
            f"a module {module} is already installed, which a package '{name}' would hide; choose "
            "another name"
        )
    registry = discover()
    twins = [twin for clash in registry.clashes for twin in clash.twins]
    for other in (*registry.all(kind), *twins):
        if (other.component.kind, other.component.name) == (kind, module):
            raise VitreousError(
                f"{other.provider} already provides {kind} '{module}'; choose another name"
            )


def files_of(name: str, kind: str) -> dict[str, File]:
    """The files of a package by their path in it."""
    module, cls = name.replace("-", "_"), name.title().replace("-", "")
    summary = SUMMARIES[kind]
    words = {"MODULE": module, "CLASS": cls, "SUMMARY": summary}

    def filled(template: str) -> str:
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        return re.sub("|".join(words), lambda word: words[word[0]], text)

    config = f"# {summary}\n_target_: {module}.{module}.{cls}\n{filled(f'{kind}.yaml.txt')}"
    return {
        "pyproject.toml": File(_PROJECT.format(name=name, module=module), "name, dependencies"),
        f"{module}/__init__.py": File(
            _DECLARATION.format(
                summary=summary,
                kind=kind,
                module=module,
                cls=cls,
                year=datetime.now(UTC).year,
            ),
            "the declaration: put your citation there",
        ),
        f"{module}/{module}.py": File(filled(f"{kind}.py.txt"), "the method: begin here"),
        f"{module}/conf/{kind}/{module}.yaml": File(config, "every field with its default"),
        "tests/test_conformance.py": File(_TESTS.format(name=name), "the checks, for pytest"),
    }


def use(options: argparse.Namespace) -> str:
    """The command that uses the component."""
    name = options.name.replace("-", "_")
    return f"vitreous run {_USE[options.kind].format(name)}"


def write(folder: Path, files: Mapping[str, File]) -> None:
    """Write the package whole or not at all. Raises VitreousError where something of that name
    is there.
    """
    if folder.exists() or folder.is_symlink():
        raise VitreousError(f"{folder.absolute()} is already there; choose another name or folder")
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.absolute().parent))
    try:
        for path, file in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(file.text, encoding="utf-8")
        made.chmod(0o755)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1"
dependencies = ["vitreous"]

[project.entry-points.vitreous]
{module} = "{module}"
"""

_DECLARATION = '''\
"""{summary}."""

from vitreous.core.plugin import Component, hookimpl


@hookimpl
def vitreous_components():
    return [
        Component(
            kind="{kind}",
            name="{module}",
            target="{module}.{module}.{cls}",
            citation="A. Author, unpublished ({year})",
            summary="{summary}",
        )
    ]
'''

_TESTS = """\
from vitreous.testing import component_checks


@component_checks("{name}")
def test_conformance(component_check):
    component_check()
"""
