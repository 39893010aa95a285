"""Private keys that lie in the ring as PEMs: opening them, and changing their passphrase so that no key is stranded.

While a change is under way keys written with the old passphrase lie beside new ones, and an endpoint needs both. Once
the endpoint has both, the registration writes the old keys with the new one: after a deployment that handed it over, or
with the rotation whose key is written with it. ``""`` stands for "there was none before".
"""

from collections.abc import Sequence
from dataclasses import replace

from whatsapp_flow_keys.errors import PassphraseChangeError, PrivateKeyError
from whatsapp_flow_keys.keys import CHECKED, CheckedKeys, PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey
from whatsapp_flow_keys.sealed_pem import rounds_for, rounds_of

NO_PASSPHRASE = ""


def open_key(key: RingKey, *passphrases: str | None, checked: CheckedKeys | None = None) -> PrivateKey:
    """The private key of a ring's entry, with the first passphrase that opens it; None stands for none.

    ``checked``: see :meth:`PrivateKey.from_pem`.
    Raises :class:`PrivateKeyError` if none does, or if the PEM holds another key than the entry names.
    """
    field = f"key {key.fingerprint} of the ring"
    failure = PrivateKeyError(f"{field}: there is no passphrase to try")
    for passphrase in dict.fromkeys(passphrases or (None,)):
        try:
            opened = PrivateKey.from_pem(key.private_key_pem, passphrase, field=field, checked=checked)
        except PrivateKeyError as error:
            failure = error
            continue
        if opened.fingerprint != key.fingerprint:
            raise PrivateKeyError(f"{field}: its PEM holds another key, {opened.fingerprint}")
        return opened
    raise failure


def former_passphrases(ring: KeyRing, passphrase: str | None, formers: Sequence[str]) -> list[str]:
    """Which of ``formers`` a PEM of ``ring`` still needs, one at most; none if all are written with ``passphrase``.

    Raises :class:`PrivateKeyError` if a key opens with none of them, :class:`PassphraseChangeError` if two are
    needed.
    """
    needed: set[str] = set()
    for key in _with_pems(ring):
        open_key(key, passphrase, *formers, checked=CHECKED)
        if not is_written_with(key, passphrase):
            # A key that opens and was written with none of them is in the clear, as in an old backup.
            needed.add(next((former for former in formers if is_written_with(key, former)), NO_PASSPHRASE))
    if len(needed) > 1:
        raise PassphraseChangeError(
            f"phone number {ring.phone_number_id}: the passphrase changed again before every key was written with the "
            f"last one. Set it back to the one before and rotate, by a new rotation_trigger; then change it"
        )
    return list(needed)


def rewritten(ring: KeyRing, passphrase: str | None, formers: Sequence[str]) -> KeyRing:
    """``ring`` with every key written with ``passphrase``; unchanged where no former one is recorded."""
    if not formers:
        return ring
    return replace(ring, keys=tuple(_rewritten(key, passphrase, formers) for key in ring.keys))


def strengthened(ring: KeyRing, passphrase: str | None) -> KeyRing:
    """``ring`` with every key that ``passphrase`` opens encrypted as a new one would be: older versions wrote 2,048
    rounds whatever the passphrase. Unchanged where none is weaker. Whoever has the passphrase opens both."""
    if passphrase is None:
        return ring
    return replace(ring, keys=tuple(_strengthened(key, passphrase) for key in ring.keys))


def _with_pems(ring: KeyRing) -> list[RingKey]:
    return [key for key in ring.keys if key.reference is None]


def _strengthened(key: RingKey, passphrase: str) -> RingKey:
    if not is_encrypted(key) or rounds_of(key.private_key_pem) >= rounds_for(passphrase):
        return key
    if not is_written_with(key, passphrase):
        return key
    return replace(key, private_key_pem=open_key(key, passphrase, checked=CHECKED).to_pem(passphrase))


def _rewritten(key: RingKey, passphrase: str | None, formers: Sequence[str]) -> RingKey:
    if key.reference is not None or is_written_with(key, passphrase):
        return key
    opened = open_key(key, passphrase, *formers, checked=CHECKED)
    return replace(key, private_key_pem=opened.to_pem(passphrase))


def is_encrypted(key: RingKey) -> bool:
    """Whether the PEM of ``key`` needs a passphrase."""
    return "ENCRYPTED" in key.private_key_pem.partition("\n")[0]


def is_written_with(key: RingKey, passphrase: str | None) -> bool:
    """Whether the PEM of ``key`` was written with ``passphrase``; in the clear where that is None."""
    if not is_encrypted(key):
        return passphrase is None
    try:
        open_key(key, passphrase, checked=CHECKED)
    except PrivateKeyError:
        return False
    return True
