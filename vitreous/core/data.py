"""What passes between components: frozen dataclasses of read-only arrays, checked once, when made.

Shapes, units and levels are declared, never guessed. N atoms, D dimensions, M sites, S strains, K
saved frames, E events. Row-vector convention: the rows of ``cell`` are the lattice vectors.
"""

from vitreous.core.configuration import Configuration
from vitreous.core.labels_and_features import Attention, Drawn, Features, Labels, Symmetry
from vitreous.core.loading import MODES, Loading
from vitreous.core.trajectory import Events, Trajectory
from vitreous.core.vocabulary import FORMS, LEVELS, TASKS, UNITS, in_units

__all__ = [
    "FORMS",
    "LEVELS",
    "MODES",
    "TASKS",
    "UNITS",
    "Attention",
    "Configuration",
    "Drawn",
    "Events",
    "Features",
    "Labels",
    "Loading",
    "Symmetry",
    "Trajectory",
    "in_units",
]
