"""Checks of what people give, shared by the providers. Values that a preview doesn't know yet are skipped."""

from collections.abc import Callable
from datetime import date
from typing import Any

from pulumi.output import Unknown

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.fingerprint import parse_fingerprint
from whatsapp_flow_keys.phone_number import parse_phone_number_id
from whatsapp_flow_keys.stores.urls import STACK, parse_stores

_LONGEST_PASSPHRASE = 1000  # bytes; OpenSSL takes 1023


class Inputs:
    """The inputs of one check: ``values`` as they will be recorded, ``failures`` as sentences that name the field."""

    def __init__(self, news: dict[str, Any]) -> None:
        self.values = dict(news)
        self.failures: list[str] = []

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def parse(self, name: str, parser: Callable[[Any, str], Any], *, required: bool = False) -> None:
        """Replaces a known value by ``parser(value, name)``."""
        value = self.values.get(name)
        if not is_known(value) or (value is None and not required):
            return
        try:
            self.values[name] = parser(value, name)
        except InputError as error:
            self.failures.append(str(error))

    def parse_number_and_stores(self) -> None:
        """The fields that every resource has."""
        self.parse("phone_number_id", parse_phone_number_id, required=True)
        self.parse("take_over", parse_fingerprint)
        store, backups = self.values.get("store", STACK), self.values.get("backups", [])
        if is_known(store) and is_known(backups):
            try:
                parse_stores(store, backups)
            except InputError as error:
                self.failures.append(str(error))


def is_known(value: Any) -> bool:
    """False where a preview does not know the value, or a part of it, yet."""
    if isinstance(value, Unknown):
        return False
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(is_known(item) for item in value)
    return True


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
