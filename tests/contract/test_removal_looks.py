"""A removal looks at every place twice, before and after Meta's answer. What either look shows counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat

import pytest

from tests.contract.conftest import Line
from tests.passphrases import strong
from whatsapp_flow_keys.audit import FAILED, Operation
from whatsapp_flow_keys.errors import DeletionRefusedError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force, Opening, remove_stored_ring
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned

NOTHING = Versioned(None, "0")
WAYS_ROUND = pytest.mark.parametrize("way_round", [1, -1], ids=["first", "second"])
"""In which of the two looks a place shows what it does."""


class Answering(FileStore):
    """Gives these answers, then the last of them for good."""

    def __init__(self, line: Line, name: str, answers: Sequence[Versioned | StoreUnavailableError]) -> None:
        super().__init__(str(line.folder / name))
        self._answers = chain(answers, repeat(answers[-1]))

    def read(self) -> Versioned:
        answer = next(self._answers)
        if isinstance(answer, StoreUnavailableError):
            raise answer
        return answer


def refusal(line: Line, store: FileStore, *backups: FileStore, passphrase_goes: bool = False) -> str:
    with pytest.raises(DeletionRefusedError) as refused:
        remove_stored_ring(
            store, backups, line.session(), force=Force(), opening=Opening((), passphrase_goes=passphrase_goes)
        )
    return str(refused.value)


class Overtaken(FileStore):
    """Somebody else writes it right before each deletion."""

    def delete(self, expected: Versioned) -> str:
        raise StoreConflictError("the store", f"somebody else wrote it over {expected.version[:3]}")


def test_a_deletion_that_another_run_overtakes_is_told_as_one_that_failed(line: Line) -> None:
    store = Overtaken(str(line.folder / "ring0.json"))
    key = line.rotate()
    line.told.events.clear()
    with pytest.raises(StoreConflictError):
        remove_stored_ring(store, [], line.session(), force=Force(fingerprint=key), opening=Opening(()))
    (event,) = line.told.events
    assert (event.operation, event.outcome, event.fingerprint) == (Operation.DELETED, FAILED, None)
    assert event.store == store.url


@WAYS_ROUND
def test_a_copy_counts_only_if_both_looks_show_it(line: Line, way_round: int) -> None:
    line.backups = 1
    key = line.rotate()
    backup = Answering(line, "ring1.json", [line.stores[1].read(), NOTHING][::way_round])
    assert f"Meta serves key {key}, whose last copy" in refusal(line, line.stores[0], backup)


@WAYS_ROUND
def test_a_key_counts_as_proven_where_one_look_shows_it_as_that(line: Line, way_round: int) -> None:
    key = line.stage()
    staged = line.stores[0].read()
    line.register(key)
    line.clock.time += timedelta(hours=1)
    line.emulator.set_key(line.number, None)
    first, second = [line.stores[0].read(), staged][::way_round]
    store = Answering(line, "ring0.json", [first, first, second])
    assert f"the number has no key, but key {key}" in refusal(line, store)


@WAYS_ROUND
def test_a_place_that_one_look_could_not_read_may_hold_any_key(line: Line, way_round: int) -> None:
    line.passphrase = strong("generated words")
    line.stage()
    served = PrivateKey.generate()
    line.emulator.set_key(line.number, served.public_key_pem)
    answers: list[Versioned | StoreUnavailableError] = [StoreUnavailableError("the store", "does not answer"), NOTHING]
    backup = Answering(line, "ring1.json", answers[::way_round])
    said = refusal(line, line.stores[0], backup, passphrase_goes=True)
    assert f"Meta serves key {served.fingerprint}, of which a copy may be in" in said


@WAYS_ROUND
def test_an_offer_counts_where_one_look_shows_it(line: Line, way_round: int) -> None:
    line.passphrase = strong("generated words")
    line.stage()
    before = line.stores[0].read()
    offered = line.offer_in_vain()
    first, second = [line.stores[0].read(), before][::way_round]
    store = Answering(line, "ring0.json", [first, first, second])
    assert f"key {offered}, whose last copy is in" in refusal(line, store, passphrase_goes=True)


def test_a_copy_that_stays_counts_though_its_store_does_not_say_which_place_it_is(line: Line) -> None:
    line.rotate()
    nameless = Answering(line, "ring0.json", [replace(line.stores[0].read(), place="")])
    opening = Opening((), passphrase_goes=True)  # its PEMs are in the clear
    remove_stored_ring(nameless, [], line.session(), force=Force(), opening=opening, document_stays=True)
    assert line.emulator.requests(line.number, "GET")


def test_the_named_key_may_go_though_a_place_can_not_be_read_while_meta_serves_none(line: Line) -> None:
    line.passphrase = strong("generated words")
    key = line.stage()
    backup = Answering(line, "ring1.json", [StoreUnavailableError("the store", "does not answer")])
    assert "proves nothing" in refusal(line, line.stores[0], backup, passphrase_goes=True)
    force, opening = Force(fingerprint=key), Opening((), passphrase_goes=True)
    remove_stored_ring(line.stores[0], [backup], line.session(), force=force, opening=opening)
    assert line.stores[0].read().ring is None


def test_where_no_key_is_known_none_is_named_as_the_way_on(line: Line) -> None:
    store = Answering(line, "ring0.json", [StoreUnavailableError("the store", "does not answer")])
    said = refusal(line, store, passphrase_goes=True)
    assert "force_destroy=True" in said
    assert "WHATSAPP_FORCE_DESTROY" not in said
