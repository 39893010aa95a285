"""The key that Meta should serve, and what is known of it before a registration asks anybody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from whatsapp_flow_keys.custody.pem import open_key
from whatsapp_flow_keys.errors import KeyNotInRingError, PrivateKeyError
from whatsapp_flow_keys.keys import CHECKED, PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role


@dataclass(frozen=True)
class Wanted:
    """The key that Meta should serve.

    Args:
        fingerprint: of the key.
        passphrase: what its PEM is encrypted with; None if it is in the clear.
        replaceable: fingerprints of other keys that may be published over, and :data:`NOTHING` if Meta may serve none
            though a key was registered.
        former_passphrases: what some keys of the ring were written with before; see
            :mod:`whatsapp_flow_keys.custody.pem`.
        proven: the fingerprint that the state records as proven.
        deployed: the endpoint has the new passphrase, too, so the ring may be written with that one alone.
    """

    fingerprint: str
    passphrase: str | None = field(default=None, repr=False)
    replaceable: Collection[str] = ()
    former_passphrases: Sequence[str] = field(default=(), repr=False)
    proven: str | None = None
    deployed: bool = False

    def registered(self, ring: KeyRing) -> str | None:
        """A key that was proven at Meta according to the ring or the state; None before the first one.

        A key that was only offered doesn't count: its publication may never have been sent.
        """
        proven = (key.fingerprint for key in ring.keys if key.role in (Role.CURRENT, Role.PREVIOUS))
        return next(proven, self.proven)

    def open(self, key: RingKey) -> PrivateKey:
        """The private key of a PEM. Raises :class:`PrivateKeyError` if no passphrase opens it."""
        try:
            return open_key(key, self.passphrase, *self.former_passphrases, checked=CHECKED)
        except PrivateKeyError as error:
            raise PrivateKeyError(
                f"{error}. Give the passphrase that the ring was written with (the one of the change before, if that "
                f"was interrupted), run `pulumi up`, then change it"
            ) from None

    def public_key_pem(self, ring: KeyRing) -> str:
        """The public half, computed from the private key in ``ring``, or as its service gave it. Raises
        :class:`KeyNotInRingError`."""
        held = ring.key(self.fingerprint)
        if held is None:
            raise KeyNotInRingError(f"key {self.fingerprint} left the ring of phone number {ring.phone_number_id}")
        return held.reference.public_key_pem if held.reference else self.open(held).public_key_pem
