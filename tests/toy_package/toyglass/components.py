"""Tiny components: a jittered lattice, springs to nothing, a map that a linear model can learn."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Events, Features, Labels, Loading, Trajectory
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import (
    Descriptor,
    Fitted,
    Generator,
    Labeler,
    Model,
    Potential,
    Simulator,
)


@dataclass(frozen=True, kw_only=True)
class Lattice(Generator):
    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    has_bonds: ClassVar[bool] = False
    side: int = 4
    jitter: float = 0.1
    limit: int | None = None
    species: str = "A"
    dies: tuple[int, ...] = ()
    hangs: tuple[int, ...] = ()
    pause: float = field(default=0.0, metadata={"affects_result": False})

    def __post_init__(self) -> None:
        if self.side < 2:
            raise VitreousError(f"generator.side is {self.side}; expected at least 2")

    @property
    def available(self) -> int | None:
        return self.limit

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        if index in self.dies:
            os._exit(13)
        time.sleep(60.0 if index in self.hangs else self.pause)
        places = (
            np.stack(np.meshgrid(*[np.arange(self.side)] * 2, indexing="ij"), axis=-1).reshape(
                -1, 2
            )
            + 0.5
        )
        places = places + self.jitter * rng.standard_normal(places.shape)
        return Configuration(
            positions=places,
            species=np.zeros(len(places), int),
            names=(self.species,),
            cell=np.eye(2) * self.side,
            periodic=(True, True),
            units="lj",
        )


@dataclass(frozen=True, kw_only=True)
class Bonded(Lattice):
    has_bonds: ClassVar[bool] = True

    def generate(self, index: int, rng: np.random.Generator) -> Configuration:
        return super().generate(index, rng).with_(bonds=np.array([[0, 1], [1, 2]]))


@dataclass(frozen=True, kw_only=True)
class Springs(Potential):
    species: ClassVar[tuple[str, ...]] = ("A",)
    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    units: ClassVar[str] = "lj"
    stiffness: float = 1.0

    def surface(self, configuration: Configuration):
        if configuration.names != self.species:
            raise VitreousError(
                f"the glass has species {configuration.names}; toy_springs knows {self.species}"
            )


@dataclass(frozen=True, kw_only=True)
class Shear(Simulator):
    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    steps: int = 5
    unsettled: tuple[int, ...] = ()
    pause: float = field(default=0.0, metadata={"affects_result": False})

    def relax(self, configuration: Configuration, potential: Potential) -> Configuration:
        time.sleep(self.pause)
        if int(configuration.positions[0, 0] * 1e6) % 7 in self.unsettled:
            raise NotConverged("the largest force is 1 and not below 1e-8")
        return configuration.with_(positions=np.round(configuration.positions, 9))

    @property
    def reach(self) -> float:
        return 0.1

    def deform(
        self,
        configuration: Configuration,
        potential: Potential,
        loading: Loading,
        *,
        strains: Sequence[float] = (),
    ) -> Trajectory:
        time.sleep(self.pause)
        strain = np.union1d(np.linspace(0.0, 0.1, self.steps), strains)
        frames = np.stack(
            [configuration.positions @ loading.deformation_gradient(e).T for e in strain]
        )
        cells = np.stack([configuration.cell @ loading.deformation_gradient(e).T for e in strain])
        events = Events(
            strain=strain[-1:],
            energy_drop=[1.0],
            stress_drop=[0.1],
            atom=[3],
            position=configuration.positions[3:4],
            kind=("rearrangement",),
        )
        stress = strain[:, None, None] * np.diag([1.0, -1.0])
        return Trajectory(
            initial=configuration,
            loading=loading,
            strain=strain,
            energy=strain**2,
            stress=stress,
            residual=np.zeros_like(strain),
            frame_strain=strain,
            frames=frames,
            cells=cells,
            events=events,
        )


@dataclass(frozen=True, kw_only=True)
class Map(Labeler):
    level: ClassVar[str] = "site"
    needs_trajectory: ClassVar[bool] = False
    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    grid: int = 4
    pause: float = field(default=0.0, metadata={"affects_result": False})

    def label(self, configuration, potential, loading, trajectory) -> Labels:
        time.sleep(self.pause)
        ticks = (np.arange(self.grid) + 0.5) / self.grid
        sites = (
            np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
            @ configuration.cell
        )
        nearest = np.min(np.linalg.norm(sites[:, None] - configuration.positions, axis=-1), axis=1)
        mask = np.ones(len(sites), bool)
        mask[0] = False
        return Labels(
            name="gap",
            level="site",
            unit="sigma",
            values=np.where(mask, nearest, np.nan),
            mask=mask,
            positions=sites,
            grid=(self.grid, self.grid),
        )


@dataclass(frozen=True, kw_only=True)
class Whole(Labeler):
    level: ClassVar[str] = "sample"
    needs_trajectory: ClassVar[bool] = True
    dimensions: ClassVar[frozenset[int]] = frozenset({2})

    def label(self, configuration, potential, loading, trajectory) -> Labels:
        return Labels(
            name="peak",
            level="sample",
            unit="",
            values=[trajectory.scalar_stress.max()],
            mask=[True],
            positions=np.zeros((1, 2)),
        )


@dataclass(frozen=True, kw_only=True)
class FirstEvents(Labeler):
    level: ClassVar[str] = "event"
    needs_trajectory: ClassVar[bool] = True
    dimensions: ClassVar[frozenset[int]] = frozenset({2})

    def label(self, configuration, potential, loading, trajectory) -> Labels:
        events = trajectory.events
        return Labels(
            name="strain",
            level="event",
            unit="",
            values=events.strain,
            mask=np.ones(len(events), bool),
            positions=events.position,
            columns={"strain": events.strain, "atom": events.atom},
        )


@dataclass(frozen=True, kw_only=True)
class Places(Descriptor):
    form: ClassVar[str] = "vector"
    levels: ClassVar[frozenset[str]] = frozenset({"site", "atom"})
    dimensions: ClassVar[frozenset[int]] = frozenset({2})
    needs_bonds: ClassVar[bool] = False
    rotation: ClassVar[str] = "none"
    cutoff: float = 2.0
    shells: int = 3

    @property
    def reach(self) -> float:
        return 4.0 * self.cutoff

    def describe(self, configuration, loading, sites, level, potential=None) -> Features:
        distance = np.linalg.norm(sites[:, None] - configuration.positions, axis=-1)
        edges = np.linspace(0.0, self.cutoff, self.shells + 1)[1:]
        values = np.stack([np.exp(-((distance / e) ** 2)).sum(axis=1) for e in edges], axis=1)
        return Features(
            form="vector",
            level=level,
            names=tuple(f"shell{i}" for i in range(self.shells)),
            values=values,
        )


@dataclass(frozen=True, kw_only=True)
class Pictures(Places):
    form: ClassVar[str] = "image"


@dataclass(frozen=True, kw_only=True)
class Network(Places):
    needs_bonds: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Line(Fitted):
    weights: np.ndarray

    def predict(self, features: Features) -> np.ndarray:
        return np.column_stack([features.values, np.ones(len(features))]) @ self.weights

    def save(self, folder: Path) -> None:
        np.save(folder / "weights.npy", self.weights)
        (folder / "about.json").write_text(json.dumps({"columns": len(self.weights)}))


@dataclass(frozen=True, kw_only=True)
class LeastSquares(Model):
    forms: ClassVar[frozenset[str]] = frozenset({"vector"})
    levels: ClassVar[frozenset[str]] = frozenset({"site", "atom"})
    noise: float = 0.0
    pause: float = field(default=0.0, metadata={"affects_result": False})

    def fit(self, train, validation, rng, log) -> Line:
        time.sleep(self.pause)
        x = np.concatenate([features.values[labels.mask] for features, labels in train])
        y = np.concatenate([labels.values[labels.mask] for _, labels in train])
        weights = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[
            0
        ] + self.noise * rng.standard_normal(x.shape[1] + 1)
        for step in range(3):
            log("loss", 1.0 / (step + 1), step)
        return Line(weights=weights)

    def load(self, folder: Path) -> Line:
        return Line(weights=np.load(folder / "weights.npy", allow_pickle=False))
