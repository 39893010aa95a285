"""An account as its provider is configured: what its resources share, and what its settings are called."""

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.kinds import META
from whatsapp_flow_keys.resources.account import ConfiguredAccount
from whatsapp_flow_keys.resources.run import Run

STACK = {"whatsapp:accessToken": "one"}
AWS = "awssocial://phone-number-id-0123456789abcdef0123456789abcdef?region=eu-central-1"
NOTHING: dict[str, str] = {}
NORTH = {"whatsapp:accessToken": "two", "whatsapp:appSecret": "secret", "whatsapp:account": "north"}


def test_the_resources_of_an_account_share_a_client_and_those_of_another_do_not() -> None:
    run = Run()
    stack, again, north = (ConfiguredAccount(settings.get, run) for settings in (STACK, STACK, NORTH))
    assert stack.registrar(META) is again.registrar(META)
    assert stack.registrar(META) is not north.registrar(META)


def test_two_runs_share_nothing() -> None:
    one, other = (ConfiguredAccount(STACK.get, Run()) for _ in range(2))
    assert one.registrar(META) is not other.registrar(META)
    assert one.audit() is not other.audit()


def test_a_ping_of_an_endpoint_is_signed_with_the_accounts_secret_which_is_called_by_its_name() -> None:
    endpoint = ConfiguredAccount(NORTH.get, Run()).endpoint("https://flows.example.com/north", META)
    assert (endpoint.app_secret, endpoint.secret_name) == ("secret", "north:appSecret")
    unsigned = ConfiguredAccount(STACK.get, Run()).endpoint("https://flows.example.com/line", META)
    assert (unsigned.app_secret, unsigned.secret_name) == (None, "whatsapp:appSecret")


def test_a_number_at_aws_needs_no_access_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    account = ConfiguredAccount(NOTHING.get, Run())
    account.check(AWS)
    with pytest.raises(InputError, match="whatsapp:accessToken: is missing"):
        account.check(META)


def test_the_pings_of_a_number_at_aws_are_signed_with_the_accounts_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_APP_SECRET", "of-the-environment")
    url = "https://flows.example.com/line"
    stack, north = ConfiguredAccount(NOTHING.get, Run()), ConfiguredAccount(NORTH.get, Run())
    assert stack.endpoint(url, AWS).app_secret == "of-the-environment"
    assert (north.endpoint(url, AWS).app_secret, north.endpoint(url, AWS).secret_name) == ("secret", "north:appSecret")
    assert ConfiguredAccount({"whatsapp:account": "south"}.get, Run()).endpoint(url, AWS).app_secret is None


def test_each_number_at_aws_has_a_registrar_of_its_own() -> None:
    account = ConfiguredAccount(STACK.get, Run())
    assert account.registrar(AWS) is account.registrar(AWS)
    assert account.registrar(AWS) is not account.registrar(AWS.replace("0123", "3210"))


def test_an_app_secret_that_is_none_is_refused_for_aws_too() -> None:
    with pytest.raises(InputError, match="whatsapp:appSecret: is empty or holds blanks"):
        ConfiguredAccount({"whatsapp:appSecret": "two words"}.get, Run()).check(AWS)
