"""Glasses like and unlike those that the bundle ``listi`` learnt from, each with its true map by
local probing.

Every glass is made from a seed, so ``recipes`` is a list of names and of functions that make them.
Lengths are in angstroms.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path

import numpy as np

from benchmarks.glasses import YUKAWA
from benchmarks.listi import CHAIN, GLASSES
from vitreous.core.artifact import stream
from vitreous.core.data import Configuration, Loading
from vitreous.core.split import Split
from vitreous.direct import relax
from vitreous.io.bonds import silica_bonds
from vitreous.io.read import read_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.simulators.aqs import AQS

VARIANCES = (0.3, 0.5, 0.7, 0.917, 1.1, 1.3, 1.6)  #: of the ring size; the training has 0.917
SIZES = ((16, 18), (18, 20))  #: rings of the two networks of each: 1440 and 1800 atoms
STRAINS = (0.01, 0.02, 0.03, 0.05)
SCALES = (
    0.97,
    0.98,
    0.985,
    0.99,
    1.01,
    1.015,
    1.02,
    1.03,
)  #: of the cell's lengths, without relaxing it
CUT = (
    0.3,
    0.5,
    0.7,
    0.917,
    0.917,
    1.1,
    1.3,
    1.6,
)  #: ring variances of the glasses that patches are cut from
HOLES = (1, 2, 4, 6, 1, 2)  #: atoms removed
TURNED_BACK = (0.10, 0.15, 0.20, 0.25)  #: strains from which a glass that yielded is let go
ALIKE = 4  #: small networks of the training's variance, besides those of VARIANCES
SHOWN = 4  #: of the recipe's 20 test glasses
Recipe = Callable[[], Configuration]


def recipes(jumol: Path | None) -> dict[str, Recipe]:
    """Name to maker, a glass of each kind in turn, so that an unfinished campaign holds some of
    each. The kind goes before the name's dash.

    ``validation`` and ``test`` are glasses of the recipe ``listi``, with the roles that they have
    there; ``jumol`` needs the folder with the networks of that benchmark.
    """
    kinds: list[dict[str, Recipe]] = [
        {f"validation-{k}": partial(listi, k) for k in of_role("validation")}
    ]
    kinds.append(
        {
            f"variance-{v:g}-{k}": partial(network, v, 100 * n + k, SIZES[k])
            for k in range(len(SIZES))
            for n, v in enumerate(VARIANCES)
        }
    )
    kinds.append({f"alike-{k}": partial(network, 0.917, 1000 + k) for k in range(ALIKE)})
    kinds.append(
        {
            f"strained-{e:g}-{a:g}": partial(strained, e, a, 2000 + k)
            for k, (e, a) in enumerate(_pairs(STRAINS, (0.0, 30.0)))
        }
    )
    kinds.append({f"cut-{v:g}-{k}": partial(patch, v, 3000 + k) for k, v in enumerate(CUT)})
    kinds.append({f"holes-{n}-{k}": partial(damaged, n, 4000 + k) for k, n in enumerate(HOLES)})
    kinds.append(
        {f"yielded-{e:g}": partial(yielded, e, 5000 + k) for k, e in enumerate(TURNED_BACK)}
    )
    kinds.append({f"density-{s:g}": partial(scaled, s, 6000 + k) for k, s in enumerate(SCALES)})
    kinds.append(
        {
            f"jumol-{p.name.split('.lam')[0]}": partial(_read, p)
            for p in sorted(jumol.glob("*.lammpstrj.gz"))
        }
        if jumol
        else {}
    )
    kinds.append({f"test-{k}": partial(listi, k) for k in of_role("test")[:SHOWN]})
    turns = zip_longest(*(kind.items() for kind in kinds))
    return dict(item for turn in turns for item in turn if item is not None)


def _pairs(first: tuple[float, ...], second: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    return ((a, b) for a in first for b in second)


def network(variance: float, seed: int, rings: tuple[int, int] = (20, 24)) -> Configuration:
    """A relaxed network of ``rings`` (2400 atoms) with this variance of the ring size."""
    made = DualSwitch(rings_x=rings[0], rings_y=rings[1], variance=variance, alpha=0.3).generate(
        0, np.random.default_rng(seed)
    )
    return AQS().relax(made, YUKAWA)


def strained(strain: float, angle: float, seed: int) -> Configuration:
    """A network held at a pure shear strain, at rest there."""
    return _sheared(network(0.917, seed, (16, 18)), strain, Loading(angle=angle))


def _sheared(glass: Configuration, strain: float, loading: Loading) -> Configuration:
    """The glass taken to ``strain`` by steps of 0.01, brought to rest after each."""
    start = glass.cell
    for step in np.linspace(0.0, strain, round(strain / 0.01) + 1)[1:]:
        cell = start @ loading.deformation_gradient(step).T
        glass = relax(
            glass.with_(positions=glass.positions @ np.linalg.solve(glass.cell, cell), cell=cell),
            YUKAWA,
        ).configuration
    return glass


def scaled(factor: float, seed: int) -> Configuration:
    """A network in a cell ``factor`` times as long and wide, at rest there."""
    glass = network(0.917, seed, (16, 18))
    return relax(
        glass.with_(positions=factor * glass.positions, cell=factor * glass.cell), YUKAWA
    ).configuration


def patch(variance: float, seed: int, radius: float = 46.0) -> Configuration:
    """A disc of a relaxed network, in vacuum, its atoms where they were."""
    glass = network(variance, seed)
    vectors = glass.minimum_image(glass.positions - 0.5 * glass.cell.sum(axis=0))
    near = np.linalg.norm(vectors, axis=1) < radius
    places = vectors[near] - vectors[near].min(axis=0)
    return _bonded(
        glass.with_(
            positions=places,
            cell=np.diag(np.ptp(places, axis=0)),
            species=glass.species[near],
            ids=glass.ids[near],
            bonds=np.zeros((0, 2), int),
            periodic=(False, False),
        )
    )


def damaged(atoms: int, seed: int) -> Configuration:
    """A network that lost as many atoms, chosen at random, relaxed without them."""
    glass = network(0.917, seed)
    kept = np.sort(np.random.default_rng(seed).permutation(len(glass))[atoms:])
    hurt = glass.with_(
        positions=glass.positions[kept],
        species=glass.species[kept],
        ids=glass.ids[kept],
        bonds=np.zeros((0, 2), int),
    )
    return _bonded(AQS().relax(hurt, YUKAWA))


def yielded(strain: float, seed: int) -> Configuration:
    """A network sheared beyond its first events and let go: relaxed with its cell from there."""
    return _bonded(AQS().relax(_sheared(network(0.917, seed, (16, 18)), strain, Loading()), YUKAWA))


def of_role(role: str) -> list[int]:
    """Numbers of the recipe's glasses with this role."""
    return [
        k
        for k, given in Split(validation=5, test=20, seed=0).assign(GLASSES, 0).items()
        if given == role
    ]


def listi(index: int) -> Configuration:
    """A glass of the recipe ``listi``."""
    return AQS().relax(CHAIN.generator.generate(index, stream(0, "generate", index)), YUKAWA)


def _read(path: Path) -> Configuration:
    glass = read_configuration(path, species=("Si", "O"), units="silica2d", dimension=2)
    return AQS().relax(_bonded(glass), YUKAWA)


def _bonded(glass: Configuration) -> Configuration:
    """The glass with the bonds that its distances give, as for one that is read from a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return glass.with_(bonds=silica_bonds(glass))
