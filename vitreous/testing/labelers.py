"""Checks of labelers: declared level and sign, and labels independent of the numbering of atoms."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from vitreous.core.data import Configuration, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.plugin_lines import in_plugin
from vitreous.core.vocabulary import LEVELS, TASKS
from vitreous.testing.contract import (
    CheckFailed,
    Subject,
    expect,
    expect_close,
    expect_member,
    expect_refusal,
    expect_subset,
)
from vitreous.testing.materials import deformation_of, glass_of, potential_of

_SAME_LABEL = 1e-5  #: relative: the same label, up to rounding


def _label(subject: Subject, glass: Configuration, trajectory: Trajectory | None) -> Labels:
    loading = Loading(dimension=glass.dimension)
    return subject.make().label(
        glass, potential_of(glass), loading, trajectory if subject.cls.needs_trajectory else None
    )


@lru_cache
def _labels(subject: Subject) -> Labels:
    trajectory = deformation_of(subject) if subject.cls.needs_trajectory else None
    return _label(subject, glass_of(subject), trajectory)


def declares_itself(subject: Subject) -> None:
    """Level, dimensions, sign and the need for a trajectory are declared."""
    expect_member(subject.cls.level, LEVELS, "level")
    expect_member(subject.cls.task, TASKS, "task")
    expect_member(subject.cls.sign, {"any", "positive"}, "sign")
    expect_subset(subject.cls.dimensions, {2, 3}, "dimensions")
    expect(
        isinstance(subject.cls.needs_trajectory, bool),
        f"needs_trajectory is {subject.cls.needs_trajectory!r}; expected True or False",
    )


def labels_have_the_declared_level(subject: Subject) -> None:
    """The labels have the declared level, their number fits the level, and they have positions, a
    name and a unit.
    """
    glass, labels = glass_of(subject), _labels(subject)
    expect(
        labels.level == subject.cls.level,
        f"labels are of level '{labels.level}', but '{subject.cls.level}' is declared",
    )
    if labels.level in ("atom", "sample"):
        count = len(glass) if labels.level == "atom" else 1
        expect(
            len(labels) == count, f"{len(labels)} labels at level {labels.level}; expected {count}"
        )
    expect(
        labels.positions.shape[1] == glass.dimension,
        f"positions have {labels.positions.shape[1]} coordinates; expected {glass.dimension}",
    )
    expect(labels.unit.strip() and labels.name.strip(), "the labels have no name or no unit")
    missing = sorted(subject.cls.columns - set(labels.columns))
    expect(
        not missing,
        f"the columns {', '.join(missing)} are declared, but the labels lack them",
    )


def labels_have_the_declared_sign(subject: Subject) -> None:
    """No label is negative if the sign is declared positive."""
    values = _labels(subject).values[_labels(subject).mask]
    expect(
        subject.cls.sign == "any" or np.all(values >= 0),
        f"a label is {values.min(initial=0):.3g}, but sign is declared positive",
    )


def something_is_labelled(subject: Subject) -> None:
    """Some sites have a label, and not all labels are zero: undefined sites are masked, not
    filled.
    """
    labels = _labels(subject)
    expect(
        labels.mask.any(),
        "no site has a label on the kit's glass; provide an example or a glass with labels",
    )
    constant = len(labels) > 1 and np.all(labels.values[labels.mask] == 0)
    expect(not constant, "every label is zero; mask what is undefined instead of filling it")


def order_of_atoms_does_not_matter(subject: Subject) -> None:
    """Permuting the atoms leaves labels and positions unchanged."""
    glass = glass_of(subject)
    order = np.random.default_rng(6).permutation(len(glass))
    _compare(
        subject,
        _reordered(glass, order),
        lambda path, other: _reordered_path(path, other, order),
        order,
        "with atoms in another order",
    )


def lattice_vectors_change_nothing(subject: Subject) -> None:
    """Moving atoms by lattice vectors leaves the labels unchanged."""
    glass = glass_of(subject)
    shift = (
        np.random.default_rng(5).integers(-1, 2, (len(glass), glass.dimension))
        * np.array(glass.periodic)
    ) @ glass.cell
    moved = glass.with_(positions=glass.positions + shift)
    same = np.arange(len(glass))
    _compare(
        subject,
        moved,
        lambda path, other: _shifted_path(path, other, shift),
        same,
        "after moving atoms by lattice vectors",
    )


def _compare(
    subject: Subject, other: Configuration, carry: Any, order: np.ndarray, when: str
) -> None:
    labels = _labels(subject)
    found = _label(
        subject,
        other,
        carry(deformation_of(subject), other) if subject.cls.needs_trajectory else None,
    )
    expect(len(found) == len(labels), f"{len(found)} labels {when}; expected {len(labels)}")
    row = order if labels.level == "atom" else np.arange(len(labels))
    expect(np.array_equal(found.mask, labels.mask[row]), f"other sites are labelled {when}")
    expect_close(
        found.values[found.mask], labels.values[row][found.mask], f"a label {when}", _SAME_LABEL
    )
    place = other.minimum_image(found.positions - labels.positions[row])
    expect_close(place, np.zeros_like(place), f"the position of a label {when}", 1e-8, 1.0)


def _reordered(glass: Configuration, order: np.ndarray) -> Configuration:
    bonds = np.argsort(order)[glass.bonds]
    return glass.with_(
        positions=glass.positions[order],
        species=glass.species[order],
        ids=glass.ids[order],
        bonds=bonds,
    )


def _reordered_path(path: Trajectory, other: Configuration, order: np.ndarray) -> Trajectory:
    atom = np.argsort(order)[path.events.atom]
    return replace(
        path, initial=other, frames=path.frames[:, order], events=replace(path.events, atom=atom)
    )


def _shifted_path(path: Trajectory, other: Configuration, shift: np.ndarray) -> Trajectory:
    frames = [
        x + shift @ path.loading.deformation_gradient(e).T
        for e, x in zip(path.frame_strain, path.frames, strict=True)
    ]
    events = replace(path.events, position=other.positions[path.events.atom])
    return replace(path, initial=other, frames=np.stack(frames), events=events)


def missing_trajectory_is_refused(subject: Subject) -> None:
    """A labeler that needs a deformation refuses to work without one."""
    glass = glass_of(subject)
    if subject.cls.needs_trajectory:
        expect_refusal(lambda: _label(subject, glass, None), "labelling without a trajectory")


def a_glass_without_events_is_labelled_or_refused(subject: Subject) -> None:
    """A deformation in which nothing happened gives labels of the declared level, or a
    VitreousError.
    """
    if not subject.cls.needs_trajectory:
        return
    path = deformation_of(subject)
    nothing = {f.name: getattr(path.events, f.name)[:0] for f in fields(path.events)}
    quiet = replace(path, events=type(path.events)(**nothing))
    try:
        labels = _label(subject, glass_of(subject), quiet)
    except VitreousError:
        return
    except Exception as error:
        raise CheckFailed(
            f"a deformation without events ends in {type(error).__name__}: {error}"
            f"{in_plugin(error)}; mask what is then undefined, or raise a VitreousError"
        ) from error
    expect(
        labels.level == subject.cls.level,
        f"without events labels are of level '{labels.level}', but '{subject.cls.level}' is "
        "declared",
    )


CHECKS = (
    declares_itself,
    labels_have_the_declared_level,
    labels_have_the_declared_sign,
    something_is_labelled,
    order_of_atoms_does_not_matter,
    lattice_vectors_change_nothing,
    missing_trajectory_is_refused,
    a_glass_without_events_is_labelled_or_refused,
)
