"""How often a removal reads a place, and which answer it goes by."""

from contextlib import suppress

import pytest

from tests.contract.conftest import Line
from tests.contract.removals import HOUR, exists, opening, remove
from tests.passphrases import strong
from whatsapp_flow_keys.errors import DeletionRefusedError, StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force, remove_stored_ring
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


class Counted(FileStore):
    """How often it was read."""

    reads = 0

    def read(self) -> Versioned:
        self.reads += 1
        return super().read()


def test_a_store_that_fails_once_while_it_is_looked_at_is_judged_by_its_last_answer(line: Line) -> None:
    class FailsOnce(Counted):
        def read(self) -> Versioned:
            found = super().read()
            if self.reads == 2:
                raise StoreUnavailableError(self.url, "does not answer")
            return found

    line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    line.clock.time += HOUR
    remove(line, stores=[FailsOnce(str(line.folder / "ring0.json"))])
    assert not exists(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_each_backup_is_read_once_before_and_once_after_meta_answers(line: Line, passphrase_goes: bool) -> None:
    """So what counts as a copy is what the question saw, and no other answer of the same place."""
    line.backups, line.passphrase = 1, strong("generated words")
    line.rotate()
    backup = Counted(str(line.folder / "ring1.json"))
    with suppress(DeletionRefusedError):
        remove_stored_ring(
            line.stores[0], [backup], line.session(), force=Force(), opening=opening(line, passphrase_goes)
        )
    assert backup.reads == 2
