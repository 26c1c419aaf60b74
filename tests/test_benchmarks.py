"""Every benchmark imports, and so does what its functions import, so that a name that moved is
found before the benchmark is needed.
"""

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
ABSENT = [name for name in ("ovito",) if importlib.util.find_spec(name) is None]
NAMES = sorted(p.stem for p in FOLDER.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_it_imports(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def imports_of_functions(name):
    """The statements by which functions of a benchmark import, without OVITO where that is not
    installed.
    """
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    inner = {i for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for i in ast.walk(f)}
    found = [ast.unparse(i) for i in inner if isinstance(i, ast.Import | ast.ImportFrom)]
    return sorted(line for line in found if line.split()[1].split(".")[0] not in ABSENT)


@pytest.mark.parametrize("name", [name for name in NAMES if imports_of_functions(name)])
def test_its_functions_import(name):
    # in a process of its own, since pytest finds modules of the tests that a benchmark does not
    script = [f"import benchmarks.{name}", *imports_of_functions(name)]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(script)],
        cwd=FOLDER.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
