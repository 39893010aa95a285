"""Every private key of a number's ring, parsed once, and the requests that they open."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import FlowKeysError, InputError, MissingExtraError, StoreError
from whatsapp_flow_keys.flow_message import Session, decrypt_request
from whatsapp_flow_keys.lifecycle.passphrases import open_key
from whatsapp_flow_keys.ring import KeyRing

_KEYS = "WHATSAPP_FLOW_KEYS"
_PASSPHRASES = ("WHATSAPP_FLOW_PASSPHRASE", "WHATSAPP_FLOW_FORMER_PASSPHRASE")


class FlowKeys:
    """The keys of one phone number, the likeliest first. Thread-safe: nothing changes after it is made."""

    def __init__(self, ring: KeyRing, *passphrases: str) -> None:
        """Raises :class:`PrivateKeyError` for a key that opens with none of the passphrases."""
        self._keys = tuple(open_key(key, *passphrases) for key in ring.keys)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "FlowKeys":
        """From ``endpoint_env``: ``WHATSAPP_FLOW_KEYS`` is the key ring document, or the URLs of the stores that hold
        it, separated by blanks; the first that can be read is taken.

        Raises :class:`InputError` when the variable is missing or wrong, :class:`StoreError` when no store can be read.
        """
        given = environ.get(_KEYS, "").strip()
        if not given:
            raise InputError(f"{_KEYS}: is not set; give the endpoint the environment `endpoint_env`")
        ring = document.load(given, _KEYS) if given.startswith("{") else _from_stores(given.split())
        return cls(ring, *(environ[name] for name in _PASSPHRASES if environ.get(name)))

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the keys, the likeliest first."""
        return tuple(key.fingerprint for key in self._keys)

    def decrypt(self, body: Mapping[str, Any]) -> tuple[Any, Session]:
        """The payload of a Flow request (its JSON body), and the session that encrypts the answer.

        Raises :class:`FlowMessageError` when no key opens it: answer with HTTP 421, so that WhatsApp fetches the
        public key anew and sends the request once more (Meta, "Implementing Endpoint for Flows").
        """
        return decrypt_request(self._keys, body)


def _from_stores(urls: Sequence[str]) -> KeyRing:
    from whatsapp_flow_keys.stores.urls import open_store  # an endpoint with the document needs no store

    failures: list[FlowKeysError] = []
    for url in urls:
        try:
            store = open_store(url, _KEYS)
            ring = store.read().ring
        except (StoreError, MissingExtraError) as error:
            failures.append(error)
            continue
        if ring is not None:
            return ring
        failures.append(StoreError(f"{_KEYS}: there is no key ring at {store.url}"))
    raise failures[0] if len(failures) == 1 else StoreError("; ".join(map(str, failures)))
