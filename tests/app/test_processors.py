"""What two processors make of one campaign: a second one is emulated, without the vector
instructions (AVX, FMA) of this one, in compiled kernels, NumPy and OpenBLAS.
"""

import numpy as np
import pytest
from toy import process

from vitreous.core.store import Store

SMALL = (
    *("run", "generator.rings_x=8", "generator.rings_y=8", "generator.steps=2000"),
    *("simulator.strain_max=0.12", "labeler=fracture_strain", "model=none", "descriptor=null"),
    *("~indicators", "tracker=none", "report=false", "samples=2", "executor=serial"),
)
POSITION, STRESS = 1e-9, 1e-9  #: relative to the largest coordinate and stress


def plain_processor(folder):
    """The environment in which libraries take this processor for one of 2004."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return {
        "NUMBA_CPU_NAME": "nocona",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(folder),
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
    }


@pytest.mark.slow
def test_another_processor_gives_the_same_keys_and_results_to_rounding(tmp_path):
    for name, more in (("own", {}), ("plain", plain_processor(tmp_path / "kernels"))):
        (tmp_path / name).mkdir()
        done = process(tmp_path / name, *SMALL, **more)
        assert done.returncode == 0, done.stderr
    own, plain = Store(tmp_path / "own" / "store"), Store(tmp_path / "plain" / "store")
    names = {(entry.stage, entry.key) for entry in own.entries()}
    assert names == {(entry.stage, entry.key) for entry in plain.entries()}
    for stage, key in sorted(names):
        (here, _), (there, _) = own.get(stage, key), plain.get(stage, key)
        if stage == "relax":
            np.testing.assert_allclose(
                there.positions, here.positions, atol=POSITION * np.abs(here.positions).max()
            )
            np.testing.assert_array_equal(there.bonds, here.bonds)
        if stage == "deform":
            np.testing.assert_array_equal(there.strain, here.strain)
            np.testing.assert_allclose(
                there.stress, here.stress, atol=STRESS * np.abs(here.stress).max()
            )
        if stage in ("label", "events"):
            np.testing.assert_allclose(there.values, here.values, rtol=1e-12)
