"""Errors inside a third party's component, reported with its own lines and nothing of ours."""

from __future__ import annotations

import traceback
from collections.abc import Container, Iterator
from functools import cache
from types import FrameType
from typing import Any

from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Method
from vitreous.core.registry import Registered, discover
from vitreous.core.source import OWN


class PluginFailed(VitreousError):
    """A component of a third party raised an error that is no refusal: its name, the error, and
    where in the plugin's source that was.
    """


def of_plugin(error: BaseException) -> PluginFailed | None:
    """What to tell of an error that passed through a plugin's code; None if it did not, or is a
    refusal in words (VitreousError).
    """
    if isinstance(error, VitreousError):
        return None
    frames = list(_frames(error))
    if not frames:
        return None
    lines = [
        f"\n  {line.rstrip()}"
        for frame, number in frames
        for line in _shown(frame, number).splitlines()
    ]
    said = " ".join(traceback.format_exception_only(error)[-1].split())
    return PluginFailed(f"{_whose(frames)} failed: {said}{''.join(lines)}")


def in_plugin(error: BaseException, top: str = "") -> str:
    """`` (at FILE:LINE in FUNCTION)`` of the innermost line of a plugin, or of the package ``top``;
    empty without one.
    """
    frames = list(_frames(error, frozenset({top})) if top else _frames(error))
    if not frames:
        return ""
    frame, number = frames[-1]
    return f" (at {frame.f_code.co_filename}:{number} in {frame.f_code.co_name})"


def _frames(
    error: BaseException, tops: Container[str] | None = None
) -> Iterator[tuple[FrameType, int]]:
    """Those of plugins, or of the packages ``tops``; the innermost last."""
    for frame, number in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if module in (_plugins() if tops is None else tops):
            yield frame, number


@cache
def _plugins() -> dict[str, str]:
    """The distribution and version of third parties by the top-level package of their
    components.
    """
    registry = discover()
    twins = [twin for clash in registry.clashes for twin in clash.twins]
    found = {_top(r): r.provider for r in (*registry.all(), *twins)}
    return {top: provider for top, provider in found.items() if top != OWN}


def _top(registered: Registered) -> str:
    return registered.component.target.partition(".")[0]


def _shown(frame: FrameType, number: int) -> str:
    summary = traceback.FrameSummary(frame.f_code.co_filename, number, frame.f_code.co_name)
    return "".join(traceback.format_list([summary]))


def _whose(frames: list[tuple[FrameType, int]]) -> str:
    """The component that was at work, or else the package."""
    for frame, _ in frames:
        owner: Any = frame.f_locals.get("self", frame.f_locals.get("cls"))
        cls = owner if isinstance(owner, type) else type(owner)
        if issubclass(cls, Method) and cls.__module__.partition(".")[0] in _plugins():
            name = discover().name_of(cls.kind, cls)
            return f"{cls.kind} '{name}' of {_plugins()[cls.__module__.partition('.')[0]]}"
    top = str(frames[0][0].f_globals["__name__"]).partition(".")[0]
    return f"the plugin {_plugins()[top]}"
