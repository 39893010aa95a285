"""What Meta serves for a number that another program manages, as a value of this program. It only reads."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_config

from whatsapp_flow_encryption.registrars import AwsSocial, registrar_url
from whatsapp_flow_keys.errors import FlowKeysError, InputError
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import META, parse_registrar, registrar_kind
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


_Answer = asyncio.Future[RegisteredKey | None]
_asked: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, Settings, str], _Answer]] = WeakKeyDictionary()
"""By the loop, of which each run of a program has one of its own."""


def get_registered_key(
    phone_number_id: pulumi.Input[str], *, registrar: AwsSocial | pulumi.Input[str] = META
) -> pulumi.Output[RegisteredKey | None]:
    """What Meta serves for this phone number now; None where no key is set. It is managed nowhere by this.

    Unlike the resources it asks at every preview and `up`, once for a number: Meta itself, with the stack's
    configuration (``whatsapp:accessToken`` and so on) or the environment, or another ``registrar``. Raises
    :class:`pulumi.RunError`, which the engine shows as one sentence: at once where a setting is missing or wrong, else
    when an answer has come; both end the program.
    """
    url = registrar_url(registrar)
    if isinstance(url, str):
        _settings(url)
    both: pulumi.Output[list[str]] = pulumi.Output.all(url, phone_number_id)
    return both.apply(lambda known: _ask_once(*known))


def _settings(url: str) -> Settings:
    try:
        return registrar_kind(parse_registrar(url)).settings(url, get_config)
    except InputError as error:
        raise pulumi.RunError(f"get_registered_key: {error}") from None


async def _ask_once(url: str, phone_number_id: str) -> RegisteredKey | None:
    loop = asyncio.get_running_loop()
    answers = _asked.setdefault(loop, {})
    settings = _settings(url)
    asked = (url, settings, phone_number_id)
    if asked not in answers:
        # In a thread: the program goes on meanwhile.
        answers[asked] = loop.run_in_executor(None, _ask, url, settings, phone_number_id)
    return await answers[asked]


def _ask(url: str, settings: Settings, phone_number_id: str) -> RegisteredKey | None:
    try:
        served = registrar_kind(url).connect(settings).served(parse_phone_number_id(phone_number_id))
    except FlowKeysError as error:
        raise pulumi.RunError(f"get_registered_key: {error}") from None
    if served.fingerprint is None or served.public_key_pem is None:
        return None
    return RegisteredKey(served.fingerprint, served.public_key_pem, served.signature_status)
