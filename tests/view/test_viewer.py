"""What the page of ``vitreous view`` is told: the same as commands and functions say."""

import json
import subprocess
import sys
import urllib.request
import zipfile

import numpy as np
import pytest
from toy import environment, vitreous

from vitreous.app.view.desk import kind_of
from vitreous.direct import Model, micrograph, potential, rings
from vitreous.io.read import read_columns, read_configuration
from vitreous.io.write import write_configuration

FIELDS = {"detector": "marr_hildreth"}
LONG = {
    "potential": "yukawa_silica",
    "mode": "simple_shear",
    "sign": 1,
    "angle": 0,
    "strain_max": 1.5,
    "strain_step": 1e-5,
    "stop_after_events": None,
    "relax": False,
}  #: a deformation of minutes


def test_everything_that_can_be_opened_is_listed_with_its_kind(folder, client, runs):
    (folder / "notes.txt").write_text("nothing to look at")
    listed = {each["name"]: each["kind"] for each in client.good("GET", "/api/state")["files"]}
    assert {name: kind for name, kind in listed.items() if kind != "run"} == {
        "glass.extxyz": "glass",
        "image.png": "image",
        "walk": "deformation",
    }
    assert sorted(name for name, kind in listed.items() if kind == "run") == runs
    assert kind_of(folder / "notes.txt") == ""


def test_a_glass_is_shown_as_it_is_in_its_file(folder, client, network):
    page = client.open("glass.extxyz")
    shown = page["structure"]
    assert np.allclose(np.transpose(shown["positions"]), network.positions, atol=1e-4)
    assert np.allclose(shown["cell"], network.cell)
    assert shown["counts"] == {"Si": 288, "O": 432}
    assert len(shown["bonds"][0]) == len(network.bonds)
    sizes = rings(network).statistics.counts
    assert shown["ring_sizes"] == {str(size): count for size, count in sizes.items()}
    assert sum(ring["size"] == 5 for ring in shown["rings"]) == sizes[5]
    assert page["warnings"] == []


def test_every_column_of_the_file_can_colour_the_atoms(client, network):
    columns = client.open("glass.extxyz")["structure"]["columns"]
    assert np.allclose(columns["height"]["values"], np.linspace(-1.0, 2.0, len(network)))
    assert columns["height"]["diverging"]
    first, second = network.bonds.T
    step = network.minimum_image(network.positions[second] - network.positions[first])
    mean = np.linalg.norm(step, axis=1).mean()
    stretch = np.array(columns["bond length - mean"]["values"])
    own = np.linalg.norm(step, axis=1)[(network.bonds == 7).any(axis=1)].mean() - mean
    assert stretch[7] == pytest.approx(own, abs=1e-6)


def test_columns_of_a_dump_come_in_the_order_of_the_ids(tmp_path):
    rows = ["2 1 5.0 5.0 0.0 7.5 abc", "1 1 1.0 1.0 0.0 -3e2 abc"]
    head = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n"
    box = "0 9\n0 9\n-0.5 0.5\nITEM: ATOMS id type x y z c_pe word\n"
    path = tmp_path / "a.dump"
    path.write_text(head + box + "\n".join(rows) + "\n")
    assert {name: of.tolist() for name, of in read_columns(path).items()} == {"c_pe": [-300.0, 7.5]}


def test_vectors_and_forces_of_a_file_are_columns_by_component(tmp_path):
    lattice = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:forces:R:3:q:R:2 '
    path = tmp_path / "a.extxyz"
    path.write_text(f'1\n{lattice}pbc="T T T"\nSi 1 2 3 0.1 0.2 0.3 8 9\n')
    found = {name: of.tolist() for name, of in read_columns(path).items()}
    assert found == {
        "forces_x": [0.1],
        "forces_y": [0.2],
        "forces_z": [0.3],
        "q_x": [8],
        "q_y": [9],
    }


def test_types_without_names_are_named_on_the_page(folder, client, network):
    rows = [
        f"{i + 1} {s + 1} {x} {y} 0"
        for i, (s, (x, y)) in enumerate(zip(network.species, network.positions, strict=True))
    ]
    (lx, _), (_, ly) = network.cell
    (folder / "plain.dump").write_text(
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(network)}\nITEM: BOX BOUNDS pp pp pp\n"
        f"0 {lx}\n0 {ly}\n-0.5 0.5\nITEM: ATOMS id type x y z\n" + "\n".join(rows) + "\n"
    )
    page = client.open("plain.dump")
    assert page["unnamed"] == 2
    assert page["structure"]["rings"] == []
    named = client.good("POST", "/api/types", {"names": ["Si", "O"]})
    assert named["unnamed"] == 0
    assert named["structure"]["counts"] == {"Si": 288, "O": 432}
    assert len(named["structure"]["rings"]) == 144


@pytest.mark.parametrize("angle", [0.0, 60.0])
def test_the_map_of_a_model_is_that_of_the_command(folder, client, angle):
    client.open("glass.extxyz")
    asked = {"model": "failure", "angle": angle, "relax": False}
    told = client.done(client.good("POST", "/api/predict", asked))
    assert told["state"] == "done", told
    shown = told["result"]
    model = Model.load("failure")
    glass = read_configuration(folder / "glass.extxyz", units="silica2d")
    with pytest.warns() if shown["remarks"] else _quiet() as said:
        found = model.predict(glass, angle=angle)
    values = np.array(shown["columns"][found.labels.name]["values"], dtype=float)
    assert np.allclose(values, found.labels.values, rtol=1e-6)
    assert np.allclose(np.transpose(shown["sites"]["positions"]), found.labels.positions, atol=1e-4)
    assert shown["doubtful"] == found.doubtful
    if shown["remarks"]:  # in the same words as the command
        assert [str(w.message) for w in said] == [
            text.replace("tick 'at rest first'", "try predict(..., relax=True)")
            for text in shown["remarks"]
        ]
    again = client.done(client.good("POST", "/api/predict", asked))
    assert again["seconds"] < 0.5  # kept for each angle
    assert again["result"]["warnings"] == shown["warnings"]
    assert again["result"]["columns"] == shown["columns"]


def middle(found):
    """The spot nearest to the middle of the image."""
    spots = np.transpose(found["spots"])
    return spots[np.linalg.norm(spots - 200.0, axis=1).argmin()].tolist()


def _quiet():
    import warnings

    return warnings.catch_warnings(record=True)


def test_a_deformation_is_that_of_the_command_and_can_be_taken_away(client, network, tmp_path):
    from vitreous.direct import deform

    client.open("glass.extxyz")
    how = {
        "potential": "yukawa_silica",
        "mode": "pure_shear",
        "sign": 1,
        "angle": 30,
        "strain_max": 0.1,
        "strain_step": 1e-3,
        "stop_after_events": 1,
        "relax": False,
    }
    told = client.done(client.good("POST", "/api/deform", how))
    assert told["state"] == "done", told
    shown = told["result"]
    from vitreous.core.data import Loading

    run = deform(
        network,
        potential("yukawa_silica"),
        Loading(angle=30.0),
        strain_max=0.1,
        strain_step=1e-3,
        stop_after_events=1,
    )
    assert [event["strain"] for event in shown["events"]] == pytest.approx(run.events.strain)
    assert [event["atom"] for event in shown["events"]] == network.ids[run.events.atom].tolist()
    last = dict(zip(shown["strain"], shown["stress"], strict=True))
    assert last[max(last)] == pytest.approx(run.scalar_stress[-1], rel=1e-5)
    frame = client.good("GET", f"/api/frame/{len(shown['frames']) - 1}")
    assert np.transpose(frame["positions"]).shape == network.positions.shape
    assert not np.allclose(frame["cell"], network.cell)
    _, _, content = client.send(
        "GET", "/api/file/deformation.zip", **{"X-Vitreous-Token": client.token}
    )
    (tmp_path / "a.zip").write_bytes(content)
    names = set(zipfile.ZipFile(tmp_path / "a.zip").namelist())
    assert names == {"curve.csv", "events.csv", "frames.extxyz", "curve.png"}


def test_a_long_computation_can_be_stopped(client):
    client.open("glass.extxyz")
    begun = client.good("POST", "/api/deform", LONG)
    client.good("DELETE", f"/api/job/{begun['job']}")
    assert client.done(begun)["state"] == "stopped"
    client.open("glass.extxyz")  # nothing waits for it


def test_opening_something_ends_what_is_computed(client):
    client.open("glass.extxyz")
    begun = client.good("POST", "/api/deform", LONG)
    client.open("image.png")
    assert client.done(begun)["state"] == "stopped"


def test_frames_are_played_and_too_many_are_named(folder, client, network, monkeypatch):
    from vitreous.app.view import opened
    from vitreous.io.write import write_extxyz_frames

    frames = [
        (network.with_(positions=network.positions + 0.1 * k), {"strain": 0.1 * k})
        for k in range(3)
    ]
    write_extxyz_frames(folder / "frames.extxyz", frames)
    page = client.open("frames.extxyz")
    assert [each["strain"] for each in page["frames"]] == pytest.approx([0.0, 0.1, 0.2])
    frame = client.good("GET", "/api/frame/1")
    assert np.allclose(np.transpose(frame["positions"]), network.positions + 0.1, atol=1e-3)
    monkeypatch.setattr(opened, "_FRAMES_TOGETHER", 2)
    page = client.open("frames.extxyz")
    assert page["frames"] == []
    assert page["warnings"] == [
        "frames.extxyz has 3 frames, of which the last is shown; up to 2 can be played"
    ]


def test_the_folder_of_a_deformation_has_curve_events_and_frames(folder, client, network):
    page = client.open("walk")
    track = page["trajectory"]
    assert len(track["events"]) == 2
    assert track["frames"][0] == 0.0
    assert {"stress", "stress xx"} & set(track["others"])
    place = np.array(track["events"][0]["at_in_file"])
    atom = network.ids.tolist().index(track["events"][0]["atom"])
    assert np.allclose(place, network.positions[atom], atol=1e-3)
    frame = client.good("GET", f"/api/frame/{len(track['frames']) - 1}")
    assert len(frame["positions"][0]) == len(network)


def test_a_damaged_deformation_is_refused_in_a_sentence(folder, client):
    (folder / "walk" / "curve.csv").write_text("strain,energy\n0.0\n")
    status, told = client.ask("POST", "/api/open", {"name": "walk"})
    assert (status, "damaged" in told["error"]) == (422, True)
    assert str(folder) not in told["error"]


def test_corrections_give_the_network_that_the_command_finds(folder, client):
    client.open("image.png")
    before = client.good("POST", "/api/image/detect", {"fields": FIELDS, "edits": []})
    x, y = middle(before)
    less = client.good("POST", "/api/image/correct", {"edits": [["remove", x, y]]})
    assert len(less["spots"][0]) == len(before["spots"][0]) - 1
    assert sum(map(bool, less["reasons"])) == 3  # its neighbours lack a bond
    edits = [["remove", x, y], ["add", x, y]]
    mended = client.good("POST", "/api/image/correct", {"edits": edits})
    assert mended["ring_sizes"] == before["ring_sizes"]

    client.good("POST", "/api/image/correct", {"edits": [["remove", x, y]]})
    saved = folder / client.good("POST", "/api/image/save", {})["saved_as"]
    with pytest.warns(UserWarning, match="3 of"):
        found = micrograph(folder / "image.png", edits=str(saved), **FIELDS)
    assert np.allclose(np.transpose(less["spots"]), found.imaged.found.places, atol=2e-3)
    assert less["ring_sizes"] == {
        str(size): count for size, count in found.rings.statistics.counts.items()
    }


def test_an_image_reopens_as_it_was_left(folder, client):
    client.open("image.png")
    fields = {**FIELDS, "region": [20, 30, 380, 390], "pixel_size": 0.21}
    found = client.good("POST", "/api/image/detect", {"fields": fields, "edits": []})
    x, y = middle(found)
    left = client.good("POST", "/api/image/correct", {"edits": [["remove", x, y]]})
    client.good("POST", "/api/image/save", {})
    page = client.open("image.png")
    for name in ("spots", "links", "reasons", "edits", "pixel_size"):
        if name == "edits":
            assert page["edits"] == [
                ["remove", pytest.approx(x, abs=1e-3), pytest.approx(y, abs=1e-3)]
            ]
        else:
            assert page[name] == left[name]
    assert {name: page["fields"][name] for name in fields} == fields


def test_the_command_that_is_told_has_every_setting(folder, client):
    client.open("image.png")
    fields = {**FIELDS, "region": [20, 30, 380, 390], "pixel_size": 0.21}
    found = client.good("POST", "/api/image/detect", {"fields": fields, "edits": []})
    told = client.good("POST", "/api/image/save", {})
    assert told["kept"]
    options = [word for each in told["settings"] for word in ("--set", each)]
    done = vitreous(folder, "rings", "image.png", *options, "--json")
    assert done.returncode == 0, done.stderr
    assert f'"spots": {len(found["spots"][0])}' in done.stdout
    assert '"pixel_size": 0.21' in done.stdout


def test_a_scale_at_which_no_silica_exists_is_warned_of(client):
    page = client.open("image.png")
    assert page["warnings"] == []
    told = client.good("POST", "/api/image/detect", {"fields": {"pixel_size": 5.0}, "edits": []})
    assert any("5 angstrom per pixel" in sentence for sentence in told["warnings"])


def test_corrections_of_an_image_that_was_sent_are_not_said_to_be_kept(folder, client):
    page = client.good("PUT", "/api/send/mine.png", (folder / "image.png").read_bytes())
    assert page["sent"]
    assert not client.good("POST", "/api/image/save", {})["kept"]
    assert not (folder / "mine.png.edits.csv").exists()


def test_damaged_corrections_leave_the_image_usable(folder, client):
    (folder / "image.png.edits.csv").write_text("what,x,y\nremove,here,there\n")
    page = client.open("image.png")
    assert "corrections are left out" in page["remark"]
    assert len(page["spots"][0]) > 500


def test_an_image_without_atoms_is_shown_with_the_reason(folder, client):
    from PIL import Image

    Image.fromarray(np.full((200, 220), 7, np.uint8)).save(folder / "flat.png")
    page = client.open("flat.png")
    assert (page["width"], page["height"]) == (220, 200)
    assert "every pixel of the image is 7" in page["error"]
    status, told = client.ask("POST", "/api/image/correct", {"edits": [["add", 50, 50]]})
    assert (status, "Detect" in told["error"]) == (422, True)
    told = client.done(client.good("POST", "/api/predict", {"model": "listi"}))
    assert (told["state"], "Detect" in told["error"]) == ("failed", True)


def test_a_run_shows_its_scores_its_glasses_and_their_maps(folder, client, runs):
    page = client.open(runs[0])
    scores = json.loads((folder / runs[0] / "scores.json").read_text())
    assert page["scores"]["correlation.model.pearson"] == scores["correlation"]["model"]["pearson"]
    assert {s["role"] for s in page["samples"]} >= {"train", "test"}
    from vitreous.core.run import Run

    run = Run.open(folder / runs[0])
    number = next(k for k, s in enumerate(run.samples) if s.role == "test")
    sample, told = run.samples[number], client.good("GET", f"/api/run/sample/{number}")
    known = {of["name"]: of for of in told["maps"]} or told["structure"]["columns"]
    name = sample.labels.name.replace("_", " ")
    assert np.allclose(known[f"predicted {name}"]["values"], sample.prediction, rtol=1e-6)
    assert known[f"predicted {name}"]["like"] == name
    error = np.asarray(sample.prediction) - sample.labels.values
    shown = np.array(known["error"]["values"], dtype=float)  # None where nothing is known
    assert np.allclose(shown, error, atol=1e-6, equal_nan=True)
    assert known["error"]["diverging"]


def test_a_run_without_scores_says_so(folder, client, runs):
    (folder / runs[0] / "scores.json").unlink()
    page = client.open(runs[0])
    assert page["scores"] == {}
    assert ["has no scores" in sentence for sentence in page["warnings"]] == [True]


def test_another_run_stands_beside_with_its_map_of_the_same_glass(folder, client, runs):
    page = client.open(runs[0])
    client.good("GET", f"/api/run/sample/{page['samples'][0]['number']}")
    beside = client.good("POST", "/api/run/compare", {"name": runs[1]})
    other = json.loads((folder / runs[1] / "scores.json").read_text())
    assert beside["scores"]["correlation.model.pearson"] == other["correlation"]["model"]["pearson"]
    assert beside["maps"] or beside["no_maps"]


@pytest.mark.parametrize(
    "name", ["glass.extxyz", "glass.data", "glass.dump", "prediction.csv", "prediction.extxyz"]
)
def test_what_is_taken_away_can_be_read_again(client, network, tmp_path, name):
    client.open("glass.extxyz")
    if name.startswith("prediction"):
        client.done(client.good("POST", "/api/predict", {"model": "failure", "angle": 0.0}))
    status, headers, content = client.send(
        "GET", f"/api/file/{name}", **{"X-Vitreous-Token": client.token}
    )
    assert status == 200
    assert headers["content-disposition"] == f'attachment; filename="{name}"'
    (tmp_path / name).write_bytes(content)
    if name.endswith(".csv"):
        assert content.startswith(b"id,species,x,y,failures,")
        return
    back = read_configuration(tmp_path / name, assumed=("Si", "O"))
    assert np.allclose(back.positions, network.positions, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["glass.pdf", "glass.a%22.extxyz", "glass", "passwd.csv", "%0a.csv"]
)
def test_no_other_file_is_made(client, name):
    client.open("glass.extxyz")
    status, told = client.ask("GET", f"/api/file/{name}")
    assert (status, bool(told["error"])) == (422, True)


def test_a_micrograph_is_not_deformed(client):
    client.open("image.png")
    how = {
        "potential": "yukawa_silica",
        "mode": "pure_shear",
        "sign": 1,
        "angle": 0,
        "strain_max": 0.1,
        "strain_step": 1e-3,
        "stop_after_events": 1,
        "relax": False,
    }
    told = client.done(client.good("POST", "/api/deform", how))
    assert (told["state"], "free boundary" in told["error"]) == ("failed", True)


def test_the_command_prints_an_address_and_serves_it(folder):
    server = subprocess.Popen(
        [sys.executable, "-m", "vitreous.cli", "view", "glass.extxyz", "--no-browser"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("glass.extxyz at http://127.0.0.1:")
        with urllib.request.urlopen(line.split(" at ")[1].strip()) as page:
            assert b"<title>Vitreous</title>" in page.read()
    finally:
        server.terminate()
        assert server.wait(20) == 0


def test_what_does_not_exist_is_refused_before_anything_is_served(folder):
    from toy import vitreous

    for arguments, words in (
        (("view", "nowhere.extxyz"), "nowhere.extxyz does not exist"),
        (("view", "glass.extxyz", "--port", "70000", "--no-browser"), "choose another --port"),
        (("view", "glass.extxyz", "--host", "203.0.113.1", "--no-browser"), "cannot be served"),
    ):
        done = vitreous(folder, *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("names", "length"),
    [(("S", "L"), "sigma"), (("A", "B"), "sigma"), (("Cu", "Zr"), "angstrom")],
)
def test_lengths_have_the_unit_of_the_species(folder, client, network, names, length):
    """Sulfur and boron are elements, but S and L, A and B are names of discs."""
    glass = network.with_(names=names, units="lj", bonds=np.zeros((0, 2), dtype=int))
    write_configuration(folder / "other.extxyz", glass)
    assert client.open("other.extxyz")["structure"]["length"] == length
