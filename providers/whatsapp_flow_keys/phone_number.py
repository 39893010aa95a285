"""A phone number ID: the name Meta gives to a business phone number, a string of digits (it is not the number)."""

import re

from whatsapp_flow_keys.errors import InputError

_DIGITS = re.compile(r"[0-9]{5,32}")


def parse_phone_number_id(value: object, field: str = "phone_number_id") -> str:
    """``value`` as a string of digits.

    A number is refused: configuration and the Pulumi engine make floats of unquoted numbers, which can't hold 17
    digits. Raises :class:`InputError`, which names ``field``.
    Source of the pattern: Meta's OpenAPI description (``^[0-9]+$``).
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise InputError(
            f"{field}: got a number; write the phone number ID as a string (quote it; with `pulumi config set` "
            f"add `--type string`), since long numbers lose digits"
        )
    if not isinstance(value, str):
        raise InputError(f"{field}: a phone number ID is a string of digits, not {_kind(value)}")
    if not value:
        raise InputError(f"{field}: is empty; the phone number ID stands in WhatsApp Manager under API setup")
    if not _DIGITS.fullmatch(value):
        raise InputError(
            f"{field}: {_shortened(value)} is not a phone number ID: it has digits only (5 to 32), no spaces, no plus "
            f"sign; it is not the phone number itself but the ID beside it in WhatsApp Manager"
        )
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _shortened(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")
