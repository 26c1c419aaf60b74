"""The share of glasses that fail in the riskiest part of their area: by hand, against random maps,
and where nothing can be said.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from glasses import glass, run

from vitreous.core.data import Attention, Configuration, Features, Labels
from vitreous.core.errors import VitreousError
from vitreous.core.interfaces import Fitted
from vitreous.core.sample import Sample
from vitreous.plugins.evaluations.prediction_area import PredictionArea, wilson

WIDTHS = [1.0, 3.0, 4.0, 2.0]  #: of the Voronoi cells, tenths of the area


def striped(index, likely, fails, level="atom", **more):
    """Four atoms on a line whose Voronoi cells are stripes of WIDTHS; some fail."""
    edges = np.concatenate([[0.0], np.cumsum(WIDTHS)])
    # neighbours are mirror images in the border between them, the last and the first too
    first = 0.5
    x = [first]
    for border in edges[1:-1]:
        x.append(2.0 * border - x[-1])
    places = np.column_stack([x, np.full(4, 5.0)])
    values = np.isin(np.arange(4), fails).astype(float)
    labels = Labels(
        name="first_break",
        level=level,
        task="class",
        classes=("intact", "breaks"),
        unit="1",
        values=values,
        mask=np.ones(4, dtype=bool),
        positions=places,
    )
    likely = np.asarray(likely, dtype=float)
    return Sample.of(
        index=index,
        configuration=Configuration(
            positions=places,
            species=np.zeros(4, dtype=np.int64),
            names=("A",),
            cell=10.0 * np.eye(2),
            periodic=(True, True),
            units="lj",
        ),
        labels=labels,
        predicted={
            "prediction": (likely > 0.5).astype(float),
            "uncertainty": None,
            "probabilities": np.column_stack([1.0 - likely, likely]),
        },
        **more,
    )


def evaluate(*glasses, weak_is=None, fitted=None, **fields):
    made = replace(run(*glasses, weak_is=weak_is), fitted=fitted)
    return PredictionArea(**fields).evaluate(made)


def test_by_hand_areas_are_those_of_voronoi_cells():
    """Protects area against numbers of atoms: the second of four atoms is reached after a tenth of
    the area, and fills three tenths.
    """
    found = evaluate(striped(0, [0.9, 0.8, 0.1, 0.5], [1]), areas=(0.05, 0.25, 0.4))
    row = found.numbers["model"]
    assert row["found_in_5"] == 0.0
    assert row["found_in_25"] == pytest.approx(0.5)  # half of its cell is in the riskiest quarter
    assert row["found_in_40"] == pytest.approx(1.0)
    assert row["area"] == pytest.approx(0.25) and row["glasses"] == 1.0


def test_both_ends_of_a_bond_count_for_half():
    found = evaluate(striped(0, [0.9, 0.8, 0.1, 0.5], [0, 2]), areas=(0.1, 0.9))
    row = found.numbers["model"]
    assert row["found_in_10"] == pytest.approx(0.5)
    assert row["found_in_90"] == pytest.approx(0.5 * (1.0 + 0.75))


def test_a_constant_and_a_random_map_find_their_share_of_the_area():
    """Protects the baseline."""
    constant = evaluate(striped(0, [0.3] * 4, [2])).numbers
    for key in ("found_in_0.1", "found_in_1", "found_in_5", "found_in_25", "area"):
        assert constant["model"][key] == pytest.approx(constant["random"][key])
    rng = np.random.default_rng(0)
    many = evaluate(*[striped(k, rng.permutation(4) / 4, [2]) for k in range(100)])
    assert many.numbers["model"]["found_in_25"] == pytest.approx(0.25, abs=0.1)


def test_without_probabilities_the_class_that_is_called_is_risky():
    one = striped(0, [0.9, 0.2, 0.1, 0.7], [3])
    one = one.with_(predicted={"prediction": [1.0, 0.0, 0.0, 1.0], "uncertainty": None})
    row = evaluate(one, areas=(0.2,)).numbers["model"]
    assert row["found_in_20"] == pytest.approx(2.0 / 3.0)  # ties with the first, 0.3 in all


def test_any_class_can_be_the_one_that_fails():
    of = striped(0, [0.9, 0.8, 0.1, 0.5], [0, 1, 3])
    row = evaluate(of, positive="intact", areas=(0.2, 0.4)).numbers["model"]
    assert row["found_in_20"] == pytest.approx(0.5) and row["found_in_40"] > 0.99
    with pytest.raises(VitreousError, match="positive is 'bends'; expected one of intact, breaks"):
        evaluate(of, positive="bends")


def test_a_grid_has_equal_cells_events_say_the_place_and_the_weak_side_is_risky():
    """Protects maps of sites: the first event in order of strain, at its nearest site."""
    one = glass(0, [5.0, 4.0, 3.0, 2.0], [4.0, 1.0, 2.0, 3.0], events=[2.2, 0.0])
    one = one.with_(labels=replace(one.labels, grid=(4, 1)))
    row = evaluate(one, areas=(0.25, 0.5)).numbers["model"]
    assert row["found_in_25"] == 0.0 and row["found_in_50"] == 1.0
    high = one.with_(labels=replace(one.labels, weak_is="high"))
    assert evaluate(high, areas=(0.5,)).numbers["model"]["found_in_50"] == 0.0


def test_sites_without_a_value_are_marked_last():
    one = glass(0, [1.0] * 4, events=[0.0])
    masked = one.with_(
        labels=replace(one.labels, grid=(4, 1)), prediction=np.array([np.nan, 1.0, 2.0, 3.0])
    )
    row = evaluate(masked, areas=(0.75, 0.875)).numbers["model"]
    assert row["found_in_75"] == 0.0 and row["found_in_87.5"] == pytest.approx(0.5)


def test_indicators_stand_beside_the_model():
    one = striped(0, [0.9, 0.8, 0.1, 0.5], [1]).with_(
        indicators=Features(
            form="vector",
            level="atom",
            names=("rate", "other"),
            values=np.array([[0.0, 5.0, 1.0, 1.0], [1.0] * 4]).T,
        )
    )
    numbers = evaluate(one, weak_is={"rate": "high"}, areas=(0.3,)).numbers
    assert set(numbers) == {"model", "rate", "random"}
    assert numbers["rate"]["found_in_30"] == pytest.approx(1.0)


def test_a_bilayer_is_seen_from_above():
    """Protects atoms above one another: they are one place, with the larger risk."""
    flat = striped(0, [0.1, 0.2, 0.1, 0.3], [0])
    places = np.column_stack([flat.configuration.positions, np.zeros(4)])
    both = np.concatenate([places + np.array([0.0, 0.0, 3.0]), places])
    configuration = Configuration(
        positions=both,
        species=np.zeros(8, dtype=np.int64),
        names=("A",),
        cell=np.diag([10.0, 10.0, 20.0]),
        periodic=(True, True, False),
        units="lj",
    )
    likely = np.array([0.1, 0.2, 0.1, 0.3, 0.9, 0.0, 0.0, 0.0])
    labels = replace(
        flat.labels,
        values=[1.0, *[0.0] * 7],
        mask=np.ones(8, dtype=bool),
        positions=both,
    )
    predicted = {
        "prediction": (likely > 0.5).astype(float),
        "uncertainty": None,
        "probabilities": np.column_stack([1.0 - likely, likely]),
    }
    slab = flat.with_(configuration=configuration, labels=labels, predicted=predicted)
    row = evaluate(slab, areas=(0.1, 0.05)).numbers["model"]
    assert row["found_in_10"] == pytest.approx(1.0) and row["found_in_5"] == pytest.approx(0.5)


def test_intervals_are_of_glasses():
    """Protects few glasses: the bootstrap has no width where all agree, the binomial interval has;
    the loadings of one glass are one glass.
    """
    hits = [striped(k, [0.9, 0.8, 0.1, 0.5], [0]) for k in range(5)]
    of = evaluate(*hits, areas=(0.1,)).numbers["model"]
    assert (of["found_in_10"], of["low_in_10"], of["high_in_10"]) == (1.0, 1.0, 1.0)
    assert of["least_in_10"] == pytest.approx(0.5655, abs=1e-4) and of["most_in_10"] == 1.0
    misses = [striped(k, [0.9, 0.8, 0.1, 0.5], [2]) for k in range(5, 10)]
    mixed = evaluate(*hits, *misses, areas=(0.1,)).numbers["model"]
    assert mixed["found_in_10"] == 0.5 and mixed["low_in_10"] == pytest.approx(0.2, abs=0.11)
    assert mixed["low_in_10"] < 0.5 < mixed["high_in_10"]
    along = [replace(s, case=replace(s.case, loading=k)) for s in hits[:1] for k in (0, 1)]
    assert evaluate(*along, *misses[:1]).numbers["model"]["glasses"] == 2.0


def test_the_binomial_interval_is_that_of_wilson():
    """Protects the formula: 15 of 20, by the published table."""
    least, most = wilson(np.array([0.75]), 20)
    assert (least[0], most[0]) == pytest.approx((0.531, 0.888), abs=1e-3)


class Looking(Fitted):
    """A model that looks at the upper left corner."""

    def predict(self, features):
        return np.zeros(1)

    def attention(self, features, copies):
        weight = np.zeros((1, 1, 4, 4))
        weight[0, 0, 3, 0] = 1.0
        return (Attention(resolution=4, weight=weight, signed=weight),)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


def whole(place):
    """A glass with one label, and the target that says where it fails, in fractions."""
    one = glass(0, [1.0], [1.0], level="sample")
    at = Labels(
        name="fracture_location",
        level="sample",
        task="position",
        components=("x", "y"),
        unit="1",
        values=np.array([place]),
        mask=np.isfinite(np.array([place])),
        positions=one.labels.positions,
    )
    features = Features(form="image", level="sample", names=("a",), values=np.zeros((1, 1, 4, 4)))
    made = one.with_(features=features)
    return replace(made, values={**made.values, "label:location": at})


def test_attention_is_the_map_of_an_image_model():
    """Protects rows and columns of pictures: row 3 is the highest y."""
    hit = evaluate(whole([0.1, 0.8]), fitted=Looking(), location="location", areas=(1 / 16, 0.5))
    assert hit.numbers["attention, r = 4"]["found_in_6.25"] == pytest.approx(1.0)
    for place in ([0.9, 0.1], [0.9, 0.8], [0.1, 0.1]):
        miss = evaluate(whole(place), fitted=Looking(), location="location", areas=(1 / 16,))
        assert miss.numbers["attention, r = 4"]["found_in_6.25"] == 0.0
    with pytest.raises(VitreousError, match="needs a model that tells where it looks"):
        evaluate(whole([0.5, 0.5]), location="location")


def test_a_glass_that_did_not_fail_is_not_scored():
    unknown = whole([np.nan, np.nan])
    assert not evaluate(unknown, fitted=Looking(), location="location").numbers
    assert not evaluate(glass(0, [1.0, 2.0], [1.0, 2.0])).numbers
    one = evaluate(striped(0, [0.9, 0.8, 0.1, 0.5], [0]), striped(1, [0.9] * 4, []))
    assert one.numbers["model"]["glasses"] == 1.0 and "1" not in one.glasses


def test_the_figure_shows_every_map_and_chance():
    figure = evaluate(striped(0, [0.9, 0.8, 0.1, 0.5], [0])).figures["prediction_area"]()
    model, random = figure.axes[0].lines
    assert (model.get_label(), random.get_label()) == ("model", "random")
    assert np.all(model.get_ydata()[model.get_xdata() >= 10.0] > 99.9)
    assert np.allclose(random.get_xdata(), random.get_ydata())


@pytest.mark.parametrize("bad", [{"areas": (0.0,)}, {"areas": (25,)}, {"copies": 0}, {"areas": ()}])
def test_impossible_fields_are_refused(bad):
    with pytest.raises(VitreousError, match="expected shares between 0 and 1"):
        PredictionArea(**bad)
