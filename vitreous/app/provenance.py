"""What an artifact was made from, in words: by stage what differs from the defaults, and between
artifacts of one stage; or everything, artifact by artifact.

Manifests may come from a stranger: whatever they lack counts as damage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vitreous.core.errors import VitreousError
from vitreous.core.registry import Registry, discover, load_class
from vitreous.core.store import Damaged, Entry, Store, plain

_SHOWN = 4  #: values of a field that differs between artifacts
Said = Mapping[str, Any]


def recipe(store: Store, entry: Entry) -> Said:
    """The manifest of an artifact, with what ``why`` needs. Raises Damaged."""
    said = store.manifest(entry)
    made = said.get("recipe")
    if not isinstance(made, dict) or not isinstance(made.get("component", {}), dict):
        raise Damaged("its manifest does not say what it was made from")
    return said


def short(store: Store, entry: Entry) -> Iterator[str]:
    """A paragraph for each component that the artifact goes back to, the nearest first."""
    registry = discover()
    for (stage, target, version), group in _ancestors(store, entry).items():
        count = "" if len(group) == 1 else f"  {len(group)} artifacts"
        yield f"{stage} {group[0][0]}{'' if len(group) == 1 else ' ...'}{count}"
        if target:
            yield f"    {target} version {version}"
        yield from _differing(registry, target, [fields(said) for _, said in group])


def _ancestors(store: Store, entry: Entry) -> dict[tuple[str, str, str], list[tuple[str, Said]]]:
    """(shortened key, manifest) of the artifact and all that it goes back to, each once, by stage,
    target and version.
    """
    found: dict[tuple[str, str, str], list[tuple[str, Said]]] = {}
    seen, waiting = {entry.key}, [entry]
    while waiting:
        each = waiting.pop(0)
        key = each.key[:12]
        try:
            said = recipe(store, each)
        except Damaged as error:
            found.setdefault((each.stage, f"damaged ({error})", "?"), []).append((key, {}))
            continue
        component = said["recipe"].get("component", {})
        kind = each.stage, str(component.get("target", "")), str(component.get("version", ""))
        found.setdefault(kind, []).append((key, said))
        for parent in parents(said):
            if parent not in seen:
                seen.add(parent)
                try:
                    waiting.append(store.find(parent))
                except VitreousError:
                    gone = ("no longer in the store", "", "")
                    found.setdefault(gone, []).append((parent[:12], {}))
    return found


def parents(said: Said) -> list[str]:
    """The keys of the artifacts that one was made from."""
    return _keys(said["recipe"].get("parents", []))


def _keys(named: Any) -> list[str]:
    if isinstance(named, str):
        return [named]
    inner = named.values() if isinstance(named, dict) else named if isinstance(named, list) else ()
    return [key for group in inner for key in _keys(group)]


def fields(said: Said) -> dict[str, Any]:
    """What decides the result: fields of the component, and the rest of the recipe."""
    made = said.get("recipe", {})
    inner = made.get("component", {}).get("fields", {})
    rest = {k: v for k, v in made.items() if k not in ("component", "parents")}
    return {**(inner if isinstance(inner, dict) else {}), **rest}


def _differing(registry: Registry, target: str, group: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines for the fields that are not the default, or not the same in all of the group."""
    usual, lines, hidden = _defaults(registry, target), [], 0
    for name in dict.fromkeys(name for each in group for name in each):
        values = [each.get(name) for each in group]
        several = [v for i, v in enumerate(values) if v not in values[:i]][: _SHOWN + 1]
        if len(several) > 1:
            dots = ", ..." if len(several) > _SHOWN else ""
            lines.append(f"    {name} = {', '.join(map(str, several[:_SHOWN]))}{dots}")
        elif name not in usual or usual[name] != values[0]:
            lines.append(f"    {name} = {values[0]}")
        else:
            hidden += 1
    return [*lines, f"    {hidden} more as by default"] if hidden else lines


def _defaults(registry: Registry, target: str) -> dict[str, Any]:
    """Of an installed component, by field; empty where it is not installed."""
    found = [each for each in registry.all() if each.component.target == target]
    if not found:
        return {}
    return {
        f.name: plain(f.default)
        for f in dataclasses.fields(load_class(found[0]))
        if f.default is not dataclasses.MISSING
    }
