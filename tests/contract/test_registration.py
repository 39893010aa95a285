"""Registration: each row of the table in the design, on files and the emulator."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pytest

from tests.contract.conftest import LOCKED, Line
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    ForeignKeyError,
    InputError,
    KeyNotInRingError,
    PrivateKeyError,
    RegistrationError,
    StoreConflictError,
    StoreError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE, NOTHING
from whatsapp_flow_keys.lifecycle.inspection import inspect
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError, AnswerLostError, GraphError
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


def test_a_staged_key_is_published_proven_and_current(line: Line) -> None:
    key = line.stage()
    assert line.register(key).is_valid
    assert line.served() == key
    assert line.roles() == {key: Role.CURRENT}


def test_a_key_that_no_store_holds_is_not_published(line: Line) -> None:
    line.stage()
    with pytest.raises(KeyNotInRingError, match="so its public key was not published"):
        line.register("0" * 64)
    assert line.publications() == 0


def test_a_foreign_key_is_not_published_over(line: Line) -> None:
    key, foreign = line.stage(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    ways_on = f'run `pulumi up --refresh` to see it as drift .*, or set take_over="{foreign.fingerprint}"'
    with pytest.raises(ForeignKeyError, match=ways_on):
        line.register(key)
    assert line.served() == foreign.fingerprint


def test_a_foreign_key_with_a_stale_signature_is_not_published_over_either(line: Line) -> None:
    key, foreign = line.stage(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.emulator.reregister(line.number)
    with pytest.raises(ForeignKeyError):
        line.register(key)


def test_a_named_foreign_key_is_published_over(line: Line) -> None:
    key, foreign = line.stage(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.register(key, replaceable=[foreign.fingerprint])
    assert line.served() == key


def test_the_key_is_marked_as_offered_in_every_store_before_it_is_published(line: Line) -> None:
    line.backups = 1
    key = line.stage()
    assert line.ring().keys[0].offered_at is None
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(AccountLockedError):
        line.register(key)
    assert [line.ring(index).keys[0].offered_at for index in (0, 1)] == [line.clock.now()] * 2


def test_nothing_is_published_while_a_backup_can_not_be_written(line: Line) -> None:
    line.backups = 1
    key = line.stage()
    backup = line.folder / "ring1.json"
    backup.unlink()
    backup.mkdir()
    with pytest.raises(InputError, match="is a folder"):
        line.register(key)
    assert line.publications() == 0


EMPTY = ServedKey()
BLANK = ServedKey(signature_status="MISMATCH")
"""What Meta documents for a number without a key; the other is what it does not."""


@dataclass
class SaysNothing:
    """Meta serves what it serves, and answers "nothing" this often first."""

    line: Line
    answer: ServedKey
    times: int

    def served(self, phone_number_id: str) -> ServedKey:
        self.times -= 1
        return self.answer if self.times >= 0 else self.line.graph.served(phone_number_id)

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        return self.line.graph.publish(phone_number_id, public_key_pem)


@pytest.mark.parametrize("answer", [EMPTY, BLANK])
def test_nothing_beside_a_proven_key_is_asked_again(line: Line, answer: ServedKey) -> None:
    old = line.rotate()
    staged = line.stage()
    register(line.wanted(staged), line.stores, line.session(graph=SaysNothing(line, answer, 2)))
    assert line.roles() == {staged: Role.CURRENT, old: Role.PREVIOUS}
    assert line.clock.waited >= 2


@pytest.mark.parametrize("answer", [EMPTY, BLANK])
def test_nothing_beside_a_proven_key_is_no_reason_to_publish(line: Line, answer: ServedKey) -> None:
    """A foreign key may be live, and forms may be under way."""
    old = line.rotate()
    staged = line.stage()
    foreign = PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    graph = SaysNothing(line, answer, 3)
    with pytest.raises(RegistrationError, match=f"has no key, but key {old} was registered there"):
        register(line.wanted(staged), line.stores, line.session(graph=graph))
    assert line.served() == foreign.fingerprint
    assert line.publications() == 1


def test_a_state_that_proved_a_key_contradicts_nothing_as_a_ring_does(line: Line) -> None:
    """With the stack as the store the ring's first key is not marked as current."""
    staged = line.stage()
    wanted = replace(line.wanted(staged), proven=staged)
    with pytest.raises(RegistrationError, match=f"has no key, but key {staged} was registered there"):
        register(wanted, line.stores, line.session())


def test_a_key_is_published_again_where_a_refresh_saw_that_meta_has_none(line: Line) -> None:
    key = line.rotate()
    line.emulator.set_key(line.number, None)
    with pytest.raises(RegistrationError, match="`pulumi up --refresh` records that and publishes the key"):
        line.register(key)
    line.register(key, replaceable=[NOTHING])
    assert line.served() == key


def test_an_answer_that_meta_does_not_document_is_asked_again_before_the_first_key(line: Line) -> None:
    """Two such answers would publish over a key that somebody else registered."""
    staged = line.stage()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    with pytest.raises(ForeignKeyError):
        register(line.wanted(staged), line.stores, line.session(graph=SaysNothing(line, EMPTY, 2)))
    assert line.publications() == 0


def test_a_key_that_was_only_offered_does_not_hold_up_the_first_registration(line: Line) -> None:
    """Its publication failed, and then another key was asked for: nothing was ever registered."""
    first = line.stage()
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(AccountLockedError):
        line.register(first)
    line.emulator.clear_faults()
    second = line.rotate()
    assert line.roles() == {second: Role.CURRENT, first: Role.RETAINED}


def test_the_documented_answer_of_a_number_without_a_key_is_asked_once(line: Line) -> None:
    staged = line.stage()
    line.emulator.clear_requests()
    line.register(staged)
    kinds = [request["method"] for request in line.emulator.requests(line.number)]
    assert kinds == ["GET", "POST", "GET"]


def test_an_interrupted_rotation_is_finished_first(line: Line) -> None:
    first = line.rotate()
    second = line.stage()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(second)  # published, but not read back
    line.emulator.clear_faults()
    assert line.served() == second
    assert line.roles()[first] is Role.CURRENT
    third = line.stage()
    assert line.roles() == {second: Role.CURRENT, third: Role.PENDING, first: Role.PREVIOUS}
    line.register(third)
    assert line.roles() == {third: Role.CURRENT, second: Role.PREVIOUS, first: Role.RETAINED}


def test_a_rotation_that_another_key_interrupts_is_finished_before_the_way_back(line: Line) -> None:
    """The state still records the first key, and Meta serves the second already."""
    first, second = line.rotate(), line.stage()
    held = line.ring().key(second)
    assert held is not None
    line.emulator.set_key(line.number, PrivateKey.from_pem(held.private_key_pem).public_key_pem)
    line.register(first)
    assert line.served() == first
    assert line.roles() == {first: Role.CURRENT, second: Role.PREVIOUS}


def test_a_stale_signature_is_healed_with_the_same_key(line: Line) -> None:
    key = line.rotate()
    line.emulator.reregister(line.number)
    assert line.register(key).is_valid
    assert line.publications() == 2


def test_what_is_in_place_is_only_read(line: Line) -> None:
    key = line.rotate()
    written = line.folder.joinpath("ring0.json").read_bytes()
    line.register(key)
    assert line.publications() == 1
    assert line.folder.joinpath("ring0.json").read_bytes() == written


class Lagging(FileStore):
    """A store whose second read answers what the first did: a replica that lags behind."""

    reads: ClassVar[list[Versioned]] = []

    def read(self) -> Versioned:
        self.reads.append(super().read() if len(self.reads) != 1 else self.reads[0])
        return self.reads[-1]


def test_an_answer_that_is_older_than_what_was_written_proves_nothing(line: Line) -> None:
    desired = line.stage()
    Lagging.reads.clear()
    lagging = Lagging(str(line.folder / "ring0.json"))
    with pytest.raises(StoreError, match="answers with an older key ring than it held a moment ago"):
        register(line.wanted(desired), [lagging], line.session())
    line.register(desired)
    assert line.roles() == {desired: Role.CURRENT}


def test_a_lost_answer_is_decided_by_reading(line: Line) -> None:
    key = line.stage()
    line.fault("lost_answer", method="POST", times=1)
    line.register(key)
    assert line.publications() == 1


def test_a_call_that_had_no_effect_and_no_answer_is_made_again(line: Line) -> None:
    key = line.stage()
    line.fault("refuse", method="POST", times=1)
    line.register(key)
    assert line.served() == key


def test_a_read_that_lags_behind_is_repeated(line: Line) -> None:
    line.rotate()
    second = line.stage()
    line.fault("stale_read", seconds=60, times=2)
    assert line.register(second).fingerprint == second
    assert line.publications() == 2


def test_a_key_that_never_shows_is_an_error_and_stays_in_the_ring(line: Line) -> None:
    first, second = line.rotate(), line.stage()
    line.fault("no_effect", method="POST")
    said = f"^phone number {line.number}: key {second} was published 3 times, but Meta still serves {first}"
    with pytest.raises(RegistrationError, match=said):
        line.register(second)
    assert set(line.roles()) == {first, second}
    assert line.publications() == 4


def test_a_key_that_is_sent_again_is_said_while_one_waits(line: Line) -> None:
    line.rotate()
    second, said = line.stage(), list[str]()
    line.fault("no_effect", method="POST", times=2)
    register(line.wanted(second), line.stores, line.session(say=said.append))
    assert [each.rpartition(". ")[2] for each in said[:2]] == [
        "It is sent again (2 of 3)",
        "It is sent again (3 of 3)",
    ]
    assert f"key {second[:12]} is live and verified" in said[2]


def test_calls_whose_answers_are_all_lost_end_in_what_was_wrong_with_the_last(line: Line) -> None:
    """Nobody else is blamed for a connection that Meta closes."""
    first, second = line.rotate(), line.stage()
    line.fault("refuse", method="POST")
    with pytest.raises(AnswerLostError):
        line.register(second)
    assert line.publications() == 4
    assert set(line.roles()) == {first, second}


def test_an_error_after_the_effect_is_decided_by_reading(line: Line) -> None:
    old, staged = line.rotate(), line.stage()
    line.fault("error_after", code=131000, method="POST")
    assert line.register(staged).fingerprint == staged
    assert line.roles() == {staged: Role.CURRENT, old: Role.PREVIOUS}


def test_an_error_without_an_effect_is_what_the_run_ends_with(line: Line) -> None:
    """It might have had one, so the key is looked for; but it is not sent again."""
    old, staged = line.rotate(), line.stage()
    line.fault("error", code=131000, method="POST")
    with pytest.raises(GraphError, match="code 131000"):
        line.register(staged)
    assert line.served() == old
    assert set(line.roles()) == {old, staged}


@dataclass
class GraphWhileAnotherRunWrites:
    """The Graph API, during whose answer another run writes the store."""

    line: Line

    def served(self, phone_number_id: str) -> ServedKey:
        store = self.line.stores[0]
        held, ring = store.read(), self.line.ring()
        store.write(replace(ring, revision=ring.revision + 1), held)
        return self.line.graph.served(phone_number_id)

    def publish(self, phone_number_id: str, public_key_pem: str) -> None:
        raise AssertionError("it was published although another run wrote the store")


def test_a_registration_that_lost_a_race_stops_before_it_publishes(line: Line) -> None:
    line.rotate()
    second = line.stage()
    graph = GraphWhileAnotherRunWrites(line)
    with pytest.raises(StoreConflictError, match="somebody else wrote it meanwhile"):
        register(line.wanted(second), line.stores, line.session(graph=graph))


def test_a_late_publication_of_a_superseded_key_finds_its_private_key_in_the_ring(line: Line) -> None:
    line.rotate()
    second = line.stage()
    line.fault("refuse", method="POST")
    with pytest.raises(AnswerLostError):
        line.register(second)
    line.emulator.clear_faults()
    third = line.rotate()
    late = document.load(line.folder.joinpath("ring0.json").read_text(), "ring").key(second)
    assert late is not None, "the answer of the second key's publication may still be under way"
    line.emulator.set_key(line.number, PrivateKey.from_pem(late.private_key_pem).public_key_pem)
    assert line.inspect(third).foreign is None
    line.register(third)
    assert line.served() == third


def test_a_superseded_key_leaves_a_day_after_its_last_offer(line: Line) -> None:
    first = line.rotate()
    second = line.rotate()
    line.clock.time += timedelta(hours=1)
    third = line.rotate()
    assert set(line.roles()) == {first, second, third}
    line.clock.time += timedelta(hours=24)
    fourth = line.rotate()
    assert set(line.roles()) == {third, fourth}


def test_a_key_that_was_served_until_an_hour_ago_stays_however_long_ago_it_was_published(line: Line) -> None:
    first = line.rotate()
    line.clock.time += timedelta(days=90)
    line.rotate()
    line.clock.time += timedelta(hours=1)
    line.rotate()
    assert line.roles()[first] is Role.RETAINED


def test_the_round_trip_fails_when_the_ring_holds_another_key_under_the_name(line: Line) -> None:
    key = line.rotate()
    ring = line.ring()
    impostor = PrivateKey.generate().to_pem()
    text = document.dump(ring).replace(ring.keys[0].private_key_pem.replace("\n", "\\n"), impostor.replace("\n", "\\n"))
    line.folder.joinpath("ring0.json").write_text(text)
    with pytest.raises(PrivateKeyError, match="its PEM holds another key"):
        line.register(key)


def test_another_stacks_ring_is_refused_with_both_names(line: Line) -> None:
    key = line.rotate()
    line.managed_by = "org/flows/staging"
    with pytest.raises(ForeignDocumentError, match="managed by the stack org/flows/prod; org/flows/staging must not"):
        line.register(key)


def test_inspection_of_what_is_in_place_proves_it(line: Line) -> None:
    key = line.rotate()
    found = line.inspect(key)
    assert found.proves(key)
    assert found.key_ring == IN_PLACE


def test_inspection_names_a_foreign_key(line: Line) -> None:
    key, foreign = line.rotate(), PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    found = line.inspect(key)
    assert found.foreign == foreign.fingerprint
    assert not found.proves(key)


def test_inspection_says_which_store_is_down_and_then_calls_no_key_foreign(line: Line) -> None:
    key = line.rotate()
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    path = line.folder / "ring0.json"
    stores = line.stores
    path.unlink()
    path.mkdir()
    found = inspect(line.wanted(key), stores, line.session())
    assert "ring0.json: can't be read" in found.key_ring
    assert found.foreign is None


def test_inspection_says_that_a_backup_lacks_a_key_that_a_form_may_need(line: Line) -> None:
    line.backups = 1
    first = line.rotate()
    second = line.rotate()
    backup = line.stores[1]
    held, ring = backup.read(), line.ring(1)
    backup.write(replace(ring, keys=tuple(key for key in ring.keys if key.fingerprint == second)), held)
    found = line.inspect(second)
    assert found.key_ring == f"{backup.url}: lacks key {first}, which another store holds"
    line.register(second)
    assert line.ring(1) == line.ring(0)
    assert line.inspect(second).proves(second)


def test_inspection_says_that_a_promotion_is_missing(line: Line) -> None:
    first, second = line.rotate(), line.stage()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(second)
    line.emulator.clear_faults()
    found = line.inspect(second)
    assert f"current is {first}" in found.key_ring
    assert not found.proves(second)


def test_a_store_that_is_down_is_named(line: Line) -> None:
    line.rotate()
    stores = line.stores
    path = line.folder / "ring0.json"
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreUnavailableError, match=r"ring0\.json: can't be read: is a directory"):
        stores[0].read()
