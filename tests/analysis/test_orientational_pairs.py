"""Orientational pair correlations: an ideal gas, crystals by hand, and what others compute of
g(r).
"""

import numpy as np
import pytest

from vitreous.analysis.neighborhoods import pairs_within
from vitreous.analysis.orientational_pairs import (
    azimuthal_volumes,
    azimuths,
    first_peak,
    neighbour_density,
    pair_counts,
    polar_angles,
    polar_volumes,
    smoothed,
)

AXIS = {2: np.array([0.6, 0.8]), 3: np.array([2.0, -1.0, 2.0]) / 3.0}
NORMAL = np.array([2.0, 2.0, -1.0]) / 3.0  # across the axis
QUARTER = np.linspace(0.0, 0.5 * np.pi, 7)
RADII = np.linspace(0.0, 3.0, 13)


def neighbours(points, cell, cutoff=3.0):
    """Vectors from every atom to every other, and to images of all."""
    found = pairs_within(points, points, cell, (True,) * len(cell), cutoff)
    return found.vector[found.distance > 1e-9]


def correlation(vectors, centres, density, angle, volumes, radii=RADII, angles=QUARTER):
    """g, and the counts behind it."""
    distance = np.linalg.norm(vectors, axis=1)
    counts = pair_counts(distance, angle, np.ones(len(vectors)), radii, angles)
    return counts / (centres * density * volumes), counts


def gas(dimension, count, side):
    points = np.random.default_rng(dimension).random((count, dimension)) * side
    return points, side * np.eye(dimension)


def of_gas(kind):
    """g and counts of an ideal gas, by (r, theta) in two and three dimensions, and by (r, phi)."""
    dimension = 2 if kind == "theta 2D" else 3
    points, cell = gas(dimension, *((6000, 60.0) if dimension == 2 else (2500, 13.0)))
    vectors = neighbours(points, cell)
    density = len(points) / np.linalg.det(cell)
    if kind == "phi":
        angle = azimuths(vectors, AXIS[3], NORMAL)
        volumes = azimuthal_volumes(RADII, QUARTER)
    else:
        angle = polar_angles(vectors, AXIS[dimension])
        volumes = polar_volumes(RADII, QUARTER, dimension)
    return correlation(vectors, len(points), density, angle, volumes)


@pytest.mark.parametrize("kind", ["theta 2D", "theta 3D", "phi"])
def test_an_ideal_gas_has_no_correlation_at_any_distance_and_angle(kind):
    """Protects the three kappas: a factor of 2, or a missing sine, is far outside the noise."""
    g, counts = of_gas(kind)
    # Every pair is counted from both ends, so half of the counts are independent.
    noise = np.sqrt(2.0 / counts)
    assert (np.abs(g - 1.0) < 4.5 * noise).all()
    assert g[:, -1] == pytest.approx(1.0, abs=0.1)
    assert np.average(g, weights=1.0 / noise**2) == pytest.approx(1.0, abs=0.01)


def test_bins_fill_the_circle_and_the_sphere():
    """Protects kappa without statistics: areas 2 pi r dr, volumes 4 pi r^2 dr, all angles
    together.
    """
    ring, shell = np.pi * np.diff(RADII**2), 4.0 / 3.0 * np.pi * np.diff(RADII**3)
    assert polar_volumes(RADII, QUARTER, 2).sum(axis=0) == pytest.approx(ring)
    assert polar_volumes(RADII, QUARTER, 3).sum(axis=0) == pytest.approx(shell)
    assert azimuthal_volumes(RADII, QUARTER).sum(axis=0) == pytest.approx(shell)


def test_kappa_is_that_of_the_paper_where_bins_are_thin():
    """Protects eqs. 3 and 4 as printed."""
    r, dr, dtheta = 2.0, 1e-4, 0.1
    radii, angles = np.array([r - dr / 2, r + dr / 2]), np.array([0.4, 0.4 + dtheta])
    cosines = np.cos(angles[0]) - np.cos(angles[1])
    assert polar_volumes(radii, angles, 2) == pytest.approx(4 * r * dr * dtheta)
    assert polar_volumes(radii, angles, 3) == pytest.approx(4 * np.pi * r**2 * dr * cosines)
    assert azimuthal_volumes(radii, angles) == pytest.approx(8 * r**2 * dr * dtheta)


def test_the_mean_over_all_directions_is_g_of_r_in_the_plane():
    """Protects the weights of the angles against NumPy's histogram of nearest images."""
    points, cell = gas(2, 300, 12.0)
    points[:, 0] += 0.4 * np.sin(points[:, 1])  # not isotropic
    vectors, density = neighbours(points, cell), 300 / 144.0
    volumes = polar_volumes(RADII, QUARTER, 2)
    angle = polar_angles(vectors, AXIS[2])
    g, _ = correlation(vectors, 300, density, angle, volumes)
    apart = points[:, None] - points
    apart -= 12.0 * np.rint(apart / 12.0)
    distance = np.linalg.norm(apart, axis=2)[~np.eye(300, dtype=bool)]
    want = np.histogram(distance, RADII)[0] / (300 * density * np.pi * np.diff(RADII**2))
    assert np.average(g, axis=0, weights=np.diff(QUARTER)) == pytest.approx(want)


def test_the_mean_over_all_directions_is_the_partial_g_of_r_of_ase():
    """Protects the three-dimensional weights, of theta (sine) and of phi (none), and the density
    of the neighbours' species, against ASE.
    """
    ase = pytest.importorskip("ase")
    rdf = pytest.importorskip("ase.geometry.rdf")
    points, cell = gas(3, 400, 8.0)
    points[:, 2] += 0.4 * np.sin(points[:, 0])
    atoms = ase.Atoms("Cu100Zr300", positions=points, cell=cell, pbc=True)
    want, _ = rdf.get_rdf(atoms, 3.0, 12, elements=(29, 40))
    vectors = pairs_within(points[:100], points[100:], cell, (True,) * 3, 3.0).vector
    theta, phi = polar_angles(vectors, AXIS[3]), azimuths(vectors, AXIS[3], NORMAL)
    density = 300 / 512.0
    g, _ = correlation(vectors, 100, density, theta, polar_volumes(RADII, QUARTER, 3))
    assert np.average(g, axis=0, weights=-np.diff(np.cos(QUARTER))) == pytest.approx(want)
    g, _ = correlation(vectors, 100, density, phi, azimuthal_volumes(RADII, QUARTER))
    assert g.mean(axis=0) == pytest.approx(want)


def square(stretch=0.0):
    """A square lattice of side 1 under pure shear, and its cell."""
    side = 8 * np.diag([1.0 + stretch, 1.0 / (1.0 + stretch)])
    ticks = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), -1).reshape(-1, 2)
    return ticks / 8 @ side, side


def test_a_square_lattice_by_hand():
    """Protects what is counted where: two neighbours along the axis, two across it, four between
    them.
    """
    points, cell = square()
    vectors = neighbours(points, cell, 1.6)
    radii, angles = np.array([0.9, 1.1, 1.3, 1.5]), np.deg2rad([0.0, 30.0, 60.0, 90.0])
    theta = polar_angles(vectors, np.array([1.0, 0.0]))
    g, counts = correlation(vectors, 64, 1.0, theta, polar_volumes(radii, angles, 2), radii, angles)
    assert (counts / 64).tolist() == [[2, 0, 0], [0, 0, 4], [2, 0, 0]]
    kappa = 4.0 * 1.0 * 0.2 * np.pi / 6.0
    assert g[0, 0] == pytest.approx(2.0 / kappa)


def test_angles_fold_into_a_quarter_turn():
    """Protects theta and phi of single vectors, whatever their signs."""
    x = np.array([1.0, 0.0, 0.0])
    up = np.array([0.0, 0.0, 1.0])
    vectors = np.array([[1, 1, 0], [-2, 2, 0], [3, 0, 0], [0, 1, 1], [0, -1, 1], [5, 0, 2.0]])
    assert np.rad2deg(polar_angles(vectors, x)) == pytest.approx(
        [45, 45, 0, 90, 90, np.rad2deg(np.arctan(0.4))]
    )
    assert np.rad2deg(azimuths(vectors[[0, 1, 3, 4, 5]], x, up)) == pytest.approx(
        [0, 0, 45, 45, 90]
    )


def test_the_peaks_of_a_sheared_crystal_are_where_its_neighbours_are():
    """Protects the ellipticity: 1.1 along the axis, 1 / 1.1 across it."""
    points, cell = square(0.1)
    vectors = neighbours(points, cell)
    radii = np.linspace(0.0, 3.0, 301)
    theta = polar_angles(vectors, np.array([1.0, 0.0]))
    g, _ = correlation(vectors, 64, 1.0, theta, polar_volumes(radii, QUARTER, 2), radii)
    along, across = (first_peak(smoothed(row, radii, 0.03), radii) for row in (g[0], g[-1]))
    assert along.position == pytest.approx(1.1, abs=0.006)
    assert across.position == pytest.approx(1.0 / 1.1, abs=0.006)


def test_the_first_peak_is_the_first_clear_one():
    """Protects it against noise before the peak, on its flank, and a higher peak behind it."""
    radii = np.linspace(0.0, 4.0, 201)
    r = 0.5 * (radii[1:] + radii[:-1])

    def bump(at, height):
        return height * np.exp(-0.5 * ((r - at) / 0.08) ** 2)

    g = bump(0.6, 0.5) + bump(1.2, 3.0) + bump(1.44, 1.5) + bump(2.5, 4.0)
    peak = first_peak(g, radii)
    assert peak.position == pytest.approx(1.2, abs=0.05) and peak.height == g[59:61].max()
    assert (g[peak.bins] >= 0.5 * peak.height).all()
    assert first_peak(bump(1.2, 3.0) + bump(2.5, 4.0), radii).position == pytest.approx(1.2)
    assert first_peak(bump(1.2, 1.9) + bump(2.5, 4.0), radii).position == pytest.approx(2.5)
    assert first_peak(np.zeros(200), radii) is None


def test_the_position_of_a_peak_follows_it_smoothly_through_the_bins():
    """Protects it from jumps where a bin enters or leaves the peak."""
    radii = np.linspace(0.0, 2.0, 101)
    r = 0.5 * (radii[1:] + radii[:-1])
    at = np.linspace(1.0, 1.04, 41)
    found = [first_peak(np.exp(-0.5 * ((r - x) / 0.04) ** 2), radii).position for x in at]
    assert found == pytest.approx(at, abs=0.002)


def test_a_peak_that_the_range_cuts_off_is_one():
    radii = np.linspace(0.0, 1.0, 11)
    assert first_peak(np.linspace(0.0, 1.0, 10), radii).bins == slice(5, 10)


def test_smoothing_keeps_the_area_and_widens_by_its_width():
    radii = np.linspace(0.0, 4.0, 401)
    r = 0.5 * (radii[1:] + radii[:-1])
    spike = np.zeros(400)
    spike[200] = 1.0
    smooth = smoothed(spike, radii, 0.1)
    assert smooth.sum() == pytest.approx(1.0)
    assert np.sqrt(smooth @ (r - r[200]) ** 2) == pytest.approx(0.1, rel=0.01)


def test_the_density_is_the_direct_sum_with_rows_along_y():
    """Protects eq. 1: the pixels' centres, width, cutoff and axes."""
    rng = np.random.default_rng(0)
    vectors, weight = rng.uniform(-3.0, 3.0, (40, 2)), rng.random(40)
    image = neighbour_density(vectors, weight, 2.0, 0.5)
    assert image.shape == (8, 8)
    for row, column in [(0, 0), (2, 7), (5, 1)]:
        x, y = -2.0 + 0.5 * (column + 0.5), -2.0 + 0.5 * (row + 0.5)
        want = sum(
            w * np.exp(-((v[0] - x) ** 2 + (v[1] - y) ** 2) / (2.0 * 0.5**2))
            for v, w in zip(vectors, weight, strict=True)
            if abs(v[0]) < 2.0 and abs(v[1]) < 2.0
        )
        assert image[row, column] == pytest.approx(want)


def test_pixels_lie_evenly_about_the_centre_even_if_they_do_not_fill_the_range():
    vectors = np.array([[0.7, 0.2], [-0.7, -0.2]])
    image = neighbour_density(vectors, np.ones(2), 2.0, 0.3)
    assert image.shape == (13, 13) and image == pytest.approx(image[::-1, ::-1])
