"""What a run takes from a fitted model: a finite number for every place, and positive
deviations.
"""

import socket
from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.split import Split
from vitreous.core.store import Store


@pytest.fixture
def pipeline(toy_pipeline):
    return replace(toy_pipeline, samples=3, split=Split(test=1, validation=0))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            lambda right: right[:-1],
            r"Line predicted 15 finite values of shape \(15,\) for the 16 sites of sample 0; the "
            r"fit failed",
        ),
        (lambda right: right[:, None], r"of shape \(16, 1\) for the 16 sites"),
        (
            lambda right: np.where(np.arange(16) == 3, np.nan, right),
            r"predicted 15 finite values of shape \(16,\)",
        ),
        (
            lambda right: np.where(np.arange(16) == 3, np.inf, right),
            r"predicted 15 finite values of shape \(16,\)",
        ),
    ],
)
def test_predictions_that_are_not_a_finite_number_for_each_site_are_refused(
    wrong, says, pipeline, toy, tmp_path, monkeypatch
):
    predict = toy.Line.predict
    monkeypatch.setattr(toy.Line, "predict", lambda self, features: wrong(predict(self, features)))
    with pytest.raises(VitreousError, match=says):
        pipeline.run(Store(tmp_path))


@pytest.mark.parametrize("wrong", [[0.0], [-1.0], [np.nan], []])
def test_deviations_that_are_not_positive_at_each_site_are_refused(
    wrong, pipeline, toy, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        toy.Line,
        "uncertainty",
        lambda self, features: np.array([0.5] * (len(features) - 1) + wrong),
    )
    with pytest.raises(
        VitreousError,
        match="Line gave uncertainties of sample 0 that are not all positive; the fit failed",
    ):
        pipeline.run(Store(tmp_path))


def test_predictions_and_deviations_belong_to_their_glass_and_cannot_be_changed(
    pipeline, toy, tmp_path, monkeypatch
):
    monkeypatch.setattr(toy.Line, "uncertainty", lambda self, features: 1.0 + features.values[:, 0])
    result = pipeline.run(Store(tmp_path))
    for sample in result.samples:
        np.testing.assert_array_equal(sample.prediction, result.model.predict(sample.features))
        np.testing.assert_array_equal(sample.uncertainty, 1.0 + sample.features.values[:, 0])
        assert not sample.prediction.flags.writeable
        assert not sample.uncertainty.flags.writeable


def test_a_model_that_knows_no_deviation_has_none(pipeline, tmp_path):
    assert all(sample.uncertainty is None for sample in pipeline.run(Store(tmp_path)).samples)


def test_one_glass_is_enough_where_nothing_is_learnt(pipeline, tmp_path):
    result = replace(pipeline, model=None, descriptor=None, samples=1).run(Store(tmp_path))
    assert [(sample.index, sample.role) for sample in result.samples] == [(0, "test")]


def test_a_run_first_removes_what_killed_runs_left_half_written(pipeline, tmp_path):
    folder = tmp_path / "label" / "ab"
    folder.mkdir(parents=True)
    left = folder / f".key.{socket.gethostname()}.1.0123abcd.tmp"
    left.touch()
    pipeline.run(Store(tmp_path))
    assert not left.exists()
