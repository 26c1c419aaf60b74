"""CIF files, by ASE's parser, in time that their size allows: ASE compares every site with every
other, and makes any number of copies by symmetry.
"""

from __future__ import annotations

from typing import IO, Any

_MOST_SITES, _MOST_ATOMS = 1000, 20_000  #: of a structure with symmetry


def read_cif(text: IO[str]) -> list[Any]:
    """ASE Atoms of every structure; atoms lie in the cell.

    Raises:
        ValueError: there is none, or symmetry would make more atoms than it can in seconds.
    """
    from ase.io.cif import parse_cif

    found = [_atoms(block) for block in parse_cif(text) if block.has_structure()]
    if not found:
        raise ValueError("it holds no structure")
    return found


def _atoms(block: Any) -> Any:
    plain = block.get_unsymmetrized_structure()
    if plain.cell.rank != 3:
        return plain
    operations, sites = len(block.get_spacegroup(True).get_symop()), len(plain)
    shared = any(share != 1 for share in block.get("_atom_site_occupancy") or ())
    if operations == 1 and not shared:  # every atom has its row: there is nothing to copy
        plain.pbc = True
        plain.set_scaled_positions(plain.get_scaled_positions(wrap=False) % 1.0)
        return plain
    if sites > _MOST_SITES or sites * operations > _MOST_ATOMS:
        raise ValueError(
            f"{sites} sites and {operations} symmetry operations are too many; write it in space "
            "group P 1, a row for each atom"
        )
    return block.get_atoms()
