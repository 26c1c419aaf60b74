"""Simulators: athermal quasistatic deformation."""
