"""The bundles of silica bilayers that ship: what they say of a published glass, and of glasses
that they know nothing about.
"""

import json
import os
import re
from pathlib import Path

import ase.io
import numpy as np
import pytest

from vitreous.bundles import find_bundle, predict, prepared, read_glass_for
from vitreous.bundles.likeness import ATOMS, ODD_ATOMS, likeness
from vitreous.bundles.read import SHIPPED
from vitreous.cli import main
from vitreous.core.data import Configuration
from vitreous.core.errors import VitreousError
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.simulators.aqs import AQS

NAMES = ("fracture_risk", "fracture_strain")
REFERENCE = Path(os.environ.get("VITREOUS_REFERENCE", "")) / "font_clos" / "sio2_1_initial.dump"
with_reference = pytest.mark.skipif(
    "VITREOUS_REFERENCE" not in os.environ, reason="needs glasses of other groups"
)


@pytest.fixture(scope="module")
def small():
    """A bilayer of 432 atoms at rest, an eighth of those of the training."""
    made = SilicaBilayer(rings_x=6, rings_y=6, steps=2000).generate(0, np.random.default_rng(3))
    return AQS().relax(made, Watanabe())


@pytest.fixture(scope="module")
def strain():
    return find_bundle("fracture_strain")


@pytest.fixture(scope="module")
def risk():
    return find_bundle("fracture_risk")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_small_and_says_what_it_learnt_from(name):
    files = [path for path in (SHIPPED / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 300_000
    bundle = find_bundle(name)
    assert len(bundle.glasses["keys"]) == 58 and bundle.glasses["atoms"] == 3456
    assert type(bundle.potential) is Watanabe and bundle.loading.mode == "uniaxial"
    assert {ATOMS, ODD_ATOMS, "density", "energy of an atom"} <= set(bundle.likeness.names)
    assert np.isfinite(bundle.likeness.limit)


def test_the_strain_has_intervals_from_all_its_glasses(strain):
    assert strain.intervals.places == 58
    ratio = dict(zip(strain.intervals.confidence, strain.intervals.ratio, strict=True))
    left_out = np.sort(strain.fitted.left_out())
    assert ratio[0.5] == left_out[30 - 1] and ratio[0.95] == left_out[57 - 1]
    assert 1.2 < ratio[0.9] < 2.4  # 1.64 if errors were normal and the model's deviations exact


def test_chances_add_up_to_the_four_atoms_that_break_first(risk, small):
    """On the average of the training glasses; a small one has fewer sites to break at."""
    found = predict(small, risk)
    assert found.labels.classes == ("intact", "breaks")
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
    assert 0.0 < found.probabilities[:, 1].sum() < 40.0


@with_reference
def test_the_published_bilayer_gets_a_strain_near_the_simulated_one(capsys):
    """0.1406 by simulation, 0.138 by its authors; its ring variance is not that of the training."""
    assert main(["predict", "fracture_strain", str(REFERENCE), "--json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    low, high = told["intervals"]["low_95"], told["intervals"]["high_95"]
    assert low < 0.138 and high > 0.1406 and high - low < 0.1
    assert told["fracture_strain"] == pytest.approx(0.14, abs=0.02)
    assert "type 1 Si, type 2 O are assumed; --species" in printed.err
    assert told["doubtful"] is True and "energy of an atom" in printed.err


@with_reference
def test_the_published_bilayer_gets_a_risk_of_every_atom(capsys, tmp_path):
    outs = [tmp_path / "risk.extxyz", tmp_path / "risk.png", tmp_path / "risk.csv"]
    options = [f"--out={out}" for out in outs]
    argv = ["predict", "fracture_risk", str(REFERENCE), "--species", "Si,O", "--json", *options]
    assert main(argv) == 0
    told = json.loads(capsys.readouterr().out)
    first = told["likeliest_breaks"]
    assert [row["probability"] for row in first] == sorted(
        (row["probability"] for row in first), reverse=True
    )
    atoms = ase.io.read(outs[0])
    chance = atoms.arrays["probability_breaks"]
    assert len(atoms) == 3456 and chance.max() == pytest.approx(first[0]["probability"], rel=1e-2)
    assert outs[1].read_bytes().startswith(b"\x89PNG")
    assert len(outs[2].read_text().splitlines()) == 3457


def other(small, **changes):
    return small.with_(bonds=np.zeros((0, 2), int), **changes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda g: (
                DualSwitch(rings_x=6, rings_y=6, steps=500)
                .generate(0, np.random.default_rng(0))
                .with_(units="metal")
            ),
            "the glass has dimensions 2, but the model was trained on dimensions 3",
        ),
        (
            lambda g: upper_layer(g),  # noqa: PLW0108, defined below
            "the glass is 40 % Si, 60 % O, but the model was trained on 33.3 % Si, 66.7 % O",
        ),
        (
            lambda g: other(g, names=("Ge", "O")),
            "the glass is 33.3 % Ge, 66.7 % O, but the model was trained on 33.3 % Si",
        ),
        (lambda g: g.with_(units="silica2d"), "the glass has units silica2d, but the model was"),
        (
            lambda g: other(g, positions=1.4 * g.positions, cell=1.4 * g.cell),
            "no O-Si distance is below 2.2 angstrom",
        ),
    ],
    ids=["monolayer", "single layer", "other species", "other units", "other lengths"],
)
def test_what_it_says_nothing_about_is_refused_in_a_sentence(name, change, sentence, small):
    with pytest.raises(VitreousError, match=re.escape(sentence)):
        predict(change(small), find_bundle(name))


def upper_layer(glass: Configuration) -> Configuration:
    """Without the lower layer and the bridges: Si2O3."""
    middle = glass.positions[:, 2].mean()
    kept = glass.positions[:, 2] > middle + 0.5
    return glass.with_(
        positions=glass.positions[kept],
        species=glass.species[kept],
        ids=glass.ids[kept],
        bonds=np.zeros((0, 2), int),
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_glass_of_another_size_is_flagged(name, small, tmp_path, capsys):
    """The weakest of fewer links is less weak."""
    file = write_configuration(tmp_path / "small.extxyz", small)
    assert main(["predict", name, str(file), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["doubtful"] is True
    assert f"{ATOMS} is {len(small)}, in training 3456" in printed.err
    assert "do not trust the" in printed.err


@pytest.mark.parametrize("name", NAMES)
def test_a_glass_with_a_broken_bond_is_flagged(name, small):
    broken = small.with_(bonds=small.bonds[1:])
    odd = {quantity: value for quantity, _, value, _ in predict(broken, find_bundle(name)).odd}
    assert odd[ODD_ATOMS] == 2.0
    assert ODD_ATOMS not in {of[0] for of in predict(small, find_bundle(name)).odd}


def test_a_stretched_glass_is_flagged_by_its_density_and_forces(strain, small):
    factor = np.array([1.03, 1.0, 1.0])
    pulled = small.with_(positions=small.positions * factor, cell=small.cell * factor)
    found = predict(pulled, strain)
    assert not found.at_rest
    assert "density" in {of[0] for of in found.odd}
    usual = {of[0] for of in predict(small, strain).odd}
    assert "length of a bond" in {of[0] for of in found.odd} - usual


@pytest.mark.parametrize("name", NAMES)
def test_a_glass_that_is_not_at_rest_is_offered_relaxing(name, small, tmp_path, capsys):
    rng = np.random.default_rng(0)

    def shaken(by):
        moved = small.positions + rng.normal(0.0, by, small.positions.shape)
        return str(write_configuration(tmp_path / f"{by}.extxyz", small.with_(positions=moved)))

    assert main(["predict", name, shaken(1e-3)]) == 0
    assert "not at rest (largest force" in capsys.readouterr().err
    assert main(["predict", name, shaken(0.2)]) == 2  # of bad input
    assert "at no minimum of the potential" in (said := capsys.readouterr().err)
    assert "predict --relax" in said
    assert main(["predict", name, shaken(5e-3), "--relax", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["largest_force"] < 1e-5
    assert "not at rest" not in printed.err


def test_forces_of_the_outer_atoms_of_a_bilayer_count(strain, small):
    """Its surfaces are those of the training: it was not cut out of anything."""
    top = small.positions[:, 2] > small.positions[:, 2].max() - 0.3
    lifted = small.positions + 0.01 * top[:, None] * [0.0, 0.0, 1.0]
    assert predict(small, strain).at_rest
    assert not predict(small.with_(positions=lifted), strain).at_rest


@pytest.mark.parametrize("name", NAMES)
def test_vacuum_across_a_bilayer_that_repeats_does_not_count_in_its_density(name, small):
    """As LAMMPS writes it, ``pp pp pp`` in a tall cell."""
    tall = small.with_(cell=np.diag([*np.diag(small.cell)[:2], 200.0]), periodic=(True,) * 3)
    bundle = find_bundle(name)
    found, alone = predict(tall, bundle), predict(small, bundle)
    assert found.configuration.periodic == (True, True, False)
    assert found.odd == alone.odd
    np.testing.assert_allclose(found.labels.values, alone.labels.values)


def test_atoms_that_repeat_along_z_without_vacuum_are_predicted_as_they_are(risk, small):
    """Only a model of the whole glass refuses them."""
    low = small.with_(cell=np.diag([*np.diag(small.cell)[:2], 10.0]), periodic=(True,) * 3)
    assert prepared(low, risk).periodic == (True,) * 3


def test_the_size_is_compared_where_whole_glasses_are_looked_at_alone(small):
    whole, maps = (likeness([small] * 3, Watanabe(), of) for of in (True, False))
    assert set(whole.names) - set(maps.names) == {ATOMS, ODD_ATOMS}


def test_a_file_is_read_in_the_units_of_the_bundle(strain, small, tmp_path):
    file = write_configuration(tmp_path / "small.extxyz", small)
    assert prepared(read_glass_for(strain, file), strain).units == "metal"
