"""Silica potential of Watanabe et al.: terms, kernels, linear response and the energy surface."""
