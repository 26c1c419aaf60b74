"""The whole run: samples independently of each other, then split, fit, predict.

Everything is checked before anything is computed, and everything computed is kept: the same
pipeline on the same store resumes and ends with the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from vitreous.core.attempt import Failure, attempt, stored
from vitreous.core.board import Board
from vitreous.core.cases import Case, LoadCase, refuse_loadings, table
from vitreous.core.chain import Chain, chains
from vitreous.core.compose import ROLES
from vitreous.core.errors import NotConverged, Unusable, VitreousError
from vitreous.core.executor import Crew, Lost
from vitreous.core.interfaces import Generator, Model
from vitreous.core.learning import Lesson, sums
from vitreous.core.run import Run
from vitreous.core.sample import Sample, Shelf
from vitreous.core.source import sources_of
from vitreous.core.split import Split, lost_roles
from vitreous.core.stages import Record, artifacts
from vitreous.core.store import Store, identity

Report = Callable[[str], None]  #: called with one line per glass or case left out


@dataclass(frozen=True, kw_only=True)
class Pipeline(Chain):
    """A chain of stages per case, and the model that learns from the cases.

    Fields:
        loadings: those that glasses are taken along, and which roles take them; empty: ``loading``
        alone.
        samples: how many glasses at most; None takes all that the generator has. Where it makes as
            many as asked for, a glass that cannot be used is replaced by the next one.
        split: their roles. seed: root of split and fit.
        tested: makes the test glasses, numbered as the others, where they are to be larger or of
        another kind than those that are learnt from; None: ``generator``.
    """

    loadings: tuple[LoadCase, ...] = ()
    tested: Generator | None = None
    model: Model | None = None
    samples: int | None = None
    split: Split = field(default_factory=Split)
    seed: int = 0

    @property
    def load_cases(self) -> tuple[LoadCase, ...]:
        """``loadings``, or the only one."""
        return self.loadings or (LoadCase(loading=self.loading),)

    def chain(self, case: Case) -> Chain:
        """The stages of one case."""
        return self._chains[case.loading, case.role]

    @cached_property
    def _chains(self) -> dict[tuple[int, str], Chain]:
        return chains(self, self.load_cases, self.tested)

    def roles(self) -> dict[int, str]:
        """The role of each glass; raises VitreousError for an impossible number of glasses, split,
        or list of loadings, or training cases that the model cannot learn from.
        """
        self._refuse_target()
        available, wanted = self.generator.available, self.samples
        if self.tested is not None and (available, self.tested.available) != (None, None):
            raise VitreousError(
                f"{type(self.generator).__name__} has a fixed number of glasses; only those of a "
                "generator that makes as many as asked for can be tested on others; leave out "
                "tested"
            )
        if wanted is None and available is None:
            raise VitreousError(
                f"{type(self.generator).__name__} makes as many glasses as asked for; say how "
                "many with samples=NUMBER"
            )
        count = min(n for n in (available, wanted) if n is not None)
        if count < 1:
            raise VitreousError(f"samples={count}; expected at least 1")
        roles = (
            dict.fromkeys(range(count), "test")
            if self.model is None
            else self.split.assign(count, self.seed)
        )
        refuse_loadings(
            self.load_cases,
            "" if self.descriptor is None else self.descriptor.bound_to_axes,
            set(roles.values()),
        )
        if self.model is not None:
            self.model.refuse_glasses(sum(role == "train" for role in roles.values()))
        return roles

    def _refuse_target(self) -> None:
        """Raises VitreousError for strains that the deformation does not reach, or several
        components for a model that learns one.
        """
        if self.strains and self.strains[-1] > self.simulator.reach * (1.0 + 1e-9):
            raise VitreousError(
                f"the labels need the glass at strain {self.strains[-1]:g}, but the deformation "
                f"ends at {self.simulator.reach:g}; "
                f"raise simulator.strain_max"
            )
        if self.model is not None and self.labeler.components and not self.model.several:
            raise VitreousError(
                f"{type(self.labeler).__name__} labels {', '.join(self.labeler.components)}, but "
                f"{type(self.model).__name__} learns one "
                "component; leave the labeler one, or choose another model"
            )

    def run(
        self, store: Store, crew: Crew | None = None, report: Report = lambda line: None
    ) -> Run:
        """Compute what the store does not hold, fit, and predict on every case.

        Raises:
            VitreousError: bad input or set-up, no glass left, or a split left empty by exclusions.
            What is stored is kept.
        """
        if self.model is not None:
            self.model.refuse()
        crew = crew or Crew()
        planned = self.roles()
        if self.samples is not None and len(planned) < self.samples:
            report(
                f"{self.samples} glasses asked for, {len(planned)} available: all of them are used"
            )
        store.clean()
        outcome = self._compute_all(store, crew, planned, report)
        left = {case.glass: case.role for case in outcome.records}
        _refuse_empty(outcome.roles, left, outcome.excluded)
        shelf = Shelf(
            partial(
                self._read,
                store,
                {key: r for r in outcome.records.values() for key in r.keys.values()},
            )
        )
        loadings = [case.loading for case in self.load_cases]
        result = Run(
            loadings=tuple(loadings),
            samples=tuple(
                Sample.stored(c, loadings[c.loading], r.keys, shelf)
                for c, r in sorted(outcome.records.items(), key=_in_order)
            ),
            excluded=outcome.excluded,
            incomplete=outcome.incomplete,
            about={
                "components": self._components(),
                "seed": self.seed,
                "glass_seed": self.glass_seed,
            },
            shelf=shelf,
            **_spent(list(outcome.records.values())),
            weak_is={} if self.indicators is None else dict(self.indicators.weak_is),
        )
        if self.model is None:
            return result
        assert self.descriptor is not None
        lesson = Lesson(
            model=self.model,
            descriptor=self.descriptor,
            seed=self.seed,
            provider=self.providers.get("model", ""),
        )
        return lesson.learn(store, crew, result)

    def _components(self) -> dict[str, Any]:
        """Target, version, fields and provider by role."""
        parts = {role: getattr(self, role) for role in ROLES}
        parts |= {f"targets.{name}": labeler for name, labeler in self.targets.items()}
        return {
            role: {**identity(part), "provider": self.providers.get(role, "")}
            for role, part in parts.items()
            if part is not None
        }

    def _read(self, store: Store, records: Mapping[str, Record], stage: str, key: str) -> Any:
        """A stored artifact; one that was damaged or deleted since is computed anew, where it
        belongs to a case.
        """
        found = store.get(stage, key)
        if found is not None:
            return found[0]
        if key not in records:
            raise VitreousError(
                f"the {stage} artifact {key[:12]} vanished from {store.folder} during the run; "
                "run again"
            )
        case = records[key].case
        table = artifacts(self.chain(case), store, case.glass)
        return next(a for a in table.values() if a.key == key).value

    def _compute_all(
        self, store: Store, crew: Crew, planned: Mapping[int, str], report: Report
    ) -> _Outcome:
        """All cases, replacements included.

        The next free number replaces a glass that cannot be used, in its role, in the order of
        the glasses replaced: what becomes of a glass is decided by its number, so every run finds
        the same replacements. There are at most as many as glasses asked for.
        """
        outcome = _Outcome(roles=dict(planned))
        wanted = list(planned)
        while wanted:
            failures = self._compute(store, crew, wanted, report, outcome)
            changed = [
                index for index, failure in failures.items() if isinstance(failure, Unusable)
            ]
            instead = self.replace(outcome.roles, changed, len(planned))
            outcome.excluded |= {index: str(failure) for index, failure in failures.items()}
            for old, new in instead.items():
                outcome.excluded[old] += f"; sample {new} takes its place"
                report(f"sample {new} takes the place of sample {old}")
            wanted = list(instead.values())
        outcome.excluded = dict(sorted(outcome.excluded.items()))
        return outcome

    def replace(self, roles: dict[int, str], changed: Sequence[int], asked: int) -> dict[int, int]:
        """The glass that replaces each of ``changed``, as far as there are any where ``asked`` were
        asked for; their roles are added to ``roles``.
        """
        last = asked if self.generator.available is not None else 2 * asked
        instead = dict(zip(changed, range(len(roles), last), strict=False))
        roles |= {new: roles[old] for old, new in instead.items()}
        return instead

    def cases(self, glass: int, role: str) -> dict[Case, Chain]:
        """The stages of each case of one glass."""
        return {case: self.chain(case) for case in table({glass: role}, self.load_cases)}

    def attempts(
        self, store: Store, board: Board
    ) -> Callable[[Any], list[Record | Failure] | Failure]:
        """The function of a task (a glass and its cases) that makes sure of its results."""
        sources = sources_of(p for chain in self._chains.values() for p in chain.parts.values())
        return partial(attempt, self._chains, store, board, sources)

    def _compute(
        self, store: Store, crew: Crew, indices: Sequence[int], report: Report, outcome: _Outcome
    ) -> dict[int, VitreousError]:
        """Adds the cases of these glasses to ``outcome``; returns the glasses left out altogether,
        in order.
        """
        excluded: dict[int, VitreousError] = {}
        cases = {index: table({index: outcome.roles[index]}, self.load_cases) for index in indices}
        tasks, board = [(index, cases[index]) for index in indices], Board(store.folder)
        for (index, _), found in crew.map(
            self.attempts(store, board),
            tasks,
            "glasses",
            board.lines,
            partial(stored, self._chains, store),
        ):
            each = [
                f.as_error() if isinstance(f, Failure) else f
                for f in (found if isinstance(found, list) else [found])
            ]
            for failure in each:
                if isinstance(failure, BaseException) and not isinstance(
                    failure, NotConverged | Unusable | Lost
                ):
                    failure.add_note(f"while computing sample {index}")
                    raise failure
            outcome.records |= {r.case: r for r in each if isinstance(r, Record)}
            failures = [f for f in each if isinstance(f, VitreousError)]
            if len(failures) == len(each):
                excluded[index] = failures[0]
                report(f"sample {index} is left out: {failures[0]}")
                continue
            for case, failure in zip(cases[index], each, strict=True):
                if isinstance(failure, VitreousError):
                    outcome.incomplete[case] = str(failure)
                    report(
                        f"sample {index} along {self.load_cases[case.loading].loading.title} is "
                        f"left out: {failure}"
                    )
        board.wipe()
        return dict(sorted(excluded.items()))


@dataclass(kw_only=True)
class _Outcome:
    """What became of the cases so far: records, roles of all glasses, and the reasons of those left
    out (see ``Run``).
    """

    roles: dict[int, str]
    records: dict[Case, Record] = field(default_factory=dict)
    excluded: dict[int, str] = field(default_factory=dict)
    incomplete: dict[Case, str] = field(default_factory=dict)


def _in_order(entry: tuple[Case, Record]) -> tuple[int, int]:
    return entry[0].glass, entry[0].loading


def _refuse_empty(
    planned: Mapping[int, str], left: Mapping[int, str], excluded: Mapping[int, str]
) -> None:
    reasons = "; ".join(f"sample {index}: {reason}" for index, reason in list(excluded.items())[:3])
    if not left:
        raise VitreousError(f"all {len(planned)} samples were left out; {reasons}")
    if gone := lost_roles(planned, left):
        raise VitreousError(
            f"every {' and '.join(gone)} sample was left out, so the split is empty; raise "
            f"samples, or mend: {reasons}"
        )


def _spent(records: Sequence[Record]) -> dict[str, Any]:
    """The fields ``seconds`` and ``fresh`` of a run: each artifact once, however many cases share
    it.
    """
    each = {
        (stage, record.keys[stage]): seconds
        for record in records
        for stage, seconds in record.seconds.items()
    }
    return {
        "seconds": sums([(stage, seconds) for (stage, _), seconds in each.items()]),
        "fresh": dict(Counter(stage for stage, _ in each)),
    }
