"""Results of a third party are keyed by what its source computes; an edit makes them be computed
anew, and ours keep their keys.
"""

import importlib
import sys
from importlib.metadata import entry_points

import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.source import refuse_edited, source_files, source_of
from vitreous.core.store import identity
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica

COMPONENT = '''
"""A potential that is never asked."""
from dataclasses import dataclass
import numpy as np
from {package}.helpers import factor
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica

@dataclass(frozen=True, kw_only=True)
class Mine(YukawaSilica):
    """What it is."""

    def twice(self):
        if factor < 0:
            raise ValueError(f"factor is {{factor}}; expected a positive one")
        return 2.0 * factor  # a comment
'''


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """``edited(**files)``: the class Mine of a package with these files, as a new process finds
    it.
    """
    count = iter(range(100))

    def load(**files):
        root = tmp_path / f"state{next(count)}"
        package = "edited_plugin"
        (root / package).mkdir(parents=True)
        given = {
            "__init__": "",
            "component": COMPONENT.format(package=package),
            "helpers": "factor = 3.0\n",
            "unused": "y = 1\n",
        } | files
        for name, text in given.items():
            (root / package / f"{name}.py").write_text(text)
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.syspath_prepend(str(root))
        importlib.invalidate_caches()
        from vitreous.core import source

        source._file_of.cache_clear()
        return importlib.import_module(f"{package}.component").Mine

    return load


MODULE = COMPONENT.format(package="edited_plugin")
SAME = {
    "a comment": {"component": MODULE.replace("# a comment", "# another one")},
    "a docstring": {"component": MODULE.replace("What it is.", "What it was.")},
    "the layout": {"component": MODULE.replace("2.0 * factor", "(2.0\n                * factor)")},
    "the wording of an error": {"component": MODULE.replace("expected", "wanted")},
    "a module that it does not import": {"unused": "y = 2\n"},
    "the declarations of the package": {"__init__": "z = 'a summary'\n"},
}
OTHER = {
    "a number": {"component": MODULE.replace("2.0 *", "2.5 *")},
    "a default": {"component": MODULE.replace("def twice(self)", "def twice(self, n=1)")},
    "what raises an error": {"component": MODULE.replace("factor < 0", "factor < 1")},
    "a module that it imports": {"helpers": "factor = 4.0\n"},
    "a module that an imported one imports": {
        "helpers": "from .unused import y\nfactor = 3.0 * y\n",
    },
}


@pytest.mark.parametrize("change", SAME)
def test_what_computes_nothing_keeps_the_key(change, edited):
    before = identity(edited()())
    assert identity(edited(**SAME[change])()) == before


@pytest.mark.parametrize("change", OTHER)
def test_an_edit_changes_the_key(change, edited):
    before = identity(edited()())
    assert identity(edited(**OTHER[change])()) != before


def test_relative_imports_packages_and_imports_within_functions_are_followed(edited):
    deep = "def f():\n    from . import unused\n    return unused.y\nfactor = 3.0\n"
    first = source_of(edited(helpers=deep))
    assert source_of(edited(helpers=deep, unused="y = 5\n")) != first
    around = {"helpers": "from edited_plugin import z\nfactor = z\n"}
    first = source_of(edited(**around, __init__="z = 1\n"))
    assert source_of(edited(**around, __init__="z = 2\n")) != first


def test_ours_are_keyed_by_version_and_those_who_declare_it(edited):
    assert "source" not in identity(YukawaSilica())
    cls = edited(
        component=MODULE.replace("    def twice", '    keyed_by = "version"\n\n    def twice')
    )
    assert "source" not in identity(cls())


def test_only_modules_of_the_own_distribution_count(edited):
    assert sorted(source_files(edited().__module__)) == [
        "edited_plugin.component",
        "edited_plugin.helpers",
    ]


def test_modules_of_an_installed_distribution_are_told_from_its_neighbours(
    tmp_path, monkeypatch, edited
):
    """In site-packages, where everything lies side by side, the record of the files decides."""
    site = tmp_path / "site-packages"
    (site / "mine-1.0.dist-info").mkdir(parents=True)
    for name, text in {
        "mine": "import mine_too\nimport neighbour\nfrom dataclasses import dataclass\n"
        "from vitreous.plugins.potentials.yukawa_silica import YukawaSilica\n"
        "@dataclass(frozen=True, kw_only=True)\nclass Mine(YukawaSilica):\n    pass\n",
        "mine_too": "x = 1\n",
        "neighbour": "x = 1\n",
    }.items():
        (site / f"{name}.py").write_text(text)
    info = site / "mine-1.0.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "RECORD").write_text("mine.py,,\nmine_too.py,,\n")
    (info / "entry_points.txt").write_text("[vitreous]\nmine = mine\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    assert any(entry.name == "mine" for entry in entry_points(group="vitreous"))
    assert sorted(source_files("mine")) == ["mine", "mine_too"]


def test_a_class_without_a_file_is_refused_with_what_to_do(monkeypatch):
    typed = type("Typed", (YukawaSilica,), {"__module__": "typed_into_a_notebook"})
    with pytest.raises(VitreousError, match=r"Typed is in no file.*put the class into a file"):
        identity(typed())


def test_a_worker_that_loaded_an_edited_source_refuses_to_go_on(edited):
    begun = source_of(edited())
    cls = edited(helpers="factor = 4.0\n")
    refuse_edited({cls: source_of(cls)})
    with pytest.raises(VitreousError, match="Mine was edited while the run goes on; run again"):
        refuse_edited({cls: begun})
