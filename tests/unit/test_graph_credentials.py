"""Where the settings of the Graph API come from: the stack's configuration first, then the environment."""

from collections.abc import Mapping

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.meta_graph.settings import DEFAULT_URL, GraphSettings, graph_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_TOKEN", "APP_SECRET", "GRAPH_URL", "GRAPH_DEADLINE"):
        monkeypatch.delenv(f"WHATSAPP_{name}", raising=False)


def settings(config: Mapping[str, str]) -> GraphSettings:
    return graph_settings({f"whatsapp:{name}": value for name, value in config.items()}.get)


def test_the_configured_token_comes_first_and_the_environments_is_the_second_to_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "of-the-environment")
    assert settings({"accessToken": "configured"}).access_tokens == ("configured", "of-the-environment")


def test_the_environments_token_serves_where_none_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "of-the-environment\n")
    assert settings({}).access_tokens == ("of-the-environment",)


def test_no_token_at_all_is_named() -> None:
    with pytest.raises(InputError, match="whatsapp:accessToken: is missing"):
        settings({})


def test_the_environments_app_secret_is_not_joined_to_a_configured_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_APP_SECRET", "of-another-app")
    assert settings({"accessToken": "configured"}).app_secret is None


def test_the_environments_app_secret_goes_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "of-the-environment")
    monkeypatch.setenv("WHATSAPP_APP_SECRET", "of-its-app")
    assert settings({}).app_secret == "of-its-app"


def test_one_account_of_several_never_gets_a_token_or_secret_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "of-the-environment")
    monkeypatch.setenv("WHATSAPP_APP_SECRET", "of-its-app")
    found = settings({"accessToken": "of-the-north", "account": "north"})
    assert (found.access_tokens, found.app_secret, found.account) == (("of-the-north",), None, "north")
    with pytest.raises(InputError, match=r"^north:accessToken: is missing; set it with `[^`]* north:accessToken`$"):
        settings({"account": "north"})


def test_the_configured_address_outweighs_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_GRAPH_URL", "http://127.0.0.1:1")
    assert settings({"accessToken": "t", "graphUrl": "http://127.0.0.1:2"}).url == "http://127.0.0.1:2"
    assert settings({"accessToken": "t"}).url == "http://127.0.0.1:1"


def test_metas_own_address_is_the_default() -> None:
    assert settings({"accessToken": "t"}).url == DEFAULT_URL


@pytest.mark.parametrize("wrong", ["soon", "0", "-1", "1e9", "nan"])
def test_a_wrong_deadline_is_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("WHATSAPP_GRAPH_DEADLINE", wrong)
    with pytest.raises(InputError, match="WHATSAPP_GRAPH_DEADLINE"):
        settings({"accessToken": "t"})
