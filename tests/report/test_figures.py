"""What the pictures of a run show, read from the artists that were drawn."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from test_write import sample

from vitreous.core.data import Labels, Loading
from vitreous.core.run import Run
from vitreous.plugins.evaluations import rings
from vitreous.plugins.evaluations._goodness_figures import goodness_curves
from vitreous.plugins.evaluations.goodness import Goodness
from vitreous.plugins.evaluations.regression import parity
from vitreous.report import predicted
from vitreous.report.figures import stress_strain, training
from vitreous.report.maps import NUMBERED, WEAKNESS, maps

DIFFERENT = 10.0  #: added to predictions, so that no panel can be mistaken for another


@pytest.fixture(scope="module")
def glass():
    one = sample(2, "test")
    return one.with_(prediction=one.prediction + DIFFERENT)


def run_of(*samples):
    return Run(loadings=(Loading(),), samples=samples)


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title() == title)


def shown(axes):
    """The values of a map's coloured cells, in the order of the sites; NaN in an empty cell."""
    mesh = next(artist for artist in axes.collections if isinstance(artist, QuadMesh))
    return np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan).ravel()


def redness(axes, values):
    """Red less blue of the colours of the cells with the lowest and the highest value, as drawn."""
    axes.figure.canvas.draw()
    mesh = next(artist for artist in axes.collections if isinstance(artist, QuadMesh))
    colours = mesh.to_rgba(mesh.get_array()).reshape(-1, 4)
    low, high = np.nanargmin(values), np.nanargmax(values)
    return colours[low, 0] - colours[low, 2], colours[high, 0] - colours[high, 2]


def test_the_true_panel_shows_the_labels_and_the_predicted_panel_the_prediction(glass):
    figure = maps(glass, "stretch_variance")
    np.testing.assert_array_equal(shown(panel(figure, "true map")), glass.labels.values)
    np.testing.assert_array_equal(shown(panel(figure, "predicted map")), glass.prediction)
    column = glass.indicators.values[:, glass.indicators.names.index("stretch_variance")]
    np.testing.assert_array_equal(shown(panel(figure, "stretch variance")), column)


@pytest.mark.parametrize("origin", [(0.0, 0.0), (5.0, -3.0)])
def test_cells_lie_around_their_sites(glass, origin):
    """Wherever the grid begins: that of a glass with a boundary lies in the box around it."""
    glass = glass.with_(labels=replace(glass.labels, positions=glass.labels.positions + origin))
    (mesh,) = (
        artist
        for artist in panel(maps(glass), "true map").collections
        if isinstance(artist, QuadMesh)
    )
    corners = np.asarray(mesh.get_coordinates())
    middle = 0.25 * (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:])
    np.testing.assert_allclose(middle.reshape(-1, 2), glass.labels.positions, atol=1e-9)


@pytest.mark.parametrize("title", ["true map", "predicted map"])
def test_weak_sites_are_red_and_strong_ones_bluish_whichever_side_is_weak(glass, title):
    for weak_is, weak, strong in (("low", 0, 1), ("high", 1, 0)):
        axes = panel(
            maps(
                glass.with_(
                    prediction=glass.labels.values,
                    labels=replace(glass.labels, weak_is=weak_is),
                )
            ),
            title,
        )
        colours = redness(axes, glass.labels.values)
        assert colours[weak] > 0.3, f"weak ({weak_is}) is not red"
        assert colours[strong] < -0.05, f"strong is not bluish where weak is {weak_is}"


def test_maps_can_be_read_without_colours_the_weaker_the_darker():
    light = WEAKNESS(np.linspace(0.0, 1.0, 33))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) < 0.0).all()


def test_a_constant_map_shows_no_site_as_weak_or_strong(glass):
    flat = np.where(glass.labels.mask, 1.0, np.nan)
    axes = panel(maps(glass.with_(labels=replace(glass.labels, values=flat))), "true map")
    mesh = next(artist for artist in axes.collections if isinstance(artist, QuadMesh))
    assert mesh.norm(1.0) == 0.5


@pytest.mark.parametrize("origin", [(0.0, 0.0), (5.0, -3.0)])
def test_bonds_join_their_atoms_and_begin_in_the_cell_that_is_shown(glass, origin):
    labels = replace(glass.labels, positions=glass.labels.positions + origin)
    axes = panel(maps(glass.with_(labels=labels)), "true map")
    (network,) = (artist for artist in axes.collections if isinstance(artist, LineCollection))
    drawn, cell = np.array(network.get_segments()), glass.configuration.cell
    ends = glass.configuration.positions[glass.configuration.bonds]
    images = (drawn - ends) @ np.linalg.inv(cell)
    np.testing.assert_allclose(images, np.rint(images), atol=1e-9)
    step = ends[:, 1] - ends[:, 0]
    step -= np.rint(step @ np.linalg.inv(cell)) @ cell
    np.testing.assert_allclose(drawn[:, 1] - drawn[:, 0], step, atol=1e-9)
    low, high = np.transpose([axes.get_xlim(), axes.get_ylim()])
    assert (drawn[:, 0] >= low - 1e-9).all() and (drawn[:, 0] <= high + 1e-9).all()
    numbers = np.array([text.get_position() for text in axes.texts])
    assert (numbers >= low - 1e-9).all() and (numbers <= high + 1e-9).all()


def test_truth_and_prediction_share_a_scale_of_colours(glass):
    meshes = [
        next(a for a in panel(maps(glass), title).collections if isinstance(a, QuadMesh))
        for title in ("true map", "predicted map")
    ]
    limits = [mesh.get_clim() for mesh in meshes]
    assert limits[0] == limits[1] == tuple(np.nanpercentile(glass.labels.values, [1, 99]))


def test_events_are_numbered_in_the_order_of_strain_where_their_atoms_stood(glass):
    events = replace(
        glass.events, columns={**glass.events.columns, "strain": np.array([0.09, 0.08])}
    )
    axes = panel(maps(glass.with_(events=events)), "true map")
    for number, place in ((1, events.positions[1]), (2, events.positions[0])):
        (text,) = (t for t in axes.texts if t.get_text() == str(number))
        apart = np.array(text.get_position()) - place
        apart -= np.rint(apart @ np.linalg.inv(glass.configuration.cell)) @ glass.configuration.cell
        np.testing.assert_allclose(apart, 0.0, atol=1e-9)


def test_stress_curves_plot_the_stress_of_the_loading_over_strain(glass):
    figure = stress_strain(glass)
    curve, *_ = figure.axes[0].lines
    np.testing.assert_array_equal(curve.get_xdata(), glass.trajectory.strain)
    np.testing.assert_array_equal(curve.get_ydata(), glass.trajectory.scalar_stress)
    assert not np.allclose(curve.get_ydata(), glass.trajectory.energy)
    assert figure.axes[0].get_ylabel().startswith("stress")
    assert figure.axes[0].get_xlabel().startswith("strain")


def test_events_stand_on_the_curve_where_the_stress_was_before_them(glass):
    axes = stress_strain(glass).axes[0]
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    strain, stress = glass.trajectory.strain, glass.trajectory.scalar_stress
    np.testing.assert_array_equal(dots.get_xdata(), [0.08, 0.09])
    np.testing.assert_allclose(
        dots.get_ydata(), [stress[strain < 0.08][-1], stress[strain < 0.09][-1]]
    )
    assert [note.get_text() for note in axes.texts] == ["1", "2"]
    assert dots.get_ydata()[0] > stress[strain >= 0.08][0]  # the drop is below it


def test_events_beyond_the_numbered_ones_are_ticks(glass):
    count = NUMBERED + 3
    strain = np.linspace(0.01, 0.09, count)
    events = Labels(
        name="events",
        level="event",
        unit="",
        values=np.ones(count),
        mask=np.ones(count, bool),
        positions=np.zeros((count, 2)),
        columns={"strain": strain},
    )
    lines = {
        line.get_marker(): line.get_xdata()
        for line in stress_strain(glass.with_(events=events)).axes[0].lines
    }
    np.testing.assert_array_equal(lines["o"], strain[:NUMBERED])
    np.testing.assert_array_equal(lines["|"], strain[NUMBERED:])


def test_parity_has_true_values_across_and_predicted_ones_up(glass):
    figure = parity(run_of(glass))
    (axes,) = figure.axes
    known = glass.labels.mask
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), glass.labels.values[known])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), glass.prediction[known])
    assert axes.get_xlabel().startswith("true ")
    assert axes.get_ylabel() == "predicted stress threshold Δτ (reduced energy/Å$^2$)"


def test_parity_has_a_panel_for_each_role_with_the_glasses_of_that_role():
    glasses = [
        one.with_(prediction=one.prediction + one.index)
        for one in map(sample, range(4), ("train", "train", "validation", "test"))
    ]
    figure = parity(run_of(*glasses))
    assert [axes.get_title() for axes in figure.axes] == [
        "train: 2 glasses",
        "validation: 1 glass",
        "test: 1 glass",
    ]
    for axes, chosen in zip(figure.axes, (glasses[:2], glasses[2:3], glasses[3:]), strict=True):
        drawn = np.concatenate([one.prediction[one.labels.mask] for one in chosen])
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), drawn)


def test_parity_states_correlation_and_error_of_what_it_shows(glass):
    (axes,) = parity(run_of(glass)).axes
    true, predicted = glass.labels.values[glass.labels.mask], glass.prediction[glass.labels.mask]
    r, rmse = np.corrcoef(true, predicted)[0, 1], np.sqrt(np.mean((true - predicted) ** 2))
    assert axes.texts[0].get_text() == f"r = {r:.3f}\nrms error {rmse:.3g} reduced energy/Å$^2$"


def test_curves_of_training_are_the_metrics_over_their_steps():
    history = [
        ("loss", 3.0, 0),
        ("validation_mse", 2.0, 1),
        ("loss", 1.0, 1),
        ("validation_mse", 4.0, 0),
        ("once", 1.0, 0),
    ]
    lines = {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in training(history).axes[0].lines
    }
    assert lines == {"loss": ([0, 1], [3.0, 1.0]), "validation mse": ([0, 1], [4.0, 2.0])}


def test_goodness_is_drawn_for_each_map_with_the_chance_of_its_own_side():
    scores = Goodness().scores([sample(2, "test"), sample(3, "test")], {"stretch_variance": "high"})
    nearest, within = goodness_curves(scores, "sigma").axes
    for axes, which in ((nearest, "nearest"), (within, "within")):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        for name in scores.names:
            drawn = lines[name.replace("_", " ")]
            np.testing.assert_array_equal(drawn, getattr(scores.mean(name), which))
    chance = [
        next(line for line in axes.lines if line.get_label() == "chance")
        for axes in (nearest, within)
    ]
    np.testing.assert_array_equal(chance[0].get_ydata(), 0.0)
    np.testing.assert_array_equal(chance[1].get_ydata(), scores.chance)
    assert nearest.get_title() == "at the nearest site of the map"
    assert within.get_title() == f"weakest site within {scores.radius:.3g} sigma of the event"
    assert nearest.get_legend() is None
    assert within.get_legend() is not None


def test_bars_of_rings_are_shares_of_all_rings():
    bars = rings.draw({5: 0.125, 6: 0.75, 7: 0.125}).axes[0].patches
    assert [bar.get_height() for bar in bars] == [0.125, 0.75, 0.125]
    assert [bar.get_x() + 0.5 * bar.get_width() for bar in bars] == [5, 6, 7]


def test_metrics_that_span_decades_have_a_logarithmic_axis():
    assert training([("loss", 1.0, 0), ("loss", 11.0, 1)]).axes[0].get_yscale() == "log"
    assert training([("loss", 1.0, 0), ("loss", 9.0, 1)]).axes[0].get_yscale() == "linear"
    assert training([("loss", -1.0, 0), ("loss", 11.0, 1)]).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(("chances", "ends"), [(True, (0.0, 1.0)), (False, (0.01, 0.99))])
def test_colours_reach_to_the_largest_probability_and_leave_out_outliers_of_other_maps(
    glass, monkeypatch, tmp_path, chances, ends
):
    limits = []

    def draw(axes, sample, values, side, scale):
        limits.append(scale)
        return draw_map(axes, sample, values, side, scale)

    draw_map = predicted.draw_map
    monkeypatch.setattr(predicted, "draw_map", draw)
    values = np.linspace(0.0, 1.0, len(glass.labels))
    panels = {"probability_breaks": (values, "1", "high")}
    predicted.draw_prediction(
        glass.configuration, glass.labels, panels, tmp_path / "map.png", chances=chances
    )
    assert limits[0] == pytest.approx(ends)
