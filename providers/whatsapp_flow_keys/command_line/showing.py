"""`show`: the ring as each store holds it, and what Meta serves. No secret is part of it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from whatsapp_flow_keys.command_line.asked import json_option, look, registrar_option, store_option
from whatsapp_flow_keys.lifecycle.survey import Copy, NoToken, Opened, Survey
from whatsapp_flow_keys.ring import KeyRing, RingKey

_HEADINGS = ("fingerprint", "role", "issued on", "last offered (UTC)", "private key")


@click.command()
@store_option
@registrar_option
@json_option
def show(urls: tuple[str, ...], registrar: str | None, as_json: bool) -> None:
    """Shows the key ring, in each store, and what Meta serves.

    It changes nothing and shows no secret. Exit status: 0; 1 where a store holds no ring, or it or Meta could not be
    read; 3 for invalid usage.
    """
    found = look(urls, registrar)
    click.echo(json.dumps(_as_json(found), indent=2) if as_json else "\n".join(_told(found)))
    whole = all(copy.ring for copy in found.copies) and isinstance(found.not_asked, NoToken | None)
    click.get_current_context().exit(0 if whole else 1)


def _told(found: Survey) -> Iterator[str]:
    ring = found.in_use.ring if found.in_use else None
    if ring:
        yield f"Phone number {ring.phone_number_id}, managed by {ring.managed_by}"
    yield f"Meta {_served(found)}"
    for index, copy in enumerate(found.copies):
        note = ": what WHATSAPP_FLOW_KEYS holds" if copy.recorded else ""
        yield ""
        yield f"{'Backup' if index else 'Store'} {copy.place}{note}"
        yield from (f"  {line}" for line in _copy_told(copy, found))


def _served(found: Survey) -> str:
    served = found.served
    if served is None:
        assert found.not_asked is not None
        return " -> ".join(filter(None, (found.not_asked.found, found.not_asked.do)))
    if served.fingerprint is None:
        return "serves no public key"
    return f"serves {served.fingerprint}, {served.signature_status or 'without a signature status'}: {_seat(found)}"


def _seat(found: Survey) -> str:
    role = _role_of_served(found)
    return f"the {role} key" if role else "in no slot of this ring"


def _role_of_served(found: Survey) -> str | None:
    roles = found.in_use.roles(found.served_fingerprint, found.at) if found.in_use else {}
    role = roles.get(found.served_fingerprint or "")
    return role.value if role else None


def _copy_told(copy: Copy, found: Survey) -> Iterator[str]:
    if copy.ring is None:
        assert copy.trouble is not None
        yield " -> ".join(filter(None, (copy.trouble.found, copy.trouble.do)))
        return
    first = found.in_use
    if first is not None and first is not copy and first.ring == copy.ring:
        yield f"revision {copy.ring.revision}, the same ring"
        return
    yield from _differences(copy, copy.ring, found)
    yield from _table(_HEADINGS, [_row(key, copy, found) for key in copy.ring.keys])


def _differences(copy: Copy, ring: KeyRing, found: Survey) -> Iterator[str]:
    lag = found.lag(copy)
    yield f"revision {ring.revision}" if lag is None else lag
    first = found.in_use.ring if found.in_use else None
    if first is None or first is ring:
        return
    if ring.phone_number_id != first.phone_number_id:
        yield f"of another phone number: {ring.phone_number_id}"
    if ring.managed_by != first.managed_by:
        yield f"managed by {ring.managed_by}"


def _row(key: RingKey, copy: Copy, found: Survey) -> Sequence[str]:
    role = copy.roles(found.served_fingerprint, found.at).get(key.fingerprint)
    return (
        key.fingerprint,
        role.value if role else "unknown",
        key.issued_on,
        _moment(key.offered_at),
        _opening_told(found.open(key)),
    )


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else "never"


def _opening_told(opening: Opened) -> str:
    if opening.service is not None:
        return f"in use at {opening.service}" if opening.opens else str(opening.trouble)
    if not opening.known:
        return f"encrypted; {opening.trouble}"
    if opening.trouble is not None:
        return "encrypted; WHATSAPP_FLOW_PASSPHRASE does not open it" if opening.encrypted else "damaged"
    return "encrypted; opens" if opening.encrypted else "not encrypted"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "no key"
        return
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _as_json(found: Survey) -> dict[str, Any]:
    ring = found.in_use.ring if found.in_use else None
    return {
        "phone_number_id": ring.phone_number_id if ring else None,
        "managed_by": ring.managed_by if ring else None,
        "read_at": found.at.isoformat(),
        "meta": _meta_as_json(found),
        "stores": [_copy_as_json(copy, found) for copy in found.copies],
    }


def _meta_as_json(found: Survey) -> dict[str, Any]:
    served = found.served
    return {
        "fingerprint": found.served_fingerprint,
        "signature_status": served.signature_status if served else None,
        "role": _role_of_served(found),
        "trouble": found.not_asked.found if found.not_asked else None,
    }


def _copy_as_json(copy: Copy, found: Survey) -> dict[str, Any]:
    return {
        "store": copy.place,
        "held": copy.held.value,
        "trouble": copy.trouble.found if copy.trouble else found.lag(copy),
        "phone_number_id": copy.ring.phone_number_id if copy.ring else None,
        "managed_by": copy.ring.managed_by if copy.ring else None,
        "revision": copy.ring.revision if copy.ring else None,
        "keys": [_key_as_json(key, copy, found) for key in (copy.ring.keys if copy.ring else ())],
    }


def _key_as_json(key: RingKey, copy: Copy, found: Survey) -> dict[str, Any]:
    opening, role = found.open(key), copy.roles(found.served_fingerprint, found.at).get(key.fingerprint)
    return {
        "fingerprint": key.fingerprint,
        "role": role.value if role else None,
        "issued_on": key.issued_on,
        "offered_at": key.offered_at.isoformat() if key.offered_at else None,
        "encrypted": opening.encrypted,
        "service": opening.service,
        "opens": opening.opens,
    }
