"""A ring of which a key service has keys: its document, its line in an environment, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.pairs import pair
from whatsapp_flow_keys import document, keys_variable
from whatsapp_flow_keys.custody.services import KeyServices, parse_custody, services_in
from whatsapp_flow_keys.errors import ForeignDocumentError, InputError, UnknownServiceError
from whatsapp_flow_keys.key_reference import KeyReference, reference_in
from whatsapp_flow_keys.key_source import sources_from_env
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

SERVICE = "vaulttransit://vault.example.com/whatsapp-flows-"
NUMBER = "106540352242922"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
HELD, PEM = "held by the service", "a PEM"
KEYS = pytest.mark.parametrize("keys", [(HELD,), (HELD, PEM), (PEM, HELD)], ids=["held", "held first", "a PEM first"])


def reference() -> KeyReference:
    return KeyReference(SERVICE, "3", pair().public_key_pem)


def ring(*kinds: str) -> KeyRing:
    entries = {
        HELD: RingKey(pair().fingerprint, Role.CURRENT, "2026-11-24", AT, "", reference()),
        PEM: RingKey(pair(1).fingerprint, Role.PREVIOUS, "2026-11-20", None, pair(1).to_pem()),
    }
    return KeyRing(NUMBER, "org/flows/prod", "key-1", 4, tuple(entries[kind] for kind in kinds))


@KEYS
def test_a_document_with_a_reference_is_read_as_it_was_written(keys: tuple[str, ...]) -> None:
    written = document.dump(ring(*keys))
    assert json.loads(written)["format"] == "whatsapp-flow-keys/2"
    assert document.load(written, "here") == ring(*keys)


def test_a_document_without_one_is_what_every_version_reads() -> None:
    assert json.loads(document.dump(ring(PEM)))["format"] == "whatsapp-flow-keys/1"


def test_it_holds_nothing_of_a_private_key_that_a_service_has() -> None:
    assert json.loads(document.dump(ring(HELD)))["private_keys"] == ""
    assert "PRIVATE" not in document.dump(ring(HELD))


@KEYS
def test_in_an_environment_it_is_one_word(keys: tuple[str, ...]) -> None:
    line = document.in_one_line(document.dump(ring(*keys)), "here")
    assert line.startswith("wfk2.")
    assert len(line.split()) == 1
    (source,) = sources_from_env({"WHATSAPP_FLOW_KEYS": line})
    read = source.read()
    assert [replace(key, role=Role.RETAINED) for key in read.keys] == [
        replace(key, role=Role.RETAINED) for key in ring(*keys).keys
    ]
    assert replace(read, keys=()) == ring()


def test_three_keys_of_a_service_are_small_enough_for_a_function_of_aws() -> None:
    others = [KeyReference(SERVICE, str(number), pair(number).public_key_pem) for number in (1, 2)]
    keys = [RingKey(each.fingerprint, Role.RETAINED, "2026-11-24", AT, "", each) for each in others]
    three = ring(HELD)
    three = replace(three, keys=(*three.keys, *keys))
    assert len(document.in_one_line(document.dump(three), "here")) < 2_000


@pytest.mark.parametrize(
    "changed", [lambda line: line[:-9], lambda line: line.replace("wfk2.", "wfk2.1")], ids=["cut", "changed"]
)
def test_a_line_that_was_cut_or_changed_is_refused(changed: Callable[[str], str]) -> None:
    line = document.in_one_line(document.dump(ring(HELD)), "here")
    with pytest.raises(InputError, match=r"it was cut|was changed"):
        sources_from_env({"WHATSAPP_FLOW_KEYS": changed(line)})


def test_a_number_on_its_way_to_a_service_fits_there_too() -> None:
    moving = ring(HELD, PEM)
    other = RingKey(pair(2).fingerprint, Role.RETAINED, "2026-11-20", AT, pair(2).to_pem())
    assert len(document.in_one_line(document.dump(replace(moving, keys=(*moving.keys, other))), "here")) < 2_200


def damaged(change: Callable[[dict[str, Any]], object]) -> str:
    """What is said of a document after a change of it."""
    found = json.loads(document.dump(ring(HELD, PEM)))
    change(found)
    with pytest.raises(ForeignDocumentError) as caught:
        document.load(json.dumps(found), "here")
    return str(caught.value)


def of_another_key(found: dict[str, Any]) -> None:
    found["keys"][0]["reference"]["public_key"] = pair(2).public_key_pem


def test_a_reference_with_another_public_key_is_refused() -> None:
    """The public half is what is published, and what the service is asked about."""
    assert "has another public key than the fingerprint beside it" in damaged(of_another_key)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda found: found["keys"][0]["reference"].pop("service"), id="no service"),
        pytest.param(lambda found: found["keys"][0]["reference"].update(key=3), id="a number as the key"),
        pytest.param(lambda found: found["keys"][0]["reference"].update(key="3\n"), id="a key of two lines"),
        pytest.param(lambda found: found["keys"][0]["reference"].update(public_key="hunter2"), id="no public key"),
        pytest.param(lambda found: found["keys"][0].update(reference="hunter2"), id="a string"),
        pytest.param(lambda found: found["keys"][0].update(reference=[]), id="a list"),
        pytest.param(lambda found: found["keys"][1].update(reference=found["keys"][0]["reference"]), id="beside a PEM"),
        pytest.param(lambda found: found["keys"][0].pop("reference"), id="neither a PEM nor a reference"),
        pytest.param(lambda found: found.update(format="whatsapp-flow-keys/1"), id="in the format before"),
        pytest.param(lambda found: found["keys"].pop(), id="a PEM without an entry"),
    ],
)
def test_a_damaged_reference_is_refused_and_not_quoted(change: Callable[[dict[str, Any]], object]) -> None:
    said = damaged(change)
    assert "the key ring document is damaged" in said
    assert "hunter2" not in said


def test_the_text_of_a_state_is_told_from_a_pem() -> None:
    assert reference_in(reference().to_text()) == reference()
    assert reference_in(pair().to_pem()) is None
    assert reference_in('{"service": "x"}') is None
    assert reference_in("{" * 100_000) is None


def test_only_a_service_that_is_named_is_asked() -> None:
    with pytest.raises(UnknownServiceError, match="so it was not asked"):
        services_in("vaulttransit://another.example.com/whatsapp-flows-").of(reference(), NUMBER)
    assert services_in(f"x {SERVICE}").of(reference(), NUMBER).url == SERVICE
    with pytest.raises(UnknownServiceError):
        KeyServices().refuse_others(ring(PEM, HELD))


def test_an_endpoint_of_several_numbers_has_the_services_of_all() -> None:
    one, other = {"WHATSAPP_FLOW_KEYS": "file:///a", "WHATSAPP_FLOW_CUSTODY": "a: b:"}, {"WHATSAPP_FLOW_KEYS": "file:b"}
    together = keys_variable.joined([("1", one), ("2", other), ("3", {**other, "WHATSAPP_FLOW_CUSTODY": "b: c:"})])
    assert together["WHATSAPP_FLOW_CUSTODY"] == "a: b: c:"
    assert "WHATSAPP_FLOW_CUSTODY" not in keys_variable.joined([("2", other)])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "custody: is empty; give a key service's URL"),
        (None, "custody: is empty"),
        (7, "custody: is empty"),
        ("stack", "custody: 'stack' is not a key service; known are `ring`, `awskms://…`, `vaulttransit://…`"),
        ("hashivault://vault.example.com/path", "is not a key service"),
        ("vaulttransit:///whatsapp-flows-", "custody: names no server; set address= or VAULT_ADDR"),
        ("vaulttransit://vault.example.com", "can't be the path"),
        ("vaulttransit://vault.example.com/a/b", "can't begin a Transit key's name"),
        ("vaulttransit://vault.example.com/-a", "can't begin a Transit key's name"),
        ("vaulttransit://vault.example.com/flows1", "with no digit at the end"),
        ("vaulttransit://vault.example.com/a?tls=off", "must be asked by https"),
        ("vaulttransit://user:hunter2@vault.example.com/a", "holds no user or password"),
        ("vaulttransit://vault.example.com/a?version=3", "is no setting of this store"),
        ("awskms:///whatsapp-flows-", "custody: the AWS region is missing; give region=, or set AWS_REGION"),
        ("awskms://ireland/whatsapp-flows-", "custody: 'ireland' is not an AWS region, as in awskms://eu-west-1/"),
        ("awskms://eu-west-1", "can't begin a KMS key's alias"),
        ("awskms://eu-west-1/aws/flows-", "not aws/ at the beginning"),
        ("awskms://eu-west-1/flows1", "with no digit at the end"),
        ("awskms://eu-west-1/flows.", "can't begin a KMS key's alias"),
        (f"awskms://eu-west-1/{'a' * 129}", "at most 128 letters"),
        ("awskms://eu-west-1/a-?account=12", "account must be the 12 digits of an AWS account"),
        ("awskms://eu-west-1/a-?profile=x", "'profile' is no setting of this key service; known are account"),
        ("awskms://user:hunter2@eu-west-1/a", "holds no user or password"),
    ],
)
def test_a_url_that_names_none_is_refused_with_what_is_wrong(url: object, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_custody(url, "custody")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_equal_places_have_equal_urls() -> None:
    spelled = "VaultTransit://VAULT.example.com:443/whatsapp-flows-?mount=transit"
    assert parse_custody(spelled, "custody") == SERVICE
