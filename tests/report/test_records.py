"""A record is checked by whoever has the labels, and nothing of its author's is run."""

import json
import shutil

import numpy as np
import pytest

from vitreous.core.archive import read_archive, write_archive
from vitreous.core.cases import Case
from vitreous.core.data import Labels
from vitreous.core.errors import VitreousError
from vitreous.core.loading import Loading
from vitreous.core.run import Run
from vitreous.core.sample import Sample, Shelf
from vitreous.core.store import Store, key_of
from vitreous.report import records
from vitreous.testing.systems import binary_mixture

CLASSES = {"_target_": "vitreous.plugins.evaluations.classes.Classes", "k": [2], "radius": 2.0}
RANKING = {"_target_": "vitreous.plugins.evaluations.ranking.Ranking", "fraction": 0.1}
OTHERS = {"_target_": "others.package.evaluation.Secret"}
COMPONENT = {"target": "others.secret.network.Network", "version": 1, "fields": {}}


def labels_of(glass, seed):
    values = np.zeros(len(glass))
    values[np.random.default_rng(seed).permutation(len(glass))[:5]] = 1.0
    return Labels(
        name="fertile",
        level="atom",
        task="class",
        classes=("stable", "fertile"),
        unit="1",
        values=values,
        mask=np.ones(len(values), dtype=bool),
        positions=glass.positions,
        weak_is="high",
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def run(store):
    """Two test glasses, predicted by noise that knows a little."""
    glass, samples, shelf = binary_mixture(side=7, dimension=2), [], None
    shelf = Shelf(lambda stage, key: store.get(stage, key)[0])
    for number in (3, 4):
        labels, keys = labels_of(glass, number), {}
        for stage, value in (("relax", glass), ("label", labels)):
            keys[stage] = key_of({"stage": stage, "number": number})
            store.put(stage, keys[stage], value, {"recipe": {"number": number}})
        chance = np.random.default_rng([number, 1]).uniform(0.1, 0.6, len(glass))
        chance = np.clip(chance + 0.3 * labels.values, 0.0, 1.0)
        predicted = {
            "prediction": (chance > 0.5).astype(float),
            "uncertainty": None,
            "probabilities": np.column_stack([1.0 - chance, chance]),
        }
        sample = Sample.stored(Case(glass=number, role="test"), Loading(), keys, shelf)
        values = {**sample.values, "predict": predicted}
        samples.append(Sample(case=sample.case, loading=Loading(), keys=keys, values=values))
    about = {
        "config": {"evaluations": {"classes": CLASSES, "ranking": RANKING, "secret": OTHERS}},
        "components": {"model": COMPONENT, "generator": COMPONENT},
        "packages": {"numpy": "2.0"},
        **dict.fromkeys(("created", "command", "vitreous", "python"), "x"),
    }
    return Run(loadings=(Loading(),), samples=tuple(samples), about=about, shelf=shelf)


@pytest.fixture
def written(run, tmp_path):
    return records.write(*records.make(run, "mine", "CC-BY-4.0"), tmp_path)


def changed(path, change):
    """The record with ``change`` applied to its content."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


def test_scores_are_those_of_the_runs_own_evaluations(run, written, store):
    from vitreous.plugins.evaluations.classes import Classes
    from vitreous.plugins.evaluations.ranking import Ranking

    record = records.check(written, store)
    assert sorted(record["scores"]) == sorted(record["evaluations"]) == ["classes", "ranking"]
    of_classes = Classes(k=(2,), radius=2.0).evaluate(run).numbers["model"]
    assert record["scores"]["classes"]["average_precision"] == pytest.approx(
        of_classes["average_precision"]
    )
    of_ranking = Ranking(fraction=0.1).evaluate(run).numbers["model"]
    assert record["scores"]["ranking"]["c_rank"] == pytest.approx(of_ranking["c_rank"])
    assert record["counts"]["test_cases"] == 2 and record["counts"]["sites"] == 98


def test_a_missing_prediction_is_counted_and_worth_a_blind_guess(run, store, tmp_path):
    record, predictions = records.make(run, "whole", "CC0")
    fertile = np.flatnonzero(run.samples[0].labels.values)
    sample = run.samples[0]
    silent = np.array(sample.probabilities)
    silent[fertile] = np.nan
    values = {**sample.values, "predict": {**sample.values["predict"], "probabilities": silent}}
    quiet = Sample(case=sample.case, loading=sample.loading, keys=sample.keys, values=values)
    other = Run(
        loadings=run.loadings, samples=(quiet, run.samples[1]), about=run.about, shelf=run.shelf
    )
    path = records.write(*records.make(other, "silent", "CC0"), tmp_path)
    checked = records.check(path, store)
    assert (record["counts"]["missing"], checked["counts"]["missing"]) == (0, 5)
    worse = [r["scores"]["ranking"]["c_rank"] for r in (checked, record)]
    assert worse[0] < worse[1]
    assert all(np.isfinite(p).all() for p in predictions.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["scores"]["classes"].update(average_precision=1.0), "states other numbers"),
        (lambda r: r["scores"]["ranking"].pop("overlap"), "states other numbers"),
        (lambda r: r["counts"].update(missing=7), "states other numbers than .*: missing"),
        (lambda r: r.update(sha256="0" * 64), "is not the file that"),
        (lambda r: r.update(format=99), "has format 99"),
        (lambda r: r.pop("licence"), "it lacks licence"),
        (lambda r: r["cases"][0].update(label="../../secret"), "lacks the label"),
        (lambda r: r["cases"][0].update(label="1" * 64), "load its data set first"),
        (lambda r: r["cases"].append(7), "cases of this record are damaged"),
        (lambda r: r["evaluations"].update(classes=OTHERS), "a record is scored by classes"),
    ],
)
def test_what_is_not_so_is_refused(written, store, change, message):
    with pytest.raises(VitreousError, match=message):
        records.check(changed(written, change), store)


def test_predictions_of_another_shape_are_refused(written, store):
    archive = written.with_suffix(".npz")
    _, predictions = read_archive(archive)
    archive.unlink()
    write_archive(
        archive, {"manifest": np.array("{}"), **{k: v[:-1] for k, v in predictions.items()}}
    )
    changed(written, lambda r: r.update(sha256=records._checksum(archive)))
    with pytest.raises(VitreousError, match="its labels ask for"):
        records.check(written, store)


def test_files_that_are_no_record_are_refused(tmp_path, store):
    (tmp_path / "x.json").write_text("[]")
    for name in ("x.json", "missing.json"):
        with pytest.raises(VitreousError, match="is no record"):
            records.check(tmp_path / name, store)


def test_a_record_is_not_written_over_another(run, written, tmp_path):
    with pytest.raises(VitreousError, match="is there already"):
        records.write(*records.make(run, "mine", "CC0"), tmp_path)
    shutil.copy(written, tmp_path / "copy.json")


def test_a_run_that_predicts_nothing_has_no_record(run):
    empty = Run(loadings=run.loadings, samples=(), about=run.about, shelf=run.shelf)
    with pytest.raises(VitreousError, match="predicts nothing"):
        records.make(empty, "none", "CC0")


def test_the_table_has_a_row_for_each_and_a_dash_for_what_is_not_there(run):
    record, _ = records.make(run, "mine", "CC0")
    lines = records.table([record, {**record, "scores": {}}]).splitlines()
    assert len(lines) == 4
    assert "R²" not in lines[0]  # no record has it
    assert lines[2].startswith("| network | – | – | network |")
    assert f"| {record['scores']['ranking']['c_rank']:.3f} |" in lines[2] + lines[3]
    assert "| – | – | – | – |" in lines[2] + lines[3]
