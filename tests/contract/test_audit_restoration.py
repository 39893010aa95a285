"""What the audit log tells of a document that is restored, by a run or by the command."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.contract.conftest import Line
from tests.contract.stores.place import delete
from tests.contract.stores.vault_place import VaultPlace
from tests.contract.told import last
from tools.openbao import OpenBao
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreUnavailableError
from whatsapp_flow_keys.lifecycle.restoration import restore
from whatsapp_flow_keys.lifecycle.rings import read_rings
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


def test_a_soft_deleted_document_is_told_key_by_key_when_it_is_restored(
    line: Line, openbao: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = VaultPlace(openbao, monkeypatch)
    line.rotate()
    line.rotate()
    store = place.store()
    store.write(line.ring(), store.read())
    delete(store)
    line.told.take()
    ring = read_rings([place.store()], line.claim(), line.claim().trail(line.told)).ring
    assert [(event.fingerprint, event.store) for event in line.told.events] == [
        (key.fingerprint, store.url) for key in ring.keys
    ]
    assert line.told.take() == ["restored", "restored"]


def test_a_soft_deleted_document_that_could_not_be_restored_is_told_as_failed(line: Line) -> None:
    class Gone(FileStore):
        def read(self) -> Versioned:
            return Versioned(None, "", deleted=True)

        def restore(self) -> None:
            raise StoreUnavailableError(self.url, "does not answer")

    store = Gone(str(line.folder / "ring0.json"))
    with pytest.raises(StoreUnavailableError):
        claim_stores(Recorded(), [store], line.session(), passphrase=None)
    assert last(line).store == store.url
    assert line.told.take() == ["restored failed"]


def test_a_lost_store_that_is_rebuilt_is_told_key_by_key(line: Line) -> None:
    line.backups = 1
    keys = {line.rotate(), line.rotate()}
    first, backup = line.stores
    (line.folder / "ring0.json").unlink()
    line.told.take()
    restore(backup, first, line.clock, line.told)
    assert {(event.fingerprint, event.store) for event in line.told.events} == {(key, first.url) for key in keys}
    assert line.told.take() == ["restored", "restored"]
    restore(backup, first, line.clock, line.told)
    assert line.told.take() == []


def test_a_restoration_that_another_stacks_ring_prevents_is_a_refusal_at_the_target(line: Line) -> None:
    line.backups = 1
    line.rotate()
    first, backup = line.stores
    first.write(replace(line.ring(), managed_by="org/flows/other"), first.read())
    line.told.take()
    with pytest.raises(ForeignDocumentError):
        restore(backup, first, line.clock, line.told)
    assert last(line).store == first.url
    assert line.told.take() == ["refused foreign_document"]


def test_the_command_writes_what_it_restored_to_the_file_of_the_environment(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.backups = 1
    key = line.rotate()
    first, backup = line.stores
    (line.folder / "ring0.json").unlink()
    log = line.folder / "audit.jsonl"
    monkeypatch.setenv("WHATSAPP_AUDIT_LOG", str(log))
    CliRunner().invoke(command, ["restore", "--from", backup.url, "--to", first.url], catch_exceptions=False)
    (told,) = log.read_text().splitlines()
    assert '"operation": "restored"' in told
    assert key in told


def test_the_command_restores_although_its_audit_log_can_not_be_written_and_says_so(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.backups = 1
    key = line.rotate()
    first, backup = line.stores
    (line.folder / "ring0.json").unlink()
    monkeypatch.setenv("WHATSAPP_AUDIT_LOG", str(line.folder))
    run = CliRunner().invoke(command, ["restore", "--from", backup.url, "--to", first.url])
    assert run.exit_code == 0
    assert key in line.roles()
    assert "can't be written: Is a directory" in run.stderr
