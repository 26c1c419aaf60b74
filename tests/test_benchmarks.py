"""Every benchmark imports, so that a name that moved is found before the benchmark is needed."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("[a-z]*.py")))
def test_it_imports(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__
