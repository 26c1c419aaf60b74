"""Targets: what structure and deformation are turned into."""
