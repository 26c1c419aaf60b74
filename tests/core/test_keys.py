"""A store that was filled before a change of the frame is found again: keys of recipes of
each paper, as they were on 2026-11-28 and 2026-11-30.

Change this file only together with a version of a component or a recipe of a stage, and say so in
the changelog.
"""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from vitreous.app.assembling import assemble
from vitreous.core.cases import table
from vitreous.core.learning import Lesson
from vitreous.core.registry import discover
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.core.stages import artifacts
from vitreous.core.store import Store

KNOWN = json.loads((Path(__file__).parent / "keys" / "known.json").read_text())


@pytest.fixture(params=KNOWN)
def recipe(request, tmp_path):
    """The pipeline of a recipe, and its known keys."""
    known = KNOWN[request.param]
    with initialize_config_module("vitreous.conf", version_base="1.3"):
        config = compose(
            "config", overrides=[*known["overrides"], f"home={tmp_path}", f"runs={tmp_path}/runs"]
        )
    return assemble(OmegaConf.to_container(config, resolve=True), discover()), known


def test_artifacts_of_a_glass_keep_their_keys(recipe, tmp_path):
    pipeline, known = recipe
    for glass, keys in known["glasses"].items():
        case = table({int(glass): "test"}, pipeline.load_cases)[0]
        assert {
            stage: a.key
            for stage, a in artifacts(pipeline.chain(case), Store(tmp_path), int(glass)).items()
        } == keys


def test_a_fit_keeps_its_key(recipe, tmp_path):
    """Cases are learnt loading by loading, whatever the order in which a run lists them."""
    pipeline, known = recipe
    store = Store(tmp_path)

    def sample(case):
        keys = {
            stage: a.key for stage, a in artifacts(pipeline.chain(case), store, case.glass).items()
        }
        return Sample(case=case, loading=pipeline.load_cases[case.loading].loading, keys=keys)

    run = Run(loadings=(), samples=tuple(map(sample, table(pipeline.roles(), pipeline.load_cases))))
    lesson = Lesson(
        model=pipeline.model, descriptor=pipeline.descriptor, seed=pipeline.seed, provider=""
    )
    assert lesson.fit(store, run, print, []).key == known["fit"]
