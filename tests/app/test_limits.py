"""A configuration of a stranger runs no code, writes nowhere else, and leads a run to no other
machine, unless the user says so.
"""

import re

import pytest
from toy import vitreous

TOY = ("run", "experiment=toy", "samples=3", "split.test=1", "split.validation=0", "report=false")
CALL = "{_target_: pathlib.Path.touch, self: {_target_: pathlib.Path, _args_: [%s]}}"


def refused(done, sentence):
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr.splitlines()[-1]


@pytest.fixture
def victim(tmp_path):
    return tmp_path / "victim"


@pytest.fixture
def stranger(tmp_path):
    """Writes an experiment into a folder of configurations, and says how to choose it."""

    def write(text):
        folder = tmp_path / "theirs" / "experiment"
        folder.mkdir(parents=True)
        text = "# @package _global_\ndefaults: [toy, _self_]\n" + text
        (folder / "nice.yaml").write_text(text)
        return ("run", "--config-dir", str(folder.parent), "experiment=nice", *TOY[2:])

    return write


@pytest.mark.parametrize("flag", [(), ("-m",)])
def test_a_callback_is_refused_and_not_made(tmp_path, stranger, victim, flag):
    command = stranger(f"hydra: {{callbacks: {{x: {CALL % victim}}}}}")
    refused(vitreous(tmp_path, *command, *flag), "sets hydra.callbacks.x, code that is run")
    assert not victim.exists()
    assert not (tmp_path / "store").exists()


def test_a_callback_in_the_place_of_ours_or_on_the_command_line_is_refused(tmp_path):
    for change in (
        "hydra.callbacks.sweep._target_=os.getcwd",
        "+hydra.callbacks.x._target_=os.getcwd",
    ):
        refused(vitreous(tmp_path, *TOY, change), "VITREOUS_ALLOW=hydra")


def test_a_callback_is_made_where_it_is_allowed(tmp_path, stranger, victim):
    command = stranger(f"hydra: {{callbacks: {{x: {CALL % victim}}}}}")
    vitreous(tmp_path, *command, VITREOUS_ALLOW="lammps, hydra")
    assert victim.exists()


GUARDED = {
    "hydra.job_logging": "hydra: {job_logging: {handlers: {x: {(): pathlib.Path.touch}}}}",
    "hydra.hydra_logging": "hydra: {hydra_logging: {handlers: {x: {(): pathlib.Path.touch}}}}",
    "hydra.launcher": "hydra: {launcher: {_target_: hydra_plugins.theirs.Launcher}}",
    "hydra.sweeper": "hydra: {sweeper: {params: {seed: '0,1'}}}",
    "hydra.job.env_set": "hydra: {job: {env_set: {PYTHONPATH: /theirs}}}",
    "hydra.job.name": "hydra: {job: {name: ../../x}}",
    "hydra.run": "hydra: {run: {dir: /theirs}}",
    "hydra.output_subdir": "hydra: {output_subdir: ../../x}",
    "runs": "runs: /theirs",
    "store": "store: /theirs",
    "tracker.uri": "tracker: {_target_: x, uri: 'http://theirs'}",
    "executor.scheduler": "executor: {scheduler: 'tcp://theirs:8786'}",
}


@pytest.mark.parametrize("key", GUARDED)
def test_files_from_elsewhere_set_neither_hydra_nor_places_nor_machines(tmp_path, stranger, key):
    command = stranger(GUARDED[key])
    refused(vitreous(tmp_path, *command), f"theirs sets {key} to")
    assert not (tmp_path / "store").exists()
    assert vitreous(tmp_path, *command, "--cfg", "hydra").returncode == 0  # to look into it


def test_a_primary_configuration_from_elsewhere_is_looked_through_alike(tmp_path):
    (tmp_path / "theirs.yaml").write_text("hydra: {run: {dir: /theirs}}\nname: x\n")
    command = ("run", "--config-path", str(tmp_path), "--config-name", "theirs")
    refused(vitreous(tmp_path, *command), "hydra.callbacks.sweep")


def test_components_and_fields_from_elsewhere_and_places_on_the_command_line_are_fine(
    tmp_path, stranger
):
    command = stranger("descriptor: {cutoff: 3.0}\nname: listi/nice")
    done = vitreous(tmp_path, *command, "runs=here", "+hydra.job.env_set.X=1", "executor=serial")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "here" / "listi" / "nice").glob("*/run.json"))


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a/../../../x", "''"])
@pytest.mark.parametrize("flag", [(), ("-m",)])
def test_a_name_stays_inside_the_folder_of_runs(tmp_path, name, flag):
    home = tmp_path / "home"
    home.mkdir()
    refused(vitreous(home, *TOY, f"name={name}", *flag), "for a folder inside that of all runs")
    assert list(tmp_path.iterdir()) == [home]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"samples: \xb5", "holds bytes that are no text .*; save it as UTF-8"),
        (b"defaults: [null]", "Unsupported type in defaults : NoneType"),
        (b"defaults: toy", "defaults must be a list"),
        (b"defaults: [" + b"9" * 5000 + b"]", "."),
        (b"samples: " + b"[" * 2000, "."),
    ],
    ids=["bytes", "null", "text", "long name", "deep"],
)
@pytest.mark.parametrize("command", ["run", "work"])
def test_a_configuration_that_nobody_can_read_is_one_sentence(tmp_path, command, text, sentence):
    """Found by mutating configurations; each once ended in a traceback."""
    folder = tmp_path / "theirs" / "experiment"
    folder.mkdir(parents=True)
    (folder / "evil.yaml").write_bytes(b"# @package _global_\n" + text)
    done = vitreous(tmp_path, command, "--config-dir", str(folder.parent), "experiment=evil")
    assert done.returncode == 2
    assert re.search(sentence, done.stderr)
    assert done.stderr.count("\n") == 1 and len(done.stderr) < 2000
