"""Whatever a run learns, its bundle answers: a number, atoms, a map, a picture, as the run did."""

import json
from dataclasses import replace

import level_components as parts
import numpy as np
import pytest

from vitreous.bundles import predict, read_glass_for
from vitreous.bundles.sites import obstacles
from vitreous.cli import main
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.projection import Projection
from vitreous.io.write import write_configuration
from vitreous.plugins.descriptors.symmetry_functions import SymmetryFunctions
from vitreous.plugins.models.ridge import Ridge
from vitreous.testing.systems import LennardJones

LEVELS = [parts.Number, parts.Two, parts.Where, parts.Crowd, parts.Kinds, parts.Picture]


@pytest.fixture
def ask(tmp_path, capsys):
    """What ``vitreous predict`` prints of a glass; it is read from a file, without bonds."""

    def answer(made, *options, glass=None):
        file = tmp_path / "glass.extxyz"
        write_configuration(file, made.unseen.configuration if glass is None else glass)
        status = main(["predict", str(made.folder), str(file), "--json", *map(str, options)])
        printed = capsys.readouterr()
        return json.loads(printed.out) if status == 0 else printed.err

    return answer


def table(path):
    return np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")


def columns(path):
    """The last columns of an extended XYZ file or dump, one number each, by name."""
    head, *rows = path.read_text().splitlines()[1 if path.suffix == ".extxyz" else 8 :]
    words = head.split("Properties=")[-1].split()[0].split(":")
    names = words[::3] if path.suffix == ".extxyz" else head.split()[2:]
    values = [row.split() for row in rows]
    return {
        name: np.array([row[k - len(names)] for row in values], dtype=object).astype(float)
        for k, name in enumerate(names)
        if name not in ("species", "pos", "element")
    }


@pytest.mark.parametrize("labeler", LEVELS)
def test_a_bundle_says_what_the_run_said(labeler, bundled):
    made = bundled(labeler())
    found, unseen = predict(made.unseen.configuration, made.bundle), made.unseen
    np.testing.assert_allclose(found.labels.values, unseen.prediction, rtol=1e-12)
    np.testing.assert_allclose(found.labels.positions, unseen.labels.positions, atol=1e-12)
    for name in ("name", "level", "unit", "task", "components", "classes", "grid", "weak_is"):
        assert getattr(found.labels, name) == getattr(unseen.labels, name)
    if labeler is parts.Kinds:
        np.testing.assert_allclose(found.probabilities, unseen.probabilities)


def test_a_number_is_printed_with_its_unit_and_what_is_not_known_is_left_open(bundled, ask):
    made = bundled(parts.Number())
    told = ask(made)
    assert told["number"] == pytest.approx(made.unseen.prediction[0], rel=1e-9)
    assert told["unit"] == "sigma"
    assert told["uncertainty"] is told["intervals"] is told["expected_correlation"] is None
    assert told["largest_force"] is None and "sites" not in told


def test_a_glass_that_may_not_be_at_rest_is_told_so(bundled, tmp_path, capsys):
    made = bundled(parts.Number())
    file = write_configuration(tmp_path / "glass.extxyz", made.unseen.configuration)
    assert main(["predict", str(made.folder), str(file)]) == 0
    printed = capsys.readouterr()
    assert "at rest is not known, since the bundle holds no potential; the model le" in printed.err
    assert "glasses at rest under Anything" in printed.err and "largest force" not in printed.out


def test_a_number_has_intervals_where_twenty_glasses_set_them(bundled, ask):
    made = bundled(parts.Number(), validation=20, model=parts.Table(deviation=0.5))
    told = ask(made)
    narrow, wide = (told["intervals"][f"high_{p}"] - told["number"] for p in (50, 95))
    assert 0.0 < narrow < wide
    assert wide == pytest.approx(0.5 * made.bundle.intervals.ratio[-1])
    assert told["uncertainty"] == pytest.approx(made.bundle.intervals.deviation(0.5))
    few = bundled(parts.Number(), validation=5, model=parts.Table(deviation=0.5))
    told = ask(few)
    assert told["uncertainty"] == 0.5 and told["intervals"] is None


def test_intervals_of_a_model_without_deviations_are_equally_wide(bundled, ask):
    """They hold the true values of validation glasses as often as they say."""
    made = bundled(parts.Crowd(), validation=2)
    found = predict(made.unseen.configuration, made.bundle)
    for share in (0.5, 0.95):
        low, high = found.bounds[share]
        assert np.ptp(high - low) == pytest.approx(0.0, abs=1e-12) and high[0] > low[0]
        true = made.unseen.labels.values
        assert np.mean((low <= true) & (true <= high)) == pytest.approx(share, abs=0.2)
    assert ask(made)["uncertainty"]["median"] == pytest.approx(found.uncertainty[0])
    assert made.bundle.trust is None and found.correlation is None


def test_components_have_columns_of_their_own(bundled, ask, tmp_path):
    made = bundled(parts.Two(), model=parts.Table(deviation=0.5))
    told, rows = ask(made, "--out", tmp_path / "n.csv"), table(tmp_path / "n.csv")
    for k, name in enumerate(("near", "far")):
        assert told[f"two_{name}"] == float(rows[f"two_{name}"]) == made.unseen.prediction[0, k]
        assert told[f"uncertainty_{name}"] == float(rows[f"uncertainty_{name}"]) == 0.5


def test_a_position_is_told_in_fractions_and_in_the_files_coordinates(bundled, ask):
    made = bundled(parts.Where())
    glass = made.unseen.configuration
    told = ask(made, glass=glass.with_(info={"origin": [10.0, 20.0, 0.0]}))
    fractions = [told["where_x"], told["where_y"]]
    np.testing.assert_allclose(fractions, made.unseen.prediction[0])
    np.testing.assert_allclose(told["at"], fractions @ glass.cell + [10.0, 20.0], rtol=1e-5)


def test_positions_and_classes_have_no_intervals(bundled):
    """Their errors are no differences."""
    for labeler in (parts.Where(), parts.Kinds()):
        made = bundled(labeler, validation=20, model=parts.Table(deviation=0.5))
        assert made.bundle.intervals is None and made.bundle.trust is None


@pytest.mark.parametrize("ending", ["csv", "extxyz", "dump"])
def test_classes_of_atoms_come_with_their_probabilities(bundled, ask, tmp_path, ending):
    made, out = bundled(parts.Kinds()), tmp_path / f"atoms.{ending}"
    told = ask(made, "--out", out)
    full = made.unseen.prediction == 1.0
    assert told["kinds"] == {"free": int((~full).sum()), "full": int(full.sum())}
    if ending == "csv":
        rows = table(out)
        assert (rows["class"] == np.where(full, "full", "free")).all()
        assert set(rows["species"]) == {"A", "B"} and rows["id"].tolist() == list(range(1, 65))
    else:
        rows = columns(out)
    np.testing.assert_array_equal(rows["kinds"] == 1.0, full)
    for k, name in enumerate(("free", "full")):
        np.testing.assert_allclose(
            rows[f"probability_{name}"], made.unseen.probabilities[:, k], atol=1e-9
        )


def test_a_picture_is_drawn_and_its_pixels_are_kept_on_their_grid(bundled, ask, tmp_path):
    made = bundled(parts.Picture(), model=parts.Table(deviation=0.5))
    outs = [tmp_path / f"picture.{ending}" for ending in ("png", "npz", "csv")]
    told = ask(made, *(f"--out={out}" for out in outs))
    assert set(told["picture"]) == {"least", "median", "largest"} and told["sites"] == 24
    assert outs[0].read_bytes().startswith(b"\x89PNG")
    kept = np.load(outs[1])
    np.testing.assert_allclose(kept["picture"], made.unseen.prediction.reshape(6, 4), rtol=1e-9)
    assert kept["uncertainty"].shape == kept["predicted"].shape == (6, 4)
    np.testing.assert_allclose(kept["x"].ravel(), made.unseen.labels.positions[:, 0])
    assert len(table(outs[2])) == 24


def test_a_class_is_drawn_by_its_probabilities(bundled, ask, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "vitreous.report.predicted.draw_prediction",
        lambda glass, labels, panels, path, **how: drawn.update(panels),
    )
    ask(bundled(parts.Kinds()), "--out", tmp_path / "kinds.png")
    assert list(drawn) == ["probability_full"]  # the other is what it leaves
    drawn.clear()
    ask(bundled(parts.Crowd(), validation=2), "--out", tmp_path / "crowd.png")
    assert list(drawn) == ["crowd"]  # its uncertainty is the same everywhere


@pytest.mark.parametrize(
    ("labeler", "ending"),
    [(parts.Number, "png"), (parts.Number, "extxyz"), (parts.Crowd, "npz")],
)
def test_a_file_that_cannot_hold_the_answer_is_refused_before_the_glass_is_read(
    labeler, ending, bundled, tmp_path, capsys
):
    made, out = bundled(labeler()), tmp_path / f"out.{ending}"
    assert main(["predict", str(made.folder), "nowhere.xyz", "--out", str(out)]) == 2
    assert f"{out} cannot be written: its name should end in .csv" in capsys.readouterr().err


def test_pictures_are_of_planes(bundled, tmp_path, capsys):
    made = bundled(
        parts.Crowd(), generator=parts.Mixtures(dimension=3), loading=Loading(dimension=3)
    )
    out = tmp_path / "space.png"
    assert main(["predict", str(made.folder), "nowhere.xyz", "--out", str(out)]) == 2
    assert "its name should end in .csv, .extxyz" in capsys.readouterr().err


@pytest.mark.parametrize("labeler", [parts.Number, parts.Crowd, parts.Picture])
def test_a_grid_is_for_maps(labeler, bundled, ask):
    assert "grid of 7 was asked for, but this model gives" in ask(bundled(labeler()), "--grid", 7)


@pytest.mark.parametrize("reader", ["extxyz", "data"])
def test_a_lennard_jones_glass_needs_no_potential(bundled, tmp_path, reader):
    """Symmetry functions of atoms, in the units and species of the training glasses."""
    made = bundled(
        parts.Crowd(),
        potential=LennardJones(),
        descriptor=SymmetryFunctions(cutoff=2.0, mu_max=2.0, mu_step=0.4, delta=0.4),
        model=Ridge(),
    )
    about = json.loads((made.folder / "bundle.json").read_text())
    assert about["potential"] is made.bundle.potential is about["bonds"] is None
    assert about["glasses"]["at_rest_under"]["target"].endswith("LennardJones")
    assert about["reach"] == 2.0
    assert made.bundle.likeness.names == ["density"]
    glass = made.unseen.configuration
    turned = glass.with_(names=("B", "A"), species=1 - glass.species)
    file = write_configuration(tmp_path / f"glass.{reader}", turned)
    order = ("B", "A") if reader == "data" else None  # of its types: the file does not say it
    read = read_glass_for(made.bundle, file, species=order, dimension=2)
    found = predict(read, made.bundle)
    np.testing.assert_allclose(found.labels.values, made.unseen.prediction, rtol=1e-6)
    assert found.configuration.units == "lj" and np.isnan(found.largest_force)


def test_a_bilayer_is_seen_in_the_plane_and_its_bonds_are_found_in_space(
    bundled, ask, tmp_path, monkeypatch
):
    made = bundled(
        parts.Crowd(),
        generator=parts.Bilayers(),
        loading=Loading(dimension=3),
        projection=Projection(plane="xy"),
        descriptor=parts.Bonded(far=4.0),
    )
    assert made.bundle.projection == Projection(plane="xy")
    assert made.bundle.bonds.pairs == [["O", "Si"]] and made.bundle.bonds.cutoff == 2.2
    unseen = made.unseen.configuration
    found = predict(unseen.with_(bonds=np.zeros((0, 2), int)), made.bundle)
    np.testing.assert_allclose(found.labels.values, made.unseen.prediction, rtol=1e-9)
    assert found.labels.mask.all() and found.configuration.dimension == 3
    assert sorted(map(tuple, np.sort(found.configuration.bonds))) == sorted(
        map(tuple, np.sort(unseen.bonds))
    )
    told = ask(made, "--out", tmp_path / "plane.png")
    assert told["atoms"] == len(unseen) and told["dimension"] == 3 and told["masked"] == 0


def test_a_broken_bond_of_a_bilayer_masks_atoms_around_it_in_the_plane(bundled):
    made = bundled(
        parts.Crowd(),
        generator=parts.Bilayers(),
        loading=Loading(dimension=3),
        projection=Projection(plane="xy", layer="upper"),
        descriptor=parts.Bonded(far=4.0),
    )
    glass = made.unseen.configuration
    upper = (glass.positions[glass.bonds[:, 0], 2] > 5.0).nonzero()[0][0]
    lower = (glass.positions[glass.bonds[:, 0], 2] < 5.0).nonzero()[0][0]
    hidden = predict(glass.with_(bonds=np.delete(glass.bonds, lower, axis=0)), made.bundle)
    assert hidden.masked == {}
    shown = predict(glass.with_(bonds=np.delete(glass.bonds, upper, axis=0)), made.bundle)
    atom = glass.positions[glass.bonds[upper, 0]]
    away = glass.minimum_image(glass.positions - atom)[:, :2]
    near = np.linalg.norm(away, axis=1) < 4.0
    assert (shown.reasons[near] == "window meets a broken bond").all() and shown.labels.mask.any()


@pytest.mark.parametrize(
    ("kept", "says"),
    [(lambda away: away < 4.0, "window leaves the glass"), (lambda away: away > 2.2, "a hole")],
)
def test_windows_in_space_end_at_the_rim_and_at_holes(kept, says, bundled):
    """A sphere that is cut out, and one that is missing."""
    made = bundled(
        parts.Crowd(),
        generator=parts.Mixtures(dimension=3),
        loading=Loading(dimension=3),
        descriptor=parts.Hats(far=1.9),
    )
    glass = made.unseen.configuration
    assert predict(glass, made.bundle).labels.mask.all()
    away = np.linalg.norm(glass.minimum_image(glass.positions - glass.cell.sum(axis=0) / 2), axis=1)
    part = kept(away)
    cut = glass.with_(
        positions=glass.positions[part],
        species=glass.species[part],
        ids=glass.ids[part],
        periodic=(says == "a hole",) * 3,
    )
    bundle = replace(made.bundle, glasses={**made.bundle.glasses, "shares": [[0, 1], [0, 1]]})
    sites = np.vstack([glass.cell.sum(axis=0) / 2, glass.positions[part][np.argmax(away[part])]])
    middle, far = obstacles(cut, bundle, sites)
    assert (far if says != "a hole" else middle).endswith(says)
    assert (middle if says != "a hole" else far) == ""


def test_a_window_as_narrow_as_those_of_the_training_is_taken(bundled):
    made = bundled(parts.Crowd(), descriptor=parts.Hats(far=6.0))
    glass = made.unseen.configuration
    assert predict(glass, made.bundle).labels.mask.all()
    narrow = glass.with_(positions=0.9 * glass.positions, cell=0.9 * glass.cell)
    with pytest.raises(VitreousError, match="across, but the model's window needs 12 sigma"):
        predict(narrow, made.bundle)


def test_glasses_unlike_those_of_the_training_are_doubted_at_every_level(bundled, ask):
    made = bundled(parts.Number())
    glass = made.unseen.configuration
    assert ask(made)["doubtful"] is False

    def scaled(by):
        return predict(
            glass.with_(positions=by * glass.positions, cell=by * glass.cell), made.bundle
        )

    assert scaled(0.99).doubtful is True
    assert scaled(0.99).odd[0][0] == "density"
    # training glasses of one volume are all equally dense: rounding does not make others odd
    assert scaled(1.0 + 1e-6).doubtful is False
