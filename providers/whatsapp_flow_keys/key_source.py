"""Where the keys of a phone number are read from at run time, and the passphrases that open them."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from whatsapp_flow_keys import document
from whatsapp_flow_keys.client_library import at_most
from whatsapp_flow_keys.custody.services import NONE, KeyServices, services_in
from whatsapp_flow_keys.errors import FlowKeysError, InputError, MissingExtraError, StoreError
from whatsapp_flow_keys.keys_variable import (
    CUSTODY,
    FORMER_PASSPHRASE,
    KEYS,
    PASSPHRASE,
    is_store,
    of_number,
    read_variable,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store

LONGEST_FOR_A_BACKUP = 3.0
"""Seconds that a start waits for each place behind the one that was read."""


def sources_from_env(environ: Mapping[str, str] | None = None) -> tuple["KeySource", ...]:
    """One for each phone number that ``WHATSAPP_FLOW_KEYS`` names, or the one whose number it doesn't name.

    Raises :class:`InputError` when the variable is not set, was cut or changed, or holds neither a ring nor a URL.
    """
    environ = os.environ if environ is None else environ
    return tuple(
        KeySource(given, passphrases_from_env(environ, number), number, services_in(environ.get(CUSTODY)))
        for number, given in read_variable(environ).items()
    )


def passphrases_from_env(
    environ: Mapping[str, str] | None = None, phone_number_id: str | None = None
) -> tuple[str, ...]:
    """The passphrases that the environment holds, the present one first; empty where the keys are in the clear.

    A number of several may have its own, as in ``WHATSAPP_FLOW_PASSPHRASE_106540352242922``; else it has those without
    an ID.
    """
    environ = os.environ if environ is None else environ
    names = (PASSPHRASE, FORMER_PASSPHRASE)
    own = [environ.get(of_number(name, phone_number_id)) for name in names] if phone_number_id else []
    found = own if any(own) else [environ.get(name) for name in names]
    return tuple(filter(None, found))


@dataclass(frozen=True)
class KeySource:
    """The key ring of one number, or the URLs of the stores that hold it; and the passphrases of its keys."""

    given: str = field(repr=False)
    passphrases: tuple[str, ...] = field(default=(), repr=False)
    phone_number_id: str | None = None
    """Whose ring it is; None where the environment doesn't say."""
    services: KeyServices = NONE
    """The key services that may be asked."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "KeySource":
        """The only one. Raises :class:`InputError` as :func:`sources_from_env`, and where there are several."""
        source, *more = sources_from_env(environ)
        if more:
            numbers = ", ".join(str(each.phone_number_id) for each in (source, *more))
            raise InputError(f"{KEYS}: holds the key rings of several numbers, {numbers}; leave one of them here")
        return source

    @property
    def is_store(self) -> bool:
        """Whether reading it again can give other keys; a ring in the environment stays what it is."""
        return is_store(self.given)

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

        Raises :class:`InputError` for a wrong URL or another number's ring, :class:`StoreError` when no store can be
        read or none holds a ring.
        """
        return _first(self._reads())

    def read_at_start(self) -> KeyRing:
        """The same, then a look at the places behind it: another number's is a mistake that its URL doesn't show.

        Raises as :meth:`read`, and :class:`InputError` where two places are those of two numbers. A backup that can't
        be read within :data:`LONGEST_FOR_A_BACKUP` is passed over.

        It starts no thread: one that has just ended may still hold a lock of OpenSSL's while a server forks, and the
        fork would wait for it for ever.
        """
        reads = iter(self._reads())
        ring = _first(reads)
        for read in reads:
            with at_most(LONGEST_FOR_A_BACKUP), suppress(StoreError, MissingExtraError):
                _refuse_another(ring, read())
        return ring

    def _reads(self) -> list[Callable[[], KeyRing]]:
        if self.is_store:
            return [partial(self._in_store, url) for url in self.given.split()]
        return [lambda: self._of_this_number(document.load(self.given, KEYS))]

    def _in_store(self, url: str) -> KeyRing:
        from whatsapp_flow_keys.stores.urls import open_store  # an endpoint with the ring itself needs no store

        # Opened again each time: a server that forks after the first read must share no connection.
        store = open_store(url, KEYS)
        ring = store.read().ring
        if ring is None:
            raise StoreError(KEYS, f"there is no key ring at {store.url}")
        return self._of_this_number(ring)

    def _of_this_number(self, ring: KeyRing) -> KeyRing:
        if self.phone_number_id not in (None, ring.phone_number_id):
            raise InputError(
                f"{KEYS}: names, as the key ring of phone number {self.phone_number_id}, that of phone number "
                f"{ring.phone_number_id}"
            )
        return ring


def _first(reads: Iterable[Callable[[], KeyRing]]) -> KeyRing:
    """The first that can be read; those behind it are left."""
    failures: list[FlowKeysError] = []
    for read in reads:
        try:
            return read()
        except (StoreError, MissingExtraError) as error:
            failures.append(error)
    raise failures[0] if len(failures) == 1 else StoreError(KEYS, "; ".join(map(str, failures)))


def _refuse_another(ring: KeyRing, backup: KeyRing) -> None:
    if backup.phone_number_id != ring.phone_number_id:
        one, other = ring.phone_number_id, backup.phone_number_id
        raise InputError(
            f"{KEYS}: its URLs are those of two numbers, {one} and {other}, as if one were the other's backup. An "
            f"endpoint of both needs the ID before each URL: {one}=URL {other}=URL"
        )
