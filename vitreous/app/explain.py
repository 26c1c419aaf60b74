"""Hydra's complaints about a command line, each as one sentence with a suggestion.

Works on what the exceptions carry, not on their types, so that this module does not import Hydra.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from vitreous.core.config_folders import OWN, missing_file, plugin_folders
from vitreous.core.plugin import KINDS
from vitreous.core.registry import discover, suggest

_SENTENCES = {
    r"Could not override '([^']+)'\. ?No match in the defaults list": (
        "'{}' is no choice of this configuration; see the choices with: vitreous run --cfg job, "
        "or vitreous list"
    ),
    r"Multiple values for ([^ ]+)\.": "{} is given twice; leave one of them out",
    r"Config group override must be a string or a list. Got (NoneType)": (
        "a component cannot be null on the command line; leave an optional one out with ~NAME, "
        "e.g. ~indicators"
    ),
    r"Config group override must be a string or a list. Got (\w+)": (
        "a component or recipe is chosen by its name, but a value of type {} was given; see the "
        "names with: vitreous list"
    ),
    r"Error merging override ([^=]+)=": (
        "{} was given a value of another kind, a mapping in place of a list or the reverse; see "
        "what it takes with: vitreous run --cfg job"
    ),
    r"Ambiguous value for argument '([^']+)'": (
        "'{}' gives several values: add -m for a sweep (vitreous run -m ...), or quote a list: "
        "'key=[a,b]'"
    ),
}

#: of Hydra, which reads abbreviations, too
_OPTIONS = (
    *("--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run"),
    *("--multirun", "--shell-completion", "--config-path", "--config-name", "--config-dir"),
    *("--experimental-rerun", "--info"),
)
_ALIKE = 0.75  #: so that a field written as an option is not taken for an option misspelt
_HELP = "vitreous run --help"
#: groups whose members in folders serve those above them, and are not chosen by themselves
_SERVING = ("scale", "debug")
#: groups whose members are recipes or changes to one, not keys of a configuration
_CHOSEN = ("experiment", "scale", "debug")
#: groups of which experiment=files takes the member named as the potential
_FOLLOWING = ("descriptor/of", "descriptor/indicators_of")


def explain(error: BaseException) -> str:
    """One sentence for an exception of Hydra or OmegaConf."""
    first = _first_line(error)
    if (mark := getattr(error, "problem_mark", None)) is not None:  # of YAML
        return (
            f"{mark.name} cannot be read as YAML: {getattr(error, 'problem', first)}, in line "
            f"{mark.line + 1}; correct it there"
        )
    if (missing := getattr(error, "missing_cfg_file", None)) is not None:
        return _missing_config(str(missing), getattr(error, "options", None) or ())
    if type(error).__name__ == "OverrideParseException":
        return _unreadable(getattr(error, "override", ""))
    for pattern, sentence in _SENTENCES.items():
        if match := re.match(pattern, " ".join(str(error).split())):
            return sentence.format(match[1])
    if match := re.match(r"Could not override '([^']+)'", first):
        return _unknown_key(match[1], error.__cause__)
    match = re.search(r"In '[^']*': (.*)", first)
    return match[1] if match else first


def _unreadable(override: str) -> str:
    if override in set(_configurations("experiment")):
        return f"'{override}' alone says nothing; did you mean experiment={override}?"
    return (
        f"cannot read '{override}': write KEY=VALUE, and quote a value with spaces, commas or "
        "brackets: 'key=\"a, b\"'"
    )


def dashed(arguments: Iterable[str]) -> str | None:
    """One sentence for the first override that was written as an option; None without any."""
    for given in arguments:
        name = given.partition("=")[0]
        if not re.fullmatch(r"--[a-z_][\w.-]*", name):
            continue
        # what abbreviates --experimental-rerun to Hydra is a recipe to everyone else
        if name == "--experiment" or not any(option.startswith(name) for option in _OPTIONS):
            close = get_close_matches(name, _OPTIONS, n=1, cutoff=_ALIKE)
            if close and "=" not in given and name != "--experiment":
                return f"'{name}' is no option of run; did you mean {close[0]}? See: {_HELP}"
            key = given[2:] if "=" in given else f"{name[2:]}=VALUE"
            return (
                f"'{given}' is no option of run: recipes, components and fields are given without "
                f"dashes, {key}; see: {_HELP}"
            )
    return None


def _first_line(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return (
            "a file of the configuration holds bytes that are no text (at byte "
            f"{error.start}: {error.reason}); save it as UTF-8"
        )
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _missing_config(file: str, options: Iterable[str]) -> str:
    group, _, name = file.removesuffix(".yaml").rpartition("/")
    if group.startswith("experiment/"):  # its folders are part of the names
        group, name = "experiment", f"{group.partition('/')[2]}/{name}"
    group = group or "config"
    if (lacking := _unconfigured(group, name)) is not None:
        return lacking
    if group in _FOLLOWING:
        return (
            f"experiment=files knows nothing that follows from potential '{name}'; choose it with "
            "descriptor=NAME descriptor@indicators=NAME, or leave the indicators out with "
            "~descriptor@indicators: see vitreous list descriptor"
        )
    known = sorted(set(_configurations(group))) or sorted(options)
    if group in _SERVING:
        known = [each for each in known if "/" not in each]
    return (
        f"unknown {group} '{name}'{suggest(name, known)}; available: {', '.join(known) or 'none'}"
    )


def _unconfigured(kind: str, name: str) -> str | None:
    """What an installed component lacks that has no configuration; None if there is no such one."""
    if kind not in KINDS:
        return None
    found = [r for r in discover().all(kind) if r.component.name == name]
    return (missing_file(found[0]) or None) if found else None


def _configurations(group: str) -> Iterator[str]:
    """A group's, with those in folders below it, which Hydra does not list; those that only serve
    others begin with an underscore.
    """
    for folder in (OWN, *(found.path for found in plugin_folders())):
        for path in (folder / group).rglob("[!_]*.yaml"):
            yield path.relative_to(folder / group).with_suffix("").as_posix()


def _unknown_key(key: str, cause: Any) -> str:
    parent, _, leaf = key.rpartition(".")
    node = getattr(cause, "parent_node", None)
    known = [str(k) for k in node] if node is not None and hasattr(node, "keys") else []
    if not parent:  # what may be typed first on the line; the rest is Hydra's
        known = [*_CHOSEN, *(each for each in known if each != "hydra")]
    listed = f"; valid here: {', '.join(known)}" if known else ""
    return f"unknown key '{key}'{suggest(leaf, known)}{listed}"
