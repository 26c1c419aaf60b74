"""The maximum-entropy law of ring sizes (Lemaitre et al. 1993)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitreous.core.errors import VitreousError

MEAN = 6.0  #: of every periodic three-coordinated network, by Euler's theorem


def maximum_entropy_shares(
    variance: float, minimum: int = 4, maximum: int = 10
) -> NDArray[np.float64]:
    """Shares (maximum + 1,) p_n = exp(-l1 n - l2 / n) / Z on minimum <= n <= maximum, zero
    elsewhere.

    l1 and l2 >= 0 solve for mean 6 and variance ``variance`` on these sizes.

    Raises:
        VitreousError: if no such distribution has that variance, or the sizes do not include 6 in
        their interior.
    """
    from scipy.optimize import root_scalar  # slow to import, and few processes make networks

    if not 3 <= minimum < MEAN < maximum:
        raise VitreousError(
            f"ring sizes {minimum} to {maximum} do not surround 6; expected 3 <= minimum < 6 < "
            "maximum"
        )
    n = np.arange(minimum, maximum + 1, dtype=np.float64)

    def shares(l2: float) -> NDArray[np.float64]:
        def law(l1: float) -> NDArray[np.float64]:
            exponent = -l1 * (n - MEAN) - l2 * (1.0 / n - 1.0 / MEAN)
            weight = np.exp(exponent - exponent.max())
            return weight / weight.sum()

        centre = l2 / MEAN**2  # where the exponent is stationary at n = 6
        l1 = root_scalar(
            lambda l1: law(l1) @ n - MEAN,
            bracket=(centre - 0.2 * l2 - 10.0, centre + 0.2 * l2 + 10.0),
            xtol=1e-13,
        ).root
        return law(float(l1))

    def spread(l2: float) -> float:
        return float(shares(l2) @ (n - MEAN) ** 2)

    narrow, wide = spread(5000.0), spread(0.0)
    if not narrow < variance < wide:
        raise VitreousError(
            f"ring-size variance {variance:g} is out of reach for sizes {minimum} to {maximum}; "
            f"expected a value between {narrow:.3g} and {wide:.3g}"
        )
    l2 = root_scalar(lambda l2: spread(l2) - variance, bracket=(0.0, 5000.0), xtol=1e-11).root
    found = np.zeros(maximum + 1)
    found[minimum:] = shares(float(l2))
    return found
