"""The keys of a shelf, by phone number ID."""

from whatsapp_flow_keys.keys import public_key_fingerprint
from whatsapp_flow_keys.registrars.errors import NumberGoneError
from whatsapp_flow_keys.registrars.registrar import VALID, ServedKey

SHELVES: dict[str, dict[str, str]] = {}
GONE: set[str] = set()
"""Numbers that were deleted."""


class MemoryRegistrar:
    """A :class:`Registrar`."""

    def __init__(self, shelf: str) -> None:
        self._keys = SHELVES.setdefault(shelf, {})

    def served(self, phone_number_id: str) -> ServedKey:
        if phone_number_id in GONE:
            raise NumberGoneError("the number was deleted")
        pem = self._keys.get(phone_number_id)
        return ServedKey(pem, public_key_fingerprint(pem), VALID) if pem else ServedKey(signature_status="NONE")

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        self._keys[phone_number_id] = public_key_pem
        return "receipt"
