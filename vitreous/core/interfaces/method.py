"""What every kind shares."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, Literal, Self

from vitreous.core.configuration import Configuration


class Method(ABC):
    """What every kind shares: one method of one paper, registered under a kind and a name.

    ``version`` enters the keys of results. So does the source of a component that does not come
    with Vitreous (``vitreous.core.source``): an edit alone makes its results be computed anew,
    unless ``keyed_by`` is "version".
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    keyed_by: ClassVar[Literal["source", "version"]] = "source"

    @classmethod
    def example(cls) -> Self:
        """A small and fast instance for the conformance kit; override it where the defaults are
        large or a field has none.
        """
        return cls()

    @classmethod
    def example_glass(cls) -> Configuration | None:
        """A small glass it works on, for the kit; None: the kit's own, planar silica or, in three
        dimensions, a binary mixture.
        """
        return None
