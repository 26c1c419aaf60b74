"""Components broken on purpose, one flaw each; module-level, so that they pickle."""

import itertools
import os
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.core.executor import InTurn
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.plugins.descriptors.rendered_image import RenderedImage
from vitreous.plugins.evaluations.correlation import Correlation
from vitreous.plugins.executors.local import Local
from vitreous.plugins.executors.serial import Serial
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.file import File
from vitreous.plugins.labelers.rearrangements import Rearrangements
from vitreous.plugins.models.ridge import FittedRidge, Ridge
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica, yukawa
from vitreous.plugins.simulators.aqs import AQS
from vitreous.plugins.trackers.none import NoTracker, Untracked
from vitreous.testing.systems import silica_deformation, silica_glass

BASES = {
    "potential": ("yukawa_silica", YukawaSilica),
    "generator": ("dual_switch", DualSwitch),
    "simulator": ("aqs", AQS),
    "labeler": ("rearrangements", Rearrangements),
    "descriptor": ("physical", PhysicalIndicators),
    "model": ("ridge", Ridge),
    "evaluation": ("correlation", Correlation),
    "executor": ("serial", Serial),
    "tracker": ("none", NoTracker),
}
_count = itertools.count()
_calls = itertools.count(1)


def variant(base: type, **changes: Any) -> type:
    """A frozen dataclass like ``base`` with some attributes replaced."""
    name = f"Broken{next(_count)}"
    made = type(name, (base,), {"__module__": __name__, "__doc__": base.__doc__, **changes})
    globals()[name] = dataclass(frozen=True, kw_only=True)(made)
    return globals()[name]


class NotADataclass(PhysicalIndicators):
    """Energy per length, but no decorator."""


def _keeps_more(self: Any) -> None:
    object.__setattr__(self, "extra", 1)


def _describe(
    change: Callable[..., Any], after: Callable[..., Any] = lambda found, *_: found
) -> type:
    """A descriptor whose input is changed by ``change`` and whose values are changed by
    ``after``.
    """

    def describe(
        self: Any, glass: Any, loading: Any, sites: Any, level: str, potential: Any = None
    ) -> Any:
        return after(
            PhysicalIndicators.describe(self, *change(glass, loading, sites), level), glass, sites
        )

    return variant(PhysicalIndicators, describe=describe)


def adds(term: Callable[[Any, Any], Any]) -> type:
    """A descriptor to whose values ``term(glass, sites)`` is added."""
    return _describe(
        lambda *given: given,
        lambda found, glass, sites: replace(found, values=found.values + term(glass, sites)),
    )


def sees(change: Callable[..., Any]) -> type:
    return _describe(change)


def _spoils_sites(glass: Any, loading: Any, sites: Any) -> Any:
    sites += 1e-3
    return glass, loading, sites


def _undeclared(*_: Any) -> float:
    """What a descriptor needs without declaring it: nobody sees it before it works."""
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error([0.0], [0.0]))


class Surface:
    """An energy surface with some answers replaced: ``wrong[name](answer, positions)``."""

    def __init__(self, right: Any, wrong: dict[str, Callable[..., Any]]) -> None:
        self._right, self._wrong = right, wrong

    def __getattr__(self, name: str) -> Any:
        right = getattr(self._right, name)
        if name not in self._wrong:
            return right
        return lambda x, cell: self._wrong[name](right(x, cell), x)


def potential(**wrong: Callable[..., Any]) -> type:
    return variant(
        YukawaSilica, surface=lambda self, glass: Surface(YukawaSilica.surface(self, glass), wrong)
    )


def _without_force_shift(self: Any, sigma: float, q: float) -> Callable[..., Any]:
    """The pair function of Yukawa silica, cut off with a slope."""
    return lambda r: yukawa(r, sigma, q, 1.0 / self.screening_length)


class Stiffer:
    """A linear response one per cent too stiff."""

    def __init__(self, right: Any) -> None:
        self._right = right

    def multiply(self, v: Any) -> Any:
        return 1.01 * self._right.multiply(v)


def generator(
    change: Callable[[Any], Any] = lambda glass: glass,
    stream: Callable[[Any], Any] = lambda rng: rng,
    **more: Any,
) -> type:
    return variant(
        DualSwitch,
        generate=lambda self, index, rng: change(DualSwitch.generate(self, index, stream(rng))),
        **more,
    )


def _two_atoms_in_one_place(glass: Any) -> Any:
    positions = np.array(glass.positions)
    positions[1] = positions[0] + 0.01
    return glass.with_(positions=positions)


def simulator(change: Callable[[Any, Any], Any] = lambda path, glass: path, **more: Any) -> type:
    def deform(self: Any, glass: Any, potential: Any, loading: Any, *, strains: Any = ()) -> Any:
        return change(
            AQS.deform(
                self, glass, potential, replace(loading, dimension=glass.dimension), strains=strains
            ),
            glass,
        )

    return variant(AQS, deform=deform, **more)


def _forgetful(self: Any, glass: Any, potential: Any, loading: Any, *, strains: Any = ()) -> Any:
    return AQS.deform(self, glass, potential, loading)


def _restless(self: Any, glass: Any, potential: Any) -> Any:
    found = AQS.relax(self, glass, potential)
    return found.with_(
        positions=found.positions
        + 0.05 * next(_calls) * np.sin(np.arange(2 * len(found))).reshape(-1, 2)
    )


def labeler(change: Callable[[Any, Any], Any], **more: Any) -> type:
    def label(self: Any, glass: Any, potential: Any, loading: Any, trajectory: Any) -> Any:
        found = Rearrangements.label(self, glass, potential, loading, trajectory)
        return replace(found, values=change(found, glass))

    return variant(Rearrangements, label=label, **more)


def _by_the_first_event(self: Any, glass: Any, p: Any, loading: Any, path: Any) -> Any:
    first = path.events.strain[0] if path is not None else 0.0
    found = Rearrangements.label(self, glass, p, loading, path)
    return replace(found, values=np.maximum(found.values, first))


class Fitted:
    """A fitted ridge with some answers replaced."""

    def __init__(
        self,
        right: Any,
        predict: Callable[..., Any] | None = None,
        save: Callable[..., Any] | None = None,
    ) -> None:
        self._right, self._predict, self._save = right, predict, save

    def predict(self, features: Any) -> Any:
        return (
            self._predict(self._right, features) if self._predict else self._right.predict(features)
        )

    def uncertainty(self, features: Any) -> Any:
        return self._right.uncertainty(features)

    def probabilities(self, features: Any) -> Any:
        return self._right.probabilities(features)

    def hazards(self, features: Any, strains: Any) -> Any:
        return self._right.hazards(features, strains)

    def save(self, folder: Any) -> None:
        self._right.save(folder)
        if self._save:
            self._save(folder)


def model(
    predict: Callable[..., Any] | None = None, save: Callable[..., Any] | None = None, **more: Any
) -> type:
    def fit(self: Any, train: Any, validation: Any, rng: Any, log: Any) -> Any:
        return Fitted(Ridge.fit(self, train, validation, rng, log), predict, save)

    return variant(Ridge, **{"fit": fit, **more})


def _fit_on_all_rows(self: Any, train: Any, validation: Any, rng: Any, log: Any) -> Any:
    offset = float(np.mean([features.values.mean() for features, _ in train]))
    return Fitted(
        Ridge.fit(self, train, validation, rng, log),
        lambda right, features: right.predict(features) + offset,
    )


def _fit_by_the_best_label(self: Any, train: Any, validation: Any, rng: Any, log: Any) -> Any:
    _ = [labels.values[labels.mask].max() for _, labels in train]
    return Ridge.fit(self, train, validation, rng, log)


def _fit_on_validation(self: Any, train: Any, validation: Any, rng: Any, log: Any) -> Any:
    return Ridge.fit(self, validation, train, rng, log)


def _mumbles(self: Any, train: Any, validation: Any, rng: Any, log: Any) -> Any:
    log("loss")
    return Ridge.fit(self, train, validation, rng, log)


def _anything(self: Any, folder: Any) -> Any:
    return FittedRidge(names=(), coefficients=np.zeros(0), offset=0.0, alpha=1.0)


def _upper(matrix: Any) -> Any:
    """Ones above the diagonal."""
    return np.triu(np.ones(matrix.shape), 1)


def _ripple(path: Any) -> Any:
    """A displacement that no potential likes, from the second frame on."""
    return (
        1e-2
        * np.sin(np.arange(path.frames.size)).reshape(path.frames.shape)
        * (path.frame_strain > 0)[:, None, None]
    )


def _rising(events: Any) -> Any:
    return replace(events, energy_drop=-events.energy_drop)


ENDS = sees(lambda *_: os._exit(3))  #: whatever it is asked, it takes its process along


def evaluation(
    change: Callable[[Any, Any], Any], see: Callable[[Any], Any] = lambda run: run
) -> type:
    """Correlations of a run as ``see`` shows it, and what was found as ``change(found, run)``
    leaves it.
    """

    def evaluate(self: Any, run: Any) -> Any:
        return change(Correlation.evaluate(self, see(run)), run)

    return variant(Correlation, evaluate=evaluate)


def _counts_training(run: Any) -> Any:
    return replace(
        run, samples=tuple(replace(s, case=replace(s.case, role="test")) for s in run.samples)
    )


def _by_its_first_glass(found: Any, run: Any) -> Any:
    return replace(found, numbers={"first": float(run.samples[0].index)})


def _needs_labels(found: Any, run: Any) -> Any:
    return replace(
        found,
        numbers={
            "least": float(min(s.labels.values[s.labels.mask].min() for s in run.role("test")))
        },
    )


def _rounds_in_tables(found: Any, run: Any) -> Any:
    table = found.tables[0]
    rows = [
        [round(cell, 1) if isinstance(cell, float) else cell for cell in row] for row in table.rows
    ]
    return replace(found, tables=[replace(table, rows=rows)])


class Answers(InTurn):
    """Carries out tasks in turn, with some outcomes replaced by ``change``."""

    def __init__(self, change: Callable[[futures.Future[Any]], Any]) -> None:
        self._change = change

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return self._change(InTurn.submit(self, fn, *args, **kwargs))


def executor(change: Callable[[futures.Future[Any]], Any], **more: Any) -> type:
    return variant(Serial, open=lambda self: Answers(change), **more)


def _done(value: Any) -> futures.Future[Any]:
    future: futures.Future[Any] = futures.Future()
    future.set_result(value)
    return future


def _as_value(future: futures.Future[Any]) -> futures.Future[Any]:
    """What a task raised, as a text."""
    return _done(str(future.exception())) if future.exception() else future


def _none_for_a_function(future: futures.Future[Any]) -> futures.Future[Any]:
    return _done(None) if not future.exception() and callable(future.result()) else future


class Told(Untracked):
    """A record with some answers replaced."""

    def __init__(
        self,
        name: str = "",
        finish: Callable[[Any], None] | None = None,
        fail: Callable[[str], None] | None = None,
    ) -> None:
        self.id, self._finish, self._fail = name, finish, fail

    def finish(self, outcome: Any) -> None:
        if self._finish:
            self._finish(outcome)

    def fail(self, reason: str) -> None:
        if self._fail:
            self._fail(reason)


def tracker(start: Callable[[Any], Any]) -> type:
    return variant(NoTracker, start=lambda self, beginning: start(beginning))


def _needs_a_command(beginning: Any) -> Told:
    return Told(str(beginning.command.split()[0]) + str(next(_calls)))


def _raises(reason: str) -> None:
    raise OSError(reason)


P, S = PhysicalIndicators, AQS
#: per kind and check: the broken class, and words of the complaint
CLASSES: dict[tuple[str, str], tuple[type, str]] = {
    ("every", "is_a_frozen_dataclass"): (NotADataclass, "not a dataclass"),
    ("every", "only_stores"): (variant(P, __post_init__=_keeps_more), "sets extra"),
    ("every", "pickles"): (
        variant(P, __reduce__=lambda self: (partial(P, radius=1.0), ())),
        "pickled copy differs",
    ),
    ("every", "is_written_as_it_is_built"): (
        variant(P, __repr__=lambda self: "Broken()"),
        "does not show radius",
    ),
    ("every", "key_is_stable"): (variant(P, version=hash("a")), "differs in another process"),
    ("every", "version_is_a_number"): (variant(P, version="first"), "version is 'first'"),
    ("every", "has_a_config_that_matches"): (
        variant(P, radius=9.0, __annotations__={"radius": float}),
        "the config has radius: 8.0",
    ),
    ("every", "docstring_names_units"): (variant(P, __doc__=None), "has no docstring"),
    ("every", "needs_are_declared"): (
        adds(_undeclared),
        "it needs sklearn, which it does not declare",
    ),
    ("every", "leaves_its_input_alone"): (sees(_spoils_sites), "sites changed"),
    ("every", "leaves_global_randomness_alone"): (
        adds(lambda *_: 0.0 * np.random.random()),  # noqa: NPY002
        "numpy.random",
    ),
    ("every", "same_input_same_result"): (
        adds(lambda *_: np.random.default_rng().random()),
        "different results",
    ),
    ("potential", "declares_itself"): (variant(YukawaSilica, units="inches"), "units is 'inches'"),
    ("potential", "forces_are_minus_the_gradient"): (
        potential(energy_forces=lambda a, x: (a[0], 1.01 * a[1])),
        "minus the slope",
    ),
    ("potential", "forces_sum_to_zero"): (
        potential(energy_forces=lambda a, x: (a[0], a[1] + [1e-3, 0])),
        "sum of all forces",
    ),
    ("potential", "forces_do_not_jump"): (
        variant(YukawaSilica, _shifted=_without_force_shift),
        "a force jumps by",
    ),
    ("potential", "hessian_is_symmetric"): (
        potential(hessian=lambda a, x: a * (1 + 1e-3 * _upper(a))),
        "its transpose",
    ),
    ("potential", "hessian_is_minus_the_slope_of_forces"): (
        potential(hessian=lambda a, x: 1.01 * a),
        "the Hessian times",
    ),
    ("potential", "linear_response_agrees_with_the_hessian"): (
        potential(linearise=lambda a, x: Stiffer(a)),
        "multiply differs",
    ),
    ("potential", "stress_is_the_slope_of_energy"): (
        potential(stress=lambda a, x: 1.01 * a),
        "the stress differs",
    ),
    ("potential", "lattice_vectors_change_nothing"): (
        potential(energy_forces=lambda a, x: (a[0] + x.sum(), a[1])),
        "lattice vectors",
    ),
    ("potential", "order_of_atoms_does_not_matter"): (
        potential(energy_forces=lambda a, x: (a[0] + x[0, 0], a[1])),
        "another order",
    ),
    ("potential", "atom_energies_sum_to_the_energy"): (
        potential(atom_energies=lambda a, x: 1.01 * a),
        "sum of the atoms' energies",
    ),
    ("potential", "atom_virials_sum_to_the_virial"): (
        potential(atom_virials=lambda a, x: 1.01 * a),
        "sum of the atoms' virials",
    ),
    ("potential", "foreign_glass_is_refused"): (
        variant(
            YukawaSilica,
            surface=lambda self, glass: YukawaSilica.surface(
                self, glass.with_(names=("Si", "O"), units="silica2d")
            ),
        ),
        "was accepted",
    ),
    ("generator", "declares_itself"): (generator(has_bonds=False), "has_bonds is False"),
    ("generator", "reads_the_files_it_declares"): (
        variant(File, reads=(".png",)),
        "the example reads honeycomb.extxyz, but reads is ('.png',)",
    ),
    ("generator", "same_seed_same_glass"): (
        generator(stream=lambda rng: np.random.default_rng()),
        "different glasses",
    ),
    ("generator", "other_seed_other_glass"): (
        generator(stream=lambda rng: np.random.default_rng(0)),
        "the same glass",
    ),
    ("generator", "knows_how_many_there_are"): (generator(available=3), "glass number 3 of 3"),
    ("generator", "atoms_do_not_overlap"): (generator(_two_atoms_in_one_place), "apart"),
    ("generator", "bonds_join_neighbours"): (
        generator(lambda g: g.with_(bonds=np.concatenate([g.bonds, g.bonds[:1]]))),
        "listed twice",
    ),
    ("generator", "bonds_are_those_within_the_limit"): (
        generator(bond_limit=1.5),
        "not those within bond_limit: the bond between",
    ),
    ("generator", "rings_have_six_sides_on_average"): (
        generator(lambda glass: glass.with_(bonds=glass.bonds[1:])),
        "not fully bonded",
    ),
    ("generator", "fingerprint_is_stable"): (
        variant(File, fingerprint=lambda self, index: str(next(_calls))),
        "the same text",
    ),
    ("simulator", "declares_itself"): (
        variant(S, dimensions=frozenset({4})),
        "dimensions is frozenset({4})",
    ),
    ("simulator", "relaxed_glass_is_at_rest"): (
        variant(S, relax=lambda self, glass, potential: glass),
        "left after relax",
    ),
    ("simulator", "zero_strain_is_the_identity"): (
        simulator(lambda p, _: replace(p, strain=p.strain + 1e-3)),
        "the first strains",
    ),
    ("simulator", "cells_follow_the_loading"): (
        simulator(lambda p, _: replace(p, cells=1.001 * p.cells)),
        "the saved cells",
    ),
    ("simulator", "saved_states_are_at_rest"): (
        simulator(lambda p, _: replace(p, frames=p.frames + _ripple(p))),
        "left at strain",
    ),
    ("simulator", "asked_states_are_saved"): (
        variant(S, deform=_forgetful),
        "is not among the saved ones",
    ),
    ("simulator", "stress_is_symmetric"): (
        simulator(lambda p, _: replace(p, stress=p.stress + 1e-3 * np.eye(2, k=1))),
        "its transpose",
    ),
    ("simulator", "stress_does_the_work"): (
        simulator(lambda p, _: replace(p, stress=1.1 * p.stress)),
        "compared with the work",
    ),
    ("simulator", "elastic_strain_can_be_undone"): (
        variant(S, relax=_restless),
        "after loading and unloading",
    ),
    ("simulator", "lattice_vectors_change_nothing"): (
        simulator(lambda p, g: replace(p, energy=p.energy + g.positions.sum())),
        "lattice",
    ),
    ("simulator", "order_of_atoms_does_not_matter"): (
        simulator(lambda p, g: replace(p, energy=p.energy + g.positions[0, 0])),
        "another order",
    ),
    ("simulator", "events_are_told_consistently"): (
        simulator(lambda p, _: replace(p, events=_rising(p.events))),
        "raises the energy",
    ),
    ("simulator", "other_dimension_is_refused"): (simulator(), "was accepted"),
    ("labeler", "declares_itself"): (
        variant(Rearrangements, level="everywhere"),
        "level is 'everywhere'",
    ),
    ("labeler", "labels_have_the_declared_level"): (
        variant(Rearrangements, level="site"),
        "'site' is declared",
    ),
    ("labeler", "labels_have_the_declared_sign"): (
        labeler(lambda found, _: -found.values),
        "sign is declared positive",
    ),
    ("labeler", "something_is_labelled"): (
        labeler(lambda found, _: 0.0 * found.values),
        "every label is zero",
    ),
    ("labeler", "order_of_atoms_does_not_matter"): (
        labeler(lambda found, _: found.columns["atom"] + 0.0),
        "another order",
    ),
    ("labeler", "lattice_vectors_change_nothing"): (
        labeler(lambda found, glass: found.values + glass.positions.sum()),
        "lattice vectors",
    ),
    ("labeler", "missing_trajectory_is_refused"): (
        variant(
            Rearrangements,
            label=lambda self, g, p, load, path: Rearrangements.label(
                self, g, p, load, path or silica_deformation()
            ),
        ),
        "was accepted",
    ),
    ("labeler", "a_glass_without_events_is_labelled_or_refused"): (
        variant(Rearrangements, label=_by_the_first_event),
        "a deformation without events ends in IndexError",
    ),
    ("descriptor", "declares_itself"): (variant(P, rotation="round"), "rotation is 'round'"),
    ("descriptor", "features_are_as_declared"): (variant(P, form="image"), "'image' is declared"),
    ("descriptor", "translation_changes_nothing"): (
        adds(lambda glass, sites: sites[:, :1]),
        "common translation",
    ),
    ("descriptor", "lattice_vectors_change_nothing"): (
        adds(lambda glass, sites: glass.positions.sum()),
        "lattice vectors",
    ),
    ("descriptor", "order_of_atoms_does_not_matter"): (
        adds(lambda glass, sites: glass.positions[0, 0]),
        "another order",
    ),
    ("descriptor", "rotation_is_as_declared"): (
        sees(lambda glass, load, sites: (glass, replace(load, angle=0.0), sites)),
        "common rotation",
    ),
    ("descriptor", "periodic_images_are_seen"): (
        adds(lambda glass, sites: len(glass)),
        "repeated twice",
    ),
    ("descriptor", "small_cells_are_right_or_refused"): (
        adds(lambda glass, sites: glass.volume),
        "in a small cell",
    ),
    ("descriptor", "company_does_not_matter"): (
        adds(lambda glass, sites: len(sites)),
        "of a site alone",
    ),
    ("descriptor", "sites_that_are_not_numbers_are_refused"): (
        sees(lambda glass, load, sites: (glass, load, np.nan_to_num(sites))),
        "was accepted",
    ),
    ("descriptor", "missing_bonds_are_refused"): (
        sees(
            lambda glass, load, sites: (glass if len(glass.bonds) else silica_glass(), load, sites)
        ),
        "was accepted",
    ),
    ("descriptor", "reach_is_as_declared"): (
        variant(P, reach=property(lambda self: 2.0)),
        "when atoms beyond the declared reach of 2 move",
    ),
    ("descriptor", "what_is_drawn_is_as_declared"): (
        variant(
            RenderedImage,
            _draw=lambda self, graph, indices, copies: (
                RenderedImage._draw(self, graph, indices, copies) * len(indices)
            ),
        ),
        "a feature drawn alone",
    ),
    ("model", "declares_itself"): (
        variant(Ridge, forms=frozenset({"table"})),
        "forms is frozenset({'table'})",
    ),
    ("model", "predicts_every_site"): (
        model(lambda right, features: right.predict(features)[:, None]),
        "predictions have shape",
    ),
    ("model", "learns_eight_sites_by_heart"): (
        variant(Ridge, example=classmethod(lambda cls: cls(alphas=(1e9,)))),
        "of the variance",
    ),
    ("model", "what_is_saved_predicts_the_same"): (
        model(lambda right, features: right.predict(features) + 1e-6),
        "of the loaded model",
    ),
    ("model", "is_saved_without_pickle"): (
        model(save=lambda folder: (folder / "extra.bin").write_bytes(b"\x80\x04.")),
        "is pickled",
    ),
    ("model", "empty_folder_is_refused"): (model(load=_anything), "was accepted"),
    ("model", "batches_do_not_matter"): (
        model(lambda right, features: right.predict(features) - right.predict(features).mean()),
        "for a site alone",
    ),
    ("model", "same_seed_same_model"): (
        model(lambda right, features: right.predict(features) + np.random.default_rng().random()),
        "after a second fit",
    ),
    ("model", "unlabelled_sites_are_not_used"): (
        variant(Ridge, fit=_fit_on_all_rows),
        "after changing masked sites",
    ),
    ("model", "empty_masks_are_survived"): (
        variant(Ridge, fit=_fit_by_the_best_label),
        "a training glass without labels ends in ValueError",
    ),
    ("model", "validation_only_chooses"): (
        variant(Ridge, fit=_fit_on_validation),
        "follow the validation labels",
    ),
    ("model", "probabilities_are_those_of_the_classes"): (
        model(tasks=frozenset({"value", "class"})),
        "gives no probabilities",
    ),
    ("model", "hazards_are_those_of_the_sites"): (
        model(tasks=frozenset({"value", "survival"})),
        "gives no hazards",
    ),
    ("model", "other_columns_are_refused"): (
        model(lambda right, features: right.predict(replace(features, names=right.names))),
        "was accepted",
    ),
    ("model", "uncertainty_is_as_declared"): (
        variant(Ridge, knows_uncertainty=True),
        "contrary to knows_uncertainty",
    ),
    ("evaluation", "declares_itself"): (
        variant(Correlation, needs=frozenset({"luck"})),
        "needs is frozenset({'luck'})",
    ),
    ("evaluation", "finds_something"): (
        evaluation(lambda found, _: replace(found, numbers={})),
        "no number is defined",
    ),
    ("evaluation", "training_glasses_do_not_count"): (
        evaluation(lambda found, _: found, _counts_training),
        "training glasses are changed",
    ),
    ("evaluation", "order_of_glasses_does_not_matter"): (
        evaluation(_by_its_first_glass),
        "in another order",
    ),
    ("evaluation", "unknown_glasses_are_survived"): (evaluation(_needs_labels), "ValueError"),
    ("evaluation", "tables_tell_the_numbers"): (
        evaluation(_rounds_in_tables),
        "which is not among its numbers",
    ),
    ("evaluation", "figures_are_drawn"): (
        evaluation(lambda found, _: replace(found, figures={"map": dict})),
        "expected a matplotlib Figure",
    ),
    ("model", "logs_its_progress"): (variant(Ridge, fit=_mumbles), "expected log"),
    ("executor", "declares_itself"): (
        executor(lambda future: future, own_processes=True),
        "4 of 4 tasks ran in the calling process",
    ),
    ("executor", "opens_a_futures_executor"): (
        variant(Serial, open=lambda self: map),
        "expected a concurrent.futures.Executor",
    ),
    ("executor", "carries_out_every_task"): (
        executor(lambda future: _done(4)),
        "are returned as {0: 4",
    ),
    ("executor", "an_exception_is_a_result"): (
        executor(_as_value),
        "a task raised KeyError('two'), but",
    ),
    ("executor", "what_cannot_be_sent_touches_no_other"): (
        executor(_none_for_a_function),
        "returned None",
    ),
    ("executor", "a_death_costs_one_task"): (
        variant(Local, open=lambda self: futures.ProcessPoolExecutor(1)),
        "expected Lost",
    ),
    ("executor", "workers_use_one_thread_each"): (
        variant(Local, open=lambda self: futures.ProcessPoolExecutor(1)),
        "expected 1",
    ),
    ("tracker", "records_a_run"): (tracker(lambda beginning: None), "start() gives NoneType"),
    ("tracker", "records_are_kept_apart"): (
        tracker(lambda beginning: Told("always")),
        "the same id, 'always'",
    ),
    ("tracker", "a_failure_is_told_without_another"): (
        tracker(lambda beginning: Told(fail=_raises)),
        "OSError: ValueError: one",
    ),
    ("tracker", "jobs_join_their_sweep"): (tracker(_needs_a_command), "IndexError"),
    ("tracker", "leaves_the_run_as_it_is"): (
        tracker(lambda beginning: Told(finish=lambda outcome: Path("mine.db").touch())),
        "mine.db appeared in the working directory",
    ),
}
