"""A pack brings artifacts from one store to another as they were, and nothing else."""

import io
import json
import tarfile
import zipfile

import numpy as np
import pytest

from vitreous.core.errors import VitreousError
from vitreous.core.packs import pack, selected, unpack
from vitreous.core.store import Store, key_of


def put(store, stage, number, parents=()):
    recipe = {"number": number}
    key = key_of({"stage": stage, **recipe})
    manifest = {"recipe": recipe, "parent_stages": list(parents), "seconds": 2.5}
    store.put(stage, key, {"x": np.arange(number, dtype=np.float64)}, manifest)
    return key


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    put(store, "label", 3, ["relax", "deform"])
    put(store, "label", 4, ["relax"])
    put(store, "deform", 5, ["relax"])
    put(store, "fit", 6)
    return store


@pytest.fixture
def packed(store, tmp_path):
    pack(selected(store, ["label", "deform"]), tmp_path / "pack.tar.xz")
    return tmp_path / "pack.tar.xz"


def members_of(packed):
    with tarfile.open(packed) as archive:
        return [(member.name, archive.extractfile(member).read()) for member in archive]


def tampered(packed, change, kind=tarfile.REGTYPE):
    """The pack with ``change(name, bytes) -> (name, bytes)`` applied to every member."""
    members = [change(*member) for member in members_of(packed)]
    with tarfile.open(packed, "w:xz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(content), kind, "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    return packed


def files(store):
    return {path.name: path.read_bytes() for path in store.folder.rglob("*.npz")}


def test_stages_and_parents_choose_what_is_packed(store):
    def chosen(*arguments):
        return sorted((e.stage, store.manifest(e)["recipe"]["number"]) for e in arguments[0])

    assert chosen(selected(store, ["label"])) == [("label", 3), ("label", 4)]
    assert chosen(selected(store, ["label"], "deform")) == [("label", 3)]
    assert chosen(selected(store, ["label", "deform"], "relax")) == [
        ("deform", 5),
        ("label", 3),
        ("label", 4),
    ]
    with pytest.raises(VitreousError, match="no pack holds the stage 'fit'; expected generate"):
        list(selected(store, ["fit"]))


def test_damaged_artifacts_are_left_out(store):
    victim = next(e for e in store.entries() if e.stage == "deform")
    content = bytearray(victim.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.path.write_bytes(content)
    assert [e.stage for e in selected(store, ["label", "deform"])] == ["label", "label"]


def test_values_and_manifests_arrive_as_they_were(store, packed, tmp_path):
    other = Store(tmp_path / "other")
    assert unpack(packed, other) == (3, 0)
    for entry in selected(store, ["label", "deform"]):
        value, manifest = store.get(entry.stage, entry.key)
        copy, its = other.get(entry.stage, entry.key)
        assert np.array_equal(value["x"], copy["x"])
        assert manifest == its
    assert unpack(packed, other) == (0, 3)


def test_earlier_packs_that_were_zips_are_read(packed, tmp_path):
    """Every version up to 0.1 wrote them so."""
    with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_LZMA) as archive:
        for name, content in members_of(packed):
            archive.writestr(name, content)
    assert unpack(tmp_path / "pack.zip", Store(tmp_path / "other")) == (3, 0)


def test_arrays_that_artifacts_repeat_take_their_room_once(tmp_path):
    store, sizes = Store(tmp_path / "store"), []
    glass = np.random.default_rng(0).normal(size=(1000, 2))
    for count in (1, 20):
        for number in range(count):
            key = key_of({"stage": "label", "number": number})
            store.put("label", key, {"x": glass}, {"recipe": {"number": number}})
        pack(selected(store, ["label"]), tmp_path / "pack.tar.xz")
        sizes.append((tmp_path / "pack.tar.xz").stat().st_size)
    assert sizes[1] < 1.5 * sizes[0]


def test_what_the_store_has_is_kept(packed, tmp_path):
    other = Store(tmp_path / "other")
    key = put(other, "label", 3, ["elsewhere"])
    assert unpack(packed, other) == (2, 1)
    assert other.get("label", key)[1]["parent_stages"] == ["elsewhere"]


def test_the_same_artifacts_make_the_same_bytes(store, packed, tmp_path):
    pack(selected(store, ["label", "deform"]), tmp_path / "again.tar.xz")
    assert (tmp_path / "again.tar.xz").read_bytes() == packed.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "../../label/{hh}/{key}.npz",
        "/label/{hh}/{key}.npz",
        "fit/{hh}/{key}.npz",
        "label/00/{key}.npz",
        "label/{hh}/{key}.py",
        "label/{hh}/short.npz",
    ],
)
def test_names_that_are_no_artifacts_are_refused(packed, tmp_path, name):
    def change(member, content):
        key = member.split("/")[-1].removesuffix(".npz")
        hh = "11" if "00" in name and key.startswith("00") else key[:2]
        return name.format(hh=hh, key=key), content

    other = Store(tmp_path / "other")
    with pytest.raises(VitreousError, match="no whole pack"):
        unpack(tampered(packed, change), other)
    assert not files(other)


def test_a_recipe_of_another_artifact_is_refused(store, packed, tmp_path):
    """Nobody's labels can be replaced by those of another glass."""
    forged = Store(tmp_path / "forged")
    key = key_of({"stage": "label", "number": 3})
    forged.put("label", key, {"x": np.zeros(3)}, {"recipe": {"number": 4}})
    pack(list(forged.entries()), tmp_path / "forged.tar.xz")
    with pytest.raises(VitreousError, match="belongs to another artifact"):
        unpack(tmp_path / "forged.tar.xz", Store(tmp_path / "other"))


def test_one_damaged_member_leaves_the_store_as_it_was(packed, tmp_path):
    other = Store(tmp_path / "other")

    def change(member, content):
        return member, content if "deform" in member else content[: len(content) // 2]

    with pytest.raises(VitreousError, match="is damaged"):
        unpack(tampered(packed, change), other)
    assert not files(other)


def test_links_are_refused(packed, tmp_path):
    def change(member, content):
        return member, b""

    with pytest.raises(VitreousError, match="what is no file"):
        unpack(tampered(packed, change, tarfile.SYMTYPE), Store(tmp_path / "other"))


def test_a_pack_that_was_cut_short_is_refused(packed, tmp_path):
    content = packed.read_bytes()
    for kept in (10, len(content) // 2, len(content) - 20):
        packed.write_bytes(content[:kept])
        with pytest.raises(VitreousError, match="no whole pack"):
            unpack(packed, Store(tmp_path / "other"))
    assert not files(Store(tmp_path / "other"))


def test_a_pack_that_grows_beyond_measure_is_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr("vitreous.core.packs.LARGEST", 1000)
    with pytest.raises(VitreousError, match="more than 1000 bytes"):
        unpack(packed, Store(tmp_path / "other"))


@pytest.mark.parametrize("content", [b"", b"no pack", json.dumps({"a": 1}).encode()])
def test_other_files_are_no_packs(tmp_path, content):
    (tmp_path / "pack.tar.xz").write_bytes(content)
    with pytest.raises(VitreousError, match="; get it again"):
        unpack(tmp_path / "pack.tar.xz", Store(tmp_path / "other"))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(VitreousError, match="cannot be read"):
        unpack(tmp_path / "missing.tar.xz", Store(tmp_path / "other"))
    with pytest.raises(VitreousError, match="no whole pack"):
        unpack(tmp_path, Store(tmp_path / "other"))
