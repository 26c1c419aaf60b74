"""Every command on the short pages works as it is typed; the index leads to what one came for."""

from pathlib import Path

import pytest
from run_page import carry_out, steps

DOCS = Path(__file__).parents[2] / "docs"
QUICK = ("ase", "ovito", "viewer")  #: carried out by make docs
LONG = ("lennard-jones", "eam", "bilayers", "mlflow", "resuming", "clusters")


@pytest.mark.slow
@pytest.mark.parametrize("page", LONG)
def test_a_page_that_computes_for_minutes_prints_what_it_shows(page: str) -> None:
    assert carry_out(DOCS / "howto" / f"{page}.md", show=False) >= 2


def test_every_page_is_tried_and_listed() -> None:
    pages = {path.stem for path in (DOCS / "howto").glob("*.md")} - {"index"}
    assert pages == {*QUICK, *LONG}
    listed = (DOCS / "howto" / "index.md").read_text()
    assert all(f"\n{page}\n" in listed for page in pages)
    assert all(list(steps((DOCS / "howto" / f"{page}.md").read_text())) for page in pages)


def test_the_index_has_a_start_a_picture_and_three_doors() -> None:
    index = (DOCS / "index.md").read_text()
    assert (
        index.index("results/demo_map.png") < index.index("## Start") < index.index("Three doors")
    )
    for door, command in (("Predict", "predict"), ("Train", "run"), ("Extend", "new-plugin")):
        assert f"**{door}**" in index and f"    vitreous {command} " in index
