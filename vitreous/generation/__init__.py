"""Planar networks of chosen ring statistics by Monte Carlo on the dual lattice, and
their springs.
"""
