"""The page in a cell of a notebook."""

import sys
import types
import urllib.request

import pytest

import vitreous
from vitreous.app import notebook
from vitreous.core.errors import VitreousError


@pytest.fixture
def cells(monkeypatch):
    """IPython as far as a cell needs it."""

    class IFrame:
        def __init__(self, src, width, height):
            self.src, self.width, self.height = src, width, height

    shown = types.ModuleType("IPython.display")
    shown.IFrame = IFrame
    package = types.ModuleType("IPython")
    package.__spec__ = types.SimpleNamespace(name="IPython")
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    yield
    notebook._open.close()


def test_a_cell_holds_the_page_which_pages_of_this_machine_may_frame(cells, folder):
    cell = vitreous.view(folder / "glass.extxyz", height=500)
    assert (cell.width, cell.height) == ("100%", 500)
    with urllib.request.urlopen(cell.src) as page:
        assert b"<title>Vitreous</title>" in page.read()
        policy = page.headers["content-security-policy"]
    assert "frame-ancestors http://localhost:* http://127.0.0.1:*" in policy


def test_without_a_notebook_the_command_is_named(monkeypatch, folder):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "IPython" else 1)
    with pytest.raises(VitreousError, match="use the command: vitreous view FILE"):
        vitreous.view(folder / "glass.extxyz")


def test_a_file_that_is_not_there_is_named(cells, folder):
    with pytest.raises(VitreousError, match=r"nowhere\.extxyz does not exist"):
        vitreous.view(folder / "nowhere.extxyz")
