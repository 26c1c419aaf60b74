"""Where configurations come from: the ``conf`` folder beside each plugin's declaring module, found
without importing any of its code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from vitreous.core.errors import VitreousError
from vitreous.core.registry import plugin_entry_points

BUILT_IN = "vitreous.plugins"
OWN = Path(__file__).parents[1] / "conf"


@dataclass(frozen=True, kw_only=True)
class ConfigFolder:
    """One folder of configuration groups, and the distribution it belongs to."""

    plugin: str
    provider: str
    path: Path

    def files(self) -> list[str]:
        """Group/name.yaml of everything in it."""
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*.yaml"))


def plugin_folders() -> list[ConfigFolder]:
    """The folders of third parties; for an entry point ``pkg.plugin`` that is ``pkg/plugin/conf``
    or ``pkg/conf``.
    """
    folders = []
    for entry in plugin_entry_points():
        path = None if entry.value == BUILT_IN else config_folder(entry)
        if path is not None:
            provider = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            folders.append(ConfigFolder(plugin=entry.name, provider=provider, path=path))
    return folders


def unwrapped(text: str) -> str:
    """A configuration with every field and its comment on one line: lists go on in the line after a
    comma, comments in lines that begin with ``#`` and three spaces.
    """
    return re.sub(r"\n *#   +", " ", re.sub(r",\n +(?=[^#]*\])", ", ", text))


def config_folder(entry: EntryPoint) -> Path | None:
    """The folder that belongs to one entry point, if there is one."""
    if entry.value == BUILT_IN:
        return OWN
    top, *rest = entry.value.partition(":")[0].split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for depth in (len(rest), len(rest) - 1):
            folder = Path(root, *rest[: max(depth, 0)], "conf")
            if folder.is_dir():
                return folder
    return None


def refuse_duplicates(folders: list[ConfigFolder]) -> None:
    """Raise VitreousError if two packages ship the same group/name.yaml, which Hydra would settle
    silently.
    """
    own = ConfigFolder(plugin="builtin", provider="vitreous", path=OWN)
    seen: dict[str, ConfigFolder] = {}
    for folder in (own, *folders):
        for file in folder.files():
            if file in seen:
                raise VitreousError(
                    f"two packages ship the configuration {file}: {seen[file].provider} "
                    f"({seen[file].path}) and {folder.provider} "
                    f"({folder.path}); uninstall one, or rename its component"
                )
            seen[file] = folder
