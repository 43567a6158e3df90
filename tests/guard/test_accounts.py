"""managedAccounts: every id must be a paper id, written as the gateway writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard import accounts
from pytest_ibkr.guard.accounts import PaperAccounts, judge
from pytest_ibkr.guard.decision import Refuse
from tests.guard.bench import ACCOUNT, LIVE, OTHER

PAPER = [
    pytest.param(ACCOUNT, (ACCOUNT,), id="one-paper-account"),
    pytest.param(ACCOUNT + ",", (ACCOUNT,), id="one-and-a-trailing-comma"),
    pytest.param(f"{ACCOUNT},{OTHER}", (ACCOUNT, OTHER), id="two"),
    pytest.param(f"{ACCOUNT},{OTHER},", (ACCOUNT, OTHER), id="two-and-a-trailing-comma"),
    *(
        pytest.param(kind + "7654321", (kind + "7654321",), id=f"{kind}-account")
        for kind in ("DA", "DU", "DUM", "DUR", "DUMR", "DZZZ", "DF", "DI")
    ),
    pytest.param("DU" + "1" * 5, ("DU" + "1" * 5,), id="five-digits"),
    pytest.param("DU" + "9" * 9, ("DU" + "9" * 9,), id="nine-digits"),
]

LIVE_LISTS = [
    pytest.param(LIVE, id="live"),
    pytest.param("F" + "1234567", id="live-advisor"),
    pytest.param("I" + "1234567", id="live-broker"),
    pytest.param("D" + "1234567", id="no-second-letter"),
    pytest.param("DUMRX" + "1234567", id="five-letters"),
    pytest.param("DU" + "1" * 4, id="four-digits"),
    pytest.param("DU" + "1" * 10, id="ten-digits"),
    pytest.param("du" + "7654321", id="small-letters"),
    pytest.param("dU" + "7654321", id="first-letter-small"),
    pytest.param(f"{ACCOUNT},{LIVE}", id="mixed-live-last"),
    pytest.param(f"{LIVE},{ACCOUNT}", id="mixed-live-first"),
    pytest.param(f"{ACCOUNT},,{OTHER}", id="an-empty-one-between"),
    pytest.param(f"{ACCOUNT},,", id="two-trailing-commas"),
    pytest.param(f",{ACCOUNT}", id="a-leading-comma"),
    pytest.param(",,", id="two-commas"),
    pytest.param(f"{ACCOUNT}, {OTHER}", id="a-blank-after-the-comma"),
    pytest.param(f"{ACCOUNT};{OTHER}", id="joined-by-a-semicolon"),
    pytest.param(" ", id="a-blank"),
    pytest.param(f" {ACCOUNT}", id="a-blank-before"),
    pytest.param(f"{ACCOUNT} ", id="a-blank-behind"),
    pytest.param(f"{ACCOUNT}\n", id="a-newline-behind"),
    pytest.param(f"\n{ACCOUNT}", id="a-newline-before"),
    pytest.param(f"{ACCOUNT}\n{LIVE}", id="a-live-id-on-the-next-line"),
    pytest.param("DU" + "٧٦٥٤٣٢١", id="arabic-digits"),
    pytest.param("DU" + "７６５４３２１", id="full-width-digits"),
    pytest.param("DÜ" + "7654321", id="a-letter-that-is-not-ascii"),
    pytest.param("ＤＵ" + "7654321", id="full-width-letters"),
    pytest.param("DU" + "765432x", id="a-letter-among-the-digits"),
    pytest.param("PAPER", id="a-word"),
]


@pytest.mark.parametrize(("text", "ids"), PAPER)
def test_paper_accounts_are_read(text: str, ids: tuple[str, ...]) -> None:
    assert judge(text) == PaperAccounts(ids)


@pytest.mark.parametrize("text", LIVE_LISTS)
def test_a_list_with_anything_else_is_refused_as_live(text: str) -> None:
    decision = judge(text)
    assert isinstance(decision, Refuse)
    assert decision.rule == "account.live"
    assert "paper" in decision.fix


@pytest.mark.parametrize("text", ["", ","])
def test_an_empty_list_is_no_account(text: str) -> None:
    decision = judge(text)
    assert isinstance(decision, Refuse)
    assert (decision.rule, decision.reason) == ("account.none", "the gateway serves no account")


def test_a_refusal_shows_a_live_id_masked() -> None:
    decision = judge(LIVE)
    assert isinstance(decision, Refuse)
    assert decision.reason == "'U*****67' is no paper account"
    assert LIVE not in decision.text


def test_a_refusal_shows_nothing_that_is_not_printable() -> None:
    decision = judge(f"{ACCOUNT}\n")
    assert isinstance(decision, Refuse)
    assert decision.reason == "'what it serves' is no paper account"


def test_the_pattern_is_the_specified_one() -> None:
    assert accounts.PAPER_ID.pattern == r"D[A-Z]{1,3}[0-9]{5,9}"
    assert accounts.REHEARSAL_ID.pattern == r"DU0000(?!000)[0-9]{3}"
    assert accounts.PAPER_ID.flags & accounts.re.ASCII
    assert accounts.REHEARSAL_ID.flags & accounts.re.ASCII


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (ACCOUNT, None),
        (ACCOUNT + ",", None),
        (f"{ACCOUNT},{OTHER}", "the gateway serves 2 accounts"),
        (f"{ACCOUNT},{ACCOUNT}", "the gateway serves 2 accounts"),
        ("DF" + "7654321", "DF*****21 is an advisor's or a broker's account"),
        ("DI" + "7654321", "DI*****21 is an advisor's or a broker's account"),
        ("DFX" + "7654321", "DFX*****21 is an advisor's or a broker's account"),
    ],
)
def test_several_accounts_and_advisors_are_for_reading_only(text: str, why: str | None) -> None:
    found = judge(text)
    assert isinstance(found, PaperAccounts)
    assert found.reading_only == why


@pytest.mark.parametrize(
    ("text", "rehearsal"),
    [
        ("DU0000001", True),
        ("DU0000999", True),
        (f"{ACCOUNT},DU0000017", True),
        (ACCOUNT, False),
        ("DU" + "0000000", False),
        ("DU" + "0001000", False),
        ("DU" + "00000171", False),
        ("DUM" + "0000017", False),
    ],
)
def test_an_account_of_the_simulators_range_makes_a_rehearsal(text: str, rehearsal: bool) -> None:
    found = judge(text)
    assert isinstance(found, PaperAccounts)
    assert found.rehearsal is rehearsal


@given(st.text() | st.text("DUFI0123456789, \n", max_size=30))
def test_whatever_is_served_every_account_that_passes_begins_with_d(text: str) -> None:
    found = judge(text)
    if isinstance(found, PaperAccounts):
        assert found.ids
        for account in found.ids:
            assert account.isascii()
            assert account[0] == "D"
            assert account.strip().isalnum()
            assert account.upper() == account
            assert 5 <= sum(letter.isdigit() for letter in account) <= 9
