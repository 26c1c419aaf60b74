"""What a bundle cannot answer is refused in one sentence, before anything is computed."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import level_components as parts
import numpy as np
import pytest

from vitreous.bundles import find_bundle, predict, read_glass_for
from vitreous.bundles.bonding import BondFinder
from vitreous.bundles.domain import _opened
from vitreous.bundles.folder import digest, own_digest
from vitreous.bundles.write import coordination
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.projection import Projection
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.silica_bilayer import SilicaBilayer
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.testing.systems import binary_mixture, silica_honeycomb

BILAYER = {
    "generator": parts.Bilayers(),
    "loading": Loading(dimension=3),
    "projection": Projection(),
    "descriptor": parts.Bonded(far=4.0),
}


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch):
    """Whatever is refused here is refused before the descriptor is asked."""

    original = parts.Hats.describe

    def guarded(self, configuration, *rest):
        assert "unseen" not in configuration.info, "described before it was refused"
        return original(self, configuration, *rest)

    monkeypatch.setattr(parts.Hats, "describe", guarded)


def foreign(glass, **changes):
    return glass.with_(info={"unseen": 1}, **changes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda g: binary_mixture(dimension=3),
            "the glass has dimensions 3, but the model was trained on dimensions 2",
        ),
        (lambda g: g.with_(names=("A", "C")), "18.8 % C, but the model was trained on .* % B"),
        (
            lambda g: g.with_(species=np.arange(len(g)) % 2),
            "the glass is 50 % A, 50 % B, but the model was trained on 81.2 % A, 18.8 % B",
        ),
        (lambda g: g.with_(units="metal"), "units metal, but the model was trained on units lj"),
        (
            lambda g: g.with_(periodic=(True, False)),
            "the glass repeats along x, but the model, which looks at the whole glass, was trained "
            "on glasses that repeat along x, y",
        ),
    ],
)
def test_a_glass_of_another_kind(change, says, bundled):
    made = bundled(parts.Number())
    with pytest.raises(VitreousError, match=says):
        predict(foreign(change(made.unseen.configuration)), made.bundle)


def test_compositions_between_those_of_the_training_are_taken(bundled):
    made = bundled(parts.Number())
    known = {**made.bundle.glasses, "shares": [[0.6, 0.8], [0.2, 0.4]]}
    between, bundle = made.unseen.configuration, replace(made.bundle, glasses=known)
    predict(between.with_(species=(np.arange(64) % 10 < 3).astype(int)), bundle)
    with pytest.raises(VitreousError, match="trained on 60 to 80 % A, 20 to 40 % B"):
        predict(foreign(between, species=np.arange(64) % 2), bundle)


def test_a_glass_is_refused_before_it_is_relaxed(bundled, tmp_path, capsys):
    made = bundled(parts.Number())
    file = write_configuration(tmp_path / "glass.extxyz", silica_honeycomb(columns=3, rows=2))
    assert main(["predict", str(made.folder), str(file), "--relax"]) == 2
    assert "the model was trained on 81.2 % A, 18.8 % B" in capsys.readouterr().err


def test_relaxing_without_a_potential_says_under_which(bundled, tmp_path, capsys):
    made = bundled(parts.Number())
    file = write_configuration(tmp_path / "glass.extxyz", made.unseen.configuration)
    assert main(["predict", str(made.folder), str(file), "--relax"]) == 2
    assert "that of the training glasses, Anything: vitreous relax FILE" in capsys.readouterr().err


def test_species_that_the_training_did_not_have_are_refused_by_name(bundled, tmp_path):
    made = bundled(parts.Number())
    file = write_configuration(tmp_path / "glass.data", made.unseen.configuration)
    with pytest.raises(VitreousError, match="species X were given, but the model was trained on A"):
        read_glass_for(made.bundle, file, species=("A", "X"), dimension=2)


def test_a_projection_that_the_glass_does_not_have(bundled):
    made = bundled(parts.Crowd(), **BILAYER)
    glass = made.unseen.configuration
    with pytest.raises(VitreousError, match="dimensions 2, but the model was trained on dim"):
        predict(foreign(silica_honeycomb(columns=3, rows=2)), made.bundle)
    cell = glass.cell.copy()
    cell[0, 2] = 2.0
    tilted = foreign(glass, cell=cell)
    with pytest.raises(VitreousError, match="cannot be projected on xy: its cell is tilted out"):
        predict(tilted, made.bundle)


def test_bonds_that_cannot_be_found(bundled):
    made = bundled(parts.Crowd(), **{**BILAYER, "generator": parts.Bilayers(limit=np.inf)})
    assert made.bundle.bonds is None
    glass = foreign(made.unseen.configuration, bonds=np.zeros((0, 2), int))
    with pytest.raises(
        VitreousError, match="Bonded needs bonds, but the glass lists none, and the"
    ):
        predict(glass, made.bundle)
    assert predict(made.unseen.configuration, made.bundle).labels.mask.all()


def test_bonds_that_are_nowhere_within_their_length(bundled):
    made = bundled(parts.Crowd(), **BILAYER)
    glass = made.unseen.configuration
    wide = foreign(
        glass, positions=2 * glass.positions, cell=2 * glass.cell, bonds=np.zeros((0, 2), int)
    )
    with pytest.raises(VitreousError, match=r"no O-Si distance is below 2.2 angstrom, the length"):
        predict(wide, made.bundle)


def rewritten(folder, name, **changes):
    """A file of the bundle as another version would have written it."""
    said = {**json.loads((folder / name).read_text()), **changes}
    (folder / name).write_text(json.dumps(said))
    about = json.loads((folder / "bundle.json").read_text())
    about["files"]["component.json"] = digest(folder / "component.json")
    (folder / "bundle.json").write_text(json.dumps({**about, "sha256": own_digest(about)}))
    return folder


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        (
            "component.json",
            {"target": "glassworks.Furnace", "provider": "vitreous-glass 2.0"},
            "the bundle used the model 'glassworks.Furnace' of vitreous-glass 2.0, which is not "
            "installed here; install it with pip install vitreous-glass==2.0",
        ),
        (
            "bundle.json",
            {"descriptor": {"target": "glassworks.Lens", "version": 1, "fields": {}}},
            "the bundle used the descriptor 'glassworks.Lens', which is not installed here; "
            "install the package that provides the module 'glassworks'",
        ),
        (
            "bundle.json",
            {"reach": 3.0},
            "a Hats that sees as far as 3.0, but the installed one sees as far as the whole glass",
        ),
    ],
)
def test_a_component_that_is_not_the_one_it_was(name, changes, says, bundled):
    folder = rewritten(bundled(parts.Number()).folder, name, **changes)
    with pytest.raises(VitreousError, match=says):
        find_bundle(str(folder))


def test_a_bundle_without_its_places(bundled, tmp_path):
    folder = shutil.copytree(bundled(parts.Number()).folder, tmp_path / "copy")
    (folder / "places.npy").unlink()
    with pytest.raises(VitreousError, match=r"damaged or was tampered with: places.npy"):
        find_bundle(str(folder))


def test_bonds_are_found_between_the_species_that_bond():
    glass = silica_honeycomb(columns=3, rows=2)
    finder = BondFinder.of([glass], 2.2)
    assert finder == BondFinder([["O", "Si"]], 2.2)
    found = finder.bonded(glass.with_(bonds=np.zeros((0, 2), int)))
    np.testing.assert_array_equal(found.bonds, np.unique(np.sort(glass.bonds), axis=0))
    far = BondFinder([["Si", "Si"]], 3.1).bonded(glass)
    assert (glass.species[far.bonds] == 0).all() and len(far.bonds) == 1.5 * 24


def test_bonds_of_glasses_that_have_none_or_do_not_say_their_length_are_not_found():
    bare = binary_mixture(dimension=2)
    assert BondFinder.of([bare], 2.2) is None
    assert BondFinder.of([silica_honeycomb(columns=3, rows=2)], np.inf) is None


def test_atoms_have_a_number_of_bonds_only_where_nearly_all_have_it():
    species = np.zeros(40, int)
    ring = np.column_stack([np.arange(40), np.roll(np.arange(40), 1)])
    assert coordination(species, ring, 2) == [2, 0]
    assert coordination(species, ring[1:], 2) == [2, 0]
    assert coordination(species, ring[::4], 1) == [None]


@pytest.fixture(scope="module")
def bilayer():
    return SilicaBilayer(rings_x=6, rings_y=6, steps=2000).generate(0, np.random.default_rng(0))


def taken(glass, potential=True):
    """The glass as a bundle of bilayers that do not repeat along z takes it."""
    bundle = SimpleNamespace(
        glasses={"periodic": [True, True, False]},
        label={"level": "sample", "task": "value"},
        potential=Watanabe() if potential else None,
    )
    return _opened(glass, bundle)


def test_a_bilayer_that_repeats_across_a_vacuum_is_taken_as_one_that_does_not(bilayer):
    assert taken(bilayer) is bilayer
    assert taken(bilayer.with_(periodic=(True, True, True))).periodic == (True, True, False)


def test_a_bilayer_cut_by_the_boundary_is_put_together(bilayer):
    """Wherever the cell's boundary lies: the heights are those of one piece."""
    heights = np.ptp(bilayer.positions[:, 2])
    for shift in (0.0, 10.0, 12.1, 25.0, -40.0):
        moved = bilayer.positions + np.array([0.0, 0.0, shift])
        low = bilayer.cell[2, 2]
        moved[:, 2] %= low
        found = taken(bilayer.with_(positions=moved, periodic=(True, True, True)))
        assert np.ptp(found.positions[:, 2]) == pytest.approx(heights)
        assert found.positions[:, :2] == pytest.approx(moved[:, :2])


def test_images_that_a_vacuum_does_not_separate_are_refused(bilayer):
    close = bilayer.cell.copy()
    close[2, 2] = np.ptp(bilayer.positions[:, 2]) + 3.0
    lowered = bilayer.positions - np.array([0.0, 0.0, bilayer.positions[:, 2].min() - 1.0])
    near = bilayer.with_(positions=lowered, cell=close, periodic=(True, True, True))
    with pytest.raises(VitreousError, match=r"along x, y, and no vacuum separates its images"):
        taken(near)
    with pytest.raises(VitreousError, match="no vacuum"):
        taken(bilayer.with_(periodic=(True, True, True)), potential=False)
    with pytest.raises(VitreousError, match="the glass repeats along x, but the model"):
        taken(bilayer.with_(periodic=(True, False, False)))
