"""What networks learn of failures: the likelihood against SciPy's Weibull law, and hazards that a
training finds again.
"""

import numpy as np
import pytest
from scipy.stats import weibull_min

from vitreous.core.errors import VitreousError
from vitreous.core.vocabulary import HAZARD_STRAINS
from vitreous.plugins.models.glass_network import GlassNetwork
from vitreous.testing.synthetic import examples

torch = pytest.importorskip("torch")

from vitreous.learning.tasks import Survival, task_of  # noqa: E402

FACTS = {"task": "survival", "components": [], "classes": []}
VALUES = np.array([0.05, 0.05, -0.08, 0.08, -0.08, -0.08])
OUTPUT = np.random.default_rng(0).normal(size=(6, 2))


def laws(task, target):
    """Frozen distributions of SciPy, one per site."""
    g0, h0 = np.exp(target.numpy().astype(float))
    shape = task.SHAPE * np.exp(OUTPUT[:, 1])
    scale = g0 * (h0 * np.exp(OUTPUT[:, 0])) ** (-1.0 / shape)
    return weibull_min(shape, scale=scale)


def test_the_loss_is_minus_the_log_likelihood_of_independent_sites():
    """Two events, the first at one of two sites; the others hold to 0.08."""
    task = task_of(FACTS)
    assert isinstance(task, Survival)
    target = task.scaling(torch.tensor(VALUES))
    law = laws(task, target)
    hazard = law.pdf(np.abs(VALUES)) / law.sf(np.abs(VALUES))
    wanted = -law.logsf(np.abs(VALUES)).sum() - np.log(hazard[:2].sum()) - np.log(hazard[3])
    found = task.losses(torch.tensor(OUTPUT), torch.tensor(VALUES), target)
    # the loss counts log strain in units of g0: a constant per event, log(g / g0) is left out
    constant = (
        np.log(np.abs(VALUES[[0, 3]])).sum()
        - (np.log(np.abs(VALUES[[0, 3]])) - float(target[0])).sum()
    )
    assert float(found) == pytest.approx((wanted - constant) / 2, rel=1e-5)


def test_hazards_and_answers_are_those_of_the_law():
    task = Survival()
    target = task.scaling(torch.tensor(VALUES))
    law = laws(task, target)
    output = torch.tensor(OUTPUT)
    found = task.hazards(output, target, HAZARD_STRAINS).numpy()
    for column, strain in zip(found.T, HAZARD_STRAINS, strict=True):
        np.testing.assert_allclose(column, -law.logsf(strain), rtol=1e-6)
    np.testing.assert_allclose(task.answer(output, target).numpy(), law.kwds["scale"], rtol=1e-6)


def test_a_glass_without_events_adds_what_it_held():
    task = Survival()
    target = task.scaling(torch.tensor(VALUES))
    held = torch.full((6,), -0.06, dtype=torch.float64)
    found = task.losses(torch.tensor(OUTPUT), held, target)
    assert float(found) == pytest.approx(-laws(task, target).logsf(0.06).sum(), rel=1e-6)
    with pytest.raises(VitreousError, match="no training glass had an event"):
        task.scaling(held)


def test_a_network_learns_the_order_of_failures():
    glasses = examples(GlassNetwork, 4, 0, "glass_graph", task="survival")
    model = GlassNetwork.example()
    fitted = model.fit(glasses, glasses, np.random.default_rng(0), lambda *_: None)
    features, labels = glasses[0]
    assert np.corrcoef(fitted.predict(features), labels.values)[0, 1] > 0.9
    assert fitted.hazards(features, HAZARD_STRAINS).shape == (len(features), len(HAZARD_STRAINS))


@pytest.mark.parametrize("fields", [{"batch_size": 2}, {"companions": ("other",)}])
def test_batches_of_several_glasses_and_companions_are_refused(fields):
    glasses = examples(GlassNetwork, 2, 0, "glass_graph", task="survival")
    with pytest.raises(VitreousError, match="glass by glass and alone"):
        GlassNetwork(epochs=1, **fields).fit(glasses, [], np.random.default_rng(0), lambda *_: None)
