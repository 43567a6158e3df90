"""The configuration file to a relay: whose account, which endpoint, which limits."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from pytest_ibkr.config_file import ConfigFile, OrderLimits, load_config, load_local
from pytest_ibkr.errors import SettingsError
from pytest_ibkr.guard.state import Limits
from pytest_ibkr.live_gateway import may_be_tracked, paper_account, relay_spec
from pytest_ibkr.net.relay.spec import RelaySpec

MINE, OTHER = "DU0000011", "DU0000012"
NAMED = f"paper_trading: {{account: {MINE}}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration file of a project without git."""
    path = tmp_path / "live.yaml"
    path.write_text("gateway: {port: 4002}\n", "utf-8")
    return path


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", "-C", str(folder), *args], check=True, capture_output=True, timeout=30)


def tracked(path: Path) -> Path:
    """The same file, in the index of a repository."""
    git(path.parent, "init", "--quiet")
    git(path.parent, "add", path.name)
    return path


def account_of(path: Path, **environ: str):
    return paper_account(load_config(path), path, environ)


def test_without_a_named_account_there_are_no_orders_and_it_says_what_to_set(path: Path) -> None:
    found = account_of(path)
    assert found.id is None
    assert found.why_not == (
        "no paper account is named; set IBKR_PAPER_ACCOUNT, or write paper_trading.account into"
        f" {path.parent / 'live.local.yaml'}"
    )


def test_the_variable_names_it(path: Path) -> None:
    assert account_of(path, IBKR_PAPER_ACCOUNT=MINE).id == MINE
    assert account_of(path, IBKR_PAPER_ACCOUNT="").id is None


def test_a_file_outside_every_repository_names_it(path: Path) -> None:
    path.write_text(NAMED, "utf-8")
    assert account_of(path).id == MINE


def test_the_machines_own_part_names_it(path: Path) -> None:
    tracked(path)
    path.with_name("live.local.yaml").write_text(NAMED, "utf-8")
    assert account_of(path).id == MINE


def test_a_tracked_file_does_not_count(path: Path) -> None:
    path.write_text(NAMED, "utf-8")
    found = account_of(tracked(path))
    assert found.id is None
    assert f"{path} is, or may be, tracked by git and does not count; set IBKR_P" in found.why_not
    assert account_of(path, IBKR_PAPER_ACCOUNT=OTHER).id == OTHER


def test_a_tracked_file_of_the_machines_own_is_to_be_taken_out_of_git(path: Path) -> None:
    local = path.with_name("live.local.yaml")
    local.write_text(NAMED, "utf-8")
    tracked(local)
    found = account_of(path)
    assert found.id is None
    assert f"git rm --cached {local}" in found.why_not


def test_two_places_may_not_name_two_accounts(path: Path) -> None:
    path.write_text(NAMED, "utf-8")
    assert account_of(path, IBKR_PAPER_ACCOUNT=MINE).id == MINE
    with pytest.raises(SettingsError, match=r"IBKR_PAPER_ACCOUNT and .* name different paper"):
        account_of(path, IBKR_PAPER_ACCOUNT=OTHER)


def test_a_file_in_a_repository_counts_while_git_does_not_track_it(path: Path) -> None:
    git(path.parent, "init", "--quiet")
    assert not may_be_tracked(path)
    git(path.parent, "add", path.name)
    assert may_be_tracked(path)


def test_variables_that_point_git_elsewhere_do_not_matter(
    path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    git(elsewhere, "init", "--quiet")
    tracked(path)
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    assert may_be_tracked(path)


def test_where_git_cannot_say_a_file_counts_as_tracked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(path.parent, "init", "--quiet")
    monkeypatch.setenv("PATH", "")
    assert may_be_tracked(path)


def test_a_typo_in_the_machines_own_part_is_refused(tmp_path: Path) -> None:
    local = tmp_path / "live.local.yaml"
    local.write_text("paper_trading: {acount: DU0000011}\n", "utf-8")
    with pytest.raises(
        SettingsError, match=r"paper_trading\.acount: unknown key; did you mean 'acc"
    ):
        load_local(local)


# ---- what the relay is told


def test_a_relay_is_told_what_the_file_says() -> None:
    config = ConfigFile.model_validate(
        {
            "gateway": {
                "host": "192.168.7.20",
                "port": 4102,
                "extra_paper_ports": [4102],
                "listed_hosts": ["192.168.7.20"],
                "timeout": 12,
            },
            "paper_trading": {"limits": {"shares": 5, "minutes_to_close": 30}},
            "cleanup": {"close_all_positions_on_exit": False},
        }
    )
    spec = relay_spec(config, account=MINE, audit=Path("audit.jsonl"))
    assert spec == RelaySpec(
        host="192.168.7.20",
        port=4102,
        extra_paper_ports=(4102,),
        listed_hosts=("192.168.7.20",),
        expected_account=MINE,
        limits={"shares": 5, "minutes_to_close": 30},
        audit_path="audit.jsonl",
        handshake_timeout_s=12,
        flatten=False,
    )
    assert MINE not in repr(spec)


def test_an_unreachable_gateway_has_failed_after_30_seconds_whatever_the_file_says() -> None:
    config = ConfigFile.model_validate({"gateway": {"timeout": 600}})
    assert relay_spec(config, account=None, audit=None).handshake_timeout_s == 30


def test_the_file_can_only_lower_the_limits() -> None:
    built_in = Limits()
    for name, field in OrderLimits.model_fields.items():
        [bound] = [
            getattr(each, "ge" if name == "minutes_to_close" else "le")
            for each in field.metadata
            if hasattr(each, "ge" if name == "minutes_to_close" else "le")
        ]
        assert bound == getattr(built_in, name), name
    lowerable = {field.name for field in dataclasses.fields(Limits)} - {"held_frames", "held_bytes"}
    assert set(OrderLimits.model_fields) == lowerable


@pytest.mark.parametrize(
    ("limits", "place"),
    [
        ({"shares": 101}, "paper_trading.limits.shares"),
        ({"minutes_to_close": 5}, "paper_trading.limits.minutes_to_close"),
        ({"messages_per_s": 50}, "paper_trading.limits.messages_per_s"),
        ({"share": 5}, "paper_trading.limits.share: unknown key; did you mean 'shares'?"),
    ],
)
def test_a_raised_or_misspelt_limit_is_refused(path: Path, limits, place: str) -> None:
    path.write_text(f"paper_trading: {{limits: {limits}}}\n".replace("'", ""), "utf-8")
    with pytest.raises(SettingsError, match=place.replace(".", r"\.").replace("?", r"\?")):
        load_config(path)


@pytest.mark.parametrize("host", ["gateway.example", "localhost", "127.1"])
def test_listed_hosts_are_addresses_too(path: Path, host: str) -> None:
    path.write_text(f"gateway: {{listed_hosts: ['{host}']}}\n", "utf-8")
    with pytest.raises(SettingsError, match="is not an IP address, and names are not resolved"):
        load_config(path)
