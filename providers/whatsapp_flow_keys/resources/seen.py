"""What this run has seen of each number's live EncryptionKey and KeyRing.

The engine shows a `create` nothing of the resource that it replaces, and a `delete` nothing of what replaced it. But in
one `up` they come to one process, unless the number moves to another provider: `check` and `diff` before `create`,
`delete` last, or before `create` where something asks for it. In a `destroy` nothing is seen, nor is a key before
`--replace` or a taint replaces it: its `diff` is never called.

So whatever is decided by it must err towards keeping the key when nothing was seen.
"""

from dataclasses import replace
from threading import Lock
from typing import TypeVar

from whatsapp_flow_keys.resources.properties import KeyState, OfNumber
from whatsapp_flow_keys.resources.schema import UNKNOWN, Props
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import open_store

_KEPT_BY_A_ROTATION = ("former_passphrases", "locations")
_I = TypeVar("_I", bound=OfNumber)


class Expected:
    """The phone number IDs of which the program has a resource of one kind. Thread-safe."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._lock = Lock()

    def expect(self, phone_number_id: str) -> None:
        """The program has a resource of this number: if the one that is there goes, another one comes."""
        with self._lock:
            self._expected.add(phone_number_id)

    def is_expected(self, phone_number_id: str) -> bool:
        """Whether the program was seen to have one."""
        with self._lock:
            return phone_number_id in self._expected


class SeenKeys(Expected):
    """EncryptionKeys by phone number ID: the resource's id and its recorded state."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[str, KeyState]] = {}
        self._guarded: set[str] = set()
        self._new: set[str] = set()
        self._kept: dict[str, Props] = {}

    def note_kept(self, phone_number_id: str, kept: Props) -> None:
        """What happens to the number's EncryptionKey leaves these outputs as they are."""
        with self._lock:
            self._kept[phone_number_id] = kept

    def forget_kept(self, phone_number_id: str) -> None:
        """The number's EncryptionKey may be replaced, which a diff need not say. It goes to the same places then."""
        with self._lock:
            kept = self._kept.get(phone_number_id, {})
            self._kept[phone_number_id] = {name: kept[name] for name in kept if name in _KEPT_BY_A_ROTATION}

    def with_kept(self, inputs: _I) -> _I:
        """``inputs`` of another resource, where a preview doesn't know what the number's EncryptionKey keeps."""
        with self._lock:
            kept = self._kept.get(inputs.phone_number_id, {})
        return replace(inputs, **{name: kept[name] for name in kept if getattr(inputs, name, None) is UNKNOWN})

    def note_new(self, fingerprint: str) -> None:
        """This run has made, or adopted, the key."""
        with self._lock:
            self._new.add(fingerprint)

    def is_new(self, fingerprint: str) -> bool:
        """Whether this run has made, or adopted, the key."""
        with self._lock:
            return fingerprint in self._new

    def note_guard(self, phone_number_id: str) -> None:
        """A StoredKeyRing of this number is in the state, or was made in this run, and is asked before the key goes."""
        with self._lock:
            self._guarded.add(phone_number_id)

    def is_guarded(self, phone_number_id: str) -> bool:
        """Whether a StoredKeyRing of this number was seen."""
        with self._lock:
            return phone_number_id in self._guarded

    def note(self, id_: str, state: KeyState) -> None:
        """This resource is the number's live one."""
        with self._lock:
            self._seen[state.phone_number_id] = (id_, state)

    def note_recorded(self, id_: str, state: KeyState) -> None:
        """The state records this resource. It counts as live only if the program was seen to have the number: a
        refresh, also that of a `destroy`, compares what is due to be deleted, too."""
        with self._lock:
            if state.phone_number_id in self._expected:
                self._seen[state.phone_number_id] = (id_, state)

    def live(self, phone_number_id: str) -> KeyState | None:
        """What is recorded of the number's live resource; None where none was seen."""
        with self._lock:
            seen = self._seen.get(phone_number_id)
        return seen[1] if seen else None

    def stores(self, phone_number_id: str) -> tuple[Store, ...]:
        """The stores of the number's live resource; none with the stack as the store."""
        live = self.live(phone_number_id)
        return tuple(open_store(location) for location in (live.locations or ())) if live else ()

    def is_replaced(self, id_: str, phone_number_id: str) -> bool:
        """Whether another resource is the number's live one, or is to be: the document is not this one's to delete."""
        with self._lock:
            seen = self._seen.get(phone_number_id)
            return phone_number_id in self._expected or (seen is not None and seen[0] != id_)


class SeenRings(Expected):
    """Rings of the stack, so that a replaced one may go while its replacement holds the keys."""

    def __init__(self) -> None:
        super().__init__()
        self._rings: dict[str, KeyRing] = {}

    def note(self, id_: str, ring: KeyRing) -> None:
        """This resource holds the ring."""
        with self._lock:
            self._rings[id_] = ring

    def note_recorded(self, id_: str, ring: KeyRing) -> None:
        """The state records this ring; see :meth:`SeenKeys.note_recorded`."""
        with self._lock:
            if ring.phone_number_id in self._expected:
                self._rings[id_] = ring

    def forget(self, id_: str) -> None:
        """This resource is gone."""
        with self._lock:
            self._rings.pop(id_, None)

    def held_beside(self, id_: str, phone_number_id: str) -> frozenset[str]:
        """The fingerprints that other rings of the number hold."""
        with self._lock:
            others = [ring for other, ring in self._rings.items() if other != id_]
        return frozenset(
            key.fingerprint for ring in others if ring.phone_number_id == phone_number_id for key in ring.keys
        )
