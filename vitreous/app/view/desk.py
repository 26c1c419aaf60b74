"""What is open: a file or a run in the folder that the server was started in, or something that
the page sent.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from vitreous.app.view.opened import CURVE, FRAMES, RUN, Opened
from vitreous.core.errors import VitreousError

_DEEP, _MOST = 3, 500  # folders below the first, files that are listed
_LOOKED_AT = 20_000  # names, of all: a store beside the glasses holds many more
Answer = dict[str, Any]


class Desk:
    """One folder, and what of it is open.

    Args:
        folder: nothing outside of it is read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._sent = tempfile.TemporaryDirectory(prefix="vitreous-view-")
        self.opened: Any = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where what is opened lies."""
        return self.folder, Path(self._sent.name).resolve()

    def files(self) -> list[Answer]:
        """What of the folder can be opened, by kind."""
        found = []
        for path in islice(self._candidates(self.folder, _DEEP), _LOOKED_AT):
            kind = kind_of(path)
            if kind:
                found.append({"name": path.relative_to(self.folder).as_posix(), "kind": kind})
            if len(found) == _MOST:
                break
        return found

    def open(self, name: str) -> Answer:
        """Open what the folder has under ``name``; returns what the page draws.

        Raises:
            VitreousError: for a name outside the folder, or what is nothing that is opened.
        """
        return self._take(self.path_of(name), name)

    def name_types(self, names: Sequence[str]) -> Answer:
        """Open the same file again, its types 1, 2, ... called by these names."""
        if self.opened is None or self.opened.kind != "glass":
            raise VitreousError("no glass whose types have no names is open; open one first")
        self.opened.assumed = tuple(str(name)[:20] for name in names)
        return {"kind": "glass", "name": self.opened.name, **self.opened.page()}

    def open_run(self, name: str) -> Any:
        """A run in the folder, beside what is open."""
        from vitreous.core.run import Run

        return Run.open(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """The path of a name in the folder. Raises VitreousError for one that leaves it."""
        if "\0" in name:
            raise VitreousError("a name holds a zero byte; choose a file of the list")
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder):
            raise VitreousError(
                f"'{name[:80]}' lies outside the folder that vitreous view was started in"
            )
        if not path.exists():
            raise VitreousError(f"'{name[:80]}' is not there any more; open another file")
        return path

    def receive(self, name: str, content: bytes) -> Answer:
        """Open a file that the page sent; it is kept until the server ends."""
        from vitreous.io.micrographs import ENDINGS as IMAGES
        from vitreous.io.read import ENDINGS

        plain = re.sub(r"[^A-Za-z0-9._+-]", "_", Path(name).name).lstrip(".")[-100:] or "file"
        if not content:
            raise VitreousError(f"'{plain}' is empty; send a glass or a micrograph")
        if b"\0" in content[:4096] and not plain.lower().endswith((*IMAGES, ".gz", ".traj")):
            raise VitreousError(
                f"'{plain}' is neither text nor an image; expected a glass "
                f"({', '.join(ENDINGS[:4])}, ...) or a micrograph ({', '.join(IMAGES)})"
            )
        path = Path(self._sent.name).resolve() / plain
        path.write_bytes(content)
        return self._take(path, plain)

    def close(self) -> None:
        """Remove what was sent."""
        self._sent.cleanup()

    def _take(self, path: Path, name: str) -> Answer:
        from vitreous.app.view.deformations import Walked
        from vitreous.app.view.image import Image
        from vitreous.app.view.runs import Finished

        kinds: dict[str, Any] = {
            "image": Image,
            "run": Finished,
            "deformation": Walked,
            "glass": Opened,
        }
        kind = kind_of(path)
        if not kind and path.is_dir():
            raise VitreousError(
                f"'{name}' is a folder without a run ({RUN}) or a deformation ({CURVE}); open a "
                "file in it"
            )
        sent = path.is_relative_to(Path(self._sent.name).resolve())
        opened = kinds[kind or "glass"](name=name, path=path, sent=sent)
        page = opened.page()
        self.opened = opened
        return {"kind": opened.kind, "name": name, "sent": sent, **page}

    def _candidates(self, folder: Path, deep: int) -> Iterator[Path]:
        """Files and folders below, those that can be opened as a whole not entered; links are
        passed over.
        """
        try:
            inside = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
        except OSError:
            return
        for path in inside:
            if path.is_symlink() or path.name.startswith((".", "_")):
                continue
            yield path
            if deep and path.is_dir() and not kind_of(path):
                yield from self._candidates(path, deep - 1)


def kind_of(path: Path) -> str:
    """As what a path is opened: "glass", "image", "deformation" or "run"; empty for none."""
    from vitreous.io.micrographs import is_image
    from vitreous.io.read import ENDINGS

    if path.is_dir():
        if (path / RUN).is_file():
            return "run"
        return "deformation" if all((path / each).is_file() for each in (CURVE, FRAMES)) else ""
    if is_image(path):
        return "image"
    name = path.name.lower().removesuffix(".gz")
    return "glass" if name.endswith(ENDINGS) and not name.endswith(".json") else ""
