"""The plugin door: what a package declares, and the one hook through which it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pluggy

PROJECT = "vitreous"
KINDS = (
    "potential",
    "generator",
    "simulator",
    "labeler",
    "descriptor",
    "model",
    "evaluation",
    "executor",
    "tracker",
)

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, kw_only=True)
class Component:
    """One registered method: ``target`` is a dotted string, resolved only when the component is
    asked for.

    ``needs``: optional packages, by the name under which they are imported, without which it cannot
    work; asked for before anything runs.
    """

    kind: str
    name: str
    target: str
    citation: str
    summary: str = ""
    needs: tuple[str, ...] = ()


class Hooks:
    """The hooks a plugin may implement."""

    @hookspec
    def vitreous_components(self) -> Iterable[Component]:  # type: ignore[empty-body]
        """The components this package provides. Called at discovery: import nothing heavy here."""
