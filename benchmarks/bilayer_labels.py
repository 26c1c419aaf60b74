"""A table and pictures of the first breaks of bilayers in a store (Font-Clos et al. 2022, Fig. 2),
and how far they depend on the protocol:

    python -m benchmarks.bilayer_labels STORE OUT [EARLIER.csv]

Glasses of EARLIER, such as data/font_clos/labels.csv, that STORE does not hold are taken as they
stand there, without their curves. OUT gets ``labels.csv``, a row per glass and protocol,
``strains.png`` and, where glasses were broken by several protocols, ``protocols.png``.
"""

import csv
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from vitreous.analysis.axes import COLOURS, plain
from vitreous.core.store import Store
from vitreous.plugins.labelers.first_break import FirstBreak
from vitreous.plugins.labelers.fracture_location import FractureLocation
from vitreous.plugins.potentials.watanabe import Watanabe

COLUMNS = (
    *("network", "glass", "strain_step", "minimiser", "ring_variance", "energy"),
    *("fracture_strain", "x", "y", "atoms", "events_before", "seconds"),
)
_MINIMISERS = {"cg": "conjugate gradients", "damped": "damped dynamics"}


def rows_of(store):
    """A row and a stress-strain curve of every bilayer that was stretched until a bond broke."""
    for entry in store.entries():
        if entry.stage != "deform":
            continue
        manifest = store.manifest(entry)
        simulator = manifest["recipe"]["component"]["fields"]
        relaxed = store.manifest(store.find(manifest["recipe"]["parents"][0]))
        made = store.manifest(store.find(relaxed["recipe"]["parents"][0]))["recipe"]["component"]
        if not simulator.get("stop_at_break") or not made["target"].endswith("SilicaBilayer"):
            continue
        trajectory, _ = store.get("deform", entry.key)
        events = trajectory.events
        if not len(events.strain) or events.kind[-1] != "bond_break":
            continue
        glass = trajectory.initial
        variance = made["fields"]["variance"]
        of = (glass, Watanabe(), trajectory.loading, trajectory)
        place = FractureLocation().label(*of).values[0] @ glass.cell[:2, :2]
        atoms = np.flatnonzero(FirstBreak().label(*of).values == 1.0)
        row = (
            *("fixed" if np.isscalar(variance) else "variable", manifest["sample"]),
            *(simulator["strain_step"], simulator["minimiser"]),
            *(glass.info["ring_variance"], glass.info["energy"]),
            *(events.strain[-1], *place, " ".join(map(str, atoms))),
            *(len(events.strain) - 1, round(manifest["seconds"], 1)),
        )
        stress = (
            trajectory.stress[:, 0, 0]
            * np.linalg.det(glass.cell)
            / np.prod(np.linalg.norm(glass.cell[:2], axis=1))
        )
        yield dict(zip(COLUMNS, row, strict=True)), (trajectory.strain, stress), glass


def earlier_rows(path, there):
    """Rows of a table of ours, but for glasses and protocols that are ``there``."""
    words = ("network", "minimiser", "atoms")
    with open(path, newline="", encoding="ascii") as stream:
        for text in csv.DictReader(stream):
            row = {name: text[name] if name in words else float(text[name]) for name in COLUMNS}
            row |= {name: int(row[name]) for name in ("glass", "events_before")}
            if key_of(row) not in there:
                yield row, None, None


def key_of(row):
    return row["network"], row["strain_step"], row["minimiser"], row["glass"]


def draw_strains(found, path):
    """Stress-strain curves, and the histogram of strains of the first break, by network."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    for network, colour in (("fixed", "C0"), ("variable", "C1")):
        some = [f for f in found if f[0]["network"] == network]
        for strain, stress in [curve for _, curve, _ in some if curve][:60]:
            left.plot(strain, stress, color=colour, linewidth=0.5, alpha=0.6)
        if some:
            strains = [row["fracture_strain"] for row, _, _ in some]
            label = (
                f"{network}, {len(some)} glasses: {np.mean(strains):.4f} ± {np.std(strains):.4f}"
            )
            right.hist(
                strains, bins=np.arange(0.05, 0.26, 0.01), alpha=0.6, color=colour, label=label
            )
    left.set(xlabel="strain", ylabel="force per width, eV per square angstrom")
    right.set(xlabel="strain of the first broken bond", ylabel="glasses")
    right.set_xticks(np.arange(0.05, 0.26, 0.05))
    right.legend(fontsize=7)
    figure.savefig(path, dpi=150)


def known(rows, number):
    """Whether the glass itself is there, not its row alone."""
    return number in rows and rows[number][1] is not None


def compare_protocols(found, path):
    """Scatter of the first breaks of the same glasses by other protocols; prints R2, the spread and
    how many break within 10 angstrom of the same place.
    """
    by_protocol = {}
    for row, _, glass in found:
        if row["network"] == "fixed":
            protocol = (row["strain_step"], row["minimiser"])
            by_protocol.setdefault(protocol, {})[row["glass"]] = (row, glass)
    reference = max(by_protocol, key=lambda protocol: len(by_protocol[protocol]))
    others = sorted(set(by_protocol) - {reference})
    if not others:
        return
    figure, axes = plt.subplots(
        1, len(others), figsize=(3.8 * len(others), 3.6), squeeze=False, layout="constrained"
    )
    for axis, other in zip(axes[0], others, strict=True):
        both = sorted(set(by_protocol[reference]) & set(by_protocol[other]))
        x, y = (
            np.array([by_protocol[p][glass][0]["fracture_strain"] for glass in both])
            for p in (reference, other)
        )
        apart = []
        for number in both:
            (a, _), (b, _) = by_protocol[reference][number], by_protocol[other][number]
            glass = next(rows[number][1] for rows in by_protocol.values() if known(rows, number))
            step = np.array([a["x"] - b["x"], a["y"] - b["y"], 0.0])
            apart.append(np.linalg.norm(glass.minimum_image(step[None])[0]))
        r2 = np.corrcoef(x, y)[0, 1] ** 2 if len(both) > 1 else np.nan
        spread = np.std(y - x)
        near = np.mean(np.array(apart) < 10.0)
        same = np.mean(np.abs(x - y) < 1.5 * max(reference[0], other[0]))
        words = f"{other[0]:g}, {other[1]} against {reference[0]:g}, {reference[1]}"
        print(
            f"{words}: {len(both)} glasses, R2 {r2:.3f}, difference {np.mean(y - x):+.4f} with a "
            f"standard deviation of {spread:.4f}; equal to a step and a half {same:.0%}, within "
            f"10 angstrom {near:.0%}"
        )
        axis.plot([0.1, 0.23], [0.1, 0.23], color="0.7", linewidth=0.8)
        axis.plot(x, y, "o", markersize=4, color=COLOURS[0])
        axis.set(xlabel=_axis(*reference), ylabel=_axis(*other))
        axis.set_title(
            f"R² {r2:.2f}; {100.0 * near:.0f} % of places within 10 Å", fontsize=10, loc="left"
        )
        plain(axis)
    figure.savefig(path, dpi=150)


def _axis(step, minimiser):
    """What an axis of strains says of its protocol."""
    return (
        f"strain of the first break\n(steps of {step:g}, {_MINIMISERS.get(minimiser, minimiser)})"
    )


def main():
    """Write the table and the pictures."""
    store, out = Store(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    found = list(rows_of(store))
    if len(sys.argv) > 3:
        found += list(earlier_rows(sys.argv[3], {key_of(row) for row, _, _ in found}))
    found.sort(key=lambda f: tuple(str(value).zfill(9) for value in key_of(f[0])))
    with open(out / "labels.csv", "w", newline="", encoding="ascii") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        for row, _, _ in found:
            table.writerow({n: f"{v:.8g}" if isinstance(v, float) else v for n, v in row.items()})
    fine = [f for f in found if f[0]["strain_step"] < 1e-3 and f[0]["minimiser"] == "cg"]
    draw_strains(fine, out / "strains.png")
    compare_protocols(found, out / "protocols.png")
    print(f"{len(found)} rows: {out / 'labels.csv'}")


if __name__ == "__main__":
    main()
