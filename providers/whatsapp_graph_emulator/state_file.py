"""The file that keeps the numbers over restarts. It holds public keys only, never a token or an app secret.

A write goes to a new file, is flushed to the disk and takes the old file's place in one step, so that a crash
leaves the old state or the new one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from whatsapp_graph_emulator.errors import BadField, StateFileError
from whatsapp_graph_emulator.number import Number, read_saved

FORMAT = "whatsapp-graph-emulator/1"


class StateFile:
    """The state in one JSON file: `{"format": …, "numbers": [{id, registered, deleted, public_key, …}]}`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def load(self) -> list[Number]:
        """The numbers in the file, none where there is no file.

        Raises `StateFileError` where it cannot be read or is not a state file of this emulator.
        """
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateFileError(f"The state file {self.path} cannot be read ({error.strerror}).") from error
        except ValueError as error:
            raise self._corrupt("it is not JSON") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise self._corrupt(f'its "format" is not "{FORMAT}"')
        entries = document.get("numbers")
        if not isinstance(entries, list):
            raise self._corrupt('it has no list "numbers"')
        try:
            return [read_saved(entry) for entry in entries]
        except BadField as error:
            raise self._corrupt(str(error)) from error

    def save(self, numbers: Iterable[Number]) -> None:
        """Replaces the file, readable by its owner only; raises `StateFileError` where it cannot be written."""
        document = {"format": FORMAT, "numbers": [number.saved() for number in numbers]}
        try:
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(document, file, indent=2)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self.path)
            except BaseException:
                os.unlink(name)
                raise
        except OSError as error:
            raise StateFileError(
                f"The state file {self.path} cannot be written ({error.strerror}): give a path in a directory that "
                "exists and may be written to."
            ) from error

    def _corrupt(self, reason: str) -> StateFileError:
        return StateFileError(
            f"{self.path} is not a state file of this emulator ({reason}): delete it, or give another path."
        )
