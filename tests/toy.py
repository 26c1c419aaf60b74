"""The toy components as an installed package, and commands that know them."""

import importlib
import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

PACKAGE = Path(__file__).parent / "toy_package"


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command that knows the toy components; results go to ``home``."""
    path = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        **os.environ,
        "PYTHONPATH": path,
        "VITREOUS_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
        **more,
    }


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """``vitreous`` with these arguments, in a process and session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "vitreous.cli", *arguments],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def vitreous(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``vitreous`` with these arguments, carried out in this process: its status and output."""
    from vitreous.cli import main

    out, err = io.StringIO(), io.StringIO()
    with (
        _as_a_command(environment(home, **more)),
        chdir(home),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def process(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, where the process is what is tested."""
    command = [sys.executable, "-m", "vitreous.cli", *arguments]
    return subprocess.run(
        command,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=home,
    )


@contextmanager
def _as_a_command(variables: dict[str, str]) -> Iterator[None]:
    """This environment and PYTHONPATH; what a command leaves behind in its process is put back."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins
    from hydra.core.singleton import Singleton

    root, terminate = logging.getLogger(), signal.getsignal(signal.SIGTERM)
    before = dict(os.environ), list(sys.path), list(sys.argv), list(root.handlers), root.level
    try:
        os.environ.update(variables)
        sys.path[:0] = variables["PYTHONPATH"].split(os.pathsep)
        importlib.invalidate_caches()
        yield
    finally:
        GlobalHydra.instance().clear()
        Singleton._instances.pop(Plugins, None)
        signal.signal(signal.SIGTERM, terminate)
        os.environ.clear()
        os.environ.update(before[0])
        sys.path[:], sys.argv[:], root.handlers[:] = before[1], before[2], before[3]
        root.setLevel(before[4])
