"""The pages of tracked runs: served while wanted, and nothing is left of the server afterwards."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from toy import environment

from vitreous.core.errors import VitreousError


def group_is_gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_without_runs_it_says_how_to_make_one(tmp_path):
    from vitreous.app.ui import show

    pytest.importorskip("flask")
    with pytest.raises(
        VitreousError, match=r"there are no tracked runs in .*; make one with: vitreous run"
    ):
        show(tmp_path / "runs" / "mlflow.db", 5000)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_are_served_until_it_is_ended_and_no_process_is_left(number, tmp_path):
    pytest.importorskip("flask")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mlflow.db").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # in a shell's background it is ignored, and children inherit that
    command = [sys.executable, "-m", "vitreous.app.ui", "--port", str(port)]
    quiet = environment(tmp_path, BROWSER="true")
    shown = subprocess.Popen(
        command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert shown.stdout is not None
    assert f"http://127.0.0.1:{port}" in shown.stdout.readline()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
        assert b"<html" in page.read()
    children = f"/proc/{shown.pid}/task/{shown.pid}/children"
    with open(children) as listed:
        groups = [int(pid) for pid in listed.read().split()]
    assert groups
    shown.send_signal(number)
    assert shown.wait(60) == 0
    assert all(group_is_gone(group) for group in groups)
