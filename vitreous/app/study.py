"""A sweep that searches: Optuna asks for jobs, receives their objectives, and stops trainings that
do worse than most. Its journal, a file in the sweep's folder, lets another sweep resume it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vitreous.app.sweep import Row, Settings, Trials, Varied
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.watching import Stopped, learning

JOURNAL = "study.journal"
_ENOUGH = 4  # trainings to compare with, before one is stopped
_WARM_UP = 5  # epochs that every training has


class Study(Trials):
    """The jobs that Optuna asks for.

    Raises:
        MissingExtra: Optuna is not installed.
        VitreousError: a journal that is not there, or was of another search.
    """

    def __init__(self, given: Mapping[str, Varied], settings: Settings, folder: Path) -> None:
        try:
            import optuna
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend
        except ImportError as error:
            raise MissingExtra("sweep.trials", error.name or "optuna", "sweep") from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        super().__init__(given)
        self._optuna, self._settings = optuna, settings
        journal = folder / JOURNAL if settings.study is None else Path(settings.study)
        if settings.study is not None and not journal.is_file():
            raise VitreousError(
                f"sweep.study is {settings.study}, but there is no such file; name the "
                f"{JOURNAL} in the folder of an earlier sweep"
            )
        self._study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(journal))),
            study_name="sweep",
            direction=optuna.study.StudyDirection[settings.direction.upper()],
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(_ENOUGH, _WARM_UP),
        )
        self._space = {
            key: self._distribution(of) for key, of in given.items() if of.interval or of.values[1:]
        }
        self._refuse_other()
        self._take_up()
        self.first = len(self._study.trials)
        self._study.sampler = optuna.samplers.TPESampler(seed=settings.seed + self.first)
        self.earlier = [
            Row(**trial.user_attrs["row"])
            for trial in self._study.trials
            if "row" in trial.user_attrs
        ]
        self._trial: Any = None

    def __len__(self) -> int:
        return self._settings.trials or 0

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        wanted = self._settings.trials or 0
        states = self._optuna.trial.TrialState
        over = (states.COMPLETE, states.PRUNED)
        failed = 0
        while len(self._study.get_trials(states=over)) + failed < wanted:
            trial = self._trial = self._study.ask(self._space)
            yield {
                key: str(trial.params[key]) if key in self._space else of.values[0]
                for key, of in self._given.items()
            }
            failed += self._study.trials[-1].state == states.FAIL

    def watching(self) -> AbstractContextManager[None]:
        return learning(self._epoch if self._settings.prune else None)

    def _epoch(self, name: str, value: float, step: int) -> None:
        """Hear of an epoch; raises Stopped for a training that does worse than most."""
        trial = self._trial
        before = trial.user_attrs.get("loss", name)
        if not name.startswith("validation_") or name != before:
            return
        trial.set_user_attr("loss", name)
        # Optuna compares in the direction of the objective, but a loss is always to be small
        trial.report(value if self._settings.direction == "minimize" else -value, step)
        if trial.should_prune():
            raise Stopped(
                f"the training was stopped after epoch {step + 1}: {name} {value:.4g} is worse "
                "than that of most jobs at that epoch"
            )

    def came_to(self, row: Row) -> None:
        states = self._optuna.trial.TrialState
        self._trial.set_user_attr("row", asdict(row))
        if row.objective is not None:
            self._study.tell(self._trial, row.objective)
            return
        self._study.tell(
            self._trial, state=states.PRUNED if row.state == "stopped" else states.FAIL
        )

    def _distribution(self, of: Varied) -> Any:
        kinds = self._optuna.distributions
        if of.interval is None:
            return kinds.CategoricalDistribution(of.values)
        low, high = of.interval
        if of.whole:
            return kinds.IntDistribution(int(low), int(high), log=of.log)
        return kinds.FloatDistribution(low, high, log=of.log)

    def _refuse_other(self) -> None:
        """Raises VitreousError for a journal of a search with another objective or other keys."""
        kept = self._study.user_attrs
        now = {
            "objective": self._settings.objective,
            "direction": self._settings.direction,
            "varied": {key: repr(of) for key, of in self._space.items()},
            "fixed": {
                key: of.values[0] for key, of in self._given.items() if key not in self._space
            }
            | {"sweep.trials": "", "sweep.study": ""},
        }
        for name, value in now.items():
            if name in kept and kept[name] != value:
                raise VitreousError(
                    f"sweep.study is the journal of another search: {name} was "
                    f"{kept[name]!r:.200} and is {value!r:.200}; give what it was made with, or "
                    "leave sweep.study out"
                )
            self._study.set_user_attr(name, value)

    def _take_up(self) -> None:
        """Ask first for the jobs that an interrupted sweep left running: the store has what they
        computed.
        """
        states = self._optuna.trial.TrialState
        for trial in self._study.get_trials(states=(states.RUNNING,)):
            self._study.tell(trial.number, state=states.FAIL)
            self._study.enqueue_trial(trial.params)
