"""One glass through every writer at hand gives the same energy from each of its files: formats of
ASE, styles of LAMMPS's write_data and dump, and ours.
"""

import gzip
import warnings

import ase
import ase.io
import numpy as np
import pytest

from vitreous import direct
from vitreous.io.lammps import load_lammps
from vitreous.io.write import write_configuration
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass

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


def metal():
    """Copper and zirconium on places of few digits, so that every format holds them whole."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    spots = np.round((grid * SIDE / 3 + rng.uniform(-0.4, 0.4, grid.shape) + 1) * 8) / 8
    return ase.Atoms(
        rng.choice(["Cu", "Zr"], len(spots)), positions=spots, cell=[SIDE] * 3, pbc=True
    )


def energy_of(path, model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return direct.energy(direct.read_glass(path, model, **options), model).energy


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    path = tmp_path_factory.mktemp("right") / "a.extxyz"
    ase.io.write(path, metal())
    return energy_of(path, Eam.example())


@pytest.mark.parametrize("form", BY_ASE)
def test_what_ase_writes_gives_the_same_energy(tmp_path, right, form):
    path = tmp_path / BY_ASE[form]
    atoms = metal()[np.argsort(metal().symbols, kind="stable")]  # some formats ask for that
    more = {"masses": True} if form == "lammps-data" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ase.io.write(path, atoms, format=form, **more)
    assert energy_of(path, Eam.example()) == pytest.approx(right, abs=SAME)
    if form not in ("traj", "aims", "rmc6f"):
        packed = tmp_path / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert energy_of(packed, Eam.example()) == pytest.approx(right, abs=SAME)


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


def lammps(style, labelled=False):
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


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("labelled", [False, True])
def test_what_write_data_writes_gives_the_same_energy(tmp_path, right, style, labelled):
    engine = lammps(style, labelled)
    engine.command(f"write_data {tmp_path}/a.data {'types labels' if labelled else ''}")
    engine.close()
    massless = style in ("sphere", "ellipsoid") and not labelled
    order = {"species": ("Zr", "Cu")} if massless else {}
    assert energy_of(tmp_path / "a.data", Eam.example(), **order) == pytest.approx(right, abs=SAME)
    text = (tmp_path / "a.data").read_text().replace(f"# {style}", "")  # without the hint
    (tmp_path / "b.data").write_text(text)
    options = {"atom_style": style.split()[0], **order}
    found = energy_of(tmp_path / "b.data", Eam.example(), **options)
    assert found == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("columns", DUMPS)
def test_what_dump_writes_gives_the_same_energy(tmp_path, right, columns):
    engine = lammps("atomic", "typelabel" in columns)
    engine.command(f"dump d all custom 1 {tmp_path}/a.dump {columns}")
    modify = ["format float %.17g"]
    if "element" in columns:
        modify.append("element Zr Cu")
    engine.command(f"dump_modify d {' '.join(modify)}")
    engine.command("run 0")
    engine.close()
    named = {"element", "typelabel", "mass"} & set(columns.split())
    order = {} if named else {"species": ("Zr", "Cu")}
    assert energy_of(tmp_path / "a.dump", Eam.example(), **order) == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("name", ["a.extxyz", "a.xyz.gz", "a.dump", "a.lammpstrj.gz", "a.data"])
def test_what_we_write_gives_the_same_energy(tmp_path, name):
    glass, model = silica_glass(), YukawaSilica()
    path = write_configuration(tmp_path / name, glass)
    assert energy_of(path, model) == pytest.approx(direct.energy(glass, model).energy, abs=SAME)
