"""Small faults put into a module, one at a time, to see whether its tests notice:

    python tests/mutants.py vitreous/core/split.py tests/core/test_split.py --count 30 --seed 0

Works on a copy of the source tree. Prints each fault that the tests let pass, with its line, and
the share that they caught; ends with status 1 if any passed. A fault may be equivalent to the
source (``<`` for ``<=`` where both never meet): read the survivors, mend what matters.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIMEOUT = 600  #: seconds for the tests of one fault; one that hangs them is caught
SWAPPED: dict[type, type] = {
    **{ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
}


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of ``node``, each with one fault."""
    other: Any = copy.deepcopy(node)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
        other.ops[0] = SWAPPED[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPPED:
        other.op = SWAPPED[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        other = other.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        other.value = not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        other.value = node.value + 1
    elif isinstance(node, ast.If | ast.IfExp):
        other.test = ast.UnaryOp(ast.Not(), other.test)
    elif isinstance(node, ast.Return) and node.value is not None:
        other.value = ast.Constant(None)
    elif isinstance(node, ast.Raise | ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        other = ast.Pass()
    else:
        return
    yield ast.fix_missing_locations(ast.copy_location(other, node))


def mutants(source: str) -> list[tuple[int, str, str, str]]:
    """Every fault of a module: line, what stood there, what stands there, the whole module."""
    tree, found = ast.parse(source), []
    left: list[ast.AST] = [tree]
    while left:
        parent = left.pop()
        for name, value in ast.iter_fields(parent):
            if name in ("annotation", "returns", "decorator_list"):  # decide nothing that runs
                continue
            places = value if isinstance(value, list) else [value]
            for k, node in enumerate(places):
                if not isinstance(node, ast.AST):
                    continue
                left.append(node)
                for other in faults(node):
                    before, after = ast.unparse(node), ast.unparse(other)
                    _put(parent, name, k, other)
                    found.append((node.lineno, before, after, ast.unparse(tree)))  # type: ignore[attr-defined]
                    _put(parent, name, k, node)
    return found


def _put(parent: ast.AST, name: str, k: int, node: ast.AST) -> None:
    held = getattr(parent, name)
    if isinstance(held, list):
        held[k] = node
    else:
        setattr(parent, name, node)


def caught(tree: Path, tests: list[str]) -> bool:
    """Whether the tests fail there."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    variables = {**os.environ, "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            command, cwd=tree, env=variables, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> int:
    """Try faults drawn at random; the exit status."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("module", type=Path)
    asked.add_argument("tests", nargs="+")
    asked.add_argument("--count", type=int, default=30)
    asked.add_argument("--seed", type=int, default=0)
    options = asked.parse_args()
    module = options.module.resolve().relative_to(ROOT)
    all_of_them = mutants((ROOT / module).read_text())
    tried = random.Random(options.seed).sample(all_of_them, min(options.count, len(all_of_them)))
    with tempfile.TemporaryDirectory() as name:
        tree, passed = Path(name) / "tree", 0
        kept_out = shutil.ignore_patterns(".*", "runs", "store", "__pycache__", "_build", "dist")
        shutil.copytree(ROOT, tree, ignore=kept_out)
        if caught(tree, options.tests):
            sys.exit("the tests fail on the source as it is: mend them first")
        for line, before, after, text in sorted(tried):
            (tree / module).write_text(text)
            if not caught(tree, options.tests):
                passed += 1
                sys.stdout.write(f"{module}:{line}: {before[:70]!r} -> {after[:70]!r}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{len(tried) - passed} of {len(tried)} faults caught\n")
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main())
