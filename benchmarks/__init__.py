"""Side-by-side timings: every figure is a ratio to a named reference in the same process run.

python -m benchmarks                 # all of them, about twenty minutes on an idle two-core machine
python -m benchmarks forces probes   # some
"""
