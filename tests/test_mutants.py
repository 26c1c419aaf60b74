"""The tester of tests: its faults are faults, one at a time, and nothing else."""

import ast

from mutants import mutants

SOURCE = '''
@njit(cache=True)
def least(a: int, b: int = 3) -> int:
    """Of two, if they are not equal."""
    if a == b:
        raise ValueError("equal")
    return a if a < b and not a > 9 else b - 1
'''


def test_every_fault_stands_alone_and_annotations_and_decorators_stay():
    found = mutants(SOURCE)
    assert {(before, after) for _, before, after, _ in found} >= {
        ("a == b", "a != b"),
        ("a < b", "a >= b"),
        ("b - 1", "b + 1"),
        ("a < b and (not a > 9)", "a < b or not a > 9"),
        ("not a > 9", "a > 9"),
        ("9", "10"),
        ("3", "4"),
        ("raise ValueError('equal')", "pass"),
    }
    whole = ast.unparse(ast.parse(SOURCE))
    assert len({text for *_, text in found}) == len(found)
    for _, _, _, text in found:
        changed = [b for a, b in zip(whole.split("\n"), text.split("\n"), strict=True) if a != b]
        assert len(changed) == 1 and "@njit" not in changed[0]
    assert ast.unparse(ast.parse(SOURCE)) == whole
