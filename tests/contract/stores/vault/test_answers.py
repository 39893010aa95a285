"""What a key ring in Vault makes of a server's answers that say little, or something else than was asked for.

What a real OpenBao doesn't answer comes from a proxy before it, or from a server with one answer to everything.
"""

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, answering, behind
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.store import Versioned
from whatsapp_flow_keys.stores.vault.store import VaultStore

NOTHING = Versioned(None, "0")


def refused(call: Callable[[], object]) -> str:
    """The sentence of a refusal that is neither a lost race nor a missing right."""
    with pytest.raises(StoreUnavailableError) as caught:
        call()
    assert type(caught.value) is StoreUnavailableError
    return str(caught.value)


def test_a_secret_of_vault_is_the_stacks_own_and_comes_back_after_a_deletion() -> None:
    store = VaultStore("hashivault://vault.example.com/a")
    assert (store.is_ours, store.recoverable) == (True, True)


def test_no_call_warns_of_one_that_hvac_will_change(place: VaultPlace) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        place.store().write(ring(), place.store().read())


def test_in_a_mount_of_another_name_a_document_is_deleted_and_restored(place: VaultPlace) -> None:
    place.server.make_mount(f"team/{place.path}", 2)
    store = VaultStore(place.server.url("line", mount=f"team/{place.path}"))
    written = store.write(ring(), store.read())
    delete(store)
    assert store.read().deleted
    store.restore()
    assert store.read() == written


# --- The place


def test_a_secret_without_fields_is_no_documents_place(place: VaultPlace) -> None:
    place.make_empty()
    assert place.store().read() == Versioned(None, "1")


def test_a_server_that_does_not_say_when_a_version_was_made_says_no_place(place: VaultPlace) -> None:
    secret = {"data": json.loads(document.dump(ring())), "metadata": {"version": 1}}
    with answering(200, {"data": secret}) as server:
        assert place.at_port(server.server_port).read() == Versioned(ring(), "1")


# --- Reads


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, {"errors": []}, id="a refusal without a word"),
        pytest.param(405, {"data": {"data": {}, "metadata": {"version": 1}}}, id="a refusal with fields"),
        pytest.param(200, {"data": {"metadata": {"version": 1}}}, id="no fields"),
        pytest.param(200, {"data": {"data": {}, "metadata": {}}}, id="no version"),
    ],
)
def test_an_answer_that_is_no_secrets_is_not_taken_for_one_or_for_none(
    place: VaultPlace, status: int, body: dict[str, Any]
) -> None:
    with answering(status, body) as server:
        refused(place.at_port(server.server_port).read)


@pytest.mark.parametrize(("deletion_time", "deleted"), [("", False), ("2026-11-25T12:00:00Z", True)])
def test_a_version_without_fields_can_be_restored_only_if_the_server_says_when_it_was_deleted(
    place: VaultPlace, deletion_time: str, deleted: bool
) -> None:
    secret = {"data": None, "metadata": {"version": 1, "deletion_time": deletion_time, "destroyed": False}}
    with answering(404, {"data": secret}) as server:
        found = place.at_port(server.server_port).read()
    assert (found.ring, found.version, found.deleted) == (None, "1", deleted)


def test_a_mount_whose_version_may_not_be_looked_at_is_not_called_version_1(
    place: VaultPlace, between: Between
) -> None:
    between.plan = [None, 403]
    assert behind(between, place).read() == NOTHING
    assert between.plan == []


@pytest.mark.parametrize(
    ("status", "words", "said"),
    [
        (412, "required index state not present", "has not received its cluster's newest data yet; run again"),
        (
            400,
            "path disabled in replication DR secondary mode",
            "is a disaster-recovery secondary, which serves no secrets; give the primary's address",
        ),
        (405, "1 error occurred:\n\t* unsupported operation\n\n", "a mount of KV version 2? It does not answer as one"),
        (500, "internal error", "the server answered HTTP 500 (internal error); run again later"),
        (418, "no coffee", "the server refused the call with HTTP 418 (no coffee)"),
    ],
)
def test_what_the_server_says_decides_what_to_do(place: VaultPlace, status: int, words: str, said: str) -> None:
    with answering(status, {"errors": [words]}) as server:
        assert said in refused(place.at_port(server.server_port).read)


def test_a_server_that_lags_behind_its_cluster_is_asked_again(place: VaultPlace, between: Between) -> None:
    between.plan = [412]
    assert behind(between, place).read() == NOTHING
    assert between.plan == []


# --- Writes


@pytest.mark.parametrize(("status", "data"), [(200, {}), (200, {"version": None}), (404, {"version": 1})])
def test_a_write_is_none_unless_the_server_names_the_version_that_it_made(
    place: VaultPlace, status: int, data: dict[str, Any]
) -> None:
    with answering(status, {"data": data}) as server:
        refused(lambda: place.at_port(server.server_port).write(ring(), NOTHING))


def test_a_write_that_is_refused_though_nobody_was_faster_is_no_lost_race(place: VaultPlace, between: Between) -> None:
    between.plan = [400]
    assert "HTTP 400" in refused(lambda: behind(between, place).write(ring(), NOTHING))


def test_a_write_that_is_refused_for_another_reason_than_its_version_is_no_lost_race(
    place: VaultPlace, between: Between
) -> None:
    written = place.store().write(ring(), place.store().read())
    between.plan = [405]
    assert "HTTP 405" in refused(lambda: behind(between, place).write(ring(2), NOTHING))
    assert place.store().read() == written


# --- Deleting and restoring


def test_a_deletion_that_the_server_refuses_is_told_and_no_lost_race(place: VaultPlace, between: Between) -> None:
    written = place.store().write(ring(), place.store().read())
    between.plan = [None, 405]
    assert "HTTP 405" in refused(lambda: behind(between, place).delete(written))
    assert place.store().read() == written


def test_a_restoration_that_the_server_refuses_is_told(place: VaultPlace, between: Between) -> None:
    place.store().write(ring(), place.store().read())
    delete(place.store())
    between.plan = [None, 405]
    assert "HTTP 405" in refused(behind(between, place).restore)
    assert place.store().read().deleted
