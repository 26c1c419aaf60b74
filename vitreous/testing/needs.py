"""The check of declared needs: a component works without any optional package except those it
declares. A need that is not installed is not checked further, but it must be the name of a
package that an extra installs.

A package is optional if neither Vitreous, nor the distribution that provides the component, nor a
declared need requires it. The component runs its example in a process in which these packages are
hidden: importing one fails as if it were not installed, at the top of a module or in a function.
Components from which the same packages are hidden share that process.
"""

from __future__ import annotations

import atexit
import multiprocessing
import pickle
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, cast

from vitreous.core.registry import EXTRA_OF
from vitreous.testing.contract import Skip, Subject, expect
from vitreous.testing.materials import operation
from vitreous.testing.models import what_is_saved_predicts_the_same

_TIMEOUT = 300.0  # s
Answer = tuple[str, str, list[str]]  #: "passed", "skipped" or "failed"; why; hidden packages wanted


def needs_are_declared(subject: Subject) -> None:
    """It works without optional packages other than its declared needs."""
    missing = [need for need in subject.component.needs if find_spec(need) is None]
    unknown = [need for need in missing if not _heard_of(need, subject)]
    expect(
        not unknown,
        f"it declares that it needs {', '.join(unknown)}, which is not installed and no package "
        f"that {_distribution(subject)} requires, extras included; write the name under which the "
        "package is imported, name the package in an extra, or install it",
    )
    if missing:
        raise Skip(f"it needs {', '.join(missing)}, not installed here")
    status, reason, wanted = _elsewhere(subject)
    if status == "skipped":
        raise Skip(reason)
    advice = (
        f"it needs {', '.join(wanted)}, which it does not declare; "
        if wanted
        else "in a process of its own it fails; "
    )
    expect(
        status == "passed",
        f"{advice}name every optional package in Component(needs=...) ({reason})",
    )


def _heard_of(need: str, subject: Subject) -> bool:
    """Whether a module that is not installed here may belong to a package that the distribution of
    the component, or Vitreous, requires in some extra. The module of a package is taken to have its
    name, except where Vitreous knows another one; of an installed package it is none.
    """
    if need in EXTRA_OF:
        return True
    asked = _required_in_extras(_distribution(subject), "vitreous") - _installed()
    return _normal(need) in asked


def _distribution(subject: Subject) -> str:
    """The distribution that provides the component, without its version."""
    return subject.provider.partition(" ")[0] or "its distribution"


def _required_in_extras(*distributions: str) -> frozenset[str]:
    """What these distributions name as requirements, those of every extra included."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            found |= {_normal(Requirement(line).name) for line in metadata.requires(name) or []}
    return frozenset(found)


def _installed() -> frozenset[str]:
    return frozenset(_normal(name) for names in _owners().values() for name in names)


def hidden_from(subject: Subject) -> frozenset[str]:
    """Top-level modules of every installed distribution that the component may not import."""
    owners = _owners()
    wanted = {
        "vitreous",
        *subject.provider.split()[:1],
        *(owner for need in subject.component.needs for owner in owners.get(need, ())),
    }
    allowed = _required_by(wanted)
    return frozenset(
        module
        for module, names in owners.items()
        if not {_normal(name) for name in names} & allowed
    )


@lru_cache
def _owners() -> dict[str, tuple[str, ...]]:
    return {module: tuple(names) for module, names in metadata.packages_distributions().items()}


def _required_by(distributions: Iterable[str]) -> frozenset[str]:
    """These distributions and their requirements, without extras that none of them requests."""
    from packaging.requirements import Requirement

    found: set[tuple[str, str]] = set()
    waiting = [(_normal(name), "") for name in distributions]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting += [
                    (_normal(requirement.name), asked) for asked in ("", *requirement.extras)
                ]
    return frozenset(name for name, _ in found)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class _Room(NamedTuple):
    """A process without some modules, and the connection on which it takes components."""

    process: BaseProcess
    connection: Connection

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        self.process.kill()
        self.process.join()


_rooms: dict[frozenset[str], _Room] = {}  # components with the same needs share a process


def _room_without(hidden: frozenset[str]) -> _Room:
    """The process in which these modules are hidden, forked from one that has not imported them."""
    if hidden not in _rooms:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        ours, theirs = context.Pipe()
        distributions = {name for module in hidden for name in _owners()[module]}
        process = context.Process(target=_answers, args=(theirs, hidden, distributions))
        process.start()
        theirs.close()
        _rooms[hidden] = _Room(process, ours)
        atexit.register(_rooms[hidden].close)  # before multiprocessing waits for it
    return _rooms[hidden]


def _elsewhere(subject: Subject) -> Answer:
    """The outcome of the component in a process without the modules that it may not import."""
    hidden = hidden_from(subject)
    room = _room_without(hidden)
    room.connection.send((sys.path, pickle.dumps(subject)))
    try:
        if room.connection.poll(_TIMEOUT):
            return room.connection.recv()
        reason = f"no answer within {_TIMEOUT:g} s"
    except EOFError:
        room.process.join()
        reason = f"its process ended with status {room.process.exitcode}"
    _rooms.pop(hidden).close()
    return "failed", reason, []


def _answers(connection: Connection, hidden: Iterable[str], distributions: Iterable[str]) -> None:
    """Hide modules; unpickle every component (which imports it), run it, and send the outcome."""
    curtain = Curtain(hidden, distributions)
    with suppress(EOFError):  # of those that ask
        while True:
            sys.path[:], pickled = connection.recv()
            curtain.asked_for.clear()
            try:
                _work(pickle.loads(pickled))
                connection.send(("passed", "", []))
            except Skip as skip:
                connection.send(("skipped", str(skip), []))
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                connection.send(("failed", reason, curtain.decisive(error)))


def _work(subject: Subject) -> None:
    """Run the component's example; a model is also saved, loaded and used to predict."""
    if subject.kind == "model":
        what_is_saved_predicts_the_same(subject)
    else:
        inputs, call = operation(subject)
        call(**inputs)


class Curtain:
    """A finder in front of all others that hides modules from imports, ``find_spec`` and
    ``metadata``.
    """

    def __init__(self, hidden: Iterable[str], distributions: Iterable[str]) -> None:
        self._hidden, self._distributions, self._behind = (
            frozenset(hidden),
            frozenset(distributions),
            list(sys.meta_path),
        )
        self.asked_for: dict[str, None] = {}  # in order of request
        for name in [name for name in sys.modules if name.partition(".")[0] in self._hidden]:
            del sys.modules[name]
        sys.meta_path[:] = [cast(Any, self)]

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The spec of a module, None if it is hidden."""
        top = name.partition(".")[0]
        if top in self._hidden:
            self.asked_for[top] = None
            return None
        return next(
            (
                spec
                for finder in self._behind
                if (spec := finder.find_spec(name, path, target)) is not None
            ),
            None,
        )

    def find_distributions(self, context: Any) -> Iterable[metadata.Distribution]:
        """The installed distributions that are not hidden."""
        found = (
            one
            for finder in self._behind
            for one in getattr(finder, "find_distributions", lambda _: ())(context)
        )
        return (one for one in found if one.metadata["Name"] not in self._distributions)

    def decisive(self, error: BaseException | None) -> list[str]:
        """The hidden package whose absence caused the error; if unclear, all requested ones."""
        while error is not None:
            top = (getattr(error, "name", None) or "").partition(".")[0]
            if isinstance(error, ImportError) and top in self._hidden:
                return [top]
            error = error.__cause__ or error.__context__
        return list(self.asked_for)


CHECKS = (needs_are_declared,)
