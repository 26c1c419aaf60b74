"""What correlation a model's own deviations lead to expect, and from where on a map is
not trusted.
"""

import numpy as np
import pytest

from vitreous.bundles.trust import WORSE, Trust, trust
from vitreous.core.data import Configuration, Labels
from vitreous.core.sample import Sample


def glass(seed, size=0.3, claimed=1.0, places=2000, uncertain=True):
    """Predictions of spread 1, errors of ``size`` that do not lean on them, deviations ``claimed``
    times as large.
    """
    rng = np.random.default_rng(seed)
    predicted, spread = rng.normal(size=places), size * rng.uniform(0.5, 1.5, places)
    labels = Labels(
        name="delta_tau",
        level="site",
        unit="1",
        values=predicted + spread * rng.normal(size=places),
        mask=np.ones(places, bool),
        positions=np.zeros((places, 2)),
    )
    return Sample.of(
        index=seed,
        role="validation",
        trajectory=None,
        labels=labels,
        events=None,
        features=None,
        indicators=None,
        configuration=Configuration(
            positions=[[0.0, 0.0]],
            species=[0],
            names=("Si",),
            cell=np.eye(2),
            periodic=(True, True),
            units="lj",
        ),
        prediction=predicted,
        uncertainty=claimed * spread if uncertain else None,
    )


def found(sample):
    return np.corrcoef(sample.prediction, sample.labels.values)[0, 1]


@pytest.mark.parametrize("claimed", [0.2, 1.0, 5.0])
def test_what_is_expected_of_a_new_glass_is_found(claimed):
    learnt = trust([glass(k, claimed=claimed) for k in range(4)])
    assert learnt.factor == pytest.approx(1.0 / claimed, rel=0.05)
    for size in (0.1, 0.3, 1.0):
        new = glass(9, size=size, claimed=claimed)
        assert learnt.correlation(new.prediction, new.uncertainty) == pytest.approx(
            found(new), abs=0.01
        )


def test_a_map_is_trusted_while_it_leaves_half_as_much_more_unexplained():
    learnt = trust([glass(k) for k in range(4)])
    assert 1.0 - learnt.least**2 == pytest.approx(WORSE * (1.0 - learnt.usual**2))
    for size, below in ((0.3, False), (0.32, False), (0.45, True)):
        new = glass(9, size=size)
        assert (learnt.correlation(new.prediction, new.uncertainty) < learnt.least) is below


def test_by_hand():
    assert Trust(2.0, 0.0, 0.0).correlation(
        np.array([1.0, 3.0]), np.array([0.5, 0.5])
    ) == pytest.approx(np.sqrt(0.5))
    assert Trust(1.0, 0.0, 0.0).correlation(np.ones(2), np.ones(2)) == 0.0


def test_a_model_that_does_not_know_or_no_glasses_give_no_verdict():
    assert trust([]) is None
    assert trust([glass(0, uncertain=False)]) is None
    assert trust([glass(0, places=1)]) is None
