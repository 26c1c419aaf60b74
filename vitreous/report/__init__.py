"""The report of a run: an HTML page with figures."""

from vitreous.report.write import write_report

__all__ = ["write_report"]
