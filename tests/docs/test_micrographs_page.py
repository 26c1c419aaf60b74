"""The page on micrographs says what happens."""

from pathlib import Path

import pytest
from run_page import carry_out


def test_every_command_on_the_page_prints_what_the_page_shows() -> None:
    pytest.importorskip("torch_geometric")
    pytest.importorskip("trackpy")
    assert carry_out(Path(__file__).parents[2] / "docs" / "micrographs.md", show=False) == 9
