from vitreous.testing import component_checks


@component_checks("vitreous-bond-order")
def test_conformance(component_check):
    component_check()
