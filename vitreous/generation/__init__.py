"""Planar networks of given ring statistics by Monte Carlo on the dual lattice, and their
springs.
"""
