"""What became of each mutant, remembered between runs: one that was killed stays dead while its module is the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.mutants.mutant import Identity, Mutant

KILLED, SURVIVED, UNTESTED = "killed", "survived", "no test runs it"


@dataclass
class Results:
    """``dead`` maps the mutants that were killed to the test that did it."""

    file: Path
    dead: dict[tuple[str, Identity], str] = field(default_factory=dict)
    alive: dict[Identity, str] = field(default_factory=dict)

    @staticmethod
    def read(file: Path) -> "Results":
        """What is remembered; a last line that was cut short is passed over."""
        results = Results(file)
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                digest, identity, by = json.loads(line)
            except ValueError:
                continue
            results.dead[(digest, _identity(identity))] = by
        return results

    def is_dead(self, mutant: Mutant, source: bytes) -> bool:
        """Whether it was killed in this very source."""
        return (_digest(source), mutant.identity) in self.dead

    def killers(self, mutant: Mutant, source: bytes) -> set[str]:
        """The tests that killed others of its function."""
        digest = _digest(source)
        return {by for (of, identity), by in self.dead.items() if of == digest and identity[:2] == mutant.identity[:2]}

    def note(self, mutant: Mutant, source: bytes, status: str, by: str) -> None:
        """Remembers it, at once if it is dead."""
        if status != KILLED:
            self.alive[mutant.identity] = status
            return
        self.dead[(_digest(source), mutant.identity)] = by
        self.alive.pop(mutant.identity, None)
        with self.file.open("a") as file:
            file.write(json.dumps([_digest(source), mutant.identity, by]) + "\n")


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()[:16]


def _identity(fields: Iterable[object]) -> Identity:
    module, where, was, becomes, nth = fields
    return str(module), str(where), str(was), str(becomes), int(str(nth))
