"""Calls of the providers and what was saved, with names instead of what differs from run to run: `key 1` for the
fingerprint that appears first, `id 2`, `word 1`, `today`, `place 0`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from pulumi.output import Unknown

from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY

SECRET = "4dabf18193072939515e22adb298388d"
"""The property by which Pulumi's checkpoints tell a secret."""
UNKNOWN = "?"
"""What the recorder writes for an output that isn't known yet."""
_ID = re.compile(r"[0-9a-f]{32}|id-\d+")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_WORDS = ("passphrase", "former_passphrases", "result")


class Call(NamedTuple):
    """One call of a provider's method, and what was given to it."""

    kind: str
    method: str
    arguments: tuple[Any, ...]


class Saved(NamedTuple):
    """A resource in the state. ``due``: it is to be deleted; ``pending``: it was, and is to be made again."""

    kind: str
    name: str
    id: str
    due: bool
    pending: bool
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


class Names:
    """The names of one history. ``own`` are values of this side that have a name from the start."""

    def __init__(self, own: Mapping[str, str], today: str) -> None:
        self._names = {**own, today: "today", UNKNOWN: UNKNOWN}
        self._counts: dict[str, int] = {}

    def of_calls(self, calls: Iterable[Call]) -> list[Any]:
        """In the order of the calls; reads and their comparisons, and deletions of one kind, are made at once, so
        they are in an order of their own."""
        named: list[Any] = []
        together: list[Any] = []
        for call in calls:
            shown = [call.kind, call.method, *(self._value(argument, "id") for argument in call.arguments)]
            if call.method == "read" or (together and call.method == "diff" and _is_read(together, call)):
                together.append(shown)
                continue
            named += [*_sorted(together), shown]
            together = []
        return _deletions_sorted([*named, *_sorted(together)])

    def of_state(self, saved: Iterable[Saved]) -> list[Any]:
        """Sorted, without what is secret."""
        return _sorted([self._value(list(each), "id") for each in saved])

    def _value(self, value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            if SECRET in value:
                return "<secret>"
            kept = {key: item for key, item in sorted(value.items()) if item is not None and key != PROVIDER_KEY}
            return {key: self._value(item, key) for key, item in kept.items()}
        if isinstance(value, list | tuple):
            return [self._value(item, name) for item in value]
        if isinstance(value, Unknown):
            return UNKNOWN
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)  # as it comes over the wire
        return self._text(value, name) if isinstance(value, str) else value

    def _text(self, value: str, name: str) -> str:
        if name == "secret_id":
            return "where it lies"
        if value in self._names:
            return self._names[value]
        if value.startswith("{"):
            return json.dumps(self._value(list(_shown(value)), "id"))
        if value.startswith("-----BEGIN"):
            return value.partition("\n")[0]
        for kind, is_of_it in (
            ("word", name in _WORDS),
            ("digest", value.startswith("sha256:")),
            ("key", _FINGERPRINT.fullmatch(value)),
            ("id", _ID.fullmatch(value)),
        ):
            if is_of_it:
                return self._new(kind, value)
        return value

    def _new(self, kind: str, value: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._names.setdefault(value, f"{kind} {self._counts[kind]}")


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """What the recorder wrote."""
    for line in lines:
        found = json.loads(line)
        yield Call(found["kind"], found["method"], tuple(found["arguments"]))


def read_state(resources: Iterable[Mapping[str, Any]]) -> Iterator[Saved]:
    """What `pulumi stack export` shows of the resources that a FlowEncryption makes."""
    for each in resources:
        kind = each["type"].rpartition(":")[2].rpartition("/")[2]
        due, pending = bool(each.get("delete")), bool(each.get("pendingReplacement"))
        name = each["urn"].rpartition("::")[2]
        if kind in ("EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration"):
            yield Saved(kind, name, each["id"], due, pending, each["inputs"], each["outputs"])
        elif kind == "RandomPassword":
            yield Saved(kind, name, "", due, pending, {}, {})


def today() -> str:
    """The date in UTC, as resources record it."""
    from datetime import datetime

    return datetime.now(UTC).date().isoformat()


def _shown(text: str) -> Iterator[Any]:
    ring = document.load(text, "a recorded call")
    yield from (ring.revision, ring.owner, ring.managed_by)
    for key in ring.keys:
        yield [key.fingerprint, key.role.value, key.issued_on, key.offered_at is not None]


def _is_read(together: list[Any], call: Call) -> bool:
    return any(kind == call.kind and method == "read" for kind, method, *_ in together)


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def _deletions_sorted(calls: list[Any]) -> list[Any]:
    ordered: list[Any] = []
    for call in calls:
        ordered.append(call)
        begins = len(ordered) - 1
        while begins and ordered[begins - 1][:2] == [call[0], "delete"] and call[1] == "delete":
            begins -= 1
        ordered[begins:] = _sorted(ordered[begins:])
    return ordered
