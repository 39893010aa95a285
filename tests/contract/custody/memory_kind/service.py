"""The keys of a number, by the service's URL and the number."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from tests.contract.custody.memory_kind.address import parse
from whatsapp_flow_keys.errors import OutOfUseError, StorePermissionError
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import PrivateKey, make_key


@dataclass
class Held:
    """One key, which is in use or not."""

    key: PrivateKey
    in_use: bool = True


SAFES: defaultdict[tuple[str, str], list[Held]] = defaultdict(list)
"""By the service's URL and the phone number ID; a key is known by its place in the list."""

FORBIDDEN: set[str] = set()
"""The services that let nobody do anything."""


class MemoryService:
    """A :class:`KeyService`."""

    def __init__(self, url: str, phone_number_id: str, field: str = "custody") -> None:
        self.url = str(parse(url, field))
        self._number = phone_number_id

    @property
    def _held(self) -> list[Held]:
        if self.url in FORBIDDEN:
            raise StorePermissionError(self.url, "denied. A stack needs the safe's key. An endpoint needs it too")
        return SAFES[self.url, self._number]

    def make(self) -> KeyReference:
        return self._keep(make_key())

    def adopt(self, key: PrivateKey) -> KeyReference:
        return self.find(key.fingerprint) or self._keep(key)

    def find(self, fingerprint: str) -> KeyReference | None:
        found = (at for at, held in enumerate(self._held) if held.in_use and held.key.fingerprint == fingerprint)
        return next(map(self._reference, found), None)

    def trouble(self, reference: KeyReference) -> str | None:
        held = self._of(reference)
        if held is None:
            return f"there is no key {reference.key}"
        if held.key.fingerprint != reference.fingerprint:
            return f"{reference.key} is another key"
        return None if held.in_use else f"key {reference.key} is out of use"

    def retire(self, gone: Collection[str], kept: Collection[str]) -> None:
        if any(held.key.fingerprint in kept for held in self._held):
            for held in self._held:
                held.in_use &= held.key.fingerprint not in gone

    def unwrap(self, reference: KeyReference, wrapped: bytes) -> bytes:
        held = self._of(reference)
        if held is None or not held.in_use:
            raise OutOfUseError(self.url, f"key {reference.key} is out of use")
        try:
            return held.key.unwrap(wrapped)
        except ValueError:
            raise ValueError("encrypted with another key") from None

    def _keep(self, key: PrivateKey) -> KeyReference:
        self._held.append(Held(key))
        return self._reference(len(self._held) - 1)

    def _reference(self, at: int) -> KeyReference:
        return KeyReference(self.url, str(at), self._held[at].key.public_key_pem)

    def _of(self, reference: KeyReference) -> Held | None:
        at = int(reference.key)
        return self._held[at] if at < len(self._held) else None
