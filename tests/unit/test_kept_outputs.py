"""A preview of a key that stays: the engine calls its outputs unknown, what uses them is shown as it will be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi.output import Unknown

from tests.contract.conftest import TestClock
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.resources.in_passing import digest_of
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props

NUMBER = "106540352242922"
FILE, BACKUP = "file:///srv/ring.json", "file:///mnt/backup.json"
PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OF_NUMBER: Props = {"phone_number_id": NUMBER, "managed_by": "acme/flows/prod"}
GIVEN: Props = {**OF_NUMBER, "store": FILE, "issued_on": "2026-11-01"}
RECORDED: Props = {**GIVEN, "fingerprint": "a" * 64, "former_passphrases": [], "locations": [FILE]}
IN_STACK: Props = {**RECORDED, "store": "stack", "private_key": PEM, "locations": []}


def not_known() -> Any:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor


class Preview:
    """The calls of one preview, in the engine's order: the key's first."""

    def __init__(self, recorded: Props, *, is_new: bool = False, **changed: Any) -> None:
        self._run = Run(TestClock(NOON), voice=lambda _: None)
        inputs = {
            name: value for name, value in recorded.items() if name in EncryptionKeyProvider.rules.inputs.traits()
        }
        provider = self._provider(EncryptionKeyProvider)
        if is_new:
            provider.check({}, {**inputs, **changed})
            return
        found = provider.check(inputs, {**inputs, **changed})
        assert not found.failures
        if provider.diff("key-1", recorded, found.inputs).replaces:
            provider.check({}, {**inputs, **changed})

    def of(self, kind: type[FlowKeysProvider], olds: Props, news: Props) -> Props:
        """The inputs of another resource of the number, as its check returns them."""
        found = self._provider(kind).check(olds, news)
        assert found.inputs is not None
        return found.inputs

    def changes(self, kind: type[FlowKeysProvider], recorded: Props, news: Props) -> bool | None:
        inputs = self.of(kind, recorded, news)
        return self._provider(kind).diff("id-1", recorded, inputs).changes

    def _provider(self, kind: type[FlowKeysProvider]) -> FlowKeysProvider:
        provider = kind()
        provider._run = self._run
        return provider


def of_registration(**more: Any) -> Props:
    return {**OF_NUMBER, "store": FILE, "key_id": "key-1", **more}


REGISTRATION = of_registration(
    fingerprint="a" * 64,
    proven_fingerprint="a" * 64,
    locations=[FILE],
    signature_status="VALID",
    key_ring="current in every store",
)
ASKED = of_registration(fingerprint=not_known(), locations=not_known(), former_passphrases=not_known())


def test_a_registration_whose_key_stays_does_not_change() -> None:
    assert Preview(RECORDED, rotate_after_days=30).changes(KeyRegistrationProvider, REGISTRATION, ASKED) is False


def test_the_guard_of_a_document_whose_key_stays_does_not_change() -> None:
    recorded = {**OF_NUMBER, "store": FILE, "key_id": "key-1", "locations": [FILE]}
    asked = {**recorded, "locations": not_known()}
    assert Preview(RECORDED, rotate_after_days=30).changes(StoredKeyRingProvider, recorded, asked) is False


def test_a_ring_of_the_stack_whose_key_stays_does_not_change() -> None:
    recorded = {**OF_NUMBER, "key_id": "key-1", "fingerprint": "a" * 64, "locations": [], "issued_on": "2026-11-01"}
    recorded |= {"private_key": digest_of(PEM)}
    asked = {**recorded, "fingerprint": not_known(), "private_key": not_known(), "issued_on": not_known()}
    assert Preview(IN_STACK, rotate_after_days=30).changes(KeyRingProvider, recorded, asked) is False


@pytest.mark.parametrize(
    "changed",
    [{"rotation_trigger": "once"}, {"phone_number_id": "1065403522429229", "store": "file:///srv/other.json"}],
    ids=["rotation", "number"],
)
def test_a_key_that_is_replaced_keeps_nothing(changed: Props) -> None:
    inputs = Preview(RECORDED, **changed).of(KeyRegistrationProvider, REGISTRATION, ASKED)
    assert isinstance(inputs["fingerprint"], Unknown)


def test_a_rotation_goes_to_the_same_places_with_the_same_passphrases() -> None:
    inputs = Preview(RECORDED, rotation_trigger="once").of(KeyRegistrationProvider, REGISTRATION, ASKED)
    assert inputs["locations"] == [FILE]
    assert "former_passphrases" not in inputs  # none, which is the default


def test_a_key_that_is_new_or_replaced_by_force_keeps_nothing() -> None:
    inputs = Preview(RECORDED, is_new=True).of(KeyRegistrationProvider, REGISTRATION, ASKED)
    assert isinstance(inputs["fingerprint"], Unknown)


@pytest.mark.parametrize(
    "changed", [{"store": BACKUP, "backups": [FILE]}, {"backups": [BACKUP]}], ids=["moves", "is copied"]
)
def test_where_a_key_goes_is_not_known_before_it_is_there(changed: Props) -> None:
    recorded = {**RECORDED, "backups": [BACKUP]} if "store" in changed else RECORDED
    inputs = Preview(recorded, **changed).of(KeyRegistrationProvider, REGISTRATION, ASKED)
    assert inputs["fingerprint"] == "a" * 64
    assert isinstance(inputs["locations"], Unknown)


@pytest.mark.parametrize(
    ("recorded", "changed"),
    [
        (RECORDED, {"passphrase": "another one of several words"}),
        ({**RECORDED, "former_passphrases": ["before"]}, {"rotate_after_days": 3}),
    ],
    ids=["the passphrase changes", "a former one may be done with"],
)
def test_passphrases_that_an_update_may_change_are_not_known(recorded: Props, changed: Props) -> None:
    inputs = Preview(recorded, **changed).of(KeyRegistrationProvider, REGISTRATION, ASKED)
    assert isinstance(inputs["former_passphrases"], Unknown)
