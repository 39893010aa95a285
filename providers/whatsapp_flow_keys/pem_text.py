"""PEMs in the shapes in which people keep them: found, and written as a file holds them.

Nothing here knows what is in a key. No error quotes what was given.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from whatsapp_flow_keys.carried import base64_content, unwrapped, with_line_ends
from whatsapp_flow_keys.errors import PrivateKeyError

_LONGEST = 64 * 1024
_BEGIN = "-----BEGIN "
_ENCRYPTED = re.compile(
    r"\s*Proc-Type:\s*4,ENCRYPTED\s*DEK-Info:\s*"
    r"(AES-(?:128|192|256)-CBC,[0-9A-Fa-f]{32}|DES-(?:EDE3-)?CBC,[0-9A-Fa-f]{16})"
)
"""The head of a traditional encrypted PEM (RFC 1421), also without line ends: the cipher says how long the IV is."""

_SEQUENCE, _INTEGER = 0x30, 0x02
_SHORTEST_DER = 64
_PKCS5 = bytes.fromhex("06092a864886f70d0105")
"""How the DER of an object identifier of PKCS #5 begins: of every way in which PKCS#8 is encrypted."""


@dataclass(frozen=True)
class Pem:
    """A block of PEM.

    Args:
        label: what its first line says that it is, as in ``PRIVATE KEY``.
        text: the block in lines of 64 characters, with a final line end. It may hold a private key.
        is_whole: whether its last line is there; if not, the text was cut.
        is_empty: whether nothing follows its first line.
    """

    label: str
    text: str
    is_whole: bool
    is_empty: bool

    def __repr__(self) -> str:
        return f"Pem({self.label!r})"


def pems(text: str) -> list[Pem]:
    """The blocks in ``text``, whatever its line ends became, and whatever else is around them."""
    text, found, at = with_line_ends(text).replace("\\", ""), [], 0
    while (begin := text.find(_BEGIN, at)) >= 0:
        label = text[begin + len(_BEGIN) : begin + 50].partition("-----")[0]
        first, last = f"{_BEGIN}{label}-----", f"-----END {label}-----"
        end = text.find(last, begin)
        body = _body(text[begin + len(first) : end if end >= 0 else len(text)])
        found.append(Pem(label, f"{first}\n{body}{last}\n", end >= 0, not body))
        at = end + len(last) if end >= 0 else len(text)
    return found


def _body(text: str) -> str:
    head = _ENCRYPTED.match(text)
    if head is None and ":" in text:
        return text.strip() + "\n"  # headers that nobody knows
    named = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {head[1]}\n\n" if head else ""
    return named + _in_lines("".join(text[head.end() if head else 0 :].split()))


def _in_lines(packed: str) -> str:
    return "".join(f"{packed[at : at + 64]}\n" for at in range(0, len(packed), 64))


def as_pem(label: str, der: bytes) -> str:
    """The PEM of a DER encoding."""
    return f"{_BEGIN}{label}-----\n{_in_lines(b64encode(der).decode())}-----END {label}-----\n"


def private_key_pem(value: object, field: str) -> str:
    """The one private key in ``value``, as PEM. Raises :class:`PrivateKeyError` where it holds none, several, or a part
    of one; the text names ``field`` and quotes nothing."""
    text = _text(value, field)
    blocks = pems(text)
    keys = [block for block in blocks if block.label.endswith("PRIVATE KEY")]
    if not keys:
        return _without_marks(text) or _refuse(f"{field}: {_what_it_is(text, blocks)}, not a private key in PEM format")
    key = keys[0]
    if not key.is_whole:
        where = "after its first line" if key.is_empty else "before its last line, -----END …"
        _refuse(
            f"{field}: the private key ends {where}. An env file, and many a setting, holds one line for each value: "
            f"give the PEM in one line, with a written-out \\n for each line end, or the base64 of its file"
        )
    if len({block.text for block in keys}) > 1:
        _refuse(f"{field}: holds {len(keys)} private keys; give one of them, the one that Meta serves")
    if key.label.startswith("OPENSSH"):
        _refuse(
            f"{field}: is an OpenSSH key. Convert a copy of its file with `ssh-keygen -p -m pkcs8 -f <the copy>`, and "
            f"give what that file holds then"
        )
    return key.text


def public_key_pem(value: object, field: str) -> str:
    """The first block in ``value``; empty where there is none. Raises as :func:`private_key_pem` for what is empty or
    huge."""
    return "".join(block.text for block in pems(_text(value, field))[:1])


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PrivateKeyError(f"{field}: is empty; a key in PEM format is needed")
    if len(value) > _LONGEST:
        raise PrivateKeyError(f"{field}: has {len(value)} characters, far more than a key in PEM format")
    return unwrapped(value, _BEGIN)


def _refuse(sentence: str) -> NoReturn:
    raise PrivateKeyError(sentence)


def _without_marks(text: str) -> str:
    """The PEM of which ``text`` is the base64 alone, without its first and last line; empty where it is none."""
    der = base64_content(text)
    if len(der) < _SHORTEST_DER or der[0] != _SEQUENCE:
        return ""
    kind = "ENCRYPTED " if _PKCS5 in der[:32] else "RSA " if der[7] == _INTEGER else ""
    return as_pem(f"{kind}PRIVATE KEY", der)


def _what_it_is(text: str, blocks: Sequence[Pem]) -> str:
    """What it is instead of a private key."""
    label = blocks[0].label if blocks else ""
    if label.endswith("PUBLIC KEY") or text.startswith("ssh-"):
        return "this is a public key"
    if label.endswith("CERTIFICATE"):
        return "this is a certificate"
    if "-----END " in text and not blocks:
        return "this is a PEM whose first line, -----BEGIN …, is missing"
    return "this is some other text"
