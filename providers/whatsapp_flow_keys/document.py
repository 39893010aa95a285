"""The key ring as the one JSON document that every store holds: format ``whatsapp-flow-keys/1``, or ``/2``.

In the second an entry may refer to a private key that a key service holds, in place of a PEM. A ring without such a key
is written in the first, which every version of this distribution reads.

An environment variable holds it in one line instead (:mod:`whatsapp_flow_keys.one_line`); where somebody saved that, as
the last copy, it is read, too. What is neither, to the letter, is refused with a sentence that says what was found,
never with its content: it may be another tool's secret.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from whatsapp_flow_keys import one_line
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

FORMAT = "whatsapp-flow-keys/1"
WITH_REFERENCES = "whatsapp-flow-keys/2"

_FAMILY = "whatsapp-flow-keys/"
_PEM_BLOCK = re.compile(
    r"-----BEGIN (?P<kind>(?:ENCRYPTED )?PRIVATE KEY)-----\n[A-Za-z0-9+/=\n]+-----END (?P=kind)-----\n"
)


def dump(ring: KeyRing) -> str:
    """``ring`` as a JSON text. It holds private keys, unless a key service holds all of them."""
    document = {
        "format": WITH_REFERENCES if ring.references else FORMAT,
        "revision": ring.revision,
        "phone_number_id": ring.phone_number_id,
        "managed_by": ring.managed_by,
        "owner": ring.owner,
        "private_keys": ring.private_keys,
        "keys": [
            {
                "fingerprint": key.fingerprint,
                "role": key.role.value,
                "issued_on": key.issued_on,
                "offered_at": key.offered_at.isoformat() if key.offered_at else None,
                **({"reference": key.reference.to_fields()} if key.reference else {}),
            }
            for key in ring.keys
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def in_one_line(text: str, where: str) -> str:
    """The document ``text`` as an environment variable holds it; as JSON where a key is encrypted.

    Raises :class:`ForeignDocumentError` as :func:`load` does.
    """
    return one_line.dump(load(text, where)) or json.dumps(json.loads(text), separators=(",", ":"))


def load(text: str, where: str) -> KeyRing:
    """The ring in a document, or in one line. ``where`` names the place for the error.

    Raises :class:`ForeignDocumentError` for anything else; an empty text is a matter of the store.
    """
    if one_line.is_line(text):
        try:
            return one_line.load(text)
        except one_line.UnusableLineError as error:
            raise ForeignDocumentError(where, f"{error}. It was not touched") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ForeignDocumentError(where, _not_ours(f"{len(text)} characters that are not JSON")) from None
    if not isinstance(found, dict) or not isinstance(found.get("format"), str):
        raise ForeignDocumentError(where, _not_ours("JSON without the field `format`"))
    read = _READERS.get(found["format"])
    if read is None:
        raise ForeignDocumentError(where, _of_another_format(found["format"]))
    try:
        return read(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = str(error) if isinstance(error, _Damaged) else "a field is missing or of the wrong type"
        raise ForeignDocumentError(
            where,
            f"the key ring document is damaged ({detail}); it was not touched. Restore it from a backup of "
            f"that place, or remove it by hand if you are sure that no form needs its keys",
        ) from None


class _Damaged(ValueError):
    pass


def _ring(found: dict[str, Any]) -> KeyRing:
    entries = found["keys"]
    if not isinstance(entries, list):
        raise TypeError
    keys = tuple(_key(entry, pem) for entry, pem in zip(entries, _pems(found["private_keys"], entries), strict=True))
    if len({key.fingerprint for key in keys}) != len(keys):
        raise _Damaged("a fingerprint stands in it twice")
    for role in (Role.CURRENT, Role.PENDING, Role.PREVIOUS):
        if sum(key.role is role for key in keys) > 1:
            raise _Damaged(f"two keys have the role {role.value}")
    return KeyRing(
        phone_number_id=_name(found["phone_number_id"]),
        managed_by=_name(found["managed_by"]),
        owner=_name(found["owner"]),
        revision=_count(found["revision"]),
        keys=keys,
    )


def _pems(bundle: str, entries: list[Any]) -> Iterator[str]:
    """One for each entry: empty for one that refers to its private key."""
    pems = [match.group(0) for match in _PEM_BLOCK.finditer(bundle)]
    refers = [isinstance(entry, dict) and entry.get("reference") is not None for entry in entries]
    if len(pems) != refers.count(False) or "".join(pems) != bundle:
        raise _Damaged("`private_keys` and `keys` do not name the same keys")
    rest = iter(pems)
    return ("" if refers_elsewhere else next(rest) for refers_elsewhere in refers)


def _without_references(found: dict[str, Any]) -> KeyRing:
    ring = _ring(found)
    if ring.references:
        raise _Damaged("a key is a reference, which this format doesn't have")
    return ring


_READERS: Mapping[str, Callable[[dict[str, Any]], KeyRing]] = {FORMAT: _without_references, WITH_REFERENCES: _ring}
"""What reads each format that this version knows."""


def _key(entry: dict[str, Any], pem: str) -> RingKey:
    fingerprint = _text(entry["fingerprint"])
    if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
        raise _Damaged("a fingerprint is not 64 hexadecimal digits")
    offered_at, reference = entry["offered_at"], None
    if entry.get("reference") is not None:
        reference = KeyReference.from_fields(entry["reference"])
        if reference.fingerprint != fingerprint:
            raise _Damaged("a reference has another public key than the fingerprint beside it")
    return RingKey(
        fingerprint=fingerprint,
        role=Role(entry["role"]),
        issued_on=date.fromisoformat(entry["issued_on"]).isoformat(),
        offered_at=None if offered_at is None else _moment(offered_at),
        private_key_pem=pem,
        reference=reference,
    )


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _name(value: object) -> str:
    """Previews and errors show it as it is."""
    name = _text(value)
    if not name.isprintable():
        raise _Damaged("a name in it isn't printable")
    return name


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _not_ours(what: str) -> str:
    return f"holds {what}, not a key ring of WhatsApp Flows; it was not touched. Give another place"


def _of_another_format(found: str) -> str:
    if found.startswith(_FAMILY):
        return (
            f"holds a key ring of format {found[:60]!r}; this version knows {' and '.join(_READERS)} only: upgrade it"
        )
    return _not_ours("a document of another format")
