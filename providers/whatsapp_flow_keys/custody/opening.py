"""Any key of a ring, as something that decrypts: a PEM that is opened here, or a key that its service unwraps with."""

from dataclasses import dataclass, field

from whatsapp_flow_keys.custody import pem
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.custody.service import KeyService
from whatsapp_flow_keys.custody.services import NONE, KeyServices
from whatsapp_flow_keys.errors import InputError, StoreUnavailableError
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.ring import KeyRing, RingKey


@dataclass(frozen=True)
class ServiceKey:
    """A :class:`DecryptionKey` of a key service: each unwrapping is a call."""

    reference: KeyReference
    service: KeyService = field(repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """See :class:`DecryptionKey`."""
        return self.reference.fingerprint

    @property
    def public_key_pem(self) -> str:
        """See :class:`DecryptionKey`."""
        return self.reference.public_key_pem

    def unwrap(self, wrapped: bytes) -> bytes:
        """See :class:`DecryptionKey`. Raises :class:`StoreUnavailableError` where the service can't, or won't."""
        try:
            return self.service.unwrap(self.reference, wrapped)
        except InputError as error:  # a variable that is wrong: to its caller, a ValueError is another key
            raise StoreUnavailableError(self.reference.service, str(error)) from None


def open_key(key: RingKey, ring: KeyRing, *passphrases: str | None, services: KeyServices = NONE) -> DecryptionKey:
    """What decrypts with an entry of ``ring``. Nobody is asked for a key of a service.

    Raises :class:`PrivateKeyError` for a PEM that opens with none of ``passphrases``, :class:`UnknownServiceError` for
    a key of a service that is not among ``services``.
    """
    if key.reference is None:
        return pem.open_key(key, *passphrases)
    return ServiceKey(key.reference, services.of(key.reference, ring.phone_number_id))
