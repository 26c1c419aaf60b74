"""The report of a run: an HTML page with figures; and single figures, which do not wait for what
the page needs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitreous.report.write import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    if name != "write_report":
        raise AttributeError(f"module 'vitreous.report' has no attribute '{name}'")
    from vitreous.report.write import write_report

    return write_report
