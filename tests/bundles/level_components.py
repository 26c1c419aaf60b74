"""Components of every level and task, as small as they can be, for the tests of bundles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from vitreous.core.data import Configuration, Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Descriptor, Fitted, Generator, Labeler, Model, Simulator
from vitreous.core.plugin import Component
from vitreous.core.registry import Registered
from vitreous.testing.systems import binary_mixture, shaken_honeycomb

BOTH = frozenset({2, 3})


@dataclass(frozen=True, kw_only=True)
class Mixtures(Generator):
    """Lennard-Jones mixtures."""

    dimensions: ClassVar = BOTH
    has_bonds: ClassVar = False
    dimension: int = 2

    def generate(self, index, rng):
        return binary_mixture(side=8, dimension=self.dimension, seed=int(rng.integers(1000)))


@dataclass(frozen=True, kw_only=True)
class Bilayers(Generator):
    """Two honeycombs of silica, the upper one shifted along x, in a cell that repeats."""

    dimensions: ClassVar = frozenset({3})
    has_bonds: ClassVar = True
    limit: float = 2.2

    @property
    def bond_limit(self):
        return self.limit

    def generate(self, index, rng):
        flat = shaken_honeycomb(columns=3, rows=2, seed=int(rng.integers(1000)))
        count, step = len(flat), np.array([0.9, 0.4])
        return Configuration(
            positions=np.vstack(
                [
                    np.column_stack([flat.positions, np.full(count, 3.0)]),
                    np.column_stack([flat.positions + step, np.full(count, 7.0)]),
                ]
            ),
            species=np.tile(flat.species, 2),
            names=flat.names,
            cell=np.diag([*np.diag(flat.cell), 20.0]),
            periodic=(True, True, True),
            units="silica2d",
            bonds=np.vstack([flat.bonds, flat.bonds + count]),
        )


@dataclass(frozen=True, kw_only=True)
class Still(Simulator):
    """Every glass is at rest."""

    dimensions: ClassVar = BOTH

    def relax(self, configuration, potential):
        return configuration

    def deform(self, configuration, potential, loading, *, strains=()):
        raise VitreousError("nothing is deformed here")


class Anything(Still):
    """A potential that minds nothing, and tells nothing."""

    kind = "potential"
    species: ClassVar = ()
    units: ClassVar = "lj"

    def fingerprint(self):
        return ""

    def surface(self, configuration):
        return None


def bumps(glass: Configuration, sites: np.ndarray, width: float) -> np.ndarray:
    """(M,) how crowded it is around sites."""
    vectors = glass.minimum_image(glass.positions - sites[:, None])
    return np.exp(-((vectors**2).sum(axis=-1) / width**2)).sum(axis=1)


@dataclass(frozen=True, kw_only=True)
class Crowd(Labeler):
    """How crowded it is around every atom."""

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = False
    dimensions: ClassVar = BOTH

    def label(self, configuration, potential, loading, trajectory):
        return self.made(configuration, configuration.positions, bumps)

    def made(self, glass, sites, of, **more):
        values = np.asarray(of(glass, sites, 1.3), dtype=float)
        mask = np.ones(values.shape, bool)
        return Labels(
            name=type(self).__name__.lower(),
            level=self.level,
            unit=more.pop("unit", "sigma"),
            values=values,
            mask=mask,
            positions=sites,
            task=self.task,
            components=self.components,
            **more,
        )


class Kinds(Crowd):
    """Crowded atoms, and the others."""

    task: ClassVar = "class"

    def label(self, configuration, potential, loading, trajectory):
        def kinds(glass, sites, width):
            return bumps(glass, sites, width) > np.median(bumps(glass, sites, width))

        return self.made(configuration, configuration.positions, kinds, classes=("free", "full"))


class Number(Crowd):
    """How crowded the middle of the glass is."""

    level: ClassVar = "sample"

    def label(self, configuration, potential, loading, trajectory):
        return self.made(configuration, configuration.cell.sum(axis=0)[None] / 2, bumps)


class Two(Number):
    """The same within two widths."""

    @property
    def components(self):
        return ("near", "far")

    def label(self, configuration, potential, loading, trajectory):
        def both(glass, sites, width):
            return np.column_stack([bumps(glass, sites, w) for w in (width, 2 * width)])

        return self.made(configuration, configuration.cell.sum(axis=0)[None] / 2, both)


class Where(Number):
    """Somewhere in the glass, in fractions of its cell."""

    task: ClassVar = "position"

    @property
    def components(self):
        return ("x", "y")

    def label(self, configuration, potential, loading, trajectory):
        def where(glass, sites, width):
            crowd = bumps(glass, sites, width)
            return np.column_stack([0.05 * crowd, 0.5 + 0.01 * crowd]) % 1.0

        return self.made(configuration, configuration.cell.sum(axis=0)[None] / 2, where)


class Picture(Crowd):
    """A picture of 6 x 4 pixels."""

    level: ClassVar = "field"
    task: ClassVar = "image"

    def label(self, configuration, potential, loading, trajectory):
        ticks = [(np.arange(n) + 0.25) / n for n in (6, 4)]  # not in the middle of the pixels
        sites = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 2)
        return self.made(configuration, sites @ configuration.cell, bumps, grid=(6, 4))


@dataclass(frozen=True, kw_only=True)
class Hats(Descriptor):
    """Crowding within several widths; ``far`` is its reach, 0 the whole glass."""

    form: ClassVar = "vector"
    levels: ClassVar = frozenset({"sample", "atom", "site", "field"})
    dimensions: ClassVar = BOTH
    needs_bonds: ClassVar = False
    rotation: ClassVar = "none"
    far: float = 0.0

    @property
    def reach(self):
        return self.far or np.inf

    def describe(self, configuration, loading, sites, level, potential=None):
        assert loading.dimension == configuration.dimension == sites.shape[1]
        widths = (0.7, 1.3, 2.6)
        values = np.column_stack([bumps(configuration, sites, width) for width in widths])
        return Features(form="vector", level=level, names=tuple(map(str, widths)), values=values)


class Bonded(Hats):
    """The same, of glasses with bonds alone."""

    needs_bonds: ClassVar = True

    def describe(self, configuration, loading, sites, level, potential=None):
        assert len(configuration.bonds)
        return super().describe(configuration, loading, sites, level, potential)


@dataclass(frozen=True, kw_only=True)
class Line(Fitted):
    weights: np.ndarray
    facts: dict

    def raw(self, features):
        return np.column_stack([features.values, np.ones(len(features))]) @ self.weights

    def predict(self, features):
        if self.facts["task"] == "class":
            return (self.raw(features) > 0.5).astype(float)
        found = self.raw(features)
        return found % 1.0 if self.facts["task"] == "position" else found

    def probabilities(self, features):
        if self.facts["task"] != "class":
            return None
        second = np.clip(self.raw(features), 0.0, 1.0)
        return np.column_stack([1.0 - second, second])

    def uncertainty(self, features):
        width = self.facts["deviation"]
        return np.full_like(self.raw(features), width) if width else None

    def save(self, folder: Path):
        np.save(folder / "weights.npy", self.weights)
        (folder / "facts.json").write_text(json.dumps(self.facts))


@dataclass(frozen=True, kw_only=True)
class Table(Model):
    """Least squares of whatever there is to learn; ``deviation``: that of every answer, if any."""

    forms: ClassVar = frozenset({"vector"})
    levels: ClassVar = Hats.levels
    tasks: ClassVar = frozenset({"value", "class", "position", "image"})
    several: ClassVar = True
    deviation: float = 0.0

    def fit(self, train, validation, rng, log):
        rows = np.concatenate([f.values for f, _ in train])
        values = np.concatenate([labels.values for _, labels in train])
        weights = np.linalg.lstsq(np.column_stack([rows, np.ones(len(rows))]), values)[0]
        return Line(weights=weights, facts={"task": train[0][1].task, "deviation": self.deviation})

    def load(self, folder):
        facts = json.loads((folder / "facts.json").read_text())
        return Line(weights=np.load(folder / "weights.npy"), facts=facts)


REGISTERED = [
    Registered(
        component=Component(
            kind=cls.kind,
            name=f"test_{cls.__name__.lower()}",
            target=f"{__name__}.{cls.__name__}",
            citation="none",
        ),
        provider="tests",
    )
    for cls in (Hats, Bonded, Table)
]
