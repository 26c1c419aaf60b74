"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from vitreous.core.artifact import stream
from vitreous.core.data import Configuration
from vitreous.core.sample import Examples, Sample
from vitreous.plugins.generators.dual_switch import DualSwitch

settings.register_profile("vitreous", deadline=None)  # no test is timed: machines are busy
settings.load_profile("vitreous")


#: files that take longest on one core, longest first: with pytest -n 2 --dist loadfile
#: --no-loadscope-reorder no worker is left alone with one of them at the end
LONGEST = (
    "conformance/test_builtin.py",
    "app/test_kill.py",
    "plugins/test_aqs.py",
    "learning/test_tasks.py",
    "bundles/test_model.py",
    "app/test_tracking.py",
    "plugins/test_lammps_aqs.py",
    "plugins/test_local_probing.py",
    "app/test_limits.py",
    "app/test_cli.py",
    "plugins/test_graph_network.py",
    "plugins/test_gnn.py",
    "plugins/test_dask.py",
    "report/test_write.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of LONGEST; the others follow in their order."""
    tests = Path(__file__).parent
    if gone := [name for name in LONGEST if not (tests / name).is_file()]:
        raise pytest.UsageError(f"tests/conftest.py names {gone[0]}, which is no file")
    rank = {tests / name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session")
def reference() -> Path:
    """Glasses and tables made by other groups; tests that compare with them are skipped where they
    are absent.
    """
    folder = Path(
        os.environ.get("VITREOUS_REFERENCE", Path(__file__).parents[2] / "shared" / "reference")
    ).resolve()
    if not folder.is_dir():
        pytest.skip(
            f"no reference data in {folder}; set VITREOUS_REFERENCE to the folder that holds them"
        )
    return folder


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy components of tests/toy_package, as if they were installed."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "toy_package"))


@pytest.fixture(scope="session")
def along_loadings():
    """Makes what a fit gets of (features, labels) along loadings, and the glass of each."""

    def examples(pairs, glasses) -> Examples:
        samples = [
            Sample.of(index=glass, role="train", features=features, labels=labels)
            for glass, (features, labels) in zip(glasses, pairs, strict=True)
        ]
        return Examples(samples, lambda features: features)

    return examples


@pytest.fixture(scope="session")
def fragile_networks() -> DualSwitch:
    """Small, strongly disordered networks, of which that of seed 0 with number 2 loses a bond when
    its cell relaxes.
    """
    return DualSwitch(rings_x=8, rings_y=8, variance=1.3, largest_strain=0.3, steps=20_000)


@pytest.fixture(scope="session")
def fragile(fragile_networks: DualSwitch) -> Configuration:
    """Whole at rest in its cell, it loses one bond before its cell is free of stress."""
    return fragile_networks.generate(2, stream(0, "generate", 2))


@pytest.fixture(scope="session")
def overstretched(fragile: Configuration) -> Configuration:
    """The same in a cell so large that the bond is lost there."""
    return fragile.with_(positions=1.025 * fragile.positions, cell=1.025 * fragile.cell)
