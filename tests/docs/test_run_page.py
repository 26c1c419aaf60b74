"""The runner of documentation pages: files are written, commands run, and a broken promise is
found.
"""

from pathlib import Path

import pytest
from run_page import Broken, carry_out, kept, steps

PAGE = """
Text, and a file:

```python
# folder/hello.py
print("hello")
print("world")
```

```console
$ cd folder
$ python hello.py
hello
...
$ echo one \\
    two
one ...
```
"""


def test_steps_are_files_and_commands_in_order() -> None:
    found = list(steps(PAGE))
    assert [step.path or step.command for step in found] == [
        "folder/hello.py",
        "cd folder",
        "python hello.py",
        "echo one two",
    ]
    assert found[0].text == 'print("hello")\nprint("world")\n' and found[2].text == "hello\n..."


@pytest.mark.parametrize(
    ("promised", "printed", "missing"),
    [
        ("a\nb", "a\nx\nb", ""),
        ("b\na", "a\nb", "a"),
        ("took ... s", "took 3.1 s", ""),
        ("took ... s", "took 3.1 min", "took ... s"),
        ("...\nlast", "first\nlast", ""),
        ("a.c", "abc", "a.c"),
        ("total 3", "total 30", "total 3"),
    ],
)
def test_promises_are_kept_line_by_line_and_in_order(
    promised: str, printed: str, missing: str
) -> None:
    assert kept(promised, printed) == missing


def test_a_page_is_carried_out_and_a_broken_promise_is_named_with_its_line(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert carry_out(page, show=False) == 4
    page.write_text(PAGE.replace("\nhello\n", "\ngoodbye\n"))
    with pytest.raises(Broken, match=r"page\.md:12: 'python hello\.py' no longer prints 'goodbye'"):
        carry_out(page, show=False)


def test_a_command_that_fails_is_named(tmp_path) -> None:
    (tmp_path / "page.md").write_text("```console\n$ false\n```\n")
    with pytest.raises(Broken, match="'false' ends with status 1"):
        carry_out(tmp_path / "page.md", show=False)


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "page", sorted(p.name for p in (ROOT / "docs").glob("*.md") if list(steps(p.read_text())))
)
def test_every_page_with_commands_is_carried_out_by_make_docs_or_from_the_wheel(page) -> None:
    carried_out = (ROOT / "Makefile").read_text() + (ROOT / ".ci" / "from_wheel.py").read_text()
    assert f"docs/{page}" in carried_out or f'"docs" / "{page}"' in carried_out
