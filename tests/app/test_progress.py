"""Progress where standard error is no terminal: plain lines, and not too many."""

import logging
import time

import numpy as np
import pytest

from vitreous.app import progress
from vitreous.core.board import Board
from vitreous.core.data import Loading
from vitreous.core.watching import Told, prefixed, tell, watched
from vitreous.direct.rest import bring_to_rest
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass


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


def said(clock, caplog, reports):
    """What a step of known length says at each (seconds, share done)."""
    caplog.set_level(logging.INFO, "vitreous.progress")
    with progress.measured("deforming") as shown:
        for seconds, share in reports:
            clock[0] = seconds
            shown(Told(share, f"strain {share:g} of 1"))
    return caplog.messages


def test_a_step_of_known_length_says_how_long_it_will_take(clock, caplog):
    assert said(clock, caplog, [(10.0, 0.1), (20.0, 0.15), (30.0, 0.2), (40.0, 0.25)]) == [
        "deforming: strain 0.1 of 1",
        "deforming: strain 0.15 of 1",
        "deforming: strain 0.2 of 1",
        "deforming: strain 0.25 of 1, 2 min to go",
    ]
    assert [progress.duration(s) for s in (40.0, 700.0, 12600.0)] == ["40 s", "12 min", "3.5 h"]


def test_the_first_site_with_its_compilation_does_not_count_in_the_time_to_go(clock, caplog):
    reports = [(60.0 + done, done / 9) for done in range(1, 10)]  # a minute to compile
    to_go = [line.partition(" of 1")[2] for line in said(clock, caplog, reports)]
    assert to_go == ["", "", "", *(f", {9 - done} s to go" for done in range(4, 10))]


def test_a_resumed_step_takes_its_pace_from_what_it_does_now(clock, caplog):
    lines = said(clock, caplog, [(1.0, 0.7), (11.0, 0.71), (21.0, 0.72), (31.0, 0.73)])
    assert lines[-1] == "deforming: strain 0.73 of 1, 4 min to go"  # 27 % at 1 % in 10 s


def test_what_is_under_way_is_said_though_nothing_is_done_yet(monkeypatch, capsys):
    monkeypatch.setattr(progress, "BETWEEN", 0.05)
    with progress.bar("glasses", 3, lambda: "glass 0: relax, force left 0.1"):
        time.sleep(0.4)
    assert "vitreous: glasses: 0 of 3; glass 0: relax, force left 0.1, after 0 s" in (
        capsys.readouterr().err
    )


def test_numerics_tell_their_force_and_their_sites_and_workers_write_them_on_a_board(tmp_path):
    told = []
    with watched(told.append), prefixed("relax"):
        bring_to_rest(shaken(), YukawaSilica())
    lines = [each.line for each in told]
    assert lines[0] == "relax"
    forces = [float(line.removeprefix("relax, force left ")) for line in lines[1:]]
    assert forces[0] > 10.0 * forces[-1]
    board, labeler = Board(tmp_path), LocalProbing(grid=2, free_radius=6.0)
    with board.of(3):
        tell("label")
        assert board.lines() == "glass 3: label"
        (board.folder / ".4").write_text("")  # of another glass, whose line is being written
        assert board.lines() == "glass 3: label"
    assert board.lines() == ""
    with watched(told.append):
        labeler.label(silica_glass(), YukawaSilica(), Loading(), None)
    assert [(t.share, t.line) for t in told[-4:]] == [
        (k / 4, f"{k} of 4 sites") for k in (1, 2, 3, 4)
    ]
    board.wipe()
    assert list(tmp_path.iterdir()) == []


def shaken():
    glass = silica_glass()
    rng = np.random.default_rng(0)
    return glass.with_(positions=glass.positions + rng.normal(0.0, 0.05, glass.positions.shape))
