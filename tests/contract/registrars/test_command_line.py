"""`show`, `verify` and `send` where the number's registrar is at AWS."""

import pytest

from tests.contract.command_line.conftest import endpoint as endpoint
from tests.contract.command_line.conftest import shell as shell
from tests.contract.command_line.shell import APP_SECRET, Shell
from tests.contract.registrars import at_aws
from tests.servers.flow_endpoint import FlowEndpoint

WITHOUT_TOKEN = {"WHATSAPP_ACCESS_TOKEN": ""}


@pytest.fixture(autouse=True)
def _at_aws(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    at_aws.put_in(monkeypatch, shell.line.emulator)
    shell.line.emulator.clear_requests()


def asked(shell: Shell) -> list[str]:
    return [request["path"] for request in shell.line.emulator.requests(shell.line.number)]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_aws_says_what_meta_serves_without_an_access_token(shell: Shell, by: str) -> None:
    url = at_aws.url_of(shell.line.number).partition("?")[0]  # the region is the environment's
    words = ["--registrar", url] if by == "option" else []
    variables = WITHOUT_TOKEN if by == "option" else {**WITHOUT_TOKEN, "WHATSAPP_REGISTRAR": url}
    status, output = shell.show(*shell.stores, *words, **variables)
    assert (status, f"Meta serves {shell.line.served()}, VALID: the current key" in output) == (0, True), output
    status, output = shell.verify(*shell.stores, *words, **variables)
    assert status == 0, output
    assert asked(shell) == ["/v1/whatsapp/business-public-key"] * 2


def test_a_form_is_sent_with_the_key_that_aws_says_is_served(shell: Shell, endpoint: FlowEndpoint) -> None:
    url = at_aws.url_of(shell.line.number)
    status, output = shell.verify(
        *shell.stores,
        *("--registrar", url, "--endpoint", endpoint.url),
        WHATSAPP_APP_SECRET=APP_SECRET,
        **WITHOUT_TOKEN,
    )
    assert status == 0, output
    assert "answers a ping that is encrypted with the key that Meta serves" in output


def test_the_option_outweighs_the_variable(shell: Shell) -> None:
    url = at_aws.url_of(shell.line.number)
    shell.show(*shell.stores, "--registrar", "meta", WHATSAPP_REGISTRAR=url)
    assert asked(shell) == [f"/v26.0/{shell.line.number}/whatsapp_business_encryption"]


def test_a_refusal_of_aws_says_what_to_do(shell: Shell) -> None:
    shell.line.emulator.fault("error", aws_code="ResourceNotFoundException", phone_number_id=shell.line.number)
    words = (*shell.stores, "--registrar", at_aws.url_of(shell.line.number))
    status, output = shell.verify(*words)
    assert (status, "Meta: was not asked: AWS refused to read the public key" in output) == (3, True), output
    assert "compare the registrar's ID, region and account" in output
    assert shell.show(*words)[0] == 1


def test_a_fault_of_aws_is_to_be_asked_again_later(shell: Shell) -> None:
    shell.line.emulator.fault("error", aws_code="InternalServiceException", phone_number_id=shell.line.number)
    status, output = shell.verify(*shell.stores, "--registrar", at_aws.url_of(shell.line.number))
    assert (status, "ask again in a few minutes" in output) == (3, True), output


@pytest.mark.parametrize(
    ("registrar", "said"),
    [
        ("aws", "--registrar: 'aws' is not a registrar; known are `meta`, `awssocial://…`"),
        ("awssocial://106540352242922", "--registrar: '106540352242922' is not an AWS phone number ID"),
    ],
)
def test_a_wrong_registrar_is_invalid_usage(shell: Shell, registrar: str, said: str) -> None:
    status, output = shell.verify(*shell.stores, "--registrar", registrar)
    assert (status, said in " ".join(output.split())) == (3, True), output
