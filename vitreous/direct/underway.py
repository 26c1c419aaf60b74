"""A deformation kept in its folder during its course, so that whatever ends it leaves what was
reached, and it can be taken up there with the same bits.

Beside ``curve.csv``, ``events.csv`` and ``frames.extxyz`` up to the last state that was kept, the
folder holds ``underway.npz`` as long as the deformation is not finished: arrays without pickle. One
that is finished leaves ``made_with.json`` in its place: what decided it, so that ``--resume`` with
something else is not answered by its results.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from vitreous.core.archive import MANIFEST, read_archive, read_json, write_archive
from vitreous.core.errors import VitreousError
from vitreous.core.underway import Arrays, SoFar
from vitreous.io.text import write_whole

FILE = "underway.npz"
MADE_WITH = "made_with.json"  #: beside the results of a deformation that is finished
GLASS = "the glass"  #: in what a deformation was made with: a digest, which tells nobody anything
BETWEEN = 30.0  #: seconds between two saves, at least
SHARE = 20.0  #: a save takes no more than the 20th part of the time


class Kept:
    """Keeps a deformation in ``folder``.

    Args:
        write: writes a trajectory's files into the folder; their paths.
        made_with: all that decides the result, as plain values by the names that a user knows.
        resume: take up what the folder holds.

    Raises:
        VitreousError: ``resume``, and the folder holds no deformation underway, a damaged one, or
        one that was made with something else.
    """

    def __init__(
        self,
        folder: Path,
        write: Callable[[Any, Path], list[Path]],
        made_with: Mapping[str, Any],
        *,
        resume: bool = False,
    ) -> None:
        self.folder, self._write = folder, write
        self._made_with = json.loads(json.dumps(made_with))
        self._arrays = self._read() if resume else None
        if not resume:  # what the folder holds is about to be replaced
            (folder / MADE_WITH).unlink(missing_ok=True)
        self._saved_at, self._took = monotonic(), 0.0
        self._last: SoFar | None = None

    @property
    def taken_up(self) -> Arrays | None:
        return self._arrays

    @property
    def last(self) -> SoFar | None:
        """The last state that was reached."""
        return self._last

    def reached(self, so_far: SoFar) -> None:
        self._last = so_far
        if monotonic() - self._saved_at >= max(BETWEEN, SHARE * self._took):
            self.save()

    def save(self) -> None:
        """Write what was reached; what was written before stays whole if that fails. Raises
        VitreousError where it does.
        """
        if self._last is None:
            return
        begun = monotonic()
        try:
            with warnings.catch_warnings():  # warnings come at its end
                warnings.simplefilter("ignore")
                self._write(self._last.trajectory(), self.folder)
            manifest = np.array(json.dumps({"made_with": self._made_with}))
            write_archive(self.folder / FILE, {MANIFEST: manifest, **self._last.arrays()})
        except (VitreousError, OSError) as error:
            raise VitreousError(
                f"{error.strerror if isinstance(error, OSError) else error}: the deformation ended "
                f"at strain {self._last.strain:g}, and {self.folder} holds it as far as it was "
                "last saved; free some space and resume with --resume"
            ) from error
        self._saved_at, self._took = monotonic(), monotonic() - begun

    def finished(self) -> None:
        """Nothing is underway any more, and the results are of what they were made with."""
        about = json.dumps(self._made_with, indent=1) + "\n"
        write_whole(self.folder / MADE_WITH, about.encode())
        (self.folder / FILE).unlink(missing_ok=True)

    def _read(self) -> Arrays:
        path = self.folder / FILE
        try:
            about, arrays = read_archive(path)
            before = dict(about["made_with"])
        except FileNotFoundError:
            raise VitreousError(
                f"{self.folder} holds no deformation that was interrupted, so there is nothing to "
                "resume; leave --resume out"
            ) from None
        except Exception as error:
            raise VitreousError(
                f"{path} is damaged ({error}); start anew with --force instead of --resume"
            ) from error
        _refuse_other(self.folder, before, self._made_with)
        return arrays


def check_finished(folder: Path, made_with: Mapping[str, Any]) -> None:
    """Raises VitreousError if the finished deformation in a folder was made with something else;
    those of earlier versions do not tell.
    """
    path = folder / MADE_WITH
    if not path.exists():
        return
    try:
        before = read_json(path)
    except (ValueError, OSError) as error:
        raise VitreousError(f"{path} is damaged ({error}); start anew with --force") from error
    _refuse_other(folder, before, json.loads(json.dumps(made_with)))


def _refuse_other(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    other = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if other:
        differ = ", ".join(_differs(name, before.get(name), now.get(name)) for name in other)
        raise VitreousError(
            f"{folder} holds a deformation that was made otherwise: {differ}; resume it with what "
            "it was made with, start anew with --force, or name another folder"
        )


def _differs(name: str, before: Any, now: Any) -> str:
    if name == GLASS:
        return f"{GLASS} is another one"
    return f"{name} was {_given(before)} and is {_given(now)}"


def _given(value: Any) -> str:
    """A value as one would type it; one that was not typed has none."""
    if value is None or value is False:
        return "not given"
    return "given" if value is True else f"{value!s:.60}"


def underway_in(folder: Path) -> bool:
    """Whether a folder holds a deformation that was interrupted."""
    return os.path.lexists(folder / FILE)
