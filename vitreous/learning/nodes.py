"""Where the processes of a training on several nodes find each other. Needs Lightning.

One command runs on each node, and its processes are forked there, as those of several devices of
one machine are; nothing is started anew, under Slurm neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from torch.multiprocessing.spawn import ProcessException

from vitreous.core.errors import VitreousError
from vitreous.core.training import training

_PORTS = 15000, 10000  #: the first, and how many, of which a job of Slurm takes one by its number


def place_among(nodes: int, environ: Mapping[str, str]) -> dict[str, str]:
    """MASTER_ADDR, MASTER_PORT and NODE_RANK of this process: what ``environ`` says, or what
    Slurm's variables do in a job of one task per node.

    Raises:
        VitreousError: something is not said, or the rank is none of ``nodes``.
    """
    found = {}
    if "SLURM_NODEID" in environ and "SLURM_JOB_ID" in environ:
        first, count = _PORTS
        found = {
            "MASTER_ADDR": SLURMEnvironment.resolve_root_node_address(
                environ.get("SLURM_JOB_NODELIST", "")
            ),
            "MASTER_PORT": str(first + int(environ["SLURM_JOB_ID"]) % count),
            "NODE_RANK": environ["SLURM_NODEID"],
        }
    names = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
    found |= {name: environ[name] for name in names if environ.get(name)}
    missing = [name for name in names if not found.get(name)]
    example = f"MASTER_ADDR=HOST MASTER_PORT=29500 NODE_RANK=0 (to {nodes - 1}) vitreous run ..."
    if missing:
        raise VitreousError(
            f"trainer.num_nodes is {nodes}, but nothing says where the first node is, or which one "
            f"this is ({', '.join(missing)}); type on each: {example}"
        )
    rank, port = found["NODE_RANK"], found["MASTER_PORT"]
    if not (rank.isdecimal() and int(rank) < nodes and port.isdecimal() and int(port) < 65536):
        raise VitreousError(
            f"NODE_RANK is {rank} and MASTER_PORT {port}, but with trainer.num_nodes={nodes} "
            f"expected 0 to {nodes - 1} and a port; type on each: {example}"
        )
    return found


class Nodes(LightningEnvironment):
    """This node, among those of ``found``, which ``place_among`` gives; empty: it is alone."""

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__()
        self._found = found
        self._main_port = int(found.get("MASTER_PORT", -1))  # -1: any free one

    @property
    def main_address(self) -> str:
        return self._found.get("MASTER_ADDR", "127.0.0.1")

    @property
    def creates_processes_externally(self) -> bool:
        return False

    def node_rank(self) -> int:
        return int(self._found.get("NODE_RANK", 0))


def among(nodes: int) -> list[Any]:
    """What Lightning's Trainer is given as ``plugins``."""
    return [Nodes(place_among(nodes, os.environ) if nodes > 1 else {})]


@contextmanager
def together() -> Iterator[None]:
    """Say in words that another node did not come, or went away."""
    try:
        yield
    except ProcessException as error:
        nodes = training().nodes
        if nodes == 1:
            raise
        reason = next((x for x in reversed(str(error).splitlines()) if x.strip()), "it was killed")
        raise VitreousError(
            f"the training on {nodes} nodes ended here ({reason.strip()[:200]}): another "
            "node did not come, or went away; run the same command on each again, with "
            "model.checkpoints=FOLDER to resume from the last epoch"
        ) from error
