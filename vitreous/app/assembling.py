"""The pipeline that a configuration describes: components built, and checked against each other."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vitreous.app.training import refuse_training, training_of
from vitreous.core.build import build, checked_value, construct
from vitreous.core.cases import LoadCase
from vitreous.core.compose import ROLES, check, declared
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Generator, Labeler, Potential
from vitreous.core.pipeline import Pipeline
from vitreous.core.projection import Projection
from vitreous.core.registry import Registry, suggest
from vitreous.core.split import Split
from vitreous.core.store import identity

RESERVED = ("labeler", "events", "label")  #: what no target may be named
OPTIONAL = ("events", "descriptor", "indicators", "model")
NUMBERS = {"samples": int | None, "seed": int, "glass_seed": int}
KEYS = (
    *ROLES,
    "evaluations",
    "where_they_fit",
    "loading",
    "loadings",
    "targets",
    "target",
    "projection",
    "tested",
    "executor",
    "tracker",
    "split",
    *NUMBERS,
    "name",
    "report",
    "trainer",
    "sweep",
    "home",
    "store",
    "runs",
)

_log = logging.getLogger("vitreous.run")


def assemble(config: Mapping[str, Any], registry: Registry) -> Pipeline:
    """The pipeline that a configuration describes, checked and not yet run.

    Raises:
        VitreousError: an unknown component or field, a wrong type, parts that do not fit together,
        or an impossible split.
    """
    for failure in registry.failed:
        _log.warning("%s", failure)
    for key in config:
        if key not in KEYS:
            raise VitreousError(
                f"unknown key '{key}'{suggest(str(key), KEYS)}; valid here: {', '.join(KEYS)}"
            )
    parts = _parts(config, registry)  # refuses a name that clashes, so that it is said once
    for clash in registry.clashes:
        _log.warning("%s", clash)
    targets = _targets(config, parts, registry)
    loading, loadings = _loadings(config)
    _refuse_auxiliary(parts)
    if "model" in parts and parts["descriptor"].shape:
        parts["model"].refuse_shape(parts["descriptor"].shape)
    refuse_training(training_of(config), parts.get("model"))
    tested, projection = _tested(config, registry, parts["potential"]), _projection(config)
    classes = {role: declared(part) for role, part in parts.items()}
    check(classes, loading.dimension, registry, projected=projection is not None)
    _check_targets(targets, classes, loading.dimension, registry)
    if tested is not None:
        made = {**classes, "generator": declared(tested)}
        with _named("tested"):
            check(made, loading.dimension, registry, projected=projection is not None)
    numbers = _numbers(config)
    split = construct(Split, "split", config["split"])
    named = {role: (ROLES[role], cls) for role, cls in classes.items()}
    named |= {f"label:{name}": ("labeler", type(labeler)) for name, labeler in targets.items()}
    pipeline = Pipeline(
        **parts,
        **numbers,
        tested=tested,
        targets=targets,
        projection=projection,
        loading=loading,
        loadings=loadings,
        split=split,
        providers={role: _provider(registry, *each) for role, each in named.items()},
    )
    pipeline.roles()
    return pipeline


def _parts(config: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    """The component of each role that is filled."""
    parts = {
        role: build(registry, kind, config.get(role) or {}, role)
        for role, kind in ROLES.items()
        if config.get(role) is not None or role not in OPTIONAL
    }
    parts["generator"] = parts["generator"].suited(parts["potential"])
    if "model" in parts and "descriptor" not in parts:
        raise VitreousError(
            "a model needs a descriptor; choose one with descriptor=NAME, or leave the model out "
            "with model=none"
        )
    return parts


def _loadings(config: Mapping[str, Any]) -> tuple[Loading, tuple[LoadCase, ...]]:
    """The first loading, and all of them where the configuration lists ``loadings``."""
    loading = construct(Loading, "loading", config["loading"])
    changes = checked_value("loadings", config.get("loadings") or (), tuple[Mapping[str, Any], ...])
    loadings = tuple(
        LoadCase.read(loading, change, f"loadings[{k}]") for k, change in enumerate(changes)
    )
    return loadings[0].loading if loadings else loading, loadings


def _numbers(config: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: checked_value(name, config[name], hint) for name, hint in NUMBERS.items()}
    checked_value("report", config.get("report"), bool)
    for name in ("seed", "glass_seed"):
        if numbers[name] < 0:
            raise VitreousError(f"{name} is {numbers[name]}; expected zero or more")
    return numbers


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Within it, a refusal begins with ``what`` it is about."""
    try:
        yield
    except VitreousError as error:
        raise VitreousError(f"{what}: {error}") from error


def _check_targets(
    targets: Mapping[str, Labeler],
    classes: Mapping[str, type[Any]],
    dimension: int,
    registry: Registry,
) -> None:
    """Refuse targets that do not fit the glasses and the loading."""
    for name, labeler in targets.items():
        each = {**classes, "labeler": type(labeler)}
        each = {role: cls for role, cls in each.items() if role not in OPTIONAL}
        with _named(f"targets.{name}"):
            check(each, dimension, registry)


def _targets(
    config: Mapping[str, Any], parts: dict[str, Any], registry: Registry
) -> dict[str, Labeler]:
    """The labelers of ``targets``, by name. Where ``target`` names one of them, it becomes the
    labeler in ``parts``, and the labeler the target "labeler".

    Raises:
        VitreousError: a name with another meaning, one target twice, or a ``target`` that
        is not there.
    """
    given = checked_value("targets", config.get("targets") or {}, Mapping[str, Any])
    targets: dict[str, Labeler] = {}
    known = {"labeler": identity(parts["labeler"])}
    for name, fields in given.items():
        if not name.isidentifier() or name in RESERVED:
            raise VitreousError(
                f"targets.{name} cannot be named so; expected a name of letters, digits and _ "
                f"other than {', '.join(RESERVED)}"
            )
        targets[name] = build(registry, "labeler", fields or {}, f"targets.{name}")
        twin = [other for other, known_as in known.items() if known_as == identity(targets[name])]
        if twin:
            raise VitreousError(
                f"targets.{name} is the same as {twin[0]}, the same labeler with the same fields; "
                f"leave one out, for example with ~targets.{name}"
            )
        known[name] = identity(targets[name])
    chosen = checked_value("target", config.get("target"), str | None)
    if chosen is not None and chosen != "labeler":
        if chosen not in targets:
            there = ", ".join(["labeler", *targets])
            raise VitreousError(
                f"target '{chosen}' is not there{suggest(chosen, targets)}; expected one of "
                f"{there}; add one with +labeler@targets.{chosen}=NAME"
            )
        targets["labeler"], parts["labeler"] = parts["labeler"], targets.pop(chosen)
    return targets


def _tested(
    config: Mapping[str, Any], registry: Registry, potential: Potential
) -> Generator | None:
    """The generator of test glasses: the run's, with the fields of ``tested``; None where it has
    none.
    """
    fields = checked_value("tested", config.get("tested") or {}, Mapping[str, Any])
    if not fields:
        return None
    if "_target_" in fields:
        raise VitreousError(
            "tested names a component; expected fields of the generator, such as "
            "'tested={rings_x: 32}'"
        )
    made = build(registry, "generator", {**config["generator"], **fields}, "tested")
    return made.suited(potential)


def _projection(config: Mapping[str, Any]) -> Projection | None:
    given = checked_value("projection", config.get("projection"), Mapping[str, Any] | None)
    return None if given is None else construct(Projection, "projection", given)


def _refuse_auxiliary(parts: Mapping[str, Any]) -> None:
    """Raises VitreousError when the model is to learn a column that the labeler does
    not declare.
    """
    model = parts.get("model")
    for name in () if model is None else model.auxiliary:
        if name not in parts["labeler"].columns:
            known = ", ".join(sorted(parts["labeler"].columns)) or "none"
            raise VitreousError(
                f"model.companions names '{name}'{suggest(name, parts['labeler'].columns)}; "
                f"columns that {type(parts['labeler']).__name__} "
                f"declares beside its label: {known}"
            )


def _provider(registry: Registry, kind: str, cls: type[Any]) -> str:
    return registry.find(kind, registry.name_of(kind, cls)).provider
