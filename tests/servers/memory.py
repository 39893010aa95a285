"""What the memory of a process holds, as whoever has broken into its machine could read it."""

from collections.abc import Iterable
from pathlib import Path

_PIECE = 1 << 24


def found_in_memory(pid: int, secrets: Iterable[bytes]) -> set[bytes]:
    """Which of ``secrets`` stand in the memory of a process of this user's that can be written to."""
    left, found = set(secrets), set[bytes]()
    longest = max(map(len, left))
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end in _writable(pid):
            rest = b""
            for at in range(begin, end, _PIECE):
                try:
                    memory.seek(at)
                    piece = rest + memory.read(min(_PIECE, end - at))
                except OSError:
                    break  # a piece that is not there
                found |= {secret for secret in left - found if secret in piece}
                rest = piece[-longest:]
    return found


def _writable(pid: int) -> list[tuple[int, int]]:
    rows = [row.split() for row in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    ranges = [row[0].split("-") for row in rows if row[1].startswith("rw")]
    return [(int(begin, 16), int(end, 16)) for begin, end in ranges]
