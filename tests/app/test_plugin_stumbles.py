"""What a plugin author meets on the way: names that are taken, files that lack, errors of their
own; and, after an edit, the new number.
"""

import os

import pytest
from toy import environment, process

from vitreous.core.config_folders import OWN

TOY = ("run", "experiment=toy", "tracker=none", "report=false", "executor=serial")
PLACES = """
from dataclasses import dataclass
from toyglass.components import Places

@dataclass(frozen=True, kw_only=True)
class Moved(Places):
    def describe(self, *given, **more):
        found = super().describe(*given, **more)
        factor = {factor}
        return type(found)(form=found.form, level=found.level, names=found.names,
                           values=found.values * factor)
"""
UNMOVED = PLACES.format(factor=1.0)


def declared(name="moved", kind="descriptor", target="otherglass.method.Moved"):
    return (
        "from vitreous.core.plugin import Component, hookimpl\n\n@hookimpl\n"
        "def vitreous_components():\n    return [Component("
        f"kind={kind!r}, name={name!r}, target={target!r}, citation='Me 2025')]\n"
    )


@pytest.fixture
def package(tmp_path):
    """``package(plugin, method, configs)`` writes the package otherglass; the variables with which
    a command sees it.
    """
    home = tmp_path / "other"

    def write(plugin=None, method=UNMOVED, configs=("descriptor/moved",)):
        about, code = home / "otherglass-1.0.dist-info", home / "otherglass"
        for folder in (about, code):
            folder.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: otherglass\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[vitreous]\notherglass = otherglass.plugin\n")
        (code / "__init__.py").touch()
        (code / "plugin.py").write_text(declared() if plugin is None else plugin)
        (code / "method.py").write_text(method)
        for config in configs:
            path = code / "conf" / f"{config}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("_target_: otherglass.method.Moved\ncutoff: 2.0\n")
        path = os.pathsep.join([str(home), environment(tmp_path)["PYTHONPATH"]])
        return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    return write


def last(done):
    return [line for line in done.stderr.splitlines() if line.strip()][-1]


TWICE = declared("physical")
BOTH = (
    "two plugins provide descriptor 'physical': vitreous {} "
    "(vitreous.plugins.descriptors.physical.PhysicalIndicators) and otherglass 1.0 "
    "(otherglass.method.Moved); uninstall otherglass, or rename its component"
)


def test_a_name_of_ours_does_not_stop_what_does_not_use_it(tmp_path, package):
    from vitreous import __version__

    variables = package(TWICE, configs=["descriptor/physical"])
    listed = process(tmp_path, "list", "descriptor", **variables)
    assert listed.returncode == 0 and "symmetry_functions" in listed.stdout
    assert "  physical" not in listed.stdout and BOTH.format(__version__) in listed.stderr
    done = process(tmp_path, *TOY, **variables)
    assert done.returncode == 0, done.stderr
    assert BOTH.format(__version__) in done.stderr


@pytest.mark.parametrize("configs", [["descriptor/physical"], []])
def test_a_run_that_uses_a_name_that_is_taken_is_refused(configs, tmp_path, package):
    variables = package(TWICE, configs=configs)
    done = process(tmp_path, *TOY, "descriptor=physical", **variables)
    assert done.returncode == 2
    assert done.stderr.count("uninstall otherglass, or rename its component") == 1
    assert "uninstall otherglass, or rename its component" in last(done)
    assert ("descriptor 'physical'" if not configs else "descriptor/physical.yaml") in last(done)


def test_the_check_of_a_package_with_a_name_that_is_taken_says_so(tmp_path, package):
    done = process(tmp_path, "check", "otherglass", **package(TWICE))
    assert done.returncode == 2 and "two plugins provide descriptor 'physical'" in last(done)


def test_a_component_without_a_configuration_names_the_file_that_lacks(tmp_path, package):
    done = process(tmp_path, *TOY, "descriptor=moved", **package(configs=["descriptor/other"]))
    folder = tmp_path / "other" / "otherglass" / "conf"
    assert done.returncode == 2
    assert last(done) == (
        "vitreous: descriptor 'moved' of otherglass 1.0 is installed, but it has no configuration: "
        f"its package lacks {folder}/descriptor/moved.yaml"
    )


def test_a_component_without_any_configuration_names_the_folder_that_lacks(tmp_path, package):
    done = process(tmp_path, *TOY, "descriptor=moved", **package(configs=[]))
    assert last(done).endswith(
        "its package lacks a folder conf beside otherglass.plugin, with descriptor/moved.yaml"
    )


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_an_error_inside_a_plugin_shows_its_own_lines_and_nothing_of_ours(
    executor, tmp_path, package
):
    variables = package(method=PLACES.format(factor="{}[len(found)]"))
    done = process(tmp_path, *TOY, f"executor={executor}", "descriptor=moved", **variables)
    assert done.returncode == 2
    first, *lines = done.stderr[done.stderr.index("vitreous: ") :].splitlines()
    file = tmp_path / "other" / "otherglass" / "method.py"
    begins = "vitreous: descriptor 'moved' of otherglass 1.0 failed: KeyError: "
    assert first.startswith(begins) and first.removeprefix(begins).isdigit()
    assert lines[:2] == [
        f'    File "{file}", line 9, in describe',
        "      factor = {}[len(found)]",
    ]
    assert "Traceback" not in done.stderr and str(OWN.parent) not in done.stderr


def test_an_error_at_import_says_where(tmp_path, package):
    done = process(tmp_path, *TOY, "descriptor=moved", **package(method="\nx = nothing\n"))
    file = tmp_path / "other" / "otherglass" / "method.py"
    assert last(done) == (
        "vitreous: descriptor 'moved' of otherglass 1.0 fails to import: NameError: name "
        f"'nothing' is not defined (at {file}:2 in <module>)"
    )


def test_an_error_of_syntax_shows_the_line(tmp_path, package):
    done = process(tmp_path, *TOY, "descriptor=moved", **package(method="\nx = (2 3)\n"))
    file = tmp_path / "other" / "otherglass" / "method.py"
    said = last(done)
    assert said.startswith("vitreous: descriptor 'moved' of otherglass 1.0 fails to import: Syntax")
    assert said.endswith(f"(at {file}:2: x = (2 3))")


def test_after_an_edit_the_new_number_is_computed_and_after_none_it_is_not(tmp_path, package):
    method = PLACES.format(factor=1.0)
    command = (*TOY, "descriptor=moved")
    first = process(tmp_path, *command, **package(method=method))
    again = process(tmp_path, *command, **package(method=method + "# a thought\n"))
    edited = process(tmp_path, *command, **package(method=PLACES.format(factor=-2.0)))
    assert "describe" in first.stdout.partition("computed")[2].splitlines()[0], first.stderr
    assert "nothing, all was stored" in again.stdout
    computed = edited.stdout.partition("computed")[2].splitlines()[0]
    assert "describe" in computed and "fit 1" in computed and "generate" not in computed
