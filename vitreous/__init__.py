"""Vitreous predicts where and when a glass fails, from its undeformed structure."""

__version__ = "0.1.0"
