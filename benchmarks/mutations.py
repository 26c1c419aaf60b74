"""Faults put into files: bytes, words, lines and JSON values changed, left out, or made many. Of a
packed file (gzip, zip, tar in xz) one of its members is changed and the whole packed anew, so that
its checksums are right and what is behind them is reached.
"""

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from copy import deepcopy
from typing import Any

import numpy as np

_TOKENS = (
    *(b"nan", b"inf", b"-1e308", b"1e308", b"1e999", b"1e-320", b"0", b"-0.0", b"-1", b"1e18"),
    *(b"99999999999999999999", b"2000000000", b"1000000000", b"-2147483649", b"1e-5", b"1e6"),
    *(b"", b"#", b"\0", b"Si", b"C", b"ITEM:", b"abc origin", b"Masses", b"0x10", b"1_0", b"\xb5"),
    *(b"Atoms # full", b"Atom Type Labels", b'"', b"=", b"[" * 2000, b"9" * 5000, b"1.0D+02"),
    *(b"null", b"${home}", b"${oc.env:HOME}", b"{a: [", b"~", b"_target_:", b"add", b"remove"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 10**9, 10**20, -(2**63), 0.5, -0.0, 1e308, 1e-320),
    *(float("nan"), float("inf"), "", "0", "a", "../x", "/etc/passwd", "\0", "x" * 5000, "µ"),
    *([], {}, [[]], [None], {"": 0}, [0, 1], [1e9, -1], ["a", "b"], {"array": "array0"}),
    *({"map": []}, {"map": [[1]]}, {"tuple": 3}, {"data": "Labels"}, {"_target_": "os.system"}),
)
_WHOLE = 0.3  #: of packed files whose own bytes are changed


def mutated(rng: np.random.Generator, content: bytes) -> bytes:
    """A file with one to three faults."""
    if rng.random() > _WHOLE:
        for starts, inside in _PACKED.items():
            if content.startswith(starts):
                return inside(rng, content)
    for _ in range(rng.integers(1, 4)):
        faults = (_token, _flip) if rng.random() < 0.8 else _COARSE
        content = faults[rng.integers(len(faults))](rng, content) or b"\n"
    return content


def _flip(rng: np.random.Generator, content: bytes) -> bytes:
    at = rng.integers(len(content))
    return content[:at] + bytes([rng.integers(256)]) + content[at + 1 :]


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))]


def _leave_out(rng: np.random.Generator, content: bytes) -> bytes:
    at, length = rng.integers(len(content)), rng.integers(1, 200)
    return content[:at] + content[at + length :]


def _token(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    # headers matter more than the hundredth atom
    k = rng.integers(len(lines)) if rng.random() < 0.4 else rng.integers(min(len(lines), 25))
    words = lines[k].split(b" ")
    words[rng.integers(len(words))] = _TOKENS[rng.integers(len(_TOKENS))]
    lines[k] = b" ".join(words)
    return b"\n".join(lines)


def _repeat(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    k = rng.integers(len(lines))
    return b"\n".join([*lines[:k], *lines[k : k + 1] * int(rng.integers(2, 50)), *lines[k:]])


def _swap(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    a, b = rng.integers(len(lines), size=2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def _double(rng: np.random.Generator, content: bytes) -> bytes:
    return content + content[rng.integers(len(content)) :]


_COARSE = (_cut, _leave_out, _repeat, _swap, _double)


def _in_gzip(rng: np.random.Generator, content: bytes) -> bytes:
    return gzip.compress(mutated(rng, gzip.decompress(content)), 1, mtime=0)


def _in_zip(rng: np.random.Generator, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    _one_member(rng, members)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, inner in members.items():
            archive.writestr(zipfile.ZipInfo(name), inner)
    return written.getvalue()


def _in_xz(rng: np.random.Generator, content: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {m.name: archive.extractfile(m) for m in archive}
        members = {name: file.read() for name, file in files.items() if file is not None}
    _one_member(rng, members)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, inner in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(inner)
            archive.addfile(member, io.BytesIO(inner))
    tar = plain.getvalue()
    return lzma.compress(_flip(rng, tar) if rng.random() < 0.1 else tar, preset=0)


def _one_member(rng: np.random.Generator, members: dict[str, bytes]) -> None:
    """Changes, drops, renames or doubles one of them, in place."""
    name = list(members)[rng.integers(len(members))]
    how = rng.random()
    if how < 0.85:
        members[name] = mutated(rng, members[name])
    elif how < 0.9:
        del members[name]
    elif how < 0.95:
        members[f"../{name}" if rng.random() < 0.3 else name[1:] + "_"] = members.pop(name)
    else:
        members[name] = members[list(members)[rng.integers(len(members))]]


def _in_npy(rng: np.random.Generator, content: bytes) -> bytes:
    """Text in an array, as manifests are; other arrays in their bytes."""
    array = np.load(io.BytesIO(content))
    if array.shape or array.dtype.kind != "U":
        faults = (_flip, _cut, _leave_out, _token)
        return faults[rng.integers(len(faults))](rng, content) or b"\n"
    text = mutated(rng, str(array).encode()).decode(errors="replace")
    written = io.BytesIO()
    np.save(written, np.array(text))
    return written.getvalue()


def _in_json(rng: np.random.Generator, content: bytes) -> bytes:
    tree = json.loads(content)
    for _ in range(rng.integers(1, 3)):
        parents = [node for node in _nodes(tree) if node]
        if not parents:
            break
        node = parents[rng.integers(len(parents))]
        key = list(node)[rng.integers(len(node))] if isinstance(node, dict) else None
        place: Any = key if isinstance(node, dict) else rng.integers(len(node))
        how = rng.random()
        if how < 0.7:
            node[place] = deepcopy(_VALUES[rng.integers(len(_VALUES))])
        elif how < 0.85:
            del node[place]
        elif isinstance(node, dict):
            node[f"{key}_"] = node.pop(key)
        else:
            node[place : place + 1] = [node[place]] * 3
    return json.dumps(tree).encode()


def _nodes(tree: Any) -> list[Any]:
    """All objects and lists of a JSON tree."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    own = [tree] if isinstance(tree, dict | list) else []
    return own + [node for each in inner for node in _nodes(each)]


_PACKED = {
    b"\x1f\x8b": _in_gzip,
    b"PK\x03\x04": _in_zip,
    b"\xfd7zXZ": _in_xz,
    b"\x93NUMPY": _in_npy,
    b"{": _in_json,
}
