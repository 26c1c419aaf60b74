"""The conformance kit: the checks of a component, and functions to run them.

    from vitreous.testing import component_checks

    @component_checks("my-distribution")
    def test_conformance(component_check):
        component_check()

An exemption (excuse) is a name and a reason, ``{"model/mine:batches_do_not_matter": "normalises
over the batch"}``. Exemptions are strict: one from a check that passes, or that does not exist, is
a failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from vitreous.core.config_folders import config_folder
from vitreous.core.errors import VitreousError
from vitreous.core.plugin_lines import in_plugin
from vitreous.core.registry import discover, load_class, plugin_entry_points, suggest
from vitreous.testing import (
    descriptors,
    evaluations,
    every_kind,
    executors,
    generators,
    labelers,
    models,
    needs,
    potentials,
    simulators,
    trackers,
    views,
)  # fmt: skip
from vitreous.testing.contract import Check, CheckFailed, Skip, Subject

_OF_KIND = {
    "potential": potentials.CHECKS,
    "generator": generators.CHECKS,
    "simulator": simulators.CHECKS,
    "labeler": labelers.CHECKS,
    "descriptor": (*descriptors.CHECKS, *views.CHECKS),
    "model": models.CHECKS,
    "evaluation": evaluations.CHECKS,
    "executor": executors.CHECKS,
    "tracker": trackers.CHECKS,
}
PASSED, FAILED, EXCUSED, SKIPPED = "passed", "failed", "excused", "skipped"


def checks_for(component: Subject) -> list[Check]:
    """The checks that apply to a component: those of every kind, then those of its own."""
    every = [
        Check(name=f.__name__, function=f, tags=frozenset({"every kind"}))
        for f in (*every_kind.CHECKS, *needs.CHECKS)
    ]
    own = [
        Check(name=f.__name__, function=f, tags=frozenset({component.kind}))
        for f in _OF_KIND[component.kind]
    ]
    return [*every, *own]


def subjects_of(wanted: str | Iterable[str]) -> list[Subject]:
    """The components of a distribution ("vitreous"), or those named ("descriptor/physical").

    Raises:
        VitreousError: if nothing of that name is installed, or a plugin cannot be loaded.
    """
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    known, found = set[str](), []
    for entry in plugin_entry_points():
        registry = discover([entry])
        distribution = entry.dist.name if entry.dist else entry.value
        known.add(distribution)
        if registry.failed and distribution in names:
            raise VitreousError(str(registry.failed[0]))
        for registered in registry.all():
            name = f"{registered.component.kind}/{registered.component.name}"
            known.add(name)
            if name in names or _plain(distribution) in map(_plain, names):
                found.append(
                    Subject(
                        component=registered.component,
                        cls=load_class(registered),
                        provider=registered.provider,
                        declared_in=entry.value,
                        config_folder=config_folder(entry),
                    )
                )
    missing = [n for n in names if _plain(n) not in map(_plain, known)]
    if missing:
        listed = ", ".join(sorted(known))
        raise VitreousError(
            f"no installed package or component '{missing[0]}'{suggest(missing[0], known)}; "
            f"known: {listed}"
        )
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one check of one component."""

    component: str
    check: str
    status: str
    message: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """KIND/NAME:CHECK."""
        return f"{self.component}:{self.check}"


def run_check(subject: Subject, check: Check, excuse: str | None = None) -> Outcome:
    """Run one check; an exception becomes part of the outcome."""
    started = perf_counter()
    try:
        check.function(subject)
    except Skip as skip:
        status, message = (
            (SKIPPED, str(skip))
            if str(skip).strip()
            else (FAILED, "the check was skipped without a reason")
        )
    except CheckFailed as error:
        status, message = FAILED, str(error)
    except Exception as error:
        status, message = FAILED, f"{type(error).__name__}: {error}{in_plugin(error)}"
    else:
        status, message = PASSED, ""
    if excuse is not None:
        status, message = (
            (EXCUSED, f"{excuse} ({message})")
            if status == FAILED
            else (FAILED, f"excused ({excuse}), but it was {status}")
        )
    return Outcome(
        component=subject.id,
        check=check.name,
        status=status,
        message=message,
        seconds=perf_counter() - started,
    )


@dataclass(frozen=True)
class Results:
    """The outcomes of a run. As text, a table of all checks that did not pass, and the totals."""

    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether there are outcomes, and none failed."""
        return bool(self.outcomes) and not self.of(FAILED)

    def of(self, status: str) -> list[Outcome]:
        """The outcomes with this status."""
        return [o for o in self.outcomes if o.status == status]

    def __str__(self) -> str:
        lines = []
        components = list(dict.fromkeys(o.component for o in self.outcomes))
        width = max(map(len, components), default=0)
        for component in components:
            own = [o for o in self.outcomes if o.component == component]
            lines.append(f"{component:{width}}  {_counts(own)}")
            lines += [f"  {o.status:7}  {o.check}: {o.message}" for o in own if o.status != PASSED]
        return "\n".join([*lines, f"{'total':{width}}  {_counts(self.outcomes)}"])


def _counts(outcomes: Sequence[Outcome]) -> str:
    ran = sum(o.status != SKIPPED for o in outcomes)
    counts = [
        f"{sum(o.status == status for o in outcomes)} {status}"
        for status in (PASSED, FAILED, EXCUSED, SKIPPED)
    ]
    return ", ".join([f"{ran} ran", *counts])


def run_checks(
    package: str | Iterable[str],
    excuses: Mapping[str, str] | None = None,
    follow: Callable[[Outcome], None] = lambda _: None,
) -> Results:
    """Run every check on every component of a distribution, or on the components named; ``follow``
    is called with each outcome.
    """
    excuses = dict(excuses or {})
    outcomes = []
    for subject in subjects_of(package):
        for check in checks_for(subject):
            outcomes.append(
                run_check(subject, check, excuses.pop(f"{subject.id}:{check.name}", None))
            )
            follow(outcomes[-1])
    for name in excuses:
        component, _, check = name.partition(":")
        outcomes.append(
            Outcome(
                component=component,
                check=check,
                status=FAILED,
                message="is excused, but there is no such check",
            )
        )
    return Results(tuple(outcomes))


def component_checks(
    package: str | Iterable[str], excuses: Mapping[str, str] | None = None
) -> Callable[[Any], Any]:
    """A pytest decorator: one test per component and check, which calls its argument
    ``component_check``.
    """
    import pytest

    left = dict(excuses or {})
    cases = []
    for subject in subjects_of(package):
        for check in checks_for(subject):
            name = f"{subject.id}:{check.name}"
            cases.append(pytest.param(_test_case(subject, check, left.pop(name, None)), id=name))
    if left:
        raise VitreousError(
            f"'{next(iter(left))}' is excused, but there is no such check; expected KIND/NAME:CHECK"
        )
    return pytest.mark.parametrize("component_check", cases)


def _test_case(subject: Subject, check: Check, excuse: str | None) -> Callable[[], None]:
    import pytest

    def run() -> None:
        outcome = run_check(subject, check, excuse)
        if outcome.status == SKIPPED:
            pytest.skip(outcome.message)
        if outcome.status == EXCUSED:
            pytest.xfail(outcome.message)
        if outcome.status == FAILED:
            pytest.fail(f"{outcome.name}: {outcome.message}", pytrace=False)

    return run
