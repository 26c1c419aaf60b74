"""Images from anywhere: what is read is what was written, and every bad file is told in a
sentence.
"""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vitreous.core.errors import VitreousError
from vitreous.io.micrographs import is_image, read_edits, read_image

GREY = np.random.default_rng(0).integers(0, 200, (50, 70)).astype(np.uint8)


def refused(path):
    with pytest.raises(VitreousError) as caught:
        read_image(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def tifffile():
    return pytest.importorskip("tifffile")


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_png_keeps_the_values(tmp_path, kind):
    values = GREY.astype(kind) * (1 if kind == np.uint8 else 300)
    Image.fromarray(values).save(tmp_path / "a.PNG")
    found = read_image(tmp_path / "a.PNG")
    assert found.dtype == np.float64
    assert np.array_equal(found, values)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
def test_tiff_keeps_the_values(tmp_path, tifffile, kind):
    tifffile.imwrite(tmp_path / "a.tif", GREY.astype(kind))
    tifffile.imwrite(tmp_path / "b.tiff", GREY.astype(kind), compression="zlib")
    assert np.array_equal(read_image(tmp_path / "a.tif"), GREY)
    assert np.array_equal(read_image(tmp_path / "b.tiff"), GREY)


def test_white_is_zero_where_a_tiff_says_so(tmp_path, tifffile):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "a.tif"), GREY.max() - GREY.astype(float))


def test_numpy_keeps_the_values(tmp_path):
    np.save(tmp_path / "a.npy", GREY - 100.5)
    assert np.array_equal(read_image(tmp_path / "a.npy"), GREY - 100.5)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
def test_grey_in_colours_is_grey(tmp_path, mode):
    Image.fromarray(GREY).convert(mode).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), GREY)


def test_colour_is_refused_with_what_converts_it(tmp_path, tifffile):
    colours = np.stack([GREY, GREY[::-1], GREY], axis=-1)
    Image.fromarray(colours).save(tmp_path / "a.png")
    assert "is in colour; expected a grey image: convert it" in refused(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    assert "is in colour" in refused(tmp_path / "a.tif")
    tifffile.imwrite(
        tmp_path / "b.tif",
        np.moveaxis(colours, -1, 0),
        photometric="rgb",
        planarconfig="separate",
    )
    assert "is in colour" in refused(tmp_path / "b.tif")


def test_stacks_are_refused(tmp_path, tifffile):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 5))
    assert "several images; save the one you want by itself" in refused(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.stack([GREY] * 5), imagej=True)
    assert "several images" in refused(tmp_path / "b.tif")
    np.save(tmp_path / "a.npy", np.stack([GREY] * 5))
    assert "shape (5, 50, 70); expected one grey image" in refused(tmp_path / "a.npy")


def bomb(path, side):
    """A PNG of a few kilobytes that unpacks to side x side pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(b"\0" * 10_000)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize("side", [7000, 60_000])
def test_a_file_that_unpacks_to_a_huge_image_is_refused_unread(tmp_path, side):
    text = refused(bomb(tmp_path / "a.png", side))
    assert "33554432 pixels" in text
    assert "cut the region of interest out of it" in text


def test_huge_tiff_and_numpy_files_are_refused_unread(tmp_path, tifffile):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((6000, 6000), np.uint8), compression="zlib")
    assert "at most 33554432 pixels are read" in refused(tmp_path / "a.tif")
    np.lib.format.open_memmap(tmp_path / "b.npy", "w+", np.uint8, (6000, 6000)).flush()
    assert "at most 33554432 pixels are read" in refused(tmp_path / "b.npy")
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000, 100000), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 64
    )
    assert "cannot be read as an image" in refused(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
def test_damaged_and_foreign_files_are_refused(tmp_path, tifffile, name):
    path = tmp_path / name
    path.write_text("no image at all")
    assert "cannot be read as an image: damaged, cut short" in refused(path)
    path.write_bytes(b"")
    assert "cannot be read as an image" in refused(path)
    {
        "a.png": lambda: Image.fromarray(GREY).save(path),
        "a.tif": lambda: tifffile.imwrite(path, GREY),
        "a.npy": lambda: np.save(path, GREY),
    }[name]()
    path.write_bytes(path.read_bytes()[:1200])
    assert "save it again as an uncompressed grey TIFF or as PNG" in refused(path)


def test_what_is_no_image_is_refused(tmp_path):
    assert "there is no file" in refused(tmp_path / "absent.png")
    (tmp_path / "folder.png").mkdir()
    assert "it is a folder" in refused(tmp_path / "folder.png")
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert "no image that is read; expected .png, .tif, .tiff, .npy" in refused(tmp_path / "a.jpg")
    np.save(tmp_path / "words.npy", np.array([["a"]]))
    assert "values of type <U1; expected grey levels" in refused(tmp_path / "words.npy")
    np.save(tmp_path / "objects.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    assert "cannot be read as an image" in refused(tmp_path / "objects.npy")
    assert is_image("a.TIF")
    assert not is_image("a.extxyz")


def test_without_tifffile_png_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    assert "pip install 'vitreous[image]', or save the image as PNG" in refused(tmp_path / "a.tif")


def test_edits_are_lines_of_what_and_where(tmp_path):
    path = tmp_path / "edits.csv"
    path.write_text("what,x,y\n# the second frame\n\nadd, 10.5, 20\nremove,3,4\nadd,1,2\n")
    edits = read_edits(path)
    assert edits.add.tolist() == [[10.5, 20.0], [1.0, 2.0]]
    assert edits.remove.tolist() == [[3.0, 4.0]]
    path.write_text("")
    assert read_edits(path).add.shape == (0, 2)


@pytest.mark.parametrize("line", ["move,1,2", "add,1", "add,1,2,3", "add,one,2", "add,nan,2", "x"])
def test_other_lines_are_refused_by_their_number(tmp_path, line):
    path = tmp_path / "edits.csv"
    path.write_text(f"add,1,2\n{line}\n")
    with pytest.raises(VitreousError, match=f"line 2, is '{line}'; expected add,x,y or remove,x,y"):
        read_edits(path)
