"""What a run leaves behind: every sample with its role, what was predicted on it, and the fitted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Configuration, Features, Labels, Loading, Trajectory
from vitreous.core.interfaces import Fitted

ROLES = ("train", "validation", "test")
Metric = tuple[str, float, int]  #: name, value, step


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One glass, all that was computed on it, and the artifacts that hold it.

    Fields:
        index: the generator's number of this glass. role: one of ROLES.
        configuration: the relaxed, undeformed glass. trajectory: its deformation; None if nothing needed it.
        labels: the target, M values at ``labels.positions``. events: level "event", or None.
        features: what the model saw at the M places; None without a descriptor. indicators: physical measures there, form vector; or None.
        prediction: (M,) in the labels' unit; None without a model. uncertainty: its standard deviation; None if the model does not know.
        keys: artifact key by stage.
    """

    index: int
    role: str
    configuration: Configuration
    trajectory: Trajectory | None
    labels: Labels
    events: Labels | None
    features: Features | None
    indicators: Features | None
    prediction: NDArray[np.float64] | None
    keys: Mapping[str, str]
    uncertainty: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """A whole run.

    Fields:
        loading: what was done to every glass. samples: in order of index, without those excluded.
        excluded: the reason, by sample index. model: the fitted model, or None. model_key: its artifact.
        history: what the model logged while it was fitted.
        weak_is: "low" or "high" by column of the indicators, the side that marks weak places; other columns are not scored.
        turned: artifact keys of what was learnt from along other directions too, by the angle from the loading in degrees and sample.
        seconds: time spent computing, by stage, by the run that computed each artifact. fresh: artifacts computed by this run, by stage.
    """

    loading: Loading
    samples: tuple[Sample, ...]
    excluded: Mapping[int, str] = field(default_factory=dict)
    model: Fitted | None = None
    model_key: str = ""
    history: tuple[Metric, ...] = ()
    turned: Mapping[float, Mapping[int, Mapping[str, str]]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    fresh: Mapping[str, int] = field(default_factory=dict)
    weak_is: Mapping[str, str] = field(default_factory=dict)

    def role(self, name: str) -> tuple[Sample, ...]:
        """The samples that played one of ROLES."""
        return tuple(sample for sample in self.samples if sample.role == name)
