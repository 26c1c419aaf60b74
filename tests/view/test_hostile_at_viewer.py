"""Any file that is dropped on the page: an answer in words, nothing crashes, nothing outside the
folder is read or written.
"""

import gzip
import io
import os
import shutil
import struct
import zipfile
import zlib
from urllib.parse import quote

import numpy as np
import pytest
from clients import Client
from PIL import Image

from vitreous.app.view.server import serving

BOMB = 60_000  # pixels along each side of an image that is small as a file


def png(width, height, rows):
    """A grey PNG whose head says what it likes."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(write, *arguments, **options):
    out = io.BytesIO()
    write(out, *arguments, **options)
    return out.getvalue()


def npy(shape):
    """The head of an array of this shape, without its numbers."""
    head = str({"descr": "<f8", "fortran_order": False, "shape": shape}).ljust(117).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) + 1) + head + b"\n"


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("../../escaped.txt", "out")
    return out.getvalue()


LATTICE = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3'
FILES = {
    "empty.extxyz": b"",
    "empty.png": b"",
    "binary.xyz": bytes(range(256)) * 64,
    "noise.png": os.urandom(5000),
    "cut.png": saved(Image.new("L", (300, 300), 9).save, "PNG")[:200],
    "one_colour.png": saved(Image.new("L", (300, 300), 9).save, "PNG"),
    "colour.png": saved(Image.new("RGB", (300, 300), (9, 8, 7)).save, "PNG"),
    "bomb.png": png(BOMB, BOMB, b"\0" * 1000),
    "small.png": saved(Image.new("L", (3, 3), 9).save, "PNG"),
    "pickle.npy": saved(np.save, np.array([{"a": 1}], dtype=object), allow_pickle=True),
    "huge.npy": npy((1_000_000, 1_000_000)),
    "bomb.xyz.gz": gzip.compress(b"0" * (1 << 28)),
    "archive.xyz": archive(),
    "archive.png": archive(),
    "many.extxyz": b"999999999999\n" + LATTICE.encode() + b"\nSi 0 0 0\n",
    "nan.extxyz": f"1\n{LATTICE}\nSi nan 0 0\n".encode(),
    "flat.extxyz": b'1\nLattice="0 0 0 0 0 0 0 0 0" Properties=species:S:1:pos:R:3\nSi 0 0 0\n',
    "cut.dump": b"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n5\nITEM: BOX BOUNDS pp pp pp\n0 1\n",
    "page.html": b"<script>alert(1)</script>",
    "run.json": b'{"store": "/etc"}',
    "a.traj": b"- of UlmASE-Trajectory" + b"\xff" * 200,
    "<img src=x onerror=alert(1)>.xyz": b"not a glass",
}


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    """One folder for all files: none of them changes it."""
    return shutil.copytree(made, tmp_path_factory.mktemp("hostile") / "folder")


@pytest.fixture(scope="module")
def client(folder):
    """One server for all files: none of them ends it."""
    with serving(folder, "", "127.0.0.1", 0) as (address, _):
        yield Client(address)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_glass_is_answered_in_words(client, folder, name):
    before = {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")}
    status, told = client.ask("PUT", f"/api/send/{quote(name, safe='')}", FILES[name])
    sentence = told["error"]  # of images that are shown without a network as well
    assert status in (200, 422)
    assert 20 < len(sentence) < 600
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert str(folder.parent) not in sentence
    assert "vitreous-view-" not in sentence
    assert {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")} == before
    assert client.open("glass.extxyz")["structure"]["atoms"] == 720


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pixel_size", 0.0),
        ("pixel_size", -1.0),
        ("pixel_size", 1e9),
        ("pixel_size", "wide"),
        ("si_si", 0),
        ("diameter", 4),
        ("diameter", 1e6),
        ("diameter", 301),
        ("region", [0, 0, 5, 5]),
        ("region", [0, 0, 4000, 4000]),
        ("region", ["a", 0, 1, 2]),
        ("detector", "eye"),
        ("path", "/etc/passwd"),
        ("edits", "/etc/passwd"),
    ],
)
def test_a_wrong_scale_or_field_is_answered_in_words(client, field, value):
    client.open("image.png")
    body = {"fields": {field: value}, "edits": []}
    status, told = client.ask("POST", "/api/image/detect", body)
    assert status == 422, told
    assert field in told["error"] or "image" in told["error"]
    assert client.open("image.png")["inside"] > 300


@pytest.mark.parametrize(
    "edits",
    [
        [["add", "x", 1]],
        [["drop", 100, 100]],
        [["add", 1e9, 1]],
        [["add", None, 1]],
        ["add,1,1"],
        [["remove", 0.0, 0.0]],
        [[]],
        [3],
    ],
)
def test_corrections_that_do_not_fit_are_answered_in_words(client, edits):
    before = client.open("image.png")
    status, told = client.ask("POST", "/api/image/correct", {"edits": edits})
    assert status == 422, told
    assert told["error"]
    after = client.good("POST", "/api/image/correct", {"edits": []})
    assert after["spots"] == before["spots"]


def test_hostile_files_of_others(client, reference):
    """Small files that failed in other programs, where they are at hand."""
    cases = reference.parent / "cases"
    files = [path for path in cases.rglob("*") if path.is_file() and path.stat().st_size < 1 << 22]
    if not files:
        pytest.skip(f"no cases in {cases}")
    for path in files:
        status, told = client.ask("PUT", f"/api/send/{quote(path.name)}", path.read_bytes())
        assert status == 200 or told["error"], path
    assert client.open("glass.extxyz")["structure"]["atoms"] == 720
