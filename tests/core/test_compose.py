"""Parts that cannot work together are refused from their declarations, with those that would."""

import pytest
from test_several_targets import built

from vitreous.core.compose import check
from vitreous.core.errors import VitreousError
from vitreous.core.registry import discover
from vitreous.plugins.generators.file import EXAMPLE

GOOD = {
    "generator": "toy_lattice",
    "simulator": "toy_shear",
    "potential": "toy_springs",
    "labeler": "toy_map",
    "events": "toy_events",
    "descriptor": "toy_vector",
    "indicators": "toy_vector",
    "model": "toy_least_squares",
}
KIND = {"events": "labeler", "indicators": "descriptor"}


def check_names(dimension=2, **changes):
    registry = discover()
    parts = {
        role: registry.resolve(KIND.get(role, role), name)
        for role, name in {**GOOD, **changes}.items()
        if name
    }
    check(parts, dimension, registry)


def test_a_fitting_combination_passes_with_or_without_the_optional_parts(toys):
    check_names()
    check_names(events=None, indicators=None, model=None, descriptor=None)
    check_names(model=None)
    check_names(descriptor=None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"descriptor": "toy_image"},
            "gives image features, but model 'toy_least_squares' takes vector; what would work: "
            ".*descriptor=toy_vector",
        ),
        (
            {"descriptor": "toy_network"},
            "needs bonds, but generator 'toy_lattice' "
            ".*descriptor=toy_vector.*generator=toy_bonded",
        ),
        (
            {"labeler": "crack_path", "events": None},
            "labeler 'crack_path' needs bonds, but generator 'toy_lattice' .*generator=toy_bonded",
        ),
        (
            {"labeler": "toy_whole"},
            "labels each sample, but descriptor 'toy_vector' works at level atom, site; "
            ".*labeler=toy_map",
        ),
        ({"events": "toy_map"}, "events 'toy_map' labels each site; .*labeler@events=toy_events"),
        (
            {"indicators": "toy_image"},
            "indicators 'toy_image' gives image features.*descriptor@indicators=toy_vector",
        ),
        ({"dimension": 3}, "the loading has dimension 3 .* but generator 'toy_lattice' works in 2"),
    ],
)
def test_an_impossible_pair_is_refused_with_what_would_work(changes, sentence, toys):
    with pytest.raises(VitreousError, match=sentence):
        check_names(**changes)


def test_the_suggestions_never_name_what_would_not_work(toys):
    with pytest.raises(VitreousError) as refused:
        check_names(descriptor="toy_image")
    assert "toy_network" not in str(refused.value)


def test_units_that_differ_are_refused_before_a_glass_is_made(tmp_path):
    """Protects quenches of hours, at whose end the potential would refuse the glass."""
    quench = ["generator=melt_quench", "labeler=atom_energy", "~descriptor@indicators"]
    bare = [*quench, "model=none", "~descriptor", "~labeler@events"]
    with pytest.raises(
        VitreousError,
        match="'melt_quench' makes glasses in lj units, but potential 'yukawa_silica' works in "
        "silica2d; what would work: potential=lennard_jones_2d, generator=dual_switch",
    ):
        built(tmp_path, *bare)
    made = built(tmp_path, *bare, "potential=lennard_jones_2d")
    assert made.generator.glass_units == made.potential.units == "lj"


def test_test_glasses_of_another_kind_must_fit_as_the_others_do(tmp_path):
    """Protects a campaign whose last glasses, those for test, would be refused one by one."""
    files = ["generator=file", f"generator.path={EXAMPLE}", "samples=1"]
    with pytest.raises(
        VitreousError, match=r"^tested: labeler .* needs bonds, but generator 'file'"
    ):
        built(tmp_path, *files, "+tested.find_bonds=false", "labeler=crack_path", "~labeler@events")
