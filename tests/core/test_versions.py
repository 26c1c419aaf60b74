"""Every manifest says with what its artifact was made."""

from importlib import metadata

import numpy as np

from vitreous import __version__
from vitreous.core.store import Store
from vitreous.core.versions import versions


def test_all_packages_that_vitreous_declares_are_named_and_no_tool_of_developers():
    found = versions()
    assert found["vitreous"] == __version__
    assert found["numpy"] == np.__version__
    assert found["scipy"] == metadata.version("scipy")
    assert not {"pytest", "ruff", "sphinx"} & set(found)
    assert list(found) == sorted(found)


def test_the_package_of_a_third_party_is_named_too(toys):
    assert versions("toyglass") == {**versions(), "toyglass": "1.0"}
    assert versions("never-installed") == versions()


def test_every_manifest_of_a_run_holds_them(toy_pipeline, tmp_path):
    store = Store(tmp_path / "store")
    toy_pipeline.run(store)
    kept = [store.manifest(entry)["packages"] for entry in store.entries()]
    assert len(kept) > 20
    assert all(packages == versions() for packages in kept)
