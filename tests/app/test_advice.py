"""What refusals tell people to type works when typed."""

import argparse
import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from omegaconf import OmegaConf

from vitreous import direct
from vitreous.analysis.rings import trace_rings
from vitreous.cli import main, parser
from vitreous.core.config_folders import OWN
from vitreous.core.errors import VitreousError
from vitreous.core.projection import Projection
from vitreous.io.bonds import bonded
from vitreous.io.write import write_configuration
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.testing.systems import shaken_honeycomb


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


PACKAGE = OWN.parent
#: KEY=VALUE or KEY= in a sentence, not part of a longer word
KEY = re.compile(r"(?<![\w.{}@/-])([a-z_]+(?:\.[a-z_]+)*)=(?!=)([\w-]*)")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]+")
#: of programs other than ours
FOREIGN = {"--nthreads", "--no-nanny"}
#: keys that are arguments in Python, or fields behind --set
IN_PYTHON = {"relax", "species", "vacuum", "bilayer", "path", "free_radius", "strain_max"}


def sentences() -> Iterator[tuple[str, str]]:
    """Every text in a ``raise``, with {} for what is filled in, and its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for inner in ast.walk(node) if isinstance(node, ast.Raise) else ():
                if isinstance(inner, ast.JoinedStr):
                    parts = inner.values
                    yield (
                        path.name,
                        "".join(
                            getattr(p, "value", "{}") if isinstance(p, ast.Constant) else "{}"
                            for p in parts
                        ),
                    )
                elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield path.name, inner.value


def known_fields(group: str) -> set[str]:
    """Fields of every configuration of a group, and of the main one under that key."""
    main_keys = OmegaConf.load(OWN / "config.yaml")
    if group == "projection":
        return {field.name for field in fields(Projection)}
    found = set(main_keys.get(group) or {}) if OmegaConf.is_config(main_keys.get(group)) else set()
    kind = {"events": "labeler", "indicators": "descriptor"}.get(group, group)
    for path in (OWN / kind).rglob("*.yaml"):
        found |= {str(key) for key in OmegaConf.load(path)}
    if group == "trainer":  # +trainer.X reaches Lightning's Trainer
        from pytorch_lightning import Trainer

        found |= set(inspect.signature(Trainer).parameters)
    return found


def test_every_key_that_a_refusal_names_can_be_typed():
    top = {str(key) for key in OmegaConf.load(OWN / "config.yaml")} | {
        path.name for path in OWN.iterdir() if path.is_dir()
    }
    found, wrong = 0, []
    for file, sentence in sentences():
        for key, value in KEY.findall(sentence):
            group, _, field = key.partition(".")
            if field:
                found += 1
                if field not in known_fields(group) and group != "eval":
                    wrong.append(f"{file}: {key}={value}")
            elif (OWN / key).is_dir() and re.fullmatch(r"[a-z_0-9]+", value):
                found += 1
                if value != "null" and not (OWN / key / f"{value}.yaml").is_file():
                    wrong.append(f"{file}: {key}={value}")
            elif value in ("true", "false", "null") and key not in top | IN_PYTHON:
                wrong.append(f"{file}: {key}={value}")
    assert found > 30
    assert wrong == []


def options_of(front: argparse.ArgumentParser) -> set[str]:
    """Of a parser and the commands within it."""
    found = set()
    for action in front._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found |= options_of(command)
    return found


def test_every_option_that_a_refusal_names_is_one_of_a_command():
    known = options_of(parser()) | {"--cfg", "--info"} | FOREIGN
    told = [(f, option) for f, text in sentences() for option in OPTION.findall(text)]
    assert len(told) > 30 and [each for each in told if each[1] not in known] == []


RECIPES = sorted(
    path.relative_to(OWN / "experiment").with_suffix("").as_posix()
    for path in (OWN / "experiment").rglob("[!_]*.yaml")
)


@pytest.mark.parametrize("name", ["no_such", "fan_ma/2d/no_such", "listi"])
def test_an_unknown_experiment_is_answered_with_all_folders_included(capsys, name):
    told = refusal(capsys, f"experiment={name}")
    listed = told.rpartition("available: ")[2].strip().split(", ")
    assert listed == RECIPES
    assert {"demo", "lj", "files", "listi/gnn", "fan_ma/2d/cnn"} <= set(listed)
    assert composes(f"experiment={listed[0]}")


def test_the_table_of_eam_is_given_as_told(capsys, tmp_path):
    """In a run as potential.path=, on the command line as --set path=, in Python as path=."""
    chosen = ["potential=eam", "loading.dimension=3"]
    told = refusal(capsys, *chosen)
    (key,) = re.findall(r"give it as (potential\.path)=VALUE", told)
    assert composes(*chosen, f"{key}={EXAMPLE}")
    capsys.readouterr()
    write_configuration(glass := tmp_path / "glass.extxyz", Eam.example_glass())
    assert main(["energy", str(glass), "--potential", "eam"]) == 2
    (option, field) = re.findall(r"give it as (--set) (\w+)=VALUE", capsys.readouterr().err)[0]
    assert main(["energy", str(glass), "--potential", "eam", option, f"{field}={EXAMPLE}"]) == 0
    with pytest.raises(VitreousError, match=r"in Python: path=VALUE"):
        direct.potential("eam")
    direct.potential("eam", path=str(EXAMPLE))


def test_a_potential_in_three_dimensions_says_how_to_load_its_glasses(capsys):
    told = refusal(capsys, "potential=watanabe", "generator=silica_bilayer", "~indicators")
    (advice,) = re.findall(r"set (loading\.dimension=3)", told)
    chosen = ["potential=watanabe", "generator=silica_bilayer", "~indicators", advice]
    assert "dimension" not in refusal(capsys, *chosen, "samples=0")  # the next mistake is met


def test_species_are_given_as_told_in_a_run(tmp_path, capsys):
    from vitreous.plugins.generators.file import File

    rows = "\n".join(
        f"{i + 1} {1 + i % 2} {x} {y}"
        for i, (x, y) in enumerate((0.5 + x, 0.5 + y) for x in range(6) for y in range(6))
    )
    (tmp_path / "a.dump").write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n36\nITEM: BOX BOUNDS pp pp pp\n0 6\n0 6\n0 1\n"
        f"ITEM: ATOMS id type x y\n{rows}\n"
    )
    from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D

    made = File(path=str(tmp_path / "a.dump")).suited(LennardJones2D())
    with pytest.warns(UserWarning, match=r"in a run: 'generator.species=\[A,B\]'"):
        made.generate(0, None)
    assert composes("generator=file", "generator.path=x", "generator.species=[L,S]")


def test_bonds_are_found_as_told():
    glass = shaken_honeycomb(6, 6)
    bare = glass.with_(bonds=glass.bonds[:0])
    with pytest.raises(VitreousError, match=r"generator\.find_bonds=true .*bonded\(glass\)"):
        trace_rings(bare.positions, bare.bonds, bare.cell)
    assert len(bonded(bare).bonds) == len(glass.bonds)
    assert composes("generator=file", "generator.path=x", "generator.find_bonds=true")
