"""Silica networks from micrographs (Font-Clos et al. 2022, Methods)."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.imaged_network import ImagedNetwork, imaged_network
from vitreous.analysis.spots import DETECTORS, edited, find_spots
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Generator
from vitreous.io.micrographs import ENDINGS, Edits, read_edits, read_image
from vitreous.io.text import content_of
from vitreous.plugins.generators.dual_switch import BOND_LIMIT
from vitreous.plugins.generators.file import matching_files
from vitreous.plugins.generators.silica_bilayer import doubled

#: a synthetic image of 80 x 80 angstrom at the published numbers of photons, in the package
EXAMPLE = Path(__file__).with_name("micrograph.png")
Floats = NDArray[np.float64]


class Imaged(NamedTuple):
    """The region (H, W) of an image, atoms bright, row 0 at the top; the network in it, in pixels
    of the region; and how many pixels of the image lie to the left of and below the region.
    """

    region: Floats
    found: ImagedNetwork
    corner: tuple[int, int]


class Spotted(NamedTuple):
    """The region (H, W) of an image, atoms bright; spots (N, 2) in it, in pixels of the whole
    image; and how many pixels of that lie to the left of the region, above and below it.
    """

    region: Floats
    places: Floats
    corner: tuple[int, int]
    below: int


@dataclass(frozen=True, kw_only=True)
class TEMImage(Generator):
    """Find the silicons of a silica layer in a grey image, one glass per file, without periodic
    boundaries.

    Silicons are bright spots on a dark ground. Their bonds are the three widest sides of their
    Voronoi cells (``vitreous.analysis.voronoi_network``), and an oxygen lies at the middle of each.
    x is to the right and y upwards, in angstrom; the region is the cell. A warning tells of spots
    that cannot be atoms among their neighbours (``vitreous.analysis.imaged_network``);
    ``vitreous rings IMAGE --picture overlay.png`` draws them.

    Fields:
        path: an image (PNG, TIFF, NumPy), a pattern (``*``, ``?``, ``[...]``, ``{a,b}``), or a list
            of these; null: the synthetic image that comes with the package.
        region: left, top, right and bottom of the part that is used, pixels; null: the whole.
        detector: trackpy (needs the extra ``image``) or marr_hildreth, explained in
            ``vitreous.analysis.spots``.
        diameter: of a silicon, pixels, an odd number; less than their distance.
        dark: whether atoms are dark on a bright ground.
        bilayer: whether the glass is a bilayer in units "metal", of which the image shows one layer
            over its mirror image, joined as those of ``silica_bilayer``.
        pixel_size: angstrom; null: such that the mean distance of bonded silicons is ``si_si``.
        si_si: angstrom.
        edits: a file with lines ``add,x,y`` and ``remove,x,y``, pixels of the whole image; its
            content enters the keys of results, as that of the image does.

    Raises:
        VitreousError: for fields out of range, and for images that are missing, damaged, or show no
        network.
    """

    path: str | tuple[str, ...] | None
    region: tuple[int, ...] | None = None
    detector: str = "trackpy"
    diameter: int = 11
    dark: bool = False
    bilayer: bool = False
    pixel_size: float | None = None
    si_si: float = 3.05
    edits: str | None = None

    dimensions: ClassVar[frozenset[int]] = frozenset({2, 3})
    has_bonds: ClassVar[bool] = True
    made_in: ClassVar[str] = "silica2d"  # unless it is a bilayer
    reads: ClassVar[tuple[str, ...]] = ENDINGS

    def __post_init__(self) -> None:
        paths = [self._path] if isinstance(self._path, str | Path) else self._path
        if (
            not isinstance(paths, Sequence)
            or not paths
            or not all(isinstance(p, str | Path) and str(p) for p in paths)
        ):
            raise VitreousError(
                f"tem_image got path={self.path!r}; expected a path, a pattern, or a list of these"
            )
        if self.detector not in DETECTORS:
            raise VitreousError(
                f"tem_image got detector='{self.detector}'; expected {' or '.join(DETECTORS)}"
            )
        if not isinstance(self.diameter, int) or self.diameter < 3 or self.diameter % 2 == 0:
            raise VitreousError(
                f"tem_image got diameter={self.diameter!r}; expected an odd number of pixels from 3"
            )
        lengths = {"si_si": self.si_si}
        if self.pixel_size is not None:
            lengths["pixel_size"] = self.pixel_size
        for name, value in lengths.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
                raise VitreousError(
                    f"tem_image got {name}={value!r}; expected a length in angstrom"
                )
        if self.region is not None:
            object.__setattr__(self, "region", _proper(self.region))

    @property
    def _path(self) -> str | tuple[str, ...]:
        return str(EXAMPLE) if self.path is None else self.path

    @property
    def glass_units(self) -> str:
        return "metal" if self.bilayer else "silica2d"

    @property
    def available(self) -> int | None:
        return len(self.files())

    @property
    def bond_limit(self) -> float:
        return BOND_LIMIT

    def files(self) -> list[Path]:
        """The images that match ``path``, in order. Raises VitreousError if a pattern matches
        none.
        """
        return matching_files(self._path, f"generator tem_image reads {', '.join(ENDINGS)}")

    def fingerprint(self, index: int) -> str:
        """sha256 of the content of the image and of the edits."""
        digest = hashlib.sha256(content_of(self._file(index)))
        if self.edits is not None:
            digest.update(hashlib.sha256(content_of(Path(self.edits))).digest())
        return digest.hexdigest()

    @classmethod
    def example(cls) -> Self:
        return cls(path=str(EXAMPLE), detector="marr_hildreth")

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        """The glass that image number ``index`` shows; ``rng`` is not used. Raises VitreousError
        for a bad image.
        """
        return self.glass(self.network(index), self._file(index))

    def glass(self, imaged: Imaged, file: Path) -> Configuration:
        """The glass of a network that ``file`` shows, with a warning of flagged spots."""
        found = imaged.found
        flagged, inside = int(found.flagged.sum()), found.inside
        if flagged:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.counts().items())
            warnings.warn(
                f"{file}: {flagged} of {inside} spots inside the image cannot be silicons among "
                f"their neighbours ({reasons}); look at them with 'vitreous rings IMAGE --picture "
                "overlay.png', and correct them in a file of edits (add,x,y and remove,x,y)",
                stacklevel=3,
            )
        layer = configuration_of(imaged, file.name)
        return doubled(layer) if self.bilayer else layer

    def network(self, index: int) -> Imaged:
        """What image number ``index`` shows. Raises VitreousError for a bad image."""
        spotted = self.spots(index)
        return self.joined(spotted, self._edits(spotted.region.shape))

    def spots(self, index: int) -> Spotted:
        """What is found in image number ``index``, before corrections. Raises VitreousError for a
        bad image.
        """
        file = self._file(index)
        image = read_image(file)
        region = self._cut(image, file)
        left, top = (0, 0) if self.region is None else self.region[:2]
        places = find_spots(region, self.diameter, self.detector).places + np.array([left, top])
        return Spotted(region, places, (left, top), len(image) - top - len(region))

    def joined(self, spotted: Spotted, edits: Edits) -> Imaged:
        """The network of spots, once corrected. Raises VitreousError for corrections without their
        spot, and for what is no network.
        """
        places, added = edited(spotted.places, edits.add, edits.remove, self.diameter)
        corner = np.array(spotted.corner)
        found = imaged_network(places - corner, added, self.pixel_size, self.si_si)
        return Imaged(spotted.region, found, (spotted.corner[0], spotted.below))

    def _file(self, index: int) -> Path:
        files = self.files()
        if not 0 <= index < len(files):
            raise VitreousError(
                f"image {index} was requested, but path={self.path!r} matches {len(files)}; "
                f"expected 0 to {len(files) - 1}"
            )
        if self.edits is not None and len(files) > 1:
            raise VitreousError(
                f"edits={self.edits} belong to one image, but path={self.path!r} matches "
                f"{len(files)}; name that image alone"
            )
        return files[index]

    def _cut(self, image: Floats, file: Path) -> Floats:
        """The region, atoms bright."""
        if self.region is not None:
            left, top, right, bottom = self.region
            height, width = image.shape
            if right > width or bottom > height:
                raise VitreousError(
                    f"the region {list(self.region)} (left, top, right, bottom) leaves {file}, "
                    f"which is {width} x {height} pixels; expected at most [0, 0, {width}, "
                    f"{height}]"
                )
            image = image[top:bottom, left:right]
        return -image + (np.nanmax(image) + np.nanmin(image)) if self.dark else image

    def _edits(self, shape: tuple[int, ...]) -> Edits:
        """Those of the file, none outside the region."""
        if self.edits is None:
            return Edits(np.zeros((0, 2)), np.zeros((0, 2)))
        edits = read_edits(self.edits)
        corner = (0, 0) if self.region is None else self.region[:2]
        places = np.vstack([edits.add, edits.remove]) - corner
        outside = np.any((places < -0.5) | (places > np.array(shape[::-1]) - 0.5), axis=1)
        if outside.any():
            x, y = (places + corner)[outside][0]
            raise VitreousError(
                f"{self.edits} edits a spot at {x:g},{y:g}, outside the image or its region; "
                "positions are pixels of the whole image, x to the right and y down"
            )
        return edits


def configuration_of(imaged: Imaged, source: str) -> Configuration:
    """The plane glass of a network, in angstrom: silicons, then an oxygen at the middle of each
    bond.
    """
    found, (height, width) = imaged.found, imaged.region.shape
    size = found.pixel_size
    left, below = (float(pixels * size) for pixels in imaged.corner)
    silicon = (np.array([0.5, height - 0.5]) + found.places * (1.0, -1.0)) * size
    bonds = found.network.bonds
    count = len(silicon)
    bridge = count + np.arange(len(bonds))
    pairs = np.concatenate([np.column_stack([bonds[:, k], bridge]) for k in (0, 1)])
    flagged = np.flatnonzero(found.flagged) + 1
    origin = {"origin": [left, below, 0.0]} if left or below else {}
    return Configuration(
        positions=np.vstack([silicon, silicon[bonds].mean(axis=1)]),
        species=np.repeat([0, 1], [count, len(bonds)]),
        names=("Si", "O"),
        cell=np.diag([width, height]) * size,
        periodic=(False, False),
        units="silica2d",
        bonds=pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))],
        info={
            "source": source,
            "pixel_size": size,
            "pixel_size_from": "mean Si-Si distance" if found.scaled else "given",
            "spots_inside": found.inside,
            "spots_flagged": len(flagged),
            "flagged_ids": " ".join(map(str, flagged)),
            **origin,
        },
    )


def _proper(region: Sequence[int]) -> tuple[int, ...]:
    """Four whole numbers in order. Raises VitreousError for something else."""
    whole = all(isinstance(edge, int) and not isinstance(edge, bool) for edge in region)
    if (
        not whole
        or len(region) != 4
        or not 0 <= region[0] < region[2]
        or not (0 <= region[1] < region[3])
    ):
        raise VitreousError(
            f"tem_image got region={list(region)!r}; expected [left, top, right, bottom] in "
            "pixels, each from 0, the last two larger than the first two"
        )
    return tuple(region)
