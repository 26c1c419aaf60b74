"""Data classes go to arrays and JSON and come back bit for bit, without pickle."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitreous.core.codec import decode, encode
from vitreous.core.data import Configuration, Events, Features, Labels, Loading, Trajectory
from vitreous.core.errors import VitreousError


def there_and_back(value):
    tree, arrays = encode(value)
    return decode(json.loads(json.dumps(tree)), arrays)


def glass(n=5, **info):
    rng = np.random.default_rng(n)
    return Configuration(
        positions=rng.random((n, 2)),
        species=np.arange(n) % 2,
        names=("Si", "O"),
        cell=[[1.0, 0.0], [0.2, 3.0]],
        periodic=(True, False),
        units="silica2d",
        bonds=[[0, 1]],
        info=info,
    )


def trajectory():
    start = glass()
    events = Events(
        strain=[0.1],
        energy_drop=[1e-300],
        stress_drop=[-0.0],
        atom=[2],
        position=[[0.1, 0.2]],
        kind=("flip",),
    )
    frames = np.stack([start.positions] * 2)
    return Trajectory(
        initial=start,
        loading=Loading(angle=1 / 3),
        strain=[0, 0.1],
        energy=[1, 2],
        stress=np.ones((2, 2, 2)),
        residual=[0, 0],
        frame_strain=[0, 0.1],
        frames=frames,
        cells=np.stack([start.cell] * 2),
        events=events,
    )


def labels():
    columns = {"atom": np.array([1, 2]), "word": np.array(["ab", "c"])}
    return Labels(
        name="x",
        level="site",
        unit="",
        values=[np.nan, 1.0],
        mask=[False, True],
        positions=[[0, 0], [1, 1]],
        grid=(1, 2),
        columns=columns,
    )


def graph():
    return Features(
        form="graph",
        level="atom",
        names=("a",),
        values=np.ones((3, 1), np.float32),
        offsets=[0, 1, 3],
        edges=[[0, 1], [1, 0]],
        edge_values=np.ones((2, 1)),
        edge_names=("r",),
        edge_offsets=[0, 1, 2],
        shared={"cell": np.eye(2), "periodic": np.array([True, False])},
    )


@pytest.mark.parametrize("make", [glass, trajectory, labels, graph, Loading])
def test_every_data_class_comes_back_equal(make):
    value, back = make(), there_and_back(make())
    assert type(back) is type(value)
    assert back == value


def test_features_stored_before_sites_could_share_arrays_are_read():
    tree, arrays = encode(graph())
    del tree["fields"]["shared"]
    assert decode(tree, arrays).shared == {}


def test_shared_arrays_are_copies_that_cannot_be_written():
    cell = np.eye(2)
    features = Features(
        form="vector", level="atom", names=("a",), values=np.ones((3, 1)), shared={"cell": cell}
    )
    cell[0, 0] = 7.0
    assert features.shared["cell"][0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        features.shared["cell"][0, 0] = 2.0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("values", np.float32),
        ("edge_values", np.float64),
        *((name, np.int64) for name in ("offsets", "edges", "edge_offsets", "site_nodes")),
    ],
)
def test_arrays_of_features_have_their_type_and_cannot_be_written(name, kind):
    array = getattr(replace(graph(), site_nodes=[0, 2]), name)
    assert array.dtype == kind
    with pytest.raises(ValueError, match="read-only"):
        array.flat[0] = 0


def test_names_of_features_may_come_as_a_list():
    assert replace(graph(), names=["a"], edge_names=["r"]) == graph()


def test_information_keeps_its_types_and_numbers_every_bit():
    info = {
        "variance": 0.1 + 0.2,
        "rings": {6: 12, 5: 3},
        "path": "a/b",
        "list": [1, (2.5, None)],
        "flag": True,
        "numpy": np.float64(1 / 3),
    }
    back = there_and_back(glass(**info)).info
    assert back == {**info, "numpy": 1 / 3}
    assert isinstance(back["list"][1], tuple)


@given(st.lists(st.floats(allow_nan=False, width=64), min_size=1, max_size=20))
def test_any_double_survives(numbers):
    array = np.array(numbers)
    assert there_and_back({"x": array})["x"].tobytes() == array.tobytes()


def test_an_array_in_column_order_is_stored_by_value_not_by_memory():
    array = np.arange(12.0).reshape(3, 4).T[1:, ::2]
    assert np.array_equal(there_and_back(array), array)


@pytest.mark.parametrize("value", [object(), np.array([object()]), {"x": {1, 2}}, lambda: 0])
def test_what_would_need_pickle_is_refused(value):
    with pytest.raises(VitreousError, match=r"stored"):
        encode(value)
