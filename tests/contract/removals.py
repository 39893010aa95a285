"""How tests remove a ring of files, and files whose document stays or can be restored."""

from collections.abc import Sequence
from datetime import timedelta

from tests.contract.conftest import Line
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_stored_ring
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Store, Versioned

HOUR = timedelta(hours=1)


class Recoverable(FileStore):
    """What it deletes can be brought back."""

    recoverable = True


class Given(FileStore):
    """A document that was given by its identifier: its deletion leaves it."""

    is_ours = False

    def delete(self, expected: Versioned) -> str:
        return f"{self.url}: stays, since it was given"


def remove(
    line: Line,
    force: Force | None = None,
    *,
    owner: str = "key-1",
    passphrase_goes: bool = False,
    stores: Sequence[Store] = (),
) -> str:
    """What is said of what was left. Without ``stores``, of those of the line."""
    store, *backups = stores or line.stores
    return remove_stored_ring(
        store, backups, line.session(owner), force=force or Force(), opening=opening(line, passphrase_goes)
    )


def opening(line: Line, passphrase_goes: bool) -> Opening:
    """What is left to open keys with."""
    return Opening(() if passphrase_goes or line.passphrase is None else (line.passphrase,), passphrase_goes)


def exists(line: Line) -> bool:
    """Whether the store's document is there."""
    return (line.folder / "ring0.json").exists()
