"""Melts cooled by LAMMPS."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.errors import Crystallised, VitreousError
from vitreous.core.store import identity
from vitreous.io import lammps_restarts
from vitreous.io.lammps_quench import Quench
from vitreous.plugins.generators.melt_quench import MeltQuench
from vitreous.plugins.potentials.eam import Eam
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.plugins.simulators.aqs import AQS

pytest.importorskip("lammps")
pytestmark = pytest.mark.lammps

_LJ = {
    "species": ("S", "L"),
    "counts": (221, 179),
    "masses": (1.0, 1.0),
    "density": 1.02436,
    "pair_commands": (
        "pair_style lj/smooth 2.0 2.5",
        "pair_coeff 1 1 0.5 0.618033988749895",
        "pair_coeff 1 2 1.0 1.0",
        "pair_coeff 2 2 0.5 1.175570504584946",
        "pair_modify shift yes",
    ),
}


def _inherent_energy(time, seed=0):
    melt = ((1.0, 1.0, 20.0), (0.351, 0.351, 20.0), (0.351, 0.0299, time))
    glass = MeltQuench(**_LJ, schedule=melt).generate(0, np.random.default_rng(seed))
    return AQS(relax_cell=False).relax(glass, LennardJones2D()).info["energy"] / len(glass)


@pytest.mark.parametrize(
    "line",
    [
        "shell rm -rf x",
        "include other",
        "python f source x",
        "pair_style python 1.0",
        "pair_style hybrid python/gpu 1.0 lj/cut 2.5",
        "pair_style mliap unified theirs.pkl",
        "pair_style mliap model mliappy theirs.pkl",
        "pair_coeff 1 1 1 1\nshell rm -rf x",
        "pair_coeff * * ${x}",
    ],
)
def test_lines_that_do_more_than_set_a_model_are_refused(line):
    with pytest.raises(
        VitreousError,
        match=r"generator.pair_commands holds .*; expected lines that begin with pair_style",
    ):
        MeltQuench(pair_commands=("pair_style lj/cut 2.5", line))


def test_such_lines_are_taken_where_they_are_allowed(monkeypatch):
    monkeypatch.setenv("VITREOUS_ALLOW", "lammps")
    assert MeltQuench(pair_commands=("include theirs",)).pair_commands == ("include theirs",)


def test_slow_cooling_reaches_lower_inherent_structures():
    fast = np.mean([_inherent_energy(1.0, seed) for seed in range(3)])
    slow = np.mean([_inherent_energy(100.0, seed) for seed in range(3)])
    assert slow < fast - 0.01
    assert -2.3933 < slow < -2.2  # the Falk group's glass, cooled for far longer, has -2.3933


def test_the_volume_is_kept_without_a_pressure():
    glass = MeltQuench(**_LJ, schedule=((1.0, 1.0, 2.0),)).generate(0, np.random.default_rng(0))
    assert len(glass) / glass.volume == pytest.approx(1.02436)
    assert np.bincount(glass.species).tolist() == [221, 179]


def test_copper_zirconium_at_zero_pressure_has_its_density_and_energy(reference):
    path = str(reference / "potential_files" / "ZrCu.lammps.eam")
    commands = ("pair_style eam/alloy", f"pair_coeff * * {path} Zr Cu")
    schedule = ((2000.0, 2000.0, 4.0), (2000.0, 50.0, 8.0))
    quench = MeltQuench(
        species=("Zr", "Cu"),
        counts=(128, 128),
        masses=(91.224, 63.546),
        density=0.055,
        dimension=3,
        units="metal",
        time_step=0.002,
        pressure=0.0,
        pair_commands=commands,
        schedule=schedule,
    )
    glass = quench.generate(0, np.random.default_rng(0))
    rest = AQS(relax_cell=False, force_tolerance=1e-5).relax(glass, Eam(path=path))
    assert rest.volume / len(rest) == pytest.approx(17.49, rel=0.02)
    assert rest.info["energy"] / len(rest) == pytest.approx(
        -4.988, rel=0.01
    )  # of 1024 atoms, cooled ten times more slowly


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"counts": (10,)},
            "melt_quench got 2 species, 1 counts and 2 masses; expected as many of each",
        ),
        (
            {"schedule": ((1.0, 0.0, 5.0),)},
            "expected segments of three positive numbers: start, end, time",
        ),
        ({"units": "real"}, "units='real'; expected 2 or 3, and lj or metal"),
        (
            {"pair_commands": ()},
            "melt_quench needs a positive density, a positive time_step, and pair_commands",
        ),
    ],
)
def test_fields_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(VitreousError, match=message):
        MeltQuench(**{**_LJ, "schedule": ((1.0, 1.0, 1.0),), **wrong})


def test_lammps_own_words_reach_the_user():
    wrong = {**_LJ, "pair_commands": ("pair_style lj/smoth 2.0",)}
    with pytest.raises(VitreousError, match=r"LAMMPS refuses 'pair_style lj/smoth 2.0'"):
        MeltQuench(**wrong, schedule=((1.0, 1.0, 1.0),)).generate(0, np.random.default_rng(0))


def test_a_quench_that_crystallises_is_said():
    pytest.importorskip("lammps")
    generator = MeltQuench(
        species=("A",),
        counts=(196,),
        masses=(1.0,),
        density=1.1,
        schedule=((0.05, 0.05, 20.0),),  # the lattice it starts from turns triangular
        pair_commands=("pair_style lj/smooth/linear 2.5", "pair_coeff * * 1.0 1.0"),
    )
    with pytest.raises(Crystallised, match=r"glass 3 crystallised: .* cool faster"):
        generator.generate(3, np.random.default_rng(0))


IN_PIECES = MeltQuench(
    **_LJ, schedule=((1.0, 1.0, 10.0), (0.351, 0.0299, 25.0)), restart_every=10.0
)
#: at constant pressure: the box travels in the restart files, too
CUZR = MeltQuench(
    species=("Zr", "Cu"),
    counts=(54, 54),
    masses=(91.224, 63.546),
    density=0.055,
    dimension=3,
    units="metal",
    time_step=0.002,
    pressure=0.0,
    pair_commands=("pair_style eam/fs", "pair_coeff * * CuZr_mm.eam.fs Zr Cu"),
    schedule=((2000.0, 2000.0, 0.4), (2000.0, 300.0, 0.6)),
    restart_every=0.25,
)


def made(generator, seed=0):
    return generator.generate(0, np.random.default_rng(seed))


def interrupted(generator, monkeypatch, after):
    """Begin the quench and end it once ``after`` restart files are written."""

    def write(engine, path):
        whole(engine, path)
        if path.name.endswith(f".{after}.restart"):
            raise KeyboardInterrupt

    whole = lammps_restarts._write
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(lammps_restarts, "_write", write)
        made(generator)


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("generator", [IN_PIECES, CUZR], ids=["lennard_jones", "cuzr"])
def test_an_interrupted_quench_gives_the_same_glass_bit_for_bit(
    generator, after, monkeypatch, tmp_path
):
    """Interrupted at the end of the first segment, and within the second."""
    whole = made(generator)
    kept = replace(generator, checkpoints=str(tmp_path))
    interrupted(kept, monkeypatch, after)
    assert len(list(tmp_path.iterdir())) >= 1
    again = made(kept)
    assert again.positions.tobytes() == whole.positions.tobytes()
    assert again.cell.tobytes() == whole.cell.tobytes()
    assert not list(tmp_path.iterdir())  # a finished quench leaves nothing


def test_a_quench_that_goes_on_does_not_begin_again(monkeypatch, tmp_path):
    kept = replace(IN_PIECES, checkpoints=str(tmp_path))
    interrupted(kept, monkeypatch, 2)

    def melt(*_):
        raise AssertionError("it melts again")

    monkeypatch.setattr(lammps_restarts, "melt", melt)
    made(kept)


def test_the_temperature_falls_over_the_whole_segment_not_over_every_piece(monkeypatch):
    temperatures = []

    def write(engine, path):
        temperatures.append(engine.get_thermo("temp"))
        whole(engine, path)

    whole = lammps_restarts._write
    monkeypatch.setattr(lammps_restarts, "_write", write)
    made(replace(IN_PIECES, schedule=((1.0, 1.0, 10.0), (1.0, 0.1, 40.0))))
    np.testing.assert_allclose(temperatures, [1.0, 0.775, 0.55, 0.325], atol=0.12)


def test_restart_files_of_other_atoms_have_other_names():
    """Of one seed and schedule: other places, or other species in the same places."""
    quench = Quench("lj", _LJ["pair_commands"], (1.0, 1.0), ((1.0, 1.0, 1.0),), 0.005, None)
    x, species, box = np.eye(2), np.array([0, 1]), np.full(2, 9.0)
    names = {
        lammps_restarts._name(*atoms, quench, 7, 1.0)
        for atoms in ((x, species, box), (x + 1e-9, species, box), (x, species[::-1], box))
    }
    assert len(names) == 3


def test_a_killed_quench_goes_on_from_its_last_restart_file(tmp_path):
    code = (
        "import numpy as np; from vitreous.plugins.generators.melt_quench import MeltQuench; "
        f"MeltQuench(counts=(221, 179), schedule=((1.0, 1.0, 100.0),), restart_every=2.0, "
        f"checkpoints={str(tmp_path)!r}).generate(0, np.random.default_rng(0))"
    )
    running = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    while not any(tmp_path.glob("*.restart")):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert any(tmp_path.glob("*.restart"))
    whole = replace(IN_PIECES, schedule=((1.0, 1.0, 100.0),), restart_every=2.0)
    kept = replace(whole, checkpoints=str(tmp_path))
    assert made(kept).positions.tobytes() == made(whole).positions.tobytes()
    assert not list(tmp_path.iterdir())


def test_other_glasses_do_not_go_on_from_it(monkeypatch, tmp_path):
    kept = replace(IN_PIECES, checkpoints=str(tmp_path))
    interrupted(kept, monkeypatch, 2)
    assert made(kept, seed=1).positions.tobytes() == made(IN_PIECES, seed=1).positions.tobytes()


def test_pieces_as_long_as_segments_give_the_glass_of_a_quench_in_one_go():
    long = replace(IN_PIECES, restart_every=1000.0)
    assert (
        made(long).positions.tobytes() == made(replace(long, restart_every=0.0)).positions.tobytes()
    )


def test_a_damaged_restart_file_is_named(monkeypatch, tmp_path):
    kept = replace(IN_PIECES, checkpoints=str(tmp_path))
    interrupted(kept, monkeypatch, 2)
    last = max(tmp_path.glob("*.restart"))
    last.write_bytes(last.read_bytes()[:100])
    with pytest.raises(VitreousError, match=r"cannot read the restart file .*; remove it to begin"):
        made(kept)


def test_results_from_before_there_were_restarts_keep_their_keys():
    """Protects stores, and the packed labels."""
    plain = identity(replace(IN_PIECES, restart_every=0.0))
    assert not {"restart_every", "checkpoints"} & set(plain["fields"])
    pieces = identity(replace(IN_PIECES, checkpoints="somewhere"))
    assert pieces["fields"]["restart_every"] == 10.0 and "checkpoints" not in pieces["fields"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"restart_every": -1.0}, "expected a time, or 0"),
        ({"restart_every": 0.0, "checkpoints": "here"}, "set generator.restart_every"),
    ],
)
def test_restarts_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(VitreousError, match=message):
        replace(IN_PIECES, **wrong)
