"""``vitreous store``: list, explain, verify, export, pack and clean artifacts."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.core.errors import VitreousError

if TYPE_CHECKING:
    from vitreous.core.store import Entry, Store

SUMMARY = "look into the artifact store"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command understands."""
    default = str(Path(os.environ.get("VITREOUS_HOME", ".")) / "store")
    parser.add_argument(
        "--store", default=default, metavar="FOLDER", help="the store (default: %(default)s)"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("ls", help="every artifact")
    why = actions.add_parser("why", help="what an artifact was made from")
    why.add_argument("key", help="the key, or its beginning")
    why.add_argument(
        "--all",
        action="store_true",
        help="every artifact that it goes back to, and every field, not only what differs",
    )
    verify = actions.add_parser("verify", help="read everything and compare checksums")
    verify.add_argument(
        "--set-aside",
        action="store_true",
        help="rename what is damaged to *.damaged, so that `work` and `status` miss it, too",
    )
    export = actions.add_parser("export", help="write an artifact in another format")
    export.add_argument("key", help="the key, or its beginning")
    export.add_argument(
        "--to", required=True, choices=("extxyz", "lammps", "csv"), help="the format"
    )
    export.add_argument("--out", help="the file (default: KEY.FORMAT here)")
    pack = actions.add_parser("pack", help="write artifacts into one file, to pass on")
    pack.add_argument("out", metavar="FILE", help="the pack, a .tar.xz")
    pack.add_argument(
        "--stage", action="append", help="of these stages; repeat for several (default: label)"
    )
    pack.add_argument(
        "--from",
        dest="parent",
        metavar="STAGE",
        help="only what was made from this stage, such as deform: labels that took simulating",
    )
    actions.add_parser("gc", help="remove leftovers of killed runs and damaged files")


def carry_out(options: argparse.Namespace) -> int:
    """Carry out one action; returns the exit status."""
    from vitreous.core.store import Store

    store = Store(options.store)
    if not store.folder.is_dir():
        raise VitreousError(
            f"there is no store at {store.folder}; name one with: vitreous store --store FOLDER "
            f"{options.action}"
        )
    actions: dict[str, Callable[[Store, argparse.Namespace], int]] = {
        "ls": _ls,
        "why": _why,
        "verify": _verify,
        "export": _export,
        "pack": _pack,
        "gc": _gc,
    }
    return actions[options.action](store, options)


def _say(line: str) -> None:
    """A line; manifests of a stranger move no cursor."""
    shown = line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
    sys.stdout.write(shown + "\n")


def _ls(store: Store, options: argparse.Namespace) -> int:
    from vitreous.core.store import LATER, Damaged, Later

    total = 0
    for entry in store.entries():
        try:
            size = entry.size
        except FileNotFoundError:
            continue  # a run has moved it aside meanwhile, or it is a link to nothing
        total += size
        try:
            manifest = store.manifest(entry)
            sample = manifest.get("sample")
            about = (
                f"{'' if sample is None else f'sample {sample}':10}  "
                f"{float(manifest.get('seconds', 0.0)):9.3f} s  {manifest.get('created', '')}"
            )
        except (Damaged, TypeError, ValueError) as error:
            about = f"{LATER if isinstance(error, Later) else 'damaged'}: {error}"
        _say(f"{entry.stage:10}  {entry.key[:12]}  {size / 1e6:9.3f} MB  {about}")
    _say(f"{total / 1e6:.3f} MB in {store.folder}")
    return 0


def _why(store: Store, options: argparse.Namespace) -> int:
    from vitreous.app.provenance import short

    entry = store.find(options.key)
    if options.all:
        _explain(store, entry, 0)
        return 0
    for line in short(store, entry):
        _say(line)
    return 0


def _explain(store: Store, entry: Entry, depth: int) -> None:
    """The recipe of an artifact, and below it those of its parents."""
    from vitreous.app.provenance import fields, parents, recipe
    from vitreous.core.store import Damaged

    pad = "  " * depth
    try:
        manifest = recipe(store, entry)
    except Damaged as error:
        _say(f"{pad}{entry.stage} {entry.key[:12]}: damaged ({error})")
        return
    made = manifest["recipe"]
    component = made.get("component", {})
    _say(
        f"{pad}{entry.stage} {entry.key[:12]}  {component.get('target', '')} version "
        f"{component.get('version', '')}  ({manifest.get('provider', '')})"
    )
    for name, value in fields(manifest).items():
        _say(f"{pad}    {name} = {value}")
    _say(
        f"{pad}    computed in {manifest.get('seconds')} s on {manifest.get('host')} at "
        f"{manifest.get('created')}, "
        f"python {manifest.get('python')}, numpy {manifest.get('numpy')}"
    )
    for key in parents(manifest):
        try:
            _explain(store, store.find(key), depth + 1)
        except VitreousError:
            _say(f"{pad}  {key[:12]}  (no longer in the store)")


def _verify(store: Store, options: argparse.Namespace) -> int:
    """Status 1 if anything is damaged; nothing is changed, unless --set-aside is given."""
    from vitreous.core.store import LATER

    anew = "the next run, or `vitreous work`, computes these anew"
    if not options.set_aside:
        anew = (
            "the next run computes these anew; `vitreous work` does once you have typed: vitreous "
            f"store --store {shlex.quote(str(store.folder))} verify --set-aside"
        )
    good = bad = later = 0
    for entry in store.entries():
        wrong = store.verify(entry)
        if wrong.startswith(LATER):
            later += 1
            _say(f"not read: {entry.path} ({wrong})")
        elif wrong:
            bad += 1
            _say(f"damaged: {entry.path} ({wrong})")
            if options.set_aside:
                store.set_aside(entry.path, wrong)
        else:
            good += 1
    _say(
        f"{good} artifacts are whole, {bad} damaged"
        + (f"; {anew}" if bad else "")
        + (f"; {later} are of a later version of Vitreous: install it to read them" * bool(later))
    )
    return 1 if bad or later else 0


def _pack(store: Store, options: argparse.Namespace) -> int:
    from vitreous.core.packs import pack, selected

    out = Path(options.out)
    chosen = list(selected(store, options.stage or ["label"], options.parent))
    if not chosen:
        raise VitreousError(
            f"{store.folder} has no such artifact; see what it has with: vitreous store ls"
        )
    if out.exists() or not out.parent.is_dir():
        raise VitreousError(f"{out} is there already, or its folder is not; name another file")
    _say(f"{pack(chosen, out)} artifacts, {out.stat().st_size / 1e6:.3f} MB: {out}")
    return 0


def _gc(store: Store, options: argparse.Namespace) -> int:
    sizes = store.clean(damaged=True)
    _say(
        f"removed {len(sizes)} leftovers of killed runs and damaged files, "
        f"{sum(sizes) / 1e6:.3f} MB"
    )
    return 0


def _export(store: Store, options: argparse.Namespace) -> int:
    from vitreous.app.exporting import write_structure, write_values

    entry = store.find(options.key)
    found = store.get(entry.stage, entry.key)
    if found is None:
        raise VitreousError(
            f"{entry.path} was damaged and has been moved aside; run the command that made it again"
        )
    out = Path(
        options.out or f"{entry.key[:12]}.{'data' if options.to == 'lammps' else options.to}"
    )
    if options.to == "csv":
        write_values(found[0], out)
    else:
        write_structure(found[0], out, options.to)
    _say(str(out))
    return 0
