"""Training sets in which a rare class is not drowned: all of its sites, and some of the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Example
from vitreous.core.sample import glasses_of
from vitreous.learning.tables import check_examples

Array = NDArray[np.float64]
Drawn = tuple[Array, Array, NDArray[np.int64]]


def drawn_sites(
    examples: Sequence[Example], what: str, rows: int, rng: np.random.Generator
) -> Drawn:
    """Features (R, C), classes (R,), and the number of the glass (R,): all labelled sites of the
    rare class, and of the other as many as make ``rows`` in all (0: as many as of the rare one),
    drawn from all glasses alike. The features of one example are read at a time.

    Raises:
        VitreousError: labels of more than two classes, or of one alone; ``rows`` that the rare
        class fills.
    """
    check_examples(examples, what)
    labels = [labels for _, labels in examples]
    site = np.concatenate([np.flatnonzero(each.mask) for each in labels])
    owner = np.repeat(np.arange(len(labels)), [int(each.mask.sum()) for each in labels])
    classes = np.concatenate([each.values[each.mask] for each in labels])
    two_classes(labels[0], classes)
    members = [np.flatnonzero(classes == k) for k in (0, 1)]
    rare, common = sorted(members, key=len)
    wanted = rows - len(rare) if rows else len(rare)
    if wanted < 1:
        raise VitreousError(
            f"the training set is to have {rows} rows, but the {what} glasses hold {len(rare)} "
            "sites of the rare class alone; raise model.rows, or set it to 0 for as many of both"
        )
    taken = rng.choice(common, min(wanted, len(common)), replace=False)
    kept = np.sort(np.concatenate([rare, taken]))
    read = [
        np.asarray(examples[k][0].values, dtype=np.float64)[site[kept[owner[kept] == k]]]
        for k in np.unique(owner[kept])
    ]
    return np.concatenate(read), classes[kept], np.array(glasses_of(examples))[owner[kept]]


def two_classes(labels: Labels, known: Array) -> None:
    """Raises VitreousError unless the labels have two classes, and ``known`` ones (R,) are of
    either.
    """
    if len(labels.classes) != 2:
        raise VitreousError(
            f"the model tells two classes apart, but these labels have {len(labels.classes)}: "
            f"{', '.join(labels.classes)}"
        )
    for k, name in enumerate(labels.classes):
        if not (known == k).any():
            raise VitreousError(
                f"no site is of class '{name}' in the glasses that the model learns from; add "
                "glasses, or check the labeler"
            )
