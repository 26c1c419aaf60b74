"""Any material in one line: ``experiment=lj``, ``cuzr``, ``bilayer``; and ``files`` with a
potential, from which the rest follows.
"""

import re

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from vitreous.app.assembling import assemble
from vitreous.cli import main
from vitreous.core.registry import discover
from vitreous.core.store import identity
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.file import File
from vitreous.plugins.potentials.eam import EXAMPLE, Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.potentials.watanabe import Watanabe
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import binary_mixture, shaken_honeycomb, silica_crystal


def assembled(*overrides):
    with initialize_config_module("vitreous.conf", version_base="1.3"):
        config = compose("config", overrides=[*overrides, "home=nowhere", "runs=nowhere/runs"])
    return assemble(OmegaConf.to_container(config, resolve=True), discover())


@pytest.mark.parametrize("scale", [[], ["scale=small"]], ids=["laptop", "small"])
@pytest.mark.parametrize(
    ("name", "units"), [("lj", LennardJones2D), ("cuzr", Eam), ("bilayer", Watanabe)]
)
def test_a_material_has_a_recipe_whose_parts_fit(name, units, scale):
    pipeline = assembled(f"experiment={name}", *scale)
    assert isinstance(pipeline.potential, units)
    assert pipeline.model is not None and pipeline.indicators is not None
    assert pipeline.simulator.max_events >= 1000  # labels are of the whole deformation
    assert set(pipeline.roles().values()) >= {"train", "test"}


def with_types_alone(path, glass):
    """A LAMMPS dump as people have them: ids, types and places."""
    axes, d = "xyz"[: glass.dimension], glass.dimension
    sides = np.diag(glass.cell).tolist() + [1.0] * (3 - d)
    rows = [
        f"{i + 1} {s + 1} {' '.join(map(str, x))}"
        for i, (s, x) in enumerate(zip(glass.species, glass.positions, strict=True))
    ]
    head = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", str(len(glass))]
    box = ["ITEM: BOX BOUNDS pp pp pp", *(f"0 {side}" for side in sides)]
    path.write_text("\n".join([*head, *box, f"ITEM: ATOMS id type {' '.join(axes)}", *rows]) + "\n")


GLASSES = {
    "yukawa_silica": (lambda: shaken_honeycomb(6, 6), "silica2d", ("Si", "O"), True, 4.0),
    "lennard_jones_2d": (
        lambda: binary_mixture(side=12, dimension=2, names=("S", "L")),
        *("lj", ("S", "L"), False, 2.5),
    ),
    "watanabe": (silica_crystal, "metal", ("Si", "O"), True, 4.0),
    "eam": (Eam.example_glass, "metal", ("Cu", "Zr"), False, 4.5),
}


@pytest.mark.parametrize("potential", GLASSES)
def test_the_rest_follows_from_the_potential(potential, tmp_path):
    """Units, species of types, bonds, neighbours of D2min, dimension, and a split for two
    glasses.
    """
    make, units, species, bonded, cutoff = GLASSES[potential]
    for k in range(2):
        with_types_alone(tmp_path / f"{k}.dump", make())
    table = [f"potential.path={EXAMPLE}"] if potential == "eam" else []
    pipeline = assembled(
        "experiment=files", f"potential={potential}", f"generator.path={tmp_path}/*.dump", *table
    )
    made = pipeline.generator
    assert (made.units, made.species, made.find_bonds) == (units, species, bonded)
    glass = made.generate(0, np.random.default_rng(0))
    assert glass.units == units and glass.names == species and bool(len(glass.bonds)) == bonded
    assert pipeline.loading.dimension == glass.dimension
    assert pipeline.labeler.cutoff == cutoff
    assert pipeline.labeler.strain <= pipeline.simulator.strain_max
    assert sorted(pipeline.roles().values()) == ["test", "train"]
    pipeline.potential.surface(glass)  # takes it


def test_probes_follow_from_the_potential_where_they_are_asked_for(tmp_path):
    with_types_alone(tmp_path / "a.dump", GLASSES["lennard_jones_2d"][0]())
    chosen = ["labeler=local_probing_coarse", "descriptor=symmetry_functions_lj", "~indicators"]
    pipeline = assembled(
        *("experiment=files", "potential=lennard_jones_2d", f"generator.path={tmp_path}/a.dump"),
        *(*chosen, "model=none"),
    )
    assert (pipeline.labeler.free_radius, pipeline.labeler.frozen_ring) == (5.0, 2.5)


def test_what_follows_for_silica_has_the_key_of_what_was_once_the_default():
    old = File(
        path="x",
        species=("Si", "O"),
        units="silica2d",
        find_bonds=True,
        minimum_distance=0.5,
    )
    assert identity(File(path="x").suited(YukawaSilica())) == identity(old)
    assert identity(old.suited(LennardJones2D())) == identity(old)  # what is given stays


def test_the_order_of_species_is_the_potentials_whatever_the_order_in_the_file(tmp_path):
    glass = shaken_honeycomb(6, 6)
    turned = glass.with_(species=1 - glass.species, names=glass.names[::-1])
    write_configuration(tmp_path / "a.extxyz", turned)
    read = File(path=str(tmp_path / "a.extxyz")).suited(YukawaSilica())
    assert read.generate(0, np.random.default_rng(0)).names == ("Si", "O")


@pytest.mark.filterwarnings("error::RuntimeWarning")  # of statistics over a single glass
def test_two_glasses_from_files_are_enough_for_a_run(tmp_path, capsys):
    for k in range(2):
        glass = binary_mixture(side=12, dimension=2, seed=k, names=("S", "L"))
        with_types_alone(tmp_path / f"{k}.dump", glass)
    status = main(
        [
            *("run", "experiment=files", "potential=lennard_jones_2d"),
            *(f"generator.path={tmp_path}/*.dump", f"home={tmp_path}"),
            *("labeler.strain=0.002", "simulator.strain_max=0.002", "simulator.strain_step=1e-3"),
            *("executor=serial", "tracker=none", "report=false"),
        ]
    )
    told = capsys.readouterr()
    assert status == 0, told.err
    assert "1 train, 1 test" in told.out and "soft_modes" in told.out
    assert "type 1 S, type 2 L are assumed" in told.err


def test_one_glass_cannot_be_learnt_from_and_is_labelled_without_a_model(tmp_path, capsys):
    with_types_alone(tmp_path / "a.dump", GLASSES["lennard_jones_2d"][0]())
    files = ["experiment=files", "potential=lennard_jones_2d", f"generator.path={tmp_path}/a.dump"]
    assert main(["run", *files, f"home={tmp_path}"]) == 2
    (advice,) = re.findall(r"learn nothing: (\S+)", capsys.readouterr().err)
    assert set(assembled(*files, advice).roles().values()) == {"test"}


@pytest.mark.parametrize(("glasses", "roles"), [(2, ["test", "train"]), (5, 3 * ["x"])])
def test_two_glasses_are_enough_to_try_a_configuration_fast(glasses, roles, tmp_path):
    for k in range(glasses):
        glass = binary_mixture(side=12, dimension=2, seed=k, names=("S", "L"))
        with_types_alone(tmp_path / f"{k}.dump", glass)
    files = ["experiment=files", "potential=lennard_jones_2d", f"generator.path={tmp_path}/*.dump"]
    found = sorted(assembled(*files, "debug=fast").roles().values())
    assert len(found) == len(roles) and set(found) == {"test", "train"}


@pytest.mark.parametrize("name", ["lj", "cuzr"])
def test_tried_fast_a_deformation_still_reaches_the_strain_of_the_labels(name):
    pipeline = assembled(f"experiment={name}", "debug=fast")
    assert pipeline.simulator.max_events >= 1000
    assert pipeline.simulator.strain_max >= pipeline.labeler.strain
