"""Every built-in component passes every check of the kit."""

from vitreous.testing import component_checks


@component_checks("vitreous")
def test_conformance(component_check) -> None:
    component_check()
