"""What is computed on one sample, stage by stage, each result kept in the store under a key that
holds everything that decides it.

============  ====================================  =================================
stage         component                             parents
============  ====================================  =================================
generate      generator, seed, index                (a file's fingerprint)
relax         simulator, potential                  generate
deform        simulator, potential, loading         relax
label         labeler, potential, loading           relax (and deform if it needs it)
events        labeler, potential, loading           relax (and deform if it needs it)
describe      descriptor, potential, loading        relax, label
indicators    descriptor, potential, loading        relax, label
fit           model, seed                           describe, label of what is learnt
predict       (the fitted model)                    fit, describe
============  ====================================  =================================

``generate`` and ``relax`` belong to a glass, whatever its loadings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitreous.core.artifact import Artifact, stage_of, stream
from vitreous.core.cases import Case
from vitreous.core.chain import Chain
from vitreous.core.data import Configuration, Features, Labels
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import Descriptor, Labeler, Method
from vitreous.core.network import refuse_changed
from vitreous.core.sites import sites_of
from vitreous.core.store import Store, key_of

OF_GLASS = ("generate", "relax")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one case: artifact key by name (see ``stage_of``), and the computing time of
    those that were computed now.
    """

    case: Case
    keys: Mapping[str, str]
    seconds: Mapping[str, float]


class _CaseArtifacts:
    """The artifacts of one case, wired to each other and not yet computed; ``glass`` are those
    shared by all cases of a glass.
    """

    def __init__(
        self, chain: Chain, store: Store, index: int, glass: Mapping[str, Artifact]
    ) -> None:
        self.chain, self.store, self.index = chain, store, index
        self.table: dict[str, Artifact] = dict(glass)
        if not glass:
            self._glass()
        self._deformation()
        self._labels()
        for stage, role in (("describe", "descriptor"), ("indicators", "indicators")):
            descriptor = getattr(chain, role)
            if descriptor is not None:
                view = chain.view(descriptor)
                self._add(
                    stage,
                    role,
                    ("relax", "label"),
                    self._describe(descriptor),
                    loading=True,
                    **({} if view is None else {"projection": view.recipe()}),
                )

    def _add(
        self,
        name: str,
        role: str,
        parents: Sequence[str],
        work: Callable[[], Any],
        *,
        loading: bool = False,
        **more: Any,
    ) -> None:
        recipe: dict[str, Any] = {
            "component": self.chain.identities[role],
            "parents": [self.table[p].key for p in parents],
            **more,
        }
        if loading:
            recipe["loading"] = self.chain.loading.recipe()
        note = {
            "sample": self.index,
            "provider": self.chain.providers.get(role, ""),
            "parent_stages": list(parents),
        }
        self.table[name] = Artifact(self.store, stage_of(name), recipe, work, note)

    def _glass(self) -> None:
        chain = self.chain
        seed = {
            "seed": chain.glass_seed,
            "index": self.index,
            "source": chain.generator.fingerprint(self.index),
        }
        self._add("generate", "generator", (), self._generate, **seed)
        self._add(
            "relax",
            "simulator",
            ("generate",),
            self._relax,
            potential=chain.identities["potential"],
        )

    def _deformation(self) -> None:
        chain = self.chain
        if any(labeler.needs_trajectory for labeler in chain.labelers.values()):
            more = {"strains": list(chain.strains)} if chain.strains else {}

            def work() -> Any:
                self._refuse(self.table["relax"].value)
                return chain.simulator.deform(
                    self.table["relax"].value, chain.potential, chain.loading, **more
                )

            self._add(
                "deform",
                "simulator",
                ("relax",),
                work,
                loading=True,
                potential=chain.identities["potential"],
                **more,
            )

    def _labels(self) -> None:
        for name, labeler in self.chain.labelers.items():
            self._add(
                name,
                "labeler" if name == "label" else name,
                ("relax", "deform") if labeler.needs_trajectory else ("relax",),
                self._label(labeler),
                loading=True,
                potential=self.chain.identities["potential"],
            )

    def _generate(self) -> Configuration:
        glass = self.chain.generator.generate(
            self.index, stream(self.chain.glass_seed, "generate", self.index)
        )
        return glass

    def _relax(self) -> Configuration:
        glass = self.table["generate"].value
        self.chain.potential.surface(
            glass
        )  # refuses wrong species, units and cells before anything long begins
        self._refuse(glass)
        return self.chain.simulator.relax(glass, self.chain.potential)

    def _refuse(self, glass: Configuration) -> None:
        if glass.dimension != self.chain.loading.dimension:
            raise VitreousError(
                f"sample {self.index} has {glass.dimension} dimensions, the loading "
                f"{self.chain.loading.dimension}; "
                f"set loading.dimension={glass.dimension}"
            )
        for labeler in self.chain.labelers.values():
            labeler.refuse(glass, self.chain.potential)
        for descriptor in (self.chain.descriptor, self.chain.indicators):
            if descriptor is not None:
                view = self.chain.view(descriptor)
                seen = glass if view is None else view.glass(glass)
                descriptor.refuse(seen, self.chain.potential)

    def _label(self, labeler: Labeler) -> Callable[[], Labels]:
        def work() -> Labels:
            self._refuse(
                self.table["relax"].value
            )  # which may have been there before a component that refuses it
            trajectory = self.table["deform"].value if labeler.needs_trajectory else None
            labels = labeler.label(
                self.table["relax"].value, self.chain.potential, self.chain.loading, trajectory
            )
            _declared(labeler, "task", labels, labels.task)
            _declared(labeler, "components", labels, labels.components)
            return _declared(labeler, "level", labels, labels.level)

        return work

    def _describe(self, descriptor: Descriptor) -> Callable[[], Features]:
        def work() -> Features:
            labels, view = self.table["label"].value, self.chain.view(descriptor)
            glass, loading = self.table["relax"].value, self.chain.loading
            sites = sites_of(labels, glass)
            if view is not None:
                glass, loading, sites = view.glass(glass), view.loading(loading), view.sites(sites)
            potential = self.chain.potential if descriptor.needs_potential else None
            features = descriptor.describe(glass, loading, sites, labels.level, potential)
            if len(features) != len(labels):
                raise VitreousError(
                    f"{type(descriptor).__name__} described {len(features)} of {len(labels)} "
                    "sites; it must describe each"
                )
            if features.form != (descriptor.stores or descriptor.form):
                raise VitreousError(
                    f"{type(descriptor).__name__} declares form "
                    f"{descriptor.stores or descriptor.form} but gave {features.form}; ask its "
                    "author to correct it"
                )
            return features

        return work


def _declared(component: Method, what: str, made: Any, got: Any) -> Any:
    """``made``, once it is what its component declares."""
    declared = getattr(component, what)
    if got != declared:
        raise VitreousError(
            f"{type(component).__name__} declares {what} {declared} but gave {got}; ask its "
            "author to correct it"
        )
    return made


def artifacts(
    chain: Chain, store: Store, index: int, glass: Mapping[str, Artifact] | None = None
) -> dict[str, Artifact]:
    """The artifacts of glass ``index`` under the chain's loading by stage; each is computed when
    its value is asked for.

    ``glass``: those of the same glass under another loading, to share what does not depend on it.
    """
    shared = {stage: artifact for stage, artifact in (glass or {}).items() if stage in OF_GLASS}
    return _CaseArtifacts(chain, store, index, shared).table


class Glass:
    """All artifacts of one glass along its loadings, wired to each other and not yet computed."""

    def __init__(self, chains: Mapping[Case, Chain], store: Store, index: int) -> None:
        self._chains = chains
        self._tables: dict[Case, dict[str, Artifact]] = {}
        for case, chain in chains.items():
            first = next(iter(self._tables.values()), None)
            self._tables[case] = artifacts(chain, store, index, first)
        self._needed = {case: _needed(t, chains[case]) for case, t in self._tables.items()}

    @property
    def key(self) -> str:
        """What stands for all of them together: a hash of their keys."""
        keys = {artifact.key for table in self._tables.values() for artifact in table.values()}
        return key_of({"glass": sorted(keys)})

    @property
    def stored(self) -> bool:
        """Whether the store has every result that a run reads."""
        return all(artifact.stored for each in self._needed.values() for artifact in each)

    @property
    def settled(self) -> bool:
        """Whether nothing need be computed to know what becomes of each case: its results are
        stored, or could not be had before.
        """
        return self.stored or all(map(_settled, self._needed.values()))

    def try_again(self) -> None:
        """Compute what could not be had before once more."""
        for table in self._tables.values():
            for artifact in table.values():
                artifact.forget_refusal()

    @property
    def written(self) -> float:
        """When the last of these was stored (seconds since 1970); 0 while there is none."""
        return max((a.written for each in self._needed.values() for a in each), default=0.0)

    def compute(self) -> Iterator[Record | NotConverged]:
        """What ``compute_glass`` gives, and raises."""
        if not self.stored:
            first, chain = next(iter(self._tables.values())), next(iter(self._chains.values()))
            # What was relaxed before is looked at, too: the store may hold it from a version that
            # did not.
            refuse_changed(first["relax"].value, chain.generator.bond_limit)
        try:
            for case, table in self._tables.items():
                yield _record(case, table, self._needed[case])
        finally:
            for table in self._tables.values():
                # artifacts refer to each other: what they read is let go of now, not when Python
                # next looks for cycles
                table.clear()


def compute_glass(
    chains: Mapping[Case, Chain], store: Store, index: int
) -> Iterator[Record | NotConverged]:
    """Make sure that every result of all cases of one glass is in the store; what becomes of each
    case, in order.

    A case whose deformation or label did not converge is given as that error, and the next one is
    computed.

    Raises:
        NotConverged: relaxing failed; the glass must be left out.
        Unusable: relaxing broke or formed bonds, or a quench crystallised; the glass must be left
        out.
        VitreousError: anything else that is wrong with the input, the set-up or the disk.
    """
    yield from Glass(chains, store, index).compute()


def _needed(table: Mapping[str, Artifact], chain: Chain) -> list[Artifact]:
    """What a run reads of a case. Labels may have come without the deformation that they were made
    from (``vitreous data load``): it is then not computed again, neither for them nor for labels
    that are made without it.
    """
    made = [name for name, labeler in chain.labelers.items() if labeler.needs_trajectory]
    labelled = all(table[name].stored for name in made)
    return [
        artifact
        for name, artifact in table.items()
        if name != "generate" and not (name == "deform" and labelled)
    ]


def _settled(needed: Sequence[Artifact]) -> bool:
    for artifact in needed:
        if not artifact.stored:
            return artifact.refusal is not None
    return True


def _record(
    case: Case, table: Mapping[str, Artifact], needed: Sequence[Artifact]
) -> Record | NotConverged:
    try:
        for artifact in needed:
            artifact.ensure()
    except NotConverged as error:
        return error
    seconds = {
        stage: artifact.seconds for stage, artifact in table.items() if artifact.seconds is not None
    }
    return Record(
        case=case,
        keys={stage: a.key for stage, a in table.items() if stage != "deform" or a.stored},
        seconds=seconds,
    )
