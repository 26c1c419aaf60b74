"""Where MLflow looks for a bundle written before bundles had a package of their own: the name
is in its ``MLmodel``.
"""

from vitreous.bundles.pyfunc import _load_pyfunc

__all__ = ["_load_pyfunc"]
