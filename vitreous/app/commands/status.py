"""``vitreous status``: how far the glasses of a run are."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from vitreous.app.commands.work import campaign_options

SUMMARY = "how far the glasses of a run are: done, left out, left, rate, time to go"
ABOUT = (
    "The glasses that `vitreous run OVERRIDES` needs, by what the store holds of them; nothing is "
    "computed.\n"
    "The rate is that of the last hour. Exit status 1 while glasses are left, 0 once none is."
)
EXAMPLE = "example: vitreous status experiment=listi/probing samples=5000"
HOUR = 3600.0  #: seconds over which the rate is taken
SHOWN = 3  #: reasons of glasses left out


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    campaign_options(parser, ABOUT, EXAMPLE)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def carry_out(options: argparse.Namespace, config: Mapping[str, Any]) -> int:
    """Print how far it is; returns the exit status."""
    from vitreous.app.evaluating import described
    from vitreous.core.campaign import Campaign
    from vitreous.core.registry import discover
    from vitreous.core.store import Store

    pipeline, _ = described(config, discover())  # refuses what a run would
    campaign = Campaign(pipeline, Store(config["store"]))
    found = summary(campaign.standings(), time.time())
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        _print(found)
    return 1 if found["left"] else 0


def summary(standings: Mapping[int, Any], now: float) -> dict[str, Any]:
    """Counts of glasses, the rate (glasses per hour) and the time to go (seconds), both None where
    no glass was finished in the last hour; ``now``: seconds since 1970.
    """
    from vitreous.core.campaign import DONE, LEFT, LEFT_OUT

    counts = Counter(each.state for each in standings.values())
    recent = [each.when for each in standings.values() if now - HOUR <= each.when <= now]
    # the first of them began before the time that is looked at
    gone = now - min(recent, default=now)
    full = any(0.0 < each.when < now - HOUR for each in standings.values())
    many = len(recent) - (not full)
    rate = many * HOUR / (HOUR if full else gone) if many > 0 and gone > 0.0 else None
    return {
        "glasses": len(standings),
        "done": counts[DONE],
        "left_out": counts[LEFT_OUT],
        "replaced": sum(each.changed for each in standings.values()),
        "left": counts[LEFT],
        "at_work": sum(each.at_work for each in standings.values()),
        "interrupted": sum(each.interrupted for each in standings.values()),
        "per_hour": rate,
        "seconds_to_go": counts[LEFT] / rate * HOUR if rate else None,
        "reasons": {glass: each.reason for glass, each in standings.items() if each.reason},
    }


def _print(found: Mapping[str, Any]) -> None:
    from vitreous.app.progress import duration

    rate, to_go = found["per_hour"], found["seconds_to_go"]
    lines = {
        "done": f"{found['done']} of {found['glasses']} glasses",
        "left out": f"{found['left_out']}, {found['replaced']} of them replaced",
        "left": f"{found['left']}, {found['at_work']} at work, {found['interrupted']} interrupted",
        "rate": "unknown: too few glasses were done in the last hour"
        if rate is None
        else f"{rate:.3g} glasses per hour",
        "to go": "unknown" if to_go is None else duration(to_go),
    }
    for name, value in lines.items() if found["left"] else list(lines.items())[:3]:
        sys.stdout.write(f"{name:10}{value}\n")
    reasons = list(found["reasons"].items())
    for glass, reason in reasons[:SHOWN]:
        sys.stdout.write(f"sample {glass} is left out: {reason}\n")
    if len(reasons) > SHOWN:
        sys.stdout.write(f"and {len(reasons) - SHOWN} more: see --json\n")
