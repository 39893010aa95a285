"""The key that a person gives to be adopted: an input only, which no state holds once it is out of the program."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.dynamic.inputs import Inputs, is_known
from whatsapp_flow_keys.dynamic.provider import Props
from whatsapp_flow_keys.errors import PrivateKeyError

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey

EXISTING_KEY, EXISTING_PASSPHRASE = "existing_private_key", "existing_passphrase"


def given_key(props: Mapping[str, Any]) -> "PrivateKey | None":
    """The key that the program gives; None if it gives none, or a preview doesn't know it yet.

    Raises :class:`PrivateKeyError`.
    """
    pem, passphrase = props.get(EXISTING_KEY), props.get(EXISTING_PASSPHRASE)
    if pem is None or not is_known(pem) or not is_known(passphrase):
        return None
    from whatsapp_flow_keys.keys import CHECKED, PrivateKey  # with cryptography: most programs give none

    return PrivateKey.from_pem(pem, passphrase, field=EXISTING_KEY, checked=CHECKED)


def adopts(olds: Props, news: Props) -> bool:
    """Whether the program gives another key than the recorded one."""
    given = given_key(news)
    return given is not None and given.fingerprint != olds.get("fingerprint")


def without_given(props: Props) -> Props:
    """The inputs as the state records them: without the given key."""
    return {name: value for name, value in props.items() if name not in (EXISTING_KEY, EXISTING_PASSPHRASE)}


def unreadable_key(inputs: Inputs) -> list[str]:
    """What is wrong with the key that is given."""
    if inputs[EXISTING_KEY] is None:
        return (
            [] if inputs[EXISTING_PASSPHRASE] is None else [f"{EXISTING_PASSPHRASE}: has no use without {EXISTING_KEY}"]
        )
    try:
        given_key(inputs.values)
    except PrivateKeyError as error:
        return [str(error)]
    return []


def rotation_of_a_given_key(olds: Props, inputs: Inputs) -> list[str]:
    """While the key is given, no other may be made; its removal is no change."""
    before, given = given_key(olds), given_key(inputs.values)
    if before is None or given is None or given.fingerprint != before.fingerprint:
        return []
    asked = inputs["rotation_trigger"] not in (None, olds.get("rotation_trigger"))
    if asked or inputs["issued_on"] != olds.get("issued_on"):
        why = "asked for" if asked else "due"
        return [
            f"{EXISTING_KEY}: a rotation is {why}, which makes a new key. Remove {EXISTING_KEY} and run `pulumi up`: "
            f"the key that was adopted stays, and the rotation goes on from it"
        ]
    return []
