"""Explicit providers: each number with the credentials of its own account."""

from tests.pairs import pair
from tests.stack.native.program import declare, install_plugin, write
from tests.stack.project import ACCOUNT_TOKENS, TOKEN, Project
from whatsapp_flow_keys.native.version import VERSION


def test_a_number_is_registered_with_the_token_of_its_provider(project: Project) -> None:
    project.environment["WHATSAPP_ACCESS_TOKEN"] = "EAAofNoAccount"
    account = {"access_token": ACCOUNT_TOKENS["north"], "graph_url": project.emulator.url, "account": "north"}
    declare(project, {"provider": "north"}, providers={"north": account})
    project.up()
    assert project.served() == project.fingerprint()
    account["access_token"] = TOKEN
    declare(project, {"provider": "north"}, providers={"north": account})
    project.emulator.clear_requests()
    project.up()
    assert project.publications() == 0, "another token is no other account"
    account["access_token"] = "EAAexpired"
    declare(project, {"provider": "north", "rotation_trigger": "two"}, providers={"north": account})
    assert "AccessTokenError: account north: Meta refused to read the public key" in project.failing_up()


def test_the_token_of_the_stacks_configuration_is_taken_and_encrypted(project: Project) -> None:
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    declare(project)
    assert "whatsapp:accessToken: is missing" in project.fail("preview")
    project.succeed("config", "set", "whatsapp:accessToken", TOKEN)
    project.up()
    assert project.served() == project.fingerprint()
    providers = project.resources("whatsapp")
    assert providers
    assert TOKEN not in str(providers), "a secret, though its configuration is in plain text"


def test_a_function_says_what_meta_serves_for_a_number_of_somebody_else(project: Project) -> None:
    install_plugin(project)
    other = f"{project.number}7"
    project.emulator.add_number(other)
    invoke = {"function": "whatsapp:flows:getRegisteredKey", "arguments": {"phoneNumberId": other}}
    write(project, {}, {"found": {"fn::invoke": {**invoke, "options": {"version": VERSION}}}})
    project.up()
    assert project.outputs()["found"] == {}
    project.emulator.set_key(other, pair().public_key_pem)
    project.up()
    assert project.outputs()["found"] == {
        "fingerprint": pair().fingerprint,
        "publicKeyPem": pair().public_key_pem,
        "signatureStatus": "VALID",
    }
