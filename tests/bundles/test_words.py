"""What ``vitreous predict`` prints for people: the answer first, with digits that mean something,
and no line for what such an answer does not have.
"""

import re

import level_components as parts
import numpy as np
import pytest

from vitreous.app.predicted_words import rounded
from vitreous.bundles.levels import noun_of
from vitreous.cli import main
from vitreous.io.write import write_configuration


class Bare(parts.Number):
    """A number without dimension."""

    def made(self, *given, **more):
        return super().made(*given, **more, unit="1")


class Rough(parts.Number):
    """A number that its model cannot tell from the features."""

    def made(self, glass, sites, of, **more):
        noise = np.sin(1000.0 * glass.positions[0, 0])
        return super().made(glass, sites, lambda *at: of(*at) + noise, **more)


class Fragile(parts.Kinds):
    """Crowded atoms are the weak ones."""

    def made(self, *given, **more):
        return super().made(*given, **more, weak_is="high")


@pytest.fixture
def read(tmp_path, capsys):
    """The lines that are printed of a glass, as (name, text), and the notes."""

    def lines(made, *options):
        file = write_configuration(tmp_path / "glass.extxyz", made.unseen.configuration)
        assert main(["predict", str(made.folder), str(file), *map(str, options)]) == 0
        printed = capsys.readouterr()
        return [tuple(re.split("  +", line)) for line in printed.out.splitlines()], printed.err

    return lines


@pytest.mark.parametrize(
    ("value", "width", "shown"),
    [
        (0.1456340661, 0.05335, "0.146"),
        (0.12, 0.05335, "0.120"),
        (-0.1456340661, 0.53, "-0.15"),
        (1234567.0, 52100.0, "1235000"),
        (3.6968650e-11, 1.1e-12, "3.7e-11"),
        (0.1456340661, None, "0.1456"),
        (0.1456340661, 0.0, "0.1456"),
        (0.1456340661, float("inf"), "0.1456"),
    ],
)
def test_a_number_is_printed_to_two_digits_of_its_interval(value, width, shown):
    assert rounded(value, width) == shown


def test_a_number_comes_with_its_interval_and_unit_in_one_line(bundled, read):
    made = bundled(Rough(), validation=20, model=parts.Table(deviation=0.5))
    lines, _ = read(made)
    told = dict(lines)
    number = r"-?\d+(\.\d+)?"
    assert re.fullmatch(rf"{number} sigma \(90 %: {number} to {number}\)", told["rough"])
    assert re.fullmatch(r"\d\.\d+", told["uncertainty"]) and len(told["uncertainty"]) <= 4
    assert [of.split(":")[0] for of in told["intervals"].split("; ")] == ["50 %", "90 %", "95 %"]
    assert not re.search(r"\d\.\d{5}", told["intervals"])


def test_what_such_an_answer_does_not_have_has_no_line(bundled, read):
    lines, _ = read(bundled(parts.Number()))
    names = {name for name, *_ in lines}
    assert not {"unit", "expected correlation", "written", "largest force", "intervals"} & names
    assert all(len(line) == 2 and line[1] not in ("", "-") for line in lines)


def test_a_number_without_dimension_has_no_unit(bundled, read):
    told = dict(read(bundled(Bare()))[0])
    assert re.fullmatch(r"-?[\d.]+", told["bare"])


def test_files_that_were_written_are_named(bundled, read, tmp_path):
    out = tmp_path / "number.csv"
    assert ("written", str(out)) in read(bundled(parts.Number()), "--out", out)[0]


def test_the_atoms_likeliest_to_break_are_what_is_printed_of_classes(bundled, read):
    made = bundled(Fragile())
    lines, _ = read(made)
    told = [text for name, text in lines if name == "likeliest full"]
    assert len(told) == 5
    row = r"probability [01]\.\d{3}, atom (\d+) \(([AB])\), at \(-?[\d.]+, -?[\d.]+\)"
    atoms = [re.fullmatch(row, text) for text in told]
    glass = made.unseen.configuration
    for atom in atoms:
        assert glass.names[glass.species[int(atom[1]) - 1]] == atom[2]
    assert not {"fragile", "masked", "places", "sites"} & {name for name, _ in lines}


def test_classes_of_which_none_is_weak_are_counted(bundled, read):
    told = dict(read(bundled(parts.Kinds()))[0])
    assert re.fullmatch(r"free \d+, full \d+", told["kinds"])


@pytest.mark.parametrize(
    ("labeler", "noun"),
    [
        (parts.Number(), "number"),
        (parts.Where(), "position"),
        (parts.Crowd(), "values of the atoms"),
        (parts.Kinds(), "classes of the atoms"),
        (parts.Picture(), "picture"),
    ],
)
def test_what_is_not_to_be_trusted_is_called_by_its_name(labeler, noun, bundled, read):
    made = bundled(labeler)
    assert noun_of(made.bundle) == noun
    glass = made.unseen.configuration
    thin = glass.with_(positions=1.2 * glass.positions, cell=1.2 * glass.cell)
    made = made._replace(unseen=made.unseen.with_(configuration=thin))
    lines, notes = read(made)
    assert f": do not trust the {noun}\n" in notes and ("doubtful", "yes") in lines
