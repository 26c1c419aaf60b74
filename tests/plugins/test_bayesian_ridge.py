"""Bayesian ridge: the posterior in closed form, true deviations, glasses left out in turn."""

import numpy as np
import pytest

from vitreous.analysis.conformal import intervals_of_run, table_of
from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.plugins.models.bayesian_ridge import BayesianRidge

WEIGHTS = np.array([0.02, -0.01, 0.0])
NOISE = 0.01


def glass(rng, rows=1, level="sample", unlabelled=False):
    x = rng.normal(size=(rows, 3)) * [1.0, 100.0, 1e-3] + [0.0, 5e3, 1.0]
    z = (x - [0.0, 5e3, 1.0]) / [1.0, 100.0, 1e-3]
    y = 0.17 + z @ WEIGHTS + NOISE * rng.normal(size=rows)
    if unlabelled:
        y[:] = np.nan
    labels = Labels(
        name="strain",
        level=level,
        unit="1",
        values=y,
        mask=np.isfinite(y),
        positions=np.zeros((rows, 2)),
    )
    return Features(form="vector", level=level, names=("a", "b", "c"), values=x), labels


def quiet(*_):
    return None


def fitted(glasses, **fields):
    return BayesianRidge(**fields).fit(glasses, [], np.random.default_rng(0), quiet)


def rows_of(glasses):
    return (
        np.concatenate([f.values for f, _ in glasses]),
        np.concatenate([labels.values for _, labels in glasses]),
    )


@pytest.fixture(scope="module")
def glasses():
    rng = np.random.default_rng(0)
    return [glass(rng) for _ in range(60)]


def test_it_is_ridge_at_the_penalty_of_the_largest_evidence(glasses):
    """Weights are the ridge solution of the ratio of precisions that maximises the evidence, found
    here by scanning it; the deviation follows.
    """
    found = fitted(glasses)
    x, y = rows_of(glasses)
    z, t = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()

    def evidence(weights, noise):  # log N(t; 0, noise + ZZ' weights), precisions alpha and lambda
        of = np.eye(len(t)) / noise + z @ z.T / weights
        return -0.5 * (np.linalg.slogdet(of)[1] + t @ np.linalg.solve(of, t))

    scale = y.std()
    noise = scale**2 / found.noise
    weights = 1.0 / np.linalg.eigvalsh(found.covariance / scale**2).max()
    best = evidence_precisions(evidence)
    assert noise == pytest.approx(best[1], rel=0.05)
    solution = np.linalg.solve(z.T @ z + best[0] / best[1] * np.eye(3), z.T @ t)
    np.testing.assert_allclose(found.weight, scale * solution, rtol=0.02, atol=1e-5)
    inverse = best[0] * np.eye(3) + best[1] * z.T @ z
    np.testing.assert_allclose(
        found.covariance, scale**2 * np.linalg.inv(inverse), rtol=0.1, atol=1e-8
    )
    assert weights > 0.0


def evidence_precisions(evidence):
    from scipy.optimize import minimize

    found = minimize(lambda logs: -evidence(*np.exp(logs)), [0.0, 2.0], method="Nelder-Mead")
    return np.exp(found.x)


def test_deviations_are_those_of_new_glasses(glasses):
    found, rng = fitted(glasses), np.random.default_rng(1)
    new = [glass(rng) for _ in range(400)]
    x, y = rows_of(new)
    value, deviation = found.evaluate(x)
    assert np.std((value - y) / deviation) == pytest.approx(1.0, abs=0.12)
    assert deviation.min() > 0.8 * NOISE
    far = found.evaluate(x[:1] + np.array([50.0, 0.0, 0.0]))[1]
    assert far[0] > 3.0 * deviation.mean()  # the farther from the training, the less sure


def test_each_glass_is_left_out_once_and_predicted_by_the_others(glasses):
    found = fitted(glasses)
    assert found.left_out().shape == (60,)
    without = fitted([*glasses[:7], *glasses[8:]])
    value, deviation = without.evaluate(glasses[7][0].values)
    ratio = np.abs(value - glasses[7][1].values) / deviation
    assert found.left_out()[7] == pytest.approx(ratio[0], rel=1e-9)


def test_a_glass_of_many_sites_is_left_out_as_a_whole():
    rng = np.random.default_rng(2)
    several = [glass(rng, rows=5, level="site") for _ in range(6)]
    found = fitted(several)
    value, deviation = fitted(several[1:]).evaluate(several[0][0].values)
    ratios = np.abs(value - several[0][1].values) / deviation
    np.testing.assert_allclose(found.left_out()[:5], ratios, rtol=1e-9)
    assert len(found.left_out()) == 30


def test_a_glass_is_left_out_along_all_its_loadings(along_loadings):
    """Its other loadings would give it away; along them it counts as one glass, also where glasses
    are too few to leave one out.
    """
    rng = np.random.default_rng(5)
    cases = [glass(rng, rows=5, level="site") for _ in range(6)]
    found = fitted(along_loadings(cases, [0, 1, 2, 0, 1, 2]))
    own = np.concatenate([cases[0][0].values, cases[3][0].values])
    wanted = np.concatenate([cases[0][1].values, cases[3][1].values])
    value, deviation = fitted([cases[k] for k in (1, 4, 2, 5)]).evaluate(own)
    np.testing.assert_allclose(found.left_out()[:10], np.abs(value - wanted) / deviation, rtol=1e-9)
    assert len(fitted(along_loadings(cases, [0, 1, 0, 1, 0, 1])).left_out()) == 0


def test_intervals_of_glasses_left_out_hold_new_ones_as_often_as_they_say():
    rng = np.random.default_rng(3)
    found = fitted([glass(rng) for _ in range(200)])
    run = Run(loadings=(), samples=(), fitted=found)
    table = intervals_of_run(run)
    assert table is not None and table == table_of(found.left_out()) and table.places == 200
    x, y = rows_of([glass(rng) for _ in range(400)])
    value, deviation = found.evaluate(x)
    for share in (0.5, 0.9, 0.95):
        inside = np.abs(value - y) <= table.half_width(deviation, share)
        assert inside.mean() == pytest.approx(share, abs=0.1)


def test_glasses_without_a_label_are_passed_over(glasses):
    rng = np.random.default_rng(4)
    with_gaps = [*glasses, glass(rng, unlabelled=True)]
    x = glasses[0][0]
    np.testing.assert_array_equal(fitted(with_gaps).predict(x), fitted(glasses).predict(x))
    assert len(fitted(with_gaps).left_out()) == 60


def test_saved_and_loaded_it_answers_the_same(glasses, tmp_path):
    found = fitted(glasses)
    found.save(tmp_path / "model")
    loaded = BayesianRidge().load(tmp_path / "model")
    for ask in ("predict", "uncertainty"):
        np.testing.assert_array_equal(
            getattr(loaded, ask)(glasses[3][0]), getattr(found, ask)(glasses[3][0])
        )
    np.testing.assert_array_equal(loaded.left_out(), found.left_out())
    with np.load(tmp_path / "model" / "arrays.npz") as stored:
        arrays = {**stored, "weight": np.zeros(2)}
    np.savez(tmp_path / "model" / "arrays.npz", **arrays)
    with pytest.raises(VitreousError, match="do not fit together"):
        BayesianRidge().load(tmp_path / "model")


def test_bad_parameters_and_too_few_glasses_are_refused(glasses):
    with pytest.raises(VitreousError, match="expected shape and rate of at least 0"):
        BayesianRidge(shape=-1.0)
    with pytest.raises(VitreousError, match="got 2 labelled sites to learn from; give at least 3"):
        fitted(glasses[:2])
