"""The server of ``vitreous view`` answers its own page alone, and opens nothing outside its
folder: tried as a hostile client.
"""

import json

import pytest
from clients import Client

from vitreous.app.view import guard
from vitreous.app.view.server import serving
from vitreous.core.errors import VitreousError


def test_nothing_is_told_without_the_token(client):
    for headers in ({}, {"X-Vitreous-Token": "guess"}, {"X-Vitreous-Token": client.token[:-1]}):
        for method, path in (("GET", "/api/state"), ("POST", "/api/open"), ("PUT", "/api/send/a")):
            status, _, body = client.send(method, path, b"{}", **headers)
            assert status == 401, (method, path)
            assert b"token" in body
            assert client.token.encode() not in body


def test_the_token_is_long_and_new_each_time(folder, client):
    with serving(folder, "", "127.0.0.1", 0) as (address, _):
        assert len(client.token) >= 32
        assert client.token not in address


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:1"])
def test_a_name_that_is_made_to_mean_this_machine_is_refused(client, host):
    """Against a page that resolves its own name to 127.0.0.1."""
    name = f"{host}:{client.port}" if host and ":" not in host else host
    status, _, _ = client.send("GET", "/api/state", Host=name, **{"X-Vitreous-Token": client.token})
    assert status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_pages_of_others_are_refused(client, origin):
    status, _, _ = client.send(
        "POST", "/api/open", b"{}", Origin=origin, **{"X-Vitreous-Token": client.token}
    )
    assert status == 403


def test_its_own_page_is_answered(client):
    own = f"http://127.0.0.1:{client.port}"
    headers = {"X-Vitreous-Token": client.token, "Origin": own}
    assert client.send("GET", "/api/state", **headers)[0] == 200


def test_the_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(client):
    for path in ("/", "/page/main.js", "/api/state"):
        _, headers, _ = client.send("GET", path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_nothing_of_the_page_comes_from_elsewhere(client):
    for name in ("index.html", "style.css", "main.js", "api.js", "glass_view.js"):
        status, _, body = client.send("GET", f"/page/{name}")
        assert status == 200
        text = body.decode().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fserver.py",
        "/page/index.html%00.js",
        "/../../etc/passwd",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_other_file_is_served(client, path):
    status, _, body = client.send("GET", path)
    assert status == 404
    assert b"root:" not in body
    assert b"FastAPI" not in body


@pytest.mark.parametrize(
    "name",
    ["../secret.extxyz", "/etc/passwd", "link.extxyz", "walk/../../secret.extxyz", "a\0b", "."],
)
def test_no_name_reaches_outside_the_folder(folder, client, name):
    (folder.parent / "secret.extxyz").write_text((folder / "glass.extxyz").read_text())
    (folder / "link.extxyz").symlink_to(folder.parent / "secret.extxyz")
    for path in ("/api/open", "/api/run/compare"):
        status, told = client.ask("POST", path, {"name": name})
        assert status == 422
        assert set(told) == {"error"}
    listed = [each["name"] for each in client.good("GET", "/api/state")["files"]]
    assert "link.extxyz" not in listed


def test_a_model_is_one_that_ships_or_lies_in_the_folder(folder, client, tmp_path):
    client.open("glass.extxyz")
    (tmp_path / "elsewhere").mkdir()
    for model in ("../elsewhere", str(tmp_path / "elsewhere"), "walk", "nothing"):
        status, told = client.ask("POST", "/api/predict", {"model": model})
        assert status == 422, told


def test_what_is_sent_keeps_to_the_folder_of_what_was_sent(folder, client):
    before = sorted(folder.rglob("*"))
    content = (folder / "glass.extxyz").read_bytes()
    for name in ("..%2f..%2fglass.extxyz", "%2fetc%2fglass.extxyz", ".hidden.extxyz"):
        status, _, _ = client.send(
            "PUT", f"/api/send/{name}", content, **{"X-Vitreous-Token": client.token}
        )
        assert status in (200, 404)  # 404: a name of several parts is no address
    assert sorted(folder.rglob("*")) == before
    assert not (folder.parent / "glass.extxyz").exists()


def test_more_than_is_taken_is_refused_before_it_is_read(client, monkeypatch):
    monkeypatch.setattr(guard, "LARGEST", 1 << 16)
    token = {"X-Vitreous-Token": client.token}
    status, _, body = client.send(
        "PUT", "/api/send/a.xyz", b"", **token, **{"Content-Length": str(1 << 40)}
    )
    assert (status, b"larger" in body) == (413, True)

    def unannounced():
        for _ in range(64):
            yield b"x" * 4096

    status, _, body = client.send("PUT", "/api/send/a.xyz", unannounced(), **token)
    assert (status, b"larger" in body) == (413, True)


def test_requests_that_no_page_sends_are_answered_in_words(client):
    client.open("glass.extxyz")
    wrong = [
        ("/api/open", {}),
        ("/api/open", {"name": 3}),
        ("/api/open", []),
        ("/api/predict", {"model": "failure", "angle": "steep"}),
        ("/api/deform", {"potential": "yukawa_silica"}),
        ("/api/deform", {"potential": {}, "mode": 3}),
        ("/api/image/correct", {"edits": []}),
        ("/api/image/detect", {"fields": {}, "edits": []}),
    ]
    for path, body in wrong:
        status, told = client.ask("POST", path, body)
        assert 400 <= status < 500, (path, body)
        assert told
    for path in ("/api/frame/9", "/api/frame/-1", "/api/job/99", "/api/run/sample/0"):
        status, told = client.ask("GET", path)
        assert status == 422, path
        assert told["error"], path
    status, _, body = client.send(
        "POST",
        "/api/open",
        b"\xff{not json",
        **{"X-Vitreous-Token": client.token, "Content-Type": "application/json"},
    )
    assert 400 <= status < 500
    assert json.loads(body)
    client.open("glass.extxyz")  # still there


def test_served_to_other_machines_it_is_asked_by_address_not_by_a_name(folder):
    """A name could be made to mean any machine; an address means the one it is of."""
    with serving(folder, "", "0.0.0.0", 0) as (address, _):
        client = Client(address)
        for host, status in (("192.0.2.7", 200), ("[2001:db8::7]", 200), ("evil.example", 403)):
            headers = {"Host": f"{host}:{client.port}", "X-Vitreous-Token": client.token}
            assert client.send("GET", "/api/state", **headers)[0] == status


def test_a_port_that_is_taken_is_named(folder, client):
    with (
        pytest.raises(VitreousError, match="choose another --port"),
        serving(folder, "", "127.0.0.1", client.port),
    ):
        raise AssertionError("it was served twice")
