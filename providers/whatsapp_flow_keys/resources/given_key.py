"""The key that a person gives to be adopted: an input only, which no state holds once it is out of the program."""

from typing import TYPE_CHECKING

from whatsapp_flow_keys.errors import PrivateKeyError
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState
from whatsapp_flow_keys.resources.schema import is_known

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey

EXISTING_KEY = "existing_private_key"


def given_key(inputs: KeyInputs) -> "PrivateKey | None":
    """The key that the program gives; None if it gives none, or a preview doesn't know it yet.

    Raises :class:`PrivateKeyError`.
    """
    pem, passphrase = inputs.existing_private_key, inputs.existing_passphrase
    if pem is None or not is_known(pem) or not is_known(passphrase):
        return None
    from whatsapp_flow_keys.keys import CHECKED, PrivateKey  # with cryptography: most programs give none

    return PrivateKey.from_pem(pem, passphrase, field=EXISTING_KEY, checked=CHECKED)


def adopts(olds: KeyState, news: KeyInputs) -> bool:
    """Whether the program gives another key than the recorded one."""
    given = given_key(news)
    return given is not None and given.fingerprint != olds.fingerprint


def unreadable_key(inputs: KeyInputs) -> list[str]:
    """What is wrong with the key that is given."""
    if inputs.existing_private_key is None:
        unused = inputs.existing_passphrase is not None
        return [f"existing_passphrase: has no use without {EXISTING_KEY}"] if unused else []
    try:
        given_key(inputs)
    except PrivateKeyError as error:
        return [str(error)]
    return []


def rotation_of_a_given_key(olds: KeyInputs | None, news: KeyInputs) -> list[str]:
    """While the key is given, no other may be made; its removal is no change."""
    before, given = given_key(olds) if olds else None, given_key(news)
    if olds is None or before is None or given is None or given.fingerprint != before.fingerprint:
        return []
    asked = news.rotation_trigger not in (None, olds.rotation_trigger)
    if asked or news.issued_on != olds.issued_on:
        why = "asked for" if asked else "due"
        return [
            f"{EXISTING_KEY}: a rotation is {why}, which makes a new key. Remove {EXISTING_KEY} and run `pulumi up`: "
            f"the key that was adopted stays, and the rotation goes on from it"
        ]
    return []
