"""Where keys are read from at run time: ``WHATSAPP_FLOW_KEYS``, as ``endpoint_env`` gives it."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.carried import unwrapped, with_line_ends
from whatsapp_flow_keys.errors import FlowKeysError, InputError, MissingExtraError, StoreError
from whatsapp_flow_keys.pem_text import pems
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store

KEYS = "WHATSAPP_FLOW_KEYS"
"""The variable that holds the key ring in one line or as a document, or the URLs of the stores that hold it."""
_STORE = re.compile(r"[a-z]+:/", re.IGNORECASE)
_PASSPHRASES = ("WHATSAPP_FLOW_PASSPHRASE", "WHATSAPP_FLOW_FORMER_PASSPHRASE")


@dataclass(frozen=True)
class KeySource:
    """The key ring itself, or the URLs of the stores that hold it; and the passphrases of its keys."""

    given: str = field(repr=False)
    passphrases: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "KeySource":
        """Raises :class:`InputError` when ``WHATSAPP_FLOW_KEYS`` is not set, was cut or changed, or holds neither."""
        environ = os.environ if environ is None else environ
        given = unwrapped(environ.get(KEYS, ""), "{", f"{one_line.FORMAT}.")
        if not given:
            raise InputError(f"{KEYS}: is not set; give the endpoint the environment `endpoint_env`")
        if one_line.is_line(given):
            _refuse_unusable(given)
        elif given.startswith("{"):
            given = _document(given)
        elif not _STORE.match(given):  # it may be a secret, so it isn't quoted
            what = "a PEM that is" if "-----BEGIN " in given else f"{len(given)} characters that are"
            raise InputError(
                f"{KEYS}: holds {what} neither a key ring, which begins with {one_line.FORMAT} or {{, nor the URL of a "
                f"store, such as file:///var/lib/flows/ring.json; give the endpoint the environment `endpoint_env` as "
                f"it is"
            )
        return cls(given, passphrases_from_env(environ))

    @property
    def is_store(self) -> bool:
        """Whether reading it again can give other keys; a ring in the environment stays what it is."""
        return bool(_STORE.match(self.given))

    def stores(self) -> tuple[Store, ...]:
        """Every place of the ring, the store first; a ring itself is that of a stack that keeps its own keys.

        Raises :class:`InputError` for a wrong URL, :class:`ForeignDocumentError` for text that is not a ring.
        """
        if not self.is_store:
            return (RecordedRing(document.load(self.given, KEYS)),)
        from whatsapp_flow_keys.stores.urls import open_store

        return tuple(open_store(url, KEYS) for url in self.given.split())

    def read(self) -> KeyRing:
        """The ring; of several stores, that of the first which can be read. Threads may read at once.

        Threads share neither a session of requests (Vault) nor a client of Azure. What they share is made for it:
        boto3's client, which its guide calls thread-safe, and azure-identity's credential, whose cache has a lock.
        While credentials that run out are renewed, though, boto3 lets all wait.

        Raises :class:`InputError` for a wrong URL, :class:`StoreError` when no store can be read or none holds a ring.
        """
        return _from_stores(self.given.split()) if self.is_store else document.load(self.given, KEYS)


def _refuse_unusable(line: str) -> None:
    try:
        one_line.checked(line)
    except one_line.UnusableLineError as error:
        raise InputError(f"{KEYS}: {error}") from None


def _document(given: str) -> str:
    """The document as it was before an environment file or a setting changed its line ends.

    Raises :class:`InputError` where its end is missing. What else is wrong with it is left to whoever loads it.
    """
    for text in (given, with_line_ends(given)):
        try:
            found = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(bundle := found.get("private_keys"), str):
            found["private_keys"] = "".join(pem.text for pem in pems(bundle)) or bundle
        return json.dumps(found)
    if given == "{":
        raise InputError(
            f"{KEYS}: ends after its first line, {{. An env file holds one line for each variable: give it the "
            f"document in one line, as `jq -c .` prints it"
        )
    if not given.endswith("}"):
        raise InputError(
            f"{KEYS}: ends after {len(given)} characters, before the end of the key ring document. Give the endpoint "
            f"all of it, or keep the keys in a store and give its URL"
        )
    return given


def passphrases_from_env(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The passphrases that the environment holds, the present one first; empty where the keys are in the clear."""
    environ = os.environ if environ is None else environ
    return tuple(environ[name] for name in _PASSPHRASES if environ.get(name))


def _from_stores(urls: Sequence[str]) -> KeyRing:
    from whatsapp_flow_keys.stores.urls import open_store  # an endpoint with the document needs no store

    failures: list[FlowKeysError] = []
    for url in urls:
        try:
            # Opened again each time: a server that forks after the first read must share no connection.
            store = open_store(url, KEYS)
            ring = store.read().ring
        except (StoreError, MissingExtraError) as error:
            failures.append(error)
            continue
        if ring is not None:
            return ring
        failures.append(StoreError(KEYS, f"there is no key ring at {store.url}"))
    raise failures[0] if len(failures) == 1 else StoreError(KEYS, "; ".join(map(str, failures)))
