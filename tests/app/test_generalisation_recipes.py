"""The recipes that test on glasses of another history or composition (Fan & Ma 2021, Fig. 5)."""

import json

import pytest
from test_first_break_recipes import assembled
from toy import vitreous

from vitreous.core.cases import table
from vitreous.core.errors import VitreousError
from vitreous.core.stages import artifacts
from vitreous.core.store import Store

pytest.importorskip("sklearn")
HISTORY, COMPOSITION = "experiment=fan_ma/2d/history", "experiment=fan_ma/3d/composition"


def keys(pipeline, tmp_path, role, index):
    case = table({index: role}, pipeline.load_cases)[0]
    found = artifacts(pipeline.chain(case), Store(tmp_path), index)
    return {stage: artifact.key for stage, artifact in found.items()}


def test_test_glasses_have_another_history_and_the_others_are_those_of_the_other_recipes(tmp_path):
    """Protects campaigns, and the packed labels."""
    made = assembled(tmp_path, HISTORY)
    assert [made.generator.schedule[-1][2], made.tested.schedule[-1][2]] == [1000.0, 100.0]
    assert made.generator.counts == made.tested.counts
    other = assembled(tmp_path, "experiment=fan_ma/2d/response", "target=strain_005")
    mine, theirs = (keys(p, tmp_path, "train", 7) for p in (made, other))
    assert mine["label"] == theirs["label"] and mine["deform"] == theirs["deform"]


def test_glasses_of_another_history_can_be_made_and_labelled_beforehand(tmp_path):
    schedule = "generator.schedule=[[1.0,1.0,50],[0.351,0.351,50],[0.351,0.0299,100]]"
    alone = assembled(tmp_path, "experiment=fan_ma/2d/indicators", schedule, "samples=6")
    made = assembled(tmp_path, HISTORY)
    mine, theirs = keys(made, tmp_path, "test", 3), keys(alone, tmp_path, "test", 3)
    assert mine["generate"] == theirs["generate"] and mine["deform"] == theirs["deform"]
    assert mine["label"] == theirs["label:strain_005"]


@pytest.mark.parametrize("time", [100, 1000, 10000])
def test_one_number_sets_the_time_of_the_quench_of_test_glasses(time, tmp_path):
    made = assembled(tmp_path, HISTORY, f"tested.schedule.2.2={time}")
    assert made.tested.schedule == (*made.generator.schedule[:2], (0.351, 0.0299, float(time)))


@pytest.mark.parametrize(
    ("scale", "counts"), [("", (2800, 1200)), ("small", (350, 150)), ("paper", (2800, 1200))]
)
def test_test_glasses_have_another_composition_in_the_same_potential(scale, counts, tmp_path):
    made = assembled(tmp_path, COMPOSITION, *[f"scale={scale}"] * bool(scale))
    assert made.tested.counts == counts
    assert made.tested.pair_commands == made.generator.pair_commands
    assert made.generator.counts[0] == made.generator.counts[1]


@pytest.mark.parametrize(
    ("recipe", "given", "sentence"),
    [
        (HISTORY, "tested.schedule.2.2=0", "expected segments of three positive numbers"),
        (COMPOSITION, "tested.counts=[4000,0]", "expected positive numbers"),
        (COMPOSITION, "tested.counts=[4000]", "expected as many of each"),
        (HISTORY, "+tested.quench_time=100", "unknown field tested.quench_time"),
        (HISTORY, "split.test=[0,99]", "samples run from 0 to 17"),
    ],
)
def test_impossible_histories_and_compositions_are_refused_before_compute(
    recipe, given, sentence, tmp_path
):
    with pytest.raises(VitreousError, match=sentence):
        assembled(tmp_path, recipe, given)


@pytest.mark.lammps
def test_a_history_runs_from_end_to_end_and_sets_moduli_beside_predictions(tmp_path):
    pytest.importorskip("lammps")
    quick = ("samples=5", "split.test=[0,1]", "executor=serial", "tracker=none", "report=false")
    done = vitreous(tmp_path, "run", HISTORY, "scale=small", "simulator.strain_max=0.03", *quick)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "runs").glob("*/*")
    found = json.loads((folder / "scores.json").read_text())
    row = found["predicted_fraction"]["model"]
    assert row["glasses"] == 2.0 and 0.0 < row["fraction"] < 1.0
    assert 5.0 < row["modulus"] < 40.0  # epsilon / sigma^2
    assert 0.0 <= found["classes"]["model"]["balanced_accuracy"] <= 1.0
