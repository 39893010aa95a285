"""Removal: a ring goes only where no key that Meta serves goes with it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.errors import (
    DeletionRefusedError,
    FlowKeysError,
    ForeignDocumentError,
    StoreConflictError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_stored_ring
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError
from whatsapp_flow_keys.registrars.registrar import RegisteredKey
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned

HOUR = timedelta(hours=1)


class Interrupted(FileStore):
    """Something happens between the last read and the deletion."""

    def __init__(self, line: Line, happens: Callable[[], object]) -> None:
        super().__init__(str(line.folder / "ring0.json"))
        self._happens = happens

    def delete(self, expected: Versioned) -> str:
        self._happens()
        return super().delete(expected)


class Counted(FileStore):
    """How often it was read."""

    reads = 0

    def read(self) -> Versioned:
        self.reads += 1
        return super().read()


class Recoverable(FileStore):
    """What it deletes can be brought back."""

    recoverable = True


class Given(FileStore):
    """A document that was given by its identifier: its deletion leaves it."""

    is_ours = False

    def delete(self, expected: Versioned) -> str:
        return f"{self.url}: stays, since it was given"


class Nameless(FileStore):
    """Does not say which document it is."""

    def read(self) -> Versioned:
        return replace(super().read(), place="")


class SoftDeleted(FileStore):
    """Its document is there and can't be read before it is restored."""

    def read(self) -> Versioned:
        return Versioned(None, "1", deleted=True)


class Lagging(FileStore):
    """Answers from the second read on with what was there before."""

    def __init__(self, line: Line, before: Versioned) -> None:
        super().__init__(str(line.folder / "ring0.json"))
        self._answers, self._before = [self.read(), self.read()], before

    def read(self) -> Versioned:
        if not hasattr(self, "_before"):
            return super().read()
        return self._answers.pop() if self._answers else self._before


class AskedThen:
    """Something happens right after Meta answered for the last time."""

    def __init__(self, line: Line, happens: Callable[[], object]) -> None:
        self._graph, self._happens = line.graph, happens

    def served(self, phone_number_id: str) -> RegisteredKey:
        found = self._graph.served(phone_number_id)
        self._happens()
        return found

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        raise AssertionError("a removal publishes nothing")


def remove(
    line: Line,
    *,
    owner: str = "key-1",
    force: Force | None = None,
    passphrase_goes: bool = False,
    stores: Sequence[FileStore] = (),
) -> str:
    store, *backups = stores or line.stores
    return remove_stored_ring(
        store, backups, line.session(owner), force=force or Force(), opening=opening(line, passphrase_goes)
    )


def opening(line: Line, passphrase_goes: bool) -> Opening:
    """What is left to open keys with."""
    return Opening(() if passphrase_goes or line.passphrase is None else (line.passphrase,), passphrase_goes)


def exists(line: Line) -> bool:
    return (line.folder / "ring0.json").exists()


def test_a_ring_whose_key_is_served_stays_and_the_error_names_the_key_and_the_ways_on(line: Line) -> None:
    key = line.rotate()
    with pytest.raises(DeletionRefusedError) as refused:
        remove(line)
    assert key in str(refused.value)
    assert "force_destroy=True" in str(refused.value)
    assert f"WHATSAPP_FORCE_DESTROY={key}" in str(refused.value)
    assert "retain_on_delete" in str(refused.value)
    assert exists(line)


def test_a_ring_whose_previous_key_is_the_served_one_stays(line: Line) -> None:
    first = line.rotate()
    pem = line.emulator.served(line.number)[0]
    line.rotate()
    line.emulator.set_key(line.number, pem)
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {first}"):
        remove(line)


def test_a_ring_whose_pending_key_is_the_served_one_stays(line: Line) -> None:
    line.rotate()
    pending = line.stage()
    line.fault("error", code=131031, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(pending)
    line.emulator.clear_faults()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {pending}"):
        remove(line)


def test_a_ring_of_another_owner_is_left_alone_without_a_word_and_without_asking_meta(line: Line) -> None:
    line.rotate()
    line.emulator.clear_requests()
    assert remove(line, owner="a replaced key") == ""
    assert exists(line)
    assert line.emulator.requests(line.number) == []


def test_a_ring_of_another_number_is_left_alone_though_its_owner_has_the_same_name(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    number = "110200345501442"
    line.emulator.add_number(number)
    another = replace(line, number=number)
    assert remove(another, force=Force(recorded=True), stores=[store]) == ""
    assert exists(line)


def test_neither_document_nor_passphrase_goes_so_nothing_is_asked(line: Line) -> None:
    line.rotate()
    line.emulator.clear_requests()
    left = remove_stored_ring(line.stores[0], [], line.session(), force=Force(), document_stays=True)
    assert (left, exists(line), line.emulator.requests(line.number)) == ("", True, [])


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_goes_while_meta_serves_a_key_that_no_place_of_it_holds(line: Line, passphrase_goes: bool) -> None:
    line.backups, line.passphrase = 1, "generated words"
    line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    line.clock.time += HOUR
    remove(line, passphrase_goes=passphrase_goes)
    assert not exists(line)


def test_a_store_that_fails_once_while_it_is_looked_at_is_judged_by_its_last_answer(line: Line) -> None:
    class FailsOnce(Counted):
        def read(self) -> Versioned:
            found = super().read()
            if self.reads == 2:
                raise StoreUnavailableError(f"{self.url}: does not answer")
            return found

    line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    line.clock.time += HOUR
    remove(line, stores=[FailsOnce(str(line.folder / "ring0.json"))])
    assert not exists(line)


def test_a_key_that_only_a_backup_holds_is_not_at_stake_while_only_the_store_goes(line: Line) -> None:
    """It does not open with the words of today, and it did not before."""
    line.rotate()
    line.backups, line.passphrase = 1, "words of a time before"
    store, backup = line.stores
    (line.folder / "ring1.json").write_bytes((line.folder / "ring0.json").read_bytes())
    key = PrivateKey.generate()
    ring = line.ring(1)
    entry = replace(ring.keys[0], fingerprint=key.fingerprint, private_key_pem=key.to_pem("words of a time before"))
    backup.write(replace(ring, keys=(entry,)), backup.read())
    line.emulator.set_key(line.number, key.public_key_pem)
    line.clock.time += HOUR
    remove_stored_ring(store, [backup], line.session(), force=Force())
    assert not exists(line)


def test_a_ring_whose_keys_live_on_in_a_backup_goes_though_meta_can_not_be_asked(line: Line) -> None:
    line.backups = 1
    line.rotate()
    line.fault("error", code=131031, method="GET")
    remove(line)
    assert not exists(line)


def test_a_document_that_says_no_place_is_no_copy_of_itself(line: Line) -> None:
    key = line.rotate()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, stores=[Nameless(str(line.folder / "ring0.json"))])


def test_a_document_that_can_be_restored_goes_without_asking_meta(line: Line) -> None:
    line.rotate()
    line.fault("error", code=131031, method="GET")
    remove(line, stores=[Recoverable(str(line.folder / "ring0.json"))])
    assert not exists(line)


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_document_that_was_given_by_its_identifier_stays_and_what_is_said_of_it_is_handed_on(
    line: Line, is_forced: bool
) -> None:
    line.rotate()
    store = Given(str(line.folder / "ring0.json"))
    assert remove(line, force=Force(is_forced), stores=[store]) == f"{store.url}: stays, since it was given"
    assert exists(line)


def test_a_ring_goes_while_a_backup_holds_the_served_key(line: Line) -> None:
    line.backups = 1
    line.rotate()
    remove(line)
    assert not exists(line)
    assert line.served() in line.roles(1)


def test_a_backup_does_not_count_when_the_passphrase_goes_too(line: Line) -> None:
    line.backups, line.passphrase = 1, "generated words"
    key = line.rotate()
    with pytest.raises(
        DeletionRefusedError, match=f"Meta serves key {key}.* Its passphrase was generated by this stack"
    ):
        remove(line, passphrase_goes=True)
    assert exists(line)


def test_a_backup_in_the_clear_lets_the_passphrase_go_while_the_document_stays(line: Line) -> None:
    line.backups, line.passphrase = 1, "generated words"
    key = line.rotate()
    backup = line.stores[1]
    held = line.ring().keys[0]
    clear = PrivateKey.from_pem(held.private_key_pem, "generated words").to_pem()
    backup.write(replace(line.ring(), keys=(replace(held, private_key_pem=clear),)), backup.read())
    assert remove(line, passphrase_goes=True, stores=[Given(str(line.folder / "ring0.json")), backup]) != ""
    assert (line.served(), exists(line)) == (key, True)


def test_a_clear_copy_of_another_owner_lets_the_passphrase_go_and_stays(line: Line) -> None:
    line.rotate()
    assert remove(line, owner="a replaced key", passphrase_goes=True) == ""
    assert exists(line)


@pytest.mark.parametrize("kind", [FileStore, SoftDeleted], ids=["can't be read", "soft-deleted"])
def test_a_backup_that_may_hold_the_served_key_keeps_the_passphrase_and_every_place_is_named(
    line: Line, kind: type[FileStore]
) -> None:
    line.passphrase = "generated words"
    line.rotate()
    foreign = PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.clock.time += HOUR
    store, backup = line.stores[0], kind(str(line.folder / "ring1.json"))
    (line.folder / "ring1.json").write_text("another tool's")
    places = f"{store.url}, {backup.url}"
    with pytest.raises(DeletionRefusedError, match=f"{foreign.fingerprint}, of which a copy may be in {places}; "):
        remove(line, passphrase_goes=True, stores=[store, backup])


def test_what_another_backup_holds_is_no_matter_while_the_served_key_is_in_the_clear(line: Line) -> None:
    line.rotate()
    store = Recoverable(str(line.folder / "ring0.json"))
    backup = SoftDeleted(str(line.folder / "ring1.json"))
    remove(line, passphrase_goes=True, stores=[store, backup])
    assert not exists(line)


def test_a_lost_store_is_no_reason_to_let_the_passphrase_of_its_backup_go(line: Line) -> None:
    line.backups, line.passphrase = 1, "generated words"
    key = line.rotate()
    (line.folder / "ring0.json").unlink()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, passphrase_goes=True)


def test_another_owner_is_no_reason_to_let_the_passphrase_go(line: Line) -> None:
    line.passphrase = "generated words"
    key = line.rotate()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, owner="of before a rotation that failed half way", passphrase_goes=True)


def test_a_store_that_can_not_be_asked_may_hold_the_served_key_and_only_its_fingerprint_lets_it_go(
    line: Line,
) -> None:
    line.passphrase = "generated words"
    key = line.rotate()
    store = line.stores[0]
    (line.folder / "ring0.json").write_text("another tool's")
    for word in (None, "yes"):
        with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
            remove_stored_ring(store, [], line.session(), force=Force(False, word), opening=opening(line, True))


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_goes_when_meta_serves_nothing_and_none_of_its_keys_was_ever_proven(
    line: Line, passphrase_goes: bool
) -> None:
    line.passphrase = "generated words"
    line.offer_in_vain()
    line.clock.time += HOUR
    remove(line, passphrase_goes=passphrase_goes)
    assert not exists(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_nothing_at_meta_beside_a_proven_key_is_asked_again_and_no_reason_to_delete(
    line: Line, passphrase_goes: bool
) -> None:
    line.passphrase = "generated words"
    proven = line.rotate()
    line.emulator.set_key(line.number, None)
    line.clock.time += HOUR
    line.emulator.clear_requests()
    with pytest.raises(DeletionRefusedError, match=f"the number has no key, but key {proven}"):
        remove(line, passphrase_goes=passphrase_goes)
    assert exists(line)
    assert len(line.emulator.requests(line.number, "GET")) == 3
    remove(line, force=Force(fingerprint=proven), passphrase_goes=passphrase_goes)
    assert not exists(line)


@pytest.mark.parametrize("is_another_staged", [False, True])
def test_an_answer_that_was_empty_once_lets_no_served_key_go(line: Line, is_another_staged: bool) -> None:
    """The number is asked again, and then Meta names the key."""
    key = line.rotate()
    if is_another_staged:
        line.stage()
    pem = line.emulator.served(line.number)[0]
    line.emulator.set_key(line.number, None)
    line.clock.on_sleep.append(lambda: line.emulator.set_key(line.number, pem))
    line.clock.time += HOUR
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line)


def test_what_is_published_while_a_deletion_looks_makes_it_a_conflict(line: Line) -> None:
    """A first `up` is cancelled and goes on: it marks and publishes after the deletion asked Meta."""
    staged = line.stage()
    store = Interrupted(line, lambda: line.register(staged))
    with pytest.raises(StoreConflictError):
        remove_stored_ring(store, [], line.session(), force=Force())
    assert line.served() == staged
    assert line.roles() == {staged: Role.CURRENT}


def test_what_was_published_after_meta_was_asked_shows_in_the_ring_that_is_read_then(line: Line) -> None:
    staged = line.stage()
    graph = AskedThen(line, lambda: line.register(staged))
    with pytest.raises(DeletionRefusedError, match=f"the number has no key, but key {staged}"):
        remove_stored_ring(line.stores[0], [], line.session(graph=graph), force=Force())
    assert exists(line)


def test_a_backup_that_is_the_store_under_another_name_does_not_count(line: Line) -> None:
    key = line.rotate()
    (line.folder / "other.json").hardlink_to(line.folder / "ring0.json")
    backup = FileStore(str(line.folder / "other.json"))
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove_stored_ring(line.stores[0], [backup], line.session(), force=Force())
    assert exists(line)


def test_a_backup_counts_only_if_it_opens_with_what_is_left(line: Line) -> None:
    """Its PEMs were written with a passphrase that nobody has any more."""
    line.backups, line.passphrase = 1, "former words"
    key = line.rotate()
    store, backup = line.stores
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove_stored_ring(store, [backup], line.session(), force=Force(), opening=Opening(("new",)))
    assert exists(line)


def test_a_copy_in_the_clear_lets_the_generated_passphrase_go(line: Line) -> None:
    line.backups = 1
    line.rotate()
    remove(line, passphrase_goes=True)
    assert not exists(line)


def test_an_offer_that_one_answer_of_the_store_showed_counts_though_the_next_is_older(line: Line) -> None:
    line.passphrase = "generated words"
    line.stage()
    before = line.stores[0].read()
    staged = line.offer_in_vain()
    with pytest.raises(DeletionRefusedError, match=f"key {staged}, whose last copy is in .* may have been sent"):
        remove_stored_ring(
            Lagging(line, before), [], line.session("key-2"), force=Force(), opening=Opening((), passphrase_goes=True)
        )


def test_a_generated_passphrase_stays_though_the_document_does(line: Line) -> None:
    line.passphrase = "generated words"
    key = line.rotate()
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}.* was generated by this stack"):
        remove_stored_ring(
            line.stores[0], [], line.session(), force=Force(), opening=Opening((), True), document_stays=True
        )
    assert exists(line)


@pytest.mark.parametrize("word", ["yes", "f" * 64])
def test_only_the_fingerprint_of_a_key_at_stake_forces_while_meta_can_not_be_asked(line: Line, word: str) -> None:
    line.passphrase = "generated words"
    key = line.rotate()
    line.fault("error", code=131031, method="GET")
    for passphrase_goes in (False, True):
        with pytest.raises(DeletionRefusedError, match="is not known, so nothing was deleted"):
            remove(line, force=Force(fingerprint=word), passphrase_goes=passphrase_goes)
    assert exists(line)
    remove(line, force=Force(fingerprint=key), passphrase_goes=True)
    assert not exists(line)


@pytest.mark.parametrize("nth", [0, 1])
def test_the_fingerprint_of_any_key_of_the_ring_forces_while_meta_can_not_be_asked(line: Line, nth: int) -> None:
    line.rotate()
    line.rotate()
    line.fault("error", code=131031, method="GET")
    remove(line, force=Force(fingerprint=line.ring().keys[nth].fingerprint))
    assert not exists(line)


def test_while_meta_can_not_be_asked_a_key_that_was_never_proven_is_named_as_the_one_that_forces(line: Line) -> None:
    staged = line.offer_in_vain()
    line.fault("error", code=131031, method="GET")
    with pytest.raises(DeletionRefusedError, match=f"WHATSAPP_FORCE_DESTROY={staged}") as refused:
        remove(line)
    assert refused.value.fingerprint == staged


def test_only_the_place_that_goes_is_named_while_the_passphrase_stays(line: Line) -> None:
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_text("garbage")
    with pytest.raises(DeletionRefusedError, match=f"whose last copy that opens is in {line.stores[0].url}; "):
        remove(line)


def test_a_backup_that_lacks_the_served_key_does_not_count(line: Line) -> None:
    line.rotate()
    snapshot = (line.folder / "ring0.json").read_bytes()
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_bytes(snapshot)
    with pytest.raises(DeletionRefusedError):
        remove(line)


def test_a_backup_that_can_not_be_read_does_not_count(line: Line) -> None:
    line.rotate()
    line.backups = 1
    (line.folder / "ring1.json").write_text("garbage")
    with pytest.raises(DeletionRefusedError):
        remove(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_a_ring_stays_while_a_publication_whose_answer_was_lost_may_take_effect(
    line: Line, passphrase_goes: bool
) -> None:
    staged = line.stage()
    line.fault("late_commit", method="POST", seconds=3600)
    with pytest.raises(FlowKeysError):
        line.register(staged)
    line.emulator.clear_faults()
    with pytest.raises(DeletionRefusedError, match=f"key {staged}, .* can still take effect"):
        remove(line, passphrase_goes=passphrase_goes)
    assert exists(line)
    with pytest.raises(DeletionRefusedError):
        remove(line, force=Force(fingerprint="f" * 64), passphrase_goes=passphrase_goes)
    remove(line, force=Force(fingerprint=staged), passphrase_goes=passphrase_goes)
    assert not exists(line)


def test_the_fingerprint_of_the_served_key_forces_though_another_publication_may_take_effect(line: Line) -> None:
    served = line.rotate()
    line.clock.time += HOUR
    line.offer_in_vain()
    remove(line, force=Force(fingerprint=served))
    assert not exists(line)


def test_a_ring_whose_key_was_staged_and_never_offered_goes(line: Line) -> None:
    line.stage()
    remove(line)
    assert not exists(line)


def test_a_ring_goes_when_the_number_was_deleted(line: Line) -> None:
    line.rotate()
    line.emulator.add_number(line.number, deleted=True)
    remove(line)
    assert not exists(line)


@pytest.mark.parametrize("code", [100, 190, 803, 131031, 200])
def test_any_other_failed_read_refuses(line: Line, code: int) -> None:
    line.rotate()
    line.fault("error", code=code, method="GET")
    with pytest.raises(DeletionRefusedError, match="is not known, so nothing was deleted"):
        remove(line)


def test_a_clock_that_is_wrong_refuses(line: Line) -> None:
    """The hour in which a publication may still take effect can't be counted then."""
    line.rotate()
    line.fault("wrong_date", method="GET", seconds_ahead=-365 * 86400)
    with pytest.raises(DeletionRefusedError, match="365 days ahead of Meta's"):
        remove(line)
    assert exists(line)


@pytest.mark.parametrize("passphrase_goes", [False, True])
def test_each_backup_is_read_once_before_and_once_after_meta_answers(line: Line, passphrase_goes: bool) -> None:
    """So what counts as a copy is what the question saw, and no other answer of the same place."""
    line.backups, line.passphrase = 1, "generated words"
    line.rotate()
    backup = Counted(str(line.folder / "ring1.json"))
    with suppress(DeletionRefusedError):
        remove_stored_ring(
            line.stores[0], [backup], line.session(), force=Force(), opening=opening(line, passphrase_goes)
        )
    assert backup.reads == 2


def test_a_document_that_can_be_restored_and_opens_without_the_passphrase_is_a_copy(line: Line) -> None:
    line.rotate()
    store = Recoverable(str(line.folder / "ring0.json"))
    remove_stored_ring(store, [], line.session(), force=Force(), opening=opening(line, True))
    assert not exists(line)


def test_recorded_force_deletes_a_served_key(line: Line) -> None:
    line.rotate()
    assert remove(line, force=Force(recorded=True)) == ""
    assert not exists(line)


def test_a_fingerprint_forces_only_its_own_key(line: Line) -> None:
    first = line.rotate()
    second = line.rotate()
    with pytest.raises(DeletionRefusedError):
        remove(line, force=Force(fingerprint=first))
    remove(line, force=Force(fingerprint=second))
    assert not exists(line)


def test_a_store_that_can_not_say_whether_it_can_restore_is_named_with_the_same_way(line: Line) -> None:
    class Unsaid(FileStore):
        @property
        def recoverable(self) -> bool:  # type: ignore[override]  # the others know it
            raise StoreUnavailableError(f"{self.url}: does not answer")

    key = line.rotate()
    store = Unsaid(str(line.folder / "ring0.json"))
    with pytest.raises(DeletionRefusedError, match="To forget the resource and leave its document where it is"):
        remove(line, stores=[store])
    with pytest.raises(DeletionRefusedError, match=f"Meta serves key {key}"):
        remove(line, force=Force(fingerprint="yes"), stores=[store])
    assert exists(line)
    remove(line, force=Force(fingerprint=key), stores=[store])
    assert not exists(line)


def test_an_answer_of_nothing_lets_no_passphrase_go_while_a_place_can_not_be_read(line: Line) -> None:
    """That place may hold a key that was proven, and Meta can't take one back."""
    line.backups, line.passphrase = 1, "generated words"
    (line.folder / "ring1.json").write_text("another tool's")
    for word in (None, "yes"):
        with pytest.raises(DeletionRefusedError, match=r"can't be read, and may hold .* run `pulumi up` first\."):
            remove(line, force=Force(fingerprint=word), passphrase_goes=True)
    remove(line, force=Force(recorded=True), passphrase_goes=True)


def test_a_store_that_can_not_be_asked_is_named_with_the_way_to_leave_its_document_behind(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    (line.folder / "ring0.json").unlink()
    (line.folder / "ring0.json").mkdir()
    with pytest.raises(DeletionRefusedError, match="To forget the resource and leave its document where it is"):
        remove_stored_ring(store, [], line.session(), force=Force())
    for force in (Force(recorded=True), Force(fingerprint="f" * 64)):
        left = remove_stored_ring(store, [], line.session(), force=force)
        assert left == f"{store.url}: could not be asked, so its document was left behind"


def test_another_tools_document_stays_though_the_deletion_is_forced(line: Line) -> None:
    (line.folder / "ring0.json").write_text("another tool's")
    with pytest.raises(ForeignDocumentError):
        remove(line, force=Force(recorded=True))
    assert exists(line)


def test_what_a_forced_deletion_leaves_with_its_passphrase_gone_is_not_called_restorable(line: Line) -> None:
    line.rotate()
    store = line.stores[0]
    force = Force(recorded=True)
    left = remove_stored_ring(store, [], line.session(), force=force, opening=opening(line, True))
    assert left == f"{store.url}: its keys can't be opened any more: their passphrase was generated by this stack"


def test_removing_twice_does_nothing_the_second_time(line: Line) -> None:
    line.rotate()
    remove(line, force=Force(recorded=True))
    remove(line)
    assert not exists(line)
