"""The glasses of a run, computed by processes that know of each other by the store alone.

What a glass needs decides its key. A process that computes it holds the lock of ``KEY.lock`` in the
folder ``campaign`` of the store; a glass that cannot be computed leaves its reason in
``KEY.json`` there. A lock that nobody holds was left by a process that was killed at this glass.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vitreous.core.archive import read_json
from vitreous.core.attempt import Failure
from vitreous.core.board import Board
from vitreous.core.errors import NotConverged, Unusable, VitreousError
from vitreous.core.executor import Crew
from vitreous.core.locks import lock, taken_over
from vitreous.core.pipeline import Pipeline, Report
from vitreous.core.refusals import shown
from vitreous.core.shard import Shard
from vitreous.core.stages import Glass
from vitreous.core.store import Store

FOLDER = "campaign"
DONE, LEFT_OUT, LEFT = "done", "left out", "left"  #: how far a glass is
COMPUTED, STORED, ELSEWHERE = "computed", "stored", "elsewhere"  #: what a process did with it
_CHANGED = Unusable.__name__


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a glass is.

    Fields:
        state: DONE, LEFT_OUT or LEFT. when: its last result was stored, seconds since 1970; 0 while
        it is left.
        reason: why it, or one of its loadings, is left out. changed: whether another glass replaces
        it. at_work: whether a process computes it now. interrupted: whether one died at it.
    """

    state: str
    when: float = 0.0
    reason: str = ""
    changed: bool = False
    at_work: bool = False
    interrupted: bool = False


class Campaign:
    """The glasses of ``pipeline``, whose results lie in ``store``.

    Raises:
        VitreousError: there are no glasses, or their split is impossible.
    """

    def __init__(self, pipeline: Pipeline, store: Store) -> None:
        self._pipeline, self._store = pipeline, store
        self._roles = pipeline.roles()
        self.asked = len(self._roles)

    def work(
        self, shard: Shard, crew: Crew, report: Report = lambda line: None, again: bool = False
    ) -> Counter[str]:
        """Compute what the store lacks of a shard's glasses, one after the other; how many were
        ``computed``, ``stored`` before, ``left out``, or ``elsewhere``, at work in another process.

        A glass at which a process died comes last: should it kill every process, the others are
        done. A shard whose glasses were all done computes those that replace glasses that cannot be
        used. ``again``: those left out before are tried again.

        Raises:
            VitreousError: what would end a run.
        """
        self._store.clean()
        own = [glass for glass in self._roles if shard.takes(glass)]
        found = self._pass(own, crew, report, again)
        if found[COMPUTED] == found[ELSEWHERE] == 0 and self._any_left_out():
            replacing = [g for g in self.standings() if g >= self.asked and shard.takes(g)]
            found += self._pass(replacing, crew, report, again)
        return found

    def standings(self) -> dict[int, Standing]:
        """How far each glass is, those that replace others included, as far as they are known: the
        glasses that are replaced decide their numbers, so all must be settled first.
        """
        found: dict[int, Standing] = {}
        self._roles = dict(list(self._roles.items())[: self.asked])
        wanted = list(self._roles)
        while wanted:
            found |= {glass: self._standing(glass) for glass in wanted}
            if any(found[glass].state == LEFT for glass in wanted):
                break
            changed = [glass for glass in wanted if found[glass].changed]
            wanted = list(self._pipeline.replace(self._roles, changed, self.asked).values())
        return found

    def _pass(
        self, glasses: Sequence[int], crew: Crew, report: Report, again: bool
    ) -> Counter[str]:
        standing = {glass: self._standing(glass) for glass in glasses}
        open_ = [g for g, s in standing.items() if s.state == LEFT or (again and s.reason)]
        open_.sort(key=lambda glass: standing[glass].interrupted)
        found, waiting = Counter({STORED: len(glasses) - len(open_)}), list[int]()
        board = Board(self._store.folder)
        one = partial(self._one, self._pipeline.attempts(self._store, board), again=again)
        try:
            for tried in (open_, waiting):  # those at work elsewhere once more, at the end
                for glass, outcome in crew.map(one, list(tried), "glasses", board.lines):
                    if isinstance(outcome, BaseException):
                        raise outcome
                    state, reason = outcome
                    if state == ELSEWHERE and tried is open_:
                        waiting.append(glass)
                        continue
                    found[state] += 1
                    if reason:
                        report(f"sample {glass} is left out: {reason}")
        finally:
            board.wipe()
        return found

    def _one(self, attempt: Any, glass: int, again: bool) -> tuple[str, str]:
        """Compute one glass, unless another process does or did; what became of it, and why."""
        wired = self._glass(glass)
        with self._claimed(wired.key) as ours:
            if not ours:
                return ELSEWHERE, ""
            now = self._standing(glass)
            if now.state != LEFT and not (again and now.reason):
                return STORED, ""
            if again:
                wired.try_again()
            cases = list(self._pipeline.cases(glass, self._roles[glass]))
            outcome = attempt((glass, cases))
            each = outcome if isinstance(outcome, list) else [outcome]
            failures = {k: found for k, found in enumerate(each) if isinstance(found, Failure)}
            for failure in failures.values():
                if not issubclass(failure.kind, NotConverged | Unusable):
                    raise VitreousError(f"sample {glass}: {failure.reason}")
            whole = len(failures) == len(each)
            k, first = next(iter(failures.items()), (0, None))
            reason = "" if first is None else first.reason
            if reason and not whole:
                loading = self._pipeline.load_cases[cases[k].loading].loading
                reason = f"along {loading.title} alone, {reason}"
            self._note(wired.key, glass, reason, first, whole)
            return (LEFT_OUT if reason and whole else COMPUTED), reason

    def _standing(self, glass: int) -> Standing:
        wired = self._glass(glass)
        if wired.stored:
            return Standing(state=DONE, when=wired.written)
        path = self._path(wired.key)
        try:
            noted = read_json(path.with_suffix(".json"))
            reason, kind, whole = shown(noted["reason"]), noted["kind"], bool(noted["all_of_it"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError):
            path.with_suffix(".json").unlink(missing_ok=True)  # cut short: the glass is tried again
        else:
            state, when = (LEFT_OUT, 0.0) if whole else (DONE, wired.written)
            return Standing(state=state, when=when, reason=reason, changed=kind == _CHANGED)
        if not path.exists():
            return Standing(state=LEFT)
        with taken_over(path) as free:
            return Standing(state=LEFT, at_work=free is False, interrupted=free is not False)

    def _note(
        self, key: str, glass: int, reason: str, first: Failure | None, all_of_it: bool
    ) -> None:
        """Keep why a glass, or one of its loadings, cannot be computed; nothing where it can."""
        path = self._path(key).with_suffix(".json")
        if first is None:
            path.unlink(missing_ok=True)
            return
        about = {"glass": glass, "reason": reason, "kind": first.kind.__name__}
        temporary = path.with_name(f".{path.stem}.tmp")
        temporary.write_text(json.dumps({**about, "all_of_it": all_of_it}))
        temporary.replace(path)

    @contextmanager
    def _claimed(self, key: str) -> Iterator[bool]:
        """Whether this process alone computes the glass while the context lasts. Where the file
        system knows no locks nobody can tell: two processes may then compute the same.
        """
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            try:
                lock(descriptor)
            except BlockingIOError:
                ours = False
            else:
                ours = True
            yield ours
            if ours:
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def _any_left_out(self) -> bool:
        return any(True for _ in (self._store.folder / FOLDER).glob("*/*.json"))

    def _glass(self, glass: int) -> Glass:
        return Glass(self._pipeline.cases(glass, self._roles[glass]), self._store, glass)

    def _path(self, key: str) -> Path:
        return self._store.folder / FOLDER / key[:2] / f"{key}.lock"
