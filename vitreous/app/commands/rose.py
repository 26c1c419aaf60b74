"""``vitreous rose``: how one atom answers shear of any direction."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vitreous.app.direct_options import (
    common_options,
    describe,
    file_option,
    potential_options,
    relax_option,
)
from vitreous.app.results import Answers, print_results
from vitreous.core.errors import VitreousError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.direct import Rose

SUMMARY = "shear a circular cut around one atom along every direction"
ABOUT = (
    "Cut a disc around one atom out of a two-dimensional glass, hold its rim to the affine "
    "deformation, and shear it quasistatically along\n"
    "directions evenly over a full turn: D2min of the atom by direction and strain, and with "
    "--model what a trained model says of it\n"
    "(Fan & Ma 2021, Fig. 4). The glass must be at rest, or brought there by --relax."
)
EXAMPLE = (
    "vitreous rose lj.extxyz --potential lennard_jones_2d --atom 57 --model "
    "plastic_susceptibility --out rose.png --out rose.csv"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    parser.add_argument(
        "--atom", type=int, required=True, metavar="ID", help="as numbered in the file"
    )
    parser.add_argument(
        "--angles",
        type=int,
        default=24,
        metavar="N",
        help="directions over a full turn, even; half of them are deformed (default: 24)",
    )
    parser.add_argument(
        "--strains",
        type=_numbers,
        default=(0.005, 0.01, 0.02, 0.03),
        metavar="A,B",
        help="where D2min is taken (default: 0.005,0.01,0.02,0.03)",
    )
    parser.add_argument(
        "--strain-step", type=float, default=1e-5, metavar="X", help="default: 1e-5"
    )
    parser.add_argument(
        "--loading", default="simple_shear", metavar="NAME", help="default: simple_shear"
    )
    parser.add_argument(
        "--sign", type=int, choices=(1, -1), default=1, help="-1 turns the loading round"
    )
    parser.add_argument(
        "--radius", type=float, metavar="R", help="of the cut, wall included (default: largest)"
    )
    parser.add_argument(
        "--wall", type=float, metavar="W", help="its width (default: twice the range of forces)"
    )
    parser.add_argument(
        "--cutoff", type=float, metavar="R", help="of D2min's neighbours (default: 2.5 sigma)"
    )
    parser.add_argument("--model", metavar="BUNDLE", help="of atoms, as of vitreous predict")
    parser.add_argument(
        "--out",
        action="append",
        required=True,
        metavar="FILE",
        help="a table (.csv), a picture (.png), or arrays of all free atoms (.npz); may be "
        "repeated",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="threads (default: all cores)")
    parser.add_argument(
        "--at-rest",
        type=float,
        metavar="F",
        help="largest force component of a glass that counts as relaxed (default: 1e-3)",
    )
    relax_option(parser)
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _rose)


def _rose(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import (
        about,
        at_rest,
        brought_to_rest,
        model_and_glass,
        outputs,
    )
    from vitreous.app.progress import bar
    from vitreous.core.data import Loading
    from vitreous.direct import find_bundle, rose
    from vitreous.direct.rose import refuse_rose
    from vitreous.direct.rose_files import ENDINGS, write_rose

    outs = outputs(options, options.out, ENDINGS)
    bundle = None if options.model is None else find_bundle(options.model)
    potential, glass = model_and_glass(options)
    atom = _number(options, glass.ids)
    loading = Loading(mode=options.loading, sign=options.sign, dimension=glass.dimension)
    refuse_rose(glass, loading, atom, options.angles, options.strains, options.strain_step, bundle)
    glass, relaxed = brought_to_rest(options, potential, glass, hold_rim=False)
    with bar("shearing cuts", options.angles // 2) as done:
        found = rose(
            glass,
            potential,
            atom,
            loading,
            angles=options.angles,
            strains=options.strains,
            strain_step=options.strain_step,
            radius=options.radius,
            wall=options.wall,
            cutoff=options.cutoff,
            bundle=bundle,
            workers=options.workers,
            at_rest=at_rest(options),
            done=done,
        )
    for out in outs:
        write_rose(found, out)
    return {**about(glass), **relaxed, **_measured(found), "written": [str(out) for out in outs]}


def _number(options: argparse.Namespace, ids: NDArray[np.int64]) -> int:
    """The number of the atom, from 0, by its id; raises VitreousError without such an atom."""
    found = (ids == options.atom).nonzero()[0]
    if not len(found):
        raise VitreousError(
            f"{options.file} has no atom {options.atom}; it has {len(ids)}, numbered from "
            f"{ids.min()} to {ids.max()}"
        )
    return int(found[0])


def _measured(found: Rose) -> Answers:
    """The cut, D2min along its directions, and what the model said."""
    at = int(found.d2min[:, -1].argmax())
    return {
        "cut": {"radius": found.radius, "wall": found.wall, "free_atoms": len(found.atoms)},
        "directions": len(found.angles),
        "d2min": {
            f"at {s:g}": {"least": float(d.min()), "largest": float(d.max())}
            for s, d in zip(found.strains, found.d2min.T, strict=True)
        },
        "largest_along": float(found.angles[at]),
        **({} if found.predicted is None else _said(found)),
    }


def _said(found: Rose) -> Answers:
    """What the model said, and how it ranks the directions beside D2min at every strain."""
    from vitreous.analysis.correlations import spearman

    said = found.predicted
    assert said is not None
    return {
        found.predicted_name: {"least": float(said.min()), "largest": float(said.max())},
        "rank_correlation": {
            f"at {s:g}": spearman(said, d)
            for s, d in zip(found.strains, found.d2min.T, strict=True)
        },
    }


def _numbers(text: str) -> tuple[float, ...]:
    """``0.005,0.01`` as numbers."""
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a list of strains such as 0.005,0.01"
        ) from None
