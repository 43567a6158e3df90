"""What no file of the repository may contain, and how long code may be."""

from __future__ import annotations

import pytest

from tests.meta import house

THIS = "tests/meta/test_house_rules.py"  # names the forbidden things to show they are found


def names_and_texts() -> list[tuple[str, str]]:
    files = ((p.relative_to(house.ROOT).as_posix(), p) for p in house.repository_files())
    return [
        (name, text)
        for name, path in files
        if name not in (THIS, "tests/meta/house.py") and (text := house.text_of(path)) is not None
    ]


@pytest.mark.req("XC-013")
def test_no_file_gives_away_a_machine_an_index_a_secret_or_an_account() -> None:
    places = house.checkout_places()
    found = [
        problem
        for name, text in names_and_texts()
        for problem in house.text_problems(name, text, places=places)
    ]
    assert found == []


def test_modules_and_functions_stay_short() -> None:
    found = [
        problem
        for name, text in names_and_texts()
        if name.endswith(".py") and name.startswith(tuple(f"{top}/" for top in house.CODE))
        for problem in house.size_problems(name, text)
    ]
    assert found == []


@pytest.mark.req("XC-013", counter_proof="a file with a secret or a live id")
@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        ("bot/app.py", 'account = "U7654321"', "account id U7654321"),
        ("bot/app.py", 'account = "U1234567"', "account id U1234567"),
        ("tests/bot/test_app.py", 'account = "U7654321"', "account id U7654321"),
        ("docs/index.md", "log in as DU0000000", "account id DU0000000"),
        ("docs/index.md", "log in as DU0001000", "account id DU0001000"),
        ("docs/index.md", "log in as DUM123456", "account id DUM123456"),
        ("Makefile", "pip install --index-url=https://example.org/simple x", "package index"),
        ("README.md", "see https://pypi.org/project/pytest-ibkr", "package index"),
        ("README.md", "cd /home/somebody/project", "path of one machine"),
        ("config/a.yaml", "key: AKIA" + "ABCDEFGH" * 2, "key or a token"),
        ("config/a.yaml", "token: 123456789:" + "Ab_-9" * 7, "key or a token"),
        ("tests/key.pem", "-----BEGIN RSA " + "PRIVATE KEY-----", "key or a token"),
    ],
)
def test_a_forbidden_line_is_found(name: str, line: str, complaint: str) -> None:
    [problem] = house.text_problems(name, f"fine\n{line}\n", places=["/home/somebody/"])
    assert problem.startswith(f"{name}:2: ")
    assert complaint in problem


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("docs/index.md", "the simulator's account is DU0000001, the last one DU0000999"),
        ("tests/guard/test_policy.py", 'ids = ["U1234567", "DUM123456", "DU5555555", "DU12345"]'),
        ("requirements.lock", "--hash=sha256:b4184029b1b7c54409b9cd4372c73a36ef9c2d1d7cf3b0aca59c"),
    ],
)
def test_an_innocent_line_is_left_alone(name: str, line: str) -> None:
    assert list(house.text_problems(name, line, places=["/home/somebody/"])) == []


def test_code_that_grew_too_long_is_found() -> None:
    assert list(house.size_problems("m.py", "async def f():\n" + "    x = 1\n" * 60)) == [
        "m.py:1: f has 61 lines (at most 60)"
    ]
    assert list(house.size_problems("m.py", "def f():\n" + "    x = 1\n" * 59)) == []
    assert list(house.size_problems("m.py", "x = 1\n" * 401)) == ["m.py: 401 lines (at most 400)"]
    assert list(house.size_problems("m.py", "x = 1\n" * 400)) == []
