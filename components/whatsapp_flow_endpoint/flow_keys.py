"""Every private key of a number's ring, opened once, and the requests that they open."""

import logging
from collections.abc import Mapping
from typing import Any

from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.custody.opening import open_key
from whatsapp_flow_keys.custody.services import NONE, KeyServices
from whatsapp_flow_keys.errors import StoreError, UnknownServiceError
from whatsapp_flow_keys.flow_protocol.message import SealedRequest, Session
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.key_source import KeySource
from whatsapp_flow_keys.ring import KeyRing, Role

_LOG = logging.getLogger("whatsapp_flow_endpoint")


class FlowKeys:
    """The keys of one phone number, the likeliest first. Thread-safe: nothing changes after it is made."""

    keys: tuple[DecryptionKey, ...]
    """The likeliest first."""
    revision: int
    """Of the ring; the highest, where it was renewed from an older one."""
    phone_number_id: str
    """Whose keys they are."""
    roles: Mapping[str, Role]
    """What each key is to the ring, by its fingerprint. The ring of a stack itself has what was true before its newest
    key was published."""
    _passphrases: tuple[str, ...]
    _services: KeyServices
    _opened: dict[str | KeyReference, DecryptionKey]
    _left_out: dict[KeyReference, UnknownServiceError]

    def __init__(
        self, ring: KeyRing, *passphrases: str, services: KeyServices = NONE, before: "FlowKeys | None" = None
    ) -> None:
        """``services``: the key services that may be asked to decrypt. A key of another one is left out, which an error
        in the log says: as while a number moves to a service that this environment doesn't name yet.

        ``before``: what was held until now. Its keys are not parsed again (28 ms each); where ``ring`` is no newer than
        its ring, as from a store that was rolled back, none of them goes.

        Raises :class:`PrivateKeyError` for a key that opens with none of the passphrases, :class:`StoreError` when the
        ring is empty or every key is left out, or ``before`` was another number's.
        """
        if not ring.keys:
            raise StoreError(f"phone number {ring.phone_number_id}", "its key ring holds no key")
        held = before._opened if before else {}
        if before and before.phone_number_id != ring.phone_number_id:
            raise StoreError(
                f"phone number {before.phone_number_id}", f"its key ring is now that of {ring.phone_number_id}"
            )
        self.phone_number_id, self._passphrases, self._services = ring.phone_number_id, passphrases, services
        newest = before.revision if before else -1
        self.revision = max(ring.revision, newest)
        self._left_out: dict[KeyReference, UnknownServiceError] = {}
        self._opened = {}
        for key in ring.keys:
            of = key.reference or key.private_key_pem
            try:
                self._opened[of] = held.get(of) or open_key(key, ring, *passphrases, services=services)
            except UnknownServiceError as error:
                assert key.reference is not None
                self._left_out[key.reference] = error
        self._say_what_is_left_out(before)
        self.roles = {key.fingerprint: key.role for key in ring.keys}
        if before and ring.revision <= newest:
            self._opened, self.roles = {**self._opened, **held}, {**self.roles, **before.roles}
        self.keys = tuple({key.fingerprint: key for key in self._opened.values()}.values())

    def _say_what_is_left_out(self, before: "FlowKeys | None") -> None:
        """Once for each key. Raises the error where no key is left."""
        if not self._opened:
            raise next(iter(self._left_out.values()))
        for reference, error in self._left_out.items():
            if before is None or reference not in before._left_out:
                _LOG.error("phone number %s: a key can't be used here: %s", self.phone_number_id, error)

    @classmethod
    def unread(cls, phone_number_id: str, *passphrases: str, services: KeyServices = NONE) -> "FlowKeys":
        """No key yet: the number's stores could not be read so far."""
        keys = cls.__new__(cls)
        keys.phone_number_id, keys._passphrases, keys._services = phone_number_id, passphrases, services
        keys._opened, keys._left_out, keys.keys = {}, {}, ()
        keys.revision, keys.roles = -1, {}
        return keys

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "FlowKeys":
        """From ``endpoint_env``: ``WHATSAPP_FLOW_KEYS`` is the key ring itself, or the URLs of the stores that hold it,
        separated by blanks; the first that can be read is taken.

        Raises :class:`InputError` when the variable is missing or wrong, or names several numbers (for which
        :meth:`FlowEndpoint.from_env` is made); :class:`StoreError` when no store can be read.
        """
        source = KeySource.from_env(environ)
        return cls(source.read_at_start(), *source.passphrases, services=source.services)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the keys, the likeliest first."""
        return tuple(key.fingerprint for key in self.keys)

    def renewed(self, ring: KeyRing) -> "FlowKeys":
        """The keys of the ring as it is now. Raises as the constructor does."""
        return FlowKeys(ring, *self._passphrases, services=self._services, before=self)

    def decrypt(self, body: Mapping[str, Any]) -> tuple[Any, Session]:
        """The payload of a Flow request (its JSON body), and the session that encrypts the answer.

        Raises :class:`FlowMessageError` when no key opens it: answer with HTTP 421, so that WhatsApp fetches the
        public key again and sends the request once more (Meta, "Implementing Endpoint for Flows").
        """
        opened = SealedRequest.read(body).open(self.keys)
        return opened.payload, opened.session
