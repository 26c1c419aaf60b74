"""A labeler says what there is to learn, in which components, and at which strains it needs the
deformed glass.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from vitreous.core.compose import conflicts, unfit
from vitreous.core.data import Labels, Loading
from vitreous.core.errors import NotConverged, VitreousError
from vitreous.core.interfaces import Labeler
from vitreous.core.registry import Registry
from vitreous.core.sites import sites_of
from vitreous.core.store import Store
from vitreous.testing.systems import binary_mixture


def labels(values, **more):
    values = np.array(values, dtype=float)
    return Labels(
        name="moved",
        level="atom",
        unit="",
        values=values,
        mask=np.isfinite(values),
        positions=np.zeros((len(values), 2)),
        **more,
    )


def test_values_may_have_several_components_each_known_or_not():
    found = labels([[1.0, np.nan], [2.0, 3.0]], components=("at 1 %", "at 2 %"))
    assert found.values.shape == (2, 2)
    assert found.mask.tolist() == [[True, False], [True, True]]
    with pytest.raises(VitreousError, match=r"values has shape \(2, 2\); expected \(any, 3\)"):
        labels([[1.0, 0.0], [2.0, 3.0]], components=("a", "b", "c"))


@pytest.mark.parametrize(
    ("values", "more", "sentence"),
    [
        (
            [0.0, 2.0],
            {"task": "class", "classes": ("hard", "soft")},
            "2 is no class; expected whole numbers from 0 to 1",
        ),
        ([0.0, 0.5], {"task": "class", "classes": ("hard", "soft")}, "0.5 is no class"),
        ([0.0, 1.0], {"task": "class"}, "0 classes for task 'class'; name the classes"),
        ([0.0, 1.0], {"classes": ("hard", "soft")}, "2 classes for task 'value'"),
        (
            [0.0, 1.0],
            {"task": "guess"},
            "unknown task 'guess'; expected one of value, class, position, image",
        ),
    ],
)
def test_labels_that_do_not_fit_their_task_are_refused(values, more, sentence):
    with pytest.raises(VitreousError, match=sentence):
        labels(values, **more)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"grid": (2, 2)}, r"grid \(2, 2\) does not hold 3 values"),
        ({"weak_is": "lwo"}, "weak_is is 'lwo'; expected 'low' or 'high'"),
        ({"columns": {"tau": np.zeros(2)}}, r"column 'tau' has shape \(2,\); expected 3 rows"),
        ({"mask": [True, True, True]}, "finite where the mask is True and NaN elsewhere"),
    ],
)
def test_labels_whose_parts_do_not_fit_each_other_are_refused(more, sentence):
    found = labels([0.0, np.nan, 1.0])
    with pytest.raises(VitreousError, match=sentence):
        replace(found, **more)


@dataclass(frozen=True, kw_only=True)
class Shift(Labeler):
    """How far each atom is from where it was, at chosen strains."""

    level: ClassVar = "atom"
    needs_trajectory: ClassVar = True
    dimensions: ClassVar = frozenset({2})
    at: tuple[float, ...] = (0.02, 0.061)
    single: bool = False

    @property
    def strains(self):
        return self.at

    @property
    def components(self):
        return () if self.single else tuple(f"at {strain:g}" for strain in self.at)

    def label(self, configuration, potential, loading, trajectory):
        frames = trajectory.frames[[trajectory.frame_at(strain) for strain in self.at]]
        values = np.linalg.norm(frames - configuration.positions, axis=2).T
        values = values[:, 0] if self.single else values
        return Labels(
            name="shift",
            level="atom",
            unit="",
            values=values,
            mask=np.ones(values.shape, bool),
            positions=configuration.positions,
            components=self.components,
        )


@pytest.fixture
def pipeline(toy_pipeline):
    return replace(toy_pipeline, labeler=Shift(), descriptor=None, model=None, samples=3)


def test_the_strains_that_labels_need_are_saved(pipeline, tmp_path):
    sample = pipeline.run(Store(tmp_path)).samples[0]
    for k, strain in enumerate(pipeline.labeler.at):
        moved = (
            sample.configuration.positions @ (Loading().deformation_gradient(strain) - np.eye(2)).T
        )
        np.testing.assert_allclose(
            sample.labels.values[:, k], np.linalg.norm(moved, axis=1), atol=1e-12
        )
    assert set(pipeline.labeler.at) <= set(sample.trajectory.frame_strain)


def test_strains_enter_the_key_of_the_deformation_and_none_leave_it_as_it_was(pipeline, tmp_path):
    def key(labeler):
        return replace(pipeline, labeler=labeler).run(Store(tmp_path)).samples[0].keys["deform"]

    from toyglass import components as toy

    before = replace(pipeline, labeler=toy.Map(), events=toy.FirstEvents())
    unasked = before.run(Store(tmp_path)).samples[0].keys["deform"]
    assert len({unasked, key(Shift(at=(0.02,))), key(Shift(at=(0.03,)))}) == 3


def test_a_strain_beyond_the_deformation_is_refused_before_any_compute(pipeline, tmp_path):
    store = Store(tmp_path / "store")
    with pytest.raises(
        VitreousError,
        match=r"the labels need the glass at strain 0.3, but the deformation ends at 0.1; raise "
        r"simulator",
    ):
        replace(pipeline, labeler=Shift(at=(0.02, 0.03, 0.3))).run(store)
    assert not store.folder.exists()


def test_a_label_may_need_the_glass_at_the_very_end_of_the_deformation(pipeline, tmp_path):
    (sample, *_) = replace(pipeline, labeler=Shift(at=(0.02, 0.1))).run(Store(tmp_path)).samples
    assert sample.labels.mask.all()


def test_a_deformation_that_ended_early_says_so(pipeline, tmp_path):
    trajectory = pipeline.run(Store(tmp_path)).samples[0].trajectory
    with pytest.raises(
        VitreousError,
        match=r"the deformation ended at strain 0.1, before 0.2; raise simulator.strain_max or",
    ):
        trajectory.frame_at(0.2)


def test_several_components_are_refused_for_a_model_that_learns_one(pipeline, tmp_path, toys):
    from toyglass import components as toy

    learning = replace(pipeline, descriptor=toy.Places(), model=toy.LeastSquares())
    with pytest.raises(
        VitreousError,
        match=r"Shift labels at 0.02, at 0.061, but LeastSquares learns one component",
    ):
        learning.run(Store(tmp_path))


def test_an_evaluation_scores_only_its_tasks(toys):
    from vitreous.plugins.evaluations.correlation import Correlation

    class Classes(Shift):
        task: ClassVar = "class"

    parts = {"labeler": Classes, "model": toys_model(), "generator": None}
    assert unfit(Correlation, {**parts, "labeler": Shift}, 2, Registry([])) == ""
    assert "scores labels of task value, but those of labeler 'Classes' have task class" in unfit(
        Correlation, parts, 2, Registry([])
    )


def toys_model():
    from toyglass import components as toy

    return toy.LeastSquares


def test_a_model_is_given_only_tasks_that_it_learns(toys):
    from toyglass import components as toy

    class Classes(Shift):
        task: ClassVar = "class"

    parts = {"labeler": Classes, "model": toy.LeastSquares}
    assert conflicts({**parts, "labeler": Shift}, 2, Registry([])) == []
    (found,) = [c for c in conflicts(parts, 2, Registry([])) if "task" in c.reason]
    assert (
        found.reason
        == "labeler 'Classes' gives labels of task class, but model 'LeastSquares' learns value"
    )


def test_labels_of_the_same_glass_shifted_as_a_whole_are_taken_to_its_atoms():
    """Relaxed on another machine, a bilayer lies elsewhere along its free direction."""
    glass, lift = binary_mixture(side=3), np.array([0.0, 0.0, 0.116])
    made = replace(labels(np.zeros(len(glass))), positions=glass.positions + lift)
    np.testing.assert_array_equal(sites_of(made, glass), glass.positions)
    across = glass.cell[0]  # atoms of the label in other images
    moved = glass.positions + np.outer(np.arange(len(glass)) % 2, across)
    np.testing.assert_array_equal(sites_of(replace(made, positions=moved), glass), glass.positions)


def test_labels_of_another_glass_are_refused_and_those_of_sites_stay_where_they_are():
    glass = binary_mixture(side=3)
    made = labels(np.zeros(len(glass)))
    other = np.array(glass.positions)
    other[5] += 0.01
    with pytest.raises(NotConverged, match=r"up to 0\.0.* from those here, beyond a common shift"):
        sites_of(replace(made, positions=other), glass)
    of_sites = replace(made, level="site", positions=other)
    assert sites_of(of_sites, glass) is of_sites.positions
    few = labels([0.0, 1.0])
    assert sites_of(few, glass) is few.positions
