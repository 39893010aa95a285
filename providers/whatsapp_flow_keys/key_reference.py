"""A private key that a key service never hands out: where it is, and its public half. It is no secret."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from whatsapp_flow_keys.carried import base64_content

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)-----END PUBLIC KEY-----\n")
_FIELDS = ("service", "key", "public_key")


@dataclass(frozen=True)
class KeyReference:
    """One key of a service.

    Args:
        service: its URL, as in ``vaulttransit://vault.example.com:8200/support-line``.
        key: which of its keys, in its own words: the version of a Transit key.
        public_key_pem: the public half, SPKI PEM.
    """

    service: str
    key: str
    public_key_pem: str

    @cached_property
    def fingerprint(self) -> str:
        """Lower-case hex SHA-256 of the public key's SPKI DER."""
        return sha256(base64_content("".join(self.public_key_pem.splitlines()[1:-1]))).hexdigest()

    def to_fields(self) -> dict[str, str]:
        """As the key ring document has them."""
        return {"service": self.service, "key": self.key, "public_key": self.public_key_pem}

    @classmethod
    def from_fields(cls, fields: object) -> "KeyReference":
        """Of what a document has. Raises :class:`ValueError` for anything else."""
        if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in _FIELDS):
            raise ValueError("a reference to a key is incomplete")
        service, key, public_key = (fields[name] for name in _FIELDS)
        if not (service.isprintable() and key.isprintable() and _PEM.fullmatch(public_key)):
            raise ValueError("a reference to a key is not one")
        return cls(service, key, public_key)

    def to_text(self) -> str:
        """In one text, as the state of a resource has it in place of a PEM."""
        return json.dumps(self.to_fields())


def reference_in(text: str) -> KeyReference | None:
    """What :meth:`KeyReference.to_text` wrote; None for anything else, such as a PEM."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return KeyReference.from_fields(json.loads(text))
    except (ValueError, RecursionError):
        return None
