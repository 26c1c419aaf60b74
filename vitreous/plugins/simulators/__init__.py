"""Athermal quasistatic deformation."""
