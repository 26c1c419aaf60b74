"""The scripts of the page on clusters, on a Slurm of two nodes that the test starts and ends: two
daemons on this machine, which trust each other by munge.

Needs Debian's ``slurm-wlm``, installed, or unpacked without installing it: ``apt-get download
slurmctld slurmd slurm-client slurm-wlm-basic-plugins libhwloc15 liblua5.1-0 libmunge2 munge``,
``dpkg -x`` of each into one folder, and ``VITREOUS_SLURM=FOLDER``.
"""

import getpass
import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from toy import environment, vitreous

ROOT = Path(os.environ.get("VITREOUS_SLURM", "/"))
PLUGINS = ROOT / "usr/lib/x86_64-linux-gnu/slurm-wlm"
DAEMONS = {name: ROOT / f"usr/sbin/{name}-wlm" for name in ("slurmctld", "slurmd", "slurmstepd")}
MUNGED = ROOT / "usr/sbin/munged"
NODES = ("one", "two")
TOY = ("experiment=toy", "samples=12")
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports[0]}
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PluginDir={plugins}
MaxArraySize=1001
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SwitchType=switch/none
SlurmdParameters=config_overrides
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=4000
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=4000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(path.exists() for path in (*DAEMONS.values(), MUNGED)),
        reason="there is no Slurm here",
    ),
]


def waited_for(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A function that calls a command of Slurm in the home of a campaign."""
    with ExitStack() as stack:
        open_ports = [stack.enter_context(socket.create_server(("", 0))) for _ in range(3)]
        ports = [each.getsockname()[1] for each in open_ports]
    folder, host = tmp_path / "slurm", socket.gethostname()
    folder.mkdir()
    about = {"host": host, "user": getpass.getuser(), "plugins": PLUGINS}
    text = CONFIGURATION.format(folder=folder, ports=ports, **about)
    (folder / "slurm.conf").write_text(text)
    own = {
        **environment(tmp_path),
        "SLURM_CONF": str(folder / "slurm.conf"),
        "LD_LIBRARY_PATH": f"{ROOT}/usr/lib/x86_64-linux-gnu:{PLUGINS}",
        "PATH": f"{ROOT}/usr/bin:{os.environ['PATH']}",
    }
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    kinds = {"socket": "socket", "key-file": "key", "seed-file": "seed", "log-file": "log"}
    places = [f"--{kind}={folder}/munge.{end}" for kind, end in kinds.items()]
    places.append(f"--pid-file={folder}/munged.pid")
    subprocess.run([MUNGED, "--force", *places], env=own, check=True, capture_output=True)
    subprocess.run([DAEMONS["slurmctld"]], env=own, check=True)
    for node in NODES:
        subprocess.run(
            [DAEMONS["slurmd"], "-N", node, "-d", DAEMONS["slurmstepd"]], env=own, check=True
        )

    def call(name, *arguments, **variables):
        return subprocess.run(
            [ROOT / "usr/bin" / name, *arguments],
            env={**own, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    call.idle = lambda: call("squeue", "-h").stdout == ""
    waited_for(lambda: call("sinfo", "-hN").stdout.count("idle") == len(NODES))
    yield call
    call("scancel", "--user", getpass.getuser())
    for name in (*(f"slurmd.{node}" for node in NODES), "slurmctld", "munged"):
        os.kill(int((folder / f"{name}.pid").read_text()), 15)
    waited_for(lambda: not list(folder.glob("*.pid")))


@pytest.fixture
def script(tmp_path):
    """Writes the page's scripts, for a campaign (``work``) and for a training (``train``)."""
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    found = re.findall(r"```bash\n(#!/bin/bash\n.*?)```", page, re.DOTALL)
    texts = dict(zip(("work", "train"), found, strict=True))
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "activate").write_text(f"PATH={folder}:$PATH\n")
    # of the libraries of Slurm nothing is for Python
    start = f'#!/bin/bash\nunset LD_LIBRARY_PATH\nexec {sys.executable} -m vitreous.cli "$@"\n'
    (folder / "vitreous").write_text(start)
    (folder / "vitreous").chmod(0o755)

    def write(*overrides, name="work"):
        text = re.sub(r"(?m)^(CAMPAIGN|RUN)=.*$", rf"\1=({' '.join(overrides)})", texts[name])
        (tmp_path / f"{name}.sh").write_text(text)

    return write


def test_two_arrays_of_jobs_compute_a_campaign_of_more_parts_than_the_index_allows(
    slurm, script, tmp_path
):
    script(*TOY)
    refused = slurm("sbatch", "--array=1-5000", "work.sh")
    assert "Invalid job array specification" in refused.stderr
    for offset in "02":
        assert slurm("sbatch", "--array=1-2", "work.sh", PARTS="4", OFFSET=offset).returncode == 0
    waited_for(slurm.idle)
    said = sorted(path.read_text() for path in tmp_path.glob("slurm-*.out"))
    assert said == [f"part {part} of 4: 3 glasses: 3 computed\n" for part in range(1, 5)]
    assert vitreous(tmp_path, "status", *TOY).returncode == 0


def test_a_job_at_its_time_limit_ends_by_itself_and_its_store_is_whole(slurm, script, tmp_path):
    script(*TOY, "generator.pause=1", "samples=400")
    limits = ("--time=00:01:00", "--signal=B:TERM@50")  # Slurm looks every few seconds
    assert slurm("sbatch", "--array=1", *limits, "work.sh", PARTS="1").returncode == 0
    waited_for(slurm.idle, 150.0)
    (path,) = tmp_path.glob("slurm-*.out")
    assert "vitreous: interrupted; what is stored is kept" in path.read_text()
    assert vitreous(tmp_path, "store", "verify").returncode == 0


def test_dask_workers_are_jobs_of_it(slurm, tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sbatch", "scancel", "squeue"):  # for a Python without the libraries of Slurm
        (folder / name).write_text(
            "#!/bin/bash\n"
            f"export SLURM_CONF={tmp_path}/slurm/slurm.conf "
            f"LD_LIBRARY_PATH={ROOT}/usr/lib/x86_64-linux-gnu:{PLUGINS}\n"
            f'exec {ROOT}/usr/bin/{name} "$@"\n'
        )
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    done = vitreous(
        tmp_path, "run", *TOY, "executor=dask", "executor.jobs=slurm", "executor.workers=2",
        "executor.memory=1GB", "executor.walltime=00:05:00",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "store" / "generate").rglob("*.npz"))) == 12
    waited_for(slurm.idle)


def test_a_network_is_trained_by_two_nodes_as_by_one_process(slurm, script, tmp_path):
    # one batch of all sites, of which each node has half, and nothing drawn at random
    run = ("experiment=listi/lstm", "debug=fast", "labeler.grid=6", "model.batch_size=1000")
    run += ("model.reflections=none",)
    alone = vitreous(tmp_path, "run", *run, "name=alone")
    assert alone.returncode == 0, alone.stderr
    script(*run, "model.devices=1", "+trainer.num_nodes=2", "name=shared", name="train")
    limits = ("--cpus-per-task=1", "--time=00:10:00")
    # the names of these nodes are known to Slurm alone
    sent = slurm("sbatch", *limits, "train.sh", MASTER_ADDR="127.0.0.1")
    assert sent.returncode == 0, sent.stderr
    waited_for(slurm.idle, 300.0)
    (said,) = tmp_path.glob("slurm-*.out")
    (expected,) = _errors(tmp_path, "alone")
    nodes = _errors(tmp_path, "shared")
    assert len(nodes) == 2, said.read_text()
    for node in nodes:
        assert node == pytest.approx(expected, rel=1e-4)


def _errors(home, name):
    """Errors over all sites of every run of that name."""
    paths = (home / "runs" / name).glob("*/scores.json")
    return [json.loads(path.read_text())["regression"]["pooled"] for path in paths]
