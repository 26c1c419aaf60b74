"""Intervals, deviations and the warning of ``predict`` on glasses like and unlike those of the training, against their true maps.

python -m benchmarks domain FOLDER [JUMOL_FOLDER]

FOLDER keeps every glass with its true map, so that a stopped campaign goes on there; some 25 s of CPU per glass. JUMOL_FOLDER holds the
networks ``*.lammpstrj.gz`` of the JuMol benchmark.
"""

import sys
import time
import warnings
from pathlib import Path

from benchmarks.domain_glasses import Recipe, recipes
from benchmarks.glasses import YUKAWA
from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.store import Store, key_of
from vitreous.plugins.labelers.local_probing import LocalProbing

GRIDS = {"validation": 40, "cut": 44}  #: places along each side, by kind; else GRID
GRID = 24
Known = tuple[Configuration, Labels]


def known(store: Store, name: str, make: Recipe) -> Known | None:
    """A glass and its true map, from the store or computed now; None for one that cannot be made, which is said."""
    key = key_of({"domain": name})
    if (found := store.get("domain", key)) is not None:
        return found[0]
    start = time.process_time()
    try:
        glass = make()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            truth = LocalProbing(grid=GRIDS.get(name.split("-", maxsplit=1)[0], GRID)).label(glass, YUKAWA, Loading(), None)
    except VitreousError as error:
        print(f"{name} is left out: {error}", file=sys.stderr, flush=True)
        return None
    store.put("domain", key, (glass, truth), {"glass": name, "seconds": time.process_time() - start})
    print(f"{name}: {len(glass)} atoms, {truth.mask.sum()} places, {time.process_time() - start:.0f} s", file=sys.stderr, flush=True)
    return glass, truth


def run(folder: str, jumol: str | None = None) -> None:
    """Prints the tables."""
    store = Store(folder)
    glasses = {name: known(store, name, make) for name, make in recipes(Path(jumol) if jumol else None).items()}
    print(len(glasses))
