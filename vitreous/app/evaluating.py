"""The evaluations of a run: built and checked before anything is computed, carried out
when all is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vitreous.app.assembling import assemble
from vitreous.core.build import build, checked_value
from vitreous.core.compose import ROLES, check_evaluations, declared, unfit
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Evaluated, Numbers
from vitreous.core.interfaces import Evaluation
from vitreous.core.pipeline import Pipeline
from vitreous.core.plugin_lines import of_plugin
from vitreous.core.registry import Registry, load_class, suggest
from vitreous.core.run import Run

_log = logging.getLogger("vitreous.evaluating")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Evaluations by the name under which they stand in the configuration, and why others were
    ``left_out``.
    """

    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def carry_out(self, run: Run) -> dict[str, Evaluated]:
        """What each finds, in the order of the configuration; where one fails that is logged, and
        the others are kept.
        """
        found = {}
        for name, evaluation in self.evaluations.items():
            try:
                found[name] = evaluation.evaluate(run)
            except VitreousError as error:
                _log.error("evaluation '%s' failed, the others are kept: %s", name, error)
            except Exception as error:
                if (told := of_plugin(error)) is not None:
                    _log.error("evaluation '%s' failed, the others are kept: %s", name, told)
                else:
                    _log.exception("evaluation '%s' failed; the others are kept", name)
        return found


def described(config: Mapping[str, Any], registry: Registry) -> tuple[Pipeline, Chosen]:
    """The pipeline and the evaluations that a configuration describes, checked and not yet run.

    Raises:
        VitreousError: as ``assemble`` and ``choose``.
    """
    pipeline = assemble(config, registry)
    parts = {role: getattr(pipeline, role) for role in ROLES}
    chosen = choose(
        config,
        {role: declared(part) for role, part in parts.items() if part is not None},
        pipeline.loading.dimension,
        registry,
        pipeline.labeler.components,
    )
    return pipeline, chosen


def choose(
    config: Mapping[str, Any],
    parts: Mapping[str, type[Any]],
    dimension: int,
    registry: Registry,
    components: Sequence[str] = (),
) -> Chosen:
    """The evaluations that a configuration names, for a run of these parts (class by role) whose
    labels have these components.

    Those listed in ``where_they_fit`` are left out where they do not fit; any other that does not
    fit is refused.

    Raises:
        VitreousError: an unknown component or field, a wrong type, or an evaluation that cannot
        score what these parts make.
    """
    named: Mapping[str, Any] = config.get("evaluations") or {}
    lenient = checked_value("where_they_fit", config.get("where_they_fit") or [], tuple[str, ...])
    if not isinstance(named, Mapping):
        raise VitreousError(
            f"evaluations is {named!r}; expected evaluations by name: add one with "
            "+evaluation@evaluations.NAME=NAME"
        )
    built = {
        name: build(registry, "evaluation", given, f"evaluations.{name}")
        for name, given in named.items()
    }
    for name in lenient:
        if name not in registry.names("evaluation") and name not in named:
            raise VitreousError(
                f"where_they_fit names '{name}'{suggest(name, named)}; expected names under "
                "evaluations"
            )
    reasons = {
        name: unfit(type(built[name]), parts, dimension, registry)
        for name in lenient
        if name in built
    }
    for name, evaluation in built.items():
        if components and not evaluation.several:
            cause = (
                f"evaluation '{name}' scores labels of one component, but these have "
                f"{len(components)}: {', '.join(components)}"
            )
            if name not in lenient:
                raise VitreousError(f"{cause}; leave it out with ~evaluations.{name}")
            reasons[name] = reasons[name] or cause
    left_out = {name: reason for name, reason in reasons.items() if reason}
    kept = {name: evaluation for name, evaluation in built.items() if name not in left_out}
    check_evaluations(
        {name: type(evaluation) for name, evaluation in kept.items()}, parts, dimension, registry
    )
    _name_what_scores(kept, parts, dimension, registry, components)
    return Chosen(evaluations=kept, left_out=left_out)


def _name_what_scores(
    kept: Mapping[str, Evaluation],
    parts: Mapping[str, type[Any]],
    dimension: int,
    registry: Registry,
    components: Sequence[str],
) -> None:
    """Warn of predictions that no evaluation scores, and name those that would."""
    if "model" not in parts or any(of.needs & {"prediction", "map"} for of in kept.values()):
        return
    classes = {
        name: load_class(registry.find("evaluation", name)) for name in registry.names("evaluation")
    }
    fitting = [
        f"+evaluation@evaluations.{name}={name}"
        for name, cls in classes.items()
        if cls.needs & {"prediction", "map"}
        and (cls.several or not components)
        and not unfit(cls, parts, dimension, registry)
    ]
    if fitting:
        _log.warning("no evaluation scores the predictions; add %s", ", or ".join(fitting))


def numbers(found: Mapping[str, Evaluated]) -> dict[str, Numbers]:
    """The numbers of all evaluations, by evaluation: what ``scores.json`` holds and the tracker
    records.
    """
    return {name: each.numbers for name, each in found.items()}
