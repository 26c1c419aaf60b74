"""Several labels of one run: they share glasses and deformations, and any of them can be learnt."""

from dataclasses import replace

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from toy import vitreous

from vitreous.app.assembling import assemble
from vitreous.core.cases import Case
from vitreous.core.errors import VitreousError
from vitreous.core.registry import discover
from vitreous.core.stages import artifacts
from vitreous.core.store import Store


def built(tmp_path, *overrides):
    with initialize_config_module("vitreous.conf", version_base="1.3"):
        config = compose("config", overrides=[*overrides, f"home={tmp_path}", f"runs={tmp_path}/r"])
    return assemble(OmegaConf.to_container(config, resolve=True), discover())


def keys(pipeline, store):
    found = artifacts(pipeline.chain(Case(glass=0)), store, 0)
    return {name: artifact.key for name, artifact in found.items()}


def test_targets_are_labelled_beside_the_label_and_read_by_name(toy, toy_pipeline, tmp_path):
    pipeline = replace(toy_pipeline, targets={"fine": toy.Map(grid=8), "peak": toy.Whole()})
    run = pipeline.run(Store(tmp_path))
    sample = run.samples[0]
    assert len(sample.labels) == 16 and len(sample.target("fine")) == 64
    peak = sample.target("peak")
    assert peak.values[0] == pytest.approx(sample.trajectory.scalar_stress.max())
    with pytest.raises(VitreousError, match="no target 'rough'; this run has fine, peak"):
        sample.target("rough")
    assert {"targets.fine", "targets.peak"} <= set(run.about["components"])


def test_a_target_has_the_key_of_the_same_label_in_a_run_of_its_own(toy, toy_pipeline, tmp_path):
    store = Store(tmp_path)
    beside = keys(replace(toy_pipeline, targets={"fine": toy.Map(grid=8)}), store)
    alone = keys(replace(toy_pipeline, labeler=toy.Map(grid=8)), store)
    assert beside["label:fine"] == alone["label"]
    assert beside["label"] == keys(toy_pipeline, store)["label"]


def test_a_damaged_target_is_computed_anew_as_that_target(toy, toy_pipeline, tmp_path):
    store = Store(tmp_path)
    run = replace(toy_pipeline, targets={"fine": toy.Map(grid=8)}).run(store)
    before = run.samples[0].target("fine").values
    store.path("label", run.samples[0].keys["label:fine"]).unlink()
    run.shelf._last.clear()
    np.testing.assert_array_equal(run.samples[0].target("fine").values, before)


CRACK = "+labeler@targets.crack=crack_path"
FRACTURE = ("simulator=aqs_fracture", "samples=4")
BARE = ("model=none", "~descriptor", "~descriptor@indicators")


def test_any_target_can_be_learnt_and_all_choices_share_one_deformation(tmp_path):
    store = Store(tmp_path / "store")
    plain = built(tmp_path, CRACK, *FRACTURE, *BARE)
    chosen = built(tmp_path, CRACK, "target=crack", *FRACTURE, *BARE)
    assert type(chosen.labeler).__name__ == "CrackPath"
    assert list(chosen.targets) == ["labeler"] and type(chosen.targets["labeler"]) is type(
        plain.labeler
    )
    first, second = keys(plain, store), keys(chosen, store)
    assert first["deform"] == second["deform"]
    assert first["label:crack"] == second["label"] and first["label"] == second["label:labeler"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ([CRACK, "target=crak"], "target 'crak' is not there; did you mean 'crack'"),
        (["+labeler@targets.events=crack_path"], "targets.events cannot be named so"),
        (
            ["+labeler@targets.again=local_probing"],
            "targets.again is the same as labeler, the same labeler with the same fields",
        ),
        (
            [CRACK, "+labeler@targets.other=crack_path"],
            "targets.other is the same as crack, the same labeler with the same fields",
        ),
    ],
)
def test_targets_that_cannot_be_are_refused_before_anything_is_computed(
    tmp_path, overrides, sentence
):
    with pytest.raises(VitreousError, match=sentence):
        built(tmp_path, *overrides, *FRACTURE)
    assert not (tmp_path / "store").exists()


def test_a_name_given_to_two_targets_in_one_file_is_refused(tmp_path):
    folder = tmp_path / "conf" / "experiment"
    folder.mkdir(parents=True)
    (folder / "twice.yaml").write_text(
        "# @package _global_\ntargets:\n  a: {_target_: x}\n  a: {_target_: y}\n"
    )
    done = vitreous(tmp_path, "run", "--config-dir", str(folder.parent), "experiment=twice")
    assert done.returncode == 2
    assert "twice.yaml cannot be read as YAML: found duplicate key a, in line 4" in done.stderr
    assert not (tmp_path / "store").exists()


def test_a_name_given_to_two_targets_on_the_command_line_is_refused(tmp_path):
    done = vitreous(tmp_path, "run", CRACK, "+labeler@targets.crack=disorder", *FRACTURE)
    assert done.returncode == 2
    assert "labeler@targets.crack is given twice; leave one of them out" in done.stderr


@pytest.mark.parametrize("more", [["run"], ["run", "-m", "seed=0,1"], ["work"]])
def test_a_name_given_to_two_targets_in_one_mapping_is_refused(more, tmp_path):
    """Hydra alone would take the last of them, and compute."""
    twice = "{a:{_target_:x},b:{_target_:y}, a: {_target_:z}}"
    done = vitreous(tmp_path, *more, f"+targets={twice}", *FRACTURE)
    assert done.returncode == 2
    assert f"vitreous: 'a' is given twice in {twice}; leave one of them out\n" in done.stderr
    assert not (tmp_path / "store").exists()


def test_one_key_in_two_mappings_of_an_override_is_no_name_given_twice(tmp_path):
    two = "{a:{_target_:nowhere.X},b:{_target_:nowhere.X}}"
    done = vitreous(tmp_path, "run", f"+targets={two}", *FRACTURE)
    assert "'nowhere.X' cannot be used as a labeler" in done.stderr
