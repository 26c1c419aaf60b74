"""One glass through every writer at hand: the energy read from each of its files is that of the
glass, to 1e-9.

OVITO's exporters join in where the package is installed. ``tests/io/test_formats.py`` asks the same
of each file alone.
"""

import importlib.util
import os
import tempfile
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.io.lammps import load_lammps
from vitreous.io.write import write_configuration
from vitreous.plugins.potentials.eam import Eam

SAME = 1e-9  #: how far energies may lie apart
SIDE = 10.0
BY_ASE = {
    "extxyz": "a.extxyz",
    "traj": "a.traj",
    "vasp": "POSCAR",
    "vasp-xdatcar": "XDATCAR",
    "cif": "a.cif",
    "cfg": "a.cfg",
    "gen": "a.gen",
    "xsf": "a.xsf",
    "json": "a.json",
    "dlp4": "a.config",
    "v-sim": "a.ascii",
    "rmc6f": "a.rmc6f",
    "aims": "geometry.in",
    "eon": "a.con",
    "proteindatabank": "a.pdb",
    "lammps-data": "a.data",
}
STYLES = ("atomic", "charge", "molecular", "full", "sphere", "ellipsoid", "dipole", "hybrid charge")
DUMPS = (
    "id type x y z",
    "id type xs ys zs",
    "id type xu yu zu",
    "id type xsu ysu zsu",
    "id type xu yu z",
    "id element x y z",
    "type element id z y x mass",
    "id typelabel x y z",
    "element id xu y z ix iy iz",
    "id type x y z mass",
)
BY_OVITO = {
    "lammps/dump": "a.dump",
    "lammps/data": "a.data",
    "xyz": "a.xyz",
    "vasp": "POSCAR",
    "fhi-aims": "geometry.in",
}
OURS = ("a.extxyz", "a.xyz.gz", "a.dump", "a.lammpstrj.gz", "a.data")
#: what the formats are called, where their keyword or ending does not say it
_NAMES = {
    "vasp": "POSCAR",
    "vasp-xdatcar": "XDATCAR",
    "proteindatabank": "PDB",
    "dlp4": "DL_POLY",
    "aims": "FHI-aims",
    "fhi-aims": "FHI-aims",
    "lammps-data": "LAMMPS data",
    "lammps/data": "LAMMPS data",
    "lammps/dump": "LAMMPS dump",
    "data": "LAMMPS data",
    "dump": "LAMMPS dump",
    "lammpstrj": "LAMMPS dump",
    "extxyz": "extended XYZ",
    "xyz": "extended XYZ",
}
_WRITERS = ("LAMMPS", "OVITO", "ASE", "Vitreous")
Options = dict[str, Any]  #: of ``read_glass``


def metal() -> ase.Atoms:
    """Copper and zirconium on places of few digits, so that every format holds them whole."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    spots = np.round((grid * SIDE / 3 + rng.uniform(-0.4, 0.4, grid.shape) + 1) * 8) / 8
    return ase.Atoms(
        rng.choice(["Cu", "Zr"], len(spots)), positions=spots, cell=[SIDE] * 3, pbc=True
    )


def energy_of(path: Path, model: Any, **options: Any) -> float:
    """The energy of the glass in a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return direct.energy(direct.read_glass(path, model, **options), model).energy


def by_ase(folder: Path, form: str) -> Path:
    """A file that ASE wrote."""
    path = folder / BY_ASE[form]
    atoms = metal()[np.argsort(metal().symbols, kind="stable")]  # some formats ask for that
    more = {"masses": True} if form == "lammps-data" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ase.io.write(path, atoms, format=form, **more)
    return path


def _lammps(style: str, labelled: bool = False) -> Any:
    """LAMMPS, with the metal in it: Zr is type 1, and Cu type 2."""
    engine = load_lammps()(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    atoms = metal()
    lines = [
        "units metal",
        f"atom_style {style}",
        "atom_modify map array",
        f"region box prism 0 {SIDE} 0 {SIDE} 0 {SIDE} 0 0 0",
        "create_box 2 box",
        *(("labelmap atom 1 Zr 2 Cu",) if labelled else ()),
    ]
    for line in lines:
        engine.command(line)
    types = [1 if symbol == "Zr" else 2 for symbol in atoms.symbols]
    engine.create_atoms(
        len(atoms), list(range(1, len(atoms) + 1)), types, atoms.positions.ravel().tolist()
    )
    if style not in ("sphere", "ellipsoid"):
        engine.command("mass 1 91.224")
        engine.command("mass 2 63.546")
    engine.command("pair_style zero 4.0 nocoeff")
    engine.command("pair_coeff * *")
    return engine


def by_write_data(folder: Path, style: str, labelled: bool) -> tuple[Path, Options]:
    """A data file of LAMMPS, and what it does not tell: species, where it has neither masses nor
    labels.
    """
    path, engine = folder / "a.data", _lammps(style, labelled)
    engine.command(f"write_data {path} {'types labels' if labelled else ''}")
    engine.close()
    told = labelled or style not in ("sphere", "ellipsoid")
    return path, {} if told else {"species": ("Zr", "Cu")}


def by_dump(folder: Path, columns: str) -> tuple[Path, Options]:
    """A dump of LAMMPS, and what it does not tell."""
    path, engine = folder / "a.dump", _lammps("atomic", "typelabel" in columns)
    engine.command(f"dump d all custom 1 {path} {columns}")
    modify = ["format float %.17g"]
    if "element" in columns:
        modify.append("element Zr Cu")
    engine.command(f"dump_modify d {' '.join(modify)}")
    engine.command("run 0")
    engine.close()
    told = {"element", "typelabel", "mass"} & set(columns.split())
    return path, {} if told else {"species": ("Zr", "Cu")}


def by_ovito(folder: Path, form: str) -> Path:
    """A file that OVITO exported."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ovito.io import export_file, import_file

    path = folder / BY_OVITO[form]
    ase.io.write(folder / "for_ovito.extxyz", metal())
    more: Options = {}
    if form in ("lammps/dump", "xyz"):
        more["columns"] = [
            *(["Particle Identifier"] if form == "lammps/dump" else []),
            *("Particle Type", "Position.X", "Position.Y", "Position.Z"),
        ]
        more["precision"] = 17
    export_file(import_file(str(folder / "for_ovito.extxyz")), str(path), form, **more)
    return path


def _files(folder: Path) -> Iterator[tuple[str, str, Path, Options]]:
    """Format, writer, file and options of every file, one after the other."""
    for form in BY_ASE:
        yield _NAMES.get(form, form), "ASE", by_ase(folder, form), {}
    for style, labelled in product(STYLES, (False, True)):
        path, options = by_write_data(folder, style, labelled)
        yield "LAMMPS data", "LAMMPS", path, options
        bare = folder / "bare.data"
        bare.write_text(path.read_text().replace(f"# {style}", ""))
        yield "LAMMPS data", "LAMMPS", bare, {"atom_style": style.split()[0], **options}
    for columns in DUMPS:
        yield "LAMMPS dump", "LAMMPS", *by_dump(folder, columns)
    glass = direct.read_glass(by_ase(folder, "extxyz"), Eam.example())
    for name in OURS:
        form = _NAMES[name.split(".")[1]]
        yield form, "Vitreous", write_configuration(folder / name, glass), {}
    if importlib.util.find_spec("ovito"):
        for form in BY_OVITO:
            yield _NAMES.get(form, form), "OVITO", by_ovito(folder, form), {}


def run() -> None:
    """Print the largest difference of the energy, and the number of files, of each format and
    writer.
    """
    model = Eam.example()
    found: dict[str, dict[str, list[float]]] = {}
    refused: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        right = energy_of(by_ase(folder, "extxyz"), model)
        for form, writer, path, options in _files(folder):
            answers = found.setdefault(form, {}).setdefault(writer, [])
            try:
                answers.append(abs(energy_of(path, model, **options) - right))
            except VitreousError as error:
                answers.append(np.inf)
                refused.append(f"{form} of {writer}: {error}".replace(name, ""))
    print(f"\n| format | {' | '.join(_WRITERS)} |\n|---{'|---' * len(_WRITERS)}|")
    for form, by_writer in found.items():
        cells = (_cell(by_writer.get(writer, [])) for writer in _WRITERS)
        print(f"| {form} | {' | '.join(cells)} |")
    for sentence in refused:
        print(f"refused: {sentence}")
    every = [off for by_writer in found.values() for of in by_writer.values() for off in of]
    same = sum(off <= SAME for off in every)
    print(f"\n{same} of {len(every)} files give {right:.9f} eV, to {SAME:g}")


def _cell(off: list[float]) -> str:
    """How many files give the same energy, and how far they lie apart at most."""
    same = sum(each <= SAME for each in off)
    return f"{same} of {len(off)}, to {max(off):.0g}" if off else ""
