"""What was typed, before argparse reads it: a command or option that is misspelt is answered by the
close one, in one sentence.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import NoReturn

_ALIKE = 0.6  #: as difflib's own cutoff
_SHORT = 60  #: characters of an option's help that a sentence about it may repeat
#: what other programs have a command for, and what does it here
_ELSEWHERE = {
    "generate": "a run makes its glasses (vitreous run experiment=demo), and vitreous export RUN "
    "--to extxyz writes them",
    "train": "a run trains its model (vitreous run experiment=demo)",
}
_FIELDS = "FIELD=VALUE"  #: metavar of the options that set fields, some of which their help names


class Parser(argparse.ArgumentParser):
    """Complains in one sentence, with status 2, without the usage in front of it."""

    def error(self, message: str) -> NoReturn:
        for action in self._actions:
            name, text = "/".join(action.option_strings), action.help or ""
            lacks = f"argument {name}: expected one argument"
            if name and message == lacks:
                message = f"{name} needs a value, {action.metavar or action.dest.upper()}"
            # what is wanted of those that were left out
            if action.required and action.option_strings and len(text) <= _SHORT:
                message = re.sub(rf"(required:.*{name})(?=,|$)", rf"\1 ({text})", message)
        self.exit(2, f"vitreous: {message.removeprefix('argument ')}; see: {self.prog} --help\n")


def misspelt(front: argparse.ArgumentParser, arguments: Sequence[str]) -> str | None:
    """One sentence for the first command or option that there is not; None where there are all.

    Comes before argparse, which asks for what is missing before it says what it does not know.
    """
    parser, words = front, iter(arguments)
    for word in words:
        if word == "--":
            return None
        if word.startswith("--"):
            action = _option(parser, word)
            if action is None:
                return _unknown_option(parser, word)
            if action.nargs is None and "=" not in word:
                next(words, None)  # its value
        elif word.startswith("-") and (action := parser._option_string_actions.get(word)):
            if action.nargs is None:
                next(words, None)
        elif (commands := _commands(parser)) is not None:
            if word not in commands.choices:
                return _unknown_command(parser, word, commands.choices)
            parser = commands.choices[word]
            if not parser.add_help:  # run, which Hydra parses
                return None
    return None


def _commands(parser: argparse.ArgumentParser) -> argparse._SubParsersAction | None:
    found = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return next(found, None)


def _option(parser: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    """The option that ``word`` names or, as argparse reads it, abbreviates."""
    name = word.partition("=")[0]
    known = parser._option_string_actions
    if name in known:
        return known[name]
    return next((action for option, action in known.items() if option.startswith(name)), None)


def _unknown_command(parser: argparse.ArgumentParser, word: str, known: Collection[str]) -> str:
    if word in _ELSEWHERE:
        return f"'{word}' is no command of {parser.prog}: {_ELSEWHERE[word]}"
    close = get_close_matches(word, known, n=1, cutoff=_ALIKE)
    meant = f"; did you mean: {parser.prog} {close[0]}? See" if close else "; see"
    return f"'{word}' is no command of {parser.prog}{meant}: {parser.prog} --help"


def _unknown_option(parser: argparse.ArgumentParser, word: str) -> str:
    name = word.partition("=")[0]
    options = {option: option for option in parser._option_string_actions}
    options |= dict(_fields(parser))
    bare = {key.lstrip("-"): typed for key, typed in options.items()}
    close = get_close_matches(name.lstrip("-"), bare, n=1, cutoff=_ALIKE)
    meant = f"; did you mean {bare[close[0]]}? See" if close else "; see"
    return f"'{name}' is no option of {parser.prog}{meant}: {parser.prog} --help"


def _fields(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """The fields that the help of an option names, whole and by their last word (the radius of
    ``free_radius``), each with what sets it.
    """
    for action in parser._actions:
        if action.metavar == _FIELDS:
            for field in re.findall(r"[a-z]+_[a-z_]+", action.help or ""):
                typed = f"{action.option_strings[0]} {field}=VALUE"
                yield field.rpartition("_")[2], typed
                yield field, typed
