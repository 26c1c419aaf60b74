"""A trained model on a glass of one's own: the map, what is masked, what is refused."""

import json
import re
import shutil
from dataclasses import asdict, replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import ase.io
import numpy as np
import pytest

from vitreous.bundles import complete_bundle, find_bundle, predict, write_model
from vitreous.bundles.folder import digest, own_digest
from vitreous.bundles.likeness import likeness
from vitreous.bundles.prediction import _on_all_cores
from vitreous.bundles.sites import obstacles
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.core.pipeline import Pipeline
from vitreous.core.split import Split
from vitreous.core.store import Store, identity
from vitreous.direct import read_glass
from vitreous.direct.rest import rested
from vitreous.io.bonds import bonded
from vitreous.io.write import write_configuration
from vitreous.plugins.descriptors.atom_sequence import AtomSequence
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.response_graph import ResponseGraph
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.labelers.local_probing import LocalProbing
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.plugins.simulators.aqs import AQS
from vitreous.testing.systems import silica_crystal

pytest.importorskip("torch_geometric")
from vitreous.plugins.models.graph_ensemble import GraphEnsemble

POTENTIAL = YukawaSilica()
GLASSES = DualSwitch(rings_x=10, rings_y=12, steps=4000)
PIPELINE = Pipeline(
    generator=GLASSES,
    simulator=AQS(),
    potential=POTENTIAL,
    labeler=LocalProbing(grid=5, strain_step=1e-3),
    loading=Loading(),
    descriptor=BondGraph(radius=9.0),
    model=GraphEnsemble(members=2, hidden=8, layers=1, epochs=3),
    samples=6,
    split=Split(validation=1, test=1),
    events=None,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder of a bundle, result) of a small but real run: four glasses, a graph ensemble; the
    bundle holds the potential although its descriptor reads none, as all did up to format 3.
    """
    place = tmp_path_factory.mktemp("run")
    store = Store(place / "store")
    result = PIPELINE.run(store)
    write_model(place / "model", PIPELINE.model, result.model, "vitreous")
    assert complete_bundle(place / "model", PIPELINE, result, {"model": {"pearson": 0.5}})
    about = json.loads((place / "model" / "bundle.json").read_text())
    about["potential"] = {**identity(POTENTIAL), "files": {}}
    glasses = [sample.configuration for sample in result.glasses("train")]
    signed(place / "model", {**about, "likeness": asdict(likeness(glasses, POTENTIAL))})
    return place / "model", result


@pytest.fixture(scope="module")
def trained(run):
    return find_bundle(str(run[0]))


@pytest.fixture(scope="module")
def unseen(run):
    return run[1].role("test")[0]


def test_a_bundle_predicts_what_the_run_predicted(trained, unseen):
    found = predict(unseen.configuration, trained, grid=5)
    np.testing.assert_allclose(found.labels.positions, unseen.labels.positions)
    np.testing.assert_allclose(found.labels.values, unseen.prediction, rtol=1e-9)
    np.testing.assert_allclose(
        found.uncertainty, trained.intervals.deviation(unseen.uncertainty), rtol=1e-9
    )
    assert found.labels.mask.all()
    assert found.at_rest


def test_a_file_gives_the_same_map(trained, unseen, tmp_path):
    path = write_configuration(tmp_path / "glass.extxyz", unseen.configuration)
    glass = read_glass(path, trained.potential)
    np.testing.assert_allclose(
        predict(glass, trained, grid=5).labels.values, unseen.prediction, rtol=1e-6
    )


def cut_out(glass, radius, middle=None):
    """The disc of ``radius`` around ``middle`` (of the cell, if None), with a free boundary."""
    middle = 0.5 * glass.cell.sum(axis=0) if middle is None else middle
    vectors = glass.minimum_image(glass.positions - middle)
    near = np.linalg.norm(vectors, axis=1) < radius
    return glass.with_(
        positions=(vectors + middle)[near],
        species=glass.species[near],
        ids=glass.ids[near],
        bonds=np.zeros((0, 2), int),
        periodic=(False, False),
    )


def shaken(glass, by):
    return glass.with_(
        positions=glass.positions + np.random.default_rng(0).normal(0.0, by, glass.positions.shape)
    )


def test_sites_whose_window_leaves_the_glass_are_masked(trained, unseen):
    whole = unseen.configuration
    centre = whole.cell.sum(axis=0) / 2
    patch = cut_out(whole, 18.0)
    found = predict(patch, trained, grid=9)
    distance = np.linalg.norm(found.labels.positions - centre, axis=1)
    assert found.labels.mask.any()
    assert distance[found.labels.mask].max() < 18.0 - 9.0
    assert np.isnan(found.labels.values[~found.labels.mask]).all()
    whole_map = predict(whole, trained, grid=60)
    place = np.argmin(
        np.linalg.norm(
            whole_map.labels.positions - found.labels.positions[found.labels.mask][0], axis=1
        )
    )
    assert whole_map.labels.values[place] == pytest.approx(
        found.labels.values[found.labels.mask][0], rel=0.2
    )


def test_a_descriptor_that_reads_the_potential_is_given_the_bundles_and_sees_further(
    trained, unseen
):
    whole, sees = (
        unseen.configuration,
        replace(trained, descriptor=ResponseGraph(radius=9.0), fitted=Fastest()),
    )
    found = predict(whole, sees, grid=4)
    assert found.labels.mask.all()
    patch = cut_out(whole, 22.0)
    masked = predict(patch, sees, grid=41).labels
    distance = np.linalg.norm(masked.positions - whole.cell.sum(axis=0) / 2, axis=1)
    assert masked.mask.any()
    assert distance[masked.mask].max() < 22.0 - sees.descriptor.reach
    features = sees.descriptor.describe(
        whole, sees.loading, masked.positions[masked.mask], "site", POTENTIAL
    )
    np.testing.assert_allclose(masked.values[masked.mask], sees.fitted.predict(features))
    with pytest.raises(VitreousError, match=r"feels forces of up to .* predict --relax"):
        predict(shaken(whole, 0.01), sees, grid=4)
    small = AQS().relax(
        DualSwitch(rings_x=6, rings_y=6, steps=500).generate(0, np.random.default_rng(0)), POTENTIAL
    )
    with pytest.raises(VitreousError, match="use a larger glass or a smaller radius"):
        rested(small, sees)


def test_a_prediction_describes_its_sites_on_all_cores(monkeypatch):
    monkeypatch.setattr("vitreous.bundles.prediction.cores", lambda: 7)
    assert _on_all_cores(ResponseGraph()) == ResponseGraph(workers=7)
    assert _on_all_cores(BondGraph()) == BondGraph()


def test_the_rim_of_a_patch_stays_put_when_it_is_relaxed(trained, unseen):
    glass = unseen.configuration
    patch = shaken(cut_out(glass, 20.0), 0.02)
    moved = np.linalg.norm(rested(patch, trained).configuration.positions - patch.positions, axis=1)
    depth = 20.0 - np.linalg.norm(patch.positions - 0.5 * glass.cell.sum(axis=0), axis=1)
    assert not moved[depth < 8.0].any() and moved[depth > 13.0].all()


def test_the_command_says_what_relaxing_changed(run, unseen, tmp_path, capsys):
    file = write_configuration(tmp_path / "moved.extxyz", shaken(unseen.configuration, 5e-3))
    assert main(["predict", str(run[0]), str(file), "--grid", "2", "--relax", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    change = found["relaxed"]["largest_force"]
    assert change["before"] > 1e-3
    assert change["after"] <= 1e-8
    assert change["after"] == pytest.approx(found["largest_force"], abs=1e-9)
    assert found["relaxed"]["energy"]["after"] < found["relaxed"]["energy"]["before"]


def test_whether_a_patch_is_at_rest_is_told_by_its_atoms_beyond_the_reach_of_the_rim(
    trained, unseen
):
    patch = cut_out(unseen.configuration, 20.0)
    assert predict(patch, trained).at_rest
    disturbed = predict(shaken(patch, 0.02), trained)
    assert disturbed.largest_force > 0.01 and not disturbed.at_rest
    rim = shaken(patch, 0.02).positions
    deep = np.linalg.norm(patch.positions - patch.positions.mean(axis=0), axis=1) < 18.0
    assert predict(
        patch.with_(positions=np.where(deep[:, None], patch.positions, rim)), trained
    ).at_rest


def test_the_forces_of_a_patch_that_is_all_rim_are_not_known(trained, unseen):
    narrow = replace(
        trained,
        descriptor=BondGraph(radius=6.0),
        fitted=Everywhere(),
        potential=YukawaSilica(cutoff=12.0),
    )
    found = predict(cut_out(unseen.configuration, 11.0), narrow, grid=5)
    assert np.isnan(found.largest_force) and found.at_rest


def test_a_broken_bond_masks_the_sites_around_it(trained, unseen):
    glass = unseen.configuration
    broken = predict(glass.with_(bonds=glass.bonds[1:]), trained, grid=10)
    away = np.linalg.norm(
        glass.minimum_image(broken.labels.positions - glass.positions[glass.bonds[0, 0]]), axis=1
    )
    assert not broken.labels.mask[away < 8.0].any()
    assert broken.labels.mask[away > 14.0].all()


def test_a_glass_like_those_of_the_training_passes_and_others_stand_out(trained, unseen):
    glass = unseen.configuration
    assert predict(glass, trained).odd == []
    crystal = AQS().relax(silica_crystal_of_the_size(), POTENTIAL)
    for other, named in (
        (stretched(glass), "spread of the bonds' lengths"),
        (crystal, "energy of an atom"),
    ):
        odd = {name: unit for name, unit, _, _ in predict(other, trained).odd}
        assert named in odd and all(odd.values())
    assert not predict(stretched(glass), trained).at_rest


def stretched(glass):
    return glass.with_(
        positions=glass.positions * [1.05, 1 / 1.05], cell=glass.cell * [[1.05], [1 / 1.05]]
    )


def test_a_glass_is_left_out_to_see_how_far_one_may_stand_out(unseen):
    glass = unseen.configuration
    dense = [
        glass.with_(positions=glass.positions * f, cell=glass.cell * f) for f in (1.0, 1.01, 1.02)
    ]
    like = likeness(dense, POTENTIAL)
    density = len(glass) / glass.volume / np.array([1.0, 1.01, 1.02]) ** 2
    k = list(like.names).index("density")
    assert like.mean[k] == pytest.approx(density.mean()) and like.spread[k] == pytest.approx(
        density.std(ddof=1)
    )
    assert like.limit >= 1.5 * abs(density[0] - density[1:].mean()) / density[1:].std(ddof=1)
    assert likeness(dense[:2], POTENTIAL).odd(glass, POTENTIAL) is None


def test_what_holds_for_any_number_of_atoms_does_not_call_a_number_unusual(unseen):
    glasses = [unseen.configuration] * 3
    bound, free = (likeness(glasses, POTENTIAL, True, any_size) for any_size in (False, True))
    assert set(bound.names) - set(free.names) == {"number of atoms"}


def test_of_a_potential_that_gives_no_energies_density_and_bonds_are_left(unseen):
    class Elsewhere:
        def surface(self, configuration):
            raise VitreousError("LAMMPS alone evaluates it")

    glasses = [unseen.configuration] * 3
    like = likeness(glasses, Elsewhere())
    assert list(like.names) == ["density", "length of a bond", "spread of the bonds' lengths"]
    assert like.odd(cut_out(unseen.configuration, 20.0), Elsewhere()) is None


def test_the_verdict_is_the_models_own_where_it_knows_its_deviations(trained, unseen):
    glass = unseen.configuration
    sure, unsure = (
        replace(trained, trust=replace(trained.trust, least=least)) for least in (0.0, 1.0)
    )
    assert predict(glass, sure).doubtful is False and predict(glass, unsure).doubtful is True
    assert predict(stretched(glass), sure).doubtful is False
    blind = replace(trained, trust=None)
    assert (
        predict(glass, blind).doubtful is False
        and predict(stretched(glass), blind).doubtful is True
    )
    assert predict(glass, blind).correlation is None


def test_the_verdict_does_not_depend_on_the_grid_of_the_map(trained, unseen):
    found = [predict(unseen.configuration, trained, grid=grid) for grid in (1, 5, 31)]
    assert len({one.correlation for one in found}) == 1
    assert len({one.doubtful for one in found}) == 1


def test_intervals_and_deviations_are_those_of_the_validation_glass(run, trained, unseen):
    (held_out,) = run[1].role("validation")
    ratio = np.sort(np.abs(held_out.prediction - held_out.labels.values) / held_out.uncertainty)
    found = predict(unseen.configuration, trained, grid=5)
    for p, rank in ((0.5, 13), (0.95, 25)):  # of 25 sites: the ceil(26 p)-th smallest ratio
        low, high = found.bounds[p]
        np.testing.assert_allclose(
            high - low, 2.0 * ratio[rank - 1] * unseen.uncertainty, rtol=1e-6
        )
        np.testing.assert_allclose(0.5 * (low + high), found.labels.values, rtol=1e-9)
    assert trained.intervals.places == 25


def silica_crystal_of_the_size():
    from vitreous.testing.systems import silica_honeycomb

    return silica_honeycomb(columns=10, rows=6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda g: g.with_(species=np.roll(g.species, 0) * 0),
            "the glass is 100 % Si, but the model was trained on 40 % Si, 60 % O",
        ),
        (
            lambda g: g.with_(units="metal"),
            "the glass has units metal, but the model was trained on units silica2d",
        ),
        (
            lambda g: silica_crystal(),
            "the glass has dimensions 3, but the model was trained on dimensions 2",
        ),
        (
            lambda g: g.with_(bonds=g.bonds[::2]),
            "none of the .* sites has a window .* of whole, fully bonded glass",
        ),
    ],
)
def test_foreign_glasses_are_refused(trained, unseen, change, message):
    with pytest.raises(VitreousError, match=message):
        predict(change(unseen.configuration), trained)


def test_a_glass_smaller_than_the_window_is_refused(trained):
    from vitreous.testing.systems import silica_honeycomb

    with pytest.raises(
        VitreousError, match="angstrom across, but the model's window needs 18 angstrom"
    ):
        predict(silica_honeycomb(columns=3, rows=2), trained)


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run[0], tmp_path / "copy")


def test_a_changed_file_is_noticed(copy):
    weights = next(copy.rglob("weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(
        VitreousError, match=r"is damaged or was tampered with: fitted/0/weights.safetensors"
    ):
        find_bundle(str(copy))


def signed(folder, about):
    """bundle.json as its writer would have signed it."""
    (folder / "bundle.json").write_text(json.dumps({**about, "sha256": own_digest(about)}))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("weak_is", {"label": {"weak_is": "high"}}),
        ("angle", {"loading": {"angle": 45.0}}),
        ("spacing", {"spacing": 0}),
    ],
)
def test_a_change_of_what_the_bundle_says_of_itself_is_noticed(copy, part, value):
    about = json.loads((copy / "bundle.json").read_text())
    for key, inner in value.items():
        about[key] = {**about[key], **inner} if isinstance(inner, dict) else inner
    (copy / "bundle.json").write_text(json.dumps(about, indent=1))
    with pytest.raises(VitreousError, match=r"tampered with: bundle.json differ"):
        find_bundle(str(copy))


def test_a_bundle_whose_description_lacks_a_part_is_refused(copy):
    about = json.loads((copy / "bundle.json").read_text())
    del about["likeness"]
    signed(copy, about)
    with pytest.raises(VitreousError, match=r"bundle.json lacks 'likeness'"):
        find_bundle(str(copy))


def test_a_bundle_whose_likeness_lacks_a_number_is_refused(copy):
    about = json.loads((copy / "bundle.json").read_text())
    del about["likeness"]["scatter"]
    signed(copy, about)
    with pytest.raises(
        VitreousError, match=r"bundle.json does not say what it should .*'scatter'.*train it again"
    ):
        find_bundle(str(copy))


def test_the_folder_one_stands_in_is_a_bundle_like_any_other(copy, monkeypatch):
    monkeypatch.chdir(copy)
    assert find_bundle(".").label == find_bundle(str(copy)).label


def test_a_bundle_that_ships_goes_before_a_folder_of_its_name_and_says_so(
    copy, tmp_path, monkeypatch
):
    shutil.copytree(copy, tmp_path / "listi")
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match=r"not the folder of this name; for that one give ./listi"):
        shipped = find_bundle("listi")
    assert type(shipped.descriptor) is ResponseGraph
    assert type(find_bundle("./listi").descriptor) is BondGraph


def test_the_command_prints_units_and_writes_a_table_a_picture_and_atoms_with_their_uncertainty(
    run, unseen, tmp_path, capsys
):
    file = write_configuration(tmp_path / "glass.extxyz", unseen.configuration)
    outs = [tmp_path / name for name in ("map.csv", "map.png", "atoms.extxyz")]
    assert (
        main(
            [
                "predict",
                str(run[0]),
                str(file),
                "--grid",
                "5",
                "--angle",
                "45",
                *(f"--out={out}" for out in outs),
            ]
        )
        == 0
    )
    printed = dict(
        re.split(r"  +", line, maxsplit=1)
        for line in capsys.readouterr().out.splitlines()
        if "  " in line
    )
    assert printed["units"].startswith("angstrom")
    assert printed["loading"] == "pure_shear, 45 degrees from x"
    assert printed["uncertainty"].startswith("median ")
    found = predict(unseen.configuration, find_bundle(str(run[0])), grid=5, angle=45.0)
    table = np.genfromtxt(outs[0], delimiter=",", names=True)
    np.testing.assert_allclose(table["delta_tau"], found.labels.values, rtol=1e-6)
    assert outs[1].read_bytes().startswith(b"\x89PNG")
    atoms = ase.io.read(outs[2])
    for name, values in (("delta_tau", found.labels.values), ("uncertainty", found.uncertainty)):
        assert set(np.round(atoms.arrays[name], 9)) <= set(np.round(values, 9))
    assert not table["doubtful"].any() and not atoms.arrays["doubtful"].any()
    for p in (50, 95):
        np.testing.assert_allclose(
            [table[f"low_{p}"], table[f"high_{p}"]], found.bounds[p / 100], rtol=1e-6
        )


def test_files_of_a_map_that_is_not_to_be_trusted_say_so(copy, unseen, tmp_path, capsys):
    about = json.loads((copy / "bundle.json").read_text())
    signed(copy, {**about, "trust": {**about["trust"], "least": 1.0}})
    file = write_configuration(tmp_path / "glass.extxyz", stretched(unseen.configuration))
    outs = [tmp_path / name for name in ("map.csv", "map.png", "atoms.extxyz")]
    assert (
        main(["predict", str(copy), str(file), "--grid", "5", *(f"--out={out}" for out in outs)])
        == 0
    )
    assert re.search(
        r"should correlate with the truth by 0\.\d\d, less than the 1\.00 that is asked for "
        r".*length.* is .* angstrom, in training",
        capsys.readouterr().err,
    )
    table, atoms = np.genfromtxt(outs[0], delimiter=",", names=True), ase.io.read(outs[2]).arrays
    for columns in (table, atoms):
        assert (columns["doubtful"] == 1.0).all() and (columns["at_rest"] == 0.0).all()
        assert (columns["expected_correlation"] < 1.0).all()


@pytest.mark.parametrize("uncertain", [True, False])
def test_a_picture_says_above_the_map_what_speaks_against_it(
    unseen, tmp_path, monkeypatch, uncertain
):
    from matplotlib.figure import Figure

    from vitreous.report.predicted import draw_prediction

    drawn, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda figure, *where, **how: drawn.append(figure) or save(figure, *where, **how),
    )
    ones = np.ones_like(unseen.labels.values)
    panels = {"delta_tau": (unseen.labels.values, "energy/length^2", "low")}
    panels |= {"uncertainty": (ones, "energy/length^2", "high")} if uncertain else {}
    for doubts in ((), ("the glass is unlike those of the training", "the glass is not at rest")):
        draw_prediction(
            unseen.configuration, unseen.labels, panels, tmp_path / "map.png", doubts=doubts
        )
    assert drawn[0].get_suptitle() == ""
    assert (
        drawn[1].get_suptitle()
        == "Do not trust this map:\nthe glass is unlike those of the training\nthe glass is not "
        "at rest"
    )
    words, page = drawn[1]._suptitle.get_window_extent(), drawn[1].bbox
    assert page.x0 < words.x0 and words.x1 < page.x1 and words.y1 < page.y1


def test_files_do_not_claim_what_cannot_be_told(copy, unseen, tmp_path, capsys):
    about = json.loads((copy / "bundle.json").read_text())
    signed(copy, {**about, "trust": None, "likeness": {**about["likeness"], "limit": float("inf")}})
    file = write_configuration(tmp_path / "glass.extxyz", unseen.configuration)
    assert (
        main(["predict", str(copy), str(file), "--grid", "1", "--out", str(tmp_path / "map.csv")])
        == 0
    )
    printed = capsys.readouterr()
    assert re.search(r"doubtful +unknown\n", printed.out)
    assert "whether to trust the map is unknown" in printed.err
    assert np.isnan(np.genfromtxt(tmp_path / "map.csv", delimiter=",", names=True)["doubtful"])


@pytest.mark.parametrize("name", ["map.csv.gz", "map.png.gz", "map.data"])
def test_a_name_that_no_writer_takes_is_refused_before_the_work(
    run, unseen, tmp_path, capsys, name
):
    file = write_configuration(tmp_path / "glass.extxyz", unseen.configuration)
    assert main(["predict", str(run[0]), str(file), "--out", str(tmp_path / name)]) == 2
    assert "its name should end in .csv, .png, .npz, .extxyz" in capsys.readouterr().err


def test_the_command_does_not_overwrite_the_glass_that_it_reads(run, unseen, tmp_path, capsys):
    file = write_configuration(tmp_path / "glass.extxyz", unseen.configuration)
    before = file.read_bytes()
    assert main(["predict", str(run[0]), str(file), "--out", str(file)]) == 2
    assert "it is the glass that is read" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_map_that_would_fill_the_memory_is_refused(trained, unseen):
    with pytest.raises(
        VitreousError,
        match=r"a map of 5000 x 5000 sites is too large .* at most 100000 can be had",
    ):
        predict(unseen.configuration, trained, grid=5000)


def test_an_added_or_a_missing_file_is_noticed(copy):
    (copy / "fitted" / "more.json").write_text("{}")
    with pytest.raises(VitreousError, match=r"tampered with: fitted/more.json"):
        find_bundle(str(copy))


def test_a_bundle_of_another_format_is_refused(copy):
    about = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps({**about, "format": 7, "vitreous": "9.0"}))
    with pytest.raises(VitreousError, match=r"is a bundle of format 7, written by vitreous 9.0"):
        find_bundle(str(copy))


@pytest.mark.parametrize(
    ("kind", "name"), [("descriptor", "BondGraph"), ("potential", "YukawaSilica")]
)
def test_a_bundle_made_with_another_version_of_a_component_is_refused(copy, kind, name):
    about = json.loads((copy / "bundle.json").read_text())
    about[kind]["version"] = 99
    signed(copy, about)
    with pytest.raises(VitreousError, match=f"made with version 99 of {kind} {name}"):
        find_bundle(str(copy))


def rewritten(copy, **change):
    """component.json as another version of Vitreous would have written it; None takes a
    part away.
    """
    about = {**json.loads((copy / "component.json").read_text()), **change}
    (copy / "component.json").write_text(
        json.dumps({key: value for key, value in about.items() if value is not None})
    )
    described = json.loads((copy / "bundle.json").read_text())
    signed(
        copy,
        {
            **described,
            "files": {
                **described["files"],
                "component.json": digest(copy / "component.json"),
            },
        },
    )


def test_a_bundle_made_with_another_version_of_the_model_is_refused(copy):
    rewritten(copy, version=99)
    with pytest.raises(
        VitreousError, match="made with version 99 of model GraphEnsemble, but version"
    ):
        find_bundle(str(copy))


def test_a_bundle_that_does_not_say_the_version_of_its_model_is_refused(copy):
    rewritten(copy, version=None)
    with pytest.raises(VitreousError, match=r"holds no trained model \(KeyError: 'version'\)"):
        find_bundle(str(copy))


@pytest.fixture
def of_a_metal(run, copy, tmp_path, monkeypatch):
    """(bundle's folder, potential) of a model whose glasses had a potential with a file, since
    deleted.
    """
    file = tmp_path / "somewhere" / "metal.eam.alloy"
    file.parent.mkdir()
    shutil.copyfile(EXAMPLE, file)
    potential = Eam(path=str(file), smooth_end=True)
    monkeypatch.setattr(
        "vitreous.bundles.write.likeness",
        lambda glasses, of, whole, any_size: likeness(glasses, POTENTIAL, whole, any_size),
    )  # they are no metal
    reading = replace(PIPELINE, potential=potential, descriptor=ResponseGraph(radius=9.0))
    complete_bundle(copy, reading, run[1], {})
    content = potential.fingerprint()
    file.unlink()
    return copy, content


def test_a_bundle_keeps_the_file_of_its_potential(of_a_metal):
    folder, content = of_a_metal
    potential = find_bundle(str(folder)).potential
    assert isinstance(potential, Eam) and potential.smooth_end
    assert potential.fingerprint() == content and Path(potential.path).is_relative_to(folder)


@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_text("other tables")], ids=["gone", "changed"]
)
def test_a_bundle_without_the_very_file_of_its_potential_is_refused(of_a_metal, spoil):
    folder, _ = of_a_metal
    spoil(folder / "potential" / "path" / "metal.eam.alloy")
    with pytest.raises(
        VitreousError,
        match=r"is damaged or was tampered with: potential/path/metal.eam.alloy differ",
    ):
        find_bundle(str(folder))


def test_an_unknown_name_is_answered_with_what_ships():
    with pytest.raises(
        VitreousError,
        match="there is no bundle 'listy'; did you mean 'listi'\\? Or give the model folder",
    ):
        find_bundle("listy")
    with pytest.raises(VitreousError, match="'runs/9'; give the model folder of a run, or one"):
        find_bundle("runs/9")


class Everywhere(Fitted):
    """Answers 1 to whatever it is asked."""

    def predict(self, features):
        return np.ones(len(features))

    def save(self, folder):
        raise NotImplementedError


class Fastest(Everywhere):
    """Answers the fastest change of an angle in the window."""

    def predict(self, features):
        column = np.abs(features.edge_values[:, features.edge_names.index("angle_rate")])
        return np.array([column[a:b].max() for a, b in pairwise(features.edge_offsets)])


def test_a_descriptor_without_bonds_reads_a_file_without_bonds(trained, unseen):
    glass = unseen.configuration.with_(bonds=np.zeros((0, 2), int))
    bundle = replace(trained, descriptor=AtomSequence(radius=9.0), fitted=Everywhere())
    assert predict(glass, bundle, grid=5).labels.mask.all()


def test_a_label_on_atoms_is_predicted_on_atoms(trained, unseen):
    glass = unseen.configuration
    bundle = replace(trained, label={**trained.label, "level": "atom"}, spacing=0.0)
    found = predict(glass, bundle)
    np.testing.assert_array_equal(found.labels.positions, glass.positions)
    assert found.labels.mask.all()


def test_sites_without_a_grid_ask_for_one(trained, unseen):
    with pytest.raises(VitreousError, match="stand on no grid; say how many"):
        predict(unseen.configuration, replace(trained, spacing=0.0))


def test_a_model_that_reads_numbers_says_so(trained, unseen):
    numbered = replace(
        trained, descriptor=AtomSequence(radius=9.0, order="number"), fitted=Everywhere()
    )
    assert (
        predict(unseen.configuration, numbered).by_number
        and not predict(unseen.configuration, trained).by_number
    )


@pytest.mark.parametrize("angle", [90.0, 180.0])
def test_a_model_that_reads_numbers_knows_the_direction_it_learnt_alone(trained, unseen, angle):
    numbered = replace(
        trained, descriptor=AtomSequence(radius=9.0, order="number"), fitted=Everywhere()
    )
    with pytest.raises(
        VitreousError,
        match=rf"the angle is {angle:g}, but this model learnt along 0 degrees and knows no other "
        r"direction",
    ):
        predict(unseen.configuration, numbered, grid=3, angle=angle)
    assert predict(unseen.configuration, numbered, grid=3, angle=360.0).labels.mask.all()
    rows = replace(numbered, descriptor=AtomSequence(radius=9.0))
    assert predict(unseen.configuration, rows, grid=3, angle=angle).labels.mask.all()


@pytest.fixture(scope="module")
def shipped():
    return find_bundle("listi")


def test_the_bundle_that_ships_is_small_and_says_what_it_is(shipped):
    files = [path for path in (folders_of_the_package() / "listi").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2e6
    assert shipped.glasses["atoms"] == 9600 and len(shipped.glasses["keys"]) == 40
    assert shipped.label["unit"] and shipped.scores["model"]["pearson"] > 0.9


def test_the_bundle_that_ships_knows_a_glass_of_its_kind_from_one_too_ordered(shipped, large):
    """The true map of the second, of ring variance 0.3, follows the predicted one by 0.90 only."""
    ordered = AQS().relax(
        DualSwitch(rings_x=16, rings_y=18, variance=0.3, alpha=0.3).generate(
            0, np.random.default_rng(0)
        ),
        POTENTIAL,
    )
    assert predict(large, shipped, grid=4).doubtful is False
    found = predict(ordered, shipped, grid=4)
    assert found.doubtful is True and found.correlation == pytest.approx(0.90, abs=0.03)


def folders_of_the_package():
    from vitreous.bundles.read import SHIPPED

    return SHIPPED


def test_the_bundle_that_ships_knows_a_new_glass(shipped):
    network = DualSwitch(rings_x=14, rings_y=16, variance=0.917, alpha=0.3).generate(
        0, np.random.default_rng(99)
    )
    glass = AQS().relax(network, POTENTIAL)
    truth = LocalProbing(grid=8, strain_step=1e-3).label(glass, POTENTIAL, Loading(), None)
    found = predict(glass, shipped, grid=8)
    assert found.doubtful is False and found.at_rest
    assert np.corrcoef(found.labels.values[truth.mask], truth.values[truth.mask])[0, 1] > 0.85
    for p in (0.5, 0.95):
        low, high = found.bounds[p]
        assert np.mean((low < truth.values) & (truth.values < high)) == pytest.approx(
            p, abs=0.15 if p == 0.5 else 0.06
        )


@pytest.fixture(scope="module")
def large():
    """A relaxed glass of 1440 atoms like those of the bundle that ships."""
    network = DualSwitch(rings_x=16, rings_y=18, variance=0.917, alpha=0.3).generate(
        0, np.random.default_rng(6)
    )
    return AQS().relax(network, POTENTIAL)


@pytest.mark.parametrize("radius", [33.0, 40.0])
def test_of_a_patch_much_the_same_is_expected_as_of_the_glass_that_it_is_cut_from(
    shipped, large, radius
):
    whole = predict(large, shipped, grid=4)
    assert predict(cut_out(large, radius), shipped, grid=30).correlation == pytest.approx(
        whole.correlation, abs=0.03
    )


def test_of_a_patch_with_hardly_a_whole_window_nothing_is_said(shipped, large):
    assert predict(cut_out(large, 23.0), shipped, grid=30).doubtful is None


def test_maps_of_other_glasses_are_not_to_be_trusted(shipped, large):
    from vitreous.testing.systems import silica_honeycomb

    squeezed = large.with_(positions=large.positions * 0.97, cell=large.cell * 0.97)
    for moved in (stretched(large), squeezed):
        with pytest.raises(VitreousError, match=r"needs a glass at rest .* predict --relax"):
            predict(moved, shipped)
    assert predict(rested(squeezed, shipped).configuration, shipped, grid=5).doubtful
    crystal = AQS().relax(silica_honeycomb(columns=16, rows=9), POTENTIAL)
    assert predict(crystal, shipped, grid=5).doubtful


@pytest.mark.parametrize("angle", [20.0, 45.0, 90.0])
def test_a_turned_loading_does_not_make_a_map_doubtful(shipped, large, angle):
    assert predict(large, shipped, angle=angle, grid=4).doubtful is False


def told_of_damage(run, fragile, tmp_path, capsys, monkeypatch, relaxed=True):
    """What the command prints, and its table, atoms and picture, of a glass that breaks when it is
    relaxed.
    """
    from matplotlib.figure import Figure

    drawn, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda figure, *where, **how: drawn.append(figure) or save(figure, *where, **how),
    )
    file = write_configuration(tmp_path / "glass.extxyz", fragile)
    outs = [tmp_path / name for name in ("map.csv", "map.png", "atoms.extxyz")]
    more = ["--relax"] if relaxed else []
    assert (
        main(
            [
                "predict",
                str(run[0]),
                str(file),
                "--grid",
                "12",
                "--json",
                *more,
                *(f"--out={out}" for out in outs),
            ]
        )
        == 0
    )
    table = np.genfromtxt(outs[0], delimiter=",", names=True, dtype=None, encoding="utf-8")
    return capsys.readouterr(), table, ase.io.read(outs[2]).arrays, drawn[0]


def test_a_broken_bond_is_given_as_the_reason_wherever_sites_are_masked(
    run, overstretched, tmp_path, capsys, monkeypatch
):
    said, table, atoms, figure = told_of_damage(run, overstretched, tmp_path, capsys, monkeypatch)
    assert "note: relaxing changed the network: the bond between atoms" in said.err
    because = json.loads(said.out)["masked_because"]
    count = because["window meets a broken bond"]
    assert 0 < count < 144 and list(because) == ["window meets a broken bond"]
    assert f"{count} sites are left out: {count} whose window meets a broken bond" in said.err
    assert np.array_equal(
        table["masked_because"] == "window meets a broken bond", table["predicted"] == 0
    )
    assert np.array_equal(atoms["window_meets_a_broken_bond"] == 1.0, np.isnan(atoms["delta_tau"]))
    assert figure.get_supxlabel() == f"hatched: window meets a broken bond ({count} sites)"


def test_the_rim_of_a_patch_is_given_as_the_reason_and_not_its_cut_bonds(
    run, unseen, tmp_path, capsys, monkeypatch
):
    patch = cut_out(unseen.configuration, 20.0)
    said, table, _, figure = told_of_damage(
        run, patch, tmp_path, capsys, monkeypatch, relaxed=False
    )
    count = int((table["predicted"] == 0).sum())
    assert json.loads(said.out)["masked_because"] == {"window leaves the glass": count}
    assert figure.get_supxlabel() == f"hatched: window leaves the glass ({count} sites)"


def test_a_hole_is_given_as_the_reason(trained, unseen):
    glass = unseen.configuration
    middle = 0.5 * glass.cell.sum(axis=0)
    around_hole = np.linalg.norm(glass.minimum_image(glass.positions - middle), axis=1) > 10.0
    holed = glass.with_(
        positions=glass.positions[around_hole],
        species=glass.species[around_hole],
        ids=glass.ids[around_hole],
        bonds=np.zeros((0, 2), int),
    )
    reasons = obstacles(bonded(holed), trained, middle[None])
    assert reasons.tolist() == ["window holds a hole"]


def test_no_site_of_a_whole_glass_is_masked_and_no_reason_is_given(trained, unseen):
    found = predict(unseen.configuration, trained, grid=5)
    assert found.masked == {}
    assert (found.reasons == "").all()


def test_a_glass_is_judged_alike_on_any_grid(shipped, large):
    found = [predict(large, shipped, grid=grid) for grid in (1, 20)]
    assert len({one.correlation for one in found}) == 1


@pytest.mark.parametrize("module", ["vitreous.bundles.pyfunc", "vitreous.direct.bundle"])
def test_mlflow_loads_bundles_of_today_and_of_before_they_had_a_package(module, shipped):
    """``MLmodel`` names the module to load with, and is never written again."""
    loaded = import_module(module)._load_pyfunc(str(folders_of_the_package() / "listi"))
    assert type(loaded.fitted) is type(shipped.fitted)


def test_a_bundle_that_is_written_names_the_module_that_loads_it(run):
    about = json.loads((run[0] / "MLmodel").read_text())
    module = about["flavors"]["python_function"]["loader_module"]
    assert import_module(module)._load_pyfunc(str(run[0])).predict
