"""Maps of runs: what the labels of failures say of which site is weaker."""

from dataclasses import replace

import numpy as np
from glasses import glass

from vitreous.analysis.run_maps import true_map


def test_a_site_that_held_is_stronger_than_any_that_failed():
    """Also than one that failed at the very strain up to which it was watched."""
    sample = glass(0, [0.08, -0.08, 0.02])
    sample = sample.with_(labels=replace(sample.labels, task="survival"))
    weak = true_map(sample).weakness
    assert list(np.argsort(-weak)) == [2, 0, 1] and weak[0] > weak[1]
