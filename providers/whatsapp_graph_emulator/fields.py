"""Reads one field of a JSON object, or says which field is wrong and how.

A check takes the field's name and its value as parsed from JSON, and returns the value with its type or raises
`BadField`. A message never repeats the value: it may be a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from whatsapp_graph_emulator.errors import BadField

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


def flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadField(field, "must be true or false")
    return value


def text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadField(field, "must be a string that is not empty")
    return value


def phone_number_id(field: str, value: object) -> str:
    """A phone number ID is a string of digits: as a JSON number it would lose digits in many readers."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]+", value):
        raise BadField(field, "must be a phone number ID, a string of digits in quotes")
    return value


def web_address(field: str, value: object) -> str:
    """An http or https URL. It may hold a token in its query, but no user, password or fragment."""
    address = text(field, value)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or not address.isprintable() or " " in address:
        raise BadField(field, "must be a URL like http://127.0.0.1:8080/flows")
    if "@" in parts.netloc or "#" in address:
        raise BadField(field, "must hold no user, password or fragment")
    return address


def one_of(*choices: str) -> Callable[[str, object], str]:
    def check(field: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise BadField(field, f"must be one of {', '.join(choices)}")
        return value

    return check


def whole_number(low: int, high: int | None = None) -> Callable[[str, object], int]:
    def check(field: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            bounds = f"of {low} or more" if high is None else f"from {low} to {high}"
            raise BadField(field, f"must be a whole number {bounds}")
        return value

    return check


def seconds(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86_400:
        raise BadField(field, "must be a number of seconds from 0 to 86400")
    return float(value)


def headers(field: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise BadField(field, "must be an object of header names and texts")
    for name, content in value.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise BadField(field, "holds a name that is no HTTP header's")
        if not isinstance(content, str) or not (content.isascii() and content.isprintable()):
            raise BadField(field, f"the value of {name} must be an ASCII text on one line")
    return dict(value)


def texts(field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
        raise BadField(field, "must be a list of texts that are not empty")
    return tuple(value)


def known_only(body: Mapping[str, object], known: Collection[str]) -> None:
    """Raises `BadField` for the first field of `body` that is not in `known`."""
    for field in body:
        if field not in known:
            raise BadField(field, f"is not known here; known are {', '.join(known)}")
