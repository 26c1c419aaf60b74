"""Sphinx configuration: MyST pages, furo theme."""

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
html_css_files = ["phone.css"]
