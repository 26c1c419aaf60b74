"""Hydra's way to ``vitreous.app.sweep``: what the jobs vary, as Hydra's parser reads it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from vitreous.app.sweep import Varied, sweep

_WHOLE = re.compile(r"interval\(\s*[+-]?\d+\s*,\s*[+-]?\d+\s*\)")


def sweeper() -> Any:
    """The class that ``hydra/sweeper: vitreous`` names."""
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from omegaconf import OmegaConf

    class Sweeper(BasicSweeper):
        """Parses what the jobs vary, and hands over."""

        def sweep(self, arguments: list[str]) -> Any:
            config, context, launcher = self.config, self.hydra_context, self.launcher
            assert config is not None and context is not None and launcher is not None
            parser = OverridesParser.create(config_loader=context.config_loader)
            overrides = parser.parse_overrides([*self._parse_config(), *arguments])
            folder = Path(config.hydra.sweep.dir)
            folder.mkdir(parents=True, exist_ok=True)
            OmegaConf.save(config, folder / "multirun.yaml")
            settings: Any = OmegaConf.to_container(config.sweep, resolve=True)
            return sweep(
                [_varied(override) for override in overrides],
                settings,
                folder,
                self.validate_batch_is_legal,
                lambda jobs, first: launcher.launch(jobs, initial_job_idx=first),
                together=not isinstance(launcher, BasicLauncher),
            )

    # Hydra takes plugins from modules of this name alone, and finds them by it
    name = "hydra_plugins.vitreous"
    Sweeper.__module__, Sweeper.__qualname__ = name, "Sweeper"
    parent, module = ModuleType("hydra_plugins"), ModuleType(name)
    parent.__path__ = []
    vars(module)["Sweeper"] = Sweeper
    sys.modules.setdefault("hydra_plugins", parent)
    sys.modules[name] = module
    return Sweeper


def _varied(override: Any) -> Varied:
    """What an override takes in a sweep."""
    key = override.get_key_element()
    if not override.is_sweep_override():
        return Varied(key, (override.get_value_element_as_str(),))
    if override.is_discrete_sweep():
        return Varied(key, tuple(map(str, override.sweep_string_iterator())))
    ends = override.value()
    # Hydra makes floats of both ends; how they were written tells whole numbers from others
    whole = _WHOLE.search(override.input_line) is not None or isinstance(ends.start, int)
    return Varied(
        key, interval=(ends.start, ends.end), whole=whole, log="log" in (ends.tags or set())
    )
