"""Local probing: a free disc or ball inside a frozen annulus is strained until its stress drops."""
