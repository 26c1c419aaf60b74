"""Trained models that stand by themselves: bundles written, read, asked, and what speaks against
trusting an answer.

from vitreous.bundles import find_bundle, predict

prediction = predict(glass, find_bundle("listi"))
prediction.labels.values, prediction.uncertainty, prediction.doubtful

A bundle is a folder. ``component.json`` says which component made it, ``fitted/`` holds what that
component saved. ``bundle.json`` says the rest: the label (level, task, unit, components, classes),
the descriptor with its reach, the loading and projection that its features need, how bonds are
found, what the training glasses were like, the scores on glasses never seen, and the SHA-256 of
every file and of itself; the potential only where the descriptor reads it. ``potential/`` then
holds copies of the files that the potential reads, one folder per field that names one: where they
once lay says nothing elsewhere. ``places.npy`` tells where the answers of a whole glass lie in its
cell. ``shipped/`` holds the bundles that come with the package.
"""

from vitreous.bundles.bundle import Bundle
from vitreous.bundles.domain import prepared
from vitreous.bundles.glass import read_glass_for
from vitreous.bundles.prediction import Prediction, predict
from vitreous.bundles.read import find_bundle, read_bundle, read_model
from vitreous.bundles.write import complete_bundle, write_model

__all__ = [
    "Bundle",
    "Prediction",
    "complete_bundle",
    "find_bundle",
    "predict",
    "prepared",
    "read_bundle",
    "read_glass_for",
    "read_model",
    "write_model",
]
