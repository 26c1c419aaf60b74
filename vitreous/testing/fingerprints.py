"""Numbers that compare what descriptors give, whatever the order of nodes and edges."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features
from vitreous.core.interfaces import Descriptor

Array = NDArray[Any]


def fingerprint(component: Descriptor, features: Features) -> Array:
    """Numbers (M, K) that compare the features of a site independently of the order of its nodes
    and edges; of those drawn from the whole glass what is drawn.
    """
    if features.shared:
        drawn = component.view(features).take(np.arange(len(features)))
        return drawn.reshape(len(features), -1)
    if features.form == "glass_graph":
        own = features.values[features.site_nodes]
        return np.column_stack([own, _around(features)[features.site_nodes]])
    if features.form != "graph":
        ends = features.offsets if features.form == "sequence" else np.arange(len(features) + 1)
        rows = [features.values[a:b].ravel() for a, b in pairwise(ends)]
        longest = max(map(len, rows))
        return np.stack([np.pad(row, (0, longest - len(row))) for row in rows])
    source, target = features.edges
    edges = np.column_stack(
        [features.values[source], features.values[target], features.edge_values]
    )
    return np.concatenate(
        [_sums(features.values, features.offsets), _sums(edges, features.edge_offsets)], axis=1
    )


def _around(features: Features) -> Array:
    """Sums as below over the edges that begin at each atom of a glass, with the sums of the atoms
    where they end: two shells of neighbours.
    """
    source, target = features.edges
    order = np.argsort(source, kind="stable")
    offsets = np.searchsorted(source[order], np.arange(len(features.values) + 1))
    edges = np.column_stack([features.values[target], features.edge_values])[order]
    sums = _sums(edges, offsets)
    return np.column_stack([sums, _sums(np.column_stack([edges, sums[target[order]]]), offsets)])


def _sums(rows: Array, offsets: Array) -> Array:
    """Sums over the rows of each site of sixteen sine waves along random directions, and the number
    of rows.
    """
    rng = np.random.default_rng(1)
    waves = np.sin(rows @ rng.normal(size=(rows.shape[1], 16)) + rng.uniform(0, 6, 16))
    sums = [waves[a:b].sum(axis=0) for a, b in pairwise(offsets)]
    return np.column_stack([np.stack(sums), np.diff(offsets)])
