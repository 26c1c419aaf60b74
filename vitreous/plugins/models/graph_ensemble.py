"""A deep ensemble of graph networks: members differ in initial weights and in the order of the
batches (Lakshminarayanan et al. 2017).

    y = mean_k y_k,    u = exp(w . z + c)        both in the label's unit

The members' spread says where they disagree, not how far they are wrong. So u is learnt, on the
validation glasses, of what tells large errors from small ones: that spread, how far the mirror
images of a site disagree within a member, and what the members' last layers read
(vitreous.plugins.models._deviation). The training glasses, on which the members agree too well, do
not enter.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example, Fitted, Log
from vitreous.core.sample import glasses_of
from vitreous.core.store import identity, key_of
from vitreous.learning.settings import learnt_from
from vitreous.learning.tables import read_facts, write_facts
from vitreous.plugins.models import _deviation
from vitreous.plugins.models._deviation import Deviation
from vitreous.plugins.models.graph_network import FittedGraphNetwork, GraphNetwork

Array = NDArray[np.float64]
DEVIATION = "deviation.npz"  #: the file beside the members' folders


@dataclass(frozen=True, kw_only=True)
class GraphEnsemble(GraphNetwork):
    """``members`` graph networks, all with the other fields; without validation glasses it
    predicts, but gives no uncertainty.

    ``checkpoints``: a folder that keeps finished members, and the one in training after every
    epoch, so that a stopped training resumes there; None keeps nothing.

    Raises:
        VitreousError: parameters out of range. MissingExtra: torch, Lightning, PyG or safetensors
        not installed.
    """

    tasks = frozenset({"value"})
    several: ClassVar = False
    knows_uncertainty: ClassVar = True
    cross_validates: ClassVar = frozenset({"validation"})

    members: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.members < 2:
            raise VitreousError(f"graph_ensemble members is {self.members}; expected at least 2")

    @classmethod
    def example(cls) -> Self:
        return cls(
            members=2, hidden=8, layers=2, epochs=60, patience=60, batch_size=8, learning_rate=0.03
        )

    def fit(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        rng: np.random.Generator,
        log: Log,
    ) -> FittedGraphEnsemble:
        """Train the members one after the other; metrics are numbered by member."""
        single, kept = self._single(), None
        if self.checkpoints is not None:
            read = learnt_from(train, validation, self.companions)
            kept = Path(self.checkpoints) / key_of({"component": identity(single), "from": read})
        fitted = []
        for k, stream in enumerate(rng.spawn(self.members)):
            place = None if kept is None else kept / key_of({"rng": stream.bit_generator.state})

            def tell(name: str, value: float, step: int, k: int = k) -> None:
                log(f"{name}_{k}", value, step)

            fitted.append(
                _taken_up(single, place, tell)
                or _trained(single, train, validation, stream, place, tell)
            )
        return FittedGraphEnsemble(members=fitted).calibrated(validation)

    def _single(self) -> GraphNetwork:
        """One member, untrained."""
        return GraphNetwork(
            **{name: value for name, value in asdict(self).items() if name != "members"}
        )

    def load(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, folder: Path
    ) -> FittedGraphEnsemble:
        facts = read_facts(folder, "graph_ensemble")
        try:
            count, scale = int(facts["members"]), facts.get("scale")
            scale = None if scale is None else (float(scale[0]), float(scale[1]))
            deviation = (
                _deviation.read(folder / DEVIATION) if (folder / DEVIATION).is_file() else None
            )
        except (KeyError, TypeError, ValueError, IndexError, OSError) as error:
            raise VitreousError(
                f"{folder} holds a damaged graph_ensemble model ({error}); save the model again"
            ) from error
        members = [_loaded(self._single(), folder / str(k)) for k in range(count)]
        return FittedGraphEnsemble(members=members, deviation=deviation, scale=scale)


class FittedGraphEnsemble(Fitted):
    """The trained members, and what tells their ``deviation``; None where there was nothing to
    learn it from.

    ``scale`` is (a, b) of ensembles that were saved before deviations were learnt: u^2 = a^2 var_k
    y_k + b^2.
    """

    def __init__(
        self,
        *,
        members: Sequence[FittedGraphNetwork],
        deviation: Deviation | None = None,
        scale: tuple[float, float] | None = None,
    ) -> None:
        self.members, self.deviation, self.scale = tuple(members), deviation, scale
        self._last: tuple[Features, list[tuple[Array, Array]]] | None = None

    def _each(self, features: Features) -> list[tuple[Array, Array]]:
        """Of each member the predictions of the mirror images (4 or 1, M), and what its last layer
        reads (M, H); the last ones are kept, since prediction and uncertainty are asked for
        together.
        """
        if self._last is None or self._last[0] is not features:
            self._last = features, [member.images(features) for member in self.members]
        return self._last[1]

    def predict(self, features: Features) -> Array:
        return np.mean([images.mean(axis=0) for images, _ in self._each(features)], axis=0)

    def uncertainty(self, features: Features) -> Array | None:
        if self.deviation is not None:
            return self.deviation(self._columns(features))
        if self.scale is None:
            return None
        variance = np.var([images.mean(axis=0) for images, _ in self._each(features)], axis=0)
        return np.sqrt(self.scale[0] ** 2 * variance + self.scale[1] ** 2)

    def _columns(self, features: Features) -> Array:
        images, hidden = zip(*self._each(features), strict=True)
        return _deviation.columns(images, hidden, float(self.members[0].arrays["target"][1]))

    def calibrated(self, held_out: Sequence[Example]) -> FittedGraphEnsemble:
        """The same members with deviations learnt on glasses that did not train them; without any
        where these hold no labelled site.
        """
        rows: dict[int, list[Array]] = {}  # by glass, along all its loadings
        errors: dict[int, list[Array]] = {}
        for glass, (features, labels) in zip(glasses_of(held_out), held_out, strict=True):
            if labels.mask.any():
                off = (self.predict(features) - labels.values)[labels.mask]
                rows.setdefault(glass, []).append(self._columns(features)[labels.mask])
                errors.setdefault(glass, []).append(off)
        each = [[np.concatenate(of) for of in found.values()] for found in (rows, errors)]
        return FittedGraphEnsemble(
            members=self.members, deviation=_deviation.fit(*each) if rows else None
        )

    def save(self, folder: Path) -> None:
        write_facts(folder, "graph_ensemble", {"members": len(self.members), "scale": self.scale})
        if self.deviation is not None:
            _deviation.write(folder / DEVIATION, self.deviation)
        for k, member in enumerate(self.members):
            member.save(folder / str(k))


def _trained(
    single: GraphNetwork,
    train: Sequence[Example],
    validation: Sequence[Example],
    rng: np.random.Generator,
    place: Path | None,
    log: Log,
) -> FittedGraphNetwork:
    """One member, and kept in ``place`` (whole or not at all) with what it logged."""
    history: list[tuple[str, float, int]] = []

    def note(name: str, value: float, step: int) -> None:
        history.append((name, value, step))
        log(name, value, step)

    member = single.fit(train, validation, rng, note)
    assert isinstance(member, FittedGraphNetwork)
    if place is not None:
        partial = place.with_name(f"{place.name}.{os.getpid()}.tmp")
        member.save(partial)
        (partial / "history.json").write_text(json.dumps(history), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        partial.rename(place)
        member.stored()
    return member


def _taken_up(single: GraphNetwork, place: Path | None, log: Log) -> FittedGraphNetwork | None:
    """The member that an earlier training kept in ``place``; None where there is none, or a damaged
    one, which is then trained anew.
    """
    if place is None or not place.is_dir():
        return None
    try:
        member, history = (
            _loaded(single, place),
            json.loads((place / "history.json").read_text(encoding="utf-8")),
        )
    except (VitreousError, OSError, ValueError):
        return None
    for name, value, step in history:
        log(name, value, step)
    return member


def _loaded(single: GraphNetwork, folder: Path) -> FittedGraphNetwork:
    member = single.load(folder)
    assert isinstance(member, FittedGraphNetwork)
    return member
