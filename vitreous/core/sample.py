"""Views of what was computed on one glass along one loading.

A sample holds keys, not arrays: its glass, trajectory, targets and features are read from the store
when they are asked for, so that a run of thousands of glasses takes no more memory than one of
eight.
"""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vitreous.core.artifact import stage_of
from vitreous.core.cases import Case
from vitreous.core.data import Configuration, Drawn, Features, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example

_KEPT = 8  #: artifacts: those of one case, and a fit
_STAGES = {
    "configuration": "relax",
    "trajectory": "deform",
    "labels": "label",
    "events": "events",
    "features": "describe",
    "indicators": "indicators",
    "predicted": "predict",
}


class Shelf:
    """Artifacts by (stage, key), as ``read`` finds them; the last few stay in memory. ``has`` tells
    whether one is there without reading it.
    """

    def __init__(
        self,
        read: Callable[[str, str], Any],
        has: Callable[[str, str], bool] = lambda stage, key: True,
    ) -> None:
        self._read, self.has = read, has
        self._last: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def __getitem__(self, stage_and_key: tuple[str, str]) -> Any:
        if stage_and_key not in self._last:
            self._last[stage_and_key] = self._read(*stage_and_key)
            if len(self._last) > _KEPT:
                self._last.popitem(last=False)
        self._last.move_to_end(stage_and_key)
        return self._last[stage_and_key]


@dataclass(frozen=True)
class _Stored(Mapping[str, Any]):
    """What is stored of one case, by stage."""

    keys_by_stage: Mapping[str, str]
    shelf: Shelf

    def __getitem__(self, stage: str) -> Any:
        return self.shelf[stage_of(stage), self.keys_by_stage[stage]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_by_stage)

    def __len__(self) -> int:
        return len(self.keys_by_stage)


def _over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> Mapping[str, Any]:
    """Both, of ``upper`` where it has one; neither is read now."""
    return ChainMap(upper, lower)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A view of one case: one glass along one loading.

    Fields:
        case: glass, loading and role. loading: what is done to the glass. keys: artifact key by
        stage.
        values: what was computed by stage, read when it is asked for.
    """

    case: Case
    loading: Loading
    keys: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def stored(cls, case: Case, loading: Loading, keys: Mapping[str, str], shelf: Shelf) -> Self:
        """A view of what the store behind ``shelf`` holds."""
        return cls(case=case, loading=loading, keys=keys, values=_Stored(keys, shelf))

    @classmethod
    def of(
        cls, index: int = 0, role: str = "test", loading: Loading | None = None, **values: Any
    ) -> Self:
        """A sample of values in memory, by the names of this class's properties; those not given
        are None.
        """
        return cls(case=Case(glass=index, role=role), loading=loading or Loading()).with_(**values)

    def with_(self, **values: Any) -> Self:
        """The same with other values, by the names of this class's properties."""
        if {"prediction", "uncertainty"} & set(values):
            before = {"prediction": self.prediction, "uncertainty": self.uncertainty}
            values["predicted"] = before | {
                name: values.pop(name) for name in before if name in values
            }
        return replace(
            self,
            values=_over({_STAGES[name]: value for name, value in values.items()}, self.values),
        )

    def and_stored(self, stage: str, key: str, shelf: Shelf) -> Self:
        """The same with one more stored artifact."""
        return replace(
            self,
            keys={**self.keys, stage: key},
            values=_over(_Stored({stage: key}, shelf), self.values),
        )

    @property
    def index(self) -> int:
        """The generator's number of this glass."""
        return self.case.glass

    @property
    def name(self) -> str:
        """In tables and names of files: the number of the glass, with that of the loading behind it
        from the second on.
        """
        return f"{self.index}" + (f"_loading_{self.case.loading}" if self.case.loading else "")

    @property
    def role(self) -> str:
        """Whether it is learnt from, validates, or tests."""
        return self.case.role

    @property
    def title(self) -> str:
        """In words."""
        return f"glass {self.index}, {self.loading.title}"

    @property
    def configuration(self) -> Configuration:
        """The relaxed, undeformed glass."""
        return self.values["relax"]

    @property
    def trajectory(self) -> Trajectory | None:
        """Its deformation; None if nothing needed it."""
        return self.values.get("deform")

    @property
    def labels(self) -> Labels:
        """The target, M values at ``labels.positions``."""
        return self.values["label"]

    def target(self, name: str) -> Labels:
        """The labels that ``targets.NAME`` made of it.

        Raises:
            VitreousError: the run has no target of that name.
        """
        found = self.values.get(f"label:{name}")
        if found is None:
            there = [key.partition(":")[2] for key in self.values if key.startswith("label:")]
            raise VitreousError(
                f"there is no target '{name}'; this run has {', '.join(sorted(there)) or 'none'}"
            )
        return found

    @property
    def events(self) -> Labels | None:
        """Level "event", or None."""
        return self.values.get("events")

    @property
    def features(self) -> Features | None:
        """What the model sees at the M sites; None without a descriptor."""
        return self.values.get("describe")

    @property
    def indicators(self) -> Features | None:
        """Physical measures at the M sites, form vector; or None."""
        return self.values.get("indicators")

    @property
    def prediction(self) -> NDArray[np.float64] | None:
        """(M,) in the labels' unit; None without a model."""
        return self._predicted("prediction")

    @property
    def uncertainty(self) -> NDArray[np.float64] | None:
        """(M,) standard deviations of the prediction; None if the model does not know."""
        return self._predicted("uncertainty")

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """(M, classes) of labels of task "class"; None if the model does not know."""
        found = self.values.get("predict")
        return None if found is None else found.get("probabilities")

    @property
    def hazards(self) -> NDArray[np.float64] | None:
        """(M, S) cumulative, at the ``HAZARD_STRAINS``, of labels of task "survival"; None without
        a model.
        """
        found = self.values.get("predict")
        return None if found is None else found.get("hazards")

    def _predicted(self, name: str) -> NDArray[np.float64] | None:
        found = self.values.get("predict")
        return None if found is None else found[name]


class Examples(Sequence[Example]):
    """Features, as ``view`` shows them to a model, and labels of samples; read when asked for."""

    def __init__(
        self, samples: Sequence[Sample], view: Callable[[Features], Features | Drawn]
    ) -> None:
        self._samples, self._view = samples, view

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def glasses(self) -> tuple[int, ...]:
        """The number of the glass of each example; the loadings of one glass share it."""
        return tuple(sample.index for sample in self._samples)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Examples(self._samples[index], self._view)
        sample = self._samples[index]
        assert sample.features is not None
        return self._view(sample.features), sample.labels


def glasses_of(examples: Sequence[Example]) -> tuple[int, ...]:
    """The number of the glass of each example, for models that divide them among folds: all
    loadings of a glass belong into one. In a sequence of another kind each example is a glass.
    """
    return examples.glasses if isinstance(examples, Examples) else tuple(range(len(examples)))
