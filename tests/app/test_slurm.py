"""The script of the page on clusters, on a Slurm of one node that the test starts and ends.

Needs Debian's ``slurm-wlm``, installed, or unpacked without installing it: ``apt-get download
slurmctld slurmd slurm-client slurm-wlm-basic-plugins libhwloc15 liblua5.1-0 libmunge2``, ``dpkg
-x`` of each into one folder, and ``VITREOUS_SLURM=FOLDER``.
"""

import getpass
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import environment, vitreous

ROOT = Path(os.environ.get("VITREOUS_SLURM", "/"))
PLUGINS = ROOT / "usr/lib/x86_64-linux-gnu/slurm-wlm"
DAEMONS = {name: ROOT / f"usr/sbin/{name}-wlm" for name in ("slurmctld", "slurmd", "slurmstepd")}
TOY = ("experiment=toy", "samples=12")
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
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
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(path.exists() for path in DAEMONS.values()), reason="there is no Slurm here"
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
    with socket.create_server(("", 0)) as a, socket.create_server(("", 0)) as b:
        ports = [each.getsockname()[1] for each in (a, b)]
    folder, host = tmp_path / "slurm", socket.gethostname()
    folder.mkdir()
    about = {"host": host, "user": getpass.getuser(), "plugins": PLUGINS}
    text = CONFIGURATION.format(folder=folder, ports=ports, **about)
    (folder / "slurm.conf").write_text(text)
    own = {
        **environment(tmp_path),
        "SLURM_CONF": str(folder / "slurm.conf"),
        "LD_LIBRARY_PATH": f"{ROOT}/usr/lib/x86_64-linux-gnu:{PLUGINS}",
    }
    subprocess.run([DAEMONS["slurmctld"]], env=own, check=True)
    subprocess.run(
        [DAEMONS["slurmd"], "-N", host, "-d", DAEMONS["slurmstepd"]], env=own, check=True
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
    waited_for(lambda: "idle" in call("sinfo").stdout)
    yield call
    call("scancel", "--user", getpass.getuser())
    for name in ("slurmd", "slurmctld"):
        os.kill(int((folder / f"{name}.pid").read_text()), 15)
    waited_for(lambda: not list(folder.glob("*.pid")))


@pytest.fixture
def script(tmp_path):
    """Writes the page's script for a campaign."""
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    found = re.search(r"```bash\n(#!/bin/bash\n.*?)```", page, re.DOTALL)
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "activate").write_text(f"PATH={folder}:$PATH\n")
    # of the libraries of Slurm nothing is for Python
    start = f'#!/bin/bash\nunset LD_LIBRARY_PATH\nexec {sys.executable} -m vitreous.cli "$@"\n'
    (folder / "vitreous").write_text(start)
    (folder / "vitreous").chmod(0o755)

    def write(*campaign):
        text = re.sub(r"(?m)^CAMPAIGN=.*$", f"CAMPAIGN=({' '.join(campaign)})", found[1])
        (tmp_path / "work.sh").write_text(text)

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
