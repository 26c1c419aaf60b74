"""``vitreous deform``: deform a glass in quasistatic steps."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.app.direct_options import (
    common_options,
    describe,
    file_option,
    loading_options,
    potential_options,
)
from vitreous.app.results import Answers, print_results
from vitreous.core.errors import VitreousError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.core.data import Configuration, Trajectory
    from vitreous.core.interfaces import Potential, Simulator
    from vitreous.direct.underway import Kept

#: options that are fields of the engine, by those
_OWN = {
    "strain_max": "--strain-max",
    "strain_step": "--strain-step",
    "max_events": "--stop-after-events",
    "stop_at_break": "--stop-at-first-break",
}
SUMMARY = "deform a glass in quasistatic steps"
ABOUT = (
    "Take a relaxed glass (or any with --relax) along a loading in athermal quasistatic "
    "steps. Writes curve.csv (strain, energy,\n"
    "stress, largest force, lowest eigenvalue of the Hessian), events.csv (strain, kind, atom "
    "id as in the file, its position in the\n"
    "undeformed glass, how far it moved, energy and stress drop), frames.extxyz (states "
    "before and after each event, first\n"
    "and last) and curve.png. They are written during the deformation: whatever ends it leaves "
    "what was reached, and --resume continues\n"
    "there, to the same bits. Where the glass responds smoothly, states are up to 50 strain "
    "steps apart (--engine-set stride=1: the\n"
    "fixed-step protocol itself, every step, some ten times slower); events that move no atom by "
    "more "
    "than smallest_event are left out;\n"
    "uniaxial loading keeps the transverse lengths fixed by default "
    "(--contraction)."
)
EXAMPLE = (
    "vitreous deform relaxed.extxyz --potential yukawa_silica --loading pure_shear "
    "--strain-max 0.2 --strain-step 1e-4 \\\n"
    "      --stop-after-events 6 --out run"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    describe(parser, ABOUT, EXAMPLE)
    file_option(parser)
    potential_options(parser)
    loading_options(parser)
    parser.add_argument(
        "--strain-max", type=float, required=True, metavar="X", help="where the run ends"
    )
    parser.add_argument(
        "--strain-step",
        type=float,
        required=True,
        metavar="Y",
        help="the grid on which events are found",
    )
    parser.add_argument(
        "--engine",
        default="aqs",
        metavar="NAME",
        help="an installed simulator: vitreous list simulator (default: aqs)",
    )
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--stop-after-events", type=int, metavar="N", help="end after N instabilities"
    )
    ends.add_argument(
        "--stop-at-first-break", action="store_true", help="end when an oxygen loses a silicon"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder for the results")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted deformation")
    parser.add_argument(
        "--engine-set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field of the engine; may be repeated",
    )
    common_options(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the results; returns the exit status."""
    return print_results(options, _deform)


def _deform(options: argparse.Namespace) -> Answers:
    from vitreous.app.direct_input import (
        about,
        at_rest,
        brought_to_rest,
        described_loading,
        fields,
        made_folder,
        model_and_glass,
    )
    from vitreous.core.locks import occupied
    from vitreous.direct import deform
    from vitreous.direct.deformation import engine_for, refuse_moving, write_deformation
    from vitreous.direct.underway import check_finished

    if options.out.endswith(".png"):
        raise VitreousError(
            f"--out {options.out} names a picture, but a deformation leaves a folder: curve.csv, "
            "events.csv, frames.extxyz and the picture curve.png; name that folder"
        )
    model, glass = model_and_glass(options)
    loading = described_loading(options, glass)
    chosen = fields(options.engine_set, "--engine-set", deform)
    how = {
        "strain_max": options.strain_max,
        "strain_step": options.strain_step,
        "engine": options.engine,
        "stop_after_events": options.stop_after_events,
        "stop_at_first_break": options.stop_at_first_break,
        "at_rest": at_rest(options),
        **chosen,
    }
    engine = engine_for(glass, model, loading, relax=options.relax, **how)
    if not options.resume:  # one that resumes is told first what it was made with
        refuse_moving(glass, model, engine, at_rest=at_rest(options), relax=options.relax)
    folder = made_folder(Path(options.out))
    decides = _decides(options, chosen, engine, glass, model)
    with occupied(folder):
        if options.resume and (there := _finished(folder)):
            check_finished(folder, decides)
            told = "the deformation is finished, so there is nothing to resume; --force starts anew"
            return {"resumed": told, "written": [str(path) for path in there]}
        kept = _kept(options, folder, engine, decides)
        glass, relaxed = brought_to_rest(options, model, glass, hold_rim=False)
        run = _run(kept, lambda: deform(glass, model, loading, underway=kept, **how))
        files = write_deformation(run, folder)
        kept.finished()
    return {
        **about(glass),
        **relaxed,
        "states": len(run.strain),
        "last_strain": float(run.strain[-1]),
        "largest_stress": float(run.scalar_stress.max()),
        "events": len(run.events),
        "first_event": _first_event(run, glass),
        "lowest_eigenvalue": _known(run.lowest_eigenvalue),
        "largest_force": float(run.residual.max()),
        "written": [str(path) for path in files],
    }


def _decides(
    options: argparse.Namespace,
    chosen: Collection[str],
    engine: Simulator,
    glass: Configuration,
    model: Potential,
) -> dict[str, Any]:
    """All that decides the result, by the names that a user knows; ``chosen`` are the fields of the
    engine that were given.
    """
    from vitreous.core.store import identity, key_of
    from vitreous.direct.underway import GLASS

    decides = {
        f"--{name.replace('_', '-')}": getattr(options, name)
        for name in ("loading", "angle", "plane", "sign", "contraction", "at_rest", "relax")
    }
    content = (glass.positions, glass.cell, glass.species, glass.names, glass.ids, glass.bonds)
    decides[GLASS] = key_of({"glass": content})
    for part, option in ((model, "--set"), (engine, "--engine-set")):
        made = identity(part)
        whole = "--potential" if part.kind == "potential" else "--engine"
        decides |= {whole: made["target"], f"the version of {whole}": made["version"]}
        decides |= {_OWN.get(of, f"{option} {of}"): value for of, value in made["fields"].items()}
    if options.stop_after_events is None and "max_events" not in chosen:
        decides[_OWN["max_events"]] = None  # as many as there are strain steps
    return decides


def _kept(
    options: argparse.Namespace, folder: Path, engine: Simulator, decides: dict[str, Any]
) -> Kept:
    """What keeps the deformation in the folder.

    Raises:
        VitreousError: results that are there and neither to be overwritten nor gone on with, or
        ``--resume`` with nothing to resume.
    """
    from vitreous.direct.deformation import FILES, write_deformation
    from vitreous.direct.underway import Kept, underway_in

    if options.resume and not engine.resumes:
        raise VitreousError(
            f"engine '{options.engine}' cannot resume a deformation; leave --resume out"
        )
    there = [name for name in FILES if (folder / name).exists()]
    if not (options.resume or options.force) and (there or underway_in(folder)):
        go_on = "--resume to continue it, " if underway_in(folder) else ""
        what = "an interrupted deformation" if underway_in(folder) else f"results ({there[0]})"
        raise VitreousError(
            f"{folder} holds {what} already; add {go_on}--force to overwrite it, or name another "
            "folder"
        )
    return Kept(folder, write_deformation, decides, resume=options.resume)


def _finished(folder: Path) -> list[Path]:
    """The files of a deformation that came to its end in this folder; none without one."""
    from vitreous.direct.deformation import FILES
    from vitreous.direct.underway import underway_in

    there = [path for name in FILES if (path := folder / name).exists()]
    return there if len(there) == len(FILES) and not underway_in(folder) else []


def _run(kept: Kept, work: Callable[[], Trajectory]) -> Trajectory:
    """The deformation, shown during its course; whatever ends it leaves what was reached."""
    from vitreous.app.progress import measured
    from vitreous.core.watching import Told, watched

    try:
        with measured("deforming") as shown:

            def seen(told: Told) -> None:
                if told.share:
                    shown(told)

            with watched(seen):
                return work()
    except BaseException as raised:
        # a call of compiled code wraps the interruption that it met
        error = raised.__context__ if isinstance(raised, SystemError) else raised
        if not isinstance(error, KeyboardInterrupt):
            error = raised
        if kept.last is None and kept.taken_up is not None and isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(
                f"nothing was reached beyond what {kept.folder} holds, which is kept; the same "
                "command goes on"
            ) from None
        if kept.last is None or (isinstance(error, VitreousError) and "--resume" in str(error)):
            raise
        kept.save()
        events = f"{kept.last.events} event{'' if kept.last.events == 1 else 's'}"
        reached = f"strain {kept.last.strain:g} ({events})"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(
                f"{kept.folder} holds the deformation up to {reached}; the same command with "
                "--resume continues"
            ) from None
        if isinstance(error, VitreousError):
            kept.finished()  # it would end there again
            raise type(error)(f"{error}; {kept.folder} holds it up to {reached}") from error
        raise


def _first_event(run: Trajectory, glass: Configuration) -> Answers | None:
    """The first event and its size."""
    import numpy as np

    events = run.events
    return (
        {
            "strain": float(events.strain[0]),
            "kind": events.kind[0],
            "atom": int(glass.ids[events.atom[0]]),
            "move": float(np.asarray(events.move)[0]),
            "energy_drop": float(events.energy_drop[0]),
        }
        if len(events)
        else None
    )


def _known(values: NDArray[np.float64]) -> float | None:
    """The least of the numbers that are known."""
    import numpy as np

    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else None
