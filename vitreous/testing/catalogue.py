"""Write the page of a package's components from their declarations: ``python -m
vitreous.testing.catalogue PACKAGE``.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from itertools import groupby

from vitreous.core.config_folders import unwrapped
from vitreous.testing.contract import Subject
from vitreous.testing.kit import subjects_of

_HEAD = """\
# Components

The components of {package}: what each computes, its fields with defaults and units, and its source.
Choose a component with `KIND=NAME`, set a field with `KIND.FIELD=VALUE`.
`python -m vitreous.testing.catalogue` writes this page.
"""


def markdown(package: str) -> str:
    """The page as Markdown."""
    parts = [_HEAD.format(package=package)]
    for kind, group in groupby(subjects_of(package), key=lambda subject: subject.kind):
        parts.append(f"\n## {kind}\n")
        parts += [
            _section(subject)
            for subject in sorted(group, key=lambda subject: subject.component.name)
        ]
    return "\n".join(parts)


def _section(subject: Subject) -> str:
    component, lines = subject.component, []
    lines += [
        f"### `{component.kind}={component.name}`\n",
        f"{component.summary[:1].upper()}{component.summary[1:]}.\n",
    ]
    lines += [f"{_first_paragraph(subject)}\n", f"{_facts(subject)}\n"]
    comments = _comments(subject)
    if fields(subject.cls):
        lines += ["| field | default | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | `{default}` | {meaning} |"
            for name, (default, meaning) in comments.items()
        ]
        lines.append("")
    lines.append(f"Source: {component.citation}\n")
    return "\n".join(lines)


def _first_paragraph(subject: Subject) -> str:
    text = inspect.getdoc(subject.cls) or ""
    return " ".join(text.split("\n\n")[0].replace("``", "`").split())


def _facts(subject: Subject) -> str:
    """The declarations that determine with what it can be combined."""
    facts = []
    for name in (
        "species",
        "dimensions",
        "units",
        "form",
        "forms",
        "level",
        "levels",
        "needs",
        "needs_bonds",
        "needs_trajectory",
        "reads",
        "rotation",
    ):
        value = getattr(subject.cls, name, None)
        own = {field.name for field in fields(subject.cls)}
        if value not in (None, frozenset(), ()) and name not in own:
            listed = sorted(value) if isinstance(value, frozenset) else value
            text = ", ".join(map(str, listed)) if isinstance(listed, list | tuple) else str(listed)
            facts.append(f"{name.replace('_', ' ')}: {text}")
    return "; ".join(facts) or "No further declarations"


def _comments(subject: Subject) -> dict[str, tuple[str, str]]:
    """Default and comment of each field in the configuration."""
    if subject.config_folder is None:
        return {}
    path = subject.config_folder / subject.kind / f"{subject.component.name}.yaml"
    text = unwrapped(path.read_text())
    found = re.findall(r"^(\w+): *(.*?) *# *(.*)$", text, flags=re.MULTILINE)
    return {
        name: (value, meaning.replace("|", "\\|"))
        for name, value, meaning in found
        if name != "_target_"
    }


if __name__ == "__main__":
    sys.stdout.write(markdown(*(sys.argv[1:] or ["vitreous"])))
