"""Correlations: SciPy's, glass by glass; a model that only tells glasses apart does not pose as one
that finds places.
"""

import numpy as np
import pytest
from glasses import glass, run, shuffled_glasses
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vitreous.analysis.correlations import pearson, spearman
from vitreous.plugins.evaluations.correlation import Correlation

pairs_of_values = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=30
)


@given(pairs_of_values)
def test_coefficients_are_scipys_and_not_defined_for_a_constant_map(pairs) -> None:
    a, b = np.array(pairs, dtype=float).T
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert pearson(a, b) is None and spearman(a, b) is None
    else:
        assert pearson(a, b) == pytest.approx(stats.pearsonr(a, b)[0], abs=1e-12)
        assert spearman(a, b) == pytest.approx(
            stats.pearsonr(stats.rankdata(a), stats.rankdata(b))[0], abs=1e-12
        )


def test_a_glass_without_a_single_label_is_in_no_table() -> None:
    blank = glass(1, [np.nan] * 3, [1.0, 2.0, 3.0])
    found = Correlation().evaluate(run(glass(0, [1.0, 2.0, 3.0], [1.0, 2.0, 4.0]), blank))
    assert list(found.glasses) == ["0"]


def test_unknown_sites_are_left_out_and_counted() -> None:
    found = Correlation().evaluate(
        run(glass(0, [1.0, 2.0, 3.0, np.nan, 5.0], [1.0, 2.0, 4.0, 9.0, np.nan]))
    )
    row = found.glasses["0"]["model"]
    assert (
        row["pearson"] == pytest.approx(stats.pearsonr([1, 2, 3], [1, 2, 4])[0])
        and row["spearman"] == 1.0
    )
    assert row["sites"] == 0.75  # three of the four labelled ones


def test_the_headline_is_the_mean_over_glasses_and_telling_glasses_apart_gives_none() -> None:
    found = Correlation().evaluate(shuffled_glasses())
    model = found.numbers["model"]
    each = [of["model"]["pearson"] for of in found.glasses.values()]
    assert model["pearson"] == pytest.approx(np.mean(each)) and abs(model["pearson"]) < 0.1
    assert model["pooled"]["pearson"] > 0.99 and model["pooled"]["spearman"] > 0.95
    assert f"r = {model['pearson']:.3f}" in found.headline
    (shown,) = [table for table in found.tables if table.summary]
    assert [column.name for column in shown.columns][1:3] == ["Pearson", "Spearman"] and shown.rows[
        0
    ][1] == model["pearson"]


def test_both_maps_are_turned_to_weakness() -> None:
    one = glass(
        0, [1.0, 2.0, 4.0], indicators={"stretch": [9.0, 5.0, 1.0], "density": [1.0, 2.0, 3.0]}
    )
    found = Correlation().evaluate(run(one, weak_is={"stretch": "high", "density": "high"}))
    assert (
        found.numbers["stretch"]["spearman"] == 1.0 and found.numbers["density"]["spearman"] == -1.0
    )
    assert found.headline.startswith("Of the indicators, stretch follows")


def test_a_glass_without_a_correlation_is_left_out_of_the_mean() -> None:
    flat = glass(0, [1.0, 2.0, 3.0], [4.0, 4.0, 4.0])
    single = glass(1, [1.0, np.nan, np.nan], [1.0, 2.0, 3.0])
    good = glass(2, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    train = glass(3, [1.0, 2.0, 3.0], [3.0, 2.0, 1.0], role="train")
    found = Correlation().evaluate(run(flat, single, good, train))
    assert [of["model"]["pearson"] for of in found.glasses.values()] == [
        None,
        None,
        pytest.approx(1.0),
    ]
    assert found.numbers["model"]["pearson"] == pytest.approx(1.0)
    assert Correlation().evaluate(run(flat)).headline == ""
