"""What the pictures beside the page show: of several runs, a rose, a micrograph and a prediction,
read from the artists that were drawn.
"""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure
from test_write import sample

from vitreous.analysis.imaged_network import COORDINATED, DISTANT, NEAR, ImagedNetwork
from vitreous.analysis.rings import Rings
from vitreous.analysis.voronoi_network import Network
from vitreous.core.data import Configuration, Labels
from vitreous.direct.probing import probe, why_masked, write_map
from vitreous.io.glasses import read_glass
from vitreous.mechanics.boundary import clearance
from vitreous.plugins.generators.tem_image import Imaged
from vitreous.plugins.potentials.lennard_jones_2d import LennardJones2D
from vitreous.report import predicted, single
from vitreous.report.comparison import draw_comparison
from vitreous.report.micrograph import draw_network
from vitreous.report.predicted import draw_prediction
from vitreous.report.rose import draw_rose


@pytest.fixture
def drawn(monkeypatch):
    """Figures that were written, by the name of their file."""
    figures = {}
    monkeypatch.setattr(
        Figure, "savefig", lambda self, path, **how: figures.update({path.name: self})
    )
    return figures


def labels_of(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.fixture
def compare(drawn, tmp_path):
    """The axes of the panels that show something, of two runs with these scores."""

    def draw(rows):
        draw_comparison(["one", "two"], rows, tmp_path / "c.png")
        return [axes for axes in drawn["c.png"].axes if axes.axison]

    return draw


def test_a_comparison_has_a_dot_for_each_run_at_each_score(compare):
    (axes,) = compare({"ranking.model.c_rank": [0.5, 0.7], "regression.rmse": [0.1, 0.2]})
    assert labels_of(axes) == ["ranking.model.c_rank", "regression.rmse"]
    dots = {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in axes.lines}
    assert dots.keys() == {"one", "two"}
    np.testing.assert_array_equal(dots["one"], [[0.5, 0.1], [0, 1]])
    np.testing.assert_array_equal(dots["two"], [[0.7, 0.2], [0, 1]])
    top, bottom = axes.transData.transform([[0.0, 0], [0.0, 1]])[:, 1]
    assert top > bottom  # the first score is at the top


def test_a_comparison_shows_the_models_scores_that_all_runs_have(compare):
    (axes,) = compare(
        {
            "correlation.model.pearson": [0.5, 0.7],
            "correlation.model.spearman": [0.5, None],
            "correlation.model.pooled.pearson": [0.5, 0.7],
            "correlation.stretch_variance.pearson": [0.2, 0.3],
        }
    )
    assert labels_of(axes) == ["correlation.model.pearson"]


def test_runs_without_a_model_are_compared_by_what_all_of_them_have(compare):
    (axes,) = compare({"correlation.density.pearson": [0.0, 0.3], "rings.mean": [6.0, None]})
    assert labels_of(axes) == ["correlation.density.pearson"]


def test_many_scores_fill_further_panels_each_score_once(compare):
    rows = {f"classes.model.number_{k}": [0.1, 0.2] for k in range(45)}
    panels = [labels_of(axes) for axes in compare(rows)]
    assert [len(panel) for panel in panels] == [20, 20, 5]
    assert [name for panel in panels for name in panel] == list(rows)


ANGLES = np.array([0.0, 60.0, 120.0])
MEASURED = np.array([1.0, 4.0, 2.0])


@pytest.mark.parametrize(
    ("name", "predicted", "shown"),
    [
        ("probability_fertile", [0.2, 0.4, 0.1], [0.2, 0.4, 0.1]),  # as it is
        ("d2min", [1.0, -2.0, 0.5], [0.5, -1.0, 0.25]),  # relative to the largest
    ],
)
def test_a_rose_goes_once_round_with_its_second_half_repeated(
    drawn, tmp_path, name, predicted, shown
):
    draw_rose(
        ANGLES,
        {"at 0.01": MEASURED, "at 0.02": 10.0 * MEASURED},
        "lj",
        tmp_path / "rose.png",
        np.array(predicted),
        name,
    )
    first, second = drawn["rose.png"].axes
    assert (first.get_title(), second.get_title()) == ("strain at 0.01", "strain at 0.02")
    for axes, largest in ((first, "4"), (second, "40")):
        measured, said = axes.lines
        for line, values in ((measured, [0.25, 1.0, 0.5]), (said, shown)):
            np.testing.assert_allclose(
                np.rad2deg(line.get_xdata()), [0, 60, 120, 180, 240, 300, 360]
            )
            np.testing.assert_allclose(line.get_ydata(), [*values, *values, values[0]])
        assert measured.get_label().startswith(f"D2min, circle: {largest} (sigma")
        assert said.get_label() == name.replace("_", " ")
        assert axes.get_ylim() == (0.0, 1.0)


def test_an_atom_that_does_not_move_has_a_rose_at_the_centre(drawn, tmp_path):
    draw_rose(ANGLES, {"0.01": np.zeros(3)}, "lj", tmp_path / "rose.png")
    (line,) = drawn["rose.png"].axes[0].lines
    assert not np.any(line.get_ydata())


PLACES = np.array(
    [[1, 1], [3, 1], [5, 1], [5, 3], [3, 3], [1, 3], [1, 5], [3, 5], [5, 5], [8, 2]], float
)


@pytest.fixture
def overlay(drawn, tmp_path):
    """The axes and artists, by label, of two rings, 4 and 6, over a region 12 wide and 8 high."""
    reasons = np.array([""] * 10, dtype="<U12")
    reasons[[6, 7, 8]] = COORDINATED, NEAR, DISTANT
    members = (np.array([0, 1, 4, 5]), np.array([1, 2, 3, 4, 7, 8]))
    rings = Rings(
        members=members,
        sizes=np.array([4, 6]),
        centres=np.zeros((2, 2)),
        joined=np.full((2, 2), -1),
    )
    border = np.arange(10) == 9
    found = ImagedNetwork(
        places=PLACES,
        added=np.arange(10) == 2,
        network=Network(bonds=np.array([[0, 1], [3, 9]]), rings=rings, border=border),
        reasons=reasons,
        pixel_size=0.2,
        scaled=True,
    )
    draw_network(Imaged(np.arange(96.0).reshape(8, 12), found, (0, 0)), tmp_path / "overlay.png")
    (axes,) = drawn["overlay.png"].axes
    return axes, {artist.get_label(): artist for artist in axes.collections}


def test_an_overlay_marks_rings_of_other_than_six_sides_where_their_silicons_are(overlay):
    polygons = {
        label: artist for label, artist in overlay[1].items() if isinstance(artist, PolyCollection)
    }
    assert polygons.keys() == {"4-ring (1)"}
    (path,) = polygons["4-ring (1)"].get_paths()
    np.testing.assert_array_equal(path.vertices[:4], PLACES[[0, 1, 4, 5]])


def test_an_overlay_shows_every_silicon_flag_and_spot_added_by_hand(overlay):
    spots = {
        label: np.asarray(artist.get_offsets())
        for label, artist in overlay[1].items()
        if isinstance(artist, PathCollection)
    }
    wanted = {
        "silicon (6)": [0, 1, 2, 3, 4, 5],
        "border, not judged (1)": [9],
        f"impossible {COORDINATED} (1)": [6],
        f"impossible {NEAR} (1)": [7],
        f"impossible {DISTANT} (1)": [8],
        "added (1)": [2],
    }
    assert spots.keys() == wanted.keys()
    for label, which in wanted.items():
        np.testing.assert_array_equal(spots[label], PLACES[which])


def test_an_overlay_lies_on_its_image_with_y_downwards(overlay):
    axes, artists = overlay
    (bonds,) = (artist for artist in artists.values() if isinstance(artist, LineCollection))
    np.testing.assert_array_equal(bonds.get_segments(), [PLACES[[0, 1]], PLACES[[3, 9]]])
    assert axes.get_xlim() == (-0.5, 11.5)
    assert axes.get_ylim() == (7.5, -0.5)


def test_a_probed_map_says_why_sites_are_hatched(monkeypatch, tmp_path):
    """In a strip some discs extend beyond the glass, and some stresses do not drop."""
    model = LennardJones2D()
    glass = read_glass(Path(__file__).parents[1] / "lennard_jones_glass.extxyz", model)
    strip = glass.with_(positions=glass.positions % 17.6, periodic=(False, True))
    with pytest.warns(UserWarning, match="sites are masked"):
        labels = probe(
            strip, model, "simple_shear", grid=6, free_radius=2.5, frozen_ring=2.5, strain_max=0.1
        )
    drawn = []
    monkeypatch.setattr(single, "_written", lambda figure, path: drawn.append(figure))
    write_map(labels, tmp_path / "map.png", strip, reach=5.0)
    room = clearance(strip.positions, strip.cell, strip.periodic, labels.positions)
    beyond, masked = int((room < 5.0).sum()), int((~labels.mask).sum())
    assert 0 < beyond < masked - 1 < 35
    assert drawn[0].get_supxlabel() == (
        f"hatched: disc extends beyond the glass ({beyond} sites)\n"
        "hatched: disc holds no atom or is at no minimum (1 site)\n"
        f"hatched: stress does not drop up to a strain of 0.1 ({masked - beyond - 1} sites)"
    )


def test_discs_that_come_to_no_rest_are_told_from_those_that_never_were_at_it():
    nan = np.nan
    one = sample(2, "test")
    columns = {
        "tau_initial": [nan, 0.1, 0.1, 0.1],
        "tau_critical": [nan, nan, 0.2, 0.2],
        "strain_critical": [nan, nan, 0.03, 0.01],
    }
    labels = Labels(
        name="delta_tau",
        level="site",
        unit="",
        values=[nan, nan, nan, 0.1],
        mask=[False, False, False, True],
        positions=np.zeros((4, 2)),
        columns={name: np.array(values) for name, values in columns.items()},
    )
    assert why_masked(labels, one.configuration, 5.0) == {
        "disc holds no atom or is at no minimum": 1,
        "disc comes to no rest under strain": 1,
        "stress does not drop up to a strain of 0.03": 1,
    }


def test_a_predicted_map_says_why_not_to_trust_it_and_what_is_white(drawn, tmp_path):
    one = sample(2, "test")

    def texts(**more):
        panels = {"delta_tau": (one.labels.values, "energy/area", "low")}
        draw_prediction(one.configuration, one.labels, panels, tmp_path / "map.png", **more)
        return drawn["map.png"].get_suptitle(), drawn["map.png"].get_supxlabel()

    assert texts() == ("", "")
    doubted, white = texts(doubts=["too dense"], masked={"near the boundary": 7})
    assert doubted == "Do not trust this map:\ntoo dense"
    assert white == "hatched: near the boundary (7 sites)"


@pytest.mark.parametrize(
    ("periodic", "place", "images"),
    [
        ((True, True), (0.2, 5.0), [(0.2, 5.0), (10.2, 5.0)]),
        ((True, True), (9.9, 9.8), [(9.9, 9.8), (-0.1, 9.8), (9.9, -0.2), (-0.1, -0.2)]),
        ((False, True), (0.2, 5.0), [(0.2, 5.0)]),
        ((True, True), (5.0, 5.0), [(5.0, 5.0)]),
    ],
)
def test_a_circle_at_the_edge_of_a_periodic_cell_goes_on_at_the_other_side(periodic, place, images):
    glass = Configuration(
        positions=np.array([[1.0, 1.0]]),
        species=[0],
        names=("S",),
        cell=np.diag([10.0, 10.0]),
        periodic=periodic,
        units="lj",
    )
    axes = Figure().subplots()
    predicted._circle(axes, glass, [(np.array(place), 0.4)])
    drawn = sorted(tuple(np.round(circle.center, 9)) for circle in axes.patches)
    assert drawn == sorted(images) and [text.get_text() for text in axes.texts] == ["40 %"]
