"""For unit tests of a program under Pulumi's mocks: what the resources of this package would answer.

Nothing is asked, stored or published. No key is in the package: a pair is made when a test first needs it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.rpc import unwrap_rpc_secret, wrap_rpc_secret

from whatsapp_flow_keys import document
from whatsapp_flow_keys.custody.services import KeyServices, parse_custody
from whatsapp_flow_keys.dynamic.wire import sent
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE
from whatsapp_flow_keys.registrars.registrar import VALID
from whatsapp_flow_keys.resources.given_key import given_key
from whatsapp_flow_keys.resources.properties import (
    KeyInputs,
    KeyState,
    RegistrationInputs,
    RegistrationState,
    RingInputs,
    RingState,
    StoredRing,
)
from whatsapp_flow_keys.resources.schema import Properties, Props
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.urls import STACK, open_store, parse_stores

__all__ = ["FlowKeyMocks"]

_ISSUED_ON = "2026-01-01"
_PAIRS: dict[str, PrivateKey] = {}
_PASSWORD = "random:index/randomPassword:RandomPassword"


class FlowKeyMocks(Mocks):
    """Mocks for ``pulumi.runtime.set_mocks``, as after a number's first ``pulumi up``.

    Each phone number ID has an RSA pair of its own, the same in the whole process. ``issued_on`` is always 2026-01-01.
    With the stack as the store an endpoint that gets ``endpoint_env`` decrypts, also with a custody, whose service is
    not asked; another store is not written to. With ``preview=True`` what is made is unknown, as in a first preview.
    Subclass it to answer otherwise.

    Args:
        others: mocks of everything else; without them inputs are handed back, and a call answers nothing.
    """

    def __init__(self, others: Mocks | None = None) -> None:
        self._others = others

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """The id and the outputs of a resource.

        Raises:
            InputError: a store's or a custody's URL, or the key to be adopted, is one that the preview refuses, too.
        """
        id_: str | None = f"{args.name}_id"
        outputs = args.inputs
        if args.typ not in _MADE and self._others:
            id_, outputs = self._others.new_resource(args)
        if pulumi.runtime.is_dry_run():
            return id_, outputs
        if args.typ in _MADE:
            return id_, _MADE[args.typ](args.inputs)
        if args.typ == _PASSWORD:
            return id_, {"result": wrap_rpc_secret(_password(args)), **outputs}
        return id_, outputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """What the call of a function gives."""
        return self._others.call(args) if self._others else ({}, [])


def _key(given: KeyInputs) -> KeyState:
    pair = given_key(given) or _pair(given.phone_number_id)
    state = KeyState.recording(
        given,
        issued_on=given.issued_on or _ISSUED_ON,
        fingerprint=pair.fingerprint,
        public_key_pem=pair.public_key_pem,
        former_passphrases=(),
        locations=(),
        custodies=_custodies(given.custody),
    )
    if given.in_stack:
        return replace(state, private_key=pair.to_pem())
    return replace(state, locations=_locations(given.store, given.backups), secret_id=open_store(given.store).secret_id)


def _ring(given: RingInputs) -> RingState:
    offered_at = datetime.fromisoformat(given.issued_on).replace(tzinfo=UTC)
    key = RingKey(given.fingerprint, Role.PENDING, given.issued_on, offered_at, given.private_key)
    ring = KeyRing(given.phone_number_id, given.managed_by, given.key_id, revision=1, keys=(key,))
    return RingState.recording(
        given,
        ring=document.dump(ring),
        locations=_locations(STACK, given.backups),
        custodies=_custodies(given.custody),
    )


def _custodies(custody: str | None) -> tuple[str, ...] | None:
    return None if custody is None else KeyServices.naming(parse_custody(custody, "custody")).urls


def _stored_ring(given: StoredRing) -> StoredRing:
    return given


def _registration(given: RegistrationInputs) -> RegistrationState:
    return RegistrationState.recording(
        given, signature_status=VALID, key_ring=IN_PLACE, proven_fingerprint=given.fingerprint
    )


def _made(inputs: type[Properties], answer: Callable[[Any], Properties]) -> Callable[[Mapping[str, Any]], Props]:
    """``answer``, from what the SDK gives to what it takes, with the secrets marked."""

    def made(given: Mapping[str, Any]) -> Props:
        state = answer(inputs.from_props({name: unwrap_rpc_secret(value) for name, value in given.items()}))
        return sent(state.to_props(), state.names("secret"))

    return made


_MADE = {
    "pulumi-python:dynamic/whatsapp:EncryptionKey": _made(KeyInputs, _key),
    "pulumi-python:dynamic/whatsapp:KeyRing": _made(RingInputs, _ring),
    "pulumi-python:dynamic/whatsapp:StoredKeyRing": _made(StoredRing, _stored_ring),
    "pulumi-python:dynamic/whatsapp:KeyRegistration": _made(RegistrationInputs, _registration),
}


def _pair(phone_number_id: str) -> PrivateKey:
    """The first that was made for the number: the SDK asks in several threads."""
    return _PAIRS.get(phone_number_id) or _PAIRS.setdefault(phone_number_id, PrivateKey.generate())


def _locations(store: str, backups: Sequence[str]) -> tuple[str, ...]:
    return tuple(opened.location for opened in parse_stores(store, backups))


def _password(args: MockResourceArgs) -> str:
    length = int(args.inputs["length"])
    return "".join(filter(str.isalnum, f"madeUpFor{args.name}" * length))[:length]
