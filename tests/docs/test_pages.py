"""What the source of every page of the documentation keeps to."""

import re
from pathlib import Path

import pytest

from vitreous.analysis.axes import with_minus

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    .*$", re.MULTILINE)
CODE = re.compile(r"`[^`]*`")
LINKED = re.compile(r"\]\([^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_line_is_taken_for_a_comment(page: Path) -> None:
    # MyST drops a line that begins with a per cent sign: "0.5\n%: and the rest" loses the rest
    lines = FENCED.sub("", page.read_text()).splitlines()
    assert [line for line in lines if line.lstrip().startswith("%")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_negative_numbers_have_minus_signs(page: Path) -> None:
    prose = INDENTED.sub("", FENCED.sub("", page.read_text()))
    prose = LINKED.sub("", CODE.sub("", prose))
    assert with_minus(prose) == prose
