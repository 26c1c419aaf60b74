"""The fraction of atoms that a model predicts to fail beside the shear modulus, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from glasses import glass, run

from vitreous.core.cases import Case
from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.plugins.evaluations.predicted_fraction import PredictedFraction


def classed(index, likely, modulus=None, loading=0, level="sample"):
    """Ten atoms with probabilities of class "fertile", in a glass with a shear modulus."""
    base = glass(index, [0.0] * 10, level="atom")
    labels = Labels(
        name="plastic_susceptibility",
        level="atom",
        task="class",
        classes=("stable", "fertile"),
        unit="1",
        values=np.zeros(10),
        mask=np.ones(10, dtype=bool),
        positions=base.labels.positions,
    )
    likely = np.asarray(likely, dtype=float)
    predicted = {
        "prediction": (likely > 0.5).astype(float),
        "uncertainty": None,
        "probabilities": np.column_stack([1.0 - likely, likely]),
    }
    made = base.with_(labels=labels, predicted=predicted)
    made = replace(made, case=Case(glass=index, loading=loading, role="test"))
    if modulus is None:
        return made
    count = 1 if level == "sample" else 10
    target = Labels(
        name="shear_modulus",
        level=level,
        unit="energy/length^2",
        values=np.full(count, float(modulus)),
        mask=np.ones(count, dtype=bool),
        positions=base.labels.positions[:count],
    )
    return replace(made, values={**made.values, "label:modulus": target})


def likely(fertile):
    return [0.9] * fertile + [0.1] * (10 - fertile)


def evaluate(*glasses, modulus="modulus", **fields):
    return PredictedFraction(modulus=modulus, **fields).evaluate(run(*glasses))


def test_stiffer_glasses_with_fewer_predicted_atoms_correlate_negatively():
    found = evaluate(
        classed(0, likely(4), 10.0), classed(1, likely(2), 20.0), classed(2, likely(0), 30.0)
    )
    row = found.numbers["model"]
    assert row["fraction"] == pytest.approx(0.2) and row["modulus"] == pytest.approx(20.0)
    assert row["probability"] == pytest.approx(0.2 * 0.9 + 0.8 * 0.1)
    assert row["pearson"] == pytest.approx(-1.0) and row["spearman"] == pytest.approx(-1.0)
    assert row["glasses"] == 3.0
    assert found.glasses["1"]["model"]["fraction"] == pytest.approx(0.2)
    assert [cells[:2] for cells in found.tables[1].rows] == [["0", 0.4], ["1", 0.2], ["2", 0.0]]
    assert found.figures["predicted_fraction"]() is not None


def test_a_glass_is_one_point_whatever_the_number_of_its_loadings():
    both = (classed(0, likely(4), 10.0), classed(0, likely(0), 12.0, loading=1))
    found = evaluate(*both, classed(1, likely(1), 20.0))
    assert found.numbers["model"]["glasses"] == 2.0
    assert found.tables[1].rows[0][1:] == [pytest.approx(0.2), pytest.approx(0.26), 11.0]
    assert found.numbers["model"]["pearson"] is None  # two points always lie on a line


def test_equal_glasses_have_no_correlation():
    found = evaluate(*[classed(k, likely(1), 5.0 + k) for k in range(4)])
    assert found.numbers["model"]["pearson"] is None


def test_the_fraction_alone_needs_no_modulus():
    found = evaluate(classed(0, likely(3)), modulus="")
    assert found.numbers["model"]["fraction"] == pytest.approx(0.3)
    assert found.numbers["model"]["modulus"] is None and not found.figures


@pytest.mark.parametrize(
    ("sample", "fields", "sentence"),
    [
        (classed(0, likely(1)), {}, "there is no target 'modulus'"),
        (classed(0, likely(1), 3.0, level="atom"), {}, "expected one number per glass"),
        (classed(0, likely(1), 3.0), {"positive": "weak"}, "expected one of stable, fertile"),
    ],
)
def test_what_has_no_modulus_or_class_is_refused(sample, fields, sentence):
    with pytest.raises(VitreousError, match=sentence):
        evaluate(sample, **fields)
