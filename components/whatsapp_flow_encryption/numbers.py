"""The reference stack's configuration: the list ``numbers``, checked, with one sentence for each mistake."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime.config import is_config_secret

from whatsapp_flow_encryption.flow_encryption import GeneratedPassphrase
from whatsapp_flow_encryption.whatsapp_provider import missing_token
from whatsapp_flow_keys.custody.services import complete_url as complete_url_of_service
from whatsapp_flow_keys.custody.services import parse_custody
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.fingerprint import parse_fingerprint
from whatsapp_flow_keys.flow_protocol.endpoint_url import parse_endpoint_url
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.registrars.kinds import META, complete_registrar, parse_registrar
from whatsapp_flow_keys.resources.parsers import parse_flag, parse_wait
from whatsapp_flow_keys.stores.urls import STACK, complete_url, open_store

_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]+")
GENERATED = "generated"
"""The word in ``passphrase`` that asks for a passphrase made by Pulumi."""

_FIELDS = (
    "name",
    "phoneNumberId",
    "account",
    "registrar",
    "store",
    "backups",
    "custody",
    "passphrase",
    "rotateAfterDays",
    "rotationTrigger",
    "existingPrivateKey",
    "existingPassphrase",
    "takeOver",
    "forceDestroy",
    "endpointUrl",
    "endpointWait",
)


@dataclass(frozen=True)
class NumberSettings:
    """One entry of ``numbers``. Without a name, the phone number ID is it; without an account, ``whatsapp:`` is whose
    token it uses."""

    name: str
    phone_number_id: str
    account: str | None
    registrar: str
    store: str
    backups: list[str]
    custody: str | None
    passphrase: pulumi.Input[str] | GeneratedPassphrase | None = field(repr=False)
    rotate_after_days: int | None
    rotation_trigger: str | None
    existing_private_key: pulumi.Input[str] | None = field(repr=False)
    existing_passphrase: pulumi.Input[str] | None = field(repr=False)
    take_over: str | None
    force_destroy: bool
    endpoint_url: str | None
    endpoint_wait: float | None


def read_numbers(config: pulumi.Config, default_trigger: str | None = None) -> list[NumberSettings]:
    """The entries of the setting ``numbers``, which Pulumi.yaml types as an array of objects.

    ``default_trigger`` is the rotation trigger of entries that have none. Raises :class:`pulumi.RunError`, which the
    engine shows without a traceback, with a line for each mistake.
    """
    mistakes: list[str] = []
    entries = _entries(config, mistakes)
    numbers = [_read(index, entry, config, default_trigger, mistakes) for index, entry in enumerate(entries)]
    if not mistakes:
        mistakes += _repeated("name", [number.name for number in numbers])
        mistakes += _repeated("phoneNumberId", [number.phone_number_id for number in numbers])
        mistakes += _repeated("registrar", [number.registrar for number in numbers if number.registrar != META])
    if mistakes:
        raise pulumi.RunError("\n".join(["The configuration has mistakes:", *mistakes]))
    return numbers


def parse_store(url: Any, field: str) -> str:
    """The URL of a store: ``stack``, ``file:relative/path``, ``hashivault:///path``, …

    Raises :class:`InputError`, which names ``field``.
    """
    if url != STACK:
        open_store(complete_url(url) if isinstance(url, str) else url, field)
    return str(url)


def parse_custody_url(url: Any, field: str) -> str:
    """The URL of a key service: ``vaulttransit:///whatsapp-flows-``; or ``ring``. Raises :class:`InputError`, which
    names ``field``."""
    return parse_custody(complete_url_of_service(url) if isinstance(url, str) else url, field)


def _entries(config: pulumi.Config, mistakes: list[str]) -> list[Mapping[str, Any]]:
    if is_config_secret(config.full_key("numbers")):
        mistakes.append(
            f"{config.name}:numbers: holds a secret, but errors and the state show this list in plain text. Set that "
            f"field again without --secret, or remove it; the fields passphrase, existingPrivateKey and "
            f"existingPassphrase each name a secret setting beside the list"
        )
        return []
    try:
        found = config.get_object("numbers")
    except pulumi.ConfigTypeError:
        found = None
    if isinstance(found, list) and found:
        return found
    mistakes.append(
        f"{config.name}:numbers: must be a list of phone numbers; begin with\n"
        f"  pulumi config set --path --type string 'numbers[0].phoneNumberId' <phone number ID>"
    )
    return []


def _read(
    index: int, entry: Mapping[str, Any], config: pulumi.Config, default_trigger: str | None, mistakes: list[str]
) -> NumberSettings:
    where = f"numbers[{index}]"

    def take(field: str, parse: Callable[[Any, str], Any], default: Any) -> Any:
        if entry.get(field) is None and default is not _REQUIRED:
            return default
        try:
            return parse(entry.get(field), f"{where}.{field}")
        except InputError as error:
            mistakes.append(str(error))
            return f"{where}.{field}"

    mistakes += [f"{where}.{name}: is not known; known are {', '.join(_FIELDS)}" for name in set(entry) - set(_FIELDS)]
    phone_number_id = take("phoneNumberId", parse_phone_number_id, _REQUIRED)
    return NumberSettings(
        name=take("name", _text, phone_number_id),
        phone_number_id=phone_number_id,
        account=take("account", _account, None),
        registrar=take("registrar", _registrar, META),
        store=take("store", parse_store, STACK),
        backups=take("backups", _backups, []),
        custody=take("custody", parse_custody_url, None),
        passphrase=take("passphrase", lambda value, field: _passphrase(value, field, config), None),
        rotate_after_days=take("rotateAfterDays", _days, None),
        rotation_trigger=take("rotationTrigger", _text, default_trigger),
        existing_private_key=take("existingPrivateKey", lambda value, field: _secret(value, field, config), None),
        existing_passphrase=take("existingPassphrase", lambda value, field: _secret(value, field, config), None),
        take_over=take("takeOver", parse_fingerprint, None),
        force_destroy=take("forceDestroy", parse_flag, False),
        endpoint_url=take("endpointUrl", parse_endpoint_url, None),
        endpoint_wait=take("endpointWait", parse_wait, None),
    )


_REQUIRED = object()


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{field}: must be a string")
    return value


def _account(value: Any, field: str) -> str:
    """A configuration namespace with an access token in it."""
    if not isinstance(value, str) or not _NAMESPACE.fullmatch(value):
        raise InputError(f"{field}: must be the namespace of its settings, as in `north` for north:accessToken")
    missing = missing_token(value)
    if missing:
        raise InputError(f"{field}: {missing}")
    return value


def _registrar(value: Any, field: str) -> str:
    return parse_registrar(complete_registrar(value) if isinstance(value, str) else value, field)


def _backups(value: Any, field: str) -> list[str]:
    if not isinstance(value, list):
        raise InputError(f"{field}: must be a list of store URLs")
    return [parse_store(url, f"{field}[{index}]") for index, url in enumerate(value)]


def _days(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{field}: must be a whole number of days")
    return value


def _passphrase(value: Any, field: str, config: pulumi.Config) -> pulumi.Input[str] | GeneratedPassphrase:
    """``generated``, or the name of a secret setting: a passphrase itself has no place in a list of numbers."""
    if value == GENERATED:
        return GeneratedPassphrase()
    return _secret(value, field, config, f"`{GENERATED}`, or ")


def _secret(value: Any, field: str, config: pulumi.Config, or_else: str = "") -> pulumi.Output[str]:
    """The secret setting of this name: a secret itself has no place in a list of numbers."""
    secret = config.get_secret(value) if isinstance(value, str) else None
    if secret is None:
        name = field.rpartition(".")[2]
        key = f"supportLine{name[0].upper()}{name[1:]}"
        raise InputError(
            f"{field}: must be {or_else}the name of a setting that holds it "
            f"(`pulumi config set --secret {key}`, then `{name}: {key}`)"
        )
    return secret


def _repeated(field: str, values: list[str]) -> list[str]:
    return [f"numbers: {field} {value} is given twice" for value in sorted({v for v in values if values.count(v) > 1})]
