"""``vitreous energy``: energy, largest force and stress of a glass."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitreous.app.direct_options import common_options, describe, file_option, potential_options
from vitreous.app.results import Answers, print_results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.core.data import Configuration

SUMMARY = "energy, largest force and stress of a glass"
ABOUT = "Energy, largest force and stress tensor of a glass as it is."
EXAMPLE = "vitreous energy glass.extxyz --potential yukawa_silica --per-atom energies.csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    parser.add_argument(
        "--per-atom",
        "--out",
        metavar="FILE",
        action="append",
        default=[],
        help="write id, position, energy and stress (times volume) of every atom: .csv, .extxyz or "
        ".dump, or a picture of their energies: .png; may be repeated",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _energy)


def _above_its_species(glass: Configuration, energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) energies of atoms less the mean of their species: else a picture shows the species."""
    import numpy as np

    counts = np.bincount(glass.species)
    sums = np.bincount(glass.species, weights=energies)
    return energies - (sums / np.maximum(counts, 1))[glass.species]


def _energy(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import (
        OF_ATOMS,
        about,
        atom_stresses,
        model_and_glass,
        outputs,
        stress_by_name,
        write_atoms,
    )
    from vitreous.direct import energy

    outs = outputs(options, options.per_atom, OF_ATOMS)
    model, glass = model_and_glass(options)
    report = energy(glass, model)
    answers: Answers = {
        **about(glass),
        "energy": report.energy,
        "energy_per_atom": report.energy_per_atom,
        "largest_force": report.largest_force,
        "at_atom": report.at_atom,
        "stress": stress_by_name(report),
    }
    for out in outs:
        # ASE takes a column energy for the energy of the whole
        name = "energy" if out.suffix == ".csv" else "atom_energy"
        columns = {name: report.atom_energies, **atom_stresses(report)}
        above = _above_its_species(glass, report.atom_energies)
        pictured = {"energy above the mean of its species": (above, report.energy_unit)}
        write_atoms(out, glass, columns, pictured)
    if outs:
        answers["written"] = [str(out) for out in outs]
    return answers
