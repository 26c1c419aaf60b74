"""The toy components as an installed package: on the path of this process and of every process it starts."""

import os
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "toy_package"


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command that knows the toy components and keeps its results in ``home``."""
    path = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "VITREOUS_HOME": str(home), "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **more}


def vitreous(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``vitreous`` with these arguments, carried out to its end."""
    command = [sys.executable, "-m", "vitreous.cli", *arguments]
    return subprocess.run(command, env=environment(home, **more), capture_output=True, text=True, timeout=300, check=False, cwd=home)
