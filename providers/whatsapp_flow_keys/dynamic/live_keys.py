"""What this run has seen of each number's live EncryptionKey.

The engine shows a `create` nothing of the resource that it replaces, and a `delete` nothing of what replaced it. But in
one `up` they come to one process: `check` and `diff` before `create`, `delete` last, or before `create` where
`delete_before_replace` asks for it. In a `destroy` nothing is seen, nor is a key before `--replace` or a taint replaces
it: its `diff` is never called.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Any

Outputs = Mapping[str, Any]


class LiveKeys:
    """By phone number ID: the resource's id and its outputs, as the state records them. Thread-safe."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, Outputs]] = {}
        self._expected: set[str] = set()
        self._lock = Lock()

    def expect(self, phone_number_id: str) -> None:
        """The program has a resource of this number: if the one that is there goes, another one comes."""
        with self._lock:
            self._expected.add(phone_number_id)

    def note(self, id_: str, outputs: Outputs) -> None:
        """This resource is the number's live one."""
        with self._lock:
            self._seen[outputs["phone_number_id"]] = (id_, outputs)

    def outputs(self, phone_number_id: str) -> Outputs:
        """What is recorded of the number's live resource; empty where none was seen."""
        with self._lock:
            return self._seen.get(phone_number_id, ("", {}))[1]

    def is_replaced(self, id_: str, phone_number_id: str) -> bool:
        """Whether another resource is the number's live one, or is to be: the key ring lives on with it."""
        with self._lock:
            return phone_number_id in self._expected or self._seen.get(phone_number_id, (id_, {}))[0] != id_
