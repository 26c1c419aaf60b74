"""Evaluations: numbers, tables and figures of a run's predictions, indicators and glasses."""
