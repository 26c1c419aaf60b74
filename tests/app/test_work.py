"""Jobs of an array, each `vitreous work` on its part, and `vitreous status` of all of them."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import environment, started, vitreous

from vitreous.app.commands.status import summary
from vitreous.core.campaign import DONE, LEFT, LEFT_OUT, Standing

TOY = ("experiment=toy", "samples=12")
SLOW = ("generator.pause=0.2",)


def stored(home, stage="indicators"):  # the last one
    return sorted((home / "store" / stage).rglob("*.npz"))


def standing(home, *arguments):
    done = vitreous(home, "status", *arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def test_parts_then_a_run_that_computes_no_glass(tmp_path):
    for part in ("1/2", "2/2"):
        done = vitreous(tmp_path, "work", *TOY, "--shard", part)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"part {part[0]} of 2: 6 glasses: 6 computed\n"
        assert not (tmp_path / "runs").exists()
    assert standing(tmp_path, *TOY)[0] == 0
    assert vitreous(tmp_path, "run", *TOY).returncode == 0
    (run,) = (tmp_path / "runs" / "toy").iterdir()
    assert set(json.loads((run / "run.json").read_text())["fresh"]) == {"fit", "predict"}


def test_a_job_that_is_killed_costs_one_glass(tmp_path):
    job = started(tmp_path, "work", *TOY, *SLOW)
    while len(stored(tmp_path)) < 3:
        time.sleep(0.02)
    os.kill(job.pid, signal.SIGKILL)
    job.communicate(timeout=60)
    before = {path: path.stat().st_mtime_ns for path in stored(tmp_path)}
    status, found = standing(tmp_path, *TOY)
    assert status == 1
    assert (found["done"], found["left"]) == (len(before), 12 - len(before))
    assert found["interrupted"] <= 1
    done = vitreous(tmp_path, "work", *TOY)
    assert f"{12 - len(before)} computed, {len(before)} settled before" in done.stdout
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert vitreous(tmp_path, "store", "verify").returncode == 0


def test_what_is_damaged_is_computed_anew_once_it_is_set_aside(tmp_path):
    assert vitreous(tmp_path, "work", *TOY).returncode == 0
    path = next((tmp_path / "store" / "label").rglob("*.npz"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    told = vitreous(tmp_path, "store", "verify").stdout
    assert path.exists()
    command = shlex.split(told.rpartition("once you have typed: vitreous ")[2])
    assert "1 damaged; the next run, or `vitreous work`" in vitreous(tmp_path, *command).stdout
    assert not path.exists()
    assert "1 computed, 11 settled before" in vitreous(tmp_path, "work", *TOY).stdout
    assert vitreous(tmp_path, "store", "verify").returncode == 0
    assert path.exists()


def test_two_jobs_on_one_store_compute_no_glass_twice(tmp_path):
    jobs = [started(tmp_path, "work", *TOY, *SLOW) for _ in range(2)]
    said = [job.communicate(timeout=120) for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    computed = [int(found[1]) for out, _ in said if (found := re.search(r"(\d+) computed", out))]
    assert sum(computed) == 12
    assert standing(tmp_path, *TOY)[0] == 0


def test_a_job_that_is_terminated_says_so_and_fails(tmp_path):
    job = started(tmp_path, "work", *TOY, *SLOW)
    while not stored(tmp_path):
        time.sleep(0.02)
    os.kill(job.pid, signal.SIGTERM)
    _, told = job.communicate(timeout=30)
    assert job.returncode == 130
    assert told == "vitreous: interrupted; what is stored is kept, the same command continues\n"
    assert vitreous(tmp_path, "store", "verify").returncode == 0


def test_a_glass_that_kills_its_process_keeps_no_other_from_being_computed(tmp_path):
    poison = (*TOY, "generator.dies=[1]")
    for _ in range(2):
        job = started(tmp_path, "work", *poison)
        job.communicate(timeout=60)
        assert job.returncode == 13
    _, found = standing(tmp_path, *poison)
    assert (found["done"], found["left"], found["interrupted"]) == (11, 1, 1)


def refused(home, sentence, *arguments):
    done = vitreous(home, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"vitreous: {sentence}"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (home / "store").exists()


@pytest.mark.parametrize("part", ["0/0", "5/3"])
def test_a_part_that_there_is_not_is_refused(part, tmp_path):
    sentence = f"--shard is {part}; expected a part from 1 to n of n parts"
    refused(tmp_path, sentence, "work", *TOY, "--shard", part)


@pytest.mark.parametrize("command", ["work", "status"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["experiment=toy", "samples=0"], "samples=0; expected at least 1"),
        (["experiment=nonesuch"], "unknown experiment 'nonesuch'"),
        (["experiment=toy", "sample=3"], "unknown key 'sample'"),
        ([*TOY, "+evaluation@evaluations.r=rings"], "evaluation 'rings' needs bonds"),
        ([*TOY, "--config-dir", "nowhere"], "--config-dir is nowhere, which is no folder"),
        (["experiment=toy", "seed=0,1"], "'seed=0,1' gives several values"),
    ],
)
def test_bad_input_meets_one_sentence_before_anything_is_computed(
    command, arguments, sentence, tmp_path
):
    refused(tmp_path, sentence, command, *arguments)


def test_unknown_options_are_refused(tmp_path):
    done = vitreous(tmp_path, "work", *TOY, "--shards", "1/2", "--multirun")
    assert done.returncode == 2
    assert "'--shards' is no option of vitreous work; did you mean --shard?" in done.stderr


def test_a_strangers_configuration_runs_no_code(tmp_path):
    folder = tmp_path / "strange" / "experiment"
    folder.mkdir(parents=True)
    (folder / "evil.yaml").write_text(f"# @package _global_\nstore: {tmp_path}/elsewhere\n")
    done = vitreous(
        tmp_path, "work", "--config-dir", str(folder.parent), "experiment=evil", "samples=3"
    )
    assert done.returncode == 2
    assert "strange sets store to" in done.stderr


def test_the_script_of_the_page_on_clusters_computes_the_part_of_its_index(tmp_path):
    """Run by bash with the variables that Slurm sets; 1 of an array stands for part 2 of 12."""
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    script = re.search(r"```bash\n(#!/bin/bash\n.*?)```", page, re.DOTALL)
    text, count = re.subn(r"(?m)^CAMPAIGN=.*$", f"CAMPAIGN=({' '.join(TOY)})", script[1])
    assert count == 1
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "activate").write_text(f"PATH={bin_}:$PATH\n")
    (bin_ / "vitreous").write_text(f'#!/bin/bash\nexec {sys.executable} -m vitreous.cli "$@"\n')
    (bin_ / "vitreous").chmod(0o755)
    slurm = {"SLURM_ARRAY_TASK_ID": "1", "PARTS": "12", "OFFSET": "1"}
    variables = {**environment(tmp_path), "SLURM_SUBMIT_DIR": str(tmp_path), **slurm}
    done = subprocess.run(
        ["bash", "-c", text], env=variables, capture_output=True, text=True, check=False
    )
    assert done.stdout == "part 2 of 12: 1 glasses: 1 computed\n", done.stderr


def test_rate_and_time_to_go_are_those_of_the_last_hour():
    now = 100_000.0
    before = {glass: Standing(state=DONE, when=now - 7200.0) for glass in range(5)}
    recent = {glass: Standing(state=DONE, when=now - 60.0 * glass) for glass in range(10, 40)}
    open_ = {glass: Standing(state=LEFT) for glass in range(40, 100)}
    out = {100: Standing(state=LEFT_OUT, reason="it did not converge")}
    found = summary({**before, **recent, **open_, **out}, now)
    assert (found["done"], found["left"], found["left_out"]) == (35, 60, 1)
    assert found["per_hour"] == pytest.approx(30.0)
    assert found["seconds_to_go"] == pytest.approx(2.0 * 3600.0)
    # without earlier ones, the time counts from the first that was done: 29 in 39 minutes
    assert summary({**recent, **open_}, now)["per_hour"] == pytest.approx(29 * 60 / 39)
    assert summary({**before, **open_}, now)["per_hour"] is None


def test_a_campaign_of_which_nothing_was_computed_has_no_rate(tmp_path):
    done = vitreous(tmp_path, "status", *TOY)
    assert done.returncode == 1
    assert "done      0 of 12 glasses" in done.stdout
    assert "rate      unknown" in done.stdout
