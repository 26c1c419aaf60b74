"""Configurations composed by Hydra: it knows those of installed packages, and what is refused is
refused before anything that a configuration names is imported or called.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.core.errors import VitreousError

if TYPE_CHECKING:
    from vitreous.core.config_folders import ConfigFolder


def composed(overrides: Sequence[str], folder: str | None) -> dict[str, Any]:
    """The configuration that ``run`` would be given, as plain values; nothing is run or written.
    ``folder``: of further configurations.

    Raises:
        VitreousError: what Hydra refuses, or a configuration may not do.
    """
    from hydra import compose, initialize_config_module
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from vitreous.app.explain import explain

    given = list(overrides)
    if folder is not None:
        if not Path(folder).is_dir():
            raise VitreousError(f"--config-dir is {folder}, which is no folder; name one that is")
        given.append(f"hydra.searchpath=['file://{Path(folder).absolute()}']")
    prepare_hydra(looking=False)
    try:
        with initialize_config_module("vitreous.conf", version_base="1.3"):
            plain: Any = OmegaConf.to_container(compose("config", given), resolve=True)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise VitreousError(explain(error)) from error
    return plain


def prepare_hydra(looking: bool) -> None:
    """Have Hydra know the configurations of installed packages and, unless it is only ``looking``
    into one, refuse what a configuration may not do.
    """
    from hydra._internal import hydra as hydra_core
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    from vitreous.app.sweeper import sweeper
    from vitreous.core.config_folders import plugin_folders

    folders = plugin_folders()

    class PluginConfigs(SearchPathPlugin):
        """The configurations that installed packages bring along."""

        def manipulate_search_path(self, search_path: Any) -> None:
            for folder in folders:
                search_path.append(provider=f"plugin:{folder.plugin}", path=f"file://{folder.path}")

    _refuse_keys_twice()
    Plugins.instance().register(PluginConfigs)
    Plugins.instance().register(sweeper())
    checked = _each_once(ConfigLoaderImpl, folders)
    loader = checked if looking else _limited(checked, [str(folder.path) for folder in folders])
    hydra_core.ConfigLoaderImpl = loader  # pyright: ignore[reportPrivateImportUsage]


def _refuse_keys_twice() -> None:
    """Have Hydra's parser refuse a key that one mapping of an override has twice, as in
    ``targets={a:{...},a:{...}}``: it takes the last without a word.
    """
    from hydra.core.override_parser import overrides_parser
    from hydra.core.override_parser.overrides_visitor import HydraOverrideVisitor

    class KeysOnce(HydraOverrideVisitor):
        def visitDictContainer(self, ctx: Any) -> dict[str, Any]:
            found = super().visitDictContainer(ctx)
            keys = [str(pair.dictKey().getText()) for pair in ctx.dictKeyValuePair()]
            if len(keys) > len(found):
                twice = next(key for key in keys if keys.count(key) > 1)
                text = ctx.start.getInputStream().getText(ctx.start.start, ctx.stop.stop)
                raise VitreousError(f"'{twice}' is given twice in {text}; leave one of them out")
            return found

    overrides_parser.HydraOverrideVisitor = KeysOnce  # pyright: ignore[reportPrivateImportUsage]


def _each_once(loader: Any, folders: Sequence[ConfigFolder]) -> Any:
    """Hydra's ``loader``, which refuses a choice that two packages ship."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    from vitreous.app.explain import explain
    from vitreous.core.config_folders import duplicates, refuse_duplicates

    found = duplicates(folders)

    class EachOnce(loader):
        def load_configuration(self, *what: Any, **more: Any) -> Any:
            try:
                config = super().load_configuration(*what, **more)
            except (HydraException, OmegaConfBaseException, YAMLError):
                raise  # explained by those who called
            except (ValueError, TypeError, AttributeError, RecursionError, OSError) as error:
                raise VitreousError(explain(error)) from error
            refuse_duplicates(found, config.hydra.runtime.choices)
            return config

    return EachOnce


def _limited(loader: Any, plugins: Sequence[str]) -> Any:
    """Hydra's ``loader``, which looks every configuration through before Hydra makes, imports or
    calls anything that it names; ``plugins`` are the folders of those that installed packages
    bring.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path
    from hydra.errors import HydraException
    from omegaconf import OmegaConf

    from vitreous.app import limits
    from vitreous.core.allowed import HYDRA, allowed

    class Limited(loader):
        def load_configuration(
            self, config_name: Any, overrides: Any, *rest: Any, **more: Any
        ) -> Any:
            config = super().load_configuration(config_name, overrides, *rest, **more)
            limits.refuse_code(plain := _plain(config))
            limits.refuse_name(config.name)
            sources = [(s.schema, s.path) for s in config.hydra.runtime.config_sources]
            strange = limits.from_elsewhere(sources, plugins)
            if strange and not allowed(HYDRA):
                installed = ConfigLoaderImpl(create_config_search_path("pkg://vitreous.conf"))
                try:
                    own = installed.load_configuration(
                        "config", limits.own_overrides(overrides), *rest, **more
                    )
                except HydraException as error:
                    raise VitreousError(
                        f"a configuration in {strange[0]} is named by hydra, home, store, runs, "
                        f"tracker or executor on the command line ({error}); name one that is "
                        "installed"
                    ) from error
                limits.refuse_strange(plain, _plain(own), strange[0])
            return config

    def _plain(config: Any) -> Any:
        return OmegaConf.to_container(config, resolve=False)

    return Limited
