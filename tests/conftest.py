"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference() -> Path:
    """Glasses and tables made by other groups; tests that compare with them are skipped where they are absent."""
    folder = Path(os.environ.get("VITREOUS_REFERENCE", Path(__file__).parents[2] / "shared" / "reference")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder}; set VITREOUS_REFERENCE to the folder that holds them")
    return folder


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy components of tests/toy_package, as if they were installed."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "toy_package"))
