"""The rose of an atom: D2min of a circular cut with a held wall, sheared along every direction."""

import csv
import ctypes
from pathlib import Path

import numpy as np
import pytest

from vitreous.bundles import find_bundle, predict
from vitreous.cli import main
from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.direct import deform, read_glass, relax, rose
from vitreous.io.lammps import load_lammps
from vitreous.io.write import write_configuration
from vitreous.mechanics.d2min import d2min
from vitreous.mechanics.quasistatic.cut import Cut, cut_out, sheared
from vitreous.mechanics.quasistatic.fixed_steps import Protocol
from vitreous.plugins.generators.melt_quench import MeltQuench
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_glass

MODEL = LennardJones2D()
FILE = Path(__file__).parents[1] / "lennard_jones_glass.extxyz"
PROTOCOL = Protocol(
    strain_step=1e-4,
    strain_max=0.02,
    max_events=10**9,
    stride=50,
    force_tolerance=1e-8,
    minimiser="cg",
    jump=0.1,
)
QUICK = {"strains": (0.005, 0.02), "strain_step": 1e-4, "wall": 2.6, "workers": 1}
ATOM = 7


@pytest.fixture(scope="module")
def glass():
    """256 particles at rest."""
    return relax(read_glass(FILE, MODEL), MODEL).configuration


@pytest.fixture(scope="module")
def found(glass):
    return rose(glass, MODEL, ATOM, angles=8, **QUICK)


@pytest.fixture(scope="module")
def quenched():
    """400 particles of the composition that the bundle knows, at rest."""
    pytest.importorskip("lammps")
    quench = MeltQuench(counts=(221, 179), schedule=((1.0, 1.0, 20.0), (0.351, 0.0299, 100.0)))
    return AQS(relax_cell=False).relax(quench.generate(0, np.random.default_rng(0)), MODEL)


def turned(glass, degrees):
    """The glass, turned counter-clockwise about the origin."""
    turn = Loading(angle=-degrees).frame
    return glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)


def of_cut(cut, loading, strains=(0.005, 0.02)):
    """(S, M, D)"""
    return sheared(cut, MODEL.surface(cut.configuration), loading, PROTOCOL, strains)


def test_a_turned_glass_has_a_turned_rose(glass, found):
    loading = Loading(mode="simple_shear", angle=35.0)
    other = rose(turned(glass, 35.0), MODEL, ATOM, loading, angles=8, **QUICK)
    np.testing.assert_allclose(other.angles - 35.0, found.angles)
    np.testing.assert_array_equal(np.sort(other.atoms), np.sort(found.atoms))
    np.testing.assert_allclose(other.d2min, found.d2min, rtol=1e-4)


def test_turning_the_cut_is_turning_the_loading_the_other_way(glass):
    """The paper turns the cut by 30 degrees and shears along x."""
    cut = cut_out(glass, glass.positions[ATOM], 8.8, 2.6)
    moved = of_cut(
        Cut(turned(cut.configuration, 30.0), cut.free, cut.atoms), Loading(mode="simple_shear")
    )
    ours = of_cut(cut, Loading(mode="simple_shear", angle=-30.0))
    back = Loading(angle=30.0).frame
    np.testing.assert_allclose(moved @ back.T, ours, atol=1e-6)


def test_opposite_directions_are_the_same_shear(glass):
    cut = cut_out(glass, glass.positions[ATOM], 8.8, 2.6)
    one, other = (of_cut(cut, Loading(mode="simple_shear", angle=a)) for a in (20.0, 200.0))
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_the_mirror_image_sheared_the_other_way_has_the_mirrored_rose(glass, found):
    mirror = np.diag([1.0, -1.0])
    image = glass.with_(positions=glass.positions @ mirror)  # in the same, rectangular cell
    loading = Loading(mode="simple_shear", sign=-1, angle=-135.0)
    other = rose(image, MODEL, ATOM, loading, angles=8, **QUICK)  # -135, -90, -45, 0
    np.testing.assert_allclose(other.d2min[::-1], found.d2min, rtol=1e-4)


def test_wall_atoms_follow_the_affine_deformation_and_no_force_is_left_on_others(glass):
    cut = cut_out(glass, glass.positions[ATOM], 8.8, 2.6)
    loading = Loading(mode="simple_shear", angle=20.0)
    (state,) = of_cut(cut, loading, (0.02,))
    held, start = slice(cut.free, None), cut.configuration.positions
    f = loading.deformation_gradient(0.02)
    np.testing.assert_allclose(state[held], start[held] @ f.T, atol=1e-12)
    distance = np.linalg.norm(start, axis=1)
    assert distance[: cut.free].max() < 6.2 <= distance[cut.free :].min()
    surface = MODEL.surface(cut.configuration)
    assert np.abs(surface.energy_forces(state, cut.configuration.cell)[1][: cut.free]).max() < 1e-8


def crystal_with_an_impurity():
    """A disc of a hexagonal crystal of L around one S."""
    a = 1.29
    i, j = np.meshgrid(np.arange(-9, 10), np.arange(-9, 10))
    x = np.stack([i + 0.5 * j, np.sqrt(0.75) * j], axis=-1).reshape(-1, 2) * a
    x = x[np.linalg.norm(x, axis=1) < 9.0]
    return Configuration(
        positions=x + 10.0,
        species=np.where(np.linalg.norm(x, axis=1) < 0.1, 0, 1),
        names=("S", "L"),
        cell=20.0 * np.eye(2),
        periodic=(False, False),
        units="lj",
    )


def d2min_of_first(cut, loading, strain):
    start = cut.configuration
    (state,) = of_cut(cut, loading, (strain,))
    return plain_d2min(start.positions, state)


def plain_d2min(start, state):
    """D2min of the first atom, neighbours within 2.5, without any code of ours."""
    near = np.flatnonzero(np.linalg.norm(start - start[0], axis=1) < 2.5)[1:]
    before, after = start[near] - start[0], state[near] - state[0]
    gradient, *_ = np.linalg.lstsq(before, after, rcond=None)
    return ((after - before @ gradient) ** 2).sum()


def test_the_rose_of_an_impurity_has_the_symmetry_of_its_crystal():
    crystal = crystal_with_an_impurity()
    cut = cut_out(crystal, np.array([10.0, 10.0]), 9.0, 2.6)
    values = [
        d2min_of_first(cut, Loading(mode="simple_shear", angle=a), 0.03)
        for a in np.arange(15.0, 180.0, 30.0)
    ]
    first, second, third = np.reshape(values, (3, 2))  # of 60 degrees each
    np.testing.assert_allclose(second, first, rtol=1e-5)
    np.testing.assert_allclose(third, first, rtol=1e-5)
    assert first.max() > 1.5 * first.min()  # and is no circle


def test_the_larger_the_cut_the_nearer_is_its_answer_to_that_of_the_whole_glass(quenched):
    """Cuts of three by three periodic images of the glass, sheared elastically."""
    shifts = [np.array([i, j]) @ quenched.cell for i in range(3) for j in range(3)]
    images = quenched.with_(
        positions=np.concatenate([quenched.positions + shift for shift in shifts]),
        species=np.tile(quenched.species, 9),
        ids=np.arange(9 * len(quenched)),
        cell=3.0 * quenched.cell,
    )
    loading = Loading(mode="simple_shear")
    fine = {"angles": 2, "strains": (1e-4,), "strain_step": 1e-5, "wall": 2.6, "workers": 1}
    run = deform(quenched, MODEL, loading, strain_max=1e-4, strain_step=1e-5)
    last = (run.frames[-1], run.cells[-1])
    whole = d2min(quenched.positions, quenched.cell, *last, quenched.periodic, 2.5)[0]
    off = []
    for radius in (9.0, 20.0, 26.0):
        cut = rose(images, MODEL, ATOM, loading, radius=radius, **fine)
        middle = whole[cut.atoms[:20] % len(quenched)]
        off.append(np.abs(cut.d2min_of_free[0, 0, :20] - middle).mean() / middle.mean())
    assert off[2] < off[1] < off[0]
    assert off[2] < 0.05


@pytest.mark.lammps
@pytest.mark.parametrize("angle", [0.0, 45.0])
def test_lammps_finds_the_same_d2min_of_a_cut_that_is_turned(glass, angle):
    """As published: the cut is turned, sheared along x step by step, the wall's forces are set to
    zero.
    """
    pytest.importorskip("lammps")
    atom = 216
    ours = rose(glass, MODEL, atom, Loading(mode="simple_shear", angle=angle), angles=2, **QUICK)
    cut = cut_out(glass, glass.positions[atom], 8.8, 2.6)
    start = cut.configuration.positions @ Loading(angle=angle).frame.T + 20.0
    engine = load_lammps()(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    box = cut.configuration
    for line in (
        *("units lj", "dimension 2", "atom_style atomic", "atom_modify map array sort 0 0"),
        *("region box block 0 40 0 40 -0.5 0.5", "create_box 2 box"),
    ):
        engine.command(line)
    flat = np.c_[start, np.zeros(len(start))]
    engine.create_atoms(
        len(start),
        list(range(1, len(start) + 1)),
        (box.species + 1).tolist(),
        flat.ravel().tolist(),
    )
    for line in (
        *("mass * 1", *MODEL.lammps_commands(box), f"group wall id {cut.free + 1}:{len(start)}"),
        *("fix held wall setforce 0 0 0", "fix flat all enforce2d", "min_modify dmax 0.01"),
    ):
        engine.command(line)
    x, found = start, []
    for step in range(1, 201):
        x = x + 1e-4 * np.stack([x[:, 1] - 20.0, np.zeros(len(x))], axis=1)
        flat[:, :2] = x
        engine.scatter_atoms("x", 1, 3, flat.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
        engine.command("minimize 0 1e-9 100000 1000000")
        x = np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3)[:, :2]
        if step in (50, 200):
            found.append(plain_d2min(start, x))
    engine.close()
    np.testing.assert_allclose(found, ours.d2min[0], rtol=1e-3)


@pytest.fixture(scope="module")
def bundle():
    return find_bundle("plastic_susceptibility")


def test_what_a_model_says_of_the_atom_stands_beside_it(quenched, bundle):
    found = rose(quenched, MODEL, ATOM, angles=4, bundle=bundle, **QUICK | {"strains": (1e-3,)})
    right = [predict(quenched, bundle, angle=angle).probabilities[ATOM, 1] for angle in (0.0, 90.0)]
    np.testing.assert_allclose(found.predicted, right)
    assert found.predicted_name == "probability_fertile"


def test_the_command_writes_a_table_a_picture_and_all_free_atoms(quenched, tmp_path, capsys):
    file = write_configuration(tmp_path / "glass.extxyz", quenched)
    outs = [str(tmp_path / f"rose.{ending}") for ending in ("csv", "png", "npz")]
    status = main(
        ["rose", str(file), "--potential", "lennard_jones_2d", "--atom", str(quenched.ids[ATOM])]
        + ["--angles", "4", "--strains", "0.005,0.01", "--strain-step", "1e-4", "--wall", "2.6"]
        + ["--model", "plastic_susceptibility", "--workers", "1"]
        + [word for out in outs for word in ("--out", out)]
    )
    assert status == 0
    assert "directions" in capsys.readouterr().out
    rows = list(csv.DictReader(Path(outs[0]).read_text().splitlines()))
    assert [float(row["angle"]) for row in rows] == [0.0, 90.0]
    assert list(rows[0]) == ["angle", "d2min_0.005", "d2min_0.01", "probability_fertile"]
    arrays = np.load(outs[2])
    assert arrays["atoms"][0] == ATOM
    np.testing.assert_array_equal(arrays["d2min_of_free"][:, :, 0].T[0], arrays["d2min_0.005"])
    assert float(rows[1]["d2min_0.01"]) == arrays["d2min_0.01"][1]
    assert Path(outs[1]).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"atom": 256}, "no atom number 256"),
        ({"angles": 5}, "even number"),
        ({"strains": (0.00505,)}, "multiples"),
        ({"strains": ()}, "multiples"),
        ({"radius": 9.0}, "at most 8.8"),
        ({"wall": 2.0}, "at least 2.5"),
        ({"wall": 8.8}, "less than the radius"),
        ({"cutoff": 0.3, "bundle": None}, "too few neighbours"),
        ({"loading": "pure_shear"}, "knows simple_shear"),
        ({"jmp": 0.1}, "unknown field rose.jmp; did you mean 'jump'"),
    ],
)
def test_what_has_no_rose_is_refused(glass, bundle, changes, message):
    how = {"atom": ATOM, "angles": 2, "bundle": bundle, **QUICK, "strains": (1e-3,), **changes}
    with pytest.raises(VitreousError, match=message):
        rose(glass, MODEL, **how)


def test_a_model_of_sites_has_no_rose(glass):
    with pytest.raises(VitreousError, match="of one atom"):
        rose(glass, MODEL, ATOM, bundle=find_bundle("listi"))


def test_a_glass_in_space_has_no_rose():
    with pytest.raises(VitreousError, match="in two dimensions, but this one has 3"):
        rose(Eam.example_glass(), Eam.example(), 0, angles=2)


def test_a_glass_in_other_units_needs_a_cutoff():
    with pytest.raises(VitreousError, match="in silica2d units; give cutoff"):
        rose(silica_glass(), YukawaSilica(), 0, angles=2, wall=10.0)


def test_a_glass_that_is_not_at_rest_has_no_rose(glass):
    shaken = glass.with_(
        positions=glass.positions + np.random.default_rng(0).normal(0, 0.01, (256, 2))
    )
    with pytest.raises(VitreousError, match="at rest"):
        rose(shaken, MODEL, ATOM, **QUICK)


def test_an_atom_that_the_file_lacks_is_refused(tmp_path, capsys):
    out = str(tmp_path / "rose.csv")
    command = ["rose", str(FILE), "--potential", "lennard_jones_2d", "--atom", "999", "--out", out]
    assert main(command) == 2
    assert "has no atom 999" in capsys.readouterr().err
