"""One glass through every writer at hand gives the same energy from each of its files: formats of
ASE, styles of LAMMPS's write_data and dump, OVITO's exporters, and ours.
"""

import gzip

import pytest

from benchmarks import formats
from benchmarks.formats import SAME, energy_of
from vitreous import direct
from vitreous.io.write import write_configuration
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import silica_glass


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    return energy_of(formats.by_ase(tmp_path_factory.mktemp("right"), "extxyz"), Eam.example())


@pytest.mark.parametrize("form", formats.BY_ASE)
def test_what_ase_writes_gives_the_same_energy(tmp_path, right, form):
    path = formats.by_ase(tmp_path, form)
    assert energy_of(path, Eam.example()) == pytest.approx(right, abs=SAME)
    if form not in ("traj", "aims", "rmc6f"):
        packed = tmp_path / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert energy_of(packed, Eam.example()) == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("style", formats.STYLES)
@pytest.mark.parametrize("labelled", [False, True])
def test_what_write_data_writes_gives_the_same_energy(tmp_path, right, style, labelled):
    path, options = formats.by_write_data(tmp_path, style, labelled)
    assert energy_of(path, Eam.example(), **options) == pytest.approx(right, abs=SAME)
    text = path.read_text().replace(f"# {style}", "")  # without the hint
    (tmp_path / "b.data").write_text(text)
    options = {"atom_style": style.split()[0], **options}
    found = energy_of(tmp_path / "b.data", Eam.example(), **options)
    assert found == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("columns", formats.DUMPS)
def test_what_dump_writes_gives_the_same_energy(tmp_path, right, columns):
    path, options = formats.by_dump(tmp_path, columns)
    assert energy_of(path, Eam.example(), **options) == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("form", formats.BY_OVITO)
def test_what_ovito_exports_gives_the_same_energy(tmp_path, right, form):
    pytest.importorskip("ovito")
    found = energy_of(formats.by_ovito(tmp_path, form), Eam.example())
    assert found == pytest.approx(right, abs=SAME)


@pytest.mark.parametrize("name", formats.OURS)
def test_what_we_write_gives_the_same_energy(tmp_path, name):
    glass, model = silica_glass(), YukawaSilica()
    path = write_configuration(tmp_path / name, glass)
    assert energy_of(path, model) == pytest.approx(direct.energy(glass, model).energy, abs=SAME)
