"""A loading acts in the plane, along the direction and with the stress that it names; old results
keep their keys.
"""

import numpy as np
import pytest

from vitreous.core.chain import Chain
from vitreous.core.data import Loading
from vitreous.core.errors import VitreousError
from vitreous.core.stages import artifacts
from vitreous.core.store import Store

IN_SPACE = {"dimension": 3}


@pytest.mark.parametrize(
    ("plane", "angle", "n", "m"),
    [
        ("xy", 0.0, (1, 0, 0), (0, 1, 0)),
        ("yz", 0.0, (0, 1, 0), (0, 0, 1)),
        ("zx", 0.0, (0, 0, 1), (1, 0, 0)),
        ("xy", 90.0, (0, 1, 0), (-1, 0, 0)),
        ("yz", 90.0, (0, 0, 1), (0, -1, 0)),
        ("zx", 90.0, (1, 0, 0), (0, 0, -1)),
        ("zx", 30.0, (0.5, 0, np.sqrt(0.75)), (np.sqrt(0.75), 0, -0.5)),
    ],
)
def test_the_frame_is_the_planes_axes_turned_and_the_one_across(plane, angle, n, m):
    frame = Loading(plane=plane, angle=angle, dimension=3).frame
    np.testing.assert_allclose(frame, [n, m, np.cross(n, m)], atol=1e-15)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("uniaxial", [[1, 0, 0], [0, 1, 0], [0, 0, 1.1]]),
        ("pure_shear", [[1 / 1.1, 0, 0], [0, 1, 0], [0, 0, 1.1]]),
        ("simple_shear", [[1, 0, 0], [0, 1, 0], [0.1, 0, 1]]),  # z moves with x
    ],
)
def test_in_zx_the_glass_is_stretched_along_z_or_slides_along_z(mode, expected):
    np.testing.assert_allclose(
        Loading(mode=mode, plane="zx", dimension=3).deformation_gradient(0.1), expected, atol=1e-15
    )


@pytest.mark.parametrize("mode", ["uniaxial", "pure_shear", "simple_shear"])
@pytest.mark.parametrize("plane", ["xy", "yz", "zx"])
def test_the_velocity_gradient_is_the_slope_of_the_deformation_gradient(mode, plane):
    loading, e, h = Loading(mode=mode, plane=plane, angle=20.0, sign=-1, dimension=3), 0.1, 1e-6
    slope = (loading.deformation_gradient(e + h) - loading.deformation_gradient(e - h)) / (2 * h)
    np.testing.assert_allclose(
        loading.velocity_gradient(e),
        slope @ np.linalg.inv(loading.deformation_gradient(e)),
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("loading", "angle"),
    [
        (Loading(), 0),
        (Loading(sign=-1), 90),
        (Loading(mode="uniaxial", sign=-1, angle=10.0), 10),
        (Loading(mode="uniaxial", sign=-1, angle=10.0, contraction=0.3), 100),
        (Loading(mode="simple_shear"), 45),
        (Loading(mode="simple_shear", sign=-1), -45),
    ],
)
def test_a_loading_extends_most_along_a_direction_of_its_own(loading, angle):
    wanted = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    assert abs(loading.extension_direction @ wanted) == pytest.approx(1.0)


@pytest.mark.parametrize("contraction", [0.3, 1.0, -0.4])
@pytest.mark.parametrize(("dimension", "plane"), [(2, "xy"), (3, "zx")])
def test_a_stretched_glass_contracts_across_by_the_given_ratio_of_logarithmic_strains(
    contraction, dimension, plane
):
    loading = Loading(
        mode="uniaxial",
        contraction=contraction,
        plane=plane,
        angle=20.0,
        sign=-1,
        dimension=dimension,
    )
    e, h = 0.1, 1e-6
    f = loading.deformation_gradient(e)
    along, *across = np.diag(loading.frame @ f @ loading.frame.T)
    assert along == pytest.approx(0.9)
    np.testing.assert_allclose(np.log(across), -contraction * np.log(0.9))
    slope = (loading.deformation_gradient(e + h) - loading.deformation_gradient(e - h)) / (2 * h)
    np.testing.assert_allclose(loading.velocity_gradient(e), slope @ np.linalg.inv(f), atol=1e-9)


@pytest.mark.parametrize(("dimension", "contraction"), [(2, 1.0), (3, 0.5)])
def test_the_largest_ratio_of_an_isotropic_glass_keeps_its_volume(dimension, contraction):
    f = Loading(mode="uniaxial", contraction=contraction, dimension=dimension).deformation_gradient(
        0.3
    )
    assert np.linalg.det(f) == pytest.approx(1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.2, -1.2])
def test_a_contraction_without_sense_is_refused(value):
    with pytest.raises(
        VitreousError, match=f"loading contraction is {value}; expected a ratio from -1 to 1"
    ):
        Loading(mode="uniaxial", contraction=value)


@pytest.mark.parametrize("mode", ["pure_shear", "simple_shear"])
def test_only_uniaxial_strain_has_a_contraction(mode):
    with pytest.raises(VitreousError, match=f"loading contraction is 0.3, but the mode is {mode}"):
        Loading(mode=mode, contraction=0.3)


@pytest.mark.parametrize(
    ("plane", "normal", "shear"),
    [("xy", (0, 1), (0, 1)), ("yz", (1, 2), (1, 2)), ("zx", (2, 0), (2, 0))],
)
def test_the_scalar_stress_is_that_of_the_plane(plane, normal, shear):
    stress = np.array([[1.0, 2.0, 4.0], [2.0, 8.0, 16.0], [4.0, 16.0, 32.0]])
    a, b = normal
    assert Loading(mode="uniaxial", plane=plane, **IN_SPACE).scalar_stress(stress) == stress[a, a]
    work = stress[a, a] - 0.25 * (np.trace(stress) - stress[a, a])
    assert (
        Loading(mode="uniaxial", contraction=0.25, plane=plane, **IN_SPACE).scalar_stress(stress)
        == work
    )
    assert (
        Loading(mode="pure_shear", plane=plane, **IN_SPACE).scalar_stress(stress)
        == (stress[a, a] - stress[b, b]) / 2
    )
    assert (
        Loading(mode="simple_shear", plane=plane, **IN_SPACE).scalar_stress(stress) == stress[shear]
    )


def test_a_plane_that_does_not_exist_or_leaves_a_flat_glass_is_refused():
    with pytest.raises(
        VitreousError, match="unknown loading plane 'xz'; expected one of xy, yz, zx"
    ):
        Loading(plane="xz", dimension=3)
    with pytest.raises(
        VitreousError, match="loading plane is 'yz', but a glass in two dimensions lies in xy"
    ):
        Loading(plane="yz")


def test_the_choice_of_a_plane_or_a_contraction_left_the_keys_of_earlier_results_as_they_were(
    toys, tmp_path, monkeypatch
):
    """The keys were computed before a loading had either, and before keys held sources."""
    from toyglass import components as toy

    for cls in (toy.Lattice, toy.Shear, toy.Springs, toy.Map, toy.Places, toy.FirstEvents):
        monkeypatch.setattr(cls, "keyed_by", "version")

    def keys(loading):
        chain = Chain(
            generator=toy.Lattice(),
            simulator=toy.Shear(),
            potential=toy.Springs(),
            labeler=toy.Map(),
            descriptor=toy.Places(),
            events=toy.FirstEvents(),
            loading=loading,
        )
        return {
            stage: artifact.key for stage, artifact in artifacts(chain, Store(tmp_path), 0).items()
        }

    found = keys(Loading(mode="simple_shear", sign=-1, angle=30.0))
    assert found["deform"] == "07e848a34207c4cc9d67a292b68f695279bfa287042a4b97b5ddff6aad626556"
    assert found["label"] == "2e9f5a3683238a236d93970d71c725704a499f7fe8c889ec0d5387660076996f"
    assert found["describe"] == "550a90922886e890aafac73983bcaf06801ae2e27ea0d3f1efa9946ae82387ce"
    xy, yz = (keys(Loading(plane=plane, dimension=3)) for plane in ("xy", "yz"))
    assert {stage for stage in xy if xy[stage] != yz[stage]} == set(xy) - {"generate", "relax"}
    fixed, free = (
        keys(Loading(mode="uniaxial", contraction=contraction)) for contraction in (0.0, 0.3)
    )
    assert {stage for stage in fixed if fixed[stage] != free[stage]} == set(fixed) - {
        "generate",
        "relax",
    }
    assert "contraction" not in Loading(mode="uniaxial").recipe()
