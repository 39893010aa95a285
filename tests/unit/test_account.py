"""An account as its provider is configured: what its resources share, and what its settings are called."""

from whatsapp_flow_keys.resources.account import ConfiguredAccount
from whatsapp_flow_keys.resources.run import Run

STACK = {"whatsapp:accessToken": "one"}
NORTH = {"whatsapp:accessToken": "two", "whatsapp:appSecret": "secret", "whatsapp:account": "north"}


def test_the_resources_of_an_account_share_a_client_and_those_of_another_do_not() -> None:
    run = Run()
    stack, again, north = (ConfiguredAccount(settings.get, run) for settings in (STACK, STACK, NORTH))
    assert stack.registrar() is again.registrar()
    assert stack.registrar() is not north.registrar()


def test_two_runs_share_nothing() -> None:
    one, other = (ConfiguredAccount(STACK.get, Run()) for _ in range(2))
    assert one.registrar() is not other.registrar()
    assert one.audit() is not other.audit()


def test_a_ping_of_an_endpoint_is_signed_with_the_accounts_secret_which_is_called_by_its_name() -> None:
    endpoint = ConfiguredAccount(NORTH.get, Run()).endpoint("https://flows.example.com/north")
    assert (endpoint.app_secret, endpoint.secret_name) == ("secret", "north:appSecret")
    unsigned = ConfiguredAccount(STACK.get, Run()).endpoint("https://flows.example.com/line")
    assert (unsigned.app_secret, unsigned.secret_name) == (None, "whatsapp:appSecret")
