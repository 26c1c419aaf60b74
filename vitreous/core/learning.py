"""Fit a model to the training cases of a run, and predict on all of them; both are artifacts like
any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from vitreous.core.artifact import Artifact, stream
from vitreous.core.data import Drawn, Features
from vitreous.core.errors import VitreousError
from vitreous.core.executor import Crew, Say
from vitreous.core.interfaces import Descriptor, Fitted, Model
from vitreous.core.run import Metric, Run, pack, unpack
from vitreous.core.sample import Examples, Sample, Shelf
from vitreous.core.store import Store, identity
from vitreous.core.training import training
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.core.watching import epoch

_LEARNT_FROM = ("train", "validation")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A model, what describes glasses for it, the root of its random stream, and the distribution
    and version that it comes from.
    """

    model: Model
    descriptor: Descriptor
    seed: int
    provider: str

    def learn(self, store: Store, crew: Crew, run: Run) -> Run:
        """The run with its model, and that model's prediction on every case.

        Raises:
            VitreousError: from the model, or predictions that are not finite.
        """
        with crew.busy(f"fit {type(self.model).__name__}") as say:
            made: list[Fitted] = []
            fit = self.fit(store, run, say, made)
            packed = fit.value
            for new in made:
                new.stored()
            fitted = unpack(self.model, packed["files"])
            say("predict")
            each = [self._prediction(store, fit.key, fitted, sample) for sample in run.samples]
            for prediction in each:
                prediction.ensure()
        shelf = Shelf(partial(_stored, store, {prediction.key: prediction for prediction in each}))
        timed = [(a.stage, a.seconds) for a in (fit, *each) if a.seconds is not None]
        return replace(
            run,
            samples=tuple(
                s.and_stored("predict", p.key, shelf)
                for s, p in zip(run.samples, each, strict=True)
            ),
            model_key=fit.key,
            history=tuple(tuple(metric) for metric in packed["history"]),
            seconds={**run.seconds, **sums(timed)},
            fresh={**run.fresh, **Counter(stage for stage, _ in timed)},
        )

    def fit(self, store: Store, run: Run, say: Say, made: list[Fitted]) -> Artifact:
        """The fit; ``made`` is given the model if it is trained now. Cases are learnt loading by
        loading.
        """
        learnt_from = {
            role: sorted(run.role(role), key=lambda s: (s.case.loading, s.case.glass))
            for role in _LEARNT_FROM
        }
        parents = {
            role: [[s.keys["describe"], s.keys["label"]] for s in samples]
            for role, samples in learnt_from.items()
        }

        def work() -> dict[str, Any]:
            history: list[Metric] = []
            losses: dict[str, str] = {}
            epochs = None if training().quick else vars(self.model).get("epochs")

            def log(name: str, value: float, step: int) -> None:
                history.append((str(name), float(value), int(step)))
                losses[str(name)] = f"{name} {value:.4g}".replace("_", " ")
                of = f" of {epochs}" if epochs else ""
                say(f"epoch {step + 1}{of}, {', '.join(losses.values())}")
                epoch(str(name), float(value), int(step))

            train, validation = (
                Examples(samples, self.descriptor.view) for samples in learnt_from.values()
            )
            fitted = self.model.fit(train, validation, stream(self.seed, "fit"), log)
            made.append(fitted)
            return {"files": pack(fitted), "history": history}

        recipe = {"component": identity(self.model), "parents": parents, "seed": self.seed}
        if decides := training().decides():
            recipe["trainer"] = decides
        if shared := _shared_glasses(self.model, learnt_from):
            recipe["glasses"] = shared
        return Artifact(store, "fit", recipe, work, {"provider": self.provider})

    def _prediction(self, store: Store, fit_key: str, fitted: Fitted, sample: Sample) -> Artifact:
        def work() -> dict[str, np.ndarray | None]:
            assert sample.features is not None
            return _answers(fitted, self.descriptor.view(sample.features), sample)

        note = {
            "sample": sample.index,
            "provider": self.provider,
            "parent_stages": ["fit", "describe"],
        }
        return Artifact(
            store, "predict", {"parents": [fit_key, sample.keys["describe"]]}, work, note
        )


def _shared_glasses(model: Model, samples: Mapping[str, Sequence[Sample]]) -> dict[str, list[int]]:
    """By role that the model divides into folds, the first example of each one's glass: what folds
    by glass depend on. Without a role in which each example is a glass of its own.
    """
    found = {}
    for role in sorted(model.cross_validates):
        glasses = [sample.index for sample in samples[role]]
        if len(set(glasses)) < len(glasses):
            found[role] = [glasses.index(glass) for glass in glasses]
    return found


def _answers(
    fitted: Fitted, features: Features | Drawn, sample: Sample
) -> dict[str, np.ndarray | None]:
    """Prediction and uncertainty; of a class also the probabilities, if the model knows them.

    Raises:
        VitreousError: answers of another shape than the labels, or out of range.
    """
    name, shape = type(fitted).__name__, sample.labels.values.shape
    prediction = np.asarray(fitted.predict(features), dtype=np.float64)
    if prediction.shape != shape or not np.all(np.isfinite(prediction)):
        raise VitreousError(
            f"{name} predicted {np.count_nonzero(np.isfinite(prediction))} finite values of shape "
            f"{prediction.shape} for the {len(sample.labels)} sites of sample {sample.index}; the "
            "fit failed"
        )
    answers: dict[str, np.ndarray | None] = {"prediction": prediction, "uncertainty": None}
    given = fitted.uncertainty(features)
    if given is not None:
        given = np.asarray(given, dtype=np.float64)
        if given.shape != shape or not np.all(given > 0.0):
            raise VitreousError(
                f"{name} gave uncertainties of sample {sample.index} that are not all positive; "
                "the fit failed"
            )
        answers["uncertainty"] = given
    if sample.labels.task == "class":
        answers["probabilities"] = _probabilities(fitted, features, sample)
    if sample.labels.task == "survival":
        answers["hazards"] = hazards_of(fitted, features)
    return answers


def hazards_of(fitted: Fitted, features: Features | Drawn) -> np.ndarray:
    """(M, S) cumulative hazards at ``HAZARD_STRAINS``.

    Raises:
        VitreousError: from a model that gives none, or others than rise with the strain.
    """
    given = fitted.hazards(features, HAZARD_STRAINS)
    wanted = (len(features), len(HAZARD_STRAINS))
    found = np.empty(0) if given is None else np.asarray(given, dtype=np.float64)
    fit = found.shape == wanted and np.isfinite(found).all() and np.all(found > 0.0)
    if not fit or np.any(np.diff(found, axis=1) < 0.0):
        raise VitreousError(
            f"{type(fitted).__name__} gave hazards of shape {found.shape}; expected {wanted}, "
            "positive, and rising with the strain"
        )
    return found


def _probabilities(fitted: Fitted, features: Features | Drawn, sample: Sample) -> np.ndarray | None:
    given = fitted.probabilities(features)
    if given is None:
        return None
    given = np.asarray(given, dtype=np.float64)
    wanted = (len(sample.labels), len(sample.labels.classes))
    if given.shape != wanted or not np.allclose(given.sum(axis=-1), 1.0, atol=1e-6):
        raise VitreousError(
            f"{type(fitted).__name__} gave probabilities of shape {given.shape} for sample "
            f"{sample.index}; expected {wanted}, each row with sum 1"
        )
    return given


def _stored(store: Store, known: Mapping[str, Artifact], stage: str, key: str) -> Any:
    """A stored prediction, read-only; one that was damaged or deleted since is made anew."""
    found = store.get(stage, key)
    value = known[key].value if found is None else found[0]
    for array in value.values():
        if array is not None:
            array.setflags(write=False)
    return value


def sums(items: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Totals by name."""
    total: dict[str, float] = {}
    for name, value in items:
        total[name] = total.get(name, 0.0) + value
    return total
