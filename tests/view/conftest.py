"""A folder with one thing of each kind that the page opens, and a server on it."""

import http.client
import json
import shutil
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from toy import vitreous

from vitreous.app.view.server import serving
from vitreous.direct import deform, potential, relax
from vitreous.direct.deformation import write_deformation
from vitreous.io.write import write_configuration
from vitreous.plugins.generators.dual_switch import DualSwitch
from vitreous.plugins.generators.tem_image import EXAMPLE

PATIENCE = 60.0


class Client:
    """What a browser, or somebody else, sends to the server."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.host, self.port = parts.hostname, parts.port
        self.token = parse_qs(parts.query)["token"][0]

    def send(self, method, path, body=None, **headers):
        """Status, headers and body of any request."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        """What the page is told, with the token it has."""
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        status, _, content = self.send(
            method, path, raw, **{"X-Vitreous-Token": self.token, "Content-Type": kind}
        )
        return status, json.loads(content)

    def good(self, method, path, body=None):
        status, told = self.ask(method, path, body)
        assert status == 200, told
        return told

    def open(self, name):
        return self.good("POST", "/api/open", {"name": name})

    def done(self, begun):
        """The last that is told of a computation."""
        deadline = time.monotonic() + PATIENCE
        while begun["state"] in ("waiting", "running") and time.monotonic() < deadline:
            time.sleep(0.05)
            begun = self.good("GET", f"/api/job/{begun['job']}")
        return begun


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
