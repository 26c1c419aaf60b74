"""The page of a run as a reader meets it: what leads, where things are, how they are written."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_write import EVALUATIONS, sample

from vitreous.analysis.axes import counted, series, with_minus
from vitreous.core.data import Loading
from vitreous.core.evaluated import Column, Evaluated, Table
from vitreous.core.run import Run
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.plugins.evaluations._goodness_figures import FEW, goodness_boxes, goodness_curves
from vitreous.plugins.evaluations.goodness import Goodness
from vitreous.report.lead import best_indicator
from vitreous.report.page import Section, page
from vitreous.report.vector import svg
from vitreous.report.write import write_report


@pytest.fixture(scope="module")
def run() -> Run:
    samples = tuple(sample(i, role) for i, role in enumerate(("train", "validation", "test")))
    return Run(loadings=(Loading(),), samples=samples, weak_is=PhysicalIndicators.weak_is)


@pytest.fixture(scope="module")
def found(run):
    return {name: evaluation.evaluate(run) for name, evaluation in EVALUATIONS.items()}


@pytest.fixture(scope="module")
def html(run, found, tmp_path_factory) -> str:
    files = {
        "0": "predictions/sample_0.csv",
        "2": "predictions/sample_2.csv",
        "scores.json": "scores.json",
    }
    command = "vitreous run seed=-1"
    folder = tmp_path_factory.mktemp("page")
    return write_report(run, found, folder, command, files=files)[0].read_text()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]+>", " ", html))


def test_the_predicted_map_and_what_to_think_of_it_come_first(html, found, run):
    before = html[: html.index("<nav>")]
    assert re.findall(r'<svg[^>]*aria-label="([^"]*)"', before) == ["test 2 predicted"]
    best = best_indicator(run, found).replace("_", " ")
    assert f"for {best}, the best indicator that needs no learning" in words(before)
    assert "for the model" in words(before) and "vitreous run" not in words(before)


def test_the_best_indicator_is_that_with_the_highest_goodness_over_the_events(run):
    nearest = {"stretch_mean": [0.1, 0.9], "stretch_variance": [0.4, 0.4], "model": [1.0, 1.0]}
    numbers = {
        name: {"nearest": {f"event_{k}": c for k, c in enumerate(values, 1)}}
        for name, values in nearest.items()
    }
    assert best_indicator(run, {"goodness": Evaluated(numbers=numbers)}) == "stretch_mean"
    pearson = {name: {"pearson": 1.0 - values[0]} for name, values in nearest.items()}
    none = {name: {"nearest": {"event_1": None}} for name in nearest}
    by_correlation = {
        "goodness": Evaluated(numbers=none),
        "correlation": Evaluated(numbers=pearson),
    }
    assert best_indicator(run, by_correlation) == "stretch_mean"


def test_an_indicator_above_the_model_is_said_to_be(run):
    """A model that has it all wrong is beaten at both events."""
    (test,) = run.role("test")
    wrong = replace(run, samples=(test.with_(prediction=-test.labels.values),))
    text = Goodness().evaluate(wrong).headline
    assert re.search(r"is above the model at [12] of 2 events\.$", text)


def test_every_section_is_in_the_contents_and_the_command_is_last(html):
    listed = re.findall(r'<li><a href="#([^"]+)">', html)
    assert listed == re.findall(r'<h2 id="([^"]+)">', html) and len(listed) > 5
    last = html[html.rindex("<h2") :]
    assert "vitreous run seed=-1" in last  # as typed: no minus sign there


def test_numbers_are_a_click_away(html):
    assert '<a href="predictions/sample_2.csv">labels and predictions (CSV)</a>' in html
    assert ">labels and predictions, glass 0 (CSV)</a>" in html
    assert '<a href="scores.json">scores.json</a>' in html
    assert '<a href="test_2_map.png">' in html and '<a href="goodness.png">' in html


def test_maps_wrap_tables_scroll_and_wide_figures_do(html):
    style = re.sub(r"\s+", " ", html[: html.index("</style>")])
    assert ".maps { display: flex; flex-wrap: wrap;" in style
    assert "width=device-width, initial-scale=1" in style
    maps = html[html.index('<div class="maps">') :]
    assert maps[: maps.index("</div>")].count("<figure>") == 3  # each a picture of its own
    assert html.count("<table") == html.count('<div class="scroll"><table')
    assert ".scroll { overflow-x: auto; }" in style and "figure { overflow-x: auto; }" in style


def test_what_is_drawn_names_its_values_under_the_pointer(run):
    (test,) = run.role("test")
    curves = goodness_curves(Goodness().scores([test], run.weak_is), "angstrom")
    titles = re.findall(r"<title>([^<]*)</title>", svg(curves, "curves"))
    c = Goodness().scores([test], run.weak_is).mean("model").nearest[0]
    named = f"model: event, in order of strain 1, prediction goodness C {c:.4g}"
    assert with_minus(named) in titles


@pytest.mark.parametrize(("limit", "every"), [(9.0, None), (99.0, 2)])
def test_marks_beyond_the_axes_or_left_out_have_no_other_mark_or_line_named(limit, every):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1, 2, 3, 4, 5], [0, 1, 30, 40, 50, 2], "o-", markevery=every)
    axes.set_ylim(-1.0, limit)
    drawn = svg(figure, "f")
    assert not re.search(r'<path[^>]*class="tip"', drawn)  # the line that joins the marks
    titles = [title.strip() for title in re.findall(r"<title>([^<]*)</title>", drawn)]
    assert titles == ([] if every is None else ["0,  0", "2,  30", "4,  50"])


def test_what_an_evaluation_of_a_third_party_calls_its_numbers_is_its_own(run):
    other = {name: {"score": 1.0} for name in run.weak_is}
    found = {name: Evaluated(numbers=other) for name in ("goodness", "correlation")}
    assert best_indicator(run, found) == next(name for name in run.weak_is if name != "model")


def test_sites_without_a_grid_are_not_said_to_be_hatched(tmp_path, run):
    (test,) = run.role("test")
    assert not test.labels.mask.all()
    for labels, told in (
        (test.labels, "hatched"),
        (replace(test.labels, grid=()), "not drawn"),
    ):
        each = replace(run, samples=(test.with_(labels=labels),))
        text = words(write_report(each, {}, tmp_path, "run")[0].read_text())
        assert f"sites without a value are {told}." in text


def test_every_site_of_a_map_tells_its_value(html, run):
    (test,) = run.role("test")
    picture = re.search(r'<svg[^>]*aria-label="test 2 true".*?</svg>', html, re.DOTALL)
    titles = re.findall(r"<title>([^<]*)</title>", picture[0])
    values = [float(t.split()[-1].replace("−", "-")) for t in titles if "not known" not in t]
    np.testing.assert_allclose(sorted(values), np.sort(test.labels.values[test.labels.mask]), 1e-3)
    assert sum("not known" in t for t in titles) == int((~test.labels.mask).sum())


def test_identifiers_of_two_pictures_do_not_meet():
    def picture(name: str) -> str:
        figure = Figure()
        figure.subplots().plot([0, 1], [-1, 1], "o-")
        return svg(figure, name)

    one, two = (
        {e.get("id") for e in ElementTree.fromstring(picture(name)).iter()} - {None}
        for name in ("one", "two")
    )
    assert one and not one & two
    text = picture("one")
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= one


def test_negative_numbers_have_minus_signs_wherever_they_are_read(tmp_path, run):
    column = Column("C")
    each = Evaluated(
        title="T",
        text="C = -0.25, of 2026-01-02",
        headline="C is -0.5.",
        tables=[Table(title="t", columns=[column], rows=[[-0.75]])],
    )
    html = write_report(replace(run, samples=()), {"a": each}, tmp_path, "run")[0].read_text()
    for text in ("C = −0.25, of 2026-01-02", "C is −0.5.", "<td>−0.75</td>"):
        assert text in html
    figure = Figure()
    axes = figure.subplots()
    axes.plot([-1.0, 1.0], [-0.5, 0.5])
    axes.set_title("r = -0.3")
    drawn = svg(figure, "f")
    assert "−0.4" in drawn and "r = −0.3" in drawn and not re.search(r">[^<]*-\d[^<]*<", drawn)


def test_words_begin_on_the_left_and_numbers_end_on_the_right():
    columns = [Column("glass"), Column("map"), Column("C")]
    table = Table(title="t", columns=columns, rows=[["0", "model", 0.5]])
    html = page("t", Section(title="t"), [Section(title="s", tables=(table,))], {})
    assert '<th class="word">map</th>' in html and '<td class="word">model</td>' in html
    assert "<th>C</th>" in html and "<td>0.50</td>" in html and "<td>0</td>" in html


def test_one_is_not_counted_as_many(tmp_path, run):
    (test,) = run.role("test")
    events = replace(
        test.events,
        values=np.ones(1),
        mask=np.ones(1, bool),
        positions=test.events.positions[:1],
        columns={name: column[:1] for name, column in test.events.columns.items()},
    )
    one = replace(run, samples=(test.with_(events=events),))
    text = words(write_report(one, {}, tmp_path, "run")[0].read_text())
    assert "1 event." in text and "1 marks the first event in the undeformed glass" in text
    assert not re.search(r"\b1 (events|glasses|sites)\b", text)
    assert (counted(1, "a", "b"), counted(2, "a", "b")) == ("1 a", "2 b")


def test_series_differ_by_mark_and_dash_or_colour_and_the_true_map_and_the_model_keep_theirs(run):
    looks = [series(k) for k in range(9)]
    assert len({look["marker"] for look in looks}) == 9
    (test,) = run.role("test")
    scores = Goodness().scores([test], run.weak_is)
    for axes in goodness_curves(scores, "angstrom").axes:
        marks = [line.get_marker() for line in axes.lines if line.get_label() in scores.names]
        assert len(marks) == len(set(marks))
        by_name = {line.get_label(): line.get_color() for line in axes.lines}
        assert by_name["true map"] == series(0)["color"]
        assert by_name["model"] == series(1)["color"]


@pytest.mark.parametrize(("glasses", "boxes"), [(FEW - 1, False), (FEW, True)])
def test_few_glasses_are_points_and_many_are_boxes(glasses, boxes):
    rows = np.linspace(0.0, 1.0, 2 * glasses).reshape(glasses, 2)
    (axes,) = goodness_boxes({"test": {"model": rows}}).axes
    dots = [line for line in axes.lines if line.get_label() == "_glass"]
    assert bool(dots) != boxes
    if dots:
        np.testing.assert_array_equal(dots[0].get_ydata(), rows.T.ravel())


def test_without_an_event_one_sentence_stands_for_tables_of_dashes(run):
    (test,) = run.role("test")
    none = replace(
        test.events,
        values=np.zeros(0),
        mask=np.zeros(0, bool),
        positions=np.zeros((0, 2)),
        columns={name: column[:0] for name, column in test.events.columns.items()},
    )
    found = Goodness().evaluate(replace(run, samples=(test.with_(events=none),)))
    assert not found.tables and not found.figures
    assert found.text.startswith("No event came in the test glasses")
    assert found.headline == found.text


def test_columns_end_with_the_last_event_that_came(run):
    heads = [c.name for c in Goodness().evaluate(run).tables[0].columns]
    assert [name for name in heads if name.startswith("C ")] == ["C 1", "C 2"]


def test_lengths_have_their_unit(found):
    titles = [table.title for table in found["goodness"].tables]
    within = [title for title in titles if "within" in title]
    assert within and all(re.search(r"within [\d.]+ angstrom of the event", t) for t in within)


def test_a_horizontal_bar_names_the_value_at_its_end():
    figure = Figure()
    axes = figure.subplots()
    axes.barh([0, 1], [3.0, 0.5], left=1.0)
    axes.set_xlabel("factor")
    titles = re.findall(r"<title>(factor [^<]*)</title>", svg(figure, "bars"))
    assert titles == ["factor 4", "factor 1.5"]
