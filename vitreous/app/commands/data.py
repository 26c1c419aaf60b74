"""``vitreous data``: data sets of labels that took hours, ready for runs that need them."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from vitreous.core.errors import VitreousError

SUMMARY = "list and load data sets: labels that nobody need compute again"

CARD, SUMS, PACK = "README.md", "SHA256SUMS", "labels.tar.xz"
_SUM = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    parser.description = (
        f"{SUMMARY}. A data set is a folder with a card ({CARD}), a pack of artifacts ({PACK}, as "
        f"'vitreous store pack' writes it) and checksums ({SUMS}). Once it is loaded into a store, "
        "runs find its labels there."
    )
    parser.add_argument(
        "--data",
        default=os.environ.get("VITREOUS_DATA", "data"),
        metavar="FOLDER",
        help="where the data sets lie (default: VITREOUS_DATA, or %(default)s)",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("ls", help="every data set")
    show = actions.add_parser("show", help="the card of a data set")
    load = actions.add_parser("load", help="put a data set into the store")
    for action in (show, load):
        action.add_argument("name", help="the data set's name")
    default = str(Path(os.environ.get("VITREOUS_HOME", ".")) / "store")
    load.add_argument(
        "--store", default=default, metavar="FOLDER", help="the store (default: %(default)s)"
    )


def carry_out(options: argparse.Namespace) -> int:
    """Carry out one action; returns the exit status."""
    folder = Path(options.data)
    if options.action == "ls":
        for one in _sets(folder):
            size = sum(path.stat().st_size for path in one.iterdir()) / 1e6
            sys.stdout.write(f"{one.name:20}  {size:7.2f} MB  {_card(one).splitlines()[0][2:]}\n")
        return 0
    one = _named(folder, options.name)
    if options.action == "show":
        sys.stdout.write(_card(one))
        return 0
    return _load(one, Path(options.store))


def _load(one: Path, folder: Path) -> int:
    from vitreous.core.packs import unpack
    from vitreous.core.store import Store

    for name, wanted in _sums(one).items():
        if hashlib.sha256((one / name).read_bytes()).hexdigest() != wanted:
            raise VitreousError(
                f"{one / name} is not the file that {one / SUMS} names; get it again"
            )
    store = Store(folder)
    new, there = unpack(one / PACK, store)
    sys.stdout.write(f"{new} artifacts loaded into {store.folder}, which had {there} already\n")
    return 0


def _sets(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise VitreousError(
            f"there are no data sets at {folder.absolute()}; name their folder: vitreous data "
            "--data FOLDER ls (the repository has them in data/, packages have not)"
        )
    yield from (path.parent for path in sorted(folder.glob(f"*/{PACK}")))


def _named(folder: Path, name: str) -> Path:
    known = {path.name: path for path in _sets(folder)}
    if name not in known:
        raise VitreousError(
            f"there is no data set '{name}' at {folder}; it has {', '.join(known) or 'none'}"
        )
    return known[name]


def _card(one: Path) -> str:
    try:
        text = (one / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VitreousError(f"the card {one / CARD} cannot be read ({error})") from error
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
    return shown if shown.startswith("# ") else f"# {one.name}\n{shown}"


def _sums(one: Path) -> dict[str, str]:
    """Checksums by file; the pack's is among them."""
    try:
        lines = (one / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise VitreousError(f"the checksums {one / SUMS} cannot be read ({error})") from error
    found = [_SUM.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    if not all(found) or PACK not in sums or not all((one / name).is_file() for name in sums):
        raise VitreousError(
            f"{one / SUMS} is no list of checksums of the files beside it, {PACK} among them; make "
            f"it with: sha256sum *"
        )
    return sums
