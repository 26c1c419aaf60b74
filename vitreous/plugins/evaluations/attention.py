"""Where a network looks in the image of a glass, by Grad-CAM (Font-Clos et al. 2022, Figs. 3 to 5
and S3).

Maps G are those of eqs. 13 and 14 (vitreous.learning.attention), of every stage of the network,
each with its resolution r; of a position, the magnitude of the maps of both coordinates.

=============  =============================================================================  ======
number         meaning, mean over glasses, by resolution                                      unit
=============  =============================================================================  ======
participation  phi = (sum G^2)^2 / (N sum G^4), eq. 15: 1 for a map that is everywhere the    1
               same, 1 / N for a single pixel
defects        Pearson's correlation over pixels of G with 1 in rings of other than six       1
               silicons, 0 elsewhere
energy         the same over atoms, of G at each atom with its energy (target ``energy``),    1
               both beside the mean of the atom's species
peak_error     distance from the brightest pixel to the location (target ``location``, or     length
               the label of task "position")
chance         mean distance of a point drawn at random from the cell                         length
=============  =============================================================================  ======

Conventions: silicon and oxygen differ in energy by more than either varies, which says nothing of
where a network looks; hence the correlation within species. A map that is constant has no
correlations. A glass that is no silica network has no defects. Of a position (G_x, G_y) is drawn
with its sign, as a vector: eq. 14 takes magnitudes, of which no vector can point but up and to the
right. There is one map per glass, hence no pooled value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.analysis.attention import at_places, defects, participation, peak
from vitreous.analysis.correlations import pearson
from vitreous.analysis.neighborhoods import image_distance
from vitreous.core.data import UNITS, Attention, Configuration, in_units
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Numbers, Table, defined, means
from vitreous.core.interfaces import Evaluation
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.plugins.evaluations import _attention_figures as figures

Array = NDArray[np.float64]
_NAMES = ("participation", "defects", "energy", "peak_error", "chance")
_POINTS = 32  #: per axis, midpoints over which chance is averaged


@dataclass(frozen=True, kw_only=True)
class AttentionMaps(Evaluation):
    """Participation ratio (no unit) of attention maps, their correlation with defects and energies
    of atoms, and the distance of their peak from the location of failure.

    Fields:
        copies: images of each glass over which maps are averaged, at most. energy, location: names
        of the run's targets that hold the atoms' energies and the location; empty for none.

    Raises:
        VitreousError: no copies; when evaluating, a target that the run does not have.
    """

    levels = frozenset({"sample"})
    tasks = frozenset({"value", "position"})
    several = True
    needs = frozenset({"prediction", "attention"})

    copies: int = 64
    energy: str = ""
    location: str = ""

    def __post_init__(self) -> None:
        if self.copies < 1:
            raise VitreousError(f"attention copies={self.copies}; expected at least one image")

    def evaluate(self, run: Run) -> Evaluated:
        known = [sample for sample in run.role("test") if sample.labels.mask.all()]
        shown, glasses, drawn = _shown(known), {}, []
        for sample in known:
            maps = self._maps(run, sample)
            structure, place = _structure(sample.configuration, maps), self._place(sample)
            glasses[sample.name] = {
                str(of.resolution): self._numbers(sample, of, structure, place) for of in maps
            }
            if sample.name in shown:
                picture = np.asarray(run.shown(sample).take(np.array([0])))[0, 0]
                drawn.append(figures.Shown(sample, picture, maps, structure, place))
        if not glasses:
            return Evaluated(title=_TITLE, text="No test glass has a label.")
        unit = UNITS[known[0].configuration.units][0]
        resolutions = next(iter(glasses.values()))
        numbers = {r: means(glasses, r, _NAMES) for r in resolutions}
        values = {s.name: float(s.labels.values[0]) for s in known if s.labels.task == "value"}
        made = {"attention": lambda: figures.maps(drawn)}
        if values:
            said = in_units(known[0].labels.unit, known[0].configuration.units)
            label = (known[0].labels.name, said)
            made["attention_glasses"] = lambda: figures.glasses(values, glasses, label, unit)
        else:
            made["attention_field"] = lambda: figures.fields(drawn)
        return Evaluated(
            numbers=numbers,
            glasses=glasses,
            tables=_tables(numbers, glasses, unit),
            figures=made,
            title=_TITLE,
            text=_TEXT,
        )

    def _maps(self, run: Run, sample: Sample) -> tuple[Attention, ...]:
        model = run.model
        maps = () if model is None else model.attention(run.shown(sample), self.copies)
        if not maps:
            raise VitreousError("attention needs a model that tells where it looks: resnet or cnn")
        return maps

    def _place(self, sample: Sample) -> Array | None:
        """(2,) the true location in fractions of the cell; None where it is not known."""
        labels = sample.target(self.location) if self.location else sample.labels
        if labels.task != "position" or not labels.mask.all():
            return None
        return labels.values[0]

    def _numbers(
        self, sample: Sample, maps: Attention, structure: Array | None, place: Array | None
    ) -> dict[str, float | None]:
        weight, cell = figures.magnitude(maps), sample.configuration.cell[:2, :2]
        found: dict[str, float | None] = dict.fromkeys(_NAMES)
        found["participation"] = defined(participation(weight))
        if structure is not None:
            found["defects"] = pearson(weight.ravel(), structure.ravel())
        if self.energy:
            energies = sample.target(self.energy)
            there = at_places(weight, energies.positions[:, :2] @ np.linalg.inv(cell))
            species = sample.configuration.species
            found["energy"] = pearson(
                _centred(there, species),
                _centred(np.where(energies.mask, energies.values, np.nan), species),
            )
        if place is not None:
            periodic = sample.configuration.periodic[:2]
            off = image_distance(peak(weight)[None] @ cell, place @ cell, cell, periodic)
            ticks = (np.arange(_POINTS) + 0.5) / _POINTS
            points = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2) @ cell
            found["peak_error"] = float(off[0])
            found["chance"] = float(image_distance(points, place @ cell, cell, periodic).mean())
        return found


_TITLE = "Attention of the network"
_TEXT = (
    "Grad-CAM maps of the test glasses at each resolution r, averaged over images: how far they "
    "spread, Pearson's correlation with rings of other than six silicons and with the atoms' "
    "energies, and the distance of the brightest pixel from the location of failure."
)


def _centred(values: Array, species: NDArray[np.int64]) -> Array:
    """Values (N,) of atoms beside the mean of their species; NaN where they are."""
    beside = np.array(values)
    for one in np.unique(species):
        beside[species == one] -= np.nanmean(values[species == one])
    return beside


def _shown(known: Sequence[Sample]) -> set[str]:
    """Names of the glasses that are drawn: of the smallest, the middle and the largest label."""
    order = sorted(known, key=lambda sample: (sample.labels.values.flat[0], sample.name))
    return {order[k].name for k in (0, len(order) // 2, -1)} if order else set()


def _structure(glass: Configuration, maps: Sequence[Attention]) -> Array | None:
    """The defects of a silica network; None of another glass, or a damaged one."""
    if "Si" not in glass.names or not len(glass.bonds) or not all(glass.periodic[:2]):
        return None
    try:
        return defects(glass, *maps[0].weight.shape[2:])
    except VitreousError:
        return None  # the rings of a damaged network cannot be traced


def _tables(
    numbers: Mapping[str, Numbers], glasses: Mapping[str, Mapping[str, Numbers]], unit: str
) -> list[Table]:
    columns = [
        Column("participation", digits=3),
        Column("r with defects", digits=3),
        Column("r with energy", digits=3),
        Column("peak error", unit),
        Column("chance", unit),
    ]
    rows = [[f"r = {r}", *(of[name] for name in _NAMES)] for r, of in numbers.items()]
    each = [
        [name, r, *(of[key] for key in _NAMES)]
        for name, by in glasses.items()
        for r, of in by.items()
    ]
    return [
        Table(
            title="Attention maps, mean over test glasses",
            columns=[Column("attention, on test glasses"), *columns],
            rows=rows,
            summary=True,
        ),
        Table(
            title="Attention maps per glass",
            columns=[Column("glass"), Column("resolution"), *columns],
            rows=each,
        ),
    ]
