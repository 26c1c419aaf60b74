"""The source that decides what a component computes: its module, and what that imports from its own
distribution, as one digest.

Results of third parties are keyed by it (``vitreous.core.store.identity``): after an edit they are
computed anew. Comments, docstrings, layout and the wording of errors do not enter. Read as text:
nothing is imported, and what was imported is what was read if ``source_of`` is asked at once, as
``registry.load_class`` does.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitreous.core.errors import VitreousError

OWN = "vitreous"  #: whose components are keyed by ``version`` alone; a test compares their sources
LENGTH = 16  #: hexadecimal digits of a digest
_INSTALLED = {"site-packages", "dist-packages"}
_COMPILED = (".so", ".pyd")


def keyed_by_source(cls: type[Any]) -> bool:
    """Whether the results of a component are keyed by its source: those of third parties, unless
    they declare ``keyed_by = "version"``.
    """
    return cls.__module__.partition(".")[0] != OWN and cls.keyed_by == "source"


@cache
def source_of(cls: type[Any]) -> str:
    """The digest of a component's source when this process first asked for it.

    Raises:
        VitreousError: it has no file, as a class that was typed into a notebook.
    """
    files = source_files(cls.__module__)
    if cls.__module__ not in files:
        raise VitreousError(
            f"the source of {cls.__qualname__} is in no file, so its results cannot be "
            "distinguished from those of an earlier one; put the class into a file, or "
            "declare keyed_by = 'version' and count version up with every change"
        )
    each = {name: file_digest(path) for name, path in sorted(files.items())}
    return hashlib.sha256(repr(each).encode()).hexdigest()[:LENGTH]


def refuse_edited(expected: Mapping[type[Any], str]) -> None:
    """Raise VitreousError where this process, a worker that started later, has loaded another
    source than the run began with.
    """
    for cls, digest in expected.items():
        if source_of(cls) != digest:
            raise VitreousError(
                f"the source of {cls.__module__}.{cls.__qualname__} was edited while the run goes "
                "on; run again to compute with the new one: what is stored is kept"
            )


def sources_of(components: Iterable[Any]) -> dict[type[Any], str]:
    """By class: the digests of those components whose results are keyed by it."""
    return {cls: source_of(cls) for cls in map(type, components) if keyed_by_source(cls)}


def source_files(module: str) -> dict[str, Path]:
    """The file of a module and of every module of its distribution that it imports, directly or
    not, by name; the packages around them count where something is imported from them.
    """
    found: dict[str, Path] = {}
    tops = set(_siblings(module.partition(".")[0]))
    left = [module]
    while left:
        name = left.pop()
        path = None if name in found else _file_of(name)
        if path is not None:
            found[name] = path
            names = _imported(path, name, _stamp(path))
            left += [n for n in names if n.partition(".")[0] in tops]
    return found


def _stamp(path: Path) -> tuple[int, int]:
    """Time of the last change and size: what was read of a file holds while they are the same."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@cache
def _parsed(path: Path, _: tuple[int, int]) -> ast.Module:
    return ast.parse(path.read_bytes())


def file_digest(path: Path) -> str:
    """Of what the file computes, the same under every version of Python; compiled ones as they
    are.
    """
    compiled = path.suffix in _COMPILED
    content = path.read_bytes() if compiled else repr(_plain(_parsed(path, _stamp(path)))).encode()
    return hashlib.sha256(content).hexdigest()[:LENGTH]


def _plain(node: Any, *, raising: bool = False) -> Any:
    """A syntax tree as nested tuples, without docstrings, without what later versions of Python
    added as empty, and within ``raise`` without texts.
    """
    if isinstance(node, list):
        return tuple(_plain(item, raising=raising) for item in node)
    if not isinstance(node, ast.AST):
        return repr(node)
    raising = raising or isinstance(node, ast.Raise)
    text = isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    if raising and text:
        return "text"
    parts = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [(n, v[1:] if n == "body" and _documents(v[0]) else v) for n, v in parts]
    return (type(node).__name__, *((n, _plain(v, raising=raising)) for n, v in parts))


def _documents(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


@cache
def _imported(path: Path, name: str, stamp: tuple[int, int]) -> tuple[str, ...]:
    """The modules that a module imports; those that are not installed are names alone."""
    if path.suffix in _COMPILED:
        return ()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: list[str] = []
    for node in ast.walk(_parsed(path, stamp)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            around = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*around, *([node.module] if node.module else [])])
            inner = [f"{module}.{alias.name}" for alias in node.names]
            found += [each if _file_of(each) else module for each in inner]
    return tuple(dict.fromkeys(found))


def _siblings(top: str) -> Iterator[str]:
    """``top``, and the other packages and modules of its distribution: as installed, or beside it
    in its project's folder.
    """
    yield top
    path = _file_of(top)
    folder = None if path is None else path.parents[path.name == "__init__.py"]
    if folder is not None and folder.name not in _INSTALLED:
        yield from (p.stem for p in folder.glob("*.py"))
        yield from (p.parent.name for p in folder.glob("*/__init__.py"))
    for entry in entry_points(group=OWN):
        files = (entry.dist.files if entry.dist else None) or ()
        names = {f.parts[0].removesuffix(".py") for f in files if f.suffix == ".py"}
        if top in names | {entry.module.partition(".")[0]}:
            yield from names


@cache
def _file_of(name: str) -> Path | None:
    """The file of a module; None for a namespace, a built-in one, or what is no module."""
    top, *rest = name.split(".")
    if name == "__main__":
        given = getattr(sys.modules[name], "__file__", None)
        return Path(given) if given else None
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        path = Path(spec.origin) if spec.origin and spec.has_location else None
        return path if path is not None and path.is_file() else None
    for root in spec.submodule_search_locations or ():
        base = Path(root, *rest)
        compiled = (p for ending in _COMPILED for p in base.parent.glob(f"{base.name}.*{ending}"))
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py"), *compiled):
            if path.is_file():
                return path
    return None
