"""The configuration file: what it accepts, and how it says no."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.config_file import load_config
from pytest_ibkr.errors import SettingsError

SHIPPED = Path(__file__).parents[1] / "config" / "live_validation_config.yaml"


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.mark.req("LV-002")
def test_the_shipped_file_is_acceptable_and_nested():
    config = load_config(SHIPPED)
    assert config.gateway.port == 4002
    assert config.thresholds.stream_quality_min_quotes == 50
    assert config.test_contracts["spy_weekly_call"].right == "C"


def test_an_empty_file_means_defaults(written):
    assert load_config(written("")).validation.max_retry_attempts == 3


@pytest.mark.req("LV-002")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gateway: {prot: 4002}", "gateway.prot: unknown key; did you mean 'port'"),
        ("threshold: {}", "threshold: unknown key; did you mean 'thresholds'"),
        ("test_contracts: {spy: {symbol: SPY, strik: 1}}", "did you mean 'strike'"),
        ("gateway: {port: 4001}", "4001 is a live port"),
        ("gateway: {port: 7496}", "7496 is a live port"),
        ("gateway: {extra_paper_ports: [4001]}", "4001 is a live port"),
        ("gateway: {host: localhost}", "not an IP address"),
        ("gateway: {client_id: 1}", "greater than or equal to 7000"),
        ("thresholds: {quote_freshness_seconds: 0}", "greater than 0"),
        ("paper_trading: {account_type: LIVE}", "Input should be 'PAPER'"),
        ("- a list", "sections are expected, not list"),
        ("gateway: [", "is not YAML"),
        pytest.param("[" * 3000, "nested too deeply", id="endless-lists"),
        pytest.param("{a: " * 3000, "nested too deeply", id="endless-maps"),
    ],
)
def test_what_is_wrong_is_named(written, text, message):
    with pytest.raises(SettingsError) as caught:
        load_config(written(text))
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot read .*nowhere\.yaml"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_huge_file_is_refused_unread_by_the_parser(tmp_path):
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(SettingsError, match="more than 1048576 are refused"):
        load_config(path)


def test_call_and_put_are_understood(written):
    config = load_config(written("test_contracts: {c: {symbol: SPY, right: CALL}}"))
    assert config.test_contracts["c"].right == "C"
