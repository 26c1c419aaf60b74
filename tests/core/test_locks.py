"""Locks that end with their holder: waited for, taken over, and never waited for in vain."""

import os
import threading
import time

import pytest

from vitreous.core import locks
from vitreous.core.errors import VitreousError
from vitreous.core.locks import alone, lock, taken_over


def test_a_lock_that_is_released_in_time_is_waited_for(tmp_path):
    held, order = threading.Event(), []

    def hold():
        with alone(tmp_path):
            held.set()
            time.sleep(0.3)
            order.append("first")

    first = threading.Thread(target=hold)
    first.start()
    held.wait()
    with alone(tmp_path):
        order.append("second")
    first.join()
    assert order == ["first", "second"]


def test_one_that_is_not_is_a_sentence_once_patience_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.4)
    began = time.monotonic()
    with (
        alone(tmp_path),
        pytest.raises(VitreousError, match=r"has held the lock on .* for 0\.4 s; end it"),
        alone(tmp_path),
    ):
        pass
    assert 0.4 <= time.monotonic() - began < 30.0
    with alone(tmp_path):  # and it is free again afterwards
        pass


def test_a_file_is_taken_over_only_from_nobody(tmp_path):
    path = tmp_path / "running"
    path.touch()
    with taken_over(path) as free:
        assert free is True
        with taken_over(path) as ours:
            assert ours is False
    descriptor = os.open(path, os.O_RDWR)
    assert lock(descriptor)
    with taken_over(path) as free:
        assert free is False
    os.close(descriptor)
    with taken_over(path) as free:
        assert free is True


@pytest.mark.parametrize("kind", ["missing", "link", "pipe", "folder"])
def test_of_what_is_no_file_nothing_is_known(tmp_path, kind):
    path = tmp_path / "running"
    if kind == "link":
        (tmp_path / "other").touch()
        path.symlink_to(tmp_path / "other")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with taken_over(path) as free:
        assert free is None
