"""What this package provides."""

from vitreous.core.plugin import Component, hookimpl

_HERE = "toyglass.components"
_TABLE = (
    ("generator", "toy_lattice", "Lattice"),
    ("generator", "toy_bonded", "Bonded"),
    ("potential", "toy_springs", "Springs"),
    ("simulator", "toy_shear", "Shear"),
    ("labeler", "toy_map", "Map"),
    ("labeler", "toy_whole", "Whole"),
    ("labeler", "toy_events", "FirstEvents"),
    ("descriptor", "toy_vector", "Places"),
    ("descriptor", "toy_image", "Pictures"),
    ("descriptor", "toy_network", "Network"),
    ("model", "toy_least_squares", "LeastSquares"),
)


@hookimpl
def vitreous_components() -> list[Component]:
    return [
        Component(kind=k, name=n, target=f"{_HERE}.{c}", citation="none", summary=f"toy {k}")
        for k, n, c in _TABLE
    ]
