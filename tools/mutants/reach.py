"""Which tests run which lines, learnt once and again for what has changed."""

import ast
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.checkout import write_whole
from tools.mutants.mutant import Mutant
from tools.mutants.pool import Pool
from tools.mutants.scope import PACKAGE, fast_tests, looks_first, mutated_modules
from tools.mutants.snapshot import digest_of
from tools.processes import say

_LONGEST_FILE = 900.0
_LONGEST_LOOK, _LONGEST_LOOK_ELSEWHERE, _LONGEST_LOOK_AT_IMPORT = 8.0, 4.0, 15.0
"""Seconds of tests for one mutant, of the processor and as they were traced; the fastest first. Untraced they take
about half. What runs when a module is imported has no lines by which to choose, so more tests are asked."""
_LONGEST_LAST_LOOK = 60.0
"""The same for those that were left out, of a mutant that survived: few are left then."""


@dataclass(frozen=True)
class Reached:
    """The tests by the lines that they run; ``failed`` are those that didn't pass, or were skipped, and don't count.

    ``imported`` are the lines that run when modules are imported, before any test.
    """

    lines: dict[str, dict[str, frozenset[int]]]
    seconds: dict[str, float]
    failed: tuple[str, ...]
    imported: dict[str, frozenset[int]]

    def stages(self, mutant: Mutant, names: "Names") -> list[list[str]]:
        """The tests that may notice it: those about its module first, the others next; the fastest first in each."""
        lines = range(mutant.lines[0], mutant.lines[1] + 1)
        wanted = set() if mutant.at_import else self._tests(mutant.module, lines)
        # A test that imports a module itself runs these lines, too, and says little of them.
        at_import = mutant.at_import or bool(self.imported.get(mutant.module, frozenset()) & set(lines))
        if at_import:
            for module, readers in names.lines_with(mutant).items():
                wanted |= self._tests(module, readers)
            wanted = wanted or set(self.lines.get(mutant.module, {}))
            about = looks_first(mutant.module, map(_file_of, self.seconds))
            wanted |= {test for test in self.seconds if _file_of(test) in about}  # one may read it, and run no line
        first = looks_first(mutant.module, map(_file_of, wanted))
        stages: list[list[str]] = []
        for is_first in (True, False):
            these = sorted(
                (test for test in wanted if (_file_of(test) in first) is is_first),
                key=lambda test: (self.seconds[test], test),
            )
            longest = _LONGEST_LOOK if is_first or not first else _LONGEST_LOOK_ELSEWHERE
            stages.append(self._within(these, _LONGEST_LOOK_AT_IMPORT if at_import else longest))
        return [stage for stage in stages if stage]

    def once_more(self, mutant: Mutant, names: "Names", killers: Collection[str]) -> list[str]:
        """What :meth:`stages` left out: the ``killers`` that run its lines, or any of them if it is in what runs at
        import, then the others; the fastest first in each."""
        run = self._tests(mutant.module, range(mutant.lines[0], mutant.lines[1] + 1))
        if mutant.at_import:
            run |= set(killers) & self.seconds.keys()
        asked = {test for stage in self.stages(mutant, names) for test in stage}
        left = sorted(run - asked, key=lambda test: (test not in killers, self.seconds[test], test))
        return self._within(left, _LONGEST_LAST_LOOK)

    def _tests(self, module: str, lines: Sequence[int]) -> set[str]:
        looked_for = frozenset(lines)
        return {test for test, run in self.lines.get(module, {}).items() if run & looked_for}

    def _within(self, tests: Sequence[str], left: float) -> list[str]:
        kept: list[str] = []
        for test in tests:
            left -= self.seconds[test]
            if left < 0 and kept:
                break
            kept.append(test)
        return kept


def _file_of(test: str) -> str:
    return test.partition("::")[0]


class Names:
    """Where the names that a module binds are used: a constant matters in the lines that read it."""

    def __init__(self, root: Path) -> None:
        self._trees = {
            module: ast.parse((root / PACKAGE / module).read_bytes()) for module in mutated_modules(root, ())
        }

    def lines_with(self, mutant: Mutant) -> dict[str, list[int]]:
        """By module, the lines that read what the mutant's statement binds; nothing where it binds no name."""
        bound = self._bound(mutant)
        return {
            module: [
                node.lineno
                for node in ast.walk(tree)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound
            ]
            for module, tree in self._trees.items()
        }

    def _bound(self, mutant: Mutant) -> set[str]:
        return {
            target.id
            for node in self._trees[mutant.module].body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= mutant.line <= (node.end_lineno or 0)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }


def learn_reach(root: Path, pool: Pool, memory: Path, some: Sequence[str] = ()) -> Reached:
    """Traces the files of tests whose answer isn't remembered, or hangs on something that has changed.

    Only files whose path contains one of ``some`` count, if there are any.
    """
    everything = fast_tests(root)
    files = [file for file in everything if not some or any(part in file for part in some)]
    known: dict[str, dict[str, Any]] = json.loads(memory.read_text()) if memory.exists() else {}
    known = {file: found for file, found in known.items() if file in everything and _is_as_it_was(root, found)}
    modules = {str(root / PACKAGE / module): module for module in mutated_modules(root, ())}
    orders = [
        (file, {"do": "reach", "file": file, "files": modules, "within": _LONGEST_FILE})
        for file in files
        if file not in known
    ]
    for done, (file, answer) in enumerate(pool.answers(orders), 1):
        if "lines" in answer:
            read = [file, *answer["read"]]
            known[file] = {**answer, "read": read, "digest": digest_of(root, read)}
            write_whole(memory, json.dumps(known))
        took = f"{sum(answer.get('seconds', {}).values()):.0f} s" if "lines" in answer else "not finished"
        say(f"Which lines the tests run: {done} of {len(orders)}, {file}: {took}")
    return _reached({file: found for file, found in known.items() if file in files})


def _is_as_it_was(root: Path, found: dict[str, Any]) -> bool:
    read: list[str] = found.get("read", [])
    return (
        "imported" in found
        and bool(read)
        and all((root / name).exists() for name in read)
        and digest_of(root, read) == found["digest"]
    )


def _reached(known: dict[str, dict[str, Any]]) -> Reached:
    lines: dict[str, dict[str, frozenset[int]]] = {}
    seconds: dict[str, float] = {}
    failed: list[str] = []
    imported: dict[str, set[int]] = {}
    for found in known.values():
        for module, run in found["imported"].items():
            imported.setdefault(module, set()).update(run)
        seconds |= found["seconds"]
        failed += found["failed"]
        for test, modules in found["lines"].items():
            for module, run in modules.items():
                lines.setdefault(module, {})[test] = frozenset(run)
    at_import = {module: frozenset(run) for module, run in imported.items()}
    return Reached(lines, seconds, tuple(sorted(failed)), at_import)
