"""Settings: who wins, what is refused, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import BotSettings, SettingsError, load_settings

PORT = "IBKR_BOT__BROKER__PORT"


def load(tmp_path: Path, *, yaml: str = "", dotenv: str = "", **env: str) -> BotSettings:
    config, env_file = tmp_path / "bot.yaml", tmp_path / ".env"
    config.write_text(yaml)
    env_file.write_text(dotenv)
    return load_settings(config, env=env, env_file=env_file)


@pytest.mark.req("BT-005")
def test_the_default_is_dry_run(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.trading.mode == "dry_run"
    assert not settings.orders_allowed


@pytest.mark.req("BT-003")
def test_environment_beats_dotenv_beats_yaml_beats_defaults(tmp_path: Path) -> None:
    yaml, dotenv = "broker: {port: 7497, client_id: 5}", f"{PORT}=5002\n"
    assert load(tmp_path).broker.port == 4002
    assert load(tmp_path, yaml=yaml).broker.port == 7497
    assert load(tmp_path, yaml=yaml, dotenv=dotenv).broker.port == 5002
    settings = load(tmp_path, yaml=yaml, dotenv=dotenv, **{PORT: "5003"})
    assert settings.broker.port == 5003
    assert settings.broker.client_id == 5  # a stronger key does not wipe its neighbours


@pytest.mark.req("BT-003", counter_proof="YAML values as constructor arguments")
def test_yaml_as_constructor_arguments_would_beat_the_environment(tmp_path: Path) -> None:
    """What the first bot did: the file's values went in last."""
    from_env = load(tmp_path, **{PORT: "5003"}).model_dump()
    wrong = BotSettings.model_validate({**from_env, "broker": {"port": 7497}})
    assert wrong.broker.port != 5003


@pytest.mark.req("BT-004")
@pytest.mark.parametrize(
    ("yaml", "hint"),
    [
        ("broker: {prot: 4002}", "broker.prot: unknown key; did you mean broker.port"),
        ("brokr: {port: 4002}", "did you mean broker"),
        ("trading: {mode: paper, dry_run: true}", "trading.dry_run: unknown key"),
        ("client_id: 3", "did you mean broker.client_id"),
    ],
)
def test_unknown_keys_are_refused_with_a_suggestion(yaml: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=hint):
        load(tmp_path, yaml=yaml)


@pytest.mark.req("BT-004", counter_proof="extra keys ignored")
def test_with_unknown_keys_ignored_the_typo_would_go_unseen(tmp_path: Path) -> None:
    class Careless(BotSettings, extra="ignore"):
        pass

    assert Careless.model_validate({"max_risk_per_trade_pct": 0.2}).trading.mode == "dry_run"


@pytest.mark.req("BT-004")
def test_unknown_environment_names_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"did you mean broker.port"):
        load(tmp_path, IBKR_BOT__BROKER__PROT="4002")
    load(tmp_path, IBKR_HOST="10.0.0.1", PATH="x")  # not ours


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, yaml="broker: {port: 0, client_id: -1}\ntrading: {mode: live}")
    text = str(caught.value)
    assert all(key in text for key in ("broker.port", "broker.client_id", "trading.mode"))


@pytest.mark.parametrize("content", ["[1, 2]", "broker: {port: [", "just text"])
def test_a_file_that_is_no_mapping_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load(tmp_path, yaml=content)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load_settings(tmp_path / "absent.yaml", env={}, env_file=None)


@pytest.mark.req("BT-052")
def test_secrets_are_masked_when_shown_and_in_errors(tmp_path: Path) -> None:
    canary = "DU0000042"
    settings = load(tmp_path, IBKR_BOT__BROKER__ACCOUNT=canary)
    assert settings.broker.account.get_secret_value() == canary
    assert canary not in "\n".join(settings.describe())
    assert canary not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, yaml=f"broker: {{account: {{x: {canary}}}}}")
    assert canary not in str(caught.value)


@given(st.integers(1, 65535))
def test_every_port_can_come_from_the_environment(port: int) -> None:
    settings = load_settings(Path("config/bot.yaml"), env={PORT: str(port)}, env_file=None)
    assert settings.broker.port == port


def test_lists_are_written_as_yaml(tmp_path: Path) -> None:
    assert load(tmp_path, IBKR_BOT__SYMBOLS="[SPY, IWM]").symbols == ("SPY", "IWM")
