"""Labelers: targets from structure and deformation."""
