"""``vitreous work``: compute a part of a run's glasses, in a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping
from typing import Any

SUMMARY = "compute a part of the glasses of a run, as one job of many"
ABOUT = (
    "What `vitreous run OVERRIDES` needs of the store, for the glasses of one part of n, one after "
    "the other; no training.\n"
    "What is stored is not computed again: a job that was killed costs the glass that it was at; "
    "submit it again.\n"
    "After all parts, `vitreous run OVERRIDES` finds their results and trains. "
    "`vitreous status OVERRIDES` shows how far they are."
)
EXAMPLE = (
    "example: vitreous work experiment=listi/probing samples=5000 --shard $SLURM_ARRAY_TASK_ID/5000"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    campaign_options(parser, ABOUT, EXAMPLE)
    parser.add_argument(
        "--shard",
        default="1/1",
        metavar="i/n",
        help="the i-th of n parts, i from 1 to n (default: %(default)s, all glasses)",
    )
    parser.add_argument(
        "--offset",
        type=int,
        default=0,
        metavar="K",
        help="added to i, where the index of an array of jobs is limited (default: 0)",
    )
    parser.add_argument(
        "--again", action="store_true", help="try glasses once more that were left out"
    )


def campaign_options(parser: argparse.ArgumentParser, about: str, example: str) -> None:
    """The options of every command on a campaign."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = about, example
    parser.add_argument(
        "overrides", nargs="*", metavar="OVERRIDES", help="what `vitreous run` is given"
    )
    parser.add_argument(
        "--config-dir", metavar="FOLDER", help="of further configurations, as for `vitreous run`"
    )


def carry_out(options: argparse.Namespace, config: Mapping[str, Any]) -> int:
    """Compute, and print what became of the glasses; returns the exit status."""
    from vitreous.core.shard import Shard

    shard = Shard.read(options.shard, options.offset)
    from vitreous.app import progress
    from vitreous.app.evaluating import described
    from vitreous.core.campaign import COMPUTED, ELSEWHERE, LEFT_OUT, STORED, Campaign
    from vitreous.core.executor import Crew
    from vitreous.core.registry import discover
    from vitreous.core.store import Store

    log = logging.getLogger("vitreous.run")
    pipeline, _ = described(config, discover())  # refuses what a run would
    campaign = Campaign(pipeline, Store(config["store"]))
    with Crew(progress=progress) as crew:
        found = campaign.work(
            shard, crew, lambda line: log.warning("%s", line), again=options.again
        )
    words = {
        COMPUTED: "computed",
        STORED: "settled before",
        LEFT_OUT: "left out",
        ELSEWHERE: "at work in another process",
    }
    each = ", ".join(f"{found[state]} {word}" for state, word in words.items() if found[state])
    sys.stdout.write(
        f"part {shard.number} of {shard.of}: {found.total()} glasses{': ' if each else ''}{each}\n"
    )
    return 0
