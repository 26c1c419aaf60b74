"""A package of tiny components, as a third party would write them, fast enough to test the frame
with.
"""
