"""A micrograph: its spots, the corrections to them, and the network that they make.

Corrections are saved beside the image, in the file of edits that ``generator=tem_image`` reads; its
second line, a comment, says how spots were found, so that the image reopens as it was left.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.app.view.opened import Opened
from vitreous.app.view.structure import column, drawn, listed
from vitreous.core.build import construct
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.micrographs import Edits, read_edits, read_image
from vitreous.io.text import read_text, write_whole
from vitreous.plugins.generators.tem_image import Spotted, TEMImage

ENDING = ".edits.csv"  #: of the file of corrections, behind the name of the image
_FOUND_BY = "# found by: "
_SET = ("detector", "diameter", "dark", "region", "pixel_size", "si_si", "bilayer")
_FREE_SI_SI = 3.02  # the distance at which a network under yukawa_silica is free of stress
_SHOWN = 4096  # pixels along a side of the picture that is sent
_MOST = 100_000  # corrections
_SI_SI = (2.4, 3.8)  # angstrom; means outside are a wrong scale (micrographs: 3.0 to 3.1)
_QUOTE = '"'
Answer = dict[str, Any]


@dataclass(kw_only=True)
class Image(Opened):
    """A grey image.

    Fields:
        fields: of ``generator=tem_image``, by which spots are found. edits: what was corrected, in
        the order in which it was done. spotted: what was found with these fields.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    edits: list[tuple[str, float, float]] = field(default_factory=list)
    spotted: Spotted | None = None

    kind = "image"

    def page(self) -> Answer:
        height, width = read_image(self.path).shape
        fields, edits, error = {}, [], ""
        try:
            fields, edits = self._saved()
        except VitreousError as damaged:
            error = f"the corrections are left out: {damaged}"
        answer: Answer = {
            "width": width,
            "height": height,
            "saved_as": self.saved_as.name,
            "fields": {name: getattr(self._maker(fields), name) for name in _SET},
        }
        try:
            return {**answer, **self.detect(fields, edits), "remark": error}
        except VitreousError as unfit:  # the image is shown nevertheless, to set the fields
            return {**answer, "error": str(unfit).replace(f"{self.path.parent}/", "")}

    @property
    def saved_as(self) -> Path:
        """Where corrections are saved."""
        return self.path.with_name(self.path.name + ENDING)

    def pixels(self) -> bytes:
        """The image as a PNG of grey levels, its brightest half per cent cut."""
        from PIL import Image as Pillow

        values = read_image(self.path)
        low, high = np.nanpercentile(values, [0.5, 99.5])
        grey = np.clip((values - low) / max(high - low, 1e-300), 0.0, 1.0)
        picture = Pillow.fromarray((255.0 * np.nan_to_num(grey)).astype(np.uint8))
        if max(picture.size) > _SHOWN:
            picture.thumbnail((_SHOWN, _SHOWN))
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    def detect(self, fields: Mapping[str, Any], edits: Sequence[Any] = ()) -> Answer:
        """Find spots with these fields of ``generator=tem_image``, then correct them.

        Raises:
            VitreousError: a field that is unknown or out of range, an image without spots, or
            corrections that do not fit them.
        """
        maker = self._maker(fields)
        self.spotted = maker.spots(0)
        self.fields = {name: getattr(maker, name) for name in _SET}
        return self.correct(edits)

    def correct(self, edits: Sequence[Any]) -> Answer:
        """The network with all of these corrections, each ("add" or "remove", x, y), in pixels.

        Raises:
            VitreousError: for what is no correction, or does not fit the spots.
        """
        if self.spotted is None:
            raise VitreousError("no spots have been found yet; press Detect first")
        maker = self._maker(self.fields)
        checked = [_checked(edit, self.spotted) for edit in edits[:_MOST]]
        imaged = maker.joined(self.spotted, _as_edits(checked))
        self.edits = checked
        found = imaged.found
        corner = np.array(self.spotted.corner)
        from vitreous.direct.imaging import reported

        report = reported(maker, imaged)
        self.current = report.configuration
        _warn_of_scale(found)
        size = found.network.bonds
        return {
            "spots": [listed(axis) for axis in (found.places + corner).T],
            "added": found.added.tolist(),
            "border": found.network.border.tolist(),
            "reasons": found.reasons.tolist(),
            "links": [end.tolist() for end in size.T],
            "rings": [
                {"size": int(n), "atoms": np.asarray(members).tolist()}
                for n, members in zip(
                    report.rings.layers[0].sizes, report.rings.layers[0].members, strict=True
                )
            ],
            "ring_sizes": {str(n): k for n, k in report.rings.statistics.counts.items()},
            "pixel_size": found.pixel_size,
            "scaled": found.scaled,
            "inside": found.inside,
            "edits": [list(edit) for edit in checked],
            "structure": drawn(
                report.configuration,
                {name: column(values) for name, values in report.columns.items()},
            ),
        }

    def save(self) -> Answer:
        """Write the corrections beside the image; returns what commands are given for the same
        network.
        """
        write_whole(self.saved_as, self.as_file().encode())
        usual = self._maker({})
        changed = {
            name: json.dumps(value, separators=(",", ":"))
            for name, value in self.fields.items()
            if value != getattr(usual, name)
        }
        settings = {**changed, "edits": self.saved_as.name}
        return {
            "saved_as": self.saved_as.name,
            "kept": not self.sent,
            "settings": [f"{name}={str(value).strip(_QUOTE)}" for name, value in settings.items()],
        }

    def as_file(self) -> str:
        """The file of edits."""
        lines = ["what,x,y", f"{_FOUND_BY}{json.dumps(self.fields)}"]
        return "\n".join([*lines, *(f"{what},{x:.3f},{y:.3f}" for what, x, y in self.edits)]) + "\n"

    def glass_for(self, bundle: Any) -> Configuration:
        """The network at the distance of silicons at which the bundle's glasses are free of
        stress, unless a scale was given by hand.
        """
        if self.spotted is None:
            raise VitreousError("no spots have been found yet; press Detect first")
        flat = bundle.glasses["dimension"] == 2
        free = {"si_si": _FREE_SI_SI} if flat and not self.fields.get("pixel_size") else {}
        maker = self._maker({**self.fields, **free, "bilayer": not flat})
        return maker.glass(maker.joined(self.spotted, _as_edits(self.edits)), self.path)

    def glass_under(self, model: Any) -> Configuration:
        raise VitreousError(
            "a micrograph has a free boundary, at which a deformation has nothing to hold on to; "
            "download its network, or deform a periodic glass"
        )

    def _maker(self, fields: Mapping[str, Any]) -> TEMImage:
        unknown = set(fields) - set(_SET)
        if unknown:
            raise VitreousError(f"{min(unknown)} is no field of a micrograph that is set here")
        given = {name: value for name, value in fields.items() if value is not None}
        return construct(TEMImage, "tem_image", {"path": str(self.path), **given})

    def _saved(self) -> tuple[dict[str, Any], list[Any]]:
        """Fields and corrections as they were left; those of the defaults where there are none."""
        if not self.saved_as.is_file() or self.saved_as.is_symlink():
            return {}, []
        head = "".join(read_text(self.saved_as).split("\n")[1:2])
        fields: dict[str, Any] = {}
        if head.startswith(_FOUND_BY):
            try:
                fields = dict(json.loads(head.removeprefix(_FOUND_BY)))
            except (ValueError, TypeError) as error:
                raise VitreousError(
                    f"the second line of {self.saved_as.name} is damaged; remove that line, or the "
                    "file"
                ) from error
        given = read_edits(self.saved_as)
        words = (("remove", given.remove), ("add", given.add))
        return fields, [(what, *place) for what, places in words for place in places.tolist()]


def _warn_of_scale(found: Any) -> None:
    """A warning where silicons are as far apart as in no silica."""
    first, second = found.network.bonds.T
    if not len(first):
        return
    apart = np.linalg.norm(found.places[first] - found.places[second], axis=1)
    mean = float(apart.mean()) * found.pixel_size
    if not _SI_SI[0] <= mean <= _SI_SI[1]:
        warnings.warn(
            f"at {found.pixel_size:.4g} angstrom per pixel, silicons are {mean:.3g} angstrom apart "
            "on average, in silica 3.0 to 3.1: check the scale",
            stacklevel=3,
        )


def _checked(edit: Any, spotted: Spotted) -> tuple[str, float, float]:
    height, width = spotted.region.shape
    try:
        what, x, y = edit
        x, y = float(x), float(y)
    except (TypeError, ValueError):
        raise VitreousError(f"{str(edit)[:60]} is no correction; expected what, x, y") from None
    left, top = spotted.corner
    inside = -0.5 <= x - left <= width - 0.5 and -0.5 <= y - top <= height - 0.5
    if what not in ("add", "remove") or not inside:
        raise VitreousError(
            f"a correction is {str(what)[:20]} at {x:g},{y:g}; expected add or remove, inside the "
            "region"
        )
    return what, x, y


def _as_edits(edits: Sequence[tuple[str, float, float]]) -> Edits:
    """Corrections as ``generator=tem_image`` takes them, the removals first: what was added and
    taken away again is in neither.
    """
    by = {
        word: np.array([[x, y] for what, x, y in edits if what == word]).reshape(-1, 2)
        for word in ("add", "remove")
    }
    return Edits(by["add"], by["remove"])
