"""The recipes of transfer: small glasses teach, glasses four times as large test, and deformations
are those of the other recipes of first breaks.
"""

import pytest
from test_first_break_recipes import assembled

from vitreous.core.cases import table
from vitreous.core.errors import VitreousError
from vitreous.core.stages import artifacts
from vitreous.core.store import Store

pytest.importorskip("sklearn")
RECIPE = "experiment=font_clos/transfer"


@pytest.mark.parametrize(
    ("scale", "samples", "tested"), [("", 320, 20), ("small", 10, 2), ("paper", 913, 20)]
)
def test_test_glasses_are_four_times_as_large_at_every_scale(scale, samples, tested, tmp_path):
    made = assembled(tmp_path, RECIPE, *[f"scale={scale}"] * bool(scale))
    small, large = made.generator, made.tested
    assert (large.rings_x, large.rings_y) == (2 * small.rings_x, 2 * small.rings_y)
    assert (large.variance, large.steps) == (small.variance, small.steps)
    roles = list(made.roles().values())
    assert (len(roles), roles.count("test")) == (samples, tested)


def test_small_glasses_are_those_of_the_other_recipes(tmp_path):
    """Protects campaigns: labels that took hours serve this recipe too."""
    keys = []
    for recipe in (RECIPE, "experiment=font_clos/svm"):
        made = assembled(tmp_path, recipe, "descriptor=bond_response", "glass_seed=0")
        case = table({25: "train"}, made.load_cases)[0]
        found = artifacts(made.chain(case), Store(tmp_path), 25)
        keys.append({stage: artifact.key for stage, artifact in found.items()})
    assert keys[0] == keys[1]


def test_any_run_can_be_tested_on_other_glasses(tmp_path):
    """Protects the page: a field of the generator, without a recipe that names it."""
    assert assembled(tmp_path).tested is None
    made = assembled(tmp_path, "tested={variance: 0.9}")
    assert (made.generator.variance, made.tested.variance) == (0.5, 0.9)
    assert made.tested.rings_x == made.generator.rings_x


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("+tested.rings_z=3", "unknown field tested.rings_z"),
        ("+tested._target_=x", "tested names a component; expected fields of the generator"),
        ("tested=large", "tested is 'large'"),
        ("tested.rings_y=7", "rings_y"),
    ],
)
def test_impossible_test_glasses_are_refused_before_anything_is_computed(given, sentence, tmp_path):
    with pytest.raises(VitreousError, match=sentence):
        assembled(tmp_path, RECIPE, given)


@pytest.mark.parametrize(("scale", "pixels"), [("", 64), ("small", 40), ("paper", 128)])
def test_windows_are_as_large_as_the_glasses_that_are_learnt_from(scale, pixels, tmp_path):
    pytest.importorskip("monai")
    made = assembled(tmp_path, "experiment=font_clos/windows", *[f"scale={scale}"] * bool(scale))
    small, large = made.generator, made.tested
    assert large.rings_x * large.rings_y == 4 * small.rings_x * small.rings_y
    assert made.descriptor.pixels == pixels
    rings = (small.rings_x, small.rings_y)
    expected = (rings[0] * 85.0 / 16, rings[1] * 82.0 / 18)
    assert made.descriptor.window == pytest.approx(expected, rel=0.02)
    assert list(made.targets) == ["location"]
