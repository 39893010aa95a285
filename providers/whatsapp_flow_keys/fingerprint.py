"""Fingerprints as people write them. Apart from the keys, since a preview checks one without any cryptography."""

from whatsapp_flow_keys.errors import InputError


def parse_fingerprint(value: object, field: str) -> str:
    """A fingerprint as a person writes it: 64 hex digits, colons and upper case allowed. Raises :class:`InputError`."""
    text = value.replace(":", "").strip().lower() if isinstance(value, str) else ""
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise InputError(f"{field}: a fingerprint has 64 hexadecimal digits (SHA-256 of the public key)")
    return text


def short(fingerprint: str) -> str:
    """As much of a fingerprint as people need to tell keys apart: its first 12 digits."""
    return fingerprint[:12]
