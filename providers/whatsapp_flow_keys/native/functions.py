"""The functions of the package."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from whatsapp_flow_keys.native.names import token
from whatsapp_flow_keys.native.wire import Received
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import META, complete_registrar, parse_registrar
from whatsapp_flow_keys.resources.context import Account
from whatsapp_flow_keys.resources.schema import Properties, Props, prop


@dataclass(frozen=True, kw_only=True)
class RegisteredKeyInputs(Properties):
    """Of ``getRegisteredKey``."""

    phone_number_id: str = prop("Meta's ID of the number: digits", required=True)
    registrar: str | None = prop("URL of who is asked: `meta`, the default, or `awssocial://…`")


@dataclass(frozen=True, kw_only=True)
class RegisteredKey(Properties):
    """What it returns; nothing where no key is set."""

    fingerprint: str | None = prop("SHA-256 of the public key's SPKI DER, lower-case hex; none where no key is set")
    public_key_pem: str | None = prop("The public key, as Meta gives it")
    signature_status: str | None = prop("Meta's word, VALID or MISMATCH")


class Function(NamedTuple):
    """One function."""

    about: str
    inputs: type[Properties]
    outputs: type[Properties]
    answer: Callable[[Received, Account], Props]


def _registered_key(given: Received, account: Account) -> Props:
    registrar = parse_registrar(complete_registrar(given.get("registrar") or META))
    account.check(registrar)
    served = account.registrar(registrar).served(parse_phone_number_id(given.get("phone_number_id")))
    if served.fingerprint is None:
        return {}
    return {
        "fingerprint": served.fingerprint,
        "public_key_pem": served.public_key_pem,
        "signature_status": served.signature_status,
    }


FUNCTIONS = {
    token("getRegisteredKey"): Function(
        "What Meta serves for a phone number now, also one that another program manages. It asks at every preview and "
        "`up`, and manages nothing.",
        RegisteredKeyInputs,
        RegisteredKey,
        _registered_key,
    )
}
