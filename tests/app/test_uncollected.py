"""Imports without a search for garbage among what they make."""

import gc

import pytest

from vitreous.app.uncollected import uncollected


@pytest.fixture(autouse=True)
def _thawed():
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_searched_inside_and_what_was_made_is_left_alone_after() -> None:
    searched: list[int] = []
    gc.callbacks.append(lambda phase, info: searched.append(info["generation"]))
    try:
        with uncollected():
            kept = [[] for _ in range(50_000)]
            assert not searched
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)


def test_a_collector_that_was_off_stays_off_and_an_error_turns_it_on_again() -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError("x")
    assert gc.isenabled()
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
