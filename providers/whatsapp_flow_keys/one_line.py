"""The key ring in one line, for an environment variable: format ``wfk1``, or ``wfk2``.

``wfk1.LENGTH.CHECKSUM.HEAD.KEY.KEY``. LENGTH and CHECKSUM (16 digits of SHA-256) are of all that follows them. HEAD is
JSON: whose ring it is, its revision, and of each key ``[issued_on, offered_at, public exponent]``. KEY is the
fingerprint and the two primes, as bytes; the other numbers of a private key follow from these. HEAD and each KEY are
base64url, so the line has letters, digits, ``-``, ``_`` and ``.`` only: no env file, shell, YAML or CI setting changes
it.

In ``wfk2``, which is written where a key service has a key of the ring, HEAD names such a key by ``[issued_on,
offered_at, which of HEAD's services, its key there]``, and KEY is its public key, as SPKI DER.

It names no role: the stack's ring is written before its newest key is published, so its roles would not be true yet.
The order stays: the likeliest key first.

Writing loads no cryptography, since a preview writes it, too.
"""

import json
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from whatsapp_flow_keys.carried import base64_content
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.pem_text import as_pem
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

FORMAT, WITH_REFERENCES = "wfk1", "wfk2"
_KNOWN = (FORMAT, WITH_REFERENCES)

_HEAD = re.compile(r"wfk[12]\.([0-9]{1,9})\.([0-9a-f]{16})\.")
_PART_OF_A_HEAD = re.compile(r"wfk[12](\.[0-9]{0,9}(\.[0-9a-f]{0,16})?)?")
_ANY_FORMAT = re.compile(r"(wfk[0-9]+)\.")
_FINGERPRINT = 32
_SEATS = (Role.PENDING, Role.CURRENT, Role.PREVIOUS)
"""Of the first keys, as the stack writes them; every other is retained."""
_INTEGER, _OCTETS = 0x02, 0x04
_SOMETHING_ELSE = "holds something else than a key ring. Give what `endpoint_env` holds"


class UnusableLineError(ValueError):
    """The line was cut or changed, or is of a later version. The text quotes nothing of it."""


class _Numbers(NamedTuple):
    exponent: int
    p: int
    q: int


def is_line(text: str) -> bool:
    """Whether ``text`` is such a line, or the beginning of one."""
    text = text.strip()
    return bool(text) and (bool(_ANY_FORMAT.match(text)) or _begins_one(text[: len(FORMAT) + 1]))


def dump(ring: KeyRing) -> str | None:
    """``ring`` in one line, which holds private keys; None where one of them is encrypted, so that its primes are not
    known."""
    services = list(dict.fromkeys(reference.service for reference in ring.references))
    written = [_written(key, services) for key in ring.keys]
    if None in written:
        return None
    entries, bodies = zip(*filter(None, written), strict=True) if written else ((), ())
    head = {"n": ring.phone_number_id, "m": ring.managed_by, "o": ring.owner, "r": ring.revision, "k": entries}
    named = {"s": services} if services else {}
    parts = [json.dumps({**head, **named}, separators=(",", ":")).encode(), *bodies]
    rest = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"{WITH_REFERENCES if services else FORMAT}.{len(rest)}.{_checksum(rest)}.{rest}"


def load(line: str) -> KeyRing:
    """The ring in ``line``, with the roles that a stack gives before it publishes its newest key.

    Raises :class:`UnusableLineError`.
    """
    try:
        head, *bodies = (_bytes(part) for part in checked(line).split("."))
        found = json.loads(head)
        seats = [*_SEATS, *[Role.RETAINED] * len(bodies)]
        services: Any = found.get("s", ())
        keys = [_key(*each, services) for each in zip(found["k"], bodies, seats[: len(bodies)], strict=True)]
        return KeyRing(str(found["n"]), str(found["m"]), str(found["o"]), int(found["r"]), tuple(keys))
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        if isinstance(error, UnusableLineError):
            raise
        raise UnusableLineError(_SOMETHING_ELSE) from None


def checked(line: str) -> str:
    """What follows the checksum. Raises :class:`UnusableLineError` where it does not fit, or the length doesn't."""
    text = "".join(line.split())
    head, other = _HEAD.match(text), _ANY_FORMAT.match(text)
    if other and other[1] not in _KNOWN:
        raise UnusableLineError(
            f"holds a key ring of format {other[1][:12]}; this version knows {' and '.join(_KNOWN)} only: upgrade "
            f"whatsapp-flow-encryption here"
        )
    rest = text[head.end() :] if head else ""
    whole = head.end() + int(head[1]) if head else 0
    if len(text) < whole or _begins_one(text) or _PART_OF_A_HEAD.fullmatch(text):
        of = f" of its {whole}" if head else ""
        raise UnusableLineError(
            f"ends after {len(text)}{of} characters: it was cut. Give all of it, as `endpoint_env` has it, or keep the "
            f"keys in a store and give its URL"
        )
    if head is None or _checksum(rest) != head[2]:
        raise UnusableLineError("was changed: its checksum doesn't fit. Give it as `endpoint_env` has it")
    return rest


def _begins_one(text: str) -> bool:
    return any(f"{name}.".startswith(text) for name in _KNOWN)


def _written(key: RingKey, services: list[str]) -> tuple[list[Any], bytes] | None:
    """The entry of a key in HEAD, and its KEY; None where it is encrypted."""
    moments = [key.issued_on, key.offered_at and key.offered_at.isoformat()]
    if key.reference is not None:
        spki = base64_content("".join(key.reference.public_key_pem.splitlines()[1:-1]))
        return [*moments, services.index(key.reference.service), key.reference.key], spki
    numbers = _numbers(key.private_key_pem)
    return numbers and ([*moments, numbers.exponent], bytes.fromhex(key.fingerprint) + _joined(numbers))


def _key(entry: Any, body: bytes, role: Role, services: Sequence[str]) -> RingKey:
    issued_on, offered_at, *rest = entry
    offered = datetime.fromisoformat(offered_at) if offered_at else None
    if len(rest) == 2:
        place, name = rest
        reference = KeyReference.from_fields(
            {"service": services[place], "key": name, "public_key": as_pem("PUBLIC KEY", body)}
        )
        return RingKey(reference.fingerprint, role, str(issued_on), offered, "", reference)
    return RingKey(body[:_FINGERPRINT].hex(), role, str(issued_on), offered, _pem(body[_FINGERPRINT:], *rest))


def _pem(primes: bytes, exponent: int) -> str:
    from whatsapp_flow_keys.keys import PrivateKey

    half = len(primes) // 2
    return PrivateKey.from_primes(int.from_bytes(primes[:half]), int.from_bytes(primes[half:]), exponent).to_pem()


def _numbers(pem: str) -> _Numbers | None:
    """Those in a PKCS#8 PEM that is in the clear (RFC 5208, RFC 8017 A.1.2); None where it is not."""
    try:
        ((_, info),) = _items(base64_content("".join(pem.splitlines()[1:-1])))
        (octets,) = [content for tag, content in _items(info) if tag == _OCTETS]
        ((_, key),) = _items(octets)
        _, modulus, exponent, _, p, q, *_ = [int.from_bytes(each) for tag, each in _items(key) if tag == _INTEGER]
    except (ValueError, IndexError):
        return None
    return _Numbers(exponent, p, q) if p * q == modulus else None


def _items(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and the content of each element of a DER encoding, one after the other."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= 0x80:
            begin, at = at, at + length - 0x80
            length = int.from_bytes(der[begin:at])
        yield tag, der[at : at + length]
        at += length


def _joined(numbers: _Numbers) -> bytes:
    half = (max(numbers.p, numbers.q).bit_length() + 7) // 8
    return numbers.p.to_bytes(half) + numbers.q.to_bytes(half)


def _bytes(part: str) -> bytes:
    return b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _checksum(rest: str) -> str:
    return sha256(rest.encode()).hexdigest()[:16]
