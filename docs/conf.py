"""Sphinx configuration: MyST pages, furo theme."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from vitreous import __version__

project = "Vitreous"
author = "The Vitreous developers"
copyright = "2026, The Vitreous developers"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
html_theme = "furo"
html_title = "Vitreous"
exclude_patterns = ["_build"]
suppress_warnings = ["myst.header", "myst.xref_missing"]
html_static_path = ["_static"]
html_css_files = ["pages.css"]

_CODE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
_NUMBER_AND_UNIT = re.compile(r"(?<=[\d)\]]) (?=(%|Å|nm|eV|GPa|ms|s|min|h|MB|GB)(?!\w))")
_PLUS_MINUS = re.compile(r" ± ")


class UnitsStay(SphinxPostTransform):
    """A unit stays on the line of its number, and an error on that of its value."""

    default_priority = 900

    def run(self) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, _CODE):
                kept = _PLUS_MINUS.sub("\u00a0±\u00a0", _NUMBER_AND_UNIT.sub("\u00a0", text))
                text.parent.replace(text, nodes.Text(kept))


def setup(app: Sphinx) -> None:
    app.add_post_transform(UnitsStay)
