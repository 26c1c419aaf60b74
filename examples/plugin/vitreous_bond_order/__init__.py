"""What this package provides: strings only, so that listing it costs nothing."""

from vitreous.core.plugin import Component, hookimpl


@hookimpl
def vitreous_components() -> list[Component]:
    """One descriptor and one model."""
    return [
        Component(
            kind="descriptor",
            name="bond_order",
            target="vitreous_bond_order.bond_order.BondOrder",
            citation="Nelson & Halperin, Phys. Rev. B 19, 2457 (1979)",
            summary="bond-orientational order and bond angles of the silicon network",
        ),
        Component(
            kind="model",
            name="nearest_neighbours",
            target="vitreous_bond_order.nearest_neighbours.NearestNeighbours",
            citation="Cover & Hart, IEEE Trans. Inf. Theory 13, 21 (1967)",
            summary="regression by the labels of the most similar sites",
        ),
    ]
