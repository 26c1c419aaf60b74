"""Samples are divided once, reproducibly, each with one role."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitreous.core.errors import VitreousError
from vitreous.core.split import Split, lost_roles


def indices(roles, role):
    return sorted(i for i, r in roles.items() if r == role)


@given(st.integers(3, 60), st.floats(0.01, 0.3), st.floats(0.0, 0.3), st.integers(0, 2**31))
@example(samples=10, test=0.2, validation=0.0, seed=0)
def test_every_sample_has_one_role_and_the_same_seed_gives_the_same(
    samples, test, validation, seed
):
    split = Split(test=test, validation=validation)
    roles = split.assign(samples, seed)
    assert list(roles) == list(range(samples))
    assert len(indices(roles, "test")) == max(1, round(test * samples))
    wanted = max(1, round(validation * samples)) if validation > 0.0 else 0
    assert len(indices(roles, "validation")) == wanted
    assert roles == split.assign(samples, seed)


def test_another_seed_divides_otherwise_and_the_splits_own_seed_comes_first():
    assert Split().assign(30, 0) != Split().assign(30, 1)
    assert Split(seed=5).assign(30, 0) == Split(seed=5).assign(30, 1)


def test_indices_and_counts():
    assert indices(Split(test=(3,), validation=0).assign(4, 0), "test") == [3]
    assert indices(Split(test=(3,), validation=0).assign(4, 0), "train") == [0, 1, 2]
    roles = Split(test=2, validation=1, train=3).assign(6, 0)
    assert [len(indices(roles, role)) for role in ("train", "validation", "test")] == [3, 1, 2]


@pytest.mark.parametrize(
    ("split", "samples", "sentence"),
    [
        (Split(test=(4,)), 4, "split.test names sample 4, but samples run from 0 to 3"),
        (Split(test=(1,), validation=(1,)), 4, "sample 1 twice, for test and validation"),
        (
            Split(test=3, validation=2),
            4,
            "split.validation asks for 2 samples, but only 1 of 4 are left",
        ),
        (Split(test=2, validation=2), 4, "leaves none to train on"),
        (Split(test=1, validation=0, train=1), 4, "leaves 2 of 4 samples without a role"),
        (Split(test=1.5), 4, "split.test is 1.5"),
        (Split(test=-1), 4, "split.test is -1"),
    ],
)
def test_an_impossible_split_is_refused(split, samples, sentence):
    with pytest.raises(VitreousError, match=sentence):
        split.assign(samples, 0)


def test_a_role_is_lost_when_its_last_sample_is():
    before = {0: "train", 1: "train", 2: "validation", 3: "test"}
    assert lost_roles(before, before) == []
    assert lost_roles(before, {0: "train", 2: "validation", 3: "test"}) == []
    assert lost_roles(before, {0: "train", 1: "train", 3: "test"}) == ["validation"]
    assert lost_roles(before, {2: "validation"}) == ["train", "test"]
    assert (
        lost_roles({0: "train", 1: "test"}, {0: "train", 1: "test"}) == []
    )  # there never was a validation glass
