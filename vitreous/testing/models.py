"""Checks of models: they learn, saving preserves them, and fitting uses only what it may."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.data import Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.plugin_lines import in_plugin
from vitreous.core.vocabulary import FORMS, LEVELS, TASKS
from vitreous.testing.contract import (
    OVERFIT,
    PREDICTION,
    CheckFailed,
    Subject,
    expect,
    expect_close,
    expect_refusal,
    expect_subset,
)
from vitreous.testing.fits import brief, fit, fitted_on, unseen
from vitreous.testing.model_answers import (
    hazards_are_those_of_the_sites,
    probabilities_are_those_of_the_classes,
)
from vitreous.testing.synthetic import examples, some_sites, spoilt_sites

Array = NDArray[Any]
_MASKED = (2, 5)  #: masked sites
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt", ".dill")


def declares_itself(subject: Subject) -> None:
    """The forms and levels it accepts are declared, and roles whose glasses it divides."""
    expect_subset(subject.cls.forms, FORMS, "forms")
    expect_subset(subject.cls.levels, LEVELS, "levels")
    expect_subset(subject.cls.tasks, TASKS, "tasks")
    if subject.cls.cross_validates:
        expect_subset(subject.cls.cross_validates, ("train", "validation"), "cross_validates")


def predicts_every_site(subject: Subject) -> None:
    """One finite prediction per site, for every accepted form."""
    for form in sorted(subject.cls.forms):
        features = unseen(subject, form)
        found = fitted_on(subject, form).predict(features)
        fits = isinstance(found, np.ndarray) and found.shape == (len(features),)
        expect(fits, f"predictions have shape {np.shape(found)}; expected ({len(features)},)")
        expect(np.isfinite(found).all(), "a prediction is not finite")


def learns_eight_sites_by_heart(subject: Subject) -> None:
    """Trained and validated on the same eight sites, it reproduces their labels."""
    for form in sorted(subject.cls.forms):
        glass = examples(subject.cls, 1, 0, form)
        fitted = fit(subject.make(), glass, glass)
        values = np.concatenate([labels.values for _, labels in glass])
        found = np.concatenate([fitted.predict(features) for features, _ in glass])
        share = 1.0 - np.mean((found - values) ** 2) / np.var(values)
        expect(
            share >= OVERFIT,
            f"it reproduces {share:.3g} of the variance of eight labels it was trained on; "
            f"expected {OVERFIT}: if it is regularised, or trained briefly, give an instance that "
            "can with the class method example",
        )


def what_is_saved_predicts_the_same(subject: Subject) -> None:
    """Saved, and loaded by a new component, it gives the same predictions."""
    for form in sorted(subject.cls.forms):
        fitted, features = fitted_on(subject, form), unseen(subject, form)
        with tempfile.TemporaryDirectory() as folder:
            fitted.save(Path(folder))
            again = subject.make().load(Path(folder)).predict(features)
        expect_close(again, fitted.predict(features), "a prediction of the loaded model", 1e-12)


def is_saved_without_pickle(subject: Subject) -> None:
    """No saved file can run code when it is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        fitted_on(subject, min(subject.cls.forms)).save(Path(folder))
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        expect(files, "nothing is saved")
        guilty = [path.name for path in files if _is_pickle(path)]
    expect(
        not guilty,
        f"{', '.join(guilty)} is pickled; save arrays as safetensors or npz, and the rest as JSON",
    )


def _is_pickle(path: Path) -> bool:
    start = path.read_bytes()[:2]
    if path.suffix == ".safetensors":  # starts with the length of its header, arbitrary bytes
        return not path.read_bytes()[8:].lstrip().startswith(b"{")
    if path.suffix in _PICKLES or (
        start[:1] == b"\x80" and start[1:] in (b"\x02", b"\x03", b"\x04", b"\x05")
    ):
        return True
    if path.suffix == ".npy":
        return _holds_objects(path.read_bytes())
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(
                n.endswith(".pkl") or (n.endswith(".npy") and _holds_objects(archive.read(n)))
                for n in archive.namelist()
            )
    return False


def _holds_objects(array: bytes) -> bool:
    return b"'descr': '|O'" in array[:128]


def empty_folder_is_refused(subject: Subject) -> None:
    """Loading from a folder without a model raises a VitreousError."""
    with tempfile.TemporaryDirectory() as folder:
        expect_refusal(lambda: subject.make().load(Path(folder)), "an empty folder")


def batches_do_not_matter(subject: Subject) -> None:
    """The prediction of a site does not depend on the other sites or their order."""
    for form in sorted(subject.cls.forms):
        glass = examples(subject.cls, 1, 9, form)[0][0]
        fitted, whole = fitted_on(subject, form), fitted_on(subject, form).predict(glass)
        alone = np.concatenate([fitted.predict(some_sites(glass, [m])) for m in range(len(glass))])
        expect_close(alone, whole, "a prediction for a site alone", PREDICTION)
        expect_close(
            fitted.predict(some_sites(glass, range(len(glass))[::-1])),
            whole[::-1],
            "a prediction in another order",
            PREDICTION,
        )


def same_seed_same_model(subject: Subject) -> None:
    """The same data and seed give the same predictions."""
    form = min(subject.cls.forms)
    train, validation = examples(subject.cls, 2, 0, form), examples(subject.cls, 1, 5, form)
    again = brief(subject, train, validation).predict(unseen(subject, form))
    expect_close(
        again,
        fitted_on(subject, form).predict(unseen(subject, form)),
        "a prediction after a second fit",
        0.0,
    )


def unlabelled_sites_are_not_used(subject: Subject) -> None:
    """Features at masked sites, and further columns of the labels, do not affect the fit."""
    if subject.cls.levels == frozenset({"sample"}):
        return
    form = min(subject.cls.forms)
    train, validation = (
        [_masked(pair) for pair in examples(subject.cls, n, seed, form)]
        for n, seed in ((2, 0), (1, 5))
    )
    clean = brief(subject, train, validation).predict(unseen(subject, form))
    spoilt = [[_spoilt(pair) for pair in pairs] for pairs in (train, validation)]
    found = brief(subject, *spoilt).predict(unseen(subject, form))
    expect_close(found, clean, "a prediction, after changing masked sites,", 1e-12)


def empty_masks_are_survived(subject: Subject) -> None:
    """A training or validation glass without a single label changes nothing or is refused with a
    VitreousError; so is a training without any label.
    """
    form = min(subject.cls.forms)
    train, validation = examples(subject.cls, 2, 0, form), examples(subject.cls, 1, 5, form)
    empty = [_unlabelled(pair) for pair in examples(subject.cls, 1, 7, form)]
    for name, given in (
        ("a training glass without labels", ([*train, *empty], validation)),
        ("a validation glass without labels", (train, [*validation, *empty])),
        ("no validation glass", (train, [])),
    ):
        try:
            found = brief(subject, *given).predict(unseen(subject, form))
        except VitreousError:
            continue
        except Exception as error:
            raise CheckFailed(
                f"{name} ends in {type(error).__name__}: {error}{in_plugin(error)}; leave out "
                "sites that labels.mask does not hold, or raise a VitreousError"
            ) from error
        expect(np.isfinite(found).all(), f"with {name} a prediction is not finite")
    expect_refusal(lambda: brief(subject, empty, validation), "training without a single label")


def _unlabelled(pair: tuple[Features, Labels]) -> tuple[Features, Labels]:
    features, labels = pair
    nothing = np.full(labels.values.shape, np.nan)
    return features, replace(labels, values=nothing, mask=np.zeros(labels.mask.shape, dtype=bool))


def _masked(pair: tuple[Features, Labels]) -> tuple[Features, Labels]:
    features, labels = pair
    mask = ~np.isin(np.arange(len(labels)), _MASKED)
    return features, replace(labels, values=np.where(mask, labels.values, np.nan), mask=mask)


def _spoilt(pair: tuple[Features, Labels]) -> tuple[Features, Labels]:
    """The same labels, with absurd features at masked sites and shuffled further columns."""
    features, labels = pair
    columns = {name: np.array(column)[::-1] * -1e3 for name, column in labels.columns.items()}
    return spoilt_sites(features, _MASKED), replace(labels, columns=columns)


def validation_only_chooses(subject: Subject) -> None:
    """Shifting the validation labels by a constant does not shift the predictions; of classes,
    swapping them does not swap the predictions.
    """
    form = min(subject.cls.forms)
    train, validation = examples(subject.cls, 2, 0, form), examples(subject.cls, 1, 5, form)
    classes = train[0][1].task == "class"
    far = [
        (features, replace(labels, values=1.0 - labels.values if classes else labels.values + 1e4))
        for features, labels in validation
    ]
    values = np.concatenate([labels.values for _, labels in train])
    fitted = brief(subject, train, far)
    if classes:
        found = np.concatenate([fitted.predict(features) for features, _ in train])
        follows = np.mean(found == values) <= 0.5
    else:
        found = fitted.predict(train[0][0])
        follows = np.abs(found - values.mean()).max() >= 100 * np.ptp(values)
    expect(
        not follows, "predictions follow the validation labels; fit on the training glasses only"
    )


def other_columns_are_refused(subject: Subject) -> None:
    """Features with other names than in training raise a VitreousError."""
    for form in sorted(subject.cls.forms):
        features = unseen(subject, form)
        renamed = replace(features, names=tuple(f"other_{name}" for name in features.names))
        fitted = fitted_on(subject, form)
        expect_refusal(
            lambda fitted=fitted, renamed=renamed: fitted.predict(renamed),
            "features with other names",
        )


def uncertainty_is_as_declared(subject: Subject) -> None:
    """It gives positive uncertainties, one per site, if and only if ``knows_uncertainty`` is
    True.
    """
    expect(
        isinstance(subject.cls.knows_uncertainty, bool),
        f"knows_uncertainty is {subject.cls.knows_uncertainty!r}; expected True or False",
    )
    form = min(subject.cls.forms)
    features = unseen(subject, form)
    given = fitted_on(subject, form).uncertainty(features)
    expect(
        (given is not None) == subject.cls.knows_uncertainty,
        f"uncertainty gives {type(given).__name__}, contrary to knows_uncertainty",
    )
    fits = given is None or (
        np.shape(given) == (len(features),) and np.all(np.asarray(given) > 0.0)
    )
    expect(fits, "uncertainties are not one positive number per site")


def logs_its_progress(subject: Subject) -> None:
    """Every log entry is a name, a finite number and a step."""
    seen: list[tuple[Any, ...]] = []
    form = min(subject.cls.forms)
    brief(
        subject,
        examples(subject.cls, 2, 0, form),
        examples(subject.cls, 1, 5, form),
        lambda *entry: seen.append(entry),
    )
    for entry in seen:
        fits = (
            len(entry) == 3
            and isinstance(entry[0], str)
            and np.isfinite(entry[1])
            and isinstance(entry[2], int)
        )
        expect(fits, f"it logs {entry!r}; expected log(name, value, step)")


CHECKS = (
    declares_itself,
    predicts_every_site,
    learns_eight_sites_by_heart,
    what_is_saved_predicts_the_same,
    is_saved_without_pickle,
    empty_folder_is_refused,
    batches_do_not_matter,
    same_seed_same_model,
    unlabelled_sites_are_not_used,
    empty_masks_are_survived,
    validation_only_chooses,
    probabilities_are_those_of_the_classes,
    hazards_are_those_of_the_sites,
    other_columns_are_refused,
    uncertainty_is_as_declared,
    logs_its_progress,
)
