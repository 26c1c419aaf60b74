"""Progress where standard error is no terminal: plain lines, and not too many."""

import logging

import pytest

from vitreous.app import progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when the test says so."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


def test_a_redirected_run_says_every_half_minute_how_far_it_is(clock, capsys):
    with progress.bar("glasses", 5) as advance:
        for seconds in (10.0, 31.0, 50.0, 70.0, 71.0):
            clock[0] = seconds
            advance()
    assert capsys.readouterr().err == (
        "vitreous: glasses: 2 of 5, after 31 s\nvitreous: glasses: 4 of 5, after 70 s\n"
    )


def test_long_steps_say_so_too(clock, capsys):
    with progress.spinner("fit") as say:
        for seconds in (1.0, 40.0):
            clock[0] = seconds
            say(f"epoch {seconds:.0f}")
    assert capsys.readouterr().err == "vitreous: fit: epoch 40, after 40 s\n"


def test_the_log_has_every_line(clock, caplog):
    caplog.set_level(logging.INFO, "vitreous.progress")
    with progress.bar("glasses", None) as advance:
        advance()
        advance()
    assert caplog.messages == ["glasses: 1", "glasses: 2"]
