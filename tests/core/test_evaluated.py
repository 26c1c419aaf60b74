"""What an evaluation finds is checked when it is made, and written the same wherever it
is shown.
"""

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Table, defined, mean, percent, rows_by_glass


def test_only_a_whole_share_reads_a_hundred_percent() -> None:
    assert [percent(x) for x in (1.0, 0.9999, 0.29, 0.0, np.nan)] == [
        "100 %",
        "99.9 %",
        "29 %",
        "0 %",
        "–",
    ]


def test_a_cell_is_written_with_its_digits_and_what_is_not_defined_as_a_dash() -> None:
    assert [Column("r", digits=3).written(cell) for cell in (0.12345, None, "model")] == [
        "0.123",
        "–",
        "model",
    ]
    assert Column("places", form="percent").written(0.5) == "50 %"
    assert Column("error", "angstrom").heading == "error (angstrom)"


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1, "0.5", [0.5]])
def test_numbers_are_finite_floats_or_none(odd) -> None:
    Evaluated(numbers={"model": {"r": 0.5, "rho": None}})
    with pytest.raises(
        VitreousError, match=r"numbers\.model\.r is .* expected a finite float, or None"
    ):
        Evaluated(numbers={"model": {"r": odd}})
    with pytest.raises(VitreousError, match=r"glass 3\.r is "):
        Evaluated(glasses={3: {"r": odd}})


def test_a_table_whose_rows_do_not_fit_is_refused() -> None:
    with pytest.raises(VitreousError, match="a row of 1 cells under 2 columns"):
        Table(title="t", columns=[Column("a"), Column("b")], rows=[["x"]])
    with pytest.raises(VitreousError, match="'a' of table 't' is nan"):
        Table(title="t", columns=[Column("a")], rows=[[float("nan")]])


def test_means_leave_out_what_is_not_defined() -> None:
    assert mean([1.0, None, 2.0]) == 1.5
    assert mean([None]) is None and mean([]) is None
    assert defined(np.float64("nan")) is None and defined(np.float32(0.5)) == 0.5


def test_a_row_of_a_glass_begins_with_the_glass_and_the_map() -> None:
    glasses = {"3": {"model": {"a": 1.0, "b": None}, "rings": {"a": 2.0, "b": 0.5}}}
    assert rows_by_glass(glasses, ["b", "a"]) == [
        ["3", "model", None, 1.0],
        ["3", "rings", 0.5, 2.0],
    ]
