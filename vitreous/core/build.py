"""A component from a configuration: ``_target_`` from the allow-list of its kind, every field
checked against its declared type.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from vitreous.core.errors import VitreousError
from vitreous.core.registry import Registry, load_class, refuse_missing, suggest

_SAID = 200  #: letters of a value that a sentence repeats


class _Mismatch(Exception):
    """The value is not of the expected type."""


def build(registry: Registry, kind: str, config: Mapping[str, Any], role: str = "") -> Any:
    """The component that ``config`` describes: ``_target_`` and fields.

    ``role`` is the key of the configuration, when it is not the kind's own
    (``events``, ``indicators``).

    Raises:
        MissingExtra: it needs an optional package that is not installed.
        VitreousError: a target that is not a registered component of this kind, a nested target, or
            a field that is unknown, missing or of the wrong type.
    """
    where = role or kind
    if not isinstance(config, Mapping) or "_target_" not in config:
        problem = (
            f"{where} is '{config}', no component"
            if isinstance(config, str)
            else f"{where} has no _target_"
        )
        choice = where if where == kind else f"{kind}@{where}"
        raise VitreousError(
            f"{problem}; choose one with {choice}=NAME "
            f"({', '.join(registry.names(kind)) or 'none installed'}), or none with {where}=null "
            "if it can be left out"
        )
    _refuse_nested(where, {key: value for key, value in config.items() if key != "_target_"})
    registered = registry.by_target(kind, str(config["_target_"]))
    refuse_missing(registered)
    cls = load_class(registered)
    return construct(cls, where, {key: value for key, value in config.items() if key != "_target_"})


def construct(cls: type[Any], where: str, values: Mapping[str, Any], given: str = "") -> Any:
    """An instance of a dataclass from plain values; errors name ``where.field``, and say how a
    missing field is ``given`` ({} is its name), by default as ``where.field=VALUE``.
    """
    known = {f.name: f for f in dataclasses.fields(cls) if f.init}
    listed = f"valid fields: {', '.join(known) or 'none'}"
    checked_value(where, values, Mapping, f"; {listed}")
    for name in values:
        if name not in known:
            raise VitreousError(
                f"unknown field {where}.{name}{suggest(str(name), known)}; {listed}"
            )
    for name, field in known.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and (name not in values or values[name] == "???"):
            key = given.format(name) if given else f"{where}.{name}=VALUE"
            raise VitreousError(
                f"{where}.{name} is missing; give it as {key} ({_words(_hints(cls)[name])})"
            )
    hints = _hints(cls)
    checked = {
        name: checked_value(f"{where}.{name}", value, hints[name], f"; {listed}")
        for name, value in values.items()
    }
    try:
        return cls(**checked)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise VitreousError(f"{where} ({cls.__name__}) refuses its fields: {error}") from error


def checked_value(name: str, value: Any, hint: Any, advice: str = "") -> Any:
    """``value`` as the type ``hint``; raises VitreousError, naming it, if it is of another."""
    try:
        return convert(value, hint)
    except _Mismatch:
        unlike = (
            ""
            if isinstance(value, float) and not math.isfinite(value)
            else f", {_one(type(value).__name__)}"
        )
        expected = f"a finite number ({_words(hint)})" if not unlike else _words(hint)
        given = said if len(said := repr(value)) <= _SAID else f"{said[:_SAID]}..."
        raise VitreousError(f"{name} is {given}{unlike}; expected {expected}{advice}") from None


def _refuse_nested(where: str, value: Any) -> None:
    if isinstance(value, Mapping):
        if "_target_" in value:
            raise VitreousError(
                f"{where} holds a nested _target_ ({value['_target_']}); a component's fields are "
                "plain values"
            )
        for key, inner in value.items():
            _refuse_nested(f"{where}.{key}", inner)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            _refuse_nested(f"{where}[{i}]", inner)


def _hints(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def convert(value: Any, hint: Any) -> Any:
    """``value`` as ``hint`` asks: an int where a float is wanted becomes one, a list a tuple;
    anything else must fit as it is.
    """
    origin = get_origin(hint) or hint
    arguments = get_args(hint)
    for handled, by in _CONVERTERS:
        if origin in handled:
            return by(value, arguments)
    return _require(not isinstance(hint, type) or isinstance(value, hint), value)


def _number(value: Any, _: Sequence[Any]) -> float:
    return float(
        _require(
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
            value,
        )
    )


def _integer(value: Any, _: Sequence[Any]) -> int:
    return _require(isinstance(value, int) and not isinstance(value, bool), value)


def _literal(value: Any, arguments: Sequence[Any]) -> Any:
    return _require(any(value == a and type(value) is type(a) for a in arguments), value)


def _mapping(value: Any, arguments: Sequence[Any]) -> dict[Any, Any]:
    _require(isinstance(value, Mapping), value)
    key_hint, value_hint = arguments or (Any, Any)
    return {convert(k, key_hint): convert(v, value_hint) for k, v in value.items()}


def _require(fits: bool, value: Any) -> Any:
    if not fits:
        raise _Mismatch
    return value


def _first_that_fits(value: Any, hints: Sequence[Any]) -> Any:
    exact = [
        hint for hint in hints if isinstance(hint, type) and type(value) is hint
    ]  # an int stays an int in ``int | float``
    for hint in (*exact, *hints):
        try:
            return convert(value, hint)
        except _Mismatch:
            continue
    raise _Mismatch


def _tuple(value: Any, arguments: Sequence[Any]) -> tuple[Any, ...]:
    _require(isinstance(value, list | tuple), value)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(convert(item, arguments[0]) for item in value)
    _require(len(value) == len(arguments), value)
    return tuple(convert(item, hint) for item, hint in zip(value, arguments, strict=True))


def _list(value: Any, arguments: Sequence[Any]) -> list[Any]:
    return list(_tuple(value, (*(arguments or (Any,)), ...)))


_CONVERTERS: tuple[tuple[tuple[Any, ...], Callable[[Any, Sequence[Any]], Any]], ...] = (
    ((Any,), lambda value, _: value),
    ((Union, types.UnionType), _first_that_fits),
    ((Literal,), _literal),
    ((tuple,), lambda value, arguments: _tuple(value, arguments or (Any, ...))),
    ((list, Sequence), _list),
    ((dict, Mapping), _mapping),
    ((None, type(None)), lambda value, _: _require(value is None, value)),
    ((int,), _integer),
    ((float,), _number),
    ((Path,), lambda value, _: Path(_require(isinstance(value, str | Path), value))),
)


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _words(hint: Any) -> str:
    """A type in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(a) for a in arguments)
    if origin is Literal:
        return "one of " + ", ".join(str(a) for a in arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return f"a list of values, each {_words(arguments[0])}"
    if origin is tuple:
        return "a list [" + ", ".join(_words(a) for a in arguments) + "]"
    if Mapping in (hint, origin):
        return "a mapping {NAME: VALUE}"
    plain = {
        int: "an integer",
        float: "a number",
        bool: "true or false",
        str: "text",
        type(None): "null",
        Path: "a path",
    }
    return plain.get(hint, getattr(hint, "__name__", str(hint)))
