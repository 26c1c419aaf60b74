"""The components that make, deform, label and describe one glass along one loading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from vitreous.core.cases import ROLES, LoadCase
from vitreous.core.data import Configuration, Loading
from vitreous.core.interfaces import Descriptor, Generator, Labeler, Method, Potential, Simulator
from vitreous.core.projection import Projection
from vitreous.core.store import identity


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Everything that is done to one sample.

    Fields:
        targets: labelers beside ``labeler``, by name, on the same deformation. events: a labeler of
        level "event"; indicators: a descriptor of form "vector" drawn beside the model's
        predictions. projection: the plane in which descriptors see a three-dimensional glass; None:
        as it is. glass_seed: root of the generator's random streams.
        providers: distribution and version by role, kept in manifests; does not enter keys.
    """

    generator: Generator
    simulator: Simulator
    potential: Potential
    labeler: Labeler
    loading: Loading
    descriptor: Descriptor | None = None
    targets: Mapping[str, Labeler] = field(default_factory=dict)
    events: Labeler | None = None
    indicators: Descriptor | None = None
    projection: Projection | None = None
    glass_seed: int = 0
    providers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def strains(self) -> tuple[float, ...]:
        """Those at which labels need the deformed glass, in order."""
        return tuple(sorted({s for labeler in self.labelers.values() for s in labeler.strains}))

    @cached_property
    def labelers(self) -> dict[str, Labeler]:
        """Each under the name of its artifact (see ``stage_of``)."""
        named = {"label": self.labeler, "events": self.events}
        named |= {f"label:{name}": labeler for name, labeler in self.targets.items()}
        return {name: labeler for name, labeler in named.items() if labeler is not None}

    def seen(self, glass: Configuration) -> Configuration:
        """The glass as a model sees it."""
        return glass if self.projection is None else self.projection.glass(glass)

    def view(self, descriptor: Descriptor) -> Projection | None:
        """The projection that this one sees; none where it needs the potential, which knows the
        glass itself.
        """
        return None if descriptor.needs_potential else self.projection

    @property
    def parts(self) -> dict[str, Method]:
        """The components, by role."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        parts |= {f"label:{name}": labeler for name, labeler in self.targets.items()}
        return {role: part for role, part in parts.items() if isinstance(part, Method)}

    @cached_property
    def identities(self) -> dict[str, dict[str, Any]]:
        """What of each component decides results, by role; a potential's with the content of the
        file it is read from, if it is.
        """
        found = {role: identity(part) for role, part in self.parts.items()}
        content = self.potential.fingerprint()
        return {
            **found,
            "potential": found["potential"] | ({"content": content} if content else {}),
        }


def chains(
    of: Chain, load_cases: Sequence[LoadCase], tested: Generator | None
) -> dict[tuple[int, str], Chain]:
    """The stages ``of`` a run by number of the loading and role of the glass; ``tested`` makes the
    test glasses. Along a loading that is not scored there are neither events nor indicators.
    """
    shared = {f.name: getattr(of, f.name) for f in fields(Chain)}
    found = {}
    for k, case in enumerate(load_cases):
        unscored = {} if case.scored else {"events": None, "indicators": None}
        learnt = Chain(**{**shared, "loading": case.loading, **unscored})
        found |= dict.fromkeys(((k, role) for role in ROLES), learnt)
        if tested is not None:
            found[k, "test"] = replace(learnt, generator=tested)
    return found
