"""The whole run: samples independently of each other, then split, fit, predict.

Everything is checked before anything is computed, and everything computed is kept: the same pipeline on the same store continues where it
stood and ends with the same bits.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.errors import NetworkChanged, NotConverged, VitreousError
from vitreous.core.executor import Crew, Lost, Say
from vitreous.core.interfaces import Fitted, Model
from vitreous.core.result import Metric, Result, Sample
from vitreous.core.split import Split, lost_roles
from vitreous.core.stages import Artifact, Chain, Record, compute_sample, stream
from vitreous.core.store import Store, identity

Report = Callable[[str], None]  #: told one line per excluded sample


@dataclass(frozen=True, kw_only=True)
class Pipeline(Chain):
    """A chain per sample, and the model that learns from the samples.

    Fields:
        samples: how many glasses at most; None takes all that the generator has. Where it makes as many as asked for, a glass whose network
            changed when it was relaxed is replaced by the next one. split: their roles. seed: root of split and fit.
    """

    model: Model | None = None
    samples: int | None = None
    split: Split = field(default_factory=Split)
    seed: int = 0

    def roles(self) -> dict[int, str]:
        """The role of each sample; raises VitreousError for an impossible number of samples or split, or turns that mean nothing."""
        bound = "" if self.descriptor is None else self.descriptor.bound_to_axes
        if self.split.turns and bound:
            raise VitreousError(f"split.turns is {list(self.split.turns)}, but {bound}; leave split.turns empty, or change the descriptor")
        available, wanted = self.generator.available, self.samples
        if wanted is None and available is None:
            raise VitreousError(f"{type(self.generator).__name__} makes as many glasses as asked for; say how many with samples=NUMBER")
        count = min(n for n in (available, wanted) if n is not None)
        if count < 1:
            raise VitreousError(f"samples={count}; expected at least 1")
        return dict.fromkeys(range(count), "test") if self.model is None else self.split.assign(count, self.seed)

    def run(self, store: Store, executor: Crew | None = None, report: Report = lambda line: None) -> Result:
        """Compute what the store does not hold, fit, and predict on every sample.

        Raises:
            VitreousError: bad input or set-up, no sample left, or a split left empty by exclusions. What is stored is kept.
        """
        if self.model is not None:
            self.model.refuse()
        executor = executor or Crew()
        planned = self.roles()
        if self.samples is not None and len(planned) < self.samples:
            report(f"{self.samples} glasses asked for, {len(planned)} available: all of them are used")
        store.clean()
        records, excluded, planned = self._compute_all(store, executor, planned, report)
        roles = {index: planned[index] for index in records}
        _refuse_empty(planned, roles, excluded)
        samples = [_load(self, store, records[index], role) for index, role in roles.items()]
        turned = {} if self.model is None else self._turned(store, executor, [i for i, role in roles.items() if role == "train"], report)
        along = [record for found in turned.values() for record in found]
        result = Result(
            loading=self.loading,
            samples=tuple(samples),
            excluded=excluded,
            turned={turn: {record.index: record.keys for record in found} for turn, found in turned.items()},
            seconds=_total([*records.values(), *along]),
            fresh=_fresh([*records.values(), *along]),
        )
        if self.model is None:
            return result
        return self._learn(store, executor, result, [_load(self, store, record, "train") for record in along])

    def _turned(self, store: Store, executor: Crew, train: Sequence[int], report: Report) -> dict[float, list[Record]]:
        """The training glasses under the loading turned by each of the split's angles; what fails is left out of these alone."""
        records: dict[float, list[Record]] = {}
        for turn in self.split.turns:
            loading = replace(self.loading, angle=self.loading.angle + turn)
            told = lambda line, turn=turn: report(f"turned by {turn:g} degrees, {line}")  # noqa: E731
            found, _ = replace(self, loading=loading, events=None, indicators=None)._compute(store, executor, train, told)
            records[turn] = list(found.values())
        return records

    def _compute_all(
        self, store: Store, executor: Crew, planned: Mapping[int, str], report: Report
    ) -> tuple[dict[int, Record], dict[int, str], dict[int, str]]:
        """The samples, those left out and why, and the roles of all, replacements included.

        The next free number replaces a glass whose network changed, in its role, in the order of the glasses replaced: what becomes of a
        glass is decided by its number, so every run finds the same replacements. There are at most as many as glasses asked for.
        """
        roles, records, excluded = dict(planned), {}, {}
        last = len(planned) if self.generator.available is not None else 2 * len(planned)
        wanted = list(planned)
        while wanted:
            found, failures = self._compute(store, executor, wanted, report)
            changed = [index for index, failure in failures.items() if isinstance(failure, NetworkChanged)]
            instead = dict(zip(changed, range(len(roles), last), strict=False))
            records |= found
            excluded |= {index: str(failure) for index, failure in failures.items()}
            for old, new in instead.items():
                roles[new] = roles[old]
                excluded[old] += f"; sample {new} takes its place"
                report(f"sample {new} takes the place of sample {old}")
            wanted = list(instead.values())
        return dict(sorted(records.items())), dict(sorted(excluded.items())), roles

    def _compute(
        self, store: Store, executor: Crew, indices: Sequence[int], report: Report
    ) -> tuple[dict[int, Record], dict[int, VitreousError]]:
        records: dict[int, Record] = {}
        excluded: dict[int, VitreousError] = {}
        for index, outcome in executor.map(partial(_attempt, self, store), indices, "samples"):
            if isinstance(outcome, Record):
                records[index] = outcome
                continue
            failure = outcome.as_error() if isinstance(outcome, Failure) else outcome
            if not isinstance(failure, NotConverged | NetworkChanged | Lost):
                failure.add_note(f"while computing sample {index}")
                raise failure
            excluded[index] = failure
            report(f"sample {index} is left out: {failure}")
        return dict(sorted(records.items())), dict(sorted(excluded.items()))

    def _learn(self, store: Store, executor: Crew, result: Result, turned: Sequence[Sample] = ()) -> Result:
        assert self.model is not None
        with executor.busy(f"fit {type(self.model).__name__}") as say:
            made: list[Fitted] = []
            artifact = self._fit_artifact(store, result, turned, say, made)
            packed = artifact.value
            for new in made:
                new.stored()
            fitted = unpack(self.model, packed["files"])
            say("predict")
            predicted = tuple(replace(s, prediction=_predict(fitted, s), uncertainty=_uncertainty(fitted, s)) for s in result.samples)
        return replace(
            result,
            samples=predicted,
            model=fitted,
            model_key=artifact.key,
            history=tuple(tuple(metric) for metric in packed["history"]),
            seconds={**result.seconds, "fit": artifact.seconds},
            fresh={**result.fresh, **({"fit": 1} if artifact.fresh else {})},
        )

    def _fit_artifact(self, store: Store, result: Result, turned: Sequence[Sample], say: Say, made: list[Fitted]) -> Artifact:
        """The fit; ``made`` is given the model if it is trained now."""
        model = self.model
        assert model is not None
        learnt_from = {"train": [*result.role("train"), *turned], "validation": result.role("validation")}
        parents = {role: [[s.keys["describe"], s.keys["label"]] for s in samples] for role, samples in learnt_from.items()}

        def work() -> dict[str, Any]:
            history: list[Metric] = []

            def log(name: str, value: float, step: int) -> None:
                history.append(_metric(name, value, step))
                say(f"epoch {step + 1}, {name} {value:.4g}")

            train, validation = ([(s.features, s.labels) for s in samples] for samples in learnt_from.values())
            fitted = model.fit(train, validation, stream(self.seed, "fit"), log)  # pyright: ignore[reportArgumentType]
            made.append(fitted)
            return {"files": pack(fitted), "history": history}

        recipe = {"component": identity(model), "parents": parents, "seed": self.seed}
        return Artifact(store, "fit", recipe, work, {"provider": self.providers.get("model", "")})


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A refusal that crossed from a worker process: the sentence, and what it was.

    Fields:
        kind: NotConverged or NetworkChanged, which leave out the sample alone, or VitreousError, which stops the run.
    """

    reason: str
    kind: type[VitreousError]

    def as_error(self) -> VitreousError:
        """What it was, to be raised."""
        return self.kind(self.reason)


def _attempt(chain: Chain, store: Store, index: int) -> Record | Failure:
    try:
        return compute_sample(chain, store, index)
    except VitreousError as error:
        kinds = (NotConverged, NetworkChanged, VitreousError)  # the first that fits: others take more than a sentence to make
        return Failure(reason=str(error), kind=next(kind for kind in kinds if isinstance(error, kind)))


def _refuse_empty(planned: Mapping[int, str], left: Mapping[int, str], excluded: Mapping[int, str]) -> None:
    reasons = "; ".join(f"sample {index}: {reason}" for index, reason in list(excluded.items())[:3])
    if not left:
        raise VitreousError(f"all {len(planned)} samples were left out; {reasons}")
    if gone := lost_roles(planned, left):
        raise VitreousError(f"every {' and '.join(gone)} sample was left out, so the split is empty; raise samples, or mend: {reasons}")


def _load(chain: Chain, store: Store, record: Record, role: str) -> Sample:
    """A sample from what is stored; a file damaged since is a refusal, not a surprise."""

    def value(stage: str) -> Any:
        if stage not in record.keys:
            return None
        found = store.get(stage, record.keys[stage])
        if found is None:
            raise VitreousError(f"the {stage} artifact of sample {record.index} vanished from {store.folder} during the run; run again")
        return found[0]

    return Sample(
        index=record.index,
        role=role,
        configuration=value("relax"),
        trajectory=value("deform"),
        labels=value("label"),
        events=value("events"),
        features=value("describe"),
        indicators=value("indicators"),
        prediction=None,
        keys=dict(record.keys),
    )


def _predict(fitted: Fitted, sample: Sample) -> np.ndarray:
    assert sample.features is not None
    prediction = np.asarray(fitted.predict(sample.features), dtype=np.float64)
    if prediction.shape != (len(sample.labels),) or not np.all(np.isfinite(prediction)):
        raise VitreousError(
            f"{type(fitted).__name__} predicted {np.count_nonzero(np.isfinite(prediction))} finite values of shape {prediction.shape} "
            f"for the {len(sample.labels)} sites of sample {sample.index}; the fit failed"
        )
    prediction.setflags(write=False)
    return prediction


def _uncertainty(fitted: Fitted, sample: Sample) -> np.ndarray | None:
    assert sample.features is not None
    given = fitted.uncertainty(sample.features)
    if given is None:
        return None
    given = np.asarray(given, dtype=np.float64)
    if given.shape != (len(sample.labels),) or not np.all(given > 0.0):
        raise VitreousError(
            f"{type(fitted).__name__} gave uncertainties of sample {sample.index} that are not all positive; the fit failed"
        )
    given.setflags(write=False)
    return given


def pack(fitted: Fitted) -> dict[str, np.ndarray]:
    """The files that a fitted model saves, as bytes by relative path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fitted.save(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): np.frombuffer(path.read_bytes(), dtype=np.uint8) for path in files}


def unpack(model: Model, files: Mapping[str, np.ndarray]) -> Fitted:
    """The fitted model that ``pack`` packed."""
    with tempfile.TemporaryDirectory() as name:
        for path, content in files.items():
            target = Path(name) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.tobytes())
        return model.load(Path(name))


def _metric(name: str, value: float, step: int) -> Metric:
    return str(name), float(value), int(step)


def _total(records: Sequence[Record]) -> dict[str, float]:
    """Seconds by stage, each artifact once, however many samples share it."""
    each = {(stage, record.keys[stage]): seconds for record in records for stage, seconds in record.seconds.items()}
    total: dict[str, float] = {}
    for (stage, _), seconds in each.items():
        total[stage] = total.get(stage, 0.0) + seconds
    return total


def _fresh(records: Sequence[Record]) -> dict[str, int]:
    return dict(Counter(stage for record in records for stage in record.fresh))
