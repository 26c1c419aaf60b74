"""A figure as vector graphics for a page: SVG without identifiers of its own, whose points, cells
and bars name their values under the pointer (``title`` elements, shown by every browser).

What is named is read from what was drawn: points of lines with marks, cells of maps of at most as
many sites as are drawn as vectors, dots and bars, each by the labels of the axes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from vitreous.analysis.axes import with_minus

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_WIDE = 600.0  # points
_MOST = 1000  # values of one series that are named
_DRAWN = frozenset(f"{_SVG}{name}" for name in ("path", "use"))


def svg(figure: Figure, name: str) -> str:
    """The figure as an ``<svg>`` element; ``name``, which no other of the page has, keeps the
    identifiers inside apart.
    """
    for text in figure.findobj(Text):
        if "$" not in text.get_text():
            text.set_text(with_minus(text.get_text()))
    texts = {}
    for number, (artist, titles) in enumerate(_named(figure)):
        artist.set_gid(f"tip{number}")
        texts[f"tip{number}"] = titles
    content = io.BytesIO()
    FigureCanvasSVG(figure)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(content, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(content.getvalue())  # noqa: S314, drawn just now
    for element in root.findall(f"{_SVG}metadata"):
        root.remove(element)
    for group in root.iter(f"{_SVG}g"):
        if titles := texts.get(group.get("id", "")):
            _entitle(group, titles)
    for group in root.iter(f"{_SVG}g"):
        _join(group)
    return _inline(root, name)


def _named(figure: Figure) -> Iterator[tuple[Artist, list[str]]]:
    """The artists whose parts have values worth naming, with a text for each part, in the order
    in which they are drawn.
    """
    for axes in figure.axes:
        for line in axes.lines:
            points = np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)])
            every = line.get_markevery()
            points = points[::every] if isinstance(every, int) else points
            marked = line.get_marker() not in ("None", "", " ", None)
            if marked and not line.get_rasterized() and 0 < len(points) <= _MOST:
                points = points[np.isfinite(points).all(axis=1)]
                yield line, [_of_point(axes, str(line.get_label()), x, y) for x, y in points]
        for mesh in axes.collections:
            values = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan).ravel()
            named = isinstance(mesh, QuadMesh | PathCollection) and not mesh.get_rasterized()
            if named and axes.get_label() != "<colorbar>" and 0 < len(values) <= _MOST:
                bar = mesh.colorbar
                label = "" if bar is None else f"{_plain(bar.ax.get_xlabel())} "
                yield mesh, [_of_value(label, value) for value in values]
        for bars in axes.containers:
            if isinstance(bars, BarContainer):
                across = bars.orientation == "horizontal"
                yield from ((bar, [_of_bar(axes, bar, across)]) for bar in bars)


def _of_bar(axes: Axes, bar: Rectangle, horizontal: bool) -> str:
    """Of a horizontal bar the value at its end: what it belongs to is told by its colour."""
    if horizontal:
        return with_minus(f"{_plain(axes.get_xlabel())} {bar.get_x() + bar.get_width():.4g}")
    return _of_point(axes, "", bar.get_x() + 0.5 * bar.get_width(), bar.get_height())


def _of_point(axes: Axes, label: str, x: float, y: float) -> str:
    series = "" if not label or label.startswith("_") else f"{label}: "
    across, up = (_plain(of) for of in (axes.get_xlabel(), axes.get_ylabel()))
    return with_minus(f"{series}{across} {x:.4g}, {up} {y:.4g}".strip())


def _of_value(label: str, value: float) -> str:
    return with_minus(f"{label}{value:.4g}") if np.isfinite(value) else f"{label}not known"


def _plain(label: str) -> str:
    """A label without the marks of mathematics."""
    return re.sub(r"\$\^(\d+)\$", r"^\1", label)


def _entitle(group: ElementTree.Element, titles: list[str]) -> None:
    """Give each drawn part of a group its title; the line that joins points has none."""
    parts = [e for parent in _outside_definitions(group) for e in list(parent) if e.tag in _DRAWN]
    parts = [e for e in parts if e.tag == f"{_SVG}use"] or parts  # marks, without their line
    if len(parts) != len(titles):  # parts beyond the axes were not drawn: none is named wrongly
        return
    for part, text in zip(parts, titles, strict=True):
        part.set("class", "tip")
        ElementTree.SubElement(part, "title").text = text


def _join(group: ElementTree.Element) -> None:
    """Make one path of many of the same look, such as the bonds of a network: a tenth in size."""
    parts = list(group)
    looks = {(part.tag, part.get("style"), part.get("clip-path"), len(part)) for part in parts}
    if len(parts) > 1 and len(looks) == 1 and parts[0].tag == f"{_SVG}path" and not len(parts[0]):
        parts[0].set("d", " ".join(part.get("d", "") for part in parts))
        for part in parts[1:]:
            group.remove(part)


def _outside_definitions(group: ElementTree.Element) -> Iterator[ElementTree.Element]:
    yield group
    for child in group:
        if child.tag == f"{_SVG}g":
            yield from _outside_definitions(child)


def _inline(root: ElementTree.Element, name: str) -> str:
    """The element as HTML takes it: without name spaces, as wide as its place, every identifier
    begun with the name of the figure.
    """
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if own := element.get("id"):
            element.set("id", f"{name}-{own}")
        if _LINK in element.attrib:
            element.set("href", re.sub("^#", f"#{name}-", element.attrib.pop(_LINK)))
        for key, value in element.attrib.items():
            element.set(key, value.replace("url(#", f"url(#{name}-"))
        if path := element.get("d"):
            element.set("d", " ".join(re.sub(r"(\.\d\d)\d+", r"\1", path).split()))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    if float(root.get("viewBox", "0 0 0 0").split()[2]) > _WIDE:
        root.set("class", "wide")  # scrolls on a phone
    root.set("role", "img")
    root.set("aria-label", name.replace("_", " "))
    return ElementTree.tostring(root, encoding="unicode")
