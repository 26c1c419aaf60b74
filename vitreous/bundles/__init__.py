"""Trained models that stand by themselves: bundles written, read, asked, and what speaks against
trusting an answer.

from vitreous.bundles import find_bundle, predict

prediction = predict(glass, find_bundle("listi"))
prediction.labels.values, prediction.uncertainty, prediction.doubtful

A bundle is a folder. ``component.json`` says which component made it, ``fitted/`` holds what that
component saved. A model of places also has ``bundle.json``: the label and its unit, the descriptor
and the loading that its features need, the potential of its glasses, what those glasses were like,
its scores on glasses never seen, and the SHA-256 of every file and of itself. ``potential/`` holds
copies of the files that the potential reads, one folder per field that names one: where they once
lay says nothing elsewhere. ``shipped/`` holds the bundles that come with the package.
"""

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.prediction import Prediction, predict
from vitreous.bundles.read import find_bundle, read_bundle, read_model
from vitreous.bundles.write import complete_bundle, write_model

__all__ = [
    "Bundle",
    "Prediction",
    "complete_bundle",
    "find_bundle",
    "predict",
    "read_bundle",
    "read_model",
    "write_model",
]
