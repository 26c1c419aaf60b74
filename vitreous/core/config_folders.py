"""Where configurations come from: the ``conf`` folder beside each plugin's declaring module, found
without importing any of its code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from vitreous.core.errors import VitreousError
from vitreous.core.registry import Registered, plugin_entry_points

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


def duplicates(folders: Sequence[ConfigFolder]) -> dict[str, str]:
    """Each group/name.yaml that two packages ship, of which Hydra would take one silently, and a
    sentence that names both.
    """
    own = ConfigFolder(plugin="builtin", provider="vitreous", path=OWN)
    seen: dict[str, ConfigFolder] = {}
    found = {}
    for folder in (own, *folders):
        for file in folder.files():
            if file in seen:
                which = "one" if seen[file].path != OWN else folder.provider.partition(" ")[0]
                found[file] = (
                    f"two packages ship the configuration {file}: {seen[file].provider} "
                    f"({seen[file].path}) and {folder.provider} "
                    f"({folder.path}); uninstall {which}, or rename its component"
                )
            seen[file] = folder
    return found


def refuse_duplicates(found: Mapping[str, str], choices: Mapping[str, str | None]) -> None:
    """Raise VitreousError if a job chose a configuration that two packages ship, or one that may
    build on such a part (``_name.yaml`` in the same group). ``choices``: name by group, as Hydra
    has them, possibly ``group@package``.
    """
    chosen = {f"{group.partition('@')[0]}/{name}.yaml" for group, name in choices.items() if name}
    groups = {file.rpartition("/")[0] for file in chosen}
    for file, sentence in found.items():
        group, _, name = file.rpartition("/")
        if file in chosen or (name.startswith("_") and group in groups):
            raise VitreousError(sentence)


def missing_file(registered: Registered) -> str:
    """A sentence on the file that lacks where a component is installed but has no configuration;
    empty where it has one.
    """
    component, provider = registered.component, registered.provider
    file = f"{component.kind}/{component.name}.yaml"
    for entry in plugin_entry_points():
        if entry.dist is None or f"{entry.dist.name} {entry.dist.version}" != provider:
            continue
        folder = config_folder(entry)
        if folder is not None and (folder / file).is_file():
            return ""
        where = f"a folder conf beside {entry.value}, with " if folder is None else f"{folder}/"
        return (
            f"{component.kind} '{component.name}' of {provider} is installed, but it has no "
            f"configuration: its package lacks {where}{file}"
        )
    return ""
