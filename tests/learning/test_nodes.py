"""A training on several nodes: the same command on each, emulated here by processes of which each
believes that it is a node.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import vitreous

from vitreous.core.errors import VitreousError
from vitreous.core.training import Training

pytest.importorskip("pytorch_lightning")
from vitreous.learning.nodes import place_among

SAID = {"MASTER_ADDR": "gpu1", "MASTER_PORT": "29500", "NODE_RANK": "1"}
SLURM = {"SLURM_NODEID": "2", "SLURM_JOB_ID": "1234567", "SLURM_JOB_NODELIST": "gpu[07-10,12]"}


def test_what_is_said_or_what_slurm_says_places_a_node():
    assert place_among(2, SAID) == SAID
    assert place_among(4, SLURM) == {
        "MASTER_ADDR": "gpu07",
        "MASTER_PORT": "19567",
        "NODE_RANK": "2",
    }
    assert place_among(4, {**SLURM, "MASTER_ADDR": "ib0"})["MASTER_ADDR"] == "ib0"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"NODE_RANK": ""}, r"\(NODE_RANK\); type on each: MASTER_ADDR=HOST"),
        ({"NODE_RANK": "2"}, r"NODE_RANK is 2 .*expected 0 to 1 and a port"),
        ({"NODE_RANK": "-1"}, r"NODE_RANK is -1 "),
        ({"MASTER_PORT": "70000"}, r"MASTER_PORT 70000, .* and a port"),
    ],
)
def test_a_node_that_has_no_place_is_refused(changed, sentence):
    with pytest.raises(VitreousError, match=sentence):
        place_among(2, {**SAID, **changed})


@pytest.mark.parametrize("nodes", [0, -1, True, 1.5, "2"])
def test_a_number_of_nodes_that_makes_no_sense_is_refused(nodes):
    with pytest.raises(VitreousError, match="expected how many nodes run this command"):
        Training(options={"num_nodes": nodes})


def test_nodes_without_a_place_are_refused_before_anything_is_computed(tmp_path):
    done = vitreous(tmp_path, "run", "experiment=demo", "tracker=none", "+trainer.num_nodes=2")
    assert done.returncode == 2
    assert "type on each: MASTER_ADDR=HOST MASTER_PORT=29500 NODE_RANK=0" in done.stderr
    assert not (tmp_path / "store").exists()


_FIT = """
import json, sys
import numpy as np
from test_lstm import LSTM, sequences
from vitreous.core.training import Training, trained_with
nodes, size = map(int, sys.argv[1:])
found = []
with trained_with(Training(options={"num_nodes": nodes} if nodes > 1 else {})):
    model = LSTM(units=8, epochs=3, learning_rate=0.01, batch_size=size).fit(
        [sequences(0), sequences(1)], [sequences(2)], np.random.default_rng(0),
        lambda *what: found.append(what))
print(json.dumps([found, model.predict(sequences(3)[0]).tolist()]))
"""


def learnt(nodes, rank, port):
    """A process that trains as node ``rank``: every process's share of the 400 examples is one
    batch.
    """
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": str(rank)}
    folders = [Path(__file__).parents[1] / "plugins", os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-c", _FIT, str(nodes), str(400 // nodes)],
        env={**os.environ, **place, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_nodes_learn_what_one_process_does_to_rounding():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    each = [learnt(1, 0, port), learnt(2, 0, port), learnt(2, 1, port)]
    (alone, values), first, second = (json.loads(p.communicate(timeout=400)[0]) for p in each)
    assert first == second  # what both nodes keep, report and predict
    assert [(name, epoch) for name, _, epoch in first[0]] == [(n, e) for n, _, e in alone]
    np.testing.assert_allclose([x[1] for x in first[0]], [x[1] for x in alone], rtol=1e-5)
    np.testing.assert_allclose(first[1], values, rtol=1e-4, atol=1e-6)
