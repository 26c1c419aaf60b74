"""What networks read, gathered into batches by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Sampler, TensorDataset

from vitreous.core.errors import VitreousError


class Inputs(Protocol):
    """The sites of several glasses; ``images``: how many symmetric images each has, itself the
    first.
    """

    images: int

    def __len__(self) -> int: ...

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> Any:
        """The sites with the indices ``chosen`` (B,), each as its symmetric image of that number
        (B,): a tensor, or a tuple whose first is what the network sees.
        """
        ...

    def moved(
        self, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        """Positions (B, D) that are learnt, as they lie in these images."""
        ...

    def undone(
        self, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        """The inverse of ``moved``."""
        ...


class WholeGlasses(Inputs, Protocol):
    """Of a network with ``whole_glasses``: glass g has sites ``first[g]`` to ``first[g + 1]``."""

    first: NDArray[np.int64]


class Unmoved:
    """Inputs whose images carry no positions along."""

    def moved(
        self, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        """Positions of the first image; raises VitreousError for others."""
        if bool(image.any()):
            raise VitreousError(
                "these features have no symmetric copies for a label of task position; set "
                "model.reflections=none"
            )
        return positions

    undone = moved


class Arrays:
    """(B, C) vectors or (B, C, H, W[, L]) images, stored or drawn on demand."""

    def __init__(self, features: Sequence[Any], dtype: torch.dtype) -> None:
        self.parts, self.dtype = list(features), dtype
        self.images = min(part.copies for part in self.parts)
        self.first = np.cumsum([0, *map(len, self.parts)])

    def __len__(self) -> int:
        return int(self.first[-1])

    def take(self, chosen: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Copies ``image`` (B,) of the images ``chosen`` (B,): (B, channels, height, width)."""
        wanted, copies = chosen.numpy(), image.numpy()
        glass = np.searchsorted(self.first, wanted, side="right") - 1
        out = np.empty((len(wanted), *self.parts[0].shape), dtype=np.float32)
        for k in np.unique(glass):
            rows = np.flatnonzero(glass == k)
            out[rows] = self.parts[k].take(wanted[rows] - self.first[k], copies[rows])
        return torch.from_numpy(out).to(self.dtype)

    def moved(
        self, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        return self._carried("moved", positions, chosen, image)

    def undone(
        self, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        return self._carried("undone", positions, chosen, image)

    def _carried(
        self, way: str, positions: torch.Tensor, chosen: torch.Tensor, image: torch.Tensor
    ) -> torch.Tensor:
        given, wanted, copies = positions.numpy(), chosen.numpy(), image.numpy()
        glass = np.searchsorted(self.first, wanted, side="right") - 1
        out = np.array(given, dtype=np.float64)
        for k in np.unique(glass):
            rows = np.flatnonzero(glass == k)
            symmetry = self.parts[k].symmetry(wanted[rows] - self.first[k], copies[rows])
            carry = symmetry.moved if way == "moved" else symmetry.undone
            out[rows] = carry(np.asarray(given[rows], dtype=np.float64))
        return torch.from_numpy(out).to(positions.dtype)


def batches(
    inputs: Inputs,
    values: torch.Tensor,
    size: int,
    order: torch.Generator,
    *,
    shuffle: bool,
    mirrored: bool = False,
    positions: bool = False,
    times: int = 1,
    balanced: bool = False,
    first: NDArray[np.int64] | None = None,
) -> DataLoader[Any]:
    """Batches of (input, labels) over the labelled sites, each of them ``times`` in an epoch:
    ``mirrored``: as one of its images, drawn at random, else as the first ones in turn;
    ``positions``: labels that move along; ``balanced``: all sites of the rarest class and as many
    of each other, drawn anew for every epoch; ``first``: batches are of ``size``
    whole glasses, whose sites it separates (``WholeGlasses``), each as one image, and the balance
    is that of a glass.
    """

    def collate(index: list[torch.Tensor]) -> tuple[Any, torch.Tensor]:
        chosen, turn, visit = index
        image = turn % inputs.images
        if mirrored:
            each, of_site = visit.unique(return_inverse=True)
            drawn = torch.randint(inputs.images, (len(each),), generator=order)
            image = drawn if first is None else drawn[of_site]
        wanted = values[chosen]
        return inputs.take(chosen, image), (
            inputs.moved(wanted, chosen, image) if positions else wanted
        )

    labelled = known_rows(values)
    kinds = values if values.ndim == 1 else values[:, 0]
    turns = torch.arange(times).repeat_interleave(len(labelled))
    chosen = labelled.repeat(times)
    visit = torch.arange(len(chosen))
    if first is not None:
        glass = torch.searchsorted(torch.from_numpy(first), chosen, right=True)
        visit = turns * len(first) + glass
    dataset = Rows(chosen, turns, visit)
    if first is not None:
        visits = Visits(visit, kinds[chosen] if balanced else None, size, order, shuffle)
        return DataLoader(dataset, batch_sampler=visits, collate_fn=collate)
    if not balanced:
        return DataLoader(dataset, size, shuffle=shuffle, generator=order, collate_fn=collate)
    sampler = Balanced(kinds[chosen], order)
    # a last batch of one site has no spread to normalise by
    single = len(sampler) > 1 and len(sampler) % size == 1
    return DataLoader(dataset, size, sampler=sampler, collate_fn=collate, drop_last=single)


class Rows(TensorDataset):
    """Tensors whose rows are taken a batch at a time: of a glass, thousands."""

    def __getitems__(self, rows: list[int]) -> list[torch.Tensor]:
        """These rows of each tensor."""
        chosen = torch.tensor(rows)
        return [each[chosen] for each in self.tensors]


class Balanced(Sampler[int]):
    """All sites of the rarest class and as many of each other, in random order, drawn by ``order``
    for every epoch; ``classes`` (S,) are numbers of classes.
    """

    def __init__(self, classes: torch.Tensor, order: torch.Generator) -> None:
        self.members = [torch.nonzero(classes == k).squeeze(1) for k in classes.unique()]
        self.count, self.order = min(map(len, self.members)), order

    def __len__(self) -> int:
        return self.count * len(self.members)

    def __iter__(self) -> Iterator[int]:
        drawn = torch.cat(
            [
                each[torch.randperm(len(each), generator=self.order)[: self.count]]
                for each in self.members
            ]
        )
        yield from drawn[torch.randperm(len(drawn), generator=self.order)].tolist()


class Visits(Sampler[list[int]]):
    """The sites of ``size`` visits at a time, in random order if they are shuffled; of ``classes``
    (S,), if given, a balanced draw of each visit's.
    """

    def __init__(
        self,
        visit: torch.Tensor,
        classes: torch.Tensor | None,
        size: int,
        order: torch.Generator,
        shuffle: bool,
    ) -> None:
        counts = visit.unique(return_counts=True)[1]
        self.members = list(visit.argsort(stable=True).split(counts.tolist()))
        self.classes, self.size, self.order, self.shuffle = classes, size, order, shuffle
        if classes is not None:
            every = len(classes.unique())
            self.members = [m for m in self.members if len(classes[m].unique()) == every]
        if not self.members:
            raise VitreousError(
                "no glass holds sites of every class, so none can be learnt from in balance; set "
                "model.balanced=false"
            )

    def __len__(self) -> int:
        return ceil(len(self.members) / self.size)

    def __iter__(self) -> Iterator[list[int]]:
        turn = torch.arange(len(self.members))
        if self.shuffle:
            turn = torch.randperm(len(self.members), generator=self.order)
        for some in turn.split(self.size):
            yield [row for k in some.tolist() for row in self._drawn(self.members[k])]

    def _drawn(self, rows: torch.Tensor) -> list[int]:
        if self.classes is None:
            return rows.tolist()
        return rows[list(Balanced(self.classes[rows], self.order))].tolist()


def balanced_once(values: torch.Tensor, order: torch.Generator) -> torch.Tensor:
    """Numbers of classes (S,), or (S, 1 + A) with further columns, with all but one balanced draw
    of the sites unknown (NaN).
    """
    labelled = known_rows(values)
    kinds = values if values.ndim == 1 else values[:, 0]
    chosen = labelled[torch.tensor(list(Balanced(kinds[labelled], order)))]
    kept = torch.full_like(values, torch.nan)
    kept[chosen] = values[chosen]
    return kept


def known_rows(values: torch.Tensor) -> torch.Tensor:
    """Indices of the sites with a label, in all components or in some."""
    known = torch.isfinite(values).reshape(len(values), -1).any(dim=1)
    return torch.nonzero(known).squeeze(1)


def refuse_unlabelled(values: torch.Tensor, what: str) -> None:
    """Raises VitreousError where no site has a label."""
    if not torch.isfinite(values).any():
        raise VitreousError(
            f"the {what} glasses hold no labelled site; check the labeler and its masks"
        )
