"""What a run shows for itself."""

from vitreous.report.write import write_report

__all__ = ["write_report"]
