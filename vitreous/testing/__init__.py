"""The conformance kit for the components of any package. ``vitreous check PACKAGE`` runs it from
the command line.
"""

from vitreous.testing.contract import Check, CheckFailed, Skip, Subject
from vitreous.testing.kit import (
    Outcome,
    Results,
    checks_for,
    component_checks,
    run_check,
    run_checks,
    subjects_of,
)

__all__ = [
    "Check",
    "CheckFailed",
    "Outcome",
    "Results",
    "Skip",
    "Subject",
    "checks_for",
    "component_checks",
    "run_check",
    "run_checks",
    "subjects_of",
]
