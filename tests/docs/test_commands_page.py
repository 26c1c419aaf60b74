"""The page of the direct commands says what they do."""

from pathlib import Path

from run_page import carry_out


def test_every_example_on_the_page_prints_what_the_page_shows() -> None:
    assert carry_out(Path(__file__).parents[2] / "docs" / "commands.md", show=False) == 17
