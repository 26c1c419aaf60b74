"""Small runs of every level, and the bundles that they leave."""

from collections import namedtuple

import level_components as parts
import pytest

from vitreous.bundles import complete_bundle, find_bundle, write_model
from vitreous.core.data import Loading
from vitreous.core.pipeline import Pipeline
from vitreous.core.registry import Registry, discover
from vitreous.core.split import Split
from vitreous.core.store import Store

Bundled = namedtuple("Bundled", "folder bundle unseen")


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Runs a small pipeline with these parts; its bundle, and the sample that it never saw."""
    known = Registry([*discover().all(), *parts.REGISTERED])
    for place in ("vitreous.bundles.read", "vitreous.core.run"):
        monkeypatch.setattr(f"{place}.discover", lambda: known)

    def make(labeler, validation=1, **changes):
        usual = {
            "generator": parts.Mixtures(),
            "simulator": parts.Still(),
            "potential": parts.Anything(),
            "labeler": labeler,
            "descriptor": parts.Hats(),
            "model": parts.Table(),
            "loading": Loading(),
            "samples": 5 + validation,
            "split": Split(validation=validation, test=1),
        }
        pipeline = Pipeline(**{**usual, **changes})
        run, folder = pipeline.run(Store(tmp_path / "store")), tmp_path / "model"
        write_model(folder, pipeline.model, run.model, "tests")
        assert complete_bundle(folder, pipeline, run, {})
        return Bundled(folder, find_bundle(str(folder)), run.role("test")[0])

    return make
