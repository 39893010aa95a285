"""What every key service does for the lifecycle and for an endpoint."""

from collections.abc import Callable

import pytest

from tests.contract.custody.place import Place
from tests.pairs import pair
from whatsapp_flow_keys.custody.opening import ServiceKey
from whatsapp_flow_keys.custody.services import open_service
from whatsapp_flow_keys.errors import StorePermissionError
from whatsapp_flow_keys.flow_protocol.message import SealedRequest, encrypt_request
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import load_public_key, public_key_fingerprint

PAYLOAD = {"action": "INIT"}


def sealed_for(reference: KeyReference) -> SealedRequest:
    """A form, encrypted as WhatsApp's client does."""
    body, _ = encrypt_request(load_public_key(reference.public_key_pem), PAYLOAD)
    return SealedRequest.read(body)


def test_a_key_that_it_made_decrypts_a_form(place: Place) -> None:
    made = place.service().make()
    opened = sealed_for(made).open([ServiceKey(made, place.service())])
    assert (opened.payload, opened.key.fingerprint) == (PAYLOAD, made.fingerprint)


def test_a_reference_has_the_fingerprint_of_its_public_key(place: Place) -> None:
    made = place.service().make()
    assert made.fingerprint == public_key_fingerprint(made.public_key_pem)
    assert made.service == place.service().url == place.url


def test_each_key_is_another_and_the_one_before_goes_on(place: Place) -> None:
    service = place.service()
    before, after = service.make(), service.make()
    assert before.fingerprint != after.fingerprint
    keys = [ServiceKey(after, service), ServiceKey(before, service)]
    assert sealed_for(before).open(keys).key.fingerprint == before.fingerprint


def test_what_was_encrypted_with_another_key_is_no_outage(place: Place) -> None:
    service = place.service()
    one, other = service.make(), service.make()
    with pytest.raises(ValueError, match="another key"):
        ServiceKey(one, service).unwrap(sealed_for(other).wrapped_key)


@pytest.mark.parametrize("wrapped", [b"", b"x", bytes(range(256)), b"\0" * 256, b"\xff" * 256])
def test_neither_is_garbage(place: Place, wrapped: bytes) -> None:
    service = place.service()
    with pytest.raises(ValueError, match="another key"):
        ServiceKey(service.make(), service).unwrap(wrapped)


def test_a_key_in_use_has_no_trouble(place: Place) -> None:
    assert place.service().trouble(place.service().make()) is None


def test_of_a_key_out_of_use_it_says_so_until_it_is_back(place: Place) -> None:
    service = place.service()
    reference, _ = service.make(), service.make()
    place.take_out_of_use(reference)
    assert "out of use" in str(service.trouble(reference))
    place.put_back_into_use(reference)
    assert service.trouble(reference) is None


def test_the_trouble_with_a_key_that_is_not_there_is_said(place: Place) -> None:
    made = place.service().make()
    assert place.service().trouble(KeyReference(made.service, "999", made.public_key_pem))


def test_a_reference_with_anothers_public_key_is_no_evidence(place: Place) -> None:
    """As in a document that somebody changed."""
    service = place.service()
    one, other = service.make(), service.make()
    assert "another key" in str(service.trouble(KeyReference(one.service, one.key, other.public_key_pem)))


def test_a_key_is_found_by_its_fingerprint(place: Place) -> None:
    service = place.service()
    assert service.find("0" * 64) is None
    one, other = service.make(), service.make()
    assert (service.find(one.fingerprint), service.find(other.fingerprint)) == (one, other)
    assert service.find("0" * 64) is None


def test_what_left_goes_out_of_use_and_what_stays_does_not(place: Place) -> None:
    service = place.service()
    oldest, middle, newest = service.make(), service.make(), service.make()
    service.retire([oldest.fingerprint], [middle.fingerprint, newest.fingerprint])
    assert service.trouble(oldest)
    assert [service.trouble(reference) for reference in (middle, newest)] == [None, None]


def test_that_can_be_undone(place: Place) -> None:
    service = place.service()
    before, after = service.make(), service.make()
    service.retire([before.fingerprint], [after.fingerprint])
    place.put_back_into_use(before)
    assert sealed_for(before).open([ServiceKey(before, service)]).payload == PAYLOAD


@pytest.mark.parametrize("stays", [(0, 2), (0, 1)], ids=["the oldest and the newest", "the two older ones"])
def test_no_key_that_stays_goes_out_of_use_with_another(place: Place, stays: tuple[int, int]) -> None:
    service = place.service()
    made = [service.make() for _ in range(3)]
    kept = [made[at] for at in stays]
    service.retire([each.fingerprint for each in made if each not in kept], [each.fingerprint for each in kept])
    assert [service.trouble(reference) for reference in kept] == [None, None]


def test_what_it_has_never_had_goes_nowhere(place: Place) -> None:
    """As where a document says so."""
    service = place.service()
    made, newest = service.make(), service.make()
    service.retire(["0" * 64], [newest.fingerprint])
    assert service.trouble(made) is None


def test_without_a_key_that_stays_none_goes_out_of_use(place: Place) -> None:
    """A ring without references says nothing of which key is still needed."""
    service = place.service()
    made = service.make()
    service.retire([made.fingerprint], [])
    assert service.trouble(made) is None


def test_a_key_that_was_made_elsewhere_is_imported_and_decrypts(place: Place) -> None:
    key = pair()
    imported = place.service().adopt(key)
    assert imported.fingerprint == key.fingerprint
    assert sealed_for(imported).open([ServiceKey(imported, place.service())]).payload == PAYLOAD


def test_to_import_it_again_changes_nothing(place: Place) -> None:
    service = place.service()
    assert service.adopt(pair()) == service.adopt(pair())


def test_another_key_can_follow_an_imported_one(place: Place) -> None:
    service = place.service()
    imported, made = service.adopt(pair()), service.make()
    assert sealed_for(made).open([ServiceKey(imported, service), ServiceKey(made, service)]).key.reference == made


def test_two_numbers_share_no_key(place: Place) -> None:
    service, other = place.service(), open_service(place.url, f"{place.number}9")
    before, after = service.make(), service.make()
    others = other.make()
    service.retire([before.fingerprint], [after.fingerprint])
    assert other.trouble(others) is None
    assert service.find(others.fingerprint) is None


@pytest.mark.parametrize("call", ["make", "find", "trouble", "retire", "unwrap"])
def test_who_may_not_is_told_what_it_needs(place: Place, call: str) -> None:
    made, after = place.service().make(), place.service().make()
    denied = place.forbid()
    calls: dict[str, Callable[[], object]] = {
        "make": lambda: denied.make(),
        "find": lambda: denied.find("0" * 64),
        "trouble": lambda: denied.trouble(made),
        "retire": lambda: denied.retire([made.fingerprint], [after.fingerprint]),
        "unwrap": lambda: denied.unwrap(made, sealed_for(made).wrapped_key),
    }
    with pytest.raises(StorePermissionError, match=r"A stack needs .* An endpoint needs"):
        calls[call]()
