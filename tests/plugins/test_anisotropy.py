"""Surroundings of fertile and stable atoms: crystals by hand, an ideal gas, and symmetries."""

from dataclasses import replace

import numpy as np
import pytest

from vitreous.core.data import Configuration, Labels, Loading
from vitreous.core.errors import VitreousError
from vitreous.core.run import Run
from vitreous.core.sample import Sample
from vitreous.plugins.evaluations._surroundings import Bins, Sums, add
from vitreous.plugins.evaluations.anisotropy import Anisotropy

SHEAR = Loading(mode="pure_shear")
FIELDS = {"cutoff": 3.0, "radial_step": 0.01}


def labels_of(glass, values, **more):
    values = np.asarray(values, dtype=float)
    return Labels(
        name="d2min",
        level="atom",
        unit="length^2",
        values=values,
        mask=np.isfinite(values),
        positions=glass.positions,
        **{"weak_is": "high", **more},
    )


def sample_of(glass, values, index=0, loading=SHEAR, role="test", **more):
    return Sample.of(
        index=index,
        role=role,
        loading=loading,
        configuration=glass,
        trajectory=None,
        labels=labels_of(glass, values, **more),
    )


def evaluate(*samples, **fields):
    return Anisotropy(**{**FIELDS, **fields}).evaluate(
        Run(loadings=tuple({s.loading for s in samples}), samples=samples)
    )


def glass_of(points, cell, species=None, names=("A",), periodic=True):
    return Configuration(
        positions=points,
        species=np.zeros(len(points), dtype=int) if species is None else species,
        names=names,
        cell=cell,
        periodic=(periodic,) * len(cell),
        units="lj",
    )


def lattice(*spacings, count=8):
    ticks = np.stack(np.meshgrid(*[np.arange(count)] * len(spacings), indexing="ij"), -1)
    return ticks.reshape(-1, len(spacings)) * np.array(spacings)


def crystal(*spacings):
    return glass_of(lattice(*spacings), 8.0 * np.diag(spacings))


def halves(glass):
    """Labels of which one half is high: every atom of a crystal has the same surroundings."""
    return np.arange(len(glass)) % 2


def gas(dimension, seed=0, count=400, side=12.0):
    rng = np.random.default_rng(seed)
    species = (np.arange(count) % 3 == 0).astype(int)
    points = rng.random((count, dimension)) * side
    return glass_of(points, side * np.eye(dimension), species, ("S", "L"))


def two_crystals():
    """A crystal stretched along x, with high labels, beside one stretched along y, with low ones;
    atoms at the borders are not labelled.
    """
    left, right = lattice(1.1, 1.0 / 1.1, count=10), lattice(1.0 / 1.1, 1.1, count=10)
    points = np.concatenate([left, right + np.array([40.0, 0.0])])
    middle = np.concatenate(
        [(np.abs(of - of.mean(axis=0)) < 1.7).all(axis=1) for of in (left, right)]
    )
    values = np.where(middle, np.repeat([1.0, 0.0], 100), np.nan)
    assert middle[:100].sum() == middle[100:].sum() == np.isfinite(values).sum() / 2
    return glass_of(points, 80.0 * np.eye(2)), values


def flat(numbers, prefix=""):
    for name, value in numbers.items():
        if hasattr(value, "items"):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def test_shells_stretched_along_the_elongation_have_a_positive_ellipticity():
    """Protects the whole: which atoms are which, zeta, and where their first peaks are."""
    found = evaluate(sample_of(*two_crystals()), fraction=0.5)
    fertile, stable = (found.numbers["pooled"]["A-A"][name] for name in ("fertile", "stable"))
    assert fertile["parallel"] == pytest.approx(1.1, abs=0.006)
    assert fertile["perpendicular"] == pytest.approx(1.0 / 1.1, abs=0.006)
    assert fertile["ellipticity"] == pytest.approx(1.1 - 1.0 / 1.1, abs=0.011)
    assert stable["ellipticity"] == pytest.approx(1.0 / 1.1 - 1.1, abs=0.011)
    centres = fertile["centres"]
    assert found.glasses == {"0": {"fertile": centres, "stable": stable["centres"]}}
    assert fertile["neighbours_parallel"] == fertile["neighbours_perpendicular"] == 2 * centres
    assert found.numbers["cases"] == 1.0 and fertile["ellipticity_error"] is None


@pytest.mark.parametrize(
    "loading, sign",
    [
        (replace(SHEAR, sign=-1), -1),  # stretches along y
        (replace(SHEAR, angle=90.0), -1),
        (Loading(mode="simple_shear", angle=-45.0), 1),  # stretches at 45 degrees to its axis
        (Loading(mode="simple_shear", angle=45.0, sign=-1), 1),
        (Loading(mode="uniaxial"), 1),
    ],
)
def test_the_direction_is_that_of_greatest_elongation(loading, sign):
    found = evaluate(sample_of(*two_crystals(), loading=loading), fraction=0.5)
    ellipticity = found.numbers["pooled"]["A-A"]["fertile"]["ellipticity"]
    assert ellipticity == pytest.approx(sign * (1.1 - 1.0 / 1.1), abs=0.011)


def test_flat_shells_in_three_dimensions_by_hand():
    """Protects phi: of the neighbours beside zeta, those in the plane of the loading are nearer."""
    glass = crystal(1.3, 0.9, 1.1)
    loading = replace(SHEAR, dimension=3)
    row = evaluate(sample_of(glass, halves(glass), loading=loading), fraction=0.5, cutoff=2.0)
    row = row.numbers["pooled"]["A-A"]["stable"]
    want = {"parallel": 1.3, "perpendicular": 0.9, "in_plane": 0.9, "out_of_plane": 1.1}
    assert {name: row[name] for name in want} == pytest.approx(want, abs=0.006)
    assert (row["ellipticity"], row["flattening"]) == pytest.approx((0.4, 0.2), abs=0.011)
    assert row["neighbours_out_of_plane"] == 2 * row["centres"]


@pytest.mark.parametrize("plane, spacings", [("yz", (1.1, 1.3, 0.9)), ("zx", (0.9, 1.1, 1.3))])
def test_planes_of_the_loading_in_three_dimensions(plane, spacings):
    """Protects the frame: the same crystal, turned with the loading."""
    glass = crystal(*spacings)
    loading = replace(SHEAR, dimension=3, plane=plane)
    row = evaluate(sample_of(glass, halves(glass), loading=loading), fraction=0.5, cutoff=2.0)
    row = row.numbers["pooled"]["A-A"]["stable"]
    assert (row["ellipticity"], row["flattening"]) == pytest.approx((0.4, 0.2), abs=0.011)


@pytest.mark.parametrize("dimension", [2, 3])
def test_an_ideal_gas_has_no_correlation(dimension):
    """Protects the density that g is divided by, that of the neighbours' species."""
    bins = Bins(
        radii=np.linspace(0.0, 3.0, 4),
        angles=np.linspace(0.0, 0.5 * np.pi, 4),
        cutoff=3.0,
        pixel=1.0,
        thickness=1.0,
        smoothing=1e-3,
    )
    loading, sums = Loading(mode="simple_shear", dimension=dimension), {}
    for seed in range(2):
        glass = gas(dimension, seed, *((1200, 25.0) if dimension == 2 else (700, 9.0)))
        weights = np.ones(len(glass))
        add(sums, glass, loading, weights, bins, seed, "shear")
    assert set(sums) == {("S", "S"), ("S", "L"), ("L", "S"), ("L", "L")}
    for of in sums.values():
        for kind in of.counts:
            g = of.correlation(kind, bins)
            assert g == pytest.approx(1.0, abs=5.0 * np.sqrt(2.0 / of.counts[kind].sum(0).min()))
            assert g[:, 2].mean() == pytest.approx(1.0, abs=0.03)


def test_the_highest_and_the_lowest_are_taken_of_each_glass():
    """Protects the selection: of 100 labelled atoms the highest two, of a low-is-weak label the
    lowest; unlabelled ones never.
    """
    glass = gas(2, count=120)
    values = np.random.default_rng(1).permutation(120).astype(float)
    values[:20] = np.nan
    of = Anisotropy(fraction=0.02)
    shares = of._shares(sample_of(glass, values))
    order = np.argsort(values)[:100]
    assert set(np.flatnonzero(shares["fertile"])) == set(order[-2:])
    assert set(np.flatnonzero(shares["stable"])) == set(order[:2])
    shares = of._shares(sample_of(glass, values, weak_is="low"))
    assert set(np.flatnonzero(shares["fertile"])) == set(order[:2])


def test_atoms_that_tie_share_what_is_left():
    """Protects independence of the order of the atoms."""
    glass = gas(2, count=10)
    shares = Anisotropy(fraction=0.2)._shares(sample_of(glass, [3, 2, 2, 2, 1, 1, 0, 0, 0, 0]))
    assert shares["fertile"] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0, 0])
    assert shares["stable"] == pytest.approx([0, 0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5])


def test_of_several_components_the_last_ranks_or_the_one_named():
    glass = gas(2, count=50)
    values = np.stack([np.arange(50), np.arange(50)[::-1]], axis=1)
    sample = sample_of(glass, values, components=("0.01", "0.03"))
    assert Anisotropy(fraction=0.02)._shares(sample)["fertile"][0] == 1.0
    assert Anisotropy(fraction=0.02, component="0.01")._shares(sample)["fertile"][49] == 1.0
    with pytest.raises(VitreousError, match=r"component is '0.02'; expected one of 0.01, 0.03"):
        Anisotropy(component="0.02")._shares(sample)
    with pytest.raises(VitreousError, match="labels 'd2min' have one component alone"):
        Anisotropy(component="0.02")._shares(sample_of(glass, values[:, 0]))


def test_classes_are_ranked_by_their_column_and_refused_without_it():
    glass = gas(2, count=50)
    values = np.arange(50) > 40
    classes = {"task": "class", "classes": ("stable", "fertile")}
    column = {"d2min": np.arange(50)[::-1] / 7.0}
    sample = sample_of(glass, values, columns=column, **classes)
    assert Anisotropy(fraction=0.02)._shares(sample)["fertile"][0] == 1.0
    with pytest.raises(VitreousError, match="classes without a column d2min; anisotropy needs"):
        evaluate(sample_of(glass, values, **classes))


def test_cases_are_pooled_and_their_spread_gives_the_error():
    """Protects means over atoms, not glasses, and the jackknife: half the difference of two."""
    one, two = crystal(1.1, 1.0 / 1.1), crystal(1.3, 1.0 / 1.3)
    found = evaluate(
        sample_of(one, halves(one), 0), sample_of(two, halves(two), 1, role="train"), fraction=0.5
    )
    row = found.numbers["pooled"]["A-A"]["fertile"]
    assert list(found.glasses) == ["0", "1"] and row["centres"] == 64.0
    assert row["ellipticity_error"] == pytest.approx(
        0.5 * abs((1.1 - 1.0 / 1.1) - (1.3 - 1.0 / 1.3)), abs=0.01
    )
    alone = evaluate(
        sample_of(one, halves(one), 0),
        sample_of(two, halves(two), 1, role="train"),
        fraction=0.5,
        roles=("test",),
    )
    assert list(alone.glasses) == ["0"]
    assert alone.numbers["pooled"]["A-A"]["fertile"]["parallel"] == pytest.approx(1.1, abs=0.006)


def turned(glass, degrees):
    a = np.deg2rad(degrees)
    turn = np.eye(glass.dimension)
    turn[:2, :2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return glass.with_(positions=glass.positions @ turn, cell=glass.cell @ turn)


@pytest.mark.parametrize("dimension, mode", [(2, "simple_shear"), (3, "pure_shear")])
def test_turning_glass_and_loading_together_changes_nothing(dimension, mode):
    """Protects every number and image from a fixed axis that is taken for the loading's."""
    glass, loading = gas(dimension), Loading(mode=mode, dimension=dimension, angle=10.0)
    values = np.random.default_rng(5).random(len(glass))
    fields = {"fraction": 0.1, "smoothing": 0.1}
    want = evaluate(sample_of(glass, values, loading=loading), **fields)
    found = evaluate(
        sample_of(turned(glass, 73.0), values, loading=replace(loading, angle=83.0)), **fields
    )
    assert dict(flat(found.numbers)) == pytest.approx(dict(flat(want.numbers)), abs=1e-6)
    name = "density_difference"
    for had, has in zip(images(want, name), images(found, name), strict=True):
        assert has == pytest.approx(had, abs=1e-6)
    alone = evaluate(sample_of(turned(glass, 73.0), values, loading=loading), **fields)
    assert dict(flat(alone.numbers)) != pytest.approx(dict(flat(want.numbers)), abs=1e-6)


def images(found, name):
    """The arrays that a figure shows."""
    return [np.asarray(image.get_array()) for axes in drawn(found, name) for image in axes.images]


def drawn(found, name):
    return [axes for axes in found.figures[name]().axes if axes.get_title() or axes.images]


def test_a_mirror_through_the_elongation_leaves_the_numbers_and_mirrors_the_images():
    """Protects what is folded, and the images' axes: x is a column, y a row."""
    glass = gas(2)
    values = np.random.default_rng(5).random(len(glass))
    fields = {"fraction": 0.2, "smoothing": 0.1}
    want = evaluate(sample_of(glass, values), **fields)
    mirrored = glass.with_(positions=glass.positions * [-1.0, 1.0])
    found = evaluate(sample_of(mirrored, values), **fields)
    assert dict(flat(found.numbers)) == pytest.approx(dict(flat(want.numbers)))
    for had, has in zip(images(want, "density_fertile"), images(found, "density_fertile"),
                        strict=True):  # fmt: skip
        assert has == pytest.approx(had[:, ::-1]) and has != pytest.approx(had)


def test_images_show_mean_densities_and_their_difference_along_the_loadings_axes():
    """Protects the images: one fertile atom with a neighbour along n, two stable ones with one
    along m, of which one has none; the loading is turned.
    """
    points = np.array([[10.0, 10], [10, 11], [20, 20], [19, 20], [30, 30]])
    glass = glass_of(points, 40.0 * np.eye(2))
    values = [2.0, np.nan, 0.0, np.nan, 0.0]
    loading = Loading(mode="simple_shear", angle=90.0)  # n along y, m along -x
    found = evaluate(
        sample_of(glass, values, loading=loading), fraction=0.33, cutoff=2.0, pixel=0.5
    )
    ticks = np.arange(8) * 0.5 - 1.75
    x, y = np.meshgrid(ticks, ticks)
    fertile = np.exp(-((x - 1.0) ** 2 + y**2) / 0.5)
    stable = 0.5 * np.exp(-(x**2 + (y - 1.0) ** 2) / 0.5)
    for name, want in [
        ("fertile", fertile), ("stable", stable), ("difference", fertile - stable),
    ]:  # fmt: skip
        (image,) = images(found, f"density_{name}")
        assert image == pytest.approx(want)


def test_in_three_dimensions_a_layer_is_projected():
    points = np.array([[5.0, 5, 5], [6, 5, 5.4], [5, 6, 5.6]])
    glass = glass_of(points, 20.0 * np.eye(3))
    loading = replace(SHEAR, dimension=3)
    found = evaluate(
        sample_of(glass, [1.0, np.nan, np.nan], loading=loading), cutoff=2.0, pixel=0.5
    )
    ticks = np.arange(8) * 0.5 - 1.75
    x, y = np.meshgrid(ticks, ticks)
    (image,) = images(found, "density_fertile")
    assert image == pytest.approx(np.exp(-((x - 1.0) ** 2 + y**2) / 0.5))


def test_figures_have_a_column_per_kind_of_loading_with_zeta_dashed():
    glass = gas(2)
    values = np.random.default_rng(5).random(len(glass))
    loadings = [Loading(mode="simple_shear", angle=a, sign=s) for s in (1, -1) for a in (0.0, 30.0)]
    found = evaluate(
        *(sample_of(glass, values, loading=each) for each in loadings), fraction=0.2, angle_bins=3
    )
    figure = found.figures["density_difference"]()
    assert [a.get_title() for a in figure.axes[:2]] == [
        "simple shear, sign +1", "simple shear, sign -1",
    ]  # fmt: skip
    rises = [np.ptp(a.lines[0].get_ydata()) * np.sign(np.prod(a.lines[0].get_xydata()[1]))
             for a in figure.axes[:2]]  # fmt: skip
    assert rises[0] > 0.0 > rises[1]
    curves = found.figures["g_theta"]().axes[:4]
    assert [axes.get_title() for axes in curves] == [
        "L around L", "S around L", "L around S", "S around S",
    ]  # fmt: skip
    assert [len(axes.lines) for axes in curves] == [7, 6, 6, 6]  # the first has the legend's
    assert "g_phi" not in found.figures


def test_nothing_labelled_is_said():
    glass = gas(2)
    found = evaluate(sample_of(glass, np.full(400, np.nan)))
    assert found.numbers == {} and found.text == "No glass of these roles has a label."


def test_what_cannot_be_compared_is_refused():
    glass = gas(2)
    values = np.arange(400.0)
    with pytest.raises(VitreousError, match="is not periodic along all axes"):
        evaluate(sample_of(glass.with_(periodic=(True, False)), values))
    with pytest.raises(VitreousError, match="has 400 labels and 399 atoms"):
        fewer = glass.with_(
            positions=glass.positions[1:], species=glass.species[1:], ids=glass.ids[1:]
        )
        evaluate(sample_of(glass, values).with_(configuration=fewer))
    with pytest.raises(VitreousError, match="needs one direction of greatest elongation"):
        evaluate(sample_of(glass, values, loading=Loading(mode="uniaxial", sign=-1)))
    with pytest.raises(VitreousError, match="needs one direction of greatest elongation"):
        evaluate(sample_of(glass, values, loading=Loading(mode="uniaxial", contraction=-1.0)))


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"fraction": 0.0}, "fraction is 0; expected a fraction above 0"),
        ({"fraction": 0.6}, "fraction is 0.6; expected"),
        ({"pixel": 6.0}, "pixel=6, .* expected positive lengths"),
        ({"smoothing": 0.0}, "smoothing=0, .* expected positive lengths"),
        ({"angle_bins": 1}, "at least 2 bins of angles"),
        ({"roles": ()}, "expected some of train, validation, test"),
        ({"roles": ("tests",)}, r"roles is \['tests'\]; expected some of"),
    ],
)
def test_impossible_fields_are_refused(bad, message):
    with pytest.raises(VitreousError, match=message):
        Anisotropy(**bad)


def test_the_mean_density_of_a_pair_that_one_glass_lacks_is_that_of_the_others():
    """Protects sums by species: the second glass has no L."""
    mixed = gas(2)
    pure = mixed.with_(species=np.zeros(400, dtype=int), names=("S",))
    sums: dict[tuple[str, str], Sums] = {}
    bins = Anisotropy(**FIELDS)._bins
    for block, glass in enumerate((mixed, pure)):
        add(sums, glass, SHEAR, np.ones(400), bins, block, "shear")
    assert sums["S", "S"].centres.sum() == 400.0 + (mixed.species == 0).sum()
    assert sums["S", "L"].centres.sum() == (mixed.species == 0).sum()
