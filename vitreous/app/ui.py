"""``make ui``: MLflow's pages of the tracked runs, in the browser; nothing that was started for
them is left when it ends.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitreous.core.errors import MissingExtra, VitreousError

PATIENCE = 120.0  #: seconds within which the server must answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; status 2 with one sentence for what a user can mend."""
    options = argparse.ArgumentParser(prog="python -m vitreous.app.ui", description=__doc__)
    options.add_argument(
        "--port", type=int, default=5000, help="of this machine (default: %(default)s)"
    )
    given = options.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        show(
            Path(os.environ.get("VITREOUS_HOME", ".")).absolute() / "runs" / "mlflow.db", given.port
        )
    except KeyboardInterrupt:
        return 0
    except VitreousError as error:
        sys.stderr.write(f"vitreous: {error}\n")
        return 2
    return 0


def show(database: Path, port: int) -> None:
    """Serve a database of runs and open the browser on it, until the server ends or this process is
    interrupted.

    Raises:
        VitreousError: there are no runs, MLflow's server is not installed, or it ends by itself.
    """
    if find_spec("flask") is None:
        raise MissingExtra("make ui", "mlflow", "track")
    if not database.is_file():
        raise VitreousError(
            f"there are no tracked runs in {database.parent}; make one with: vitreous run, or set "
            "VITREOUS_HOME"
        )
    address = f"http://127.0.0.1:{port}"
    with _server(database, port) as server:
        _wait_until_it_answers(server, address)
        sys.stdout.write(f"runs of {database.parent} at {address}; Ctrl-C ends this\n")
        sys.stdout.flush()
        webbrowser.open(address)
        _refuse_end(server.wait(), address)


@contextmanager
def _server(database: Path, port: int) -> Iterator[subprocess.Popen[Any]]:
    """MLflow's server with its helpers, in a group of processes of their own, all of which end with
    the context.
    """
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--backend-store-uri",
        f"sqlite:///{database}",
        "--workers",
        "1",
    ]
    environment = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }  # its job runners are for language models
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield server
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(server.pid, number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(5.0)


def _wait_until_it_answers(server: subprocess.Popen[Any], address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            _refuse_end(server.returncode, address)
        # of the server that was started here
        with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5.0):  # noqa: S310
            return
        time.sleep(0.2)
    raise VitreousError(
        f"MLflow's server did not answer at {address} within {PATIENCE:g} s; try another port: "
        "make ui PORT=5001"
    )


def _refuse_end(code: int, address: str) -> None:
    raise VitreousError(
        f"MLflow's server at {address} ended with status {code}; if the port is taken, choose "
        "another: make ui PORT=5001"
    )


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
