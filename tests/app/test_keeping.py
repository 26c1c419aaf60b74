"""Commands on one glass keep what they reached, say so, and overwrite nothing unasked."""

import csv
import errno
import fcntl
import os
import re
import signal

import numpy as np
import pytest
from toy import vitreous

from vitreous.cli import main
from vitreous.core.interfaces import Simulator
from vitreous.direct import underway
from vitreous.io.write import write_configuration
from vitreous.mechanics.quasistatic.marks import restored
from vitreous.testing.systems import silica_glass

SILICA = ("--potential", "yukawa_silica")
SHEAR = ("--loading", "pure_shear", "--strain-step", "1e-3")
FILES = ("curve.csv", "events.csv", "frames.extxyz", "curve.png")


@pytest.fixture(scope="module")
def glass(tmp_path_factory):
    return str(
        write_configuration(tmp_path_factory.mktemp("kept") / "glass.extxyz", silica_glass())
    )


def deform(glass, out, *more):
    return ["deform", glass, *SILICA, *SHEAR, "--strain-max", "0.2", "--out", str(out), *more]


@pytest.fixture
def interrupting(monkeypatch):
    """Makes a deformation end after a number of states, as ``raised``."""
    genuine = underway.Kept.reached

    def after(states, raised):
        count = [0]

        def reached(self, so_far):
            genuine(self, so_far)
            count[0] += 1
            if count[0] == states:
                raise raised

        monkeypatch.setattr(underway.Kept, "reached", reached)

    yield after
    monkeypatch.setattr(underway.Kept, "reached", genuine)


def rows(path):
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("stride", ["50", "1"])
def test_a_deformation_that_goes_on_ends_with_the_bits_of_one_that_was_never_interrupted(
    stride, glass, tmp_path, interrupting, capsys
):
    few = ("--stop-after-events", "2", "--engine-set", f"stride={stride}")
    assert main(deform(glass, tmp_path / "whole", *few)) == 0
    states = len(rows(tmp_path / "whole" / "curve.csv"))
    first = int(1000 * float(rows(tmp_path / "whole" / "events.csv")[0]["strain"]))
    stops = {states // 3, first if stride == "1" else states - 3}
    for k, after in enumerate(sorted(stops)):
        out = tmp_path / f"part{k}"
        interrupting(after, KeyboardInterrupt())
        assert main(deform(glass, out, *few)) == 130
        assert f"{out} holds the deformation up to strain" in capsys.readouterr().err
        part, whole = (rows(of / "curve.csv") for of in (out, tmp_path / "whole"))
        assert part == whole[: len(part)]
        assert 0 < len(part) < len(whole)
        interrupting(10**9, KeyboardInterrupt())
        assert main(deform(glass, out, *few, "--resume")) == 0
        for name in FILES[:3]:
            assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        assert sorted(os.listdir(out)) == sorted([*FILES, underway.MADE_WITH])


def test_terminated_a_deformation_leaves_what_was_reached(glass, tmp_path, interrupting, capsys):
    before = signal.getsignal(signal.SIGTERM)
    try:
        interrupting(10**9, None)
        genuine = underway.Kept.reached

        def reached(self, so_far):
            genuine(self, so_far)
            if so_far.strain > 0.05:
                os.kill(os.getpid(), signal.SIGTERM)

        underway.Kept.reached = reached
        assert main(deform(glass, tmp_path / "run")) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "the same command with --resume continues" in capsys.readouterr().err
    assert float(rows(tmp_path / "run" / "curve.csv")[-1]["strain"]) > 0.05


def test_resumed_with_other_options_it_is_refused_by_their_names(
    glass, tmp_path, interrupting, capsys
):
    interrupting(5, KeyboardInterrupt())
    assert main(deform(glass, tmp_path / "run")) == 130
    kept = (tmp_path / "run" / underway.FILE).read_bytes()
    capsys.readouterr()
    for more, told in {
        ("--angle", "30"): "--angle was 0.0 and is 30.0",
        ("--engine-set", "jump=0.2"): "--engine-set jump was 0.1 and is 0.2",
        ("--stop-after-events", "3"): "--stop-after-events was not given and is 3",
        ("--relax",): "--relax was not given and is given",
        ("--loading", "simple_shear"): "--loading was pure_shear and is simple_shear",
        ("--set", "cutoff=9"): "--set cutoff was 10.0 and is 9.0",  # before it is said not to rest
        ("--sign", "-1"): "--sign was 1 and is -1",
        ("--strain-max", "0.3"): "--strain-max was 0.2 and is 0.3",  # and nothing that follows
    }.items():
        assert main(deform(glass, tmp_path / "run", *more, "--resume")) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"otherwise: {told}; resume it" in line
    moved = silica_glass().with_(positions=silica_glass().positions + 0.5)
    other = str(write_configuration(tmp_path / "other.extxyz", moved))
    assert main(deform(other, tmp_path / "run", "--resume")) == 2
    line = capsys.readouterr().err
    assert "the glass is another one" in line and not re.search("[0-9a-f]{12}", line)
    assert (tmp_path / "run" / underway.FILE).read_bytes() == kept


def test_a_job_script_that_resumes_what_is_finished_goes_on(glass, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(deform(glass, out, "--stop-after-events", "1")) == 0
    before = {name: (out / name).read_bytes() for name in FILES}
    capsys.readouterr()
    assert main(deform(glass, out, "--stop-after-events", "1", "--resume")) == 0
    assert "so there is nothing to resume" in capsys.readouterr().out
    assert {name: (out / name).read_bytes() for name in FILES} == before


def test_what_is_finished_is_no_answer_to_other_options(glass, tmp_path, capsys):
    out, few = tmp_path / "run", ("--stop-after-events", "1")
    assert main(deform(glass, out, *few)) == 0
    before = {name: (out / name).read_bytes() for name in FILES}
    capsys.readouterr()
    for more, told in {
        ("--sign", "-1"): "--sign was 1 and is -1",
        ("--loading", "uniaxial"): "--loading was pure_shear and is uniaxial",
        ("--strain-max", "0.3"): "--strain-max was 0.2 and is 0.3",
    }.items():
        assert main(deform(glass, out, *few, *more, "--resume")) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line and "start anew with --force" in line
    assert {name: (out / name).read_bytes() for name in FILES} == before
    (out / underway.MADE_WITH).write_text("{")
    assert main(deform(glass, out, *few, "--resume")) == 2
    assert "made_with.json is damaged" in capsys.readouterr().err
    (out / underway.MADE_WITH).unlink()  # an earlier version left none
    assert main(deform(glass, out, *few, "--resume")) == 0


def test_interrupted_before_anything_new_it_says_that_the_earlier_part_is_kept(
    glass, tmp_path, interrupting, monkeypatch, capsys
):
    interrupting(5, KeyboardInterrupt())
    assert main(deform(glass, tmp_path / "run")) == 130
    kept = (tmp_path / "run" / underway.FILE).read_bytes()
    capsys.readouterr()

    def at_once(self, so_far):
        raise KeyboardInterrupt

    monkeypatch.setattr(underway.Kept, "reached", at_once)
    assert main(deform(glass, tmp_path / "run", "--resume")) == 130
    line = capsys.readouterr().err
    assert "which is kept; the same command goes on" in line and "nothing was written" not in line
    assert (tmp_path / "run" / underway.FILE).read_bytes() == kept


def test_what_cannot_be_resumed_is_one_sentence(glass, tmp_path, interrupting, capsys):
    assert main(deform(glass, tmp_path / "new", "--resume")) == 2
    assert "so there is nothing to resume" in capsys.readouterr().err
    interrupting(5, KeyboardInterrupt())
    assert main(deform(glass, tmp_path / "run")) == 130
    (tmp_path / "run" / underway.FILE).write_bytes(b"PK")
    capsys.readouterr()
    assert main(deform(glass, tmp_path / "run", "--resume")) == 2
    assert "is damaged" in capsys.readouterr().err
    assert not Simulator.resumes  # of an engine that says nothing


def test_results_are_not_overwritten_unless_asked(glass, tmp_path, interrupting, capsys):
    out = tmp_path / "run"
    interrupting(5, KeyboardInterrupt())
    assert main(deform(glass, out)) == 130
    capsys.readouterr()
    assert main(deform(glass, out)) == 2
    assert "add --resume to continue it, --force to overwrite it" in capsys.readouterr().err
    short = ("--stop-after-events", "1")
    interrupting(10**9, None)
    assert main(deform(glass, out, *short, "--force")) == 0
    assert not underway.underway_in(out)
    capsys.readouterr()
    assert main(deform(glass, out, *short)) == 2
    assert "holds results (curve.csv) already; add --force" in capsys.readouterr().err
    table = str(tmp_path / "energies.csv")
    for more, status in (([], 0), ([], 2), (["--force"], 0)):
        assert main(["energy", glass, *SILICA, "--out", table, *more]) == status
    assert f"{table} is there already" in capsys.readouterr().err


def test_a_folder_in_use_is_one_sentence(glass, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    held = os.open(tmp_path / "run", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        assert main(deform(glass, tmp_path / "run")) == 2
    finally:
        os.close(held)
    assert "another process writes into" in capsys.readouterr().err
    assert not os.listdir(tmp_path / "run")


def test_a_full_disk_ends_it_in_one_sentence_and_leaves_what_was_saved_whole(
    glass, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(underway, "BETWEEN", 0.0)
    monkeypatch.setattr(underway, "SHARE", 0.0)
    genuine, saves = underway.write_archive, []

    def fills(path, arrays):
        saves.append(path)
        if len(saves) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        genuine(path, arrays)

    monkeypatch.setattr(underway, "write_archive", fills)
    assert main(deform(glass, tmp_path / "run")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left on device" in line
    assert "free some space and resume with --resume" in line
    monkeypatch.setattr(underway, "write_archive", genuine)
    short = ("--stop-after-events", "1")
    assert main(deform(glass, tmp_path / "whole", *short)) == 0
    monkeypatch.setattr(underway, "BETWEEN", 1e9)
    assert main(deform(glass, tmp_path / "run", "--resume")) == 0


def test_a_file_that_cannot_be_finished_stays_as_it_was(tmp_path, monkeypatch):
    from vitreous.core.errors import VitreousError
    from vitreous.io import text

    path = tmp_path / "table.csv"
    path.write_text("old")

    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(text.Path, "write_bytes", full)
    with pytest.raises(VitreousError, match=r"table\.csv cannot be written: No space left"):
        text.write_whole(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_every_command_draws_what_it_finds(glass, tmp_path, capsys):
    from PIL import Image

    moved = silica_glass()
    shaken = moved.positions + np.random.default_rng(0).normal(0.0, 0.05, moved.positions.shape)
    after = str(write_configuration(tmp_path / "after.extxyz", moved.with_(positions=shaken)))
    small = ("--grid", "2", "--probe-set", "free_radius=6")
    for name, command in {
        "energy": ["energy", glass, *SILICA],
        "d2min": ["d2min", after, glass, "--cutoff", "4.5"],
        "map": ["probe", glass, *SILICA, "--loading", "pure_shear", *small],
    }.items():
        out = tmp_path / f"{name}.png"
        assert main([*command, "--out", str(out)]) == 0, capsys.readouterr().err
        with Image.open(out) as picture:
            assert picture.size > (600, 600)
            assert len(picture.convert("RGB").getcolors(1 << 20)) > 100
    assert main(deform(glass, tmp_path / "run.png")) == 2
    assert "names a picture, but a deformation leaves a folder" in capsys.readouterr().err


def test_weakest_sites_are_distinct_spots():
    from types import SimpleNamespace

    from vitreous.app.predicted import weakest
    from vitreous.core.data import Labels

    system = silica_glass()
    side = 12
    axes = (np.arange(side) + 0.5) / side
    sites = np.stack(np.meshgrid(axes, axes, indexing="ij"), -1).reshape(-1, 2) @ system.cell
    near = system.minimum_image(sites - sites[0])
    far = system.minimum_image(sites - sites[side * 6 + 6])
    values = 1.0 - np.exp(-((near / 6.0) ** 2).sum(1)) - 0.5 * np.exp(-((far / 6.0) ** 2).sum(1))
    labels = Labels(
        name="delta_tau",
        level="site",
        unit="1",
        values=values,
        mask=np.ones(len(sites), dtype=bool),
        positions=sites,
        weak_is="low",
    )
    found = weakest(SimpleNamespace(labels=labels, configuration=system))["weakest_at"]
    assert found[0] == pytest.approx(sites[0], abs=0.01)
    assert found[1] == pytest.approx(sites[side * 6 + 6], abs=0.01)
    apart = [
        np.linalg.norm(system.minimum_image(np.subtract(a, b)))
        for k, a in enumerate(found)
        for b in found[:k]
    ]
    assert min(apart) > 2.9 * np.sqrt(np.linalg.det(system.cell)) / side


def test_the_marks_of_a_stranger_are_no_marks():
    with pytest.raises(KeyError):
        restored({})


def test_an_energy_of_every_kind_of_command_says_before_and_after(glass, tmp_path):
    out = str(tmp_path / "rest.extxyz")
    told = vitreous(tmp_path, "relax", glass, *SILICA, "--out", out).stdout
    assert "energy         before -" in told
    assert ", after -" in told


def test_a_run_does_not_write_into_the_folder_of_another(tmp_path):
    place = tmp_path / "runs" / "mine"
    place.mkdir(parents=True)
    held = os.open(place, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        done = vitreous(tmp_path, "run", "experiment=toy", f"hydra.run.dir={place}")
    finally:
        os.close(held)
    assert done.returncode == 2
    assert f"another process writes into {place} right now" in done.stderr
    assert not (tmp_path / "store").exists()


def test_two_runs_that_differ_do_not_share_a_folder(tmp_path):
    """Predictions of the first would lie beside those of the second."""
    place = tmp_path / "mine"
    run = ("run", "experiment=toy", "report=false", "tracker=none", f"hydra.run.dir={place}")
    assert vitreous(tmp_path, *run, "executor=serial").returncode == 0
    before = (place / "run.json").read_bytes()
    done = vitreous(tmp_path, *run, "executor=serial", "seed=5", "samples=9")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"vitreous: {place} holds the results of another run, which differs in glass_seed, "
        "samples, seed; name another folder, or remove this one"
    )
    assert (place / "run.json").read_bytes() == before
    # the same on other processors is the same run
    assert vitreous(tmp_path, *run, "executor=local", "executor.workers=1").returncode == 0
