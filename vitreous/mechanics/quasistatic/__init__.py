"""Athermal quasistatic deformation: continuation, the fixed-step protocol, and what counts as an
event.
"""
