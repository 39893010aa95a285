"""What an environment variable, a secret store or a CI setting makes of several lines of text, undone.

Each layer is taken off once, in a time that grows with the length only. No error quotes what was given.
"""

import json
from base64 import b64decode
from contextlib import suppress


def unwrapped(value: str, *begins: str) -> str:
    """``value`` without a byte order mark, blanks and quotes around it, and JSON's escapes; decoded if it is the base64
    of something that has one of ``begins`` in it."""
    text = value.strip("\ufeff \t\r\n").strip("\"'").strip()
    with suppress(ValueError):  # it is not the content of a JSON string
        text = str(json.loads(f'"{text}"', strict=False))
    decoded = b"" if any(begin in text for begin in begins) else base64_content(text)
    if any(begin.encode() in decoded for begin in begins):
        text = decoded.decode("utf-8-sig", "replace")
    return text.strip()


def with_line_ends(text: str) -> str:
    """``text`` with LF where it has CRLF, CR or a written-out ``\\n``."""
    return text.replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def base64_content(text: str) -> bytes:
    """What ``text``, in lines or not, is the base64 of; nothing where it is not base64."""
    packed = "".join(text.split())
    try:
        return b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except ValueError:
        return b""
