"""What the audit log tells of a number's life: each thing once, in its order, and nothing where all is in place."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from tests.contract.conftest import Line
from tests.contract.stores.place import delete
from tests.contract.stores.vault_place import VaultPlace
from tests.stack.project import TOKEN
from tests.stack.test_secrets import forms_of, leaks
from tools.openbao import OpenBao
from whatsapp_flow_keys.audit import Event, Operation
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.endpoint import LiveEndpoint
from whatsapp_flow_keys.errors import (
    DeletionRefusedError,
    EndpointNotReadyError,
    ForeignDocumentError,
    ForeignKeyError,
    KeyNotInRingError,
    RegistrationError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.gate import Gate
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.lifecycle.removal import Force, remove_recorded_ring, remove_stored_ring
from whatsapp_flow_keys.lifecycle.restoration import restore
from whatsapp_flow_keys.lifecycle.rings import read_rings
from whatsapp_flow_keys.lifecycle.staging import (
    NewKey,
    Recorded,
    begin_recorded_ring,
    claim_stores,
    extend_recorded_ring,
)
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError, Answer, AnswerLostError, GraphError
from whatsapp_flow_keys.registrars.registrar import RegisteredKey
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store, Versioned

LOCKED = 131031
WHOLE = ["staged", "offered", "published", "verified", "promoted"]
NOBODY = "http://127.0.0.1:9/flows"


def remove(line: Line, force: Force | None = None, *, stores: Sequence[Store] | None = None) -> None:
    store, *backups = stores or line.stores
    remove_stored_ring(store, backups, line.session(), force=force or Force())


def last(line: Line) -> Event:
    return line.told.events[-1]


def test_a_first_key_and_each_rotation_are_told_from_its_staging_to_its_promotion(line: Line) -> None:
    line.rotate()
    assert line.told.take() == WHOLE
    line.rotate()
    assert line.told.take() == WHOLE


def test_a_key_that_is_adopted_is_told_as_that_and_not_as_published(line: Line) -> None:
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    line.register(line.adopt(by_hand))
    assert line.told.take() == ["staged", "adopted", "verified", "promoted"]


def test_another_key_than_the_live_one_is_told_as_refused(line: Line) -> None:
    line.rotate()
    line.told.take()
    another = PrivateKey.generate()
    with pytest.raises(ForeignKeyError):
        line.adopt(another)
    assert (last(line).operation, last(line).outcome) == (Operation.REFUSED, "foreign_key")
    assert last(line).fingerprint == another.fingerprint


def test_every_event_names_the_number_the_stack_and_the_key(line: Line) -> None:
    key = line.rotate()
    found = {(event.phone_number_id, event.stack, event.fingerprint) for event in line.told.events}
    assert found == {(line.number, "org/flows/prod", key)}


def test_what_changes_a_store_names_it_and_what_meta_answered_bears_its_trace_id(line: Line) -> None:
    line.rotate()
    url = line.stores[0].url
    assert [event.store for event in line.told.events] == [url, None, None, None, url]
    assert [bool(event.trace_id) for event in line.told.events] == [False, False, True, True, False]


def test_a_registration_that_finds_all_in_place_tells_nothing(line: Line) -> None:
    key = line.rotate()
    line.told.take()
    line.register(key)
    claim_stores(Recorded(key), line.stores, line.session(), passphrase=None)
    assert line.told.take() == []


def test_each_store_is_told_for_itself(line: Line) -> None:
    line.backups = 1
    line.rotate()
    assert line.told.take() == ["staged", *WHOLE, "promoted"]


def test_a_new_backup_is_told_as_staging_of_every_key_in_it(line: Line) -> None:
    keys = [line.rotate(), line.rotate()]
    line.told.take()
    line.backups = 1
    claim_stores(Recorded(keys[1]), line.stores, line.session(), passphrase=None)
    staged = line.told.of(Operation.STAGED)
    assert {(event.fingerprint, event.store) for event in staged} == {(key, line.stores[1].url) for key in keys}
    assert line.told.take() == ["staged", "staged"]


def test_a_key_that_leaves_the_ring_is_told_as_retired(line: Line) -> None:
    first = line.rotate()
    line.rotate()
    line.clock.time += timedelta(days=2)
    line.told.take()
    line.rotate()
    (retired,) = line.told.of(Operation.RETIRED)
    assert (retired.fingerprint, retired.store) == (first, line.stores[0].url)
    assert line.told.take() == [*WHOLE, "retired"]


def test_a_pending_key_that_another_replaces_is_told_as_retired(line: Line) -> None:
    first = line.stage()
    line.emulator.set_key(line.number, None)
    line.told.take()
    line.stage()
    (retired,) = line.told.of(Operation.RETIRED)
    assert retired.fingerprint == first


def test_a_publication_that_failed_says_why_and_the_next_run_tells_the_rest(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(AccountLockedError) as failure:
        line.register(key)
    assert failure.value.answer is not None
    assert (last(line).reason, last(line).trace_id) == (str(failure.value), failure.value.answer.trace_id)
    assert last(line).trace_id
    assert line.told.take() == ["offered", "published failed"]
    line.emulator.clear_faults()
    line.register(key)
    assert line.told.take() == WHOLE[1:]


def test_an_answer_without_a_trace_id_is_told_without_one(line: Line) -> None:
    trail = line.claim().trail(line.told)
    with pytest.raises(GraphError), trail.step(Operation.PUBLISHED, "f" * 64):
        raise AccountLockedError("set the public key", Answer(400, LOCKED))
    assert last(line).trace_id is None


def test_a_lost_answer_is_told_as_unknown_until_reading_decides(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("lost_answer", method="POST", times=1)
    line.register(key)
    assert line.told.take() == ["offered", "published unknown", "verified", "promoted"]


def test_each_attempt_of_a_publication_that_never_shows_is_told_and_the_end_once(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    line.fault("no_effect", method="POST")
    with pytest.raises(RegistrationError):
        line.register(key)
    assert line.told.take() == ["offered", "published"] * 3 + ["verified failed"]


def test_a_publication_whose_answers_are_all_lost_is_told_as_unknown_each_time(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    line.fault("refuse", method="POST")
    with pytest.raises(AnswerLostError):
        line.register(key)
    assert line.told.take() == ["offered", "published unknown"] * 3


def test_a_proof_that_could_not_be_made_is_told_as_failed(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(key)
    assert line.told.take() == ["offered", "published", "verified failed"]


class Unsigned:
    """The Graph API of a number whose key Meta does not sign."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def served(self, phone_number_id: str) -> RegisteredKey:
        return replace(self.line.graph.served(phone_number_id), signature_status="MISMATCH")

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        return self.line.graph.publish(phone_number_id, public_key_pem)


def test_a_key_that_meta_serves_and_does_not_sign_is_not_told_as_verified(line: Line) -> None:
    key = line.stage()
    line.told.take()
    with pytest.raises(RegistrationError, match="signature status"):
        register(line.wanted(key), line.stores, line.session(graph=Unsigned(line)))
    assert line.told.take() == ["offered", "published", "promoted", "verified failed"]


def test_a_stale_signature_that_is_healed_is_told_as_a_publication_and_no_promotion(line: Line) -> None:
    key = line.rotate()
    line.told.take()
    line.emulator.reregister(line.number)
    line.register(key)
    assert line.told.take() == ["offered", "published", "verified"]


def test_drift_that_is_published_over_is_told_as_a_publication_and_no_promotion(line: Line) -> None:
    key, foreign = line.rotate(), PrivateKey.generate()
    line.told.take()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.register(key, replaceable=[foreign.fingerprint])
    assert line.told.take() == ["offered", "published", "verified"]


def test_an_interrupted_rotation_that_the_next_staging_finishes_is_told_by_it(line: Line) -> None:
    line.rotate()
    second = line.stage()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(second)
    line.emulator.clear_faults()
    line.told.take()
    line.stage()
    assert [event.fingerprint for event in line.told.of(Operation.PROMOTED)] == [second]
    assert line.told.take() == ["staged", "promoted"]


def test_a_foreign_key_is_a_refusal_of_the_key_that_was_to_be_staged_or_registered(line: Line) -> None:
    key, foreign = line.stage(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.told.take()
    with pytest.raises(ForeignKeyError) as refused:
        line.register(key)
    assert (last(line).fingerprint, last(line).reason) == (key, str(refused.value))
    with pytest.raises(ForeignKeyError):
        line.stage()
    assert line.told.take() == ["refused foreign_key"] * 2


def test_a_key_that_no_store_holds_is_a_refusal(line: Line) -> None:
    line.stage()
    line.told.take()
    with pytest.raises(KeyNotInRingError):
        line.register("0" * 64)
    assert line.told.take() == ["refused key_not_in_ring"]


def test_an_endpoint_that_lacks_the_key_is_a_refusal(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    gate = Gate(LiveEndpoint(NOBODY), 0.0)
    with pytest.raises(EndpointNotReadyError):
        register(line.wanted(key), line.stores, line.session(), gate=gate)
    assert line.told.take() == ["refused endpoint_not_ready"]


def test_another_stacks_ring_is_a_refusal(line: Line) -> None:
    key = line.rotate()
    line.managed_by = "org/flows/staging"
    line.told.take()
    with pytest.raises(ForeignDocumentError):
        line.register(key)
    assert last(line).stack == "org/flows/staging"
    assert line.told.take() == ["refused foreign_document"]


def test_a_move_to_where_the_live_key_is_not_is_a_refusal_of_that_key(line: Line) -> None:
    with pytest.raises(KeyNotInRingError):
        claim_stores(Recorded("f" * 64), line.stores, line.session(), passphrase=None, moved=True)
    assert last(line).fingerprint == "f" * 64
    assert line.told.take() == ["refused key_not_in_ring"]


def test_a_staging_that_could_not_ask_meta_is_told_as_failed(line: Line) -> None:
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        line.stage()
    assert last(line).trace_id
    assert line.told.take() == ["staged failed"]


def test_a_store_that_could_not_be_written_is_the_one_that_is_told_as_failed(line: Line) -> None:
    class Full(FileStore):
        def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
            raise StoreUnavailableError(f"{self.url}: can't be written: no space left")

    key = line.rotate()
    line.told.take()
    full = Full(str(line.folder / "ring1.json"))
    with pytest.raises(StoreUnavailableError):
        claim_stores(Recorded(), [*line.stores, full], line.session(), passphrase=None)
    assert (last(line).fingerprint, last(line).store) == (key, full.url)
    assert line.told.take() == ["staged failed"]


def test_a_ring_that_is_deleted_is_told_key_by_key(line: Line) -> None:
    keys = [line.rotate(), line.rotate()]
    line.told.take()
    remove(line, Force(recorded=True))
    assert {(event.fingerprint, event.store) for event in line.told.events} == {
        (key, line.stores[0].url) for key in keys
    }
    assert line.told.take() == ["deleted", "deleted"]


def test_a_deletion_that_is_refused_names_the_key_that_would_be_lost(line: Line) -> None:
    line.rotate()
    served = line.rotate()
    line.told.take()
    with pytest.raises(DeletionRefusedError):
        remove(line)
    assert (last(line).fingerprint, last(line).store) == (served, line.stores[0].url)
    assert line.told.take() == ["refused deletion_refused"]


def test_a_refused_deletion_of_the_stacks_ring_names_it(line: Line) -> None:
    new = new_key()
    ring = begin(line, new)
    line.emulator.set_key(line.number, new.key.public_key_pem)
    with pytest.raises(DeletionRefusedError):
        remove_recorded_ring(ring, line.session(), survivors=frozenset, beside=frozenset(), force=Force())
    assert (last(line).fingerprint, last(line).store) == (new.key.fingerprint, "stack")


def test_what_was_left_when_a_ring_was_deleted_is_the_reason_that_is_told(line: Line) -> None:
    class Kept(FileStore):
        def delete(self, expected: Versioned) -> str:
            return "it can be restored until noon"

    line.rotate()
    remove(line, Force(recorded=True), stores=[Kept(str(line.folder / "ring0.json"))])
    assert last(line).reason == "it can be restored until noon"


def test_a_ring_that_another_resource_owns_is_not_told_as_deleted(line: Line) -> None:
    line.rotate()
    line.told.take()
    claim_stores(Recorded(), line.stores, line.session("key-2"), passphrase=None)
    remove(line)
    assert line.told.take() == []


def test_a_document_that_was_given_by_its_id_stays_and_is_not_told_as_deleted(line: Line) -> None:
    class Given(FileStore):
        is_ours = False

        def delete(self, expected: Versioned) -> str:
            return "it stays"

    line.rotate()
    line.told.take()
    remove(line, Force(recorded=True), stores=[Given(str(line.folder / "ring0.json"))])
    assert line.told.take() == []


def test_a_document_that_is_left_behind_is_told_as_not_deleted(line: Line) -> None:
    line.rotate()
    stores = line.stores
    (line.folder / "ring0.json").unlink()
    (line.folder / "ring0.json").mkdir()
    line.told.take()
    remove(line, Force(recorded=True), stores=stores)
    assert last(line).store == stores[0].url
    assert last(line).reason == f"{stores[0].url}: could not be asked, so its document was left behind"
    assert line.told.take() == ["deleted failed"]


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
            raise StoreUnavailableError(f"{self.url}: does not answer")

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


def new_key() -> NewKey:
    return NewKey(PrivateKey.generate(), "2026-11-24")


def begin(line: Line, new: NewKey) -> KeyRing:
    return begin_recorded_ring(new, [], line.session())


def extend(line: Line, ring: KeyRing, new: NewKey) -> KeyRing:
    return extend_recorded_ring(ring, new, [], line.session())


def register_recorded(line: Line, wanted: Wanted, ring: KeyRing) -> None:
    register(wanted, [RecordedRing(ring)], line.session())


def test_the_stacks_own_ring_is_told_as_staged_when_its_resource_records_it(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    assert (last(line).fingerprint, last(line).store) == (first.key.fingerprint, "stack")
    ring = extend(line, ring, second)
    assert line.told.take() == ["staged", "staged"]
    extend(line, ring, second)
    assert line.told.take() == []


def test_a_ring_of_the_stack_that_is_not_begun_is_told_as_a_failed_staging(line: Line) -> None:
    new = new_key()
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        begin(line, new)
    assert last(line).fingerprint == new.key.fingerprint
    assert line.told.take() == ["staged failed"]


def test_a_ring_of_the_stack_that_is_not_extended_is_told_as_a_failed_staging(line: Line) -> None:
    ring, new, locked = begin(line, new_key()), new_key(), line.stores[0]
    line.told.take()
    (line.folder / "ring0.json").mkdir()
    with pytest.raises(StoreUnavailableError):
        extend_recorded_ring(ring, new, [locked], line.session())
    assert last(line).fingerprint == new.key.fingerprint
    assert line.told.take() == ["staged failed"]


def test_with_the_stack_as_the_store_a_key_is_promoted_when_the_state_comes_to_record_it_as_proven(line: Line) -> None:
    new = new_key()
    ring = begin(line, new)
    wanted = line.wanted(new.key.fingerprint)
    register_recorded(line, wanted, ring)
    assert last(line).store == "stack"
    assert line.told.take() == WHOLE
    register_recorded(line, wanted, ring)  # the state wasn't saved
    assert line.told.take() == ["verified", "promoted"]
    proven = replace(wanted, proven=new.key.fingerprint)
    register_recorded(line, proven, ring)
    assert line.told.take() == []


def test_a_stacks_ring_with_a_backup_is_told_as_one_without(line: Line) -> None:
    """But for the key's promotion in the backup itself."""
    new = new_key()
    ring = begin(line, new)
    backup = line.stores[0]
    backup.write(ring, backup.read())
    wanted = line.wanted(new.key.fingerprint)
    line.told.take()
    stores: list[Store] = [RecordedRing(ring), backup]
    register(wanted, stores, line.session())
    told = [(event.operation.value, event.store) for event in line.told.events]
    assert told[-3:] == [("verified", None), ("promoted", backup.url), ("promoted", "stack")]
    line.told.take()
    stores = [RecordedRing(ring), backup]
    register(replace(wanted, proven=wanted.fingerprint), stores, line.session())
    assert line.told.take() == []


def test_a_rotation_of_the_stacks_ring_does_not_tell_again_what_its_registration_told(line: Line) -> None:
    first = new_key()
    ring = begin(line, first)
    wanted = line.wanted(first.key.fingerprint)
    register_recorded(line, wanted, ring)
    line.told.take()
    extend(line, ring, new_key())
    assert line.told.take() == ["staged"]


def test_a_key_that_leaves_the_stacks_ring_is_told_as_retired(line: Line) -> None:
    keys = [new_key() for _ in range(4)]
    ring = begin(line, keys[0])
    line.emulator.set_key(line.number, keys[0].key.public_key_pem)
    for key in keys[1:]:
        line.clock.time += timedelta(days=2)
        ring = extend(line, ring, key)
        line.emulator.set_key(line.number, key.key.public_key_pem)
    retired = [event.fingerprint for event in line.told.of(Operation.RETIRED)]
    assert retired == [key.key.fingerprint for key in keys if key.key.fingerprint not in ring]
    assert retired


def test_a_stacks_ring_that_goes_is_told_as_deleted_but_for_the_keys_of_the_ring_that_replaced_it(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    ring = extend(line, ring, second)
    line.told.take()
    kept = frozenset({second.key.fingerprint})
    remove_recorded_ring(ring, line.session(), survivors=lambda: kept, beside=kept, force=Force(recorded=True))
    assert (last(line).fingerprint, last(line).store) == (first.key.fingerprint, "stack")
    assert line.told.take() == ["deleted"]


def test_no_secret_is_in_what_is_told_of_a_whole_life_with_its_failures(line: Line) -> None:
    line.passphrase = "words that open the keys"
    line.rotate()
    line.fault("error", code=LOCKED)
    with pytest.raises(GraphError):
        line.stage()
    line.emulator.clear_faults()
    line.rotate()
    line.passphrase = "other words"
    with pytest.raises(ValueError, match="the passphrase does not open"):
        line.stage()
    line.passphrase = "words that open the keys"
    with pytest.raises(DeletionRefusedError):
        remove(line)
    secrets = {TOKEN, line.passphrase, "other words"}
    for key in line.ring().keys:
        secrets |= set(key.private_key_pem.splitlines())
        secrets |= forms_of(PrivateKey.from_pem(key.private_key_pem, line.passphrase).to_pem())
    remove(line, Force(recorded=True))
    lines = "\n".join(event.line(line.clock.now()) for event in line.told.events)
    assert "refused" in lines
    assert "deleted" in lines
    assert leaks(lines, secrets) == set()
