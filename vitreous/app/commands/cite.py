"""``vitreous cite``: BibTeX of everything that a run used: its components' papers, Vitreous, and
the packages beneath.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitreous.app.run_options import Used, evaluations_of, parts_of, run_option

SUMMARY = "BibTeX of every component and package that a run used"

_PAPER = re.compile(
    r"(?P<author>.+?),? (?P<journal>[A-Z][A-Za-z. &:]*?)(?: (?P<volume>\d+)(?: "
    r"\((?P<number>\d+)\))?)?"
    r"(?:, (?P<pages>[A-Za-z]*\d[\dA-Z]*))? \((?P<year>\d{4})\)(?:, doi:(?P<doi>\S+))?"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = f"{SUMMARY}."
    run_option(parser)


def carry_out(options: argparse.Namespace) -> int:
    """Print the entries."""
    from vitreous.core.run import Run

    sys.stdout.write(bibtex(Run.about_of(Path(options.run))))
    return 0


def bibtex(about: Mapping[str, Any]) -> str:
    """Entries for what ``run.json`` says; a citation that is not in the usual form becomes an entry
    with a note.
    """
    from vitreous.core.registry import discover

    registry = discover()
    found: dict[
        str, tuple[dict[str, str], list[str]]
    ] = {}  # fields and what they are cited for, by key
    for used in _used(about):
        component = registry.used(*used.named).component
        of = f", version {used.version} of {used.provider}" if used.version else ""
        for citation in component.citation.split("; "):
            fields = _fields(citation)
            key = next(
                k
                for k in (_key(fields) + suffix for suffix in ("", *"bcdefgh"))
                if found.get(k, (fields,))[0] == fields
            )
            found.setdefault(key, (fields, []))[1].append(f"{used.kind} {component.name}{of}")
    entries = [
        _entry(
            "article" if "journal" in fields else "misc", key, {**fields, "note": "; ".join(uses)}
        )
        for key, (fields, uses) in found.items()
    ]
    packages = {"vitreous": about["vitreous"], "python": about["python"], **about["packages"]}
    software = [
        _entry("software", name.replace("-", "_"), {"title": name, "version": version})
        for name, version in packages.items()
    ]
    return "\n".join([*entries, *software])


def _used(about: Mapping[str, Any]) -> list[Used]:
    """Every component of a run."""
    config = about["config"]
    others = [
        Used(kind, str(config[kind]["_target_"]))
        for kind in ("executor", "tracker")
        if kind in config
    ]
    return [*parts_of(about).values(), *evaluations_of(about), *others]


def _fields(citation: str) -> dict[str, str]:
    """BibTeX fields of ``Authors, Journal 12, 345 (2006), doi:...``."""
    found = _PAPER.fullmatch(citation)
    if found is None:
        return {"title": citation}
    fields = {name: value for name, value in found.groupdict().items() if value}
    names = re.split(r", | & ", fields["author"].removesuffix(" et al."))
    others = [*names, "others"] if fields["author"].endswith(" et al.") else names
    return {**fields, "author": " and ".join(others)}


def _key(fields: Mapping[str, str]) -> str:
    first = re.split(r" and |, ", fields.get("author", fields.get("title", "")))[0]
    return re.sub(r"\W", "", first.split()[-1] if first.split() else "") + fields.get("year", "")


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    plain = {
        name: value if name == "doi" else re.sub(r"([_&%#$])", r"\\\1", value)
        for name, value in fields.items()
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in plain.items())
    return f"@{kind}{{{key},\n{lines}}}\n"
