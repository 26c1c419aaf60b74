"""Ids that a file repeats or lacks are renumbered with a note, alike in every format, and rows are
never paired in silence.
"""

import numpy as np
import pytest

from vitreous import direct
from vitreous.core.errors import VitreousError
from vitreous.io.read import read_configuration
from vitreous.io.write import write_configuration
from vitreous.testing.systems import silica_glass


def repeated(suffix):
    """Two atoms in a file of this format that bear one id."""
    cell = "ITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n-0.5 0.5\n"
    return {
        ".dump": f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n3\n{cell}"
        "ITEM: ATOMS id element x y z\n7 Si 1 1 0\n3 O 5 5 0\n7 O 3 3 0\n",
        ".data": "t\n\n3 atoms\n2 atom types\n0 10 xlo xhi\n0 10 ylo yhi\n-0.5 0.5 zlo zhi\n\n"
        "Masses\n\n1 28.0855\n2 15.999\n\nAtoms # atomic\n\n7 1 1 1 0\n3 2 5 5 0\n7 2 3 3 0\n",
        ".extxyz": '3\nLattice="10 0 0 0 10 0 0 0 1" Properties=species:S:1:pos:R:3:id:I:1\n'
        "Si 1 1 0 7\nO 5 5 0 3\nO 3 3 0 7\n",
    }[suffix]


@pytest.mark.parametrize("suffix", [".dump", ".data", ".extxyz"])
def test_repeated_ids_are_renumbered_with_a_note_and_what_is_written_can_be_read(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_text(repeated(suffix))
    with pytest.warns(UserWarning, match=r"share ids \(1 of them, the first is 7\).*1 to 3"):
        glass = read_configuration(tmp_path / f"a{suffix}", species=("Si", "O"))
    assert glass.ids.tolist() == [1, 2, 3] and glass.species.tolist() == [0, 1, 1]
    assert glass.positions[:, 0].tolist() == [1.0, 5.0, 3.0]
    for out in ("b.dump", "b.data", "b.extxyz"):
        again = read_configuration(write_configuration(tmp_path / out, glass), species=("Si", "O"))
        assert again.ids.tolist() == [1, 2, 3]
        assert np.array_equal(again.positions, glass.positions)


def frame(order, glass, numbered):
    names = np.array(glass.names)[glass.species]
    (a, _), (_, b) = glass.cell.tolist()
    places = glass.positions.tolist()
    rows = [
        f"{f'{glass.ids[k]} ' if numbered else ''}{names[k]} {places[k][0]!r} {places[k][1]!r} 0\n"
        for k in order
    ]
    return (
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(rows)}\nITEM: BOX BOUNDS pp pp pp\n"
        f"0 {a!r}\n0 {b!r}\n-0.5 0.5\nITEM: ATOMS {'id ' if numbered else ''}element x y z\n"
        f"{''.join(rows)}"
    )


def test_rows_are_paired_by_their_order_with_a_warning_only(tmp_path):
    glass = silica_glass()
    order = np.arange(len(glass))
    for name, rows, numbered in (
        ("same", order, False),
        ("turned", order[::-1], False),
        ("numbered", order[::-1], True),
    ):
        (tmp_path / f"{name}.dump").write_text(frame(rows, glass, numbered))
    same, turned, numbered = (
        direct.read_glass(tmp_path / f"{name}.dump") for name in ("same", "turned", "numbered")
    )
    assert direct.d2min(numbered, numbered, 4.0).d2min.max() < 1e-20
    with pytest.warns(UserWarning, match=r"same.dump numbers no atoms: they are matched by their"):
        assert direct.d2min(same, same, 4.0).d2min.max() < 1e-20
    with (
        pytest.warns(UserWarning, match="numbers no atoms"),
        pytest.raises(VitreousError, match="atoms are of another species in the two files"),
    ):
        direct.d2min(turned, same, 4.0)
