"""Grey images of atoms, and the corrections that a user makes to what is found in them: PNG, TIFF
and NumPy files from anywhere, looked at before memory is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.text import read_text, refuse_special

ENDINGS = (".png", ".tif", ".tiff", ".npy")  #: of images that are read
MOST = 1 << 25  #: pixels: 5793 x 5793
_COLOURS = (2, 3, 4)  # channels of a picture: grey or colour, with or without opacity
_WORDS = {"add": True, "remove": False}
Floats = NDArray[np.float64]


class Edits(NamedTuple):
    """Spots that are added and taken away: (A, 2) and (R, 2), pixels of the whole image."""

    add: Floats
    remove: Floats


def is_image(path: str | Path) -> bool:
    """Whether a file's name says that it is an image."""
    return str(path).lower().endswith(ENDINGS)


def read_image(path: str | Path) -> Floats:
    """The values of a grey image (H, W); row 0 is the top.

    Raises:
        VitreousError: in one sentence, for a file that is missing, damaged, too large, in colour,
        or no image; for a TIFF file, if tifffile is not installed.
    """
    path = Path(path)
    refuse_special(path)
    readers = {".png": _png, ".npy": _npy, ".tif": _tiff, ".tiff": _tiff}
    if not is_image(path):
        raise VitreousError(f"{path} is no image that is read; expected {', '.join(ENDINGS)}")
    try:
        values = readers[path.suffix.lower()](path)
    except VitreousError:
        raise
    except Exception as error:  # of decoders, which raise anything for what they do not know
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise VitreousError(
            f"{path} cannot be read as an image: damaged, cut short or of a kind that is not known "
            f"({reason}); save it again as an uncompressed grey TIFF or as PNG"
        ) from None
    return _grey(values, path)


def read_edits(path: str | Path) -> Edits:
    """Corrections: a line ``add,x,y`` or ``remove,x,y`` each, in pixels of the image (x to the
    right and y down, the first pixel's middle is 0,0); empty lines, those that begin with #, and a
    heading ``what,x,y`` are passed over.

    Raises:
        VitreousError: for a file that cannot be read, or a line that is none of these.
    """
    add: list[Sequence[float]] = []
    remove: list[Sequence[float]] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = [word.strip() for word in line.split(",")]
        if not any(words) or line.lstrip().startswith("#") or (number == 1 and words[1:] == _HEAD):
            continue
        what, place = words[0], [_number(word) for word in words[1:]]
        if what not in _WORDS or len(place) != 2 or not all(map(math.isfinite, place)):
            raise VitreousError(
                f"{path}, line {number}, is '{line.strip()[:60]}'; expected add,x,y or remove,x,y "
                "with a position in pixels"
            )
        (add if _WORDS[what] else remove).append(place)
    return Edits(np.array(add).reshape(-1, 2), np.array(remove).reshape(-1, 2))


_HEAD = ["x", "y"]


def _number(word: str) -> float:
    """NaN for what is none."""
    try:
        return float(word)
    except ValueError:
        return math.nan


def _refuse_size(path: Path, shape: Sequence[int]) -> None:
    if math.prod(shape) > 4 * MOST or math.prod(shape[:2]) > MOST:
        raise VitreousError(
            f"{path} holds {' x '.join(map(str, shape))} values; at most {MOST} pixels are read: "
            "cut the region of interest out of it and save that"
        )


def _png(path: Path) -> NDArray[Any]:
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            _refuse_size(path, image.size)
            if image.mode in ("P", "PA"):
                return np.asarray(image.convert("RGB"))
            return np.asarray(image)
    except Image.DecompressionBombError:
        raise VitreousError(
            f"{path} unpacks to more than {MOST} pixels; cut the region of interest out of it and "
            "save that"
        ) from None


def _npy(path: Path) -> NDArray[Any]:
    values = np.load(path, mmap_mode="r", allow_pickle=False)
    _refuse_size(path, values.shape)
    return np.array(values)


def _tiff(path: Path) -> NDArray[Any]:
    try:
        import tifffile
    except ImportError as error:
        raise VitreousError(
            "TIFF files need the package 'tifffile', which is not installed; pip install "
            "'vitreous[image]', or save the image as PNG"
        ) from error
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        several = len(file.pages) > 1 or len(file.series[0].shape) > len(page.shape)
        if several:
            raise VitreousError(f"{path} holds several images; save the one you want by itself")
        _refuse_size(path, page.shape)
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        white = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
    return values.max() - values if white else values


def _grey(values: NDArray[Any], path: Path) -> Floats:
    if values.dtype.kind not in "buif":
        raise VitreousError(f"{path} holds values of type {values.dtype}; expected grey levels")
    if values.ndim == 3 and values.shape[2] in _COLOURS:
        colours = values[:, :, :3] if values.shape[2] > 2 else values[:, :, :1]
        if np.any(colours != colours[:, :, :1]):
            raise VitreousError(
                f"{path} is in colour; expected a grey image: convert it, e.g. with "
                "PIL.Image.open(FILE).convert('L').save('grey.png')"
            )
        values = values[:, :, 0]
    if values.ndim != 2 or not values.size:
        raise VitreousError(
            f"{path} holds an array of shape {values.shape}; expected one grey image"
        )
    return np.ascontiguousarray(values, dtype=np.float64)
