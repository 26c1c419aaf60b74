"""The recipes of first breaks: at every scale they are built whole, and share glasses and
deformations.
"""

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from vitreous.app.assembling import assemble
from vitreous.core.artifact import stream
from vitreous.core.cases import table
from vitreous.core.registry import discover
from vitreous.core.stages import artifacts
from vitreous.core.store import Store
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica

pytest.importorskip("sklearn")


def assembled(tmp_path, *overrides):
    with initialize_config_module("vitreous.conf", version_base="1.3"):
        config = compose("config", overrides=[*overrides, f"home={tmp_path}", f"runs={tmp_path}/r"])
    return assemble(OmegaConf.to_container(config, resolve=True), discover())


def keys(pipeline, tmp_path):
    case = table({0: "test"}, pipeline.load_cases)[0]
    return {
        stage: a.key for stage, a in artifacts(pipeline.chain(case), Store(tmp_path), 0).items()
    }


@pytest.mark.parametrize(
    ("scale", "samples", "rings", "points"),
    [("", 300, 16, 3), ("small", 10, 8, 3), ("laptop", 300, 16, 3), ("paper", 913, 16, 7)],
)
def test_a_scale_sets_glasses_and_grid_and_leaves_events_enough_to_reach_the_break(
    scale, samples, rings, points, tmp_path
):
    """Protects scale=small, which stops other deformations after three events."""
    made = assembled(tmp_path, "experiment=font_clos/svm", *[f"scale={scale}"] * bool(scale))
    assert (made.samples, made.generator.rings_x, len(made.model.C)) == (samples, rings, points)
    assert made.simulator.max_events == 1000 and made.simulator.stop_at_break


def test_columns_are_those_published(tmp_path):
    """Protects eq. 16: 37 centres, two species, two states."""
    descriptor = assembled(tmp_path, "experiment=font_clos/svm").descriptor
    assert 2 * 2 * len(descriptor.mu_grid) == 148 and not descriptor.per_pair
    assert (descriptor.delta, descriptor.mu_grid[0], descriptor.affine_strain) == (0.1, 0.2, 0.05)


def test_both_models_learn_from_the_same_glasses_and_deformations(tmp_path):
    """Protects campaigns: deformations that took hours serve every recipe and labeler."""
    svm, trees = (
        keys(assembled(tmp_path, f"experiment=font_clos/{name}"), tmp_path)
        for name in ("svm", "gradient_boosting")
    )
    without = ["model=none", "~descriptor", "~descriptor@indicators"]
    of_place = ["labeler=fracture_location", "~evaluation@evaluations.classes", *without]
    place = keys(assembled(tmp_path, "experiment=font_clos/svm", *of_place), tmp_path)
    for stage in ("generate", "relax", "deform"):
        assert svm[stage] == trees[stage] == place[stage]
    assert svm["label"] == trees["label"] != place["label"]


@pytest.mark.parametrize(
    "name", ["svm", "gradient_boosting", "weakest_bonds", "strain", "location"]
)
def test_one_override_asks_the_same_of_monolayers(name, tmp_path):
    """Protects material=monolayer, which comes after what the recipe says of bilayers."""
    pytest.importorskip("monai")
    here, there = (
        assembled(tmp_path, f"experiment=font_clos/{name}", *material)
        for material in ([], ["material=monolayer"])
    )
    assert isinstance(there.generator, DualSwitch) and there.potential == YukawaSilica()
    assert there.projection is None
    assert there.loading.dimension == 2 and there.loading.mode == here.loading.mode
    assert (there.model, there.descriptor) == (here.model, here.descriptor)
    assert there.labeler == here.labeler and there.simulator.stop_at_break


def test_the_first_broken_bond_of_a_monolayer_is_seen(tmp_path):
    """Protects its ``break_drop``: at that of bilayers every broken bond is taken for a flip."""
    made = assembled(
        tmp_path, "experiment=font_clos/weakest_bonds", "material=monolayer", "scale=small",
        "generator.rings_x=8", "generator.rings_y=8",
    )  # fmt: skip
    glass = made.generator.generate(0, stream(0, "generate", 0))
    glass = made.simulator.relax(glass, made.potential)
    walk = made.simulator.deform(glass, made.potential, made.loading)

    def longest(frame):
        state = glass.with_(positions=walk.frames[frame], cell=walk.cells[frame])
        ends = state.positions[glass.bonds]
        return np.linalg.norm(state.minimum_image(ends[:, 1] - ends[:, 0]), axis=1).max()

    assert walk.events.kind[-1] == "bond_break" and walk.strain[-1] < made.simulator.strain_max
    assert longest(-1) > 2.2 > longest(-2)
