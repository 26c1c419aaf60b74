"""A folder with one thing of each kind that the page opens, and a server on it."""

import shutil

import numpy as np
import pytest
from clients import Client
from toy import vitreous

from vitreous.app.view.server import serving
from vitreous.direct import deform, potential, relax
from vitreous.direct.deformation import write_deformation
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.tem_image import EXAMPLE


@pytest.fixture(scope="session")
def network():
    """A network of silica at rest."""
    glass = DualSwitch(rings_x=12, rings_y=12, steps=20_000).generate(0, np.random.default_rng(4))
    return relax(glass, potential("yukawa_silica"), cell="xy").configuration


@pytest.fixture(scope="session")
def made(tmp_path_factory, network):
    """A folder with a glass, a micrograph, a deformation and two runs; never written to."""
    folder = tmp_path_factory.mktemp("made")
    heights = np.linspace(-1.0, 2.0, len(network))
    write_configuration(folder / "glass.extxyz", network, {"height": heights})
    shutil.copy(EXAMPLE, folder / "image.png")
    walk = deform(
        network,
        potential("yukawa_silica"),
        strain_max=0.12,
        strain_step=1e-3,
        stop_after_events=2,
        frame_every=0.02,
    )
    (folder / "walk").mkdir()
    write_deformation(walk, folder / "walk")
    for cutoff in (2.0, 3.0):
        done = vitreous(
            folder,
            "run",
            "experiment=toy",
            "executor=serial",
            "tracker=none",
            f"descriptor.cutoff={cutoff}",
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """A copy of ``made`` for one test."""
    return shutil.copytree(made, tmp_path / "folder", symlinks=True)


@pytest.fixture
def client(folder, toys):
    """A server on ``folder``, nothing open."""
    with serving(folder, "", "127.0.0.1", 0) as (address, _):
        yield Client(address)


@pytest.fixture
def runs(folder):
    """Names of the runs in the folder."""
    return sorted(p.relative_to(folder).as_posix() for p in (folder / "runs" / "toy").iterdir())
