"""One glass with all its cases, as an executor's task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitreous.core.board import Board
from vitreous.core.cases import Case
from vitreous.core.chain import Chain
from vitreous.core.errors import NotConverged, Unusable, VitreousError
from vitreous.core.notes import notes
from vitreous.core.plugin_lines import of_plugin
from vitreous.core.source import refuse_edited
from vitreous.core.stages import Glass, Record, compute_glass
from vitreous.core.store import Store


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A refusal that crossed from a worker process: the sentence, and what it was.

    Fields:
        kind: NotConverged or Unusable, which leave out the sample alone, or VitreousError,
        which stops the run.
    """

    reason: str
    kind: type[VitreousError]

    def as_error(self) -> VitreousError:
        """What it was, to be raised."""
        return self.kind(self.reason)


def attempt(
    chains: Mapping[tuple[int, str], Chain],
    store: Store,
    board: Board,
    sources: Mapping[type[Any], str],
    task: tuple[int, Sequence[Case]],
) -> list[Record | Failure] | Failure:
    """What becomes of the cases of one glass, or why all of it is refused. Workers are sent the
    chains alone: a model would have them import what only its training needs; and the ``sources``
    (see ``sources_of``) that the run began with.
    """
    index, cases = task
    try:
        refuse_edited(sources)
        with notes(f"sample {index}"), board.of(index):
            found = compute_glass(
                {case: chains[case.loading, case.role] for case in cases}, store, index
            )
            return [
                _portable(outcome) if isinstance(outcome, VitreousError) else outcome
                for outcome in found
            ]
    except VitreousError as error:
        return _portable(error)
    except Exception as error:
        if (told := of_plugin(error)) is None:
            raise
        return _portable(told)


def stored(
    chains: Mapping[tuple[int, str], Chain], store: Store, task: tuple[int, Sequence[Case]]
) -> list[Record | NotConverged] | Failure | None:
    """What ``attempt`` finds of a glass of which the store has everything, or knows why it has
    not, in this process: no worker need be started or asked for it. None of any other.
    """
    index, cases = task
    try:
        glass = Glass({case: chains[case.loading, case.role] for case in cases}, store, index)
        return list(glass.compute()) if glass.settled else None
    except (NotConverged, Unusable) as error:
        return _portable(error)
    except Exception:  # the attempt says what is wrong
        return None


def _portable(error: VitreousError) -> Failure:
    kinds = (
        NotConverged,
        Unusable,
        VitreousError,
    )  # the first that fits: others take more than a sentence to make
    return Failure(reason=str(error), kind=next(kind for kind in kinds if isinstance(error, kind)))
