"""Tabulated pair models: kernels, tables and the energy surface."""
