"""Tables: what a spreadsheet makes of them."""

import csv

import numpy as np
import pytest

from vitreous.io.tables import write_table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_calculate_is_led_by_an_apostrophe(tmp_path, text):
    path = write_table(tmp_path / "x.csv", {text: np.array([text, "Si"])})
    with open(path, newline="") as stream:
        told = "'" + text.translate(dict.fromkeys(b"\t\r\n", " "))
        assert list(csv.reader(stream)) == [[told], [told], ["Si"]]


def test_text_breaks_no_line(tmp_path):
    path = write_table(tmp_path / "x.csv", {"species": np.array(["Si\r=1+1", "Si\n=1+1"])})
    assert path.read_text() == "species\nSi =1+1\nSi =1+1\n"


def test_numbers_stay_numbers(tmp_path):
    columns = {"x": np.array([-1.5, np.nan, 2e-9]), "n": np.array([-1, 2, 3])}
    path = write_table(tmp_path / "x.csv", columns)
    assert path.read_text() == "x,n\n-1.5,-1\n,2\n2e-09,3\n"
