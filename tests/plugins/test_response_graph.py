"""The response graph: its velocities against the displacements that scipy finds, and what it
refuses.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import root

from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.store import identity
from vitreous.plugins.descriptors import response_graph
from vitreous.plugins.descriptors.bond_graph import BondGraph
from vitreous.plugins.descriptors.response_graph import ResponseGraph
from vitreous.plugins.potentials.yukawa_silica import YukawaSilica
from vitreous.testing.systems import shaken_honeycomb, silica_glass, some_sites

LOADING = Loading(angle=20.0)
STRAIN = 1e-4


def at_rest_when_strained(glass, loading, site, radius, ring, strain):
    """The glass with everything around ``site`` strained affinely, and the atoms within ``radius``
    brought to rest by scipy.
    """
    vectors = glass.minimum_image(glass.positions - site)
    distance = np.linalg.norm(vectors, axis=1)
    order = np.argsort(distance)[: int((distance < radius + ring).sum())]
    free = int((distance < radius).sum())
    start = vectors[order] @ loading.deformation_gradient(strain).T
    disc = glass.with_(
        positions=start,
        species=glass.species[order],
        ids=glass.ids[order],
        bonds=np.zeros((0, 2), int),
        periodic=(False, False),
    )
    surface = YukawaSilica().surface(disc)

    def forces(moved):
        return surface.energy_forces(
            np.concatenate([moved.reshape(-1, 2), start[free:]]), disc.cell
        )[1][:free].ravel()

    found = root(forces, start[:free].ravel(), tol=1e-12)
    assert np.abs(found.fun).max() < 1e-9
    moved = np.full((len(glass), 2), np.nan)
    moved[order] = np.concatenate([found.x.reshape(-1, 2), start[free:]])
    return moved


def edge_state(glass, frame, moved, a, b):
    """Vector between the silicons, its length, the oxygen off their midpoint, the bond's length,
    the angle: in the loading frame.
    """
    (oxygen,) = set.intersection(
        *(set(glass.bonds[(glass.bonds == i).any(axis=1)].ravel()) for i in (a, b))
    )
    whole, half = frame @ (moved[b] - moved[a]), frame @ (moved[oxygen] - moved[a])
    other = half - whole
    angle = np.arccos(half @ other / np.linalg.norm(half) / np.linalg.norm(other))
    return np.array(
        [*whole, np.linalg.norm(whole), *(half - 0.5 * whole), np.linalg.norm(half), angle]
    )


@pytest.mark.parametrize(
    "loading",
    [
        LOADING,
        Loading(angle=20.0, sign=-1),
        Loading(mode="simple_shear", angle=-35.0),
        Loading(mode="uniaxial", contraction=0.5, angle=70.0),
    ],
    ids=str,
)
def test_rates_are_the_differences_between_discs_that_scipy_brought_to_rest(loading) -> None:
    glass, site = silica_glass(), some_sites(silica_glass(), 1)
    method = ResponseGraph(radius=6.0)
    graph = method.describe(glass, loading, site, "site", YukawaSilica())
    there, back = (
        at_rest_when_strained(
            glass, loading, site[0], method.radius, method.frozen_ring, sign * STRAIN
        )
        for sign in (1, -1)
    )
    silicons = np.flatnonzero(glass.species == 0)
    inside = silicons[
        np.linalg.norm(glass.minimum_image(glass.positions[silicons] - site[0]), axis=1)
        <= method.window
    ]
    states = [
        [edge_state(glass, loading.frame, moved, *inside[edge]) for edge in graph.edges.T]
        for moved in (there, back)
    ]
    assert len(states[0]) > 10
    np.testing.assert_allclose(
        graph.edge_values[:, 7:14],
        (np.array(states[0]) - states[1]) / (2 * STRAIN),
        rtol=1e-3,
        atol=1e-3,
    )


def test_begins_with_the_bond_graph() -> None:
    glass, sites = silica_glass(), some_sites(silica_glass(), 3)
    graph = ResponseGraph(radius=6.0, margin=0.0).describe(
        glass, LOADING, sites, "site", YukawaSilica()
    )
    plain = BondGraph(radius=6.0).describe(glass, LOADING, sites, "site")
    assert np.array_equal(graph.values[:, :4], plain.values)
    assert np.array_equal(graph.edge_values[:, :7], plain.edge_values)


def test_says_which_atoms_are_free_and_goes_on_beyond_them() -> None:
    glass, sites = silica_glass(), some_sites(silica_glass(), 1)
    graph = ResponseGraph(radius=6.0, margin=2.0).describe(
        glass, LOADING, sites, "site", YukawaSilica()
    )
    distance = np.linalg.norm(glass.minimum_image(glass.positions - sites[0]), axis=1)
    silicons = np.flatnonzero((glass.species == 0) & (distance <= 8.0))
    columns, edge_columns = (
        dict(zip(n, v.T, strict=True))
        for n, v in ((graph.names, graph.values), (graph.edge_names, graph.edge_values))
    )
    np.testing.assert_allclose(6.0 * columns["distance"], distance[silicons])
    assert np.array_equal(columns["free"], distance[silicons] < 6.0)
    oxygens = np.array(
        [
            next(
                iter(
                    set.intersection(
                        *(
                            set(glass.bonds[(glass.bonds == i).any(axis=1)].ravel())
                            for i in silicons[e]
                        )
                    )
                )
            )
            for e in graph.edges.T
        ]
    )
    np.testing.assert_allclose(6.0 * edge_columns["oxygen_distance"], distance[oxygens])
    assert np.array_equal(edge_columns["oxygen_free"], distance[oxygens] < 6.0)
    assert 0 < columns["free"].mean() < 1
    assert 0 < edge_columns["oxygen_free"].mean() < 1


def test_more_threads_change_nothing(monkeypatch) -> None:
    glass, sites, asked = silica_glass(), some_sites(silica_glass(), 5), []

    def pool(workers):
        asked.append(workers)
        return ThreadPoolExecutor(workers)

    monkeypatch.setattr(response_graph, "ThreadPoolExecutor", pool)
    one, two = (
        ResponseGraph(radius=6.0, workers=n).describe(glass, LOADING, sites, "site", YukawaSilica())
        for n in (1, 2)
    )
    assert asked == [1, 2]
    assert np.array_equal(one.edge_values, two.edge_values)
    assert identity(ResponseGraph(workers=2)) == identity(ResponseGraph())


@pytest.mark.parametrize("signs", [[-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]], ids=str)
def test_a_mirrored_glass_has_mirrored_rates(signs) -> None:
    glass, sites = silica_glass(), some_sites(silica_glass(), 3)
    mirror = LOADING.frame.T @ np.diag(signs) @ LOADING.frame
    cell = glass.cell @ mirror.T
    mirrored = glass.with_(
        positions=glass.positions @ mirror.T, cell=cell if np.linalg.det(cell) > 0 else cell[::-1]
    )
    graph, image = (
        ResponseGraph(radius=6.0).describe(g, LOADING, s, "site", YukawaSilica())
        for g, s in ((glass, sites), (mirrored, sites @ mirror.T))
    )
    columns = [
        np.prod(
            [sign for axis, sign in zip("xy", signs, strict=True) if name.split("_")[-1] == axis]
        )
        for name in graph.edge_names
    ]
    np.testing.assert_allclose(image.edge_values, graph.edge_values * columns, atol=1e-6)
    np.testing.assert_allclose(image.values, graph.values * [*signs, 1.0, 1.0, 1.0], atol=1e-9)


def test_under_simple_shear_no_rate_claims_to_be_mirrored() -> None:
    glass, sites = silica_glass(), some_sites(silica_glass(), 1)
    graph = ResponseGraph(radius=6.0).describe(
        glass, Loading(mode="simple_shear"), sites, "site", YukawaSilica()
    )
    assert graph.edge_names[7:14] == (
        "rate_n",
        "rate_m",
        "rate",
        "oxygen_rate_n",
        "oxygen_rate_m",
        "oxygen_rate",
        "angle_rate",
    )


def scaled(glass, factor):
    return glass.with_(positions=factor * glass.positions, cell=factor * glass.cell)


def test_a_straight_bridge_has_a_finite_rate_of_its_angle() -> None:
    glass = scaled(shaken_honeycomb(shake=0.0), 1.01)
    graph = ResponseGraph(radius=4.0).describe(
        glass, LOADING, glass.positions[:1] + 0.1, "site", YukawaSilica()
    )
    np.testing.assert_allclose(graph.edge_values[:, 6], np.pi, atol=1e-6)
    assert np.isfinite(graph.edge_values).all()


def test_refuses_what_it_cannot_answer() -> None:
    glass, sites = silica_glass(), some_sites(silica_glass(), 2)
    with pytest.raises(VitreousError, match="needs the potential"):
        ResponseGraph(radius=6.0).describe(glass, LOADING, sites, "site")
    with pytest.raises(VitreousError, match="thinner than the reach"):
        ResponseGraph(radius=6.0, frozen_ring=3.0).describe(
            glass, LOADING, sites, "site", YukawaSilica()
        )
    with pytest.raises(VitreousError, match="larger glass or a smaller radius"):
        ResponseGraph(radius=60.0).describe(glass, LOADING, sites, "site", YukawaSilica())
    with pytest.raises(
        VitreousError, match="is no minimum of the potential"
    ):  # bridges under pressure buckle
        ResponseGraph(radius=6.0).describe(
            scaled(shaken_honeycomb(shake=0.0), 0.97), LOADING, sites, "site", YukawaSilica()
        )
    moved = glass.with_(
        positions=glass.positions
        + 0.01 * np.random.default_rng(0).standard_normal(glass.positions.shape)
    )
    with pytest.raises(VitreousError, match=r"around \(.*\) feels forces of up to"):
        ResponseGraph(radius=6.0).describe(moved, LOADING, sites, "site", YukawaSilica())
    kept = np.ptp(glass.positions[glass.bonds][:, :, 1], axis=1) < 5.0
    slab = glass.with_(periodic=(True, False), bonds=glass.bonds[kept])
    with pytest.raises(VitreousError, match="leaves the glass, which ends there"):
        ResponseGraph(radius=6.0).describe(slab, LOADING, sites, "site", YukawaSilica())
    for field in ("radius", "frozen_ring", "force_tolerance", "margin"):
        with pytest.raises(VitreousError, match=f"response_graph {field} is nan"):
            ResponseGraph(**{field: float("nan")})
    for margin in (-1.0, 11.0):
        with pytest.raises(
            VitreousError,
            match=f"margin is {margin:g}; expected 0 to frozen_ring, the ring that it goes into, "
            "10",
        ):
            ResponseGraph(margin=margin)
    with pytest.raises(VitreousError, match="workers is 0; expected at least 1"):
        ResponseGraph(workers=0)


def test_refuses_a_disc_without_an_atom() -> None:
    glass = silica_glass()
    places = np.random.default_rng(0).uniform(size=(4000, 2)) @ glass.cell
    nearest = [
        np.linalg.norm(glass.minimum_image(glass.positions - place), axis=1).min()
        for place in places
    ]
    hole = places[[int(np.argmax(nearest))]]
    with pytest.raises(VitreousError, match=r"around \(.*\) holds no atom; use a larger radius"):
        ResponseGraph(radius=0.9 * max(nearest), margin=5.0).describe(
            glass, LOADING, hole, "site", YukawaSilica()
        )
