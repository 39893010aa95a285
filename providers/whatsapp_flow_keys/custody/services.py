"""The key services by the schemes of their URLs, and which of them may be asked."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from whatsapp_flow_keys.custody.service import CustodyKind, KeyService
from whatsapp_flow_keys.errors import InputError, UnknownServiceError
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.ring import KeyRing

KINDS = {
    "awskms": "whatsapp_flow_keys.custody.aws_kms",
    "vaulttransit": "whatsapp_flow_keys.custody.vault_transit",
}
"""By scheme, the folder whose ``KIND`` it is: a program pays for the services that it names."""

RING = "ring"
"""The custody of a key that lies in the ring, as a PEM: the default. It stands in place of a URL."""

_ANY_NUMBER = "0"


def write_url(scheme: str, **given: object) -> str:
    """The URL of what a program gives to the custody class of this scheme."""
    return cast(CustodyKind, import_module(KINDS[scheme]).KIND).write(**given)


def complete_url(url: str, environ: Mapping[str, str] | None = None) -> str:
    """``url`` with what the environment knows of where the service is. A wrong one is left to be refused."""
    kind = _kind(url)
    return kind.complete(url, os.environ if environ is None else environ) if kind else url


def open_service(url: object, phone_number_id: str, field: str = "custody") -> KeyService:
    """The service behind a URL, for the keys of one number; nobody is asked yet.

    Raises :class:`InputError`, which names ``field``.
    """
    if not isinstance(url, str) or not url.strip():
        raise InputError(f"{field}: is empty; give a key service's URL, as in vaulttransit://vault.example.com:8200")
    kind = _kind(url)
    if kind is None:
        known = ", ".join([f"`{RING}`", *(f"`{scheme}://…`" for scheme in KINDS)])
        raise InputError(f"{field}: {url[:80]!r} is not a key service; known are {known}")
    return kind.open(url, phone_number_id, field)


def parse_custody(url: object, field: str) -> str:
    """The canonical URL of a service, or :data:`RING`. Raises :class:`InputError`, which names ``field``."""
    return RING if url == RING else open_service(url, _ANY_NUMBER, field).url


def custodian(custody: str | None, phone_number_id: str) -> KeyService | None:
    """The service that is to hold a number's next key; None where that is to lie in the ring."""
    return None if custody in (None, RING) else open_service(custody, phone_number_id)


@dataclass(frozen=True)
class KeyServices:
    """Those that may be asked for the keys of a ring, which the program or the state names.

    A document may be changed by whoever can write to its place; what it names is sent no token by that alone.
    """

    urls: tuple[str, ...] = ()

    @classmethod
    def naming(cls, *urls: str | None) -> "KeyServices":
        """Each once; None and :data:`RING` name none."""
        return cls(tuple(dict.fromkeys(url for url in urls if url and url != RING)))

    def of(self, reference: KeyReference, phone_number_id: str) -> KeyService:
        """The service that has the key. Raises :class:`UnknownServiceError` for one that is not among these."""
        if reference.service not in self.urls:
            raise UnknownServiceError(
                reference.service,
                f"has key {reference.fingerprint} by the words of the key ring of phone number {phone_number_id}, but "
                f"nothing else names that service, so it was not asked. A program names it as its `custody`; an "
                f"endpoint and the command line by WHATSAPP_FLOW_CUSTODY, as in `endpoint_env`",
            )
        return open_service(reference.service, phone_number_id)

    def refuse_others(self, ring: KeyRing) -> None:
        """Raises :class:`UnknownServiceError` where another service has a key of ``ring``."""
        for reference in ring.references:
            self.of(reference, ring.phone_number_id)


NONE = KeyServices()


def custodies_of(custody: str | None, ring: KeyRing) -> tuple[str, ...] | None:
    """What the state records of a number with a ``custody``: the service of its next key, and those that hold keys of
    its ring; None where the program gives none."""
    if custody is None:
        return None
    return KeyServices.naming(custody, *(reference.service for reference in ring.references)).urls


def services_in(urls: str | Sequence[str] | None) -> KeyServices:
    """Those that a variable of the environment names, separated by blanks, or a list."""
    return KeyServices.naming(*(urls.split() if isinstance(urls, str) else urls or ()))


def _kind(url: str) -> CustodyKind | None:
    module = KINDS.get(url.partition(":")[0].lower())
    return cast(CustodyKind, import_module(module).KIND) if module else None
