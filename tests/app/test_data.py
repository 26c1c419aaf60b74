"""A data set is listed, shown and loaded; runs then find its labels, and simulate nothing."""

import hashlib
import shutil

import pytest
from test_cli import TOY, ended_with
from toy import vitreous


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which a run was made, its labels packed, and a data set made of them."""
    home = tmp_path_factory.mktemp("made")
    assert vitreous(home, *TOY).returncode == 0
    folder = home / "data" / "toys"
    folder.mkdir(parents=True)
    stages = ("--stage", "label", "--stage", "events")
    done = vitreous(home, "store", "pack", str(folder / "labels.tar.xz"), *stages)
    assert done.returncode == 0, done.stderr
    (folder / "README.md").write_text("# Toys\n\nLattices pulled apart. \x1b[31m\n")
    checksum(folder)
    return home


def checksum(folder):
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}"
        for name in ("README.md", "labels.tar.xz")
    ]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")


@pytest.fixture
def home(made, tmp_path):
    shutil.copytree(made / "data", tmp_path / "data")
    return tmp_path


def stages(home):
    return {path.name for path in (home / "store").iterdir()}


def test_data_sets_are_listed_with_their_size_and_title(home):
    done = vitreous(home, "data", "ls")
    size = sum(path.stat().st_size for path in (home / "data" / "toys").iterdir()) / 1e6
    assert done.stdout.split() == ["toys", f"{size:.2f}", "MB", "Toys"]


def test_the_card_is_shown_without_what_moves_the_cursor(home):
    assert vitreous(home, "data", "show", "toys").stdout == (
        "# Toys\n\nLattices pulled apart. ?[31m\n"
    )


def test_a_run_takes_loaded_labels_and_simulates_nothing(made, home):
    done = vitreous(home, "data", "load", "toys")
    assert done.returncode == 0, done.stderr
    assert stages(home) == {"label", "events"}
    done = vitreous(home, *TOY)
    assert done.returncode == 0, done.stderr
    assert stages(home) == stages(made) - {"deform"}
    labels = {path.name for path in (home / "store" / "label").rglob("*.npz")}
    assert labels == {path.name for path in (made / "store" / "label").rglob("*.npz")}


def test_a_further_label_that_needs_no_deformation_simulates_nothing_either(home):
    """Protects packs: their labels come without the deformations that they were made from."""
    assert vitreous(home, "data", "load", "toys").returncode == 0
    done = vitreous(home, *TOY, "+labeler@targets.finer=toy_map", "targets.finer.grid=5")
    assert done.returncode == 0, done.stderr
    assert "deform" not in stages(home)


def test_labels_made_from_a_deformation_are_packed_alone(made):
    done = vitreous(made, "store", "pack", "costly.tar.xz", "--stage", "events", "--from", "deform")
    assert done.returncode == 0, done.stderr
    ended_with(
        vitreous(made, "store", "pack", "new.tar.xz", "--from", "deform"), 2, "no such artifact"
    )


def test_loading_twice_loads_once(home):
    vitreous(home, "data", "load", "toys")
    assert "0 artifacts loaded" in vitreous(home, "data", "load", "toys").stdout


def test_another_place_of_data_sets_is_named_or_set(home, tmp_path):
    (tmp_path / "data").rename(tmp_path / "mine")
    assert "toys" in vitreous(home, "data", "--data", "mine", "ls").stdout
    assert "toys" in vitreous(home, "data", "ls", VITREOUS_DATA="mine").stdout
    ended_with(vitreous(home, "data", "ls"), 2, "; name their folder: vitreous data --data")


def test_an_unknown_name_is_refused_with_those_that_are_known(home):
    ended_with(
        vitreous(home, "data", "load", "boys"),
        2,
        "there is no data set 'boys' at data; it has toys",
    )


def test_a_file_that_differs_from_its_checksum_is_not_loaded(home):
    with (home / "data/toys/labels.tar.xz").open("ab") as stream:
        stream.write(b"more")
    ended_with(vitreous(home, "data", "load", "toys"), 2, "is not the file that")
    assert not (home / "store").exists()


@pytest.mark.parametrize(
    "sums", ["", "nonsense\n", f"{'0' * 64}  README.md\n", f"{'0' * 64}  ../toys/labels.tar.xz\n"]
)
def test_checksums_that_do_not_cover_the_pack_are_refused(home, sums):
    (home / "data/toys/SHA256SUMS").write_text(sums)
    ended_with(vitreous(home, "data", "load", "toys"), 2, "is no list of checksums")


def test_nothing_is_packed_over_a_file_or_of_nothing(made):
    ended_with(
        vitreous(made, "store", "pack", "data/toys/labels.tar.xz"),
        2,
        "data/toys/labels.tar.xz is there",
    )
    ended_with(vitreous(made, "store", "pack", "new.tar.xz", "--stage", "fit"), 2, "no pack holds")
