"""No tracker: nothing is recorded, nothing is left, and the jobs of a sweep have no parent."""

from vitreous.core.tracking import Beginning, Outcome
from vitreous.plugins.trackers.none import NoTracker


def test_nothing_is_recorded(tmp_path):
    tracked = NoTracker().start(
        Beginning(name="run", title="first", folder=tmp_path / "first", runs=tmp_path)
    )
    tracked.finish(Outcome(scores={"model": 1.0}))
    tracked.fail("no reason")
    assert tracked.id == ""
    assert list(tmp_path.iterdir()) == []
