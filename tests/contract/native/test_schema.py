"""The package's schema: what the SDKs of Pulumi's languages are generated from."""

import inspect
import re
from typing import Any

import pytest

from whatsapp_flow_encryption import FlowEncryption, WhatsAppProvider
from whatsapp_flow_encryption.native import COMPONENTS, FlowEncryptionInputs
from whatsapp_flow_keys.native.kinds import KINDS
from whatsapp_flow_keys.native.package_schema import package_schema
from whatsapp_flow_keys.resources.schema import camel

SCHEMA = package_schema()
RESOURCES = SCHEMA["resources"]


def described(properties: dict[str, Any]) -> list[str]:
    return [name for name, each in properties.items() if each["description"].strip(". ")]


@pytest.mark.parametrize("name", RESOURCES)
def test_everything_is_described_and_every_required_property_is_there(name: str) -> None:
    resource = RESOURCES[name]
    assert resource["description"].endswith(".")
    assert described(resource["properties"]) == list(resource["properties"])
    assert described(resource["inputProperties"]) == list(resource["inputProperties"])
    assert set(resource["required"]) <= resource["properties"].keys()
    assert set(resource["requiredInputs"]) <= resource["inputProperties"].keys()


@pytest.mark.parametrize("name", KINDS)
def test_the_schema_says_what_the_rules_say(name: str) -> None:
    state, resource = KINDS[name].rules.state, RESOURCES[f"whatsapp:flows:{name}"]
    secret = {each for each, found in resource["properties"].items() if found.get("secret")}
    assert secret == {camel(each) for each in state.names("secret")}
    assert resource["aliases"] == [{"type": f"pulumi-python:dynamic/whatsapp:{name}"}]


def test_a_component_takes_what_the_one_of_a_python_program_takes() -> None:
    here = set(FlowEncryptionInputs.traits())
    python = set(inspect.signature(FlowEncryption).parameters) - {"resource_name", "opts"}
    assert python - here == {"deploy"}, "a callback crosses no languages: FlowRegistration stands for it"
    assert here - python == {"generate_passphrase", "passphrase_length", "register"}


@pytest.mark.parametrize("name", COMPONENTS)
def test_what_decides_which_resources_there_are_is_plain(name: str) -> None:
    inputs = RESOURCES[f"whatsapp:flows:{name}"]["inputProperties"]
    assert {each for each, found in inputs.items() if found.get("plain")} == {
        camel(each) for each in COMPONENTS[name].plain
    }


def test_the_configuration_is_that_of_a_provider_of_a_python_program() -> None:
    python = set(inspect.signature(WhatsAppProvider).parameters) - {"resource_name", "opts"}
    here = SCHEMA["provider"]["inputProperties"]
    assert {camel(each) for each in python} == set(here)
    assert {each for each, found in here.items() if found.get("secret")} == {"accessToken", "appSecret"}


def test_no_name_is_one_that_pulumi_keeps_for_itself() -> None:
    every = {name for each in RESOURCES.values() for name in (*each["properties"], *each["inputProperties"])}
    assert not every & {"id", "urn", "provider", "pulumi"}
    assert all(re.fullmatch(r"[a-z][A-Za-z]*", name) for name in every)


def test_what_a_check_or_a_refresh_sets_is_no_argument() -> None:
    """A generated program would pin it: a key's date, and the key would never be due."""
    given = {name for each in RESOURCES.values() for name in each["inputProperties"]}
    assert not given & {"signatureStatus"}
    assert "issuedOn" not in RESOURCES["whatsapp:flows:EncryptionKey"]["inputProperties"]
    assert "issuedOn" in RESOURCES["whatsapp:flows:EncryptionKey"]["properties"]


@pytest.mark.parametrize("name", ["KeyRing", "StoredKeyRing", "KeyRegistration"])
def test_what_a_resource_needs_from_the_key_has_a_type_that_it_takes(name: str) -> None:
    """`key.locations`, written as one would: TypeScript and Go refuse an output that may be missing."""
    key = RESOURCES["whatsapp:flows:EncryptionKey"]
    needed = set(RESOURCES[f"whatsapp:flows:{name}"]["requiredInputs"]) & key["properties"].keys()
    only_in_the_stack = {"privateKey"}
    assert needed - set(key["required"]) <= only_in_the_stack
