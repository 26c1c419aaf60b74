"""``vitreous export``: a run as files for other programs."""

import csv
import json

import numpy as np
import pytest
from toy import vitreous

from vitreous.analysis.neighborhoods import nearest_site
from vitreous.app.run_export import FORMS
from vitreous.core.data import Labels
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.direct import deform, potential
from vitreous.io.read import read_columns, read_configurations


@pytest.fixture
def exported(made, runs, tmp_path):
    """Exports the first run of ``made`` in a form; its files by name."""

    def export(form, *more):
        out = tmp_path / form
        done = vitreous(made, "export", runs[0], "--to", form, "--out", str(out), *more)
        assert done.returncode == 0, done.stderr
        assert sorted(done.stdout.split()) == sorted(map(str, out.iterdir()))
        return {path.name: path for path in out.iterdir()}

    return export


@pytest.fixture
def tested(made, runs):
    """The test samples of that run."""
    return Run.open(made / runs[0]).role("test")


def test_atoms_have_the_values_of_the_nearest_site(exported, tested):
    files = exported("extxyz")
    assert set(files) == {f"glass_{sample.name}.extxyz" for sample in tested}
    for sample in tested:
        columns, glass = read_columns(files[f"glass_{sample.name}.extxyz"]), sample.configuration
        site = nearest_site(sample.labels.positions, glass.positions, glass.cell, glass.periodic)
        name = sample.labels.name
        assert np.allclose(columns[f"predicted_{name}"], sample.prediction[site])
        truth = np.where(sample.labels.mask, sample.labels.values, np.nan)
        assert np.allclose(columns[name], truth[site], equal_nan=True)


def test_a_table_has_a_row_for_each_site(exported, tested):
    files = exported("csv")
    for sample in tested:
        with files[f"glass_{sample.name}.csv"].open(newline="") as table:
            rows = list(csv.DictReader(table))
        assert len(rows) == len(sample.labels)
        name = f"predicted {sample.labels.name.replace('_', ' ')}"
        assert [float(row[name]) for row in rows] == pytest.approx(sample.prediction)


def test_ovito_gets_the_frames_of_a_deformation_as_well(exported, tested):
    files = exported("ovito")
    for sample in tested:
        assert f"glass_{sample.name}.extxyz" in files
        track = sample.trajectory
        if track is not None and len(track.frames):
            frames = read_configurations(files[f"frames_{sample.name}.extxyz"])
            assert [frame.info["strain"] for frame in frames] == pytest.approx(track.frame_strain)


@pytest.fixture
def of_memory(network):
    """Writes a run of one sample with these labels; its files by name."""

    def write(form, folder, labels, **more):
        sample = Sample.of(configuration=network, labels=labels, **more)
        paths = FORMS[form](Run(loadings=(sample.loading,), samples=(sample,)), [sample], folder)
        return {path.name: path for path in paths}

    return write


def labels_of(glass, level, values):
    count = len(values)
    return Labels(
        name="risk",
        level=level,
        unit="1",
        values=values,
        mask=np.ones(count, dtype=bool),
        positions=glass.positions[:count],
        weak_is="high",
    )


def test_a_table_of_atoms_names_them(of_memory, network, tmp_path):
    labels = labels_of(network, "atom", np.linspace(0.0, 1.0, len(network)))
    with of_memory("csv", tmp_path, labels)["glass_0.csv"].open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [int(row["id"]) for row in rows] == network.ids.tolist()
    assert {row["species"] for row in rows} == {"Si", "O"}
    assert float(rows[-1]["risk"]) == 1.0


def test_what_is_known_of_the_whole_glass_stands_at_every_atom(of_memory, network, tmp_path):
    labels = labels_of(network, "sample", np.array([0.25]))
    columns = read_columns(of_memory("extxyz", tmp_path, labels)["glass_0.extxyz"])
    assert columns["risk"].tolist() == [0.25] * len(network)


def test_atoms_of_a_deformation_have_the_number_of_their_first_event(of_memory, network, tmp_path):
    track = deform(
        network,
        potential("yukawa_silica"),
        strain_max=0.12,
        strain_step=1e-3,
        stop_after_events=2,
        frame_every=0.05,
    )
    labels = labels_of(network, "atom", np.zeros(len(network)))
    files = of_memory("ovito", tmp_path, labels, trajectory=track)
    number = read_columns(files["frames_0.extxyz"])["event"]
    first, second = track.events.atom
    assert number[first] == 1
    assert number[second] == (1 if first == second else 2)
    assert np.count_nonzero(number) == len({first, second})


def test_chemiscope_gets_atoms_whose_values_are_all_known(exported, tested):
    """The form is that of chemiscope 1: its own ``create_input`` writes the same entries."""
    content = json.loads(exported("chemiscope")["chemiscope.json"].read_text())
    assert set(content) == {"meta", "structures", "environments", "properties"}
    assert [one["size"] for one in content["structures"]] == [len(s.configuration) for s in tested]
    count = len(content["environments"])
    assert count > 0
    for of in content["properties"].values():
        assert of["target"] == "atom"
        assert len(of["values"]) == count
        assert np.isfinite(of["values"]).all()
    assert {e["structure"] for e in content["environments"]} <= set(range(len(tested)))


def test_one_glass_is_chosen_by_its_number(exported, made, runs):
    number = Run.open(made / runs[0]).role("train")[0].index
    assert set(exported("csv", "--glass", str(number))) == {f"glass_{number}.csv"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("RUN", "--to", "csv", "--out", "out", "--glass", "99"), "no glass 99"),
        (("walk", "--to", "csv", "--out", "out"), "holds no run"),
        (("RUN", "--to", "csv", "--out", "walk"), "not empty"),
        (("RUN", "--to", "pdf", "--out", "out"), "invalid choice: 'pdf'"),
        (("RUN", "--to", "csv"), "--out"),
    ],
)
def test_what_cannot_be_exported_is_refused(folder, runs, arguments, words):
    done = vitreous(folder, "export", *[runs[0] if a == "RUN" else a for a in arguments])
    assert done.returncode == 2
    assert words in done.stderr
    assert not (folder / "out").exists()
