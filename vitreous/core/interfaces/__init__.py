"""The kinds of component: one abstract class each, one or two methods, declarations as class
attributes.

A component is a frozen keyword-only dataclass: the constructor stores, the method works. Its fields
are its parameters, its configuration and its cache key; a field with ``metadata={"affects_result":
False}`` (workers, verbosity) stays out of the key. ``version`` is raised whenever the same fields
would give another result.
"""

from vitreous.core.interfaces.learning import Array, Descriptor, Example, Fitted, Log, Model
from vitreous.core.interfaces.method import Method
from vitreous.core.interfaces.physics import Generator, Labeler, Potential, Simulator
from vitreous.core.interfaces.running import NEEDS, Evaluation, Executor, Tracked, Tracker

__all__ = [
    "NEEDS",
    "Array",
    "Descriptor",
    "Evaluation",
    "Example",
    "Executor",
    "Fitted",
    "Generator",
    "Labeler",
    "Log",
    "Method",
    "Model",
    "Potential",
    "Simulator",
    "Tracked",
    "Tracker",
]
