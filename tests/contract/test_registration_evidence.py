"""What a registration makes of an answer that says nothing, of a key that left, and of a foreign key that may go."""

from dataclasses import dataclass, replace

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.passphrases import strong
from whatsapp_flow_keys.custody.pem import is_written_with
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    KeyNotInRingError,
    PrivateKeyError,
    RegistrationError,
    RoundTripError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.inspection import inspect
from whatsapp_flow_keys.lifecycle.registration import prove, register
from whatsapp_flow_keys.lifecycle.staging import NewKey, Recorded, stage_in_stores
from whatsapp_flow_keys.registrars.meta_graph.errors import GraphError
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.recorded import RecordedRing

EMPTY = ServedKey()
BLANK = ServedKey(signature_status="MISMATCH")
"""What Meta documents for a number without a key; the other is what it does not."""


@dataclass
class SaysNothingAfterPublication:
    """Meta takes the key, and answers that it has none for a while."""

    line: Line
    answer: ServedKey
    left: int
    published: bool = False

    def served(self, phone_number_id: str) -> ServedKey:
        if self.published and self.left > 0:
            self.left -= 1
            return self.answer
        return self.line.graph.served(phone_number_id)

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        self.published = True
        return self.line.graph.publish(phone_number_id, public_key_pem)


@pytest.mark.parametrize(
    ("answer", "times", "publications"),
    [(EMPTY, 4, 1), (BLANK, 5, 1), (BLANK, 6, 2)],
)
def test_nothing_right_after_a_publication_is_read_again_and_no_contradiction(
    line: Line, answer: ServedKey, times: int, publications: int
) -> None:
    old, staged = line.rotate(), line.stage()
    before = line.publications()
    graph = SaysNothingAfterPublication(line, answer, times)
    register(line.wanted(staged), line.stores, line.session(graph=graph))
    assert line.roles() == {staged: Role.CURRENT, old: Role.PREVIOUS}
    assert line.publications() - before == publications


def test_an_answer_that_contradicts_what_is_known_is_asked_again_a_second_apart(line: Line) -> None:
    key = line.rotate()
    line.emulator.set_key(line.number, None)
    line.emulator.clear_requests()
    before = line.clock.waited
    with pytest.raises(RegistrationError):
        line.register(key)
    assert len(line.emulator.requests(line.number, "GET")) == 3
    assert line.clock.waited - before == 2


def test_a_foreign_key_that_may_go_takes_no_seat_in_the_ring(line: Line) -> None:
    old, staged = line.rotate(), line.stage()
    foreign = PrivateKey.generate()
    line.emulator.set_key(line.number, foreign.public_key_pem)
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(GraphError):
        line.register(staged, replaceable=[foreign.fingerprint])
    assert line.roles() == {old: Role.CURRENT, staged: Role.PENDING}


def test_a_key_that_left_the_ring_is_not_published(line: Line) -> None:
    key = line.stage()
    with pytest.raises(KeyNotInRingError, match=f"key {key} left the ring of phone number {line.number}"):
        line.wanted(key).public_key_pem(KeyRing(line.number, "org/flows/prod", "key-1"))


@dataclass
class NeverSigned:
    """Meta takes the key and never signs it."""

    line: Line

    def served(self, phone_number_id: str) -> ServedKey:
        served = self.line.graph.served(phone_number_id)
        return replace(served, signature_status="MISMATCH") if served.fingerprint else served

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        return self.line.graph.publish(phone_number_id, public_key_pem)


def test_a_key_that_meta_serves_and_does_not_sign_is_current_and_an_error(line: Line) -> None:
    staged = line.stage()
    with pytest.raises(RegistrationError, match="its signature status is MISMATCH"):
        register(line.wanted(staged), line.stores, line.session(graph=NeverSigned(line)))
    assert line.roles() == {staged: Role.CURRENT}
    assert line.publications() == 1


@dataclass
class SignedLater:
    """Meta takes the key and signs it only when it is asked for the third time."""

    line: Line
    unsigned: int = 2

    def served(self, phone_number_id: str) -> ServedKey:
        served = self.line.graph.served(phone_number_id)
        if served.fingerprint is None or self.unsigned == 0:
            return served
        self.unsigned -= 1
        return replace(served, signature_status="MISMATCH")

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        return self.line.graph.publish(phone_number_id, public_key_pem)


def test_a_key_that_is_signed_a_moment_after_its_publication_is_in_place(line: Line) -> None:
    staged = line.stage()
    graph = SignedLater(line)
    assert register(line.wanted(staged), line.stores, line.session(graph=graph)).is_valid
    assert line.publications() == 1


@pytest.mark.parametrize(
    ("role", "is_registered"),
    [(Role.CURRENT, True), (Role.PREVIOUS, True), (Role.PENDING, False), (Role.RETAINED, False)],
)
def test_what_is_or_was_current_was_registered_at_meta_and_what_was_only_offered_was_not(
    line: Line, role: Role, is_registered: bool
) -> None:
    line.rotate()
    (entry,) = line.ring().keys
    ring = replace(line.ring(), keys=(replace(entry, role=role),))
    assert line.wanted("f" * 64).registered(ring) == (entry.fingerprint if is_registered else None)


@pytest.mark.parametrize(
    ("rotated", "deployed", "opens_with"),
    [(False, False, strong("former words")), (False, True, strong("words")), (True, False, strong("words"))],
    ids=["neither", "deployed", "rotated"],
)
def test_the_ring_is_written_with_the_new_passphrase_once_the_endpoint_needs_it(
    line: Line, rotated: bool, deployed: bool, opens_with: str
) -> None:
    line.passphrase = strong("former words")
    first = line.rotate()
    key, line.passphrase = PrivateKey.generate(), strong("words")
    if rotated:
        new = NewKey(key, "2026-11-24", line.passphrase)
        stage_in_stores(new, line.stores, line.session(), Recorded(None, [strong("former words")]))
    wanted = replace(
        line.wanted(key.fingerprint if rotated else first),
        former_passphrases=[strong("former words")],
        deployed=deployed,
    )
    register(wanted, line.stores, line.session())
    held = line.ring().key(first)
    assert held is not None
    assert is_written_with(held, opens_with)


def test_a_ring_that_opens_with_neither_passphrase_says_which_one_to_give_and_nothing_is_published(line: Line) -> None:
    line.passphrase = strong("former words")
    staged = line.stage()
    line.passphrase = strong("words")
    with pytest.raises(PrivateKeyError, match="Give the passphrase that the ring was written with"):
        line.register(staged)
    assert line.publications() == 0


def test_a_key_that_was_published_by_hand_is_told_as_verified(line: Line) -> None:
    line.rotate()
    staged = line.stage()
    key = line.ring().key(staged)
    assert key is not None
    by_hand = PrivateKey.from_pem(key.private_key_pem, field="the ring")
    line.emulator.set_key(line.number, by_hand.public_key_pem)
    line.told.take()
    line.register(staged)
    assert "verified" in line.told.take()


def test_a_key_that_was_never_offered_is_missed_in_no_other_store(line: Line) -> None:
    line.backups = 1
    key = line.rotate()
    store, ring = line.stores[0], line.ring()
    staged = PrivateKey.generate()
    pending = RingKey(staged.fingerprint, Role.PENDING, "2026-11-24", None, staged.to_pem())
    store.write(replace(ring, revision=ring.revision + 1, keys=(*ring.keys, pending)), store.read())
    assert line.inspect(key).proves(key)


def test_a_key_that_only_the_stacks_ring_still_holds_is_missed_in_no_backup(line: Line) -> None:
    """In the stack keys leave a step later."""
    line.rotate()
    key = line.rotate()
    recorded, store = RecordedRing(line.ring()), line.stores[0]
    store.write(replace(line.ring(), keys=line.ring().keys[:1]), store.read())
    assert inspect(line.wanted(key), [recorded, store], line.session()).proves(key)


def test_a_served_key_that_one_of_the_stores_holds_is_not_foreign(line: Line) -> None:
    line.backups = 1
    line.rotate()
    snapshot = (line.folder / "ring1.json").read_bytes()
    key = line.rotate()
    (line.folder / "ring1.json").write_bytes(snapshot)
    found = line.inspect(key)
    assert found.foreign is None
    assert found.key_ring == f"{line.stores[1].url}: lacks key {key}"


def test_inspection_of_a_ring_whose_first_key_was_never_proven_says_that_none_is_current(line: Line) -> None:
    assert line.inspect(line.stage()).key_ring == f"{line.stores[0].url}: current is none"


def test_a_served_key_is_not_proven_by_an_inspection_before_it_is_signed(line: Line) -> None:
    key = line.rotate()
    line.emulator.reregister(line.number)
    assert not line.inspect(key).proves(key)


def test_a_store_that_lost_its_document_is_written_by_the_next_registration(line: Line) -> None:
    line.backups = 1
    key = line.rotate()
    (line.folder / "ring1.json").unlink()
    line.register(key)
    assert line.ring(1) == line.ring(0)
    assert line.publications() == 1


@pytest.mark.parametrize("lacks", ["the ring", "Meta"])
def test_nothing_is_proven_by_one_side_alone(line: Line, lacks: str) -> None:
    key = line.rotate()
    served, ring = line.graph.served(line.number), line.ring()
    prove(served, ring, line.wanted(key), line.session())
    if lacks == "the ring":
        ring = replace(ring, keys=())
    else:
        served = ServedKey()
    with pytest.raises(RoundTripError, match=f"key {key} left the ring while it was registered"):
        prove(served, ring, line.wanted(key), line.session())


def test_a_form_that_the_ring_does_not_open_proves_nothing(line: Line) -> None:
    key = line.rotate()
    another = ServedKey(PrivateKey.generate().public_key_pem, key, "VALID")
    with pytest.raises(RoundTripError, match="could not be decrypted with key"):
        prove(another, line.ring(), line.wanted(key), line.session())


def test_another_numbers_document_is_neither_read_nor_written(line: Line) -> None:
    line.rotate()
    written = line.ring()
    line.number = f"{line.number}9"
    line.emulator.add_number(line.number)
    with pytest.raises(ForeignDocumentError, match="Give each phone number a place of its own"):
        line.stage()
    assert line.ring() == written
