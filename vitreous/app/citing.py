"""BibTeX of everything that a run used: its components' papers, Vitreous, and the packages beneath."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vitreous.core.compose import ROLES
from vitreous.core.registry import discover

_PAPER = re.compile(
    r"(?P<author>.+?),? (?P<journal>[A-Z][A-Za-z. &:]*?)(?: (?P<volume>\d+))?(?:, (?P<pages>[A-Z]*\d[\dA-Z]*))? \((?P<year>\d{4})\)"
    r"(?:, doi:(?P<doi>\S+))?"
)


def bibtex(about: Mapping[str, Any]) -> str:
    """Entries for what ``run.json`` says; a citation that is not in the usual form becomes an entry with a note."""
    entries: dict[str, str] = {}
    registry = discover()
    for role, made in about["components"].items():
        component = registry.by_target(ROLES[role], made["target"]).component
        for citation in component.citation.split("; "):
            fields = _fields(citation)
            key = _key(fields)
            used = f"{ROLES[role]} {component.name}, version {made['version']} of {made['provider']}".strip()
            if key in entries:
                entries[key] = entries[key].replace("  note = {", f"  note = {{{used}; ", 1)
            else:
                entries[key] = _entry("article" if "journal" in fields else "misc", key, {**fields, "note": used})
    packages = {"vitreous": about["vitreous"], "python": about["python"], **about["packages"]}
    software = [_entry("software", name.replace("-", "_"), {"title": name, "version": version}) for name, version in packages.items()]
    return "\n".join([*entries.values(), *software])


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
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}}}\n"
