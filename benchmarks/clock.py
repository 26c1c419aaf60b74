"""Timing and printing."""

import time
from collections.abc import Callable, Sequence
from typing import Any


def best(work: Callable[[], Any], repeats: int = 5, calls: int = 1) -> float:
    """Seconds per call: the median of ``repeats`` timings of ``calls`` calls, after one call to
    warm up.
    """
    work()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        found.append((time.perf_counter() - start) / calls)
    return sorted(found)[repeats // 2]


def once(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A Markdown table."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(headings) + " |")
    print("|" + "---|" * len(headings))
    for row in rows:
        print(
            "| " + " | ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) + " |",
            flush=True,
        )
