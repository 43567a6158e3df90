"""The runner of the pages' commands finds a page that is wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.meta.docs_runner import Block, DocsError, Page, blocks


def run(folder: Path, text: str) -> int:
    """Run a page; how many commands it ran."""
    (folder / "copy").mkdir()
    with Page(folder / "copy", timeout_s=5) as page:
        for block in blocks("page.md", text):
            page.run(block)
    return page.ran


GOOD = """
# Set-up

```console
$ echo one; echo two
one
...
$ mkdir sub && cd sub
$ export COLOUR=blue
$ echo "long \\
> line"
long ...
```

State is carried over:

```bash
test "$COLOUR" = blue
test "$(basename "$PWD")" = sub
```

<!-- not-run: needs a paper gateway -->
```console
$ false
```

<!-- exit: 3 -->
```console
$ exit 3
```

<!-- run -->
```python
assert 1 + 1 == 2
```

<!-- pytest -->
```python
def test_sum():
    assert 1 + 1 == 2
```

```python
import not_installed_anywhere  # compiled, not run
```

```toml
[not.a.command
```
"""


def test_a_good_page_passes_and_all_its_commands_ran(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD) == 8


@pytest.mark.req("XC-010", counter_proof="seeded bad pages")
@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        pytest.param("```console\n$ true\n$ false\n```", "page.md:2: $ false\nended", id="fails"),
        pytest.param("```bash\nfalse\ntrue\n```", "ended with 1", id="fails-midway"),
        pytest.param("```bash\nfalse | true\n```", "ended with 1", id="fails-in-a-pipe"),
        pytest.param("```console\n$ no-such-tool\n```", "ended with 127", id="no-such-command"),
        pytest.param("```console\n$ echo a\nb\n```", "did not print: b", id="other-output"),
        pytest.param("```console\n$ printf 'b\\na'\na\nb\n```", "print: b", id="other-order"),
        pytest.param("<!-- exit: 4 -->\n```console\n$ true\n```", "the page says 4", id="exit"),
        pytest.param("```console\n$ sleep 60\n```", "ran over 5 s", id="hangs"),
        pytest.param("```python\ndef (:\n```", "not Python", id="syntax"),
        pytest.param("<!-- run -->\n```python\n1 / 0\n```", "ZeroDivisionError", id="raises"),
        pytest.param(
            "<!-- pytest -->\n```python\ndef test_x():\n    assert 0\n```",
            "1 failed",
            id="test-fails",
        ),
        pytest.param("<!-- not-run -->\n```console\n$ false\n```", "wants a reason", id="mute"),
        pytest.param("<!-- exit: no -->\n```console\n$ false\n```", "a number", id="exit-word"),
        pytest.param("```console\n$ true\n", "never closed", id="unclosed"),
        pytest.param("  ```console\n  $ false\n  ```", "ended with 1", id="indented"),
    ],
)
def test_a_bad_page_fails(tmp_path: Path, page: str, complaint: str) -> None:
    with pytest.raises(DocsError) as caught:
        run(tmp_path, page)
    assert complaint in str(caught.value)


def test_a_server_started_in_a_page_serves_it_and_ends_with_it(tmp_path: Path) -> None:
    page = """
```console
$ sleep 300 & echo $! > pid
$ kill -0 $(cat pid)
```
"""
    assert run(tmp_path, page) == 2
    pid = int((tmp_path / "copy" / "pid").read_text("utf-8"))
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    """Running, and not merely unreaped by whoever inherited it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_block_knows_its_line_and_its_tag() -> None:
    [block] = blocks("page.md", "text\n\n<!-- not-run: needs a gateway -->\n~~~sh\n```\n~~~\n")
    assert block == Block("page.md", 5, "sh", "```\n", "not-run", "needs a gateway")
