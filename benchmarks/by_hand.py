"""What is written by hand, next to the library that could do it."""

import tempfile
from pathlib import Path

import ase.io
import numpy as np
import pandas
import torch
from ase.neighborlist import primitive_neighbor_list
from hydra.utils import instantiate
from matscipy.neighbours import neighbour_list as matscipy_list
from torch_geometric.data import Batch, Data

from benchmarks.clock import best, table
from benchmarks.glasses import repeated, silica
from vitreous.core.build import build
from vitreous.core.data import Configuration, Loading
from vitreous.core.pairs import pairs_closer
from vitreous.core.registry import discover
from vitreous.io.lammps_dump import parse_snapshot, split_dump
from vitreous.io.tables import write_table
from vitreous.io.write import write_configuration
from vitreous.learning.graphs import join, take
from vitreous.mechanics.neighbours import neighbour_list
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.simulators.aqs import AQS

HEADINGS = ["what", "ours, ms", "the library's, ms", "library"]


def run() -> None:
    """Prints one table."""
    glass = repeated(silica(24, 28), 3)
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *pairs(glass),
            *files(glass, Path(folder)),
            *batches(),
            typed_build(),
        ]
    table(f"By hand and by library; glass of {len(glass)} atoms", HEADINGS, rows)


def pairs(glass: Configuration) -> list[list[object]]:
    """Pairs closer than a Si-O bond, and those of the potential."""
    x = np.pad(glass.positions, ((0, 0), (0, 1)))
    cell = np.diag([*np.diag(glass.cell), 50.0])
    pbc = (True, True, False)
    bonds = best(lambda: pairs_closer(glass, 2.2))
    by_ase = best(lambda: primitive_neighbor_list("ijd", pbc, cell, x, 2.2), repeats=3)
    forces = best(lambda: neighbour_list(glass.positions, glass.cell, (True, True), 11.0))
    by_matscipy = best(
        lambda: matscipy_list("ijS", positions=x, cell=cell, pbc=pbc, cutoff=11.0), repeats=3
    )
    return [
        ["pairs within 2.2 (`core/pairs.py`)", 1e3 * bonds, 1e3 * by_ase, "ASE"],
        [
            "pairs within 11 (`mechanics/neighbours.py`)",
            1e3 * forces,
            1e3 * by_matscipy,
            "matscipy",
        ],
    ]


def files(glass: Configuration, folder: Path) -> list[list[object]]:
    """A dump read, the same glass written, a table of it written."""
    dump, xyz, csv = folder / "a.dump", folder / "a.extxyz", folder / "a.csv"
    write_configuration(dump, glass)
    text = dump.read_text()
    write_configuration(xyz, glass)
    atoms = ase.io.read(xyz)
    columns = {"id": glass.ids, **dict(zip("xy", glass.positions.T, strict=True))}
    return [
        [
            "a LAMMPS dump read (`io/lammps_dump.py`)",
            1e3 * best(lambda: [parse_snapshot(each) for each in split_dump(text, "a.dump")]),
            1e3 * best(lambda: ase.io.read(dump, format="lammps-dump-text")),
            "ASE",
        ],
        [
            "extended XYZ written (`io/write.py`)",
            1e3 * best(lambda: write_configuration(xyz, glass)),
            1e3 * best(lambda: ase.io.write(folder / "b.extxyz", atoms)),
            "ASE",
        ],
        [
            "LAMMPS data written (`io/write.py`)",
            1e3 * best(lambda: write_configuration(folder / "a.data", glass)),
            1e3 * best(lambda: ase.io.write(folder / "b.data", atoms, format="lammps-data")),
            "ASE",
        ],
        [
            "a table of three columns (`io/tables.py`)",
            1e3 * best(lambda: write_table(csv, columns)),
            1e3 * best(lambda: pandas.DataFrame(columns).to_csv(folder / "b.csv", index=False)),
            "pandas",
        ],
    ]


def batches() -> list[list[object]]:
    """A batch of 256 graphs gathered from 400."""
    glass = silica(24, 28)
    sites = np.random.default_rng(0).uniform(0.0, 1.0, (400, 2)) @ glass.cell
    features = BondGraph().describe(glass, Loading(), sites, "site")
    graphs, chosen = join([features]), torch.randperm(400)[:256]
    made = [
        Data(
            x=graphs.nodes[a:b],
            edge_index=graphs.edges[:, p:q] - a,
            edge_attr=graphs.edge_values[p:q],
            num_nodes=int(b - a),
        )
        for a, b, p, q in zip(
            graphs.offsets[:-1],
            graphs.offsets[1:],
            graphs.edge_offsets[:-1],
            graphs.edge_offsets[1:],
            strict=True,
        )
    ]
    ours = best(lambda: take(graphs, chosen))
    theirs = best(lambda: Batch.from_data_list([made[k] for k in chosen.tolist()]))
    return [["a batch of 256 graphs (`learning/graphs.py`)", 1e3 * ours, 1e3 * theirs, "PyG"]]


def typed_build() -> list[object]:
    """A component from its configuration."""
    registry = discover()
    config = {"_target_": f"{AQS.__module__}.AQS", "strain_step": 1e-3, "minimiser": "cg"}
    ours = best(lambda: build(registry, "simulator", config), calls=100)
    theirs = best(lambda: instantiate(config), calls=100)
    return ["a component built (`core/build.py`)", 1e3 * ours, 1e3 * theirs, "Hydra"]
