"""The resources of the package by name: their rules, and what they are."""

from typing import Any, NamedTuple

from whatsapp_flow_keys.native.names import token
from whatsapp_flow_keys.resources.encryption_key import EncryptionKeyRules
from whatsapp_flow_keys.resources.key_registration import KeyRegistrationRules
from whatsapp_flow_keys.resources.key_ring import KeyRingRules
from whatsapp_flow_keys.resources.rules import Rules
from whatsapp_flow_keys.resources.stored_key_ring import StoredKeyRingRules


class Kind(NamedTuple):
    """One kind of resource."""

    rules: Rules[Any, Any]
    about: str


KINDS = {
    "EncryptionKey": Kind(EncryptionKeyRules(), "A key pair. Replacing it is rotation."),
    "KeyRing": Kind(
        KeyRingRules(), "With the stack as the store: one secret document of every key that a form may still need."
    ),
    "StoredKeyRing": Kind(
        StoredKeyRingRules(),
        "With another store than the stack: the document in it, which goes only when the number's keys go.",
    ),
    "KeyRegistration": Kind(KeyRegistrationRules(), "The public key at Meta, published and proven."),
}


BY_TOKEN = {token(name): kind for name, kind in KINDS.items()}
"""The same by type token."""

PROPERTIES = frozenset(
    name for kind in KINDS.values() for of in (kind.rules.inputs, kind.rules.state) for name in of.traits()
)
"""The names of the rules for all properties."""
