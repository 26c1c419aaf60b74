"""Interatomic models."""
