"""Athermal quasistatic deformation: continuation, the fixed-step protocol, and events."""
