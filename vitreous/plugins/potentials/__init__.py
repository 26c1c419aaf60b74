"""Interatomic potentials."""
