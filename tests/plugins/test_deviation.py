"""Deviations learnt from errors rank those of other glasses, and are as large on average."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from vitreous.plugins.models._deviation import PENALTIES, Deviation, columns, fit, read, write


def glass(seed, places=600):
    """Errors whose size depends on one of forty numbers that the last layer reads."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(places, 40))
    error = 0.01 * np.exp(0.8 * hidden[:, 3]) * rng.normal(size=places)
    images = rng.normal(size=(4, places))
    return columns([images, images + 0.1], [hidden, hidden], 1.0), error


@pytest.fixture(scope="module")
def learnt():
    rows, errors = zip(*(glass(k) for k in range(4)), strict=True)
    return fit(rows, errors)


def test_deviations_rank_the_errors_of_another_glass(learnt):
    rows, error = glass(9)
    assert spearmanr(np.abs(error), learnt(rows))[0] > 0.4


def test_they_are_as_large_as_the_errors(learnt):
    rows, errors = zip(*(glass(k) for k in range(20, 40)), strict=True)
    squared = np.mean(learnt(np.concatenate(rows)) ** 2)
    assert np.sqrt(squared) == pytest.approx(
        np.sqrt(np.mean(np.concatenate(errors) ** 2)), rel=0.15
    )


def test_where_nothing_tells_errors_apart_all_deviations_are_nearly_the_same():
    rng = np.random.default_rng(0)
    rows, errors = zip(*((glass(k)[0], 0.01 * rng.normal(size=600)) for k in range(4)), strict=True)
    found = fit(rows, errors)(glass(9)[0])
    assert np.std(np.log(found)) < 0.15


def test_a_site_beyond_all_that_was_learnt_from_gets_a_finite_deviation(learnt):
    assert np.isfinite(learnt(1e6 * glass(9)[0])).all()


def test_columns_are_spreads_prediction_and_what_the_layers_read():
    images = [np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([[4.0, 2.0], [4.0, 2.0]])]
    found = columns(images, [np.array([[7.0], [8.0]]), np.array([[9.0], [10.0]])], 2.0)
    np.testing.assert_allclose(
        found[0, :2], np.log([0.5, 0.25]), atol=1e-5
    )  # members at 1 and 2; images 1 apart in one of the two
    np.testing.assert_allclose(found[:, 2:], [[1.5, 7.0, 9.0], [1.0, 8.0, 10.0]])
    assert np.isfinite(found).all()


def test_one_glass_is_enough_and_takes_the_largest_penalty():
    rows, errors = glass(0)
    found = fit([rows], [errors])
    assert np.abs(found.weight).max() < 1.0 / PENALTIES[-1]


def test_errors_of_zero_leave_a_deviation_above_zero():
    rows, errors = glass(0)
    assert (fit([rows, rows], [0.0 * errors, 0.0 * errors])(rows) > 0.0).all()


def test_saved_and_read_again(learnt, tmp_path):
    write(tmp_path / "deviation.npz", learnt)
    again = read(tmp_path / "deviation.npz")
    np.testing.assert_array_equal(again(glass(9)[0]), learnt(glass(9)[0]))


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_told(tmp_path, content):
    (tmp_path / "deviation.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read(tmp_path / "deviation.npz")


def test_columns_that_do_not_match_are_told(tmp_path):
    write(tmp_path / "deviation.npz", Deviation(np.zeros(2), np.ones(2), np.zeros(3), 0.0))
    with pytest.raises(ValueError, match="columns differ in number"):
        read(tmp_path / "deviation.npz")
