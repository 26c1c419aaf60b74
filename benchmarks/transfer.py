"""What a trained model meets beyond what it is meant for: other loading directions, and networks
made by another group.

python -m benchmarks.transfer HOME MODEL_FOLDER [JUMOL_FOLDER]

HOME holds the runs of ``experiment=listi/...``, MODEL_FOLDER is a bundle trained there,
JUMOL_FOLDER the networks ``sig1.00_sample_*`` of the JuMol benchmark. With these, small graph
networks are trained on as many glasses of either kind and tested on both.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.clock import table
from benchmarks.listi import CHAIN
from vitreous.bundles import Bundle, find_bundle
from vitreous.core.chain import Chain
from vitreous.core.data import Loading
from vitreous.core.interfaces import Descriptor, Example
from vitreous.core.split import Split
from vitreous.core.stages import artifacts
from vitreous.core.store import Store
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.generators.file import File
from vitreous.plugins.models.graph_network import GraphNetwork

ANGLES = (0.0, 15.0, 30.0, 45.0, 90.0)
ROTATED = 2  #: unseen glasses probed again under every angle
SMALL, SMALL_SEES = GraphNetwork(epochs=40, learning_rate=0.005), BondGraph()
TAUGHT, CHECKED, TESTED = (
    3,
    1,
    4,
)  #: glasses of each kind, as many as there are of the other group's


def example(chain: Chain, store: Store, index: int, descriptor: Descriptor) -> Example:
    """Features and labels of one glass, computed where the store does not hold them."""
    made = artifacts(replace(chain, descriptor=descriptor), store, index)
    return made["describe"].value, made["label"].value


def correlation(predicted: np.ndarray, of: Example) -> float:
    """Of the predicted and the true thresholds of one glass."""
    mask = of[1].mask
    return float(np.corrcoef(predicted[mask], of[1].values[mask])[0, 1])


def rotated(store: Store, bundle: Bundle, unseen: list[int]) -> None:
    """Thresholds along other directions than the model may have seen."""
    rows = []
    for angle in ANGLES:
        chain = replace(CHAIN, loading=Loading(angle=angle))
        examples = (example(chain, store, k, bundle.descriptor) for k in unseen[:ROTATED])
        found = [correlation(bundle.fitted.predict(e[0]), e) for e in examples]
        rows.append([f"{angle:g}", *(f"{r:.3f}" for r in found)])
    table(
        "Correlation on unseen glasses by direction of the loading",
        ["degrees", *(f"glass {k}" for k in unseen[:ROTATED])],
        rows,
    )


def other_group(store: Store, bundle: Bundle, folder: Path, ours: list[Example]) -> None:
    """Both ways between our networks and JuMol's."""
    chain = replace(CHAIN, generator=File(path=f"{folder}/sig1.00_sample_{{0,2,3,4}}.lammpstrj.gz"))
    theirs = [example(chain, store, k, SMALL_SEES) for k in range(TAUGHT + CHECKED)]
    for_the_model = [example(chain, store, k, bundle.descriptor) for k in range(TAUGHT + CHECKED)]
    rows = [
        [
            "the model, from ours",
            "",
            _mean([correlation(bundle.fitted.predict(e[0]), e) for e in for_the_model]),
        ]
    ]
    unseen = ours[TAUGHT + CHECKED :]
    for name, taught in (("3 of ours", ours), ("3 of JuMol's", theirs)):
        fitted = SMALL.fit(
            taught[:TAUGHT],
            taught[TAUGHT : TAUGHT + CHECKED],
            np.random.default_rng(0),
            lambda *_: None,
        )
        scores = [
            [correlation(fitted.predict(e[0]), e) for e in of]
            for of in (unseen, theirs if taught is ours else theirs[TAUGHT:])
        ]
        rows.append([name, *(_mean(of) for of in scores)])
    table(
        "Correlation between true and predicted thresholds, mean (least)",
        ["trained on", "ours, unseen", "JuMol's"],
        rows,
    )


def _mean(of: list[float]) -> str:
    return f"{np.mean(of):.3f} ({min(of):.3f})"


def main(home: Path, model: str, jumol: Path | None) -> None:
    """Print the tables."""
    store, bundle = Store(home / "store"), find_bundle(model)
    roles = Split(validation=5, test=20, seed=0).assign(65, 0)
    unseen = [k for k, role in roles.items() if role == "test"]
    rotated(store, bundle, unseen)
    if jumol is not None:
        other_group(
            store,
            bundle,
            jumol,
            [example(CHAIN, store, k, SMALL_SEES) for k in unseen[: TAUGHT + CHECKED + TESTED]],
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None)
