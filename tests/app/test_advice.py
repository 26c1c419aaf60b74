"""What refusals tell people to type works when typed."""

import re

import pytest

from vitreous.cli import main


def refusal(capsys, *overrides):
    assert main(["run", *overrides]) == 2
    return capsys.readouterr().err


def composes(*overrides):
    return main(["run", *overrides, "--cfg", "job"]) == 0


IMAGES = ("labeler=fracture_strain", "labeler.kind=any", "descriptor=tem_image", "model=cnn")


def test_indicators_that_do_not_fit_can_be_left_out(capsys):
    told = refusal(capsys, *IMAGES)
    (advice,) = re.findall(r"leave the indicators out with (\S+)", told)
    assert composes(*IMAGES, advice)


@pytest.mark.parametrize("role", ["indicators", "events"])
def test_a_role_is_filled_or_emptied_as_told(capsys, role):
    told = refusal(capsys, f"{role}=nothing")
    ((choice, names, empty),) = re.findall(r"with (\S+)=NAME \((.*)\), or none with (\S+) if", told)
    assert composes(f"{choice}={names.split(', ')[0]}") and composes(empty)


def test_a_component_that_is_null_is_one_sentence(capsys):
    told = refusal(capsys, "simulator=null")
    assert "leave an optional one out with ~NAME" in told and told.count("\n") == 1


def test_a_component_that_is_a_number_is_one_sentence(capsys):
    assert refusal(capsys, "loading=3") == (
        "vitreous: a component or recipe is chosen by its name, but a value of type int was given; "
        "see the names with: vitreous list\n"
    )


@pytest.mark.parametrize("name", ["split", "tested", "projection"])
def test_a_number_in_place_of_fields_is_one_sentence(capsys, name):
    told = refusal(capsys, f"{name}=3")
    assert re.match(rf"vitreous: {name} is 3, an int; expected a mapping \{{NAME: VALUE\}}", told)


def test_a_mapping_in_place_of_a_list_is_named_with_where_to_look(capsys):
    assert refusal(capsys, "loadings={angle: 3}") == (
        "vitreous: loadings was given a value of another kind, a mapping in place of a list or the "
        "reverse; see what it takes with: vitreous run --cfg job\n"
    )


@pytest.mark.parametrize(
    "labeler", ["fracture_strain", "disorder", "local_probing", "local_yield_stress"]
)
def test_small_runs_take_any_labeler(capsys, labeler):
    assert composes(f"labeler={labeler}", "scale=small")
    assert ("grid: 24" in capsys.readouterr().out) == labeler.startswith("local")
