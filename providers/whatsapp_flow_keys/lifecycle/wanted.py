"""The key that Meta should serve, and what is known of it before a registration asks anybody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from whatsapp_flow_keys.errors import KeyNotInRingError, PrivateKeyError
from whatsapp_flow_keys.keys import CHECKED, PrivateKey
from whatsapp_flow_keys.lifecycle.passphrases import open_key
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role


@dataclass(frozen=True)
class Wanted:
    """The key that Meta should serve.

    ``replaceable``: fingerprints that may be published over though not ours, and :data:`NOTHING` where Meta may serve
    none though one was registered. ``former_passphrases``: what some keys of the ring were written with before; see
    :mod:`whatsapp_flow_keys.lifecycle.passphrases`. ``proven``: the fingerprint that the state records as proven.
    ``deployed``: the endpoint has got the new passphrase, too, so that the ring may be written with it alone.
    """

    fingerprint: str
    passphrase: str | None = None
    replaceable: Collection[str] = ()
    former_passphrases: Sequence[str] = ()
    proven: str | None = None
    deployed: bool = False

    def registered(self, ring: KeyRing) -> str | None:
        """A key that was proven at Meta, as far as the ring and the state tell; None before the first one.

        That a key was offered proves nothing: its publication may never have left.
        """
        proven = (key.fingerprint for key in ring.keys if key.role in (Role.CURRENT, Role.PREVIOUS))
        return next(proven, self.proven)

    def open(self, key: RingKey) -> PrivateKey:
        """The private key of a ring's entry. Raises :class:`PrivateKeyError`."""
        try:
            return open_key(key, self.passphrase, *self.former_passphrases, checked=CHECKED)
        except PrivateKeyError as error:
            raise PrivateKeyError(
                f"{error}. Give the passphrase that the ring was written with (the one of the change before, if that "
                f"was interrupted), run `pulumi up`, then change it"
            ) from None

    def public_key_pem(self, ring: KeyRing) -> str:
        """The public half, from the private one that ``ring`` holds."""
        held = ring.key(self.fingerprint)
        if held is None:
            raise KeyNotInRingError(f"key {self.fingerprint} left the ring of phone number {ring.phone_number_id}")
        return self.open(held).public_key_pem
