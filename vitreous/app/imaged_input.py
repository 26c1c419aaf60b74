"""Micrographs as commands on one glass take them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitreous.app.direct_input import Answers, fields
from vitreous.app.direct_options import LAST
from vitreous.core.errors import VitreousError
from vitreous.io.micrographs import ENDINGS, is_image

if TYPE_CHECKING:
    from vitreous.direct import MicrographReport


def imaged(options: argparse.Namespace) -> MicrographReport | None:
    """The network in the file, if that is an image; None for another file.

    Raises:
        VitreousError: options of images for a file that is none, or those of other files for an
        image.
    """
    if not is_image(options.file):
        if options.set:
            raise VitreousError(
                f"--set was given for {options.file}; it sets fields of a micrograph, whose name "
                f"ends in {', '.join(ENDINGS)}: leave it out"
            )
        return None
    for option in ("species", "atom_style", "dimension"):
        if getattr(options, option) is not None:
            raise VitreousError(
                f"--{option.replace('_', '-')} was given for the image {options.file}; a "
                "micrograph shows silica, plane or with --set bilayer=true: leave it out"
            )
    if options.frame != LAST:
        raise VitreousError(
            f"--frame was given for the image {options.file}, which holds one picture; leave it out"
        )
    from vitreous.direct import micrograph  # imports much that only images need

    return micrograph(options.file, **fields(options.set, "--set", micrograph))


def summary_of(report: MicrographReport) -> Answers:
    """What commands say of an image beyond its glass."""
    found = report.imaged.found
    scale = "mean Si-Si distance" if found.scaled else "given"
    return {
        "pixel_size": found.pixel_size,
        "pixel_size_from": scale,
        "spots": len(found.places),
        "spots_inside": found.inside,
        "spots_flagged": int(found.flagged.sum()),
        **({"spots_added": int(found.added.sum())} if found.added.any() else {}),
    }
