"""The page on ASE says what happens."""

from pathlib import Path

import pytest
from run_page import carry_out


def test_every_script_on_the_page_prints_what_the_page_shows() -> None:
    pytest.importorskip("torch_geometric")
    assert carry_out(Path(__file__).parents[2] / "docs" / "ase.md", show=False) == 10
