"""Mechanics of glasses at zero temperature: neighbours, energies, Hessians, minimisers, quasistatic
deformation, local probing.
"""
