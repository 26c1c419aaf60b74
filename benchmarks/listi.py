"""The tables and the figure of docs/results/04-listi.md, from the runs of ``experiment=listi/...``
that a home holds.

python -m benchmarks.listi HOME [FIGURE.png]

For every model and seed the newest run is taken. Events are read from the store; glasses whose
deformation is not there are counted, not computed.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from omegaconf import OmegaConf

from benchmarks.clock import table
from vitreous.analysis.axes import plain
from vitreous.bundles import find_bundle
from vitreous.core.chain import Chain
from vitreous.core.data import Labels, Loading
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.stages import artifacts
from vitreous.core.store import Store
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.plugins.evaluations._goodness_figures import goodness_boxes, looks
from vitreous.plugins.evaluations.goodness import Goodness, nearest_by_glass
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.labelers.rearrangements import Rearrangements
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS

GLASSES, EVENTS = 65, 6
SHIPPED = "graph_ensemble"  #: the bundled model
BOXED = ("lstm", "cnn", "gnn", SHIPPED)  #: the models in the figure of boxes
CHAIN = Chain(
    generator=DualSwitch(rings_x=40, rings_y=48, variance=0.917, alpha=0.3),
    simulator=AQS(),
    potential=YukawaSilica(),
    labeler=LocalProbing(),
    loading=Loading(),
    events=Rearrangements(),
)


def stored(home: Path) -> dict[int, Sample]:
    """Every glass whose map is in the store, with its events where they are; role "test" stands for
    all.
    """
    store, found = Store(home / "store"), {}
    for index in range(GLASSES):
        table_of = artifacts(CHAIN, store, index)
        got = {
            stage: store.get(stage, table_of[stage].key) for stage in ("relax", "label", "events")
        }
        if got["relax"] is None or got["label"] is None:
            continue
        glass, labels = got["relax"][0], got["label"][0]
        indicators = PhysicalIndicators().describe(glass, Loading(), labels.positions, "site")
        events: Labels | None = got["events"][0] if got["events"] else None
        found[index] = Sample.of(
            index=index,
            role="test",
            configuration=glass,
            trajectory=None,
            labels=labels,
            events=events,
            features=None,
            indicators=indicators,
            prediction=None,
        )
    return found


class Trained(NamedTuple):
    """What the trainings of one experiment predicted: (folder, map by glass) by seed, the newest
    finished run of each.
    """

    runs: dict[int, tuple[Path, dict[int, np.ndarray]]]

    @property
    def maps(self) -> list[dict[int, np.ndarray]]:
        """By training: the map of each glass."""
        return [maps for _, maps in self.runs.values()]


def predictions(home: Path) -> dict[str, Trained]:
    """By experiment what its finished runs on all glasses predicted; the members of an ensemble are
    trainings of their own.
    """
    found: dict[str, Trained] = {}
    for _, folder in sorted(_runs(home)):
        config = OmegaConf.load(folder / "config.yaml")
        whole = (folder / "scores.json").exists() and (folder / "predictions").is_dir()
        if not whole or not config["name"].startswith("listi_") or _used(folder) < GLASSES:
            continue
        maps = {}
        for index in range(GLASSES):
            with (folder / "predictions" / f"sample_{index}.csv").open() as file:
                maps[index] = np.array([float(row["prediction"]) for row in csv.DictReader(file)])
        found.setdefault(config["name"].removeprefix("listi_"), Trained({})).runs[
            int(config["seed"])
        ] = (folder, maps)
    return found


def _runs(home: Path) -> list[tuple[str, Path]]:
    """When each run began, and its folder: single ones (runs/NAME/DATE) and those of sweeps
    (runs/multirun/DATE/NUMBER).
    """
    folders = [path.parent for path in (home / "runs").glob("*/*/config.yaml")]
    swept = [path.parent for path in (home / "runs").glob("multirun/*/*/config.yaml")]
    return [
        *((folder.name, folder) for folder in folders),
        *((folder.parent.name, folder) for folder in swept),
    ]


def _used(folder: Path) -> int:
    """How many glasses a run did not leave out."""
    return len({s.index for s in Run.open(folder).samples})


def unseen_in(folder: Path) -> list[int]:
    """The test glasses of a run."""
    return [s.index for s in Run.open(folder).glasses("test")]


def members(home: Path, folder: Path, test: list[int]) -> Trained:
    """The members of an ensemble's newest run, each a training of a graph network."""
    store, bundle = Store(home / "store"), find_bundle(str(folder / "model"))
    features = {
        k: artifacts(replace(CHAIN, descriptor=bundle.descriptor), store, k)["describe"].value
        for k in test
    }
    return Trained(
        {
            k: (folder, {i: m.predict(f) for i, f in features.items()})
            for k, m in enumerate(bundle.fitted.members)
        }
    )


def by_event(samples: list[Sample], name: str) -> np.ndarray:
    """(glasses, EVENTS) goodness at the nearest place of map ``name``; NaN where an event did not
    happen.
    """
    if not samples:
        return np.full((0, EVENTS), np.nan)
    return nearest_by_glass(
        Goodness(events=EVENTS).scores(samples, PhysicalIndicators.weak_is), name
    )


def line(name: str, rows: np.ndarray, r: str) -> list[str]:
    """Mean and standard deviation over glasses, by event."""
    return [name, *(f"{np.nanmean(c):.2f} ({np.nanstd(c):.2f})" for c in rows.T), r]


def main(home: Path, figure: Path | None) -> None:
    """Print the tables; draw goodness by event."""
    glasses = stored(home)
    with_events = [s for s in glasses.values() if s.events is not None]
    runs = predictions(home)
    test = unseen_in(next(iter(next(iter(runs.values())).runs.values()))[0]) if runs else []
    unseen = [glasses[k] for k in test if glasses[k].events is not None]
    print(
        f"{len(glasses)} maps, {len(with_events)} deformed, {len(test)} test glasses of which "
        f"{len(unseen)} are deformed"
    )
    headings = ["map", *(f"C {k + 1}" for k in range(EVENTS)), "r"]
    rows = [line(f"probing, {len(with_events)} glasses", by_event(with_events, "true map"), "1")]
    for name in PhysicalIndicators.weak_is:
        rows.append(
            line(
                f"{name}, {len(with_events)} glasses",
                by_event(with_events, name),
                _correlation(with_events, name),
            )
        )
    table(
        "Goodness on all deformed glasses: mean (standard deviation over glasses)", headings, rows
    )
    rows = [line("probing", by_event(unseen, "true map"), "1")]
    rows += [
        line(name, by_event(unseen, name), _correlation(unseen, name))
        for name in PhysicalIndicators.weak_is
    ]
    for name in [name for name in runs if name == "graph_ensemble"]:
        newest = list(runs[name].runs.values())[-1][0]
        runs["its members"] = members(home, newest, test)
    panels = {
        "true map": by_event(unseen, "true map"),
        "stretch_variance": by_event(unseen, "stretch_variance"),
    }
    for name, trained in runs.items():
        every = [
            [
                np.corrcoef(
                    maps[k][glasses[k].labels.mask],
                    glasses[k].labels.values[glasses[k].labels.mask],
                )[0, 1]
                for k in test
            ]
            for maps in trained.maps
        ]
        of = np.concatenate(
            [
                by_event([s.with_(prediction=maps[s.index]) for s in unseen], "model")
                for maps in trained.maps
            ]
        )
        panels[name] = of
        means = np.mean(every, axis=1)
        count = len(trained.maps)
        rows.append(
            line(
                f"{name}, {count} trainings" if count > 1 else name,
                of,
                f"{means.mean():.3f} ({np.std(every):.3f}; {means.std():.3f})",
            )
        )
    table(
        f"Goodness on {len(unseen)} glasses never seen; r: mean (spread over glasses and "
        "trainings; over trainings)",
        headings,
        rows,
    )
    for name, trained in runs.items():
        for seed, (folder, _) in trained.runs.items():
            if name in BOXED:
                print(f"\n{name}, seed {seed}: {(folder / 'command.txt').read_text().strip()}")
    if figure is not None:
        draw(panels, figure)
        seen = [s for s in with_events if s.index not in test]
        known = {
            "true map": by_event(seen, "true map"),
            "stretch_variance": by_event(seen, "stretch_variance"),
        }
        for name, trained in runs.items():
            if name in BOXED:
                of = [
                    by_event([s.with_(prediction=maps[s.index]) for s in seen], "model")
                    for maps in trained.maps
                ]
                known[name] = np.concatenate(of)
        new = {name: panels[name] for name in known}
        boxes = {
            f"{len(seen)} glasses trained or validated on": known,
            f"{len(unseen)} glasses never seen": new,
        }
        goodness_boxes(boxes, SHIPPED).savefig(figure.with_stem(f"{figure.stem}_boxes"), dpi=150)


def _correlation(samples: list[Sample], name: str) -> str:
    column = (
        PhysicalIndicators()
        .describe(samples[0].configuration, Loading(), samples[0].labels.positions, "site")
        .names.index(name)
    )
    found = [
        abs(
            np.corrcoef(s.indicators.values[s.labels.mask, column], s.labels.values[s.labels.mask])[
                0, 1
            ]
        )
        for s in samples
    ]
    return f"{np.mean(found):.3f} ({np.std(found):.3f})"


def draw(curves: dict[str, np.ndarray], path: Path) -> None:
    """Mean goodness by event, with the standard error over glasses; ``curves`` (glasses, EVENTS) by
    name.
    """
    draw_means(
        {
            name: (
                np.nanmean(rows, axis=0),
                np.nanstd(rows, axis=0) / np.sqrt(np.sum(np.isfinite(rows), axis=0)),
            )
            for name, rows in curves.items()
        },
        path,
    )


def draw_means(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Means and their standard errors, (EVENTS,) each, by name; the bundled model in blue."""
    picture = Figure(figsize=(8.2, 4.4), layout="constrained")
    axes = picture.subplots()
    seen = looks(curves, SHIPPED)
    shift = 0.06 * (np.arange(len(curves)) - 0.5 * (len(curves) - 1))  # bars side by side
    for aside, (name, (mean, error)) in zip(shift, curves.items(), strict=True):
        axes.errorbar(
            np.arange(EVENTS) + 1 + aside,
            mean,
            error,
            **seen[name],
            markersize=5,
            linewidth=1.2,
            capsize=2,
            label=name.replace("_", " "),
        )
    axes.set_xlabel("event, in order of strain")
    axes.set_ylabel("prediction goodness C, mean and standard error")
    axes.set_xticks(np.arange(EVENTS) + 1)
    axes.set_ylim(-0.1, 1.03)
    plain(axes)
    picture.legend(loc="outside right center", frameon=False, fontsize=9)
    picture.savefig(path, dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
