"""Evaluations of a run: chosen, refused or left out before anything is computed; one object for
file, console and page.
"""

import dataclasses
import json
import re

import numpy as np
import pytest
from toy import vitreous

from vitreous.app.evaluating import choose
from vitreous.core.compose import unfit
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.core.registry import discover
from vitreous.core.run import Run
from vitreous.plugins.evaluations.correlation import Correlation

TOY = {
    "generator": "toy_lattice",
    "labeler": "toy_map",
    "events": "toy_events",
    "indicators": "toy_vector",
    "model": "toy_least_squares",
}
KIND = {"events": "labeler", "indicators": "descriptor"}


def chosen(*names, where_they_fit=(), **changes):
    registry = discover()
    parts = {
        role: registry.resolve(KIND.get(role, role), name)
        for role, name in {**TOY, **changes}.items()
        if name
    }
    targets = {
        name: {"_target_": registry.find("evaluation", name).component.target} for name in names
    }
    return choose(
        {"evaluations": targets, "where_they_fit": list(where_they_fit)}, parts, 2, registry
    )


def test_what_fits_is_built_under_its_name(toys):
    found = chosen("goodness", "ranking")
    assert {name: type(each).__name__ for name, each in found.evaluations.items()} == {
        "goodness": "Goodness",
        "ranking": "Ranking",
    }
    assert not found.left_out and not chosen().evaluations


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        (
            "goodness",
            {"labeler": "toy_whole"},
            "scores labels of level atom, field, site, but labeler 'toy_whole' labels each sample; "
            r"leave it out with ~evaluations.goodness; "
            r"what would fit: \+evaluation@evaluations.regression=regression$",
        ),
        (
            "goodness",
            {"events": None},
            "needs events, but no labeler of events is chosen; .*correlation=correlation",
        ),
        (
            "prediction_area",
            {"labeler": "toy_whole"},
            "needs an attention, which model 'toy_least_squares' does not give; .*regression$",
        ),
        ("regression", {"model": None}, "needs a model, but there is none"),
        (
            "correlation",
            {"model": None, "indicators": None},
            "needs a model or indicators, but there is neither",
        ),
        ("calibration", {}, "needs an uncertainty, and model 'toy_least_squares' gives none"),
        ("rings", {}, "needs bonds, but generator 'toy_lattice' makes glasses without a bond list"),
        (
            "crack_path",
            {},
            "scores labels of level atom, field, but labeler 'toy_map' labels each site",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(name, changes, sentence, toys):
    with pytest.raises(VitreousError, match=sentence):
        chosen(name, **changes)
    lenient = chosen(name, where_they_fit=[name], **changes)
    assert not lenient.evaluations and re.match(f"evaluation '{name}'", lenient.left_out[name])


def test_a_loading_of_another_dimension_does_not_fit_rings(toys):
    registry = discover()
    parts = {
        "generator": registry.resolve("generator", "toy_bonded"),
        "labeler": registry.resolve("labeler", "toy_map"),
    }
    rings = registry.resolve("evaluation", "rings")
    assert unfit(rings, parts, 2, registry) == ""
    assert "dimension 3 (loading.dimension), but evaluation 'rings' works in 2" in unfit(
        rings, parts, 3, registry
    )


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"evaluations": "goodness"},
            r"evaluations is 'goodness'; expected evaluations by name: add one with \+evaluation@",
        ),
        ({"evaluations": {"mine": "goodness"}}, "evaluations.mine is 'goodness', no component"),
        (
            {"evaluations": {"mine": {"_target_": "os.system"}}},
            "'os.system' cannot be used as an evaluation",
        ),
        ({"where_they_fit": "goodness"}, "where_they_fit is 'goodness', a str"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_one_sentence(config, sentence, toys):
    with pytest.raises(VitreousError, match=sentence):
        choose(config, {}, 2, discover())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("evaluated")


@pytest.fixture(scope="module")
def reported(home):
    """What a toy run printed, and its folder."""
    done = vitreous(
        home,
        "run",
        "experiment=toy",
        "report=true",
        "+evaluation@evaluations.mine=ranking",
        "evaluations.mine.fraction=0.2",
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "runs" / "toy").iterdir()
    return done.stdout, folder


def test_console_file_and_page_show_the_same_numbers(reported):
    printed, folder = reported
    scores = json.loads((folder / "scores.json").read_text())
    page = re.sub(
        r"data:image/png;base64,[A-Za-z0-9+/=]+", "", (folder / "report.html").read_text()
    )
    assert list(scores) == ["goodness", "correlation", "regression", "mine"]
    pearson, c_rank = scores["correlation"]["model"]["pearson"], scores["mine"]["model"]["c_rank"]
    assert re.search(r"^label     \S.* of each \w+$", printed, re.MULTILINE)
    assert "\nCorrelation with the true map, mean over test glasses:\nmap, with" in printed
    for heading, values in (("map, with the true map", [pearson]), ("ranking by map", [c_rank])):
        after = printed[printed.index(heading) :]
        line = next(line for line in after.splitlines() if line.startswith("model "))
        cells = [f"{value:.3f}" for value in values]
        assert line.split()[1 : 1 + len(cells)] == cells
        shown = "".join(f"<td>{cell.replace('-', chr(0x2212))}</td>" for cell in cells)
        assert f'<tr><td class="word">model</td>{shown}' in page


def test_numbers_of_each_glass_are_kept_and_test_glasses_alone_are_scored(reported):
    _, folder = reported
    unseen = [sample.name for sample in Run.open(folder).role("test")]
    glasses = json.loads((folder / "scores_by_glass.json").read_text())
    assert list(glasses["correlation"]) == unseen
    (row,) = glasses["correlation"].values()
    assert (
        row["model"]["pearson"]
        == json.loads((folder / "scores.json").read_text())["correlation"]["model"]["pearson"]
    )


def test_what_was_left_out_is_printed_and_on_the_page(reported):
    printed, folder = reported
    reason = (
        "evaluation 'calibration' needs an uncertainty, and model 'toy_least_squares' gives none"
    )
    assert f"skipped   {reason}" in printed
    assert reason.replace("'", "&#39;") in (folder / "report.html").read_text()


def test_a_run_without_a_model_is_scored_and_reported(home, reported):
    done = vitreous(
        home,
        "run",
        "experiment=toy",
        "model=none",
        "report=true",
        "name=probed",
        "~evaluations.regression",
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "runs" / "probed").iterdir()
    scores = json.loads((folder / "scores.json").read_text())
    assert (
        list(scores) == ["goodness", "correlation"]
        and scores["goodness"]["true map"]["nearest"]["event_1"] is not None
    )
    assert (
        "true map" in done.stdout
        and "6 glasses, without a model" in (folder / "report.html").read_text()
    )
    assert not (folder / "model").exists()


def test_an_evaluation_that_does_not_fit_is_refused_before_anything_is_computed(tmp_path):
    done = vitreous(tmp_path, "run", "experiment=toy", "+evaluation@evaluations.path=crack_path")
    assert done.returncode == 2 and not (tmp_path / "store").exists()
    (line,) = done.stderr.splitlines()
    assert "leave it out with ~evaluations.path" in line


def test_labels_of_several_components_are_written_and_scored_by_what_can(
    toys, tmp_path, monkeypatch
):
    from toyglass import components as toy

    label, fit = toy.Map.label, toy.LeastSquares.fit

    def two(self, glass, potential, loading, trajectory):
        found = label(self, glass, potential, loading, trajectory)
        both = np.stack([found.values, 2.0 * found.values], axis=1)
        return dataclasses.replace(
            found, values=both, mask=np.isfinite(both), components=("near", "far")
        )

    class Both(Fitted):
        def predict(self, features):
            return np.ones((len(features), 2))

        def save(self, folder):
            (folder / "both").write_text("")

    monkeypatch.setattr(toy.Map, "label", two)
    monkeypatch.setattr(toy.Map, "components", ("near", "far"))
    monkeypatch.setattr(toy.LeastSquares, "several", True)
    monkeypatch.setattr(toy.LeastSquares, "fit", lambda self, train, validation, rng, log: Both())
    monkeypatch.setattr(toy.LeastSquares, "load", lambda self, folder: Both())
    assert fit is not toy.LeastSquares.fit
    done = vitreous(tmp_path, "run", "experiment=toy", "executor=serial", "tracker=none")
    assert done.returncode == 0, done.stderr
    assert "scores labels of one component, but these have 2: near, far" in done.stdout
    (folder,) = (tmp_path / "runs" / "toy").iterdir()
    header, row = (folder / "predictions" / "sample_0.csv").read_text().splitlines()[:2]
    assert header == "x,y,gap_near,gap_far,prediction_near,prediction_far"
    assert row.endswith(",1.0,1.0")
    assert (folder / "model" / "bundle.json").is_file()
    refused = vitreous(
        tmp_path, "run", "experiment=toy", "executor=serial", "tracker=none", "where_they_fit=[]"
    )
    assert refused.returncode == 2
    assert "leave it out with ~evaluations." in refused.stderr


def test_an_evaluation_that_fails_costs_its_own_numbers_and_the_run_says_so(
    toys, tmp_path, monkeypatch
):
    monkeypatch.setattr(Correlation, "evaluate", lambda self, run: 1 / 0)
    done = vitreous(tmp_path, "run", "experiment=toy", "executor=serial", "tracker=none")
    assert done.returncode == 2
    assert (
        "evaluations failed: correlation (see the errors above); everything else is written to "
        in done.stderr
    )
    (folder,) = (tmp_path / "runs" / "toy").iterdir()
    scores = json.loads((folder / "scores.json").read_text())
    assert "correlation" not in scores
    assert scores["goodness"]
    assert (folder / "model" / "bundle.json").exists()
