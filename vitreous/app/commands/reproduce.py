"""``vitreous reproduce``: compute a run again in an empty store, and compare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vitreous.app.run_options import run_option, store_option

if TYPE_CHECKING:
    import numpy as np

    from vitreous.core.run import Run
    from vitreous.core.sample import Sample

SUMMARY = "compute a run again in an empty store, and compare"
DIFFERENT = 1  #: exit status where something came out otherwise


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = "Compute a run again in an empty store, and compare."
    run_option(parser)
    store_option(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Say which cases came out otherwise; status DIFFERENT if any did."""
    import tempfile

    from vitreous.app import progress
    from vitreous.app.assembling import assemble
    from vitreous.core.executor import Crew
    from vitreous.core.registry import discover
    from vitreous.core.run import Run
    from vitreous.core.store import Store
    from vitreous.plugins.executors.local import Local

    before = Run.open(options.run, options.store)
    for sample in before.samples:
        _ = sample.labels, sample.prediction  # refuses what is gone, before anything is computed
    pipeline = assemble(before.about["config"], discover())
    # The executor is ours, whatever the run's was: a run folder may come from a stranger.
    with (
        tempfile.TemporaryDirectory(prefix="vitreous-") as folder,
        Crew(Local().open, progress) as crew,
    ):
        after = pipeline.run(Store(folder), crew)
        differences = list(_differences(before, after))
    for line in differences:
        sys.stdout.write(f"{line}\n")
    if not differences:
        sys.stdout.write(f"all {len(before.samples)} cases came out the same, bit for bit\n")
    return DIFFERENT if differences else 0


_COMPARED: Mapping[str, Callable[[Sample], Any]] = {
    "labels": lambda sample: sample.labels.values,
    "events": lambda sample: None if sample.events is None else sample.events.values,
    "sites of events": lambda sample: None if sample.events is None else sample.events.positions,
    "predictions": lambda sample: sample.prediction,
    "uncertainties": lambda sample: sample.uncertainty,
    "probabilities": lambda sample: sample.probabilities,
    "hazards": lambda sample: sample.hazards,
}  #: arrays of a case, None where it has none


def _arrays(sample: Sample) -> dict[str, Any]:
    """``_COMPARED`` of a case, and the labels of its further targets."""
    names = [key.partition(":")[2] for key in sample.values if key.startswith("label:")]
    return {what: of(sample) for what, of in _COMPARED.items()} | {
        f"labels of target {name}": sample.target(name).values for name in names
    }


def _differences(before: Run, after: Run) -> list[str]:
    """A line for each case that came out otherwise, and by how much."""
    import numpy as np

    found, known = {s.case: s for s in after.samples}, {s.case for s in before.samples}
    lines = [f"{s.title}: left out this time" for s in before.samples if s.case not in found]
    lines += [f"{s.title}: left out before" for s in after.samples if s.case not in known]
    for old in before.samples:
        new = found.get(old.case)
        if new is None:
            continue
        first, second = _arrays(old), _arrays(new)
        for what in {**first, **second}:
            a, b = first.get(what), second.get(what)
            if (a is None) != (b is None):
                lines.append(
                    f"{old.title}: {what} are there {'before' if b is None else 'now'} only"
                )
            elif a is not None and b is not None and not np.array_equal(a, b, equal_nan=True):
                lines.append(f"{old.title}: {what} differ {_apart(a, b)}")
    return lines


def _apart(a: np.ndarray, b: np.ndarray) -> str:
    """How far two arrays are from each other, in words."""
    import numpy as np

    if a.shape != b.shape:
        return f"in shape, {a.shape} and {b.shape}"
    both = np.isfinite(a) & np.isfinite(b)
    many = int((~((a == b) | (np.isnan(a) & np.isnan(b)))).sum())
    return (
        f"at {many} entries, by up to {np.max(np.abs(a - b), where=both, initial=0.0):.3g} "
        "where both are known"
    )
