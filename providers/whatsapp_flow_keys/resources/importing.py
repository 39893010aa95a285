"""Resources that nothing recorded yet, found by their number and store: what ``pulumi import`` and ``get`` ask for.

What is found is what is live: the ring in the store, whoever's stack wrote it, and the key in it that Meta serves.
"""

import os
from dataclasses import dataclass

from whatsapp_flow_keys.custody.services import KeyServices, services_in
from whatsapp_flow_keys.errors import ForeignKeyError, InputError
from whatsapp_flow_keys.keys_variable import CUSTODY, PASSPHRASE
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import META, registrar_of_environment
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.schema import Props
from whatsapp_flow_keys.ring import KeyRing, RingKey
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, complete_url, open_store

_HOW = "give PHONE_NUMBER_ID@STORE, as in 106540352242922@hashivault:///flows/line"


@dataclass(frozen=True)
class Place:
    """Whose key, and where.

    Raises :class:`InputError` from :meth:`parse`, and whatever the store raises from :meth:`ring`.
    """

    phone_number_id: str
    store: Store

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Of an ID such as ``106540352242922@hashivault:///flows/line``."""
        number, at, url = text.partition("@")
        if not at:
            raise InputError(f"id: {text[:80]!r} names no store; {_HOW}")
        if url == STACK:
            raise InputError(
                "id: a key whose only copy is in a stack can't be imported, since no other stack can read it there. "
                "Move it to a store first, or adopt it from a PEM by existing_private_key"
            )
        return cls(parse_phone_number_id(number), open_store(complete_url(url), "id"))

    def ring(self) -> KeyRing | None:
        """What the store holds; None where that is nothing, or something deleted."""
        held = self.store.read()
        ring = None if held.deleted else held.ring
        if ring is not None and ring.phone_number_id != self.phone_number_id:
            raise InputError(f"id: {self.store.url} holds the key ring of phone number {ring.phone_number_id}")
        return ring

    def inputs(self, ring: KeyRing) -> Props:
        """What every resource of the number is given."""
        registrar = registrar_of_environment()
        return {
            "phone_number_id": self.phone_number_id,
            "managed_by": ring.managed_by,
            "registrar": None if registrar == META else registrar,
        }


def passphrase() -> str | None:
    """What opens the ring, from the environment, as an endpoint has it.

    It is no input of what is found: Pulumi writes those in the open into the program that it generates.
    """
    return os.environ.get(PASSPHRASE) or None


def custodies(ring: KeyRing) -> tuple[str, ...] | None:
    """The key services that hold keys of the ring, which the environment must name as an endpoint has them; None where
    none does. Raises :class:`UnknownServiceError`."""
    services_in(os.environ.get(CUSTODY)).refuse_others(ring)
    return KeyServices.naming(*(reference.service for reference in ring.references)).urls or None


def live_key(ring: KeyRing, context: Context) -> RingKey:
    """The key of the ring that Meta serves; the current one where Meta serves none.

    Raises :class:`ForeignKeyError` where Meta serves another key, and what the registrar raises.
    """

    registrar = context.account.registrar(registrar_of_environment())
    served = registrar.served(ring.phone_number_id).fingerprint
    key = ring.current if served is None else ring.key(served)
    if key is None:
        raise ForeignKeyError(f"the key ring lacks the key {served or 'that Meta should serve'}: nothing is live")
    return key


def public_key_pem(key: RingKey) -> str:
    """The public half. Raises :class:`PrivateKeyError` where the passphrase of the environment does not open it."""
    from whatsapp_flow_keys.custody.pem import open_key

    return key.reference.public_key_pem if key.reference else open_key(key, passphrase()).public_key_pem
