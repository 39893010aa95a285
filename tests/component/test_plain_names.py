"""Arguments that name a number or a store: a secret one is refused, before the engine gets any of it."""

import inspect
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import KEY, LINE, run
from whatsapp_flow_encryption import AwsSecretsManagerStore, AwsSocial, FileStore, FlowEncryption, VaultStore
from whatsapp_flow_encryption.testing import FlowKeyMocks

ROOT = Path(__file__).parents[2]
NUMBER = "106540352242922"
WORD = "hunter2"


def secret(value: Any = WORD) -> Any:
    return pulumi.Output.secret(value)


ARGUMENTS: dict[str, tuple[str, Any]] = {
    "number": ("phone_number_id", lambda: secret(NUMBER)),
    "store by its URL": ("store", lambda: secret(f"file:///{WORD}.json")),
    "field of a store": ("store", lambda: VaultStore("secret/line", address=secret(f"https://{WORD}.example.com"))),
    "tag of a store": ("store", lambda: AwsSecretsManagerStore("line", region="eu-west-1", tags={"team": secret()})),
    "registrar by its URL": ("registrar", lambda: secret("meta")),
    "field of a registrar": ("registrar", lambda: AwsSocial(secret("phone-number-id-1"), region="eu-west-1")),
    "days": ("rotate_after_days", lambda: secret(90)),
    "wait": ("endpoint_wait", lambda: secret(7)),
    "backup": ("backups", lambda: [FileStore("/srv/a.json"), FileStore(secret(f"/srv/{WORD}.json"))]),
}


def test_every_argument_has_its_rule_on_the_page_about_secrets() -> None:
    """A new one has to get one, too: its provider can't know whether a program calls it secret."""
    rules = (ROOT / "docs" / "security.md").read_text().partition("| argument | |")[2].partition("\n\n")[0]
    named = {name for row in rules.splitlines() for name in re.findall("`([a-z_]+)`", row.split("|")[1] if row else "")}
    arguments = set(inspect.signature(FlowEncryption).parameters) - {"resource_name", "opts", "deploy"}
    assert named == arguments


def refusal(**arguments: Any) -> tuple[str, list[str]]:
    """What the program ends with, and what the engine was asked for."""
    kinds: list[str] = []

    class Asked(FlowKeyMocks):
        def new_resource(self, args: Any) -> Any:
            kinds.append(args.typ)
            return super().new_resource(args)

    def program() -> None:
        given = {name: value() for name, value in arguments.items()}
        FlowEncryption("line", **{"phone_number_id": NUMBER, **given})

    with pytest.raises(pulumi.RunError) as caught:
        run(program, Asked())
    return str(caught.value), kinds


@pytest.mark.parametrize("given", ARGUMENTS)
def test_a_secret_name_is_refused_with_its_argument_and_never_quoted(given: str) -> None:
    argument, value = ARGUMENTS[given]
    said, asked = refusal(**{argument: value})
    assert said.startswith(f"FlowEncryption 'line': {argument}: is a secret, but errors, previews, the audit log and")
    assert "pulumi.Output.unsecret(" in said
    assert WORD not in said
    assert asked == [LINE]


def test_each_argument_has_a_line() -> None:
    said, _ = refusal(phone_number_id=lambda: secret(NUMBER), store=lambda: secret("file:///ring.json"))
    assert [line.split(": ")[1] for line in said.splitlines()] == ["phone_number_id", "store"]


def test_it_is_refused_in_a_preview_that_does_not_know_the_value_yet() -> None:
    class Made(pulumi.CustomResource):
        path: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Made", "made", {"path": None})

    def program() -> None:
        FlowEncryption("line", phone_number_id=NUMBER, store=FileStore(secret(Made().path)))

    with pytest.raises(pulumi.RunError, match="FlowEncryption 'line': store: is a secret"):
        run(program, preview=True)


def test_what_is_unmarked_is_taken() -> None:
    def program() -> None:
        store = FileStore(pulumi.Output.unsecret(secret("/srv/ring.json")))
        FlowEncryption("line", phone_number_id=pulumi.Output.from_input(NUMBER), store=store)

    engine = run(program)
    assert engine.inputs(KEY)["store"] == "file:///srv/ring.json"
