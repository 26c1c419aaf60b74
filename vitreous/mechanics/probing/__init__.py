"""Local probing: one disc or ball strained inside a frozen ring until its stress drops."""
