"""Parsers of what people give. Each raises :class:`InputError`, which names the field."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.schema import is_known
from whatsapp_flow_keys.stores.urls import parse_stores

_LONGEST_PASSPHRASE = 1000  # bytes; OpenSSL takes 1023


def misplaced_stores(store: Any, backups: Sequence[Any]) -> list[str]:
    """What is wrong with the stores of a number, as far as a preview knows them."""
    if is_known(store) and is_known(backups):
        try:
            parse_stores(store, backups)
        except InputError as error:
            return [str(error)]
    return []


def parse_days(value: Any, field: str) -> int:
    """A whole number of days, 1 to 3650. The engine makes numbers floats."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 3650 or value != int(value):
        raise InputError(f"{field}: must be a whole number of days from 1 to 3650")
    return int(value)


def parse_wait(value: Any, field: str) -> float:
    """Seconds, 0 to 3600."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise InputError(f"{field}: must be a number of seconds from 0 to 3600")
    return float(value)


def parse_flag(value: Any, field: str) -> bool:
    """True or False, nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise InputError(f"{field}: must be true or false")
    return value


def parse_trigger(value: Any, field: str) -> str:
    """A text whose change asks for a rotation."""
    if not isinstance(value, str) or not value or len(value) > 1000:
        raise InputError(f'{field}: must be a string of 1 to 1000 characters, as in "2026-11-24"')
    return value


def parse_date(value: Any, field: str) -> str:
    """A UTC date as in ``2026-11-24``."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise InputError(f"{field}: must be a UTC date as in 2026-11-24") from None


def parse_passphrase(value: Any, field: str) -> str:
    """A passphrase for the private keys in a store."""
    if not isinstance(value, str) or not value:
        raise InputError(f"{field}: must be a string that is not empty")
    if len(value.encode()) > _LONGEST_PASSPHRASE or "\0" in value:
        raise InputError(f"{field}: must have at most {_LONGEST_PASSPHRASE} bytes and no NUL")
    return value
