"""Batches in which a rare class is not drowned."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from vitreous.learning.inputs import Balanced, balanced_once, batches  # noqa: E402

CLASSES = torch.tensor([0.0] * 90 + [1.0] * 7 + [2.0] * 30)


class Numbers:
    """Inputs that are their own index."""

    images = 1

    def __len__(self):
        return len(CLASSES)

    def take(self, chosen, image):
        return chosen


def epoch(loader):
    return torch.cat([sites for sites, _ in loader]).numpy()


def test_every_site_of_the_rarest_class_comes_once_with_as_many_of_each_other():
    drawn = list(Balanced(CLASSES, torch.Generator().manual_seed(1)))
    assert len(drawn) == len(set(drawn)) == 21
    assert set(range(90, 97)) < set(drawn)
    assert np.bincount(CLASSES[drawn].long()).tolist() == [7, 7, 7]


def test_others_are_drawn_anew_for_every_epoch_and_unknown_sites_never():
    values = CLASSES.clone()
    values[:40] = torch.nan
    order = torch.Generator().manual_seed(1)
    loader = batches(Numbers(), values, 7, order, shuffle=True, balanced=True)
    first, second = epoch(loader), epoch(loader)
    assert min(first.min(), second.min()) >= 40
    assert set(first) != set(second)
    assert set(range(90, 97)) <= set(first) & set(second)


def test_a_last_batch_of_one_site_is_left_out():
    order = torch.Generator().manual_seed(1)
    loader = batches(Numbers(), CLASSES, 4, order, shuffle=True, balanced=True)  # 21 = 5 * 4 + 1
    assert [len(sites) for sites, _ in loader] == [4] * 5


def test_the_draw_for_validation_stays_the_same():
    once, again = (balanced_once(CLASSES, torch.Generator().manual_seed(3)) for _ in range(2))
    known = torch.isfinite(once)
    assert torch.equal(known, torch.isfinite(again))
    assert np.bincount(once[known].long()).tolist() == [7, 7, 7]
