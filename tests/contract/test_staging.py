"""Staging: a new key becomes durable, and nothing is lost or published by it."""

from dataclasses import replace

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.stacks_ring import begin, extend, new_key
from tests.passphrases import strong
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    ForeignKeyError,
    KeyNotInRingError,
    PrivateKeyError,
    StoreError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.staging import (
    NewKey,
    Recorded,
    begin_recorded_ring,
    claim_stores,
    extend_recorded_ring,
    refuse_before_adoption,
    stage_in_stores,
)
from whatsapp_flow_keys.registrars.meta_graph.errors import ClockSkewError, GraphError
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore


def publish(line: Line, new: NewKey[PrivateKey]) -> None:
    line.emulator.set_key(line.number, new.key.public_key_pem)


def test_staging_publishes_nothing(line: Line) -> None:
    line.stage()
    assert line.publications() == 0


def test_a_pending_key_that_was_never_offered_is_replaced(line: Line) -> None:
    line.stage()
    second = line.stage()
    assert line.roles() == {second: Role.PENDING}


def test_a_pending_key_that_was_offered_is_retained(line: Line) -> None:
    first = line.stage()
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(GraphError):
        line.register(first)
    line.emulator.clear_faults()
    second = line.stage()
    assert line.roles() == {second: Role.PENDING, first: Role.RETAINED}


def test_staging_writes_nothing_when_meta_can_not_be_asked(line: Line) -> None:
    line.fault("error", code=LOCKED, method="GET")
    with pytest.raises(GraphError):
        line.stage()
    assert not (line.folder / "ring0.json").exists()


def test_staging_writes_nothing_over_a_foreign_key(line: Line) -> None:
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    with pytest.raises(ForeignKeyError) as refused:
        line.stage()
    assert "--refresh" not in str(refused.value)  # by that it is no drift of this key
    assert not (line.folder / "ring0.json").exists()


def test_staging_stops_when_a_key_does_not_open_with_the_passphrase(line: Line) -> None:
    line.passphrase = strong("first words")
    line.rotate()
    written = (line.folder / "ring0.json").read_bytes()
    line.passphrase = strong("second words")
    with pytest.raises(PrivateKeyError, match="the passphrase does not open"):
        line.stage()
    assert (line.folder / "ring0.json").read_bytes() == written


def test_staging_puts_the_new_key_into_every_store(line: Line) -> None:
    line.backups = 2
    key = line.stage()
    assert [line.roles(index) for index in range(3)] == [{key: Role.PENDING}] * 3


def test_a_backup_that_holds_the_served_key_is_joined_when_the_first_store_is_empty(line: Line) -> None:
    line.backups = 1
    served = line.rotate()
    (line.folder / "ring0.json").unlink()
    pending = line.stage()
    assert line.roles() == {served: Role.CURRENT, pending: Role.PENDING}


def test_a_backup_rolled_back_to_an_old_snapshot_loses_no_key_and_brings_none_back(line: Line) -> None:
    line.backups = 1
    first = line.rotate()
    snapshot = (line.folder / "ring1.json").read_bytes()
    second = line.rotate()
    (line.folder / "ring1.json").write_bytes(snapshot)
    third = line.stage()
    assert line.roles(1) == line.roles(0) == {second: Role.CURRENT, third: Role.PENDING, first: Role.PREVIOUS}


def test_an_offered_key_that_only_a_backup_holds_is_retained_everywhere(line: Line) -> None:
    line.backups = 1
    first = line.rotate()
    second = line.rotate()
    store = line.stores[0]
    held, ring = store.read(), line.ring()
    store.write(replace(ring, revision=ring.revision + 1, keys=ring.keys[:1]), held)
    third = line.stage()
    assert line.roles(0) == line.roles(1) == {second: Role.CURRENT, third: Role.PENDING, first: Role.RETAINED}


def test_a_renamed_stack_claims_its_ring(line: Line) -> None:
    line.rotate()
    line.managed_by = "org/flows/renamed"
    claim_stores(Recorded(), line.stores, line.session(formerly="org/flows/prod"), passphrase=None)
    assert line.ring().managed_by == "org/flows/renamed"


def test_a_move_to_where_the_live_key_is_not_changes_nothing(line: Line) -> None:
    place = line.stores[0].url
    said = f"^phone number {line.number}: key {'f' * 64} is not in {place}, so the keys were not moved there"
    with pytest.raises(KeyNotInRingError, match=said):
        claim_stores(Recorded("f" * 64), line.stores, line.session(), passphrase=None, moved=True)
    assert list(line.folder.iterdir()) == []


def test_no_former_passphrase_is_forgotten_while_no_store_shows_the_key_that_may_need_it(line: Line) -> None:
    """A store may answer for a while that it holds nothing."""
    former, key = strong("former words"), new_key()
    kept = claim_stores(
        Recorded(key.key.fingerprint, [former]), line.stores, line.session(), passphrase=strong("words")
    )
    assert kept.former_passphrases == [former]
    assert list(line.folder.iterdir()) == []


class Tagged(FileStore):
    """What surrounds its document can be brought in line only once it is there."""

    is_in_line = False

    def settle(self) -> None:
        assert self.read().ring is not None
        self.is_in_line = True


@pytest.mark.parametrize("passphrase", [None, strong("words")])
def test_what_surrounds_each_document_is_in_line_once_it_is_staged_or_claimed(
    line: Line, passphrase: str | None
) -> None:
    stores = [Tagged(str(line.folder / f"ring{index}.json")) for index in range(2)]
    new = NewKey(PrivateKey.generate(), "2026-11-24", passphrase)
    stage_in_stores(new, stores, line.session())
    assert [store.is_in_line for store in stores] == [True, True]
    stores = [Tagged(str(line.folder / f"ring{index}.json")) for index in range(3)]
    claim_stores(Recorded(new.key.fingerprint), stores, line.session("key-2"), passphrase=passphrase)
    assert [store.is_in_line for store in stores] == [True, True, True]


def test_what_surrounds_the_backups_of_a_recorded_ring_is_in_line_once_it_is_recorded(line: Line) -> None:
    backup = Tagged(str(line.folder / "ring0.json"))
    ring = begin_recorded_ring(new_key(), [backup], line.session())
    assert backup.is_in_line
    assert {key.fingerprint for key in ring.keys} == set(line.roles())
    assert ring.revision == line.ring().revision == 1


def test_a_recorded_ring_without_backups_counts_its_writes_from_one_on(line: Line) -> None:
    ring = begin(line, new_key())
    assert ring.revision == 1
    assert extend(line, ring, new_key()).revision == 2


@pytest.mark.parametrize("operation", ["staged", "claimed"])
def test_the_former_passphrase_is_needed_while_a_key_is_written_with_it(line: Line, operation: str) -> None:
    line.passphrase = strong("former words")
    live = line.rotate()
    if operation == "staged":
        new, stores = NewKey(PrivateKey.generate(), "2026-11-24", strong("words")), line.stores
        recorded = Recorded(None, [strong("former words")])
        needed = stage_in_stores(new, stores, line.session(), recorded).former_passphrases
    else:
        live_one = Recorded(live, [strong("oldest words"), strong("former words")])
        claimed = claim_stores(live_one, line.stores, line.session(), passphrase=strong("words"), moved=True)
        needed = claimed.former_passphrases
    assert needed == [strong("former words")]


def test_a_ring_that_opens_with_no_passphrase_at_hand_is_not_written_and_says_what_to_give(line: Line) -> None:
    line.passphrase = strong("former words")
    line.rotate()
    written, line.passphrase = line.ring(), strong("words")
    with pytest.raises(PrivateKeyError, match=r"Nothing was written\. Give the passphrase that"):
        line.stage()
    assert line.ring() == written


def test_a_key_that_is_not_the_live_one_is_not_adopted_into_the_stack_and_the_number_is_named(line: Line) -> None:
    publish(line, new_key())
    with pytest.raises(ForeignKeyError, match=f"for phone number {line.number}"):
        refuse_before_adoption(new_key(), line.session())


def test_an_old_backup_with_more_writes_does_not_drop_the_key_that_is_about_to_be_published(line: Line) -> None:
    line.backups = 1
    line.rotate()
    backup = line.stores[1]
    held, ring = backup.read(), line.ring(1)
    backup.write(replace(ring, revision=ring.revision + 20), held)
    line.backups = 0
    pending = line.stage()
    line.backups = 1
    claim_stores(Recorded(pending), line.stores, line.session(), passphrase=None)
    line.register(pending)
    assert line.roles(0)[pending] is line.roles(1)[pending] is Role.CURRENT


def test_another_stacks_ring_is_not_claimed(line: Line) -> None:
    line.rotate()
    line.managed_by = "org/flows/other"
    with pytest.raises(ForeignDocumentError, match="managed by the stack org/flows/prod"):
        claim_stores(Recorded(), line.stores, line.session(formerly="org/flows/third"), passphrase=None)


def test_a_recorded_ring_refuses_to_begin_over_a_foreign_key_and_says_where_the_keys_may_be(line: Line) -> None:
    publish(line, new_key())
    with pytest.raises(ForeignKeyError, match="pulumi state untaint"):
        begin(line, new_key())


def test_a_recorded_ring_keeps_the_served_key_through_rotations_that_were_never_published(line: Line) -> None:
    served = new_key()
    ring = begin(line, served)
    publish(line, served)
    for _ in range(3):
        ring = extend(line, ring, new_key())
    assert served.key.fingerprint in ring
    assert len(ring.keys) == 4


def test_a_recorded_ring_loses_no_key_while_meta_can_not_be_asked(line: Line) -> None:
    keys = [new_key() for _ in range(4)]
    ring = begin(line, keys[0])
    line.fault("error", code=LOCKED)
    for key in keys[1:]:
        line.clock.sleep(48 * 3600)
        ring = extend(line, ring, key)
    assert all(key.key.fingerprint in ring for key in keys)


def test_a_recorded_ring_loses_no_key_while_meta_serves_one_it_does_not_know(line: Line) -> None:
    keys = [new_key() for _ in range(4)]
    ring = begin(line, keys[0])
    publish(line, new_key())
    for key in keys[1:]:
        line.clock.sleep(48 * 3600)
        ring = extend(line, ring, key)
    assert all(key.key.fingerprint in ring for key in keys)


def test_a_recorded_ring_drops_a_key_two_rotations_and_a_day_old(line: Line) -> None:
    keys = [new_key() for _ in range(4)]
    ring = begin(line, keys[0])
    publish(line, keys[0])
    for key in keys[1:]:
        line.clock.sleep(48 * 3600)
        ring = extend(line, ring, key)
        publish(line, key)
    assert keys[0].key.fingerprint not in ring
    assert {key.key.fingerprint for key in keys[2:]} <= {key.fingerprint for key in ring.keys}


def test_a_recorded_ring_has_its_newest_key_first(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    publish(line, first)
    ring = extend(line, ring, second)
    assert [key.fingerprint for key in ring.keys] == [second.key.fingerprint, first.key.fingerprint]


def test_a_repeated_update_of_the_recorded_ring_changes_no_key(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = extend(line, begin(line, first), second)
    line.clock.sleep(60)
    assert extend(line, ring, second) == ring


def test_a_recorded_ring_may_begin_with_the_key_that_meta_serves(line: Line) -> None:
    served = new_key()
    publish(line, served)
    assert served.key.fingerprint in begin(line, served)


def test_an_encrypted_key_that_the_stack_recorded_already_does_not_stop_the_next_one(line: Line) -> None:
    first, second = new_key(), new_key()
    ring = begin(line, first)
    encrypted = replace(ring.keys[0], private_key_pem=first.key.to_pem(strong("words")))
    assert second.key.fingerprint in extend(line, replace(ring, keys=(encrypted,)), second)


def test_a_pending_key_that_the_state_records_stays_until_another_is_recorded(line: Line) -> None:
    first, new = line.stage(), new_key()
    stage_in_stores(new, line.stores, line.session(), Recorded(first))
    assert line.roles() == {new.key.fingerprint: Role.PENDING, first: Role.RETAINED}


def test_the_key_that_meta_serves_is_adopted_and_proven_without_a_publication(line: Line) -> None:
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    adopted = line.adopt(by_hand)
    assert line.roles() == {adopted: Role.PENDING}
    line.register(adopted)
    assert line.roles() == {adopted: Role.CURRENT}
    assert line.publications() == 0


def test_an_adopted_key_that_was_not_registered_yet_stays_when_another_is_staged(line: Line) -> None:
    """Meta serves it, though we never offered it."""
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    adopted = line.adopt(by_hand)
    staged = line.stage()
    assert line.roles() == {staged: Role.PENDING, adopted: Role.CURRENT}


def test_the_key_before_stays_when_somebody_elses_is_adopted(line: Line) -> None:
    before = line.rotate()
    by_hand = PrivateKey.generate()
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    adopted = line.adopt(by_hand)
    line.register(adopted)
    assert line.roles() == {adopted: Role.CURRENT, before: Role.PREVIOUS}


def test_another_key_than_meta_serves_is_not_adopted_and_nothing_is_written(line: Line) -> None:
    served = line.rotate()
    written = line.ring()
    another = PrivateKey.generate()
    with pytest.raises(ForeignKeyError, match=f"holds key {another.fingerprint}, but Meta serves {served}"):
        line.adopt(another)
    assert line.ring() == written
    line.adopt(another, replaceable=[served])
    assert line.roles() == {another.fingerprint: Role.PENDING, served: Role.CURRENT}


def test_where_meta_serves_none_only_the_current_key_of_the_ring_is_adopted(line: Line) -> None:
    current = line.rotate()
    line.emulator.set_key(line.number, None)
    with pytest.raises(ForeignKeyError, match=f"Meta serves no key, and current in this key ring is {current}"):
        line.adopt(PrivateKey.generate())


def test_a_first_key_may_be_one_that_was_made_elsewhere(line: Line) -> None:
    adopted = line.adopt(PrivateKey.generate())
    line.register(adopted)
    assert line.served() == adopted


def encrypted_backup(line: Line) -> FileStore:
    """A backup from a life in which the number had a store and a passphrase; Meta serves its key."""
    line.passphrase = strong("words")
    line.rotate()
    return line.stores[0]


def test_a_stack_does_not_begin_with_a_backup_that_nothing_would_open(line: Line) -> None:
    """It would rotate away from the served key, and the endpoint could not start."""
    backup = encrypted_backup(line)
    served, written = line.served(), line.ring()
    with pytest.raises(PrivateKeyError, match=f"backups: key {served} .*Make that backup the store, with the"):
        begin_recorded_ring(new_key(), [backup], line.session())
    assert line.ring() == written


def test_nor_does_such_a_backup_join_it_later(line: Line) -> None:
    backup = encrypted_backup(line)
    served, written = str(line.served()), line.ring()
    ring = begin_recorded_ring(replace(new_key(), replaceable=[served]), [], line.session())
    with pytest.raises(PrivateKeyError, match=f"backups: key {served} "):
        extend_recorded_ring(ring, new_key(), [backup], line.session())
    assert line.ring() == written


def test_a_backup_that_is_the_store_under_another_name_stops_it_before_anything_is_written(line: Line) -> None:
    """It would be counted as a second copy, and each write of one would be a conflict for the other."""
    line.rotate()
    (line.folder / "ring1.json").hardlink_to(line.folder / "ring0.json")
    line.backups, written = 1, line.ring()
    with pytest.raises(StoreError, match="under another name, so one is no backup of the other"):
        line.stage()
    assert line.ring() == written


def test_a_stacks_ring_is_not_extended_by_a_clock_that_is_wrong(line: Line) -> None:
    first = new_key()
    ring = begin(line, first)
    line.fault("wrong_date", method="GET", seconds_ahead=365 * 86400)
    with pytest.raises(ClockSkewError):
        extend(line, ring, new_key())
