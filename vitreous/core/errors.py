"""The one exception type that reaches a user as a sentence."""

import re

_LONGEST = re.compile(r"([^\s'\"]{200})[^\s'\"]{200,}")  #: words that files of strangers hold


class VitreousError(Exception):
    """A mistake in the input or the set-up, stated in one sentence: what came, what was expected,
    what to do.

    The command line prints the message alone and exits with status 2; so it does for an
    ``OSError`` (a full or read-only disk); everything else is a defect and keeps its traceback.
    """

    def __str__(self) -> str:
        """The sentence; of a word of 400 letters and more its beginning."""
        return _LONGEST.sub(r"\1...", super().__str__())


class MissingExtra(VitreousError):
    """A component needs an optional dependency that is not installed."""

    def __init__(self, component: str, package: str, extra: str) -> None:
        super().__init__(
            f"{component} needs the package '{package}', which is not installed; pip install "
            f"'vitreous[{extra}]'"
        )


class NotConverged(VitreousError):
    """A minimisation ended above its force tolerance; its state must not be stored as if it were a
    minimum.
    """


class Unusable(VitreousError):
    """A glass that must not be used as if it were one of those asked for: it is left out, and where
    a number of glasses was asked for, another takes its place.
    """


class NetworkChanged(Unusable):
    """A relaxed glass has other bonds than it was made with."""


class Crystallised(Unusable):
    """A quench ended in a crystal."""
