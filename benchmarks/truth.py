"""Thresholds and events against the fixed-step protocol carried out step by step (``stride=1``),
which shares no continuation with them.

    python -m benchmarks.truth probes falk_simple --places 600 --out DIR  # compares; resumes
    python -m benchmarks.truth events lj1_plus --out DIR
    python -m benchmarks.truth list
    python -m benchmarks truth  # a small part of it, on glasses made here

Glasses of other groups are read from the folder that VITREOUS_REFERENCE names. An event of a glass
under simple shear is foretold from the state after the one before, as the step-by-step run left it:
a different way out of one avalanche is then no second disagreement.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import table
from benchmarks.glasses import YUKAWA, silica
from vitreous.core.data import Configuration, Loading, Trajectory
from vitreous.core.interfaces import Potential
from vitreous.direct import read_glass
from vitreous.mechanics.probing.probe import ContinuedProbe, Point
from vitreous.mechanics.quasistatic.fixed_steps import steps_within
from vitreous.plugins.generators.melt_quench import MeltQuench
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.simulators.aqs import AQS

AGREES = 0.005  # relative difference of two thresholds that counts as none
LJ, SIMPLE = LennardJones2D(), Loading(mode="simple_shear")
PIECE = 50  # steps of a step-by-step run after which it is kept
KEPT = {"atom": int, "move": float, "energy_drop": float}  # of its events
BEFORE_FLIPS = (0.0324, 0.0634, 0.0781)  # strains of the bilayer, four steps of 5e-5 before flips
STRETCH = Loading(mode="uniaxial", dimension=3)
LJ_DISC = {"free_radius": 5.0, "frozen_ring": 3.0}


@dataclass(frozen=True)
class Case:
    """A glass at rest, its potential, a loading, and the fields of what probes or deforms it."""

    glass: Callable[[], Configuration]
    potential: Callable[[], Potential]
    loading: Loading
    fields: dict[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Further(Loading):
    """A loading taken up where it stood at ``begun``: F(begun + strain) F(begun)^-1."""

    begun: float = 0.0

    def deformation_gradient(self, strain: float) -> np.ndarray:
        """F (D, D) beyond ``begun``."""
        return super().deformation_gradient(self.begun + strain) @ np.linalg.inv(
            super().deformation_gradient(self.begun)
        )

    def velocity_gradient(self, strain: float) -> np.ndarray:
        """dF/dstrain F^-1 (D, D)."""
        return super().velocity_gradient(self.begun + strain)


def later(loading: Loading, strain: float) -> Further:
    """The loading taken up at ``strain``, counted from where it begins itself."""
    begun = getattr(loading, "begun", 0.0) + strain
    return Further(**{**vars(loading), "begun": begun})


def reference(name: str, potential: Potential, relax_cell: bool = False) -> Configuration:
    """A glass of another group, at rest."""
    folder = Path(os.environ.get("VITREOUS_REFERENCE", "../shared/reference"))
    return AQS(relax_cell=relax_cell).relax(read_glass(folder / name, potential), potential)


def quenched(number: int, small: int, large: int, time: float) -> Configuration:
    """A Lennard-Jones glass cooled from 1.08 to 0.092 of its glass transition over ``time``."""
    schedule = ((1.0, 1.0, 50.0), (0.351, 0.351, 50.0), (0.351, 0.0299, time))
    made = MeltQuench(counts=(small, large), schedule=schedule).generate(
        number, np.random.default_rng(number)
    )
    return AQS(relax_cell=False).relax(made, LJ)


def table_of_copper_and_zirconium() -> Eam:
    """The potential whose file VITREOUS_EAM names."""
    return Eam(path=os.environ["VITREOUS_EAM"])


def cuzr(counts: tuple[int, int], number: int) -> Configuration:
    """Cu-Zr, melted and quenched at fixed volume."""
    potential = table_of_copper_and_zirconium()
    made = MeltQuench(
        species=("Zr", "Cu"),
        counts=counts,
        masses=(91.224, 63.546),
        units="metal",
        dimension=3,
        density=0.0572,
        time_step=0.002,
        schedule=((2000.0, 2000.0, 5.0), (2000.0, 50.0, 20.0)),
        pair_commands=("pair_style eam/alloy", f"pair_coeff * * {potential.path} Zr Cu"),
    ).generate(number, np.random.default_rng(number))
    return AQS(relax_cell=False, force_tolerance=1e-7).relax(made, potential)


def bilayer() -> Configuration:
    """The published bilayer, relaxed in its cell."""
    return reference("font_clos/sio2_1_initial.dump", Watanabe())


@cache
def _stretched() -> Trajectory:
    """The bilayer taken by the default, in steps of 5e-5, with its states at ``BEFORE_FLIPS``."""
    engine = AQS(
        strain_step=5e-5, strain_max=max(BEFORE_FLIPS), max_events=100_000, eigenvalues=False
    )
    return engine.deform(bilayer(), Watanabe(), STRETCH, strains=BEFORE_FLIPS)


def bilayer_at(strain: float) -> Configuration:
    """The bilayer at one of ``BEFORE_FLIPS``."""
    run = _stretched()
    k = int(np.abs(run.frame_strain - strain).argmin())
    return run.initial.with_(positions=run.frames[k], cell=run.cells[k])


def jumol(name: str) -> Callable[[], Configuration]:
    """JuMol's network of this name, relaxed."""
    return lambda: reference(f"jumol/{name}.lammpstrj.gz", YUKAWA, relax_cell=True)


def lj(name: str) -> Callable[[], Configuration]:
    """The Lennard-Jones glass of this name, relaxed."""
    return lambda: reference(f"lj/{name}", LJ)


PROBES = {
    "falk_simple": Case(lj("falkgroup_LJ_10000.data"), lambda: LJ, SIMPLE, LJ_DISC, 11),
    "falk_pure": Case(
        lj("falkgroup_LJ_10000.data"), lambda: LJ, Loading(), {**LJ_DISC, "strain_step": 2e-4}, 12
    ),
    "lj1_simple": Case(lj("sample_1.lammpstrj.gz"), lambda: LJ, SIMPLE, LJ_DISC, 13),
    "lj2_simple": Case(
        lj("sample_2.lammpstrj.gz"),
        lambda: LJ,
        replace(SIMPLE, sign=-1),
        {"free_radius": 4.0, "frozen_ring": 2.5, "strain_step": 2e-4},
        14,
    ),
    "s100_0": Case(jumol("sig1.00_sample_0"), lambda: YUKAWA, Loading(), {"strain_step": 5e-4}, 15),
    "s060_0": Case(
        jumol("sig0.60_sample_0"), lambda: YUKAWA, Loading(angle=30.0), {"strain_step": 5e-4}, 16
    ),
    "s140_0": Case(jumol("sig1.40_sample_0"), lambda: YUKAWA, SIMPLE, {"strain_step": 5e-4}, 17),
    "s100_2": Case(
        jumol("sig1.00_sample_2"),
        lambda: YUKAWA,
        Loading(sign=-1),
        {"strain_step": 1e-3, "free_radius": 8.0},
        18,
    ),
    "s100_1f": Case(jumol("sig1.00_sample_3"), lambda: YUKAWA, Loading(), {}, 19),
    "s140_1f": Case(jumol("sig1.40_sample_0"), lambda: YUKAWA, SIMPLE, {}, 27),
    "s060_1f": Case(jumol("sig0.60_sample_0"), lambda: YUKAWA, Loading(angle=45.0), {}, 28),
    "falk_coarse": Case(
        lj("falkgroup_LJ_10000.data"), lambda: LJ, SIMPLE, {**LJ_DISC, "strain_step": 5e-4}, 23
    ),
    "lj1_coarse": Case(
        lj("sample_1.lammpstrj.gz"),
        lambda: LJ,
        Loading(angle=20.0),
        {**LJ_DISC, "strain_step": 1e-3},
        24,
    ),
    "s100_4": Case(
        jumol("sig1.00_sample_4"), lambda: YUKAWA, Loading(angle=45.0), {"strain_step": 1e-3}, 25
    ),
    "s060_coarse": Case(
        jumol("sig0.60_sample_0"), lambda: YUKAWA, Loading(), {"strain_step": 1e-3}, 26
    ),
    "own": Case(lambda: silica(12, 14), lambda: YUKAWA, Loading(), {"strain_step": 5e-4}, 20),
    "bilayer": Case(
        bilayer,
        Watanabe,
        STRETCH,
        {"free_radius": 7.0, "frozen_ring": 8.5, "strain_step": 5e-3, "force_tolerance": 1e-6},
        21,
    ),
    "cuzr": Case(
        lambda: cuzr((1400, 1400), 0),
        table_of_copper_and_zirconium,
        Loading(mode="simple_shear", dimension=3),
        {"free_radius": 5.0, "frozen_ring": 13.1, "strain_step": 5e-3, "force_tolerance": 1e-6},
        22,
    ),
}

EVENTS = {
    "lj1_plus": Case(lj("sample_1.lammpstrj.gz"), lambda: LJ, SIMPLE, {"strain_max": 0.1}),
    "lj1_minus": Case(
        lj("sample_1.lammpstrj.gz"), lambda: LJ, replace(SIMPLE, sign=-1), {"strain_max": 0.1}
    ),
    "lj2_plus": Case(lj("sample_2.lammpstrj.gz"), lambda: LJ, SIMPLE, {"strain_max": 0.1}),
    "fast_1000": Case(
        lambda: quenched(0, 553, 447, 100.0), lambda: LJ, SIMPLE, {"strain_max": 0.06}
    ),
    "slow_1000": Case(
        lambda: quenched(1, 553, 447, 1000.0), lambda: LJ, SIMPLE, {"strain_max": 0.06}
    ),
    "fast_2500": Case(
        lambda: quenched(2, 1382, 1118, 100.0), lambda: LJ, SIMPLE, {"strain_max": 0.03}
    ),
    "coarse_1000": Case(
        lambda: quenched(1, 553, 447, 1000.0),
        lambda: LJ,
        SIMPLE,
        {"strain_max": 0.2, "strain_step": 2e-3},
    ),
    "coarse_fast_1000": Case(
        lambda: quenched(3, 553, 447, 100.0),
        lambda: LJ,
        SIMPLE,
        {"strain_max": 0.2, "strain_step": 2e-3},
    ),
    "coarse_2500": Case(
        lambda: quenched(2, 1382, 1118, 100.0),
        lambda: LJ,
        Loading(),
        {"strain_max": 0.1, "strain_step": 2e-3},
    ),
    "lj1_far": Case(
        lj("sample_1.lammpstrj.gz"), lambda: LJ, SIMPLE, {"strain_max": 0.3, "strain_step": 5e-4}
    ),
    "lj1_far_minus": Case(
        lj("sample_1.lammpstrj.gz"),
        lambda: LJ,
        replace(SIMPLE, sign=-1),
        {"strain_max": 0.3, "strain_step": 5e-4},
    ),
    "lj2_far_pure": Case(
        lj("sample_2.lammpstrj.gz"), lambda: LJ, Loading(), {"strain_max": 0.3, "strain_step": 5e-4}
    ),
    "slow_1000_far": Case(
        lambda: quenched(1, 553, 447, 1000.0),
        lambda: LJ,
        Loading(sign=-1),
        {"strain_max": 0.15, "strain_step": 5e-4},
    ),
    "fast_1000_far": Case(
        lambda: quenched(3, 553, 447, 100.0),
        lambda: LJ,
        SIMPLE,
        {"strain_max": 0.15, "strain_step": 5e-4},
    ),
    "falk_10000": Case(lj("falkgroup_LJ_10000.data"), lambda: LJ, SIMPLE, {"strain_max": 0.01}),
    "yukawa_8x8_0": Case(
        jumol("8x8_sample_0"), lambda: YUKAWA, SIMPLE, {"strain_max": 0.2, "strain_step": 5e-4}
    ),
    "yukawa_8x8_1": Case(
        jumol("8x8_sample_1"), lambda: YUKAWA, SIMPLE, {"strain_max": 0.2, "strain_step": 5e-4}
    ),
    "cuzr_432": Case(
        lambda: cuzr((216, 216), 1),
        table_of_copper_and_zirconium,
        Loading(mode="simple_shear", dimension=3),
        {"strain_max": 0.05, "strain_step": 2e-4, "force_tolerance": 1e-7},
    ),
    "bilayer_fine": Case(
        bilayer,
        Watanabe,
        STRETCH,
        {"strain_max": 0.085, "strain_step": 5e-5},
    ),
    "bilayer_coarse": Case(
        bilayer,
        Watanabe,
        STRETCH,
        {"strain_max": 0.1, "strain_step": 5e-3},
    ),
    # in steps as fine, only around the flips that the default finds
    **{
        f"bilayer_from_{begun:g}": Case(
            partial(bilayer_at, begun),
            Watanabe,
            later(STRETCH, begun),
            {"strain_max": 4e-4, "strain_step": 5e-5},
        )
        for begun in BEFORE_FLIPS
    },
}


def probes(name: str, places: int, out: Path) -> dict[str, Any]:
    """Both thresholds at ``places`` places drawn at random; the step-by-step ones are kept in
    ``out`` as they come.
    """
    case, file = PROBES[name], out / f"slow_{name}.jsonl"
    glass, potential = case.glass(), case.potential()
    labeler, surface = LocalProbing(**case.fields), potential.surface(glass)
    slow = replace(labeler, stride=1, force_tolerance=max(labeler.force_tolerance, 1e-6))
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    for site in (
        np.random.default_rng(case.seed).uniform(0, 1, (5000, glass.dimension)) @ glass.cell
    )[len(rows) : places]:
        started = time.process_time()
        found = slow.probe(glass, potential, surface, case.loading, _inside(site, glass)).run()
        rows.append(
            [
                site.tolist(),
                found.tau_initial,
                found.tau_critical,
                found.strain_critical,
                found.converged,
                time.process_time() - started,
            ]
        )
        with file.open("a") as to:
            to.write(json.dumps(rows[-1]) + "\n")
    differ, seconds, same, earlier, again = [], 0.0, 0, 0, 0.0
    for site, initial, critical, strain, converged, _ in rows[:places]:
        started = time.process_time()
        probe = labeler.probe(
            glass, potential, surface, case.loading, _inside(np.array(site), glass)
        )
        ends = _ends_of(probe)
        found = probe.run()
        seconds += time.process_time() - started
        started = time.process_time()
        earlier += found.converged and _falls_before(probe, *ends[-1])
        again += time.process_time() - started
        both = converged and found.converged
        off = (
            abs((found.tau_critical - found.tau_initial) / (critical - initial) - 1.0)
            if both
            else float(converged != found.converged)
        )
        differ.append(off)
        same += abs(found.strain_critical - strain) < 0.5 * labeler.strain_step or not converged
        if off > AGREES:
            print(
                f"  {name} at {site}: {found} for {initial, critical, strain, converged}",
                flush=True,
            )
    count = len(differ)
    return {
        "case": name,
        "places": count,
        "off": sum(d > AGREES for d in differ),
        "worst": max(differ),
        "same strain": int(same),
        "fall before": int(earlier),
        "asking that, ms": 1e3 * again / count,
        "ours, ms": 1e3 * seconds / count,
        "step by step, ms": 1e3 * float(np.mean([row[5] for row in rows])),
    }


def _ends_of(probe: ContinuedProbe) -> list[tuple[float, np.ndarray]]:
    """Where the protocol is asked for a step, as the probe goes: the strain at its end, and the
    co-moving positions (M, D) that it starts from. The last one ends the probe.
    """
    asked: list[tuple[float, np.ndarray]] = []
    descend = probe.descend

    def told(strain: float, y: np.ndarray, alone: bool) -> Point | None:
        asked.append((strain, y))
        return descend(strain, y, alone)

    probe.descend = told  # type: ignore[method-assign]
    return asked


def _falls_before(probe: ContinuedProbe, end: float, y: np.ndarray) -> bool:
    """Whether the protocol's stress falls one strain step before that to ``end``, in which the
    probe found it to, from the branch's state ``y`` (M, D).
    """
    step = probe.protocol.strain_step
    if not probe._behind:
        return False  # the protocol itself took that step
    before, last = probe._behind[-1], end - step
    share = (last - step - before.strain) / (last - before.strain)
    guess = before.y + share * (y - before.y)
    state = probe.reach(last - step, guess, probe.protocol.jump)
    there = state and probe.descend(last, state.y, True)
    return state is None or there is None or there.tau < state.tau


def _inside(site: np.ndarray, glass: Configuration) -> np.ndarray:
    """A place of a slab goes into its middle plane."""
    if glass.dimension == 3 and np.ptp(glass.positions[:, 2]) < 0.5 * glass.cell[2, 2]:
        site = np.array([*site[:2], float(glass.positions[:, 2].mean())])
    return site


def events(name: str, out: Path) -> dict[str, Any]:
    """Each event of the step-by-step run, and the one that the default finds from the state after
    the event before.
    """
    case = EVENTS[name]
    glass, potential = case.glass(), case.potential()
    usual = {"strain_step": 1e-4, "max_events": 100_000, "relax_cell": False, "eigenvalues": False}
    engine = AQS(**{**usual, **case.fields})
    walked, started = (
        _walked(engine, glass, potential, case.loading, out / f"walked_{name}.npz"),
        time.process_time(),
    )
    wrong = [
        line
        for k in range(len(walked["steps"]) - 1)
        for line in _unlike(engine, glass, potential, case.loading, walked, k)
    ]
    print(*[f"  {name}: {line}" for line in wrong], sep="\n", end="\n" if wrong else "", flush=True)
    row = {
        "case": name,
        "atoms": len(glass),
        "events": len(walked["atom"]),
        "otherwise": len(wrong),
        "least move": min(walked["move"], default=np.nan),
        "least energy": min(walked["energy_drop"], default=np.nan),
        "ours, s": time.process_time() - started,
        "step by step, s": float(walked["seconds"]),
    }
    told = {
        **row,
        "wrong": wrong,
        "strain": walked["steps"][1 : len(walked["atom"]) + 1] * engine.strain_step,
        "move": walked["move"],
    }
    (out / f"events_{name}.json").write_text(json.dumps(told, default=np.ndarray.tolist))
    return row


def _walked(
    engine: AQS, glass: Configuration, potential: Potential, loading: Loading, file: Path
) -> dict[str, np.ndarray]:
    """The step-by-step run, kept in ``file`` after every ``PIECE`` steps: the strain steps of its
    begin, events and end, the states there, and its events.
    """
    walked: dict[str, Any] = {
        "steps": [0],
        "frames": glass.positions[None],
        "cells": glass.cell[None],
        "seconds": 0.0,
        **{name: np.zeros(0, kind) for name, kind in KEPT.items()},
    }
    if file.exists():
        walked = dict(np.load(file))
    last = steps_within(engine.strain_max, engine.strain_step)
    while walked["steps"][-1] < last:
        walked = _further(engine, glass, potential, loading, walked, last)
        np.savez_compressed(file, **walked)
        print(f"  {file.stem}: step {walked['steps'][-1]} of {last}", file=sys.stderr, flush=True)
    return walked


def _further(
    engine: AQS,
    glass: Configuration,
    potential: Potential,
    loading: Loading,
    walked: dict[str, Any],
    last: int,
) -> dict[str, np.ndarray]:
    """``walked``, up to ``PIECE`` steps further; its end gives way to the new one."""
    h, begin, started = engine.strain_step, int(walked["steps"][-1]), time.process_time()
    state = glass.with_(positions=walked["frames"][-1], cell=walked["cells"][-1])
    length = min(PIECE, last - begin)
    run = replace(engine, stride=1, strain_max=length * h).deform(
        state, potential, later(loading, begin * h)
    )
    steps = [*np.rint(run.events.strain / h).astype(int), length]
    at = [int(np.abs(run.frame_strain - step * h).argmin()) for step in steps]
    kept = slice(0, max(len(walked["steps"]) - 1, 1))
    return {
        "steps": np.array([*walked["steps"][kept], *(begin + step for step in steps)]),
        "frames": np.concatenate([walked["frames"][kept], run.frames[at]]),
        "cells": np.concatenate([walked["cells"][kept], run.cells[at]]),
        "seconds": walked["seconds"] + time.process_time() - started,
        **{name: np.append(walked[name], getattr(run.events, name)) for name in KEPT},
    }


def _unlike(
    engine: AQS,
    glass: Configuration,
    potential: Potential,
    loading: Loading,
    walked: dict[str, np.ndarray],
    k: int,
) -> list[str]:
    """What the default finds otherwise between the step-by-step run's event ``k`` (or its begin, or
    after its last) and the next.
    """
    h, (begin, end) = engine.strain_step, walked["steps"][k : k + 2]
    if end == begin:
        return []
    state = glass.with_(positions=walked["frames"][k], cell=walked["cells"][k])
    further = later(loading, begin * h)
    found = (
        replace(engine, strain_max=(end - begin) * h, max_events=1)
        .deform(state, potential, further)
        .events
    )
    last = k == len(walked["atom"])
    expected = (
        "the end" if last else f"event {k + 1} at {end * h:.5f}, move {walked['move'][k]:.3g}"
    )
    if not len(found):
        return [] if last else [f"missed {expected}"]
    if last or round(found.strain[0] / h) != end - begin:
        return [
            f"at {begin * h + found.strain[0]:.5f}, move {found.move[0]:.3g}, before {expected}"
        ]
    return (
        [f"elsewhere, atom {found.atom[0]} for {walked['atom'][k]}: {expected}"]
        if found.atom[0] != walked["atom"][k]
        else []
    )


def run() -> None:
    """Prints a small part of both comparisons, on glasses made here."""
    folder = Path(tempfile.mkdtemp())
    _show([probes("own", 20, folder)], "Thresholds against single steps")
    _show([events("fast_1000", folder)], "Events against single steps")


def _show(rows: list[dict[str, Any]], title: str) -> None:
    table(title, list(rows[0]), [list(row.values()) for row in rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("probes", "events", "list"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("truth"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.what == "list":
        print("probes:", *PROBES, "\nevents:", *EVENTS)
    for name in given.names:
        row = (
            probes(name, given.places, given.out)
            if given.what == "probes"
            else events(name, given.out)
        )
        print(json.dumps(row, default=float), flush=True)
