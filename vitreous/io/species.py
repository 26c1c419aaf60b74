"""Which species the atoms of a file are: what the file says, what the user says, what is assumed.

A file tells species by names of its atoms (``element``, ``typelabel``, names in the Atoms section)
or of its types (Atom Type Labels, comments behind Masses, the masses themselves). Where it tells
them, they count, and an order of species that says otherwise is refused. Where it does not, the
order that the user gives counts, or the one that is assumed, which is then announced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError
from vitreous.io.frame import Frame

_MOST_TYPES = 1000  # types are numbered from 1 without gaps; LAMMPS keeps tables of each
_LONGEST = 64  # letters of a name
_NEAR = 0.5  # of an atomic mass: rounded ones count
NAMING = "--species A,B (in a run: 'generator.species=[A,B]'; in Python: species=)"
ASSUMED, GIVEN = "assumed", "species as given"  #: what named species that the file does not


@dataclass(frozen=True, kw_only=True)
class Named:
    """``indices`` (N,) into ``names``; ``types``: the species of each LAMMPS type present, empty
    where the file has none; ``by``: what named them.
    """

    indices: NDArray[np.int64]
    names: tuple[str, ...]
    types: Mapping[int, str]
    by: str
    notes: tuple[str, ...] = ()


def name_species(
    frame: Frame, source: str, species: Sequence[str] | None, assumed: Sequence[str] | None
) -> Named:
    """The species of a frame.

    Args:
        species: what the user says types 1, 2, ... are, or the names that may occur.
        assumed: the same where neither file nor user says; None: types are named "1", "2", ...

    Raises:
        VitreousError: if file and user contradict each other, a type has no name, or a name is not
        one of those that may occur.
    """
    if frame.kinds.dtype.kind != "i":
        return _by_name(frame, source, species, assumed)
    if not frame.kinds.any():
        return _without_types(frame, source, species or assumed)
    low, high = int(frame.kinds.min()), int(frame.kinds.max())
    order = species if species is not None else assumed
    most = _MOST_TYPES if order is None or frame.labels else len(order)
    if low < 1 or high > most:
        expected = f"1 to {most}" + (f" for {', '.join(order)}" if order else "")
        raise VitreousError(f"{source} has atom types {low} to {high}; expected {expected}")
    present = [int(t) for t in np.unique(frame.kinds)]
    if frame.labels:
        return _by_label(frame, source, present, species, assumed)
    names = tuple(order) if order else tuple(str(t) for t in range(1, high + 1))
    types = {t: names[t - 1] for t in present}
    notes = ()
    if species is None and assumed is not None:
        notes = (
            f"{source} does not say what its types are: {listed(types)} are assumed; "
            f"{NAMING} says otherwise{_other_way(frame.kinds, names)}",
        )
    by = "nothing" if order is None else ASSUMED if species is None else GIVEN
    return Named(indices=frame.kinds - 1, names=names, types=types, by=by, notes=notes)


def _other_way(kinds: NDArray[np.int64], names: tuple[str, ...]) -> str:
    """A hint where assumed types make silica of more silicon than oxygen, which no silica has."""
    if set(names) != {"Si", "O"}:
        return ""
    count = dict(zip(names, np.bincount(kinds, minlength=3)[1:].tolist(), strict=False))
    if count["Si"] <= count["O"]:
        return ""
    other = ",".join(names[::-1])
    return (
        f". That makes {count['Si']} silicon and {count['O']} oxygen atoms: if the types are the "
        f"other way round, give --species {other} (in a run: 'generator.species=[{other}]')"
    )


def _by_name(
    frame: Frame, source: str, species: Sequence[str] | None, assumed: Sequence[str] | None
) -> Named:
    """From a name on every atom: elements in whatever letters, numbers where there are no names."""
    unique = list(dict.fromkeys(frame.kinds.tolist()))
    long = next((word for word in unique if len(word) > _LONGEST), None)
    if long is not None:
        raise VitreousError(f"{source} names an atom '{long[:20]}...'; expected an element")
    known, words, notes = species or assumed or (), [element(w) for w in unique], ()
    if all(word.isascii() and word.isdecimal() for word in words):
        words, notes = _numbers(words, source, species, assumed)
    words = [stem(w) if w not in known and stem(w) in known else w for w in words]
    order = tuple(species) if species is not None else tuple(dict.fromkeys(words))
    unknown = sorted(set(words) - set(order))
    if unknown:
        raise VitreousError(
            f"{source} has atoms of {', '.join(unknown)}; expected only {', '.join(order)}: "
            "change species or the file"
        )
    place = {kind: order.index(word) for kind, word in zip(unique, words, strict=True)}
    return Named(
        indices=np.array([place[kind] for kind in frame.kinds.tolist()], dtype=np.int64),
        names=order,
        types={t: element(word) for t, word in frame.labels.items()},
        by=frame.named_by,
        notes=notes,
    )


def _numbers(
    words: list[str], source: str, species: Sequence[str] | None, assumed: Sequence[str] | None
) -> tuple[list[str], tuple[str, ...]]:
    """Names of species that a file gives as numbers: places in an order of species, or else atomic
    numbers.
    """
    from ase.data import chemical_symbols

    numbers, known = [int(word) for word in words], species or assumed or ()
    says = f"{NAMING} says otherwise"
    if min(numbers) > 0 and max(numbers) <= len(known):
        names = [known[n - 1] for n in numbers]
        types = listed(dict(zip(numbers, names, strict=True)))
        note = f"{source} gives species as numbers: {types} are assumed; {says}"
        return names, () if species is not None else (note,)
    if min(numbers) < 1 or max(numbers) >= len(chemical_symbols):
        raise VitreousError(f"{source} has species {numbers[0]}; expected an element's name")
    if not known:
        return words, ()
    names = [chemical_symbols[n] for n in numbers]
    types = listed(dict(zip(numbers, names, strict=True)))
    return names, (f"{source} gives species as numbers: {types} by atomic number",)


def _by_label(
    frame: Frame,
    source: str,
    present: list[int],
    species: Sequence[str] | None,
    assumed: Sequence[str] | None,
) -> Named:
    """From the names of types, which must be those that the user gives."""
    missing = [t for t in present if t not in frame.labels]
    if missing:
        raise VitreousError(
            f"{source} names the types {listed(frame.labels)} ({frame.named_by}), but has atoms of "
            f"type {missing[0]}; mend the file"
        )
    known = species or assumed or ()
    types = {
        t: stem(word) if word not in known and stem(word) in known else word
        for t, word in sorted(frame.labels.items())
        if t in present
    }
    if species is not None:
        given = {t: species[t - 1] if t <= len(species) else "nothing" for t in types}
        if given != types:
            raise VitreousError(
                f"{source} says its types are {listed(types)} ({frame.named_by}), but the species "
                f"given say {listed(given)}; give them in the file's order, or leave them out"
            )
    unknown = sorted(set(types.values()) - set(known)) if known else []
    if unknown:
        raise VitreousError(
            f"{source} holds {listed(types)} ({frame.named_by}); expected only {', '.join(known)}: "
            "choose another potential, or mend the file"
        )
    names = tuple(known) or tuple(dict.fromkeys(types.values()))
    place = np.zeros(max(types) + 1, dtype=np.int64)
    for t, word in types.items():
        place[t] = names.index(word)
    return Named(indices=place[frame.kinds], names=names, types=types, by=frame.named_by)


def _without_types(frame: Frame, source: str, order: Sequence[str] | None) -> Named:
    """Atoms of which the file says nothing: all alike, if there is one species only."""
    if order is None or len(order) == 1:
        name = "1" if order is None else order[0]
        return Named(indices=frame.kinds, names=(name,), types={}, by=GIVEN)
    raise VitreousError(
        f"{source} has no column type, element or typelabel to tell {' from '.join(order)}; write "
        "it with one, or name its only species: --species A (in a run: 'generator.species=[A]'; in "
        "Python: species=)"
    )


def listed(types: Mapping[int, str]) -> str:
    """``type 1 Si, type 2 O``."""
    return ", ".join(f"type {t} {name}" for t, name in sorted(types.items()))


def element(word: str) -> str:
    """``SI`` and ``si`` are Si; names of species that are no elements stay as they are."""
    from ase.data import atomic_numbers

    return word.capitalize() if word.capitalize() in atomic_numbers else word


def stem(word: str) -> str:
    """``Si1``, ``O_br`` and ``O-`` without what follows the element: Si, O, O."""
    letters = 0
    while letters < len(word) and word[letters].isalpha():
        letters += 1
    return element(word[:letters])


def labels_of_types(types: NDArray[np.int64], words: NDArray[Any]) -> dict[int, Any]:
    """What each type is called, if all its atoms bear one name; else nothing."""
    pairs = set(zip(types.tolist(), words.tolist(), strict=True))
    return dict(sorted(pairs)) if len({t for t, _ in pairs}) == len(pairs) else {}


def by_mass(masses: Mapping[int, float]) -> dict[int, str]:
    """The elements of types by their masses; nothing where some fit none, or where all are alike:
    masses in reduced units tell nothing.
    """
    from ase.data import atomic_masses_iupac2016, chemical_symbols

    alike = len(set(masses.values())) == 1
    if alike and (len(masses) > 1 or 1.0 in masses.values()):
        return {}
    table = np.nan_to_num(np.asarray(atomic_masses_iupac2016)[: len(chemical_symbols)], nan=np.inf)
    table[0] = np.inf  # X
    nearest = {t: int(np.argmin(np.abs(table - mass))) for t, mass in masses.items()}
    if any(not abs(table[k] - masses[t]) <= _NEAR for t, k in nearest.items()):
        return {}
    return {t: chemical_symbols[k] for t, k in nearest.items()}
