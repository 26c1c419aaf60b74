"""Which components fit together, judged from their declarations alone, before anything
is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Generator
from vitreous.core.registry import Registry, load_class

#: The roles in a pipeline, and the kind of component in each.
ROLES: Mapping[str, str] = {
    "generator": "generator",
    "simulator": "simulator",
    "potential": "potential",
    "labeler": "labeler",
    "events": "labeler",
    "descriptor": "descriptor",
    "indicators": "descriptor",
    "model": "model",
}
Parts = Mapping[str, type[Any]]  #: class by role; a role that is not filled is absent


def declared(part: Any) -> type[Any]:
    """The class of a component, with what its very fields decide: whether a generator's glasses are
    bonded, and their units.
    """
    if not isinstance(part, Generator):
        return type(part)
    return making(type(part), part.bonded, part.glass_units)


def making(cls: type[Any], has_bonds: bool, made_in: str) -> type[Any]:
    """The class of a generator whose glasses are, or were, such as that."""
    decided = {"has_bonds": has_bonds, "made_in": made_in}
    if all(getattr(cls, name) == value for name, value in decided.items()):
        return cls
    same = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return type(cls.__name__, (cls,), {**same, **decided})


class Conflict(NamedTuple):
    """Two parts (or one) that cannot work: the roles, and a sentence."""

    roles: tuple[str, ...]
    reason: str


def conflicts(
    parts: Parts, dimension: int, registry: Registry, projected: bool = False
) -> list[Conflict]:
    """Every reason why these classes cannot work together; ``projected``: descriptors see a plane
    view of glasses in three dimensions.
    """
    named = {role: f"{role} '{registry.name_of(ROLES[role], cls)}'" for role, cls in parts.items()}
    return [
        *_forms(parts, named),
        *_levels(parts, named),
        *_bonds(parts, named),
        *(_projection(parts, named, dimension) if projected else ()),
        *_dimensions(parts, named, dimension, projected),
        *_units(parts, named),
    ]


def _forms(parts: Parts, named: Mapping[str, str]) -> Iterator[Conflict]:
    if "model" in parts and "descriptor" in parts:
        form, takes = parts["descriptor"].form, parts["model"].forms
        if form not in takes:
            yield Conflict(
                ("model", "descriptor"),
                f"{named['descriptor']} gives {form} features, but {named['model']} takes "
                f"{_listed(takes)}",
            )
    if "indicators" in parts and parts["indicators"].form != "vector":
        form = parts["indicators"].form
        yield Conflict(
            ("indicators",),
            f"{named['indicators']} gives {form} features, but only vector features can be "
            "compared one by one",
        )


def _levels(parts: Parts, named: Mapping[str, str]) -> Iterator[Conflict]:
    level = parts["labeler"].level
    for role in ("descriptor", "indicators", "model"):
        if role in parts and level not in parts[role].levels:
            levels = _listed(parts[role].levels)
            yield Conflict(
                (role, "labeler"),
                f"{named['labeler']} labels each {level}, but {named[role]} works at level "
                f"{levels}",
            )
    if "model" in parts and parts["labeler"].task not in parts["model"].tasks:
        task, learns = parts["labeler"].task, _listed(parts["model"].tasks)
        yield Conflict(
            ("model", "labeler"),
            f"{named['labeler']} gives labels of task {task}, but {named['model']} learns {learns}",
        )
    if "events" in parts and parts["events"].level != "event":
        yield Conflict(
            ("events",),
            f"{named['events']} labels each {parts['events'].level}; expected a labeler of level "
            "event",
        )


def _bonds(parts: Parts, named: Mapping[str, str]) -> Iterator[Conflict]:
    for role in ("labeler", "events", "descriptor", "indicators"):
        if role in parts and parts[role].needs_bonds and not parts["generator"].has_bonds:
            yield Conflict(
                (role, "generator"),
                f"{named[role]} needs bonds, but {named['generator']} makes glasses without a bond "
                "list",
            )


def _units(parts: Parts, named: Mapping[str, str]) -> Iterator[Conflict]:
    if not {"generator", "potential"} <= parts.keys():
        return
    made, taken = parts["generator"].made_in, parts["potential"].units
    if made and made != taken:
        yield Conflict(
            ("potential", "generator"),
            f"{named['generator']} makes glasses in {made} units, but {named['potential']} works "
            f"in {taken}",
        )


def _projection(parts: Parts, named: Mapping[str, str], dimension: int) -> Iterator[Conflict]:
    if dimension != 3:
        yield Conflict(
            (),
            f"the loading has dimension {dimension} (loading.dimension), but a projection is for "
            "glasses in 3; leave it out with projection=null",
        )
    if "descriptor" in parts and parts["descriptor"].needs_potential:
        yield Conflict(
            ("descriptor",),
            f"{named['descriptor']} needs the potential, which knows no projected glass",
        )


def _dimensions(
    parts: Parts, named: Mapping[str, str], dimension: int, projected: bool = False
) -> Iterator[Conflict]:
    for role, cls in parts.items():
        views = projected and role in ("descriptor", "indicators") and not cls.needs_potential
        seen = 2 if views else dimension
        if hasattr(cls, "dimensions") and seen not in cls.dimensions:
            works = _listed(cls.dimensions)
            what = "the projection" if seen != dimension else "the loading"
            flat = seen == 3 and 2 in cls.dimensions and role in ("descriptor", "indicators")
            hint = "; it can see a plane view with projection={plane: xy}" if flat else ""
            if role in ("potential", "generator") and len(cls.dimensions) == 1:
                hint = f"; for its glasses set loading.dimension={works}"
            yield Conflict(
                (role,),
                f"{what} has dimension {seen} (loading.dimension), but {named[role]} works in "
                f"{works}{hint}",
            )


def check(parts: Parts, dimension: int, registry: Registry, projected: bool = False) -> None:
    """Refuse a combination that cannot work.

    Raises:
        VitreousError: why the first clashing parts clash, and the registered components that would
        work in their place.
    """
    found = conflicts(parts, dimension, registry, projected)
    if not found:
        return
    roles, reason = found[0]
    clean = _swaps(parts, roles, dimension, registry, projected, lambda left: not left)
    better = clean or _swaps(
        parts,
        roles,
        dimension,
        registry,
        projected,
        lambda left: roles not in [c.roles for c in left],
    )
    if not roles:
        raise VitreousError(reason)
    spare = {role: cls for role, cls in parts.items() if role != "indicators"}
    if "indicators" in roles and not conflicts(spare, dimension, registry, projected):
        instead = f"what would work: {', '.join(clean)}; or " if clean else ""
        raise VitreousError(f"{reason}; {instead}leave the indicators out with ~indicators")
    advice = (
        f"what would work: {', '.join(better)}"
        if better
        else "no installed component would work in its place"
    )
    raise VitreousError(f"{reason}; {advice}")


def unfit(evaluation: type[Any], parts: Parts, dimension: int, registry: Registry) -> str:
    """Why an evaluation cannot score what these parts make; empty where it can."""
    named = f"evaluation '{registry.name_of('evaluation', evaluation)}'"
    labeler = parts["labeler"]
    if labeler.level not in evaluation.levels:
        name = registry.name_of("labeler", labeler)
        scored = _listed(evaluation.levels)
        return (
            f"{named} scores labels of level {scored}, but labeler '{name}' labels each "
            f"{labeler.level}"
        )
    if labeler.task not in evaluation.tasks:
        name, scored = registry.name_of("labeler", labeler), _listed(evaluation.tasks)
        return (
            f"{named} scores labels of task {scored}, but those of labeler '{name}' have task "
            f"{labeler.task}"
        )
    for need in sorted(evaluation.needs):
        if missing := _MISSING[need](parts, registry):
            return f"{named} needs {missing}"
    for conflict in _dimensions({"evaluation": evaluation}, {"evaluation": named}, dimension):
        return conflict.reason
    return ""


def _answers(declares: str, gives: str) -> Callable[[Parts, Registry], str]:
    """What the parts lack where their model does not declare that it answers; ``gives``: what,
    in words that name it.
    """

    def lacks(parts: Parts, registry: Registry) -> str:
        if "model" not in parts:
            return "a model, but there is none"
        name = registry.name_of("model", parts["model"])
        return "" if getattr(parts["model"], declares) else gives.format(name)

    return lacks


_certain = _answers("knows_uncertainty", "an uncertainty, and model '{}' gives none")
_looking = _answers("knows_attention", "an attention, which model '{}' does not give")
_summing = _answers(
    "knows_contributions", "what each column contributes, which model '{}' does not say"
)


def _mapping(parts: Parts, registry: Registry) -> str:
    if parts["labeler"].level == "sample":  # of a whole glass a map is where the model looks
        return _looking(parts, registry)
    some = {"model", "indicators"} & parts.keys()
    return "" if some else "a model or indicators, but there is neither"


def _unbonded(parts: Parts, registry: Registry) -> str:
    name = registry.name_of("generator", parts["generator"])
    return (
        ""
        if parts["generator"].has_bonds
        else f"bonds, but generator '{name}' makes glasses without a bond list"
    )


#: by what an evaluation needs: what these parts lack of it, in words; empty where they have it
_MISSING: Mapping[str, Callable[[Parts, Registry], str]] = {
    "prediction": lambda parts, _: "" if "model" in parts else "a model, but there is none",
    "indicators": lambda parts, _: (
        "" if "indicators" in parts else "indicators, but there are none"
    ),
    "map": _mapping,
    "events": lambda parts, _: (
        "" if "events" in parts else "events, but no labeler of events is chosen"
    ),
    "uncertainty": _certain,
    "attention": _looking,
    "contributions": _summing,
    "bonds": _unbonded,
}


def check_evaluations(
    evaluations: Mapping[str, type[Any]], parts: Parts, dimension: int, registry: Registry
) -> None:
    """Refuse an evaluation, given by the name that it has in the configuration, that
    cannot score what these parts make.

    Raises:
        VitreousError: why the first one does not fit, how to leave it out, and the registered ones
        that would fit.
    """
    for name, evaluation in evaluations.items():
        if reason := unfit(evaluation, parts, dimension, registry):
            fitting = [
                f"+evaluation@evaluations.{other}={other}"
                for other in _fitting(parts, dimension, registry)
                if other not in evaluations
            ]
            instead = (
                f"; what would fit: {', '.join(fitting)}"
                if fitting
                else "; no other installed evaluation would fit"
            )
            raise VitreousError(f"{reason}; leave it out with ~evaluations.{name}{instead}")


def _fitting(parts: Parts, dimension: int, registry: Registry) -> Iterator[str]:
    """The names of the installed evaluations that fit these parts."""
    for registered in registry.all("evaluation"):
        try:
            cls = load_class(registered)
        except VitreousError:
            continue
        if not unfit(cls, parts, dimension, registry):
            yield registered.component.name


def _swaps(
    parts: Parts,
    roles: tuple[str, ...],
    dimension: int,
    registry: Registry,
    projected: bool,
    accept: Callable[[list[Conflict]], bool],
) -> list[str]:
    """``role=name`` for every component that, put in one of these roles, leaves conflicts that
    ``accept`` accepts.
    """
    swaps = []
    for role in roles:
        for registered in registry.all(ROLES[role]):
            try:
                swapped = {**parts, role: load_class(registered)}
                left = conflicts(swapped, dimension, registry, projected)
            except VitreousError:
                continue
            if accept(left):
                swaps.append(f"{_key(role)}={registered.component.name}")
    return swaps


def _key(role: str) -> str:
    """How the role is chosen on the command line."""
    return role if ROLES[role] == role else f"{ROLES[role]}@{role}"


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in sorted(values))
