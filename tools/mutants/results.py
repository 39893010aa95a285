"""What became of each mutant, remembered between runs: a dead one stays dead while its function is the same."""

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
        return (_digest(mutant, source), mutant.identity) in self.dead

    def killers(self, mutant: Mutant) -> set[str]:
        """The tests that ever killed one of its function."""
        return {by for (_, identity), by in self.dead.items() if identity[:2] == mutant.identity[:2]}

    def note(self, mutant: Mutant, source: bytes, status: str, by: str) -> None:
        """Remembers it, at once if it is dead."""
        if status != KILLED:
            self.alive[mutant.identity] = status
            return
        self.dead[(_digest(mutant, source), mutant.identity)] = by
        self.alive.pop(mutant.identity, None)
        with self.file.open("a") as file:
            file.write(json.dumps([_digest(mutant, source), mutant.identity, by]) + "\n")


def _digest(mutant: Mutant, source: bytes) -> str:
    begin, end = mutant.scope
    return hashlib.sha256(source[begin:end]).hexdigest()[:16]


def _identity(fields: Iterable[object]) -> Identity:
    module, where, was, becomes, nth = fields
    return str(module), str(where), str(was), str(becomes), int(str(nth))
