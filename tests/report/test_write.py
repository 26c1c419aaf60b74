"""The report: complete, self-contained, safe with odd text, and indifferent to what a run lacks."""

import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from vitreous.analysis.axes import label_text, with_minus
from vitreous.core.cases import Case
from vitreous.core.data import Configuration, Events, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError
from vitreous.core.evaluated import Column, Evaluated, Table
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.plugins.descriptors.physical import PhysicalIndicators
from vitreous.plugins.evaluations.correlation import Correlation
from vitreous.plugins.evaluations.goodness import Goodness
from vitreous.plugins.evaluations.regression import Regression
from vitreous.plugins.evaluations.rings import Rings
from vitreous.report import write
from vitreous.report.page import shown
from vitreous.report.write import write_report as write_page
from vitreous.testing.systems import shaken_honeycomb


def sample(index: int, role: str) -> Sample:
    glass = shaken_honeycomb(seed=index)
    rng = np.random.default_rng(index)
    sites = (
        np.stack(np.meshgrid(np.arange(6), np.arange(7), indexing="ij"), -1).reshape(-1, 2)
        / [6, 7]
        @ glass.cell
    )
    values = rng.normal(1.0, 0.2, 42)
    values[3] = np.nan
    labels = Labels(
        name="delta_tau",
        level="site",
        unit="energy/area",
        values=values,
        mask=np.isfinite(values),
        positions=sites,
        grid=(6, 7),
    )
    strain = np.linspace(0, 0.1, 50)
    stress = np.zeros((50, 2, 2))
    stress[:, 0, 0] = np.where(strain < 0.08, strain, 0.05)
    places = glass.positions[[3, 40]]
    columns = {"strain": np.array([0.08, 0.09]), "atom": np.array([3, 40])}
    events = Labels(
        name="events",
        level="event",
        unit="",
        values=np.ones(2),
        mask=np.ones(2),
        positions=places,
        columns=columns,
    )
    met = Events(
        strain=columns["strain"],
        energy_drop=np.ones(2),
        stress_drop=np.ones(2),
        atom=[3, 40],
        position=places,
        kind=("flip", "flip"),
    )
    run = Trajectory(
        initial=glass,
        loading=Loading(),
        strain=strain,
        energy=strain**2,
        stress=stress,
        residual=0 * strain,
        frame_strain=np.zeros(0),
        frames=np.zeros((0, len(glass), 2)),
        cells=np.zeros((0, 2, 2)),
        events=met,
    )
    prediction = np.nan_to_num(values, nan=1.0) + rng.normal(0, 0.05, 42)
    indicators = PhysicalIndicators().describe(glass, Loading(), sites, "site")
    return Sample.of(
        index=index,
        role=role,
        configuration=glass,
        trajectory=run,
        labels=labels,
        events=events,
        features=None,
        indicators=indicators,
        prediction=prediction,
    )


EMPTY = Run(loadings=(Loading(),), samples=())
EVALUATIONS = {
    "goodness": Goodness(),
    "correlation": Correlation(),
    "regression": Regression(),
    "rings": Rings(),
}


def write_report(result: Run, folder: Path, command: str, **more) -> list[Path]:
    """The page of a run with the evaluations that are there by default."""
    found = {name: evaluation.evaluate(result) for name, evaluation in EVALUATIONS.items()}
    return write_page(result, found, folder, command, **more)


@pytest.fixture(scope="module")
def result() -> Run:
    samples = tuple(
        sample(i, role) for i, role in enumerate(("train", "validation", "test", "test"))
    )
    history = tuple(("validation_mse", 1.0 / (k + 1), k) for k in range(5))
    return Run(
        loadings=(Loading(),),
        samples=samples,
        history=history,
        seconds={"fit": 1.5},
        excluded={7: "it <b>broke</b>"},
        weak_is=PhysicalIndicators.weak_is,
    )


@pytest.fixture(scope="module")
def paths(result: Run, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The page of the run and its pictures, drawn once; with the style that was set before."""
    folder, before = tmp_path_factory.mktemp("page") / "new" / "report", dict(matplotlib.rcParams)
    paths = write_report(result, folder, "vitreous run seed=1 'x<y'", config="seed: 1\n")
    assert dict(matplotlib.rcParams) == before
    return paths


@pytest.fixture
def unpictured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made but not rendered, where a test is about the text."""
    monkeypatch.setattr(write, "_rendered", lambda figure, name: write.Drawn(b"picture", "<svg/>"))
    monkeypatch.setattr(write, "_vector", lambda figure, name: "<svg/>")


def test_page_holds_every_picture_table_and_the_command_and_fetches_nothing(
    paths: list[Path],
) -> None:
    stems = {path.name for path in paths}
    assert stems == {
        "report.html",
        "goodness.png",
        "goodness_boxes.png",
        "parity.png",
        "training.png",
        "rings.png",
        *(f"test_{i}_{what}.png" for i in (2, 3) for what in ("map", "stress_strain")),
    }
    assert all(path.stat().st_size > 1000 for path in paths)
    html = paths[0].read_text()
    pictures = re.findall(r'<svg[^>]*aria-label="([^"]*)"', html)
    assert len(pictures) == len(paths) - 1 - 2 + 2 * 3 + 1  # panels for maps, and what leads
    outside = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=\\n]+", "", html)
    assert not re.search(r"https?:|<script|<link|@import", outside)
    for text in (
        "x&lt;y",
        "it &lt;b&gt;broke&lt;/b&gt;",
        "Test glass 3",
        "stretch variance",
        "true map",
        "seed: 1",
        "1.5 s",
    ):
        assert text in outside


@pytest.mark.usefixtures("unpictured")
def test_what_a_map_does_not_cover_is_said_beside_its_scores(
    result: Run, paths: list[Path], tmp_path: Path
) -> None:
    """The true map lacks one place of 42; a model silent at half of the places still has a page,
    with its coverage.
    """
    half = np.where(np.arange(42) % 2, np.nan, 1.0)
    samples = tuple(
        s.with_(prediction=s.prediction * half, uncertainty=0.1 + 0 * half) for s in result.samples
    )
    whole = paths[0].read_text()
    html = write_report(replace(result, samples=samples), tmp_path, "vitreous run")[0].read_text()
    assert "The model&#39;s map covers 50 % of the sites" in html
    rows = {
        name: re.findall(rf'<tr>(?:<td>\d</td>)?<td class="word">{name}</td>.*?</tr>', html)
        for name in ("model", "true map")
    }
    covered = {name: [row for row in found if "%" in row] for name, found in rows.items()}
    at_events = [row for row in covered["model"] if row.endswith("<td>50 %</td><td>50 %</td></tr>")]
    assert len(at_events) == 3  # the mean, and each of two glasses
    assert [row.endswith("<td>97.6 %</td><td>100 %</td></tr>") for row in covered["true map"]] == [
        True
    ] * 3
    assert "map covers 1" not in whole


def test_the_page_shows_the_numbers_that_the_evaluations_found(
    result: Run, paths: list[Path]
) -> None:
    """Every cell of every table, as its column writes it, and under the title of its evaluation."""
    found = {name: evaluation.evaluate(result) for name, evaluation in EVALUATIONS.items()}
    html = paths[0].read_text()
    for each in found.values():
        for table in each.tables:
            assert table.rows and f"<caption>{table.title}</caption>" in html
            for row in table.rows:
                cells = [shown(c, cell) for c, cell in zip(table.columns, row, strict=True)]
                plain = html.replace('<td class="word">', "<td>")
                assert "".join(f"<td>{cell}</td>" for cell in cells) in plain
        assert with_minus(each.headline) in html.replace("&#39;", "'")


def test_the_pictures_of_another_evaluation_are_on_the_page_and_two_of_one_name_are_refused(
    result: Run, tmp_path: Path
) -> None:
    drawn = EVALUATIONS["rings"].evaluate(result).figures["rings"]
    mine = Evaluated(
        numbers={"r": 1.0},
        title="Mine & others",
        text="a < b",
        figures={"mine": drawn},
        tables=[
            Table(title="t", columns=[Column("<i>")], rows=[["<b>"]]),
            Table(title="without rows", columns=[Column("c")], rows=[]),
        ],
    )
    unseen = replace(result, samples=result.samples[:1], history=())  # it has no pictures itself
    html = write_page(unseen, {"mine": mine}, tmp_path, "vitreous run")[0].read_text()
    assert (tmp_path / "mine.png").stat().st_size > 1000
    for text in (
        ">Mine &amp; others</h2>",
        "a &lt; b",
        "<th>&lt;i&gt;</th>",
        "<td>&lt;b&gt;</td>",
    ):
        assert text in html
    assert "without rows" not in html
    with pytest.raises(
        VitreousError,
        match="evaluation 'yours' draws a figure 'mine', but a figure of that name exists",
    ):
        write_page(unseen, {"mine": mine, "yours": mine}, tmp_path, "vitreous run")


@pytest.mark.usefixtures("unpictured")
def test_a_run_without_model_events_trajectory_or_indicators_is_still_reported(
    result: Run, tmp_path: Path
) -> None:
    bare = tuple(
        s.with_(trajectory=None, events=None, indicators=None, prediction=None)
        for s in result.samples
    )
    paths = write_report(replace(result, samples=bare, history=()), tmp_path, "vitreous run")
    assert {path.name for path in paths} == {
        "report.html",
        "test_2_map.png",
        "test_3_map.png",
        "rings.png",
    }


@pytest.mark.usefixtures("unpictured")
def test_a_run_without_a_model_is_reported_with_its_indicators(result: Run, tmp_path: Path) -> None:
    probed = tuple(
        replace(s, case=replace(s.case, role="test")).with_(prediction=None) for s in result.samples
    )
    paths = write_report(replace(result, samples=probed, history=()), tmp_path, "vitreous run")
    html = paths[0].read_text()
    assert "4 glasses, without a model." in html and "Goodness at the first event" in html
    assert "follows the true map best" in html
    assert {"goodness.png", "goodness_boxes.png"} <= {path.name for path in paths}


@pytest.mark.usefixtures("unpictured")
def test_the_page_says_what_the_run_computed_and_what_it_left_out(tmp_path: Path) -> None:
    bare = sample(2, "test").with_(trajectory=None, events=None, indicators=None)
    run = Run(
        loadings=(Loading(),),
        samples=(bare,),
        fresh={"relax": 3, "label": 2},
        seconds={"label": 12.34},
        excluded={7: "it did not settle"},
        incomplete={Case(glass=8): "it broke"},
        about={"vitreous": "1.2.3", "packages": {"numpy": "2.0"}},
    )

    def facts(run: Run) -> dict[str, str]:
        html = write_page(run, {}, tmp_path, "vitreous run", facts={"host": "here"})[0].read_text()
        return dict(re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>\s*<td[^>]*>([^<]*)</td>", html))

    assert facts(run) == {
        "loading": Loading().title,
        "glasses": "test [2]",
        "computed by this run": "relax 3, label 2",
        "vitreous": "1.2.3",
        "numpy": "2.0",
        "host": "here",
        "label": "12.3 s of computing",
        "glass 7 skipped": "it did not settle",
        f"glass 8, {Loading().title} skipped": "it broke",
    }
    assert facts(replace(run, fresh={}))["computed by this run"] == "nothing, all was stored"


@pytest.mark.usefixtures("unpictured")
def test_the_page_is_named_after_what_is_predicted_and_a_section_after_its_evaluation(
    tmp_path: Path,
) -> None:
    run = Run(loadings=(Loading(),), samples=(sample(2, "test"),))
    html = write_page(run, {"mine": Evaluated(text="x")}, tmp_path, "vitreous run")[0].read_text()
    title = "Where the glass will fail: stress threshold Δτ"
    assert f"<title>{title}</title>" in html and f"<h1>{title}</h1>" in html
    assert ">mine</h2>" in html


@pytest.mark.usefixtures("unpictured")
def test_labels_in_space_are_not_drawn_as_a_map(tmp_path: Path) -> None:
    flat = sample(2, "test").with_(trajectory=None, events=None, indicators=None)
    glass, labels = flat.configuration, flat.labels

    def in_space(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points, np.ones(len(points))])

    solid = flat.with_(
        configuration=Configuration(
            positions=in_space(glass.positions),
            species=glass.species,
            names=glass.names,
            cell=np.diag([*np.linalg.norm(glass.cell, axis=1), 9.0]),
            periodic=(True, True, True),
            units=glass.units,
        ),
        labels=replace(labels, positions=in_space(labels.positions), grid=()),
    )
    for one, pictures in ((flat, ["test_2_map.png"]), (solid, [])):
        paths = write_page(Run(loadings=(Loading(),), samples=(one,)), {}, tmp_path, "vitreous run")
        assert [path.name for path in paths[1:]] == pictures
        assert ("darker and redder" in paths[0].read_text()) == bool(pictures)
        assert "41 of 42 sites labelled" in paths[0].read_text()


def test_powers_in_units_are_raised() -> None:
    assert label_text("local_yield", "energy/length^2") == "local yield (energy/length$^2$)"
    assert label_text("fracture_strain", "1") == "fracture strain"


def test_an_empty_run_is_a_page_with_the_command(tmp_path: Path) -> None:
    (path,) = write_report(EMPTY, tmp_path, "vitreous run")
    assert "vitreous run" in path.read_text()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VitreousError, match="cannot be written"):
        write_page(EMPTY, {}, tmp_path / "file" / "report", "vitreous run")


def test_nothing_is_written_through_a_link(result: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    folder = tmp_path / "of a stranger"
    trained = replace(EMPTY, history=result.history)  # a page and one picture
    for path in write_page(trained, {}, folder, "vitreous run"):
        path.unlink()
        path.symlink_to(mine)
    paths = write_page(trained, {}, folder, "vitreous run")
    assert len(paths) == 2 and not any(path.is_symlink() for path in paths)
    assert mine.read_text() == "mine"


def test_pictures_are_the_same_every_time(result: Run, paths: list[Path], tmp_path: Path) -> None:
    again = write_report(result, tmp_path, "vitreous run seed=1 'x<y'", config="seed: 1\n")
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(paths, again, strict=True))


@pytest.mark.usefixtures("unpictured")
def test_glasses_without_a_single_label_are_reported_all_the_same(
    result: Run, tmp_path: Path
) -> None:
    nothing = replace(
        result.samples[0].labels, values=np.full(42, np.nan), mask=np.zeros(42, dtype=bool)
    )
    paths = write_report(
        replace(result, samples=tuple(s.with_(labels=nothing) for s in result.samples)),
        tmp_path,
        "vitreous run",
    )
    stems = {path.name for path in paths}
    assert "report.html" in stems
    assert "parity.png" not in stems
