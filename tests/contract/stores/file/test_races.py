"""Writes and deletions of one file at once: one wins, and nothing is overwritten."""

import fcntl
import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import StoreConflictError
from whatsapp_flow_keys.stores.file.store import FileStore

ROUNDS = 5


def race(path: str, owner: str, start: Barrier, wins: "multiprocessing.SimpleQueue[tuple[int, str]]") -> None:
    """In a process of its own: in each round reads, waits for the other, and writes over what it read."""
    store = FileStore(path)
    rings = [ring(number, owner) for number in range(ROUNDS)]  # now, since the first makes a key, which takes its time
    for number in range(ROUNDS):
        found = store.read()
        start.wait(30)
        try:
            store.write(rings[number], found)
        except StoreConflictError:
            pass
        else:
            wins.put((number, owner))
        start.wait(30)


def test_of_two_processes_that_write_at_once_exactly_one_wins(store: FileStore, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, wins = context.Barrier(2), context.SimpleQueue()
    runs = [context.Process(target=race, args=(str(path), owner, start, wins)) for owner in ("one", "two")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    won = []
    while not wins.empty():
        won.append(wins.get())
    assert [run.exitcode for run in runs] == [0, 0]
    assert [number for number, _ in sorted(won)] == list(range(ROUNDS))
    last = store.read().ring
    assert last is not None
    assert (last.revision, last.owner) == sorted(won)[-1]


@pytest.mark.parametrize("call", ["write", "delete"])
def test_whoever_waited_for_a_lock_file_that_is_gone_takes_the_new_one(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A deletes and B writes while C waits for A's lock: C must wait for B's, and find what B wrote."""
    first = store.write(ring(1), store.read())
    lock, flock = path.with_name(".ring.json.lock"), fcntl.flock
    turns: list[Callable[[], object]] = []

    def after_the_deletion() -> None:
        path.unlink()
        lock.unlink()
        turns.append(lambda: path.write_text(document.dump(ring(2, "theirs"))))

    turns.append(after_the_deletion)

    def waits(descriptor: int, operation: int) -> None:
        with suppress(IndexError):
            turns.pop(0)()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", waits)
    with pytest.raises(StoreConflictError):
        store.write(ring(2), first) if call == "write" else store.delete(first)
    assert store.read().ring == ring(2, "theirs")
