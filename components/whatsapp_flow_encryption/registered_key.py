"""What Meta serves for a number that another program manages, as a value of this program. It only reads."""

import asyncio
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_config

from whatsapp_flow_keys.errors import FlowKeysError, InputError
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import kind_named
from whatsapp_flow_keys.registrars.registrar import Settings


@dataclass(frozen=True)
class RegisteredKey:
    """A public key at Meta."""

    fingerprint: str
    """Lower-case hex SHA-256 of the public key's SPKI DER."""
    public_key_pem: str
    """As Meta gives it."""
    signature_status: str | None
    """Meta's word, ``VALID`` or ``MISMATCH``."""


_META = kind_named(None)
_Answer = asyncio.Future[RegisteredKey | None]
_asked: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[Settings, str], _Answer]] = WeakKeyDictionary()
"""By the loop, of which each run of a program has one of its own."""


def get_registered_key(phone_number_id: pulumi.Input[str]) -> pulumi.Output[RegisteredKey | None]:
    """What Meta serves for this phone number now; None where no key is set. It is managed nowhere by this.

    Unlike the resources it asks Meta at every preview and `up`, once for a number, with the stack's configuration
    (``whatsapp:accessToken`` and so on) or the environment. Raises :class:`pulumi.RunError`, which the engine shows
    as one sentence: at once where a setting is missing or wrong, else when Meta has answered; both end the program.
    """
    try:
        settings = _META.settings(get_config)
    except InputError as error:
        raise pulumi.RunError(f"get_registered_key: {error}") from None
    given: pulumi.Output[str] = pulumi.Output.from_input(phone_number_id)
    return given.apply(partial(_ask_once, settings))


async def _ask_once(settings: Settings, phone_number_id: str) -> RegisteredKey | None:
    loop = asyncio.get_running_loop()
    answers = _asked.setdefault(loop, {})
    asked = (settings, phone_number_id)
    if asked not in answers:
        # In a thread: the program goes on meanwhile.
        answers[asked] = loop.run_in_executor(None, _ask, settings, phone_number_id)
    return await answers[asked]


def _ask(settings: Settings, phone_number_id: str) -> RegisteredKey | None:
    try:
        served = _META.connect(settings).served(parse_phone_number_id(phone_number_id))
    except FlowKeysError as error:
        raise pulumi.RunError(f"get_registered_key: {error}") from None
    if served.fingerprint is None or served.public_key_pem is None:
        return None
    return RegisteredKey(served.fingerprint, served.public_key_pem, served.signature_status)
