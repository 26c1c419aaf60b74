"""What is misspelt on the command line is answered by the close word, in one sentence."""

from pathlib import Path

import numpy as np
import pytest
from toy import vitreous

from vitreous.core.data import Configuration
from vitreous.io.write import write_configuration
from vitreous.testing.systems import silica_glass


def sentence(home: Path, *arguments: str) -> str:
    done = vitreous(home, *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and done.stdout == ""
    return line.removeprefix("vitreous: ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["predct"], "'predct' is no command of vitreous; did you mean: vitreous predict? See: "),
        (["generate", "--rings", "9"], "'generate' is no command of vitreous: a run makes its gl"),
        (["zzz"], "'zzz' is no command of vitreous; see: vitreous --help"),
        (["store", "lss"], "'lss' is no command of vitreous store; did you mean: vitreous store l"),
        # a value of an option is not taken for a command
        (["store", "--store", "lss", "vrify"], "'vrify' is no command of vitreous store; did you "),
        (["--versoin"], "'--versoin' is no option of vitreous; did you mean --version?"),
        (
            ["probe", "x", "--potental=watanabe"],  # before what is missing
            "'--potental' is no option of vitreous probe; did you mean --potential? See: vitreous "
            "probe --help",
        ),
        (
            ["probe", "x", "--raduis", "5"],
            "'--raduis' is no option of vitreous probe; did you mean --probe-set free_radius=VALUE",
        ),
        (["deform", "--qqq"], "'--qqq' is no option of vitreous deform; see: vitreous deform --h"),
        (["run", "--muiltrun"], "'--muiltrun' is no option of run; did you mean --multirun? See: "),
        (["run", "--seed=1"], "'--seed=1' is no option of run: recipes, components and fields are"),
        (
            ["probe", "x", "--out", "y.csv", "--potential", "eam"],
            "the following arguments are required: --loading (pure_shear, uniaxial or simple_shear"
            "); see: vitreous probe --help",
        ),
        (
            ["energy", "x", "--potential", "eam", "--per-atom"],
            "--per-atom/--out needs a value, FILE; see: vitreous energy --help",
        ),
        (["probe", "x", "--sign", "3"], "--sign: invalid choice: 3"),
    ],
)
def test_a_misspelt_word_is_answered_by_the_close_one(arguments, told, tmp_path):
    assert sentence(tmp_path, *arguments).startswith(told)


def test_abbreviated_options_and_negative_numbers_are_not_misspelt(tmp_path):
    line = sentence(tmp_path, "probe", "--pot", "eam", "--contr", "-1", "--out", "m.csv", "nowhere")
    assert "required: --loading" in line


def test_without_a_potential_the_one_for_these_species_is_named(tmp_path):
    glass = silica_glass()
    write_configuration(tmp_path / "silica.extxyz", glass)
    line = sentence(tmp_path, "energy", "silica.extxyz")
    assert "no potential is named for silica.extxyz: its species, Si, O in 2 dimensions" in line
    assert "suggest --potential yukawa_silica; --potential takes one of eam, lennard_jones" in line
    solid = Configuration(
        positions=np.array([[0.0, 0.0, 0.0], [3.0, 3.0, 1.0]]),
        species=np.array([0, 1]),
        names=("Cu", "Zr"),
        cell=np.eye(3) * 12.0,
        periodic=(True,) * 3,
        units="metal",
    )
    write_configuration(tmp_path / "metal.extxyz", solid)
    assert "suggest --potential eam --set path=VALUE;" in sentence(
        tmp_path, "energy", "metal.extxyz"
    )
    write_configuration(tmp_path / "other.extxyz", solid.with_(names=("Qa", "Qb")))
    assert "none is known for Qa, Qb in 3 dimensions; --potential takes one of" in sentence(
        tmp_path, "relax", "other.extxyz", "--out", "x.extxyz"
    )
    assert "nowhere" in sentence(tmp_path, "energy", "nowhere.extxyz")
