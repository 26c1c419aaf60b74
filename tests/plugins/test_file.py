"""The file generator: which files a path stands for, what their identity is, and that real glasses
come out whole.
"""

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.registry import Registry, discover
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.file import File, expand_braces


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glasses")
    for number in (0, 2, 10):
        glass = DualSwitch(rings_x=6, rings_y=6, steps=50).generate(
            0, np.random.default_rng(number)
        )
        write_configuration(folder / f"s{number}.lammpstrj.gz", glass)
    return folder


def generated(file, index=0):
    return file.generate(index, np.random.default_rng(0))


def names(path):
    return [file.name.split(".")[0] for file in File(path=path).files()]


def test_a_path_may_be_a_file_a_pattern_or_a_list(folder):
    assert names(f"{folder}/s2.lammpstrj.gz") == ["s2"]
    assert names(f"{folder}/s*.gz") == ["s0", "s2", "s10"]
    assert names(f"{folder}/s{{10,0}}.lammpstrj.gz") == ["s10", "s0"]
    assert names([f"{folder}/s10*", f"{folder}/s[02].*"]) == ["s10", "s0", "s2"]
    assert File(path=f"{folder}/*").available == 3


def test_braces_expand_as_in_a_shell():
    assert expand_braces("a{1,2}b{x,y}") == ["a1bx", "a1by", "a2bx", "a2by"]
    assert expand_braces("plain{1}") == ["plain{1}"]


def test_a_generated_glass_comes_back_with_its_bonds(folder):
    original = DualSwitch(rings_x=6, rings_y=6, steps=50).generate(0, np.random.default_rng(2))
    read = generated(File(path=f"{folder}/s*.gz"), 1)
    assert np.array_equal(read.bonds, original.bonds) and np.array_equal(read.ids, original.ids)
    assert np.abs(read.minimum_image(read.positions - original.positions)).max() < 1e-12
    assert read.info["source"] == "s2.lammpstrj.gz"


def test_bonds_are_left_out_when_not_wanted(folder):
    file = File(path=f"{folder}/s0*", find_bonds=False)
    assert not len(generated(file).bonds)


def test_the_fingerprint_follows_the_content_not_the_name(folder, tmp_path):
    copy = tmp_path / "copy.lammpstrj.gz"
    copy.write_bytes((folder / "s0.lammpstrj.gz").read_bytes())
    first, second = File(path=str(copy)), File(path=f"{folder}/s*.gz")
    assert first.fingerprint(0) == second.fingerprint(0) != second.fingerprint(1)
    copy.write_bytes((folder / "s2.lammpstrj.gz").read_bytes())
    assert first.fingerprint(0) == second.fingerprint(1)


def test_files_that_are_not_there_are_told(folder):
    with pytest.raises(VitreousError, match=r"there is no file .*x\*\.gz"):
        File(path=f"{folder}/x*.gz").files()
    with pytest.raises(VitreousError, match="there is no file"):
        _ = File(path=[f"{folder}/s0.lammpstrj.gz", f"{folder}/nowhere.xyz"]).available
    with pytest.raises(
        VitreousError, match=r"glass 3 was requested, but .* matches 3; expected 0 to 2"
    ):
        generated(File(path=f"{folder}/s*.gz"), 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"path": []}, r"path=\[\]"),
        ({"path": 3}, "path=3"),
        ({"path": "a", "species": "SiO"}, "species='SiO'"),
        ({"path": "a", "units": "imperial"}, "units='imperial'"),
        ({"path": "a", "dimension": 4}, "dimension=4"),
        ({"path": "a", "bond_cutoff": -1.0}, "bond_cutoff=-1.0"),
        ({"path": "a", "bond_cutoff": "abc"}, "bond_cutoff='abc'"),
        ({"path": "a", "frame": 0.5}, "frame=0.5"),
    ],
)
def test_impossible_parameters_are_refused_when_made(wrong, message):
    with pytest.raises(VitreousError, match=message):
        File(**wrong)


@pytest.mark.parametrize(
    "sample", ["8x8_sample_0", "sig0.60_sample_0", "sig1.00_sample_3", "sig1.40_sample_0"]
)
@pytest.mark.filterwarnings("error")
def test_published_glasses_are_whole(reference, sample):
    published = str(reference / "jumol" / f"{sample}.lammpstrj.gz")
    glass = generated(File(path=published, species=["Si", "O"]))
    assert glass.dimension == 2 and glass.names == ("Si", "O")
    assert np.array_equal(np.bincount(glass.bonds.ravel()), np.where(glass.species == 0, 3, 2))


def test_the_published_set_is_named_by_one_pattern(reference):
    file = File(path=f"{reference}/jumol/sig1.00_sample_{{0,2,3,4}}.lammpstrj.gz")
    assert file.available == 4 and len({file.fingerprint(k) for k in range(4)}) == 4
    assert len(generated(file, 3)) == 5580


def test_endings_that_are_read_are_declared_and_told_where_nothing_is_found(folder):
    assert {".extxyz", ".dump", ".data", ".cif"} <= set(File.reads)
    with pytest.raises(
        VitreousError, match=r"no file .*nowhere.*generator file reads .xyz, .extxyz"
    ):
        File(path=f"{folder}/nowhere").files()


def test_a_file_that_another_generator_reads_is_left_to_it(tmp_path, monkeypatch):
    image = tmp_path / "glass.dcd.gz"
    image.write_text("not a glass")
    with pytest.raises(VitreousError, match=r"glass.dcd.gz .*expected a LAMMPS dump"):
        generated(File(path=str(image)))  # nobody reads it: its content decides
    monkeypatch.setattr(Registry, "readers", lambda self, path: ["micrograph"])
    with pytest.raises(
        VitreousError,
        match=r"glass.dcd.gz is read by generator=micrograph; generator=file reads .xyz",
    ):
        generated(File(path=str(image)))


def test_generators_are_found_by_the_endings_that_they_read():
    known = discover()
    assert known.readers("glass.EXTXYZ.gz") == ["file"] == known.readers("a/b.lammpstrj")
    assert known.readers("glass.png") == ["tem_image"]
    assert known.readers("glass.dcd") == []
