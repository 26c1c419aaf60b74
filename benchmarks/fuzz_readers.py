"""Every reader of files from elsewhere, as commands call it, and whole files to begin from.

What is a folder (a bundle, a run, a store) is a zip of its files here; its reader is given the
folder, with checksums put right, so that they do not hide what is behind them.
"""

import gzip
import importlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from PIL import Image

from vitreous import direct
from vitreous.app.composing import composed
from vitreous.bundles import read_bundle
from vitreous.bundles.folder import ABOUT, digests, sign
from vitreous.core import config_folders, registry
from vitreous.core.archive import stays_inside
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.packs import pack, selected, unpack
from vitreous.core.pipeline import Pipeline
from vitreous.core.run import FILE, Run
from vitreous.core.split import Split
from vitreous.core.store import Store
from vitreous.io.micrographs import read_edits, read_image
from vitreous.io.write import write_configuration
from vitreous.mechanics.eam.file import read_eam
from vitreous.plugins.potentials.eam import EXAMPLE
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.report import records
from vitreous.testing.systems import silica_honeycomb

TESTS = Path(__file__).parents[1] / "tests"
Seeds = dict[str, bytes]
Reader = Callable[[Path], None]


def as_installed() -> None:
    """Look up once in this process, and keep, what does not change while readers are tried: the
    plugins that are installed, and the configurations that they bring. Nearly all of the time of a
    run folder, a bundle or an override goes into that otherwise.
    """
    plugins, components = cache(registry.plugin_entry_points), cache(registry.discover)
    registry.plugin_entry_points = config_folders.plugin_entry_points = plugins
    for module in list(sys.modules.values()):
        if vars(module).get("discover") is registry.discover and module is not registry:
            vars(module)["discover"] = components
    registry.discover = components
    Plugins.instance()  # which has Hydra know where configurations come from
    source: Any = SourcesRegistry.instance().resolve("pkg")
    load = source.load_config

    @cache
    def loaded(provider: str, path: str, name: str) -> ConfigResult:
        return load(source(provider, path), name)

    source.load_config = lambda self, config_path: deepcopy(
        loaded(self.provider, f"pkg://{self.path}", config_path)
    )


def readers(folder: Path) -> dict[str, tuple[Reader, Seeds]]:
    """By name: what reads, and whole files by name; ``folder`` is written into."""
    glass = silica_honeycomb(4, 4)
    ours = ("a.dump", "a.data", "a.extxyz")
    files = {name: write_configuration(folder / name, glass).read_bytes() for name in ours}
    patch = glass.with_(info={"origin": [1.0, 2.0, 3.0]}, cell=glass.cell[::-1] * [[1], [-1]])
    files["b.dump"] = write_configuration(folder / "b.dump", patch).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files["b.data"] = write_configuration(folder / "b.data", patch).read_bytes()
    zipped = {f"{name}.gz": gzip.compress(files[name], mtime=0) for name in ours}
    tables = {"a.eam.alloy": _small_tables(width=1), "a.eam.fs": _small_tables(width=2)}
    artifacts, whole = _toy_artifacts(folder)
    return {
        "LAMMPS dump": (_glass, {name: files[name] for name in ("a.dump", "b.dump")}),
        "LAMMPS data": (_glass, {name: files[name] for name in ("a.data", "b.data")}),
        "extended XYZ": (_glass, {"a.extxyz": files["a.extxyz"]}),
        "gzipped": (_glass, zipped),
        "through ASE": (_through_ase, _other_files(folder)),
        "EAM tables": (lambda path: _ignore(read_eam(path)), tables),
        "images": (lambda path: _ignore(read_image(path)), _images(folder)),
        "edits": (lambda path: _ignore(read_edits(path)), {"a.csv": _EDITS}),
        "artifacts": (_artifact, artifacts),
        "packs": (_unpack, {"a.tar.xz": whole}),
        "runs": (_run, {"run.zip": _run_folder(folder)}),
        "records": (lambda path: _ignore(records.read(path)), _records()),
        "bundles": (_bundle, _bundles()),
        "overrides": (_overrides, {"a.txt": _OVERRIDES, "b.txt": b"experiment=files\nsamples=2"}),
        "configurations": (_configuration, {"evil.yaml": _YAML}),
    }


_EDITS = b"what,x,y\n# by hand\nadd,10.5,3\nremove,4.0,1e2\n\nadd, 1 , 2\n"
_OVERRIDES = b"experiment=demo\nsamples=3\ngenerator.rings_x=6\nlabeler.grid=4\n~descriptor"
_YAML = b"""# @package _global_
defaults:
  - demo
  - override /model: ridge
  - _self_
samples: 4
split: {test: 1, validation: 0}
generator:
  rings_x: 6
  steps: ${samples}
name: ${oc.env:USER,nobody}/a
"""


def _ignore(_: object) -> None:
    """What was read is not looked at."""


def _small_tables(width: int) -> bytes:
    """The example's first numbers, few enough to be read in no time."""
    words = EXAMPLE.read_text().split("\n", 5)[5].split()[4:]
    table = "\n".join(words[:20])
    element = f"29 63.5 3.6 fcc\n{table}\n" + f"{table}\n" * width
    return f"a\nb\nc\n2 Cu Zr\n20 0.1 20 0.3 5.7\n{element * 2}{f'{table}{chr(10)}' * 3}".encode()


def _other_files(folder: Path) -> Seeds:
    atoms = ase.Atoms("CuZr", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True).repeat(2)
    other = {}
    for form, name in (("vasp", "POSCAR"), ("cif", "a.cif"), ("xsf", "a.xsf"), ("json", "a.json"),
                       ("cfg", "a.cfg"), ("gen", "a.gen"), ("traj", "a.traj"), ("eon", "a.con"),
                       ("proteindatabank", "a.pdb")):  # fmt: skip
        ase.io.write(folder / name, atoms, format=form)
        other[name] = (folder / name).read_bytes()
    return other


def _images(folder: Path) -> Seeds:
    grey = (np.arange(24 * 20).reshape(24, 20) % 251).astype(np.uint8)
    Image.fromarray(grey).save(folder / "a.png")
    Image.fromarray(grey).convert("P").save(folder / "b.png")
    Image.fromarray(grey).save(folder / "a.tif", compression="tiff_adobe_deflate")
    Image.fromarray(grey.astype(np.uint16)).save(folder / "b.tif")
    np.save(folder / "a.npy", grey.astype(float))
    names = ("a.png", "b.png", "a.tif", "b.tif", "a.npy")
    return {name: (folder / name).read_bytes() for name in names}


def _toy_artifacts(folder: Path) -> tuple[Seeds, bytes]:
    """An artifact of each stage of the toy run of the tests, and a pack of some."""
    sys.path.append(str(TESTS / "toy_package"))
    toy = importlib.import_module("toyglass.components")

    store = Store(folder / "store")
    Pipeline(
        generator=toy.Lattice(), simulator=toy.Shear(), potential=toy.Springs(),
        labeler=toy.Map(), descriptor=toy.Places(), events=toy.FirstEvents(),
        model=toy.LeastSquares(), loading=Loading(), samples=3,
        split=Split(test=(2,), validation=0),
    ).run(store)  # fmt: skip
    each = {entry.stage: entry for entry in store.entries()}
    seeds = {f"{e.stage}_{e.key}.npz": e.path.read_bytes() for e in each.values()}
    pack([e for e in selected(store, ["label", "generate"])][:3], folder / "a.tar.xz")
    return seeds, (folder / "a.tar.xz").read_bytes()


def _zip(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return written.getvalue()


def _unzipped(path: Path) -> Path:
    """The folder that a zip is of, beside it; members that lead elsewhere are passed over."""
    folder = path.with_suffix(".folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with suppress(zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(path) as archive:
        for name in filter(stays_inside, archive.namelist()):
            with suppress(Exception):  # whatever zipfile makes of it: the file is then missing
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(archive.read(name))
    return folder


def _run_folder(folder: Path) -> bytes:
    with tarfile.open(TESTS / "core" / "formats" / "run_1.tar.xz") as archive:
        archive.extractall(folder / "earlier", filter="data")
    about = json.loads((folder / "earlier" / "runs" / "first" / FILE).read_text())
    _RUN_STORE.append(folder / "earlier" / "store")
    return _zip({FILE: json.dumps(about).encode()})


_RUN_STORE: list[Path] = []


def _records() -> Seeds:
    place = TESTS.parent / "docs" / "results" / "records"
    smallest = min(place.rglob("*.json"), key=lambda path: path.stat().st_size)
    return {"a.json": smallest.read_bytes()}


def _bundles() -> Seeds:
    kept = TESTS / "bundles" / "formats"
    return {
        f"{name}.zip": _zip(
            {p.relative_to(kept / name).as_posix(): p.read_bytes() for p in _plain(kept / name)}
        )
        for name in ("format_1", "format_3")
    }


def _plain(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _glass(path: Path) -> None:
    """Read and evaluated, as ``vitreous energy`` does."""
    model = YukawaSilica()
    direct.energy(direct.read_glass(path, model), model)


def _through_ase(path: Path) -> None:
    direct.read_glass(path, None)


def _artifact(path: Path) -> None:
    """Found under its key, verified, read, listed."""
    stage, _, key = path.stem.partition("_")
    store = Store(path.parent / "store")
    shutil.rmtree(store.folder, ignore_errors=True)
    store.path(stage, key).parent.mkdir(parents=True)
    shutil.copy(path, store.path(stage, key))
    for entry in store.entries():
        wrong = store.verify(entry)
        if (store.get(stage, key) is None) > bool(wrong):
            raise AssertionError("what cannot be read was called whole")
        if wrong:
            raise VitreousError("damaged")


def _unpack(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        unpack(path, Store(name))


def _run(path: Path) -> None:
    """Opened, with what report and compare read of it."""
    folder = _unzipped(path)
    with suppress(VitreousError):
        Run.open(folder)  # which looks for the store
    run = Run.open(folder, _RUN_STORE[0])
    run.refuse_gone()
    for sample in run.samples[:3]:
        _ignore((sample.labels, sample.features, sample.prediction, sample.configuration))
    _ignore((run.model, run.meanings, [run.shown(sample) for sample in run.samples[:1]]))


def _bundle(path: Path) -> None:
    """With checksums that are right, whatever was changed."""
    folder = _unzipped(path)
    with suppress(OSError, ValueError, RecursionError):
        about = json.loads((folder / ABOUT).read_text())
        if isinstance(about, dict):
            sign(folder, {**about, "files": digests(folder)})
    read_bundle(folder)


def _overrides(path: Path) -> None:
    text = path.read_bytes().decode(errors="replace")
    composed([line for line in text.split("\n") if line], None)


def _configuration(path: Path) -> None:
    folder = path.parent / "theirs"
    (folder / "experiment").mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / "experiment" / "evil.yaml")
    composed(["experiment=evil"], str(folder))
