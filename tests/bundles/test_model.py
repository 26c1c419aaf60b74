"""Three lines from import to a map, and the same through MLflow."""

import json
import shutil
from dataclasses import replace

import ase.io
import numpy as np
import pytest

from vitreous import Model, to_ase
from vitreous.bundles import find_bundle, predict
from vitreous.bundles.folder import digests
from vitreous.bundles.read import SHIPPED
from vitreous.cli import main
from vitreous.core.errors import VitreousError
from vitreous.direct import atom_columns
from vitreous.direct import predict as predict_atoms
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_crystal

pytest.importorskip("torch_geometric")

ORIGIN = np.array([117.5, -40.25, 3.0])


@pytest.fixture(scope="module")
def model():
    return Model.load("listi")


@pytest.fixture(scope="module")
def glass():
    """600 atoms at rest, somewhere."""
    network = DualSwitch(rings_x=10, rings_y=12, steps=4000).generate(0, np.random.default_rng(0))
    return AQS().relax(network, YukawaSilica()).with_(info={"origin": ORIGIN.tolist()})


@pytest.fixture(scope="module")
def atoms(glass):
    return to_ase(glass)


@pytest.fixture(scope="module")
def mapped(glass):
    return predict(glass, find_bundle("listi"), grid=4)


def test_three_lines_give_the_map(model, atoms, mapped, glass):
    found = model.predict(atoms, grid=4)
    np.testing.assert_allclose(found.labels.values, mapped.labels.values, rtol=1e-6)
    assert found.correlation == pytest.approx(mapped.correlation, abs=1e-6)
    sites = predict_atoms(atoms, model.bundle, grid=4).labels.positions
    np.testing.assert_allclose(sites, mapped.labels.positions)


def test_sites_and_columns_lie_over_the_atoms(atoms, mapped, tmp_path):
    np.testing.assert_allclose(mapped.sites, mapped.labels.positions + ORIGIN[:2])
    shown = atoms.copy()
    for name, values in atom_columns(mapped).items():
        shown.set_array(name, values)
    ase.io.write(tmp_path / "a.extxyz", shown)
    columns = ase.io.read(tmp_path / "a.extxyz").arrays
    for k in (0, 100, 599):
        step = mapped.sites - atoms.positions[k, :2]
        step -= np.rint(step / np.diag(atoms.cell)[:2]) * np.diag(atoms.cell)[:2]
        nearest = np.linalg.norm(step, axis=1).argmin()
        assert columns["delta_tau"][k] == pytest.approx(mapped.labels.values[nearest], abs=1e-8)
        assert columns["uncertainty"][k] == pytest.approx(mapped.uncertainty[nearest], abs=1e-8)


def test_a_glass_that_is_not_at_rest_is_brought_there(model, atoms, mapped):
    shaken = atoms.copy()
    shaken.positions[:, :2] += np.random.default_rng(0).normal(scale=0.05, size=(len(atoms), 2))
    with pytest.raises(VitreousError, match="in Python: relax=True"):
        model.predict(shaken, grid=4)
    found = model.predict(shaken, grid=4, relax=True)
    np.testing.assert_allclose(found.labels.values, mapped.labels.values, rtol=1e-3)


def test_a_map_that_is_not_to_be_trusted_is_warned_of(model, atoms):
    doubting = Model(
        replace(model.bundle, trust=replace(model.bundle.trust, factor=100.0)),
    )
    with pytest.warns(UserWarning, match=r"by 0\.\d\d, less than .*: do not trust the map") as told:
        assert doubting.predict(atoms, grid=4).doubtful
    assert {warning.filename for warning in told} == {__file__}


def test_forces_that_are_left_are_warned_of(model, atoms):
    """Where they are too large for a glass at rest, but not for the model's features."""
    moved = atoms.copy()
    moved.positions[:, :2] += np.random.default_rng(0).normal(scale=1e-3, size=(len(atoms), 2))
    with pytest.warns(UserWarning, match="not at rest .* relax=True"):
        model.predict(moved, grid=4)


def test_what_the_model_does_not_know_is_refused_in_one_sentence(model, atoms):
    bulk = to_ase(silica_crystal())
    with pytest.raises(VitreousError, match="has dimensions 3, but the model was trained on dim"):
        model.predict(bulk)
    lead = atoms.copy()
    lead.symbols[0] = "Pb"
    with pytest.raises(VitreousError, match="holds O, Pb, Si, but YukawaSilica knows Si and O"):
        model.predict(lead)
    with pytest.raises(VitreousError, match="expected ASE Atoms"):
        model.predict(None)
    with pytest.raises(VitreousError, match=r"there is no bundle 'listy'; .* listi"):
        Model.load("listy")


@pytest.fixture(scope="module")
def served():
    pandas, mlflow = pytest.importorskip("pandas"), pytest.importorskip("mlflow")
    return pandas, mlflow.pyfunc.load_model(str(SHIPPED / "listi"))


def test_mlflow_takes_atoms_and_files_and_answers_a_table(served, glass, atoms, tmp_path, capsys):
    pandas, model = served
    dense = predict(glass, find_bundle("listi"))
    file = str(tmp_path / "a.extxyz")
    ase.io.write(file, atoms)
    one = model.predict(atoms)
    assert isinstance(one, pandas.DataFrame) and set(one["glass"]) == {0}
    np.testing.assert_allclose(one["delta_tau"], dense.labels.values, rtol=1e-6)
    np.testing.assert_allclose(one[["x", "y"]], dense.sites)
    several = model.predict([atoms, file])
    assert several["glass"].tolist() == [0] * len(one) + [1] * len(one)
    np.testing.assert_allclose(several["delta_tau"][len(one) :], one["delta_tau"], rtol=1e-4)
    named = model.predict(pandas.DataFrame({"file": [file]}))
    np.testing.assert_allclose(named["delta_tau"], one["delta_tau"], rtol=1e-4)
    assert main(["predict", "listi", file, "--out", f"{tmp_path}/map.csv"]) == 0
    capsys.readouterr()
    written = pandas.read_csv(tmp_path / "map.csv")
    assert list(written) == [name for name in named if name != "glass"]


def test_mlflow_refuses_what_is_no_glass_in_one_sentence(served):
    pandas, model = served
    for given, sentence in (
        ("no such file", "there is no file no such file"),
        (to_ase(silica_crystal()), "has dimensions 3"),
        ([], "no glass was given"),
        (3.5, "an object of type float was given; expected ASE Atoms"),
        (pandas.DataFrame({"path": ["a"]}), "the columns path; expected a column file"),
    ):
        with pytest.raises(VitreousError, match=sentence):
            model.predict(given)


def test_a_model_without_maps_says_what_it_takes(atoms, tmp_path):
    from vitreous.bundles.pyfunc import _load_pyfunc

    shutil.copytree(SHIPPED / "listi", tmp_path / "model")
    (tmp_path / "model" / "bundle.json").unlink()
    component = tmp_path / "model" / "component.json"
    signed = json.loads(component.read_text()) | {"files": digests(tmp_path / "model" / "fitted")}
    component.write_text(json.dumps(signed))
    with pytest.raises(VitreousError, match=r"predicts no map of a glass, so it takes .*Features"):
        _load_pyfunc(str(tmp_path / "model")).predict(atoms)
