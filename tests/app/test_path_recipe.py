"""The recipe of whole cracks: built whole at every scale, its indicators on the glass itself."""

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from vitreous.app.assembling import assemble
from vitreous.core.cases import table
from vitreous.core.compose import declared, unfit
from vitreous.core.errors import VitreousError
from vitreous.core.registry import discover
from vitreous.core.stages import artifacts
from vitreous.core.store import Store
from vitreous.learning.network import Seen
from vitreous.plugins.evaluations.attention import AttentionMaps
from vitreous.plugins.evaluations.crack_path import CrackPathOverlap
from vitreous.plugins.generators.dual_switch import DualSwitch

pytest.importorskip("monai")
from vitreous.plugins.models.resnet_map import ResNetMap


def assembled(tmp_path, *overrides):
    overrides = ["experiment=font_clos/path", *overrides]
    with initialize_config_module("vitreous.conf", version_base="1.3"):
        config = compose("config", overrides=[*overrides, f"home={tmp_path}", f"runs={tmp_path}/r"])
    return assemble(OmegaConf.to_container(config, resolve=True), discover())


@pytest.mark.parametrize(
    ("scale", "samples", "rings", "pixels", "depth", "blur"),
    [
        ("", 60, 16, 64, 18, 2.0),
        ("small", 8, 8, 64, 18, 2.0),
        ("laptop", 60, 16, 64, 18, 2.0),
        ("paper", 906, 16, 128, 50, 4.0),
    ],
)
def test_a_scale_sets_glasses_pixels_and_layers(
    scale, samples, rings, pixels, depth, blur, tmp_path
):
    made = assembled(tmp_path, *[f"scale={scale}"] * bool(scale))
    model, images = made.model, made.descriptor
    assert (made.samples, made.generator.rings_x) == (samples, rings)
    assert (images.pixels, model.depth, model.blur) == (pixels, depth, blur)
    assert made.simulator.max_events >= 1000 and not made.simulator.stop_at_break
    model.refuse_features(Seen(("counts",), (), (1, pixels, pixels)))
    # the published blur, as a share of the image
    assert blur / pixels == pytest.approx(4.0 / 128.0)


def test_the_same_of_monolayers_is_one_override(tmp_path):
    made = assembled(tmp_path, "material=monolayer")
    assert isinstance(made.generator, DualSwitch) and made.projection is None


@pytest.mark.parametrize("pixels", [40, 100])
def test_a_resolution_without_layers_is_refused_before_anything_is_computed(pixels, tmp_path):
    with pytest.raises(VitreousError, match=f"{pixels} x {pixels} pixels, .* a multiple of 32"):
        assembled(tmp_path, f"descriptor.pixels={pixels}")


def test_attention_says_that_a_map_of_atoms_has_none(tmp_path):
    """Protects Grad-CAM, which asks where one number comes from."""
    made, registry = assembled(tmp_path), discover()
    parts = {"generator": declared(made.generator), "labeler": type(made.labeler)}
    parts |= {"model": ResNetMap, "descriptor": type(made.descriptor)}
    reason = unfit(AttentionMaps, parts, 3, registry)
    assert "scores labels of level sample, but labeler 'crack_path' labels each atom" in reason
    assert not unfit(CrackPathOverlap, parts, 3, registry)


def test_indicators_see_the_glass_itself_and_the_network_its_projection(tmp_path):
    """Both describe every atom."""
    small = ["generator.rings_x=6", "generator.rings_y=6", "labeler=atom_energy", "scale=small"]
    made = assembled(tmp_path, *small, "~evaluation@evaluations.crack_path")
    case = table({0: "test"}, made.load_cases)[0]
    chain = made.chain(case)
    found = artifacts(chain, Store(tmp_path), 0)
    glass = found["relax"].value
    assert glass.dimension == 3
    indicators, places = found["indicators"].value, found["describe"].value
    assert len(indicators) == len(places) == len(glass)
    apart = glass.minimum_image(glass.positions - glass.positions[0]) @ np.linalg.inv(glass.cell)
    off = places.values - places.values[0] - apart[:, :2]
    np.testing.assert_allclose(off, np.rint(off), atol=1e-9)
    direct = chain.indicators.describe(
        glass, chain.loading, glass.positions, "atom", chain.potential
    )
    np.testing.assert_allclose(indicators.values, direct.values, rtol=1e-6)
