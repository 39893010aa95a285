"""A key ring in KV version 2 of a real OpenBao: what only this store knows, and who may do what with it.

Faults that a healthy server doesn't show, lost answers above all, come from a small proxy before it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
import requests

from tests.contract.stores.place import delete
from tests.contract.stores.vault.proxy import Between, First, Handler, answering, before, behind
from tests.contract.stores.vault_place import VaultPlace, policy
from tools.openbao import OpenBao
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    MissingExtraError,
    RingTooLargeError,
    StoreConflictError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores import client_library
from whatsapp_flow_keys.stores.urls import complete_url, is_same_place, open_store
from whatsapp_flow_keys.stores.vault.store import VaultStore

KEY = PrivateKey.generate()
HOST = "vault.example.com"
ANOTHER_TOOLS = {"username": "svc", "password": "hunter2"}
READ_ONLY = 'path "secret/data/whatsapp/flows/*" { capabilities = ["read"] }'


def ring(revision: int = 1, owner: str = "key-1") -> KeyRing:
    held = RingKey(KEY.fingerprint, Role.PENDING, "2026-11-25", None, KEY.to_pem())
    return KeyRing("106540352242922", "org/flows/prod", owner, revision, (held,))


def refusal(kind: type[Exception], call: Callable[[], object], place: VaultPlace) -> str:
    """The text of the error, after a look at it for what no error may hold."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    shown = "".join(map(repr, _chain(caught.value)))
    for secret in (place.server.token, "PRIVATE KEY", KEY.to_pem()[100:140], "hunter2"):
        assert secret not in shown
    return str(caught.value)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A server whose secrets lie in a folder."""
    with OpenBao(storage=tmp_path_factory.mktemp("raft")) as server:
        yield server


@pytest.fixture(scope="module")
def over_tls() -> Iterator[OpenBao]:
    with OpenBao(tls=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.stores.vault.client._FIRST_PAUSE", 0.0)


def versions(place: VaultPlace) -> int:
    """How many versions were ever written."""
    return int(place.kv.read_secret_metadata(place.path)["data"]["current_version"])


# --- The URL


@pytest.mark.parametrize(
    ("given", "canonical", "secret_id"),
    [
        (f"{HOST}:8200/a/b", f"{HOST}:8200/a/b", "secret/data/a/b"),
        (f"{HOST}/a", f"{HOST}/a", "secret/data/a"),
        (f"{HOST.upper()}:443/A", f"{HOST}/A", "secret/data/A"),
        (f"{HOST}/a%20b?mount=secret", f"{HOST}/a%20b", "secret/data/a b"),
        (
            f"{HOST}/a?mount=team/kv&namespace=/org/team/",
            f"{HOST}/a?mount=team/kv&namespace=org/team",
            "team/kv/data/a",
        ),
        (f"{HOST}/a?namespace=", f"{HOST}/a", "secret/data/a"),
        ("127.0.0.1:8200/a?tls=off", "127.0.0.1:8200/a?tls=off", "secret/data/a"),
        ("LocalHost:80/a?tls=off", "localhost/a?tls=off", "secret/data/a"),
        ("[::1]:8200/a?tls=off", "[::1]:8200/a?tls=off", "secret/data/a"),
    ],
)
def test_one_place_has_one_url(given: str, canonical: str, secret_id: str) -> None:
    store = open_store(f"hashivault://{given}")
    assert (store.url, store.location, store.secret_id) == (f"hashivault://{canonical}",) * 2 + (secret_id,)
    assert is_same_place(f"HASHIVAULT://{given}", store.url)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("/a", "names no server; set address= or VAULT_ADDR"),
        ("host:0/a", "'host:0' is not HOST or HOST:PORT"),
        ("host:70000/a", "is not HOST or HOST:PORT"),
        ("host:8200:1/a", "is not HOST or HOST:PORT"),
        ("ho%2Fst/a", "is not HOST or HOST:PORT"),
        ("host", "'' can't be the path"),
        ("host/", "'' can't be the path"),
        ("host//a", "'/a' can't be the path"),
        ("host/a/", "'a/' can't be the path"),
        ("host/a//b", "'a//b' can't be the path"),
        ("host/a/../b", "'a/../b' can't be the path"),
        ("host/a/./b", "'a/./b' can't be the path"),
        ("host/a/%20/b", "'a/ /b' can't be the path"),
        ("host/a*", r"'a\*' can't be the path"),
        ("host/+/a", r"'\+/a' can't be the path"),
        ("host/a%0Ab", "can't be the path"),
        ("host/caf%C3%A9", "can't be the path"),
        ("host/a?mount=", "'' can't be the mount"),
        ("host/a?mount=/kv", "'/kv' can't be the mount"),
        ("host/a?mount=kv/../sys", "can't be the mount"),
        ("host/a?namespace=a//b", "'a//b' can't be the namespace"),
        ("host/a?tls=on", "tls can only be off, on loopback"),
        ("host/a?token=x", "'token' is no setting of this store; known are mount, namespace, tls"),
        (
            "host:8200/a?tls=off",
            "host must be asked by https: the token and the private keys must not travel in the clear",
        ),
        ("128.0.0.1/a?tls=off", "must not travel in the clear"),
        ("me@host/a", "holds no user or password"),
    ],
)
def test_a_url_that_names_no_place_is_refused(given: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[1\]: .*{said}"):
        open_store(f"hashivault://{given}", "backups[1]")


@pytest.mark.parametrize(
    ("url", "environ", "complete"),
    [
        ("/a", {"VAULT_ADDR": f"https://{HOST}:8200"}, f"{HOST}:8200/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}/"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": "http://127.0.0.1:8200"}, "127.0.0.1:8200/a?tls=off"),
        ("/a", {"BAO_ADDR": f"https://{HOST}"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}", "BAO_ADDR": "https://other"}, f"{HOST}/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}", "VAULT_NAMESPACE": "team/"}, f"{HOST}/a?namespace=team"),
        (f"{HOST}/a", {"BAO_NAMESPACE": "team"}, f"{HOST}/a?namespace=team"),
        (f"{HOST}/a?namespace=mine", {"VAULT_NAMESPACE": "team"}, f"{HOST}/a?namespace=mine"),
        (f"{HOST}/a?namespace=", {"VAULT_NAMESPACE": "team"}, f"{HOST}/a?namespace="),
        (f"{HOST}/a", {"VAULT_ADDR": "http://127.0.0.1:8200"}, f"{HOST}/a"),
        ("/a?mount=kv", {}, "/a?mount=kv"),
        ("/a", {"VAULT_ADDR": "unix:///run/vault.sock"}, "/a"),
        ("/a", {"VAULT_ADDR": f"https://{HOST}/behind"}, f"{HOST}%2Fbehind/a"),
        ("/a?tocken=b", {"VAULT_ADDR": f"https://{HOST}"}, "/a?tocken=b"),
        ("me@host/a b", {"VAULT_NAMESPACE": "team"}, "me@host/a b"),
    ],
)
def test_what_the_url_does_not_say_comes_from_the_environment(url: str, environ: dict[str, str], complete: str) -> None:
    assert complete_url(f"hashivault://{url}", environ) == f"hashivault://{complete}"
    assert complete_url(f"hashivault://{complete}", environ) == f"hashivault://{complete}"


def test_without_the_client_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_library, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r'^store: .* needs hvac: pip install "whatsapp-flow-encryption\[vault\]"$'
    ):
        open_store(f"hashivault://{HOST}/a")


def test_to_know_the_stores_no_client_library_is_loaded() -> None:
    code = (
        "import sys, whatsapp_flow_keys.stores.urls as urls; urls.open_store('hashivault://host/a'); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'hvac', 'requests', 'boto3', 'azure'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


# --- Versions


def test_the_versions_are_those_of_the_secret(place: VaultPlace) -> None:
    store = place.store()
    assert store.read().version == "0"
    assert store.write(ring(), store.read()).version == "1"
    assert place.store().read().version == "1"


def test_a_consumer_of_one_field_has_every_key(place: VaultPlace) -> None:
    place.store().write(ring(), place.store().read())
    assert place.kv.read_secret_version(place.path, raise_on_deleted_version=True)["data"]["data"]["private_keys"] == (
        ring().private_keys
    )


def test_a_path_that_has_settings_only_takes_a_first_write(place: VaultPlace) -> None:
    place.kv.update_metadata(place.path, max_versions=3, cas_required=True)
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (None, "0", False)
    assert place.store().write(ring(), found).version == "1"


def test_of_two_first_writes_the_second_is_refused(place: VaultPlace) -> None:
    nothing = place.store().read()
    place.store().write(ring(owner="theirs"), nothing)
    text = refusal(StoreConflictError, lambda: place.store().write(ring(owner="ours"), nothing), place)
    assert text == f"{place.url}: somebody else wrote it meanwhile; nothing was overwritten. Run again"
    assert place.store().read().ring == ring(owner="theirs")


def test_a_version_that_is_to_be_deleted_later_is_there_until_then(place: VaultPlace) -> None:
    place.kv.update_metadata(place.path, delete_version_after="1h")
    place.store().write(ring(), place.store().read())
    assert (place.store().read().ring, place.store().read().deleted) == (ring(), False)


@pytest.mark.parametrize("deleted_first", [False, True])
def test_a_destroyed_version_is_no_document_and_is_written_over(place: VaultPlace, deleted_first: bool) -> None:
    store = place.store()
    store.write(ring(), store.read())
    if deleted_first:
        delete(store)
    place.kv.destroy_secret_versions(place.path, [1])
    found = store.read()
    assert (found.ring, found.version, found.deleted) == (None, "1", False)
    store.restore()
    assert store.read() == found
    assert store.write(ring(2), found).version == "2"


# --- The place


def test_one_document_has_one_place_under_every_name_of_its_server(place: VaultPlace) -> None:
    by_name = VaultStore(place.url.replace("127.0.0.1", "localhost"))
    written = place.store().write(ring(), place.store().read())
    assert by_name.url != place.store().url
    assert by_name.read().place == place.store().read().place == written.place != ""


def test_a_version_has_the_place_that_it_had_when_it_is_deleted_and_restored(place: VaultPlace) -> None:
    store = place.store()
    written = store.write(ring(), store.read())
    store.delete(written)
    assert store.read().place == written.place
    store.restore()
    assert store.read() == written


def test_the_same_document_at_another_path_mount_namespace_or_server_has_another_place(
    place: VaultPlace, lasting: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount, namespace = f"{place.path}-mount", f"place-{place.path.rpartition('-')[2]}"
    place.server.make_mount(mount, 2)
    place.server.make_namespace(namespace)
    stores = [
        place.store(),
        VaultStore(place.server.url(f"{place.path}-other")),
        VaultStore(place.server.url(place.path, mount=mount)),
        VaultStore(place.server.url(place.path, namespace=namespace)),
    ]
    found = [store.write(ring(), store.read()) for store in stores]
    elsewhere = VaultPlace(lasting, monkeypatch).store()
    found.append(elsewhere.write(ring(), elsewhere.read()))
    assert {each.version for each in found} == {"1"}
    assert len({each.place for each in found}) == len(found) == 5


# --- A lost answer


def test_a_write_whose_answer_got_lost_is_a_success_and_is_not_made_twice(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = ["drop"]
    assert store.write(ring(), found) == place.store().read()
    assert versions(place) == 1
    assert [method for method, _, _ in between.seen[-3:]] == ["POST", "POST", "GET"]


def test_a_write_whose_answer_got_lost_and_that_somebody_wrote_over_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    found = store.read()
    between.plan = [lambda: theirs.write(ring(2, owner="theirs"), theirs.read())]
    refusal(StoreConflictError, lambda: store.write(ring(), found), place)
    assert place.store().read().ring == ring(2, owner="theirs")


def test_a_write_all_of_whose_answers_got_lost_is_an_error_and_the_key_is_there(
    place: VaultPlace, between: Between
) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = ["drop", "drop", "drop"]
    text = refusal(StoreUnavailableError, lambda: store.write(ring(), found), place)
    assert text.startswith(f"{store.url}: the server can't be reached")
    assert (place.store().read().ring, versions(place)) == (ring(), 1)


@pytest.mark.parametrize("fault", [500, 502, 503, 504, 429, "drop"])
def test_a_fault_that_passes_is_met_by_trying_again(place: VaultPlace, between: Between, fault: int | str) -> None:
    store = behind(between, place)
    between.plan = [fault, fault]
    found = store.read()
    between.plan = [fault, fault]
    store.write(ring(), found)
    between.plan = [fault, fault]
    delete(store)
    between.plan = [fault, fault, None, fault, fault]
    store.restore()
    assert place.store().read().ring == ring()
    assert versions(place) == 1


def test_a_mount_that_is_not_yet_in_service_is_met_by_trying_again(place: VaultPlace) -> None:
    said = "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period."
    with answering(400, {"errors": [said]}) as server:
        text = refusal(StoreUnavailableError, place.at_port(server.server_port).read, place)
    assert f"the server answered HTTP 400 ({said})" in text
    assert len(server.seen) == 3


def test_the_stores_of_one_server_share_a_connection_in_a_thread(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program with a hundred numbers connects to its server a few times, not some hundred times."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 0.0)
    stores = [behind(between, place) for _ in range(3)]
    assert [store.read().ring for store in stores] == [None] * 3
    assert len(between.seen) >= len(stores)
    assert len(between.callers) == 1


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two reads of an endpoint a firewall may have forgotten it, and the next read would hang."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 0.0)
    store = behind(between, place)
    store.read()
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: 10.0)
    store.read()
    assert len(between.callers) == 2


def test_threads_share_no_connection(place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the session nor the token that it carries is safe for two at once."""
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    store = behind(between, place)
    store.read()
    thread = Thread(target=store.read)
    thread.start()
    thread.join(60)
    assert len(between.seen) >= 2
    assert len(between.callers) == 2


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_that_stays_is_an_error_after_three_attempts(place: VaultPlace, between: Between, status: int) -> None:
    between.plan = [status] * 9
    text = refusal(StoreUnavailableError, behind(between, place).read, place)
    assert text.startswith(f"{behind(between, place).url}: the server ")
    assert len(between.seen) == 3


@pytest.mark.parametrize("status", [400, 403, 405, 501])
def test_a_no_is_taken_the_first_time(place: VaultPlace, between: Between, status: int) -> None:
    between.plan = [status] * 9
    with pytest.raises(StoreUnavailableError):
        behind(between, place).read()
    assert len(between.seen) == 1


# --- Deleting and restoring


def test_what_was_deleted_says_how_it_comes_back(place: VaultPlace) -> None:
    store = place.store()
    store.write(ring(), store.read())
    said = delete(store)
    assert said.startswith(f"{store.url}: is soft-deleted; the next `pulumi up` brings it back, or `bao kv undelete`")
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (None, "1", True)
    place.store().restore()
    assert place.store().read().ring == ring()


def test_a_restored_document_is_the_latest_version_not_an_older_one(place: VaultPlace) -> None:
    store = place.store()
    store.write(ring(2), store.write(ring(1), store.read()))
    delete(store)
    store.restore()
    assert (store.read().ring, store.read().version) == (ring(2), "2")


def test_a_deletion_names_the_version_that_was_read_and_the_ones_before_it_stay(
    place: VaultPlace, between: Between
) -> None:
    store = behind(between, place)
    first = store.write(ring(1), store.read())
    second = store.write(ring(2), first)
    between.seen.clear()
    store.delete(second)
    assert [(method, path) for method, path, _ in between.seen if method != "GET"] == [
        ("POST", f"/v1/secret/delete/{place.path}")
    ]
    versions = place.kv.read_secret_metadata(place.path)["data"]["versions"]
    assert [bool(versions[name]["deletion_time"]) for name in ("1", "2")] == [False, True]


def test_a_deletion_of_what_was_written_over_deletes_no_version(place: VaultPlace, between: Between) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    theirs.write(ring(2, owner="theirs"), first)
    between.seen.clear()
    text = refusal(StoreConflictError, lambda: store.delete(first), place)
    assert text == f"{store.url}: somebody else wrote it meanwhile, so it was not deleted. Run again"
    assert [method for method, _, _ in between.seen] == ["GET"]


def test_what_is_written_between_the_look_and_the_deletion_stays_and_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, First(lambda: theirs.write(ring(2, owner="theirs"), first))]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    found = place.store().read()
    assert (found.ring, found.version, found.deleted) == (ring(2, owner="theirs"), "2", False)


def test_what_is_written_before_a_deletion_is_repeated_stays_and_is_a_conflict(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, lambda: theirs.write(ring(2, owner="theirs"), theirs.read())]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    assert place.store().read().ring == ring(2, owner="theirs")


def test_another_tools_secret_that_came_meanwhile_is_not_deleted(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    first = store.write(ring(), store.read())
    between.plan = [None, First(lambda: place.put(json.dumps(ANOTHER_TOOLS)))]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_a_write_over_what_was_deleted_makes_no_version(place: VaultPlace) -> None:
    store = place.store()
    first = store.write(ring(1), store.read())
    delete(place.store())
    text = refusal(StoreConflictError, lambda: store.write(ring(2), first), place)
    assert text == f"{store.url}: somebody deleted it meanwhile; nothing was written. Run again"
    assert (place.store().read().deleted, versions(place)) == (True, 1)


def test_a_write_that_a_deletion_came_before_at_the_last_moment_is_a_conflict_and_keeps_both_rings(
    place: VaultPlace, between: Between
) -> None:
    store, theirs = behind(between, place), place.store()
    first = store.write(ring(1), store.read())
    between.plan = [None, First(lambda: theirs.delete(first))]
    text = refusal(StoreConflictError, lambda: store.write(ring(2), first), place)
    assert "somebody deleted it while it was being written, and it is there again" in text
    assert place.store().read().ring == ring(2)


def test_a_mount_that_keeps_one_version_takes_a_second_write(place: VaultPlace) -> None:
    """The version that was read is gone after it, which is no deletion."""
    store = place.store()
    first = store.write(ring(1), store.read())
    place.kv.update_metadata(place.path, max_versions=1)
    second = store.write(ring(2), first)
    store.write(ring(3), second)
    assert place.store().read().ring == ring(3)


def test_a_policy_that_only_lets_the_latest_version_be_deleted_is_named_with_what_it_lacks(
    place: VaultPlace,
) -> None:
    found = place.store().write(ring(), place.store().read())
    rules = 'path "secret/data/whatsapp/flows/*" { capabilities = ["create", "read", "update", "delete"] }'
    store = place.store_as(place.server.token_for(rules))
    text = refusal(StorePermissionError, lambda: store.delete(found), place)
    assert f"it needs update on secret/delete/{place.path}" in text
    assert f"update on secret/delete/{place.path}, and update on secret/undelete/{place.path}" in text
    assert place.store().read() == found


def test_what_is_not_deleted_is_not_restored(place: VaultPlace, between: Between) -> None:
    written = place.store().write(ring(), place.store().read())
    behind(between, place).restore()
    assert [method for method, _, _ in between.seen] == ["GET"]
    assert place.store().read() == written


def test_another_tools_deleted_secret_is_deleted_again(place: VaultPlace) -> None:
    place.put(json.dumps(ANOTHER_TOOLS))
    place.kv.delete_latest_version_of_secret(place.path)
    text = refusal(ForeignDocumentError, place.store().restore, place)
    assert text.startswith(f"{place.url}: holds JSON without the field `format`")
    assert place.content() is None
    place.kv.undelete_secret_versions(place.path, [1])
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_a_restored_ring_that_another_tool_writes_over_stays_in_the_history(
    place: VaultPlace, between: Between
) -> None:
    """Requests: the look, the restoration, and the look at what is back."""
    store = place.store()
    store.delete(store.write(ring(), store.read()))
    between.plan = [None, None, First(lambda: place.put(json.dumps(ANOTHER_TOOLS)))]
    with pytest.raises(ForeignDocumentError):
        behind(between, place).restore()
    versions = place.kv.read_secret_metadata(place.path)["data"]["versions"]
    assert [versions[name]["deletion_time"] for name in ("1", "2")] == ["", ""]


def test_another_tools_secret_is_not_deleted(place: VaultPlace) -> None:
    place.put(json.dumps(ANOTHER_TOOLS))
    refusal(ForeignDocumentError, lambda: delete(place.store()), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_another_tools_fields_are_never_overwritten(place: VaultPlace) -> None:
    nothing = place.store().read()
    place.put(json.dumps(ANOTHER_TOOLS))
    refusal(ForeignDocumentError, place.store().read, place)
    refusal(StoreConflictError, lambda: place.store().write(ring(), nothing), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS
    assert versions(place) == 1


def test_an_empty_secret_is_nothing_to_delete(place: VaultPlace) -> None:
    place.make_empty()
    assert delete(place.store()) == ""
    assert place.content() == "{}"


# --- The page's policies


def test_with_the_stacks_policy_the_whole_cycle_works(place: VaultPlace) -> None:
    store = place.store_as(place.server.token_for(policy("For the stack")))
    first = store.write(ring(1), store.read())
    store.write(ring(2), first)
    store.settle()
    delete(store)
    assert store.read().deleted
    store.restore()
    assert store.read().ring == ring(2)


@pytest.mark.parametrize("title", ["For the stack", "For the endpoint"])
@pytest.mark.parametrize("path", ["whatsapp/other", "whatsapp/flowsy/line", "else"])
def test_with_the_pages_policies_nothing_outside_the_path_works(place: VaultPlace, title: str, path: str) -> None:
    place.path = path
    store = place.store_as(place.server.token_for(policy(title)))
    for call in (store.read, lambda: store.write(ring(), place.store().read())):
        text = refusal(StorePermissionError, call, place)
        assert f"secret/data/{path}" in text
    assert place.content() is None


def test_with_the_endpoints_policy_only_reading_works(place: VaultPlace) -> None:
    found = place.store().write(ring(), place.store().read())
    endpoint = place.store_as(place.server.token_for(policy("For the endpoint")))
    assert endpoint.read() == found
    refusal(StorePermissionError, lambda: endpoint.write(ring(2), found), place)
    refusal(StorePermissionError, lambda: endpoint.delete(found), place)
    delete(place.store())
    refusal(StorePermissionError, endpoint.restore, place)
    assert (place.store().read().deleted, versions(place)) == (True, 1)


# --- Who may not


def test_a_policy_that_lets_read_only_is_named_with_the_capability_that_a_write_needs(place: VaultPlace) -> None:
    store = place.store_as(place.server.token_for(READ_ONLY))
    found = store.read()
    text = refusal(StorePermissionError, lambda: store.write(ring(), found), place)
    assert text.startswith(f"{place.url}: the token's policies do not allow it: it needs create and update on ")
    assert f"secret/data/{place.path}. " in text
    assert f"update on secret/undelete/{place.path}" in text
    assert place.content() is None


def test_a_policy_without_undelete_is_named_when_a_document_is_to_be_restored(place: VaultPlace) -> None:
    place.store().write(ring(), place.store().read())
    delete(place.store())
    store = place.store_as(place.server.token_for(READ_ONLY))
    assert f"it needs update on secret/undelete/{place.path}" in refusal(StorePermissionError, store.restore, place)


def test_a_policy_for_another_path_does_not_let_read(place: VaultPlace) -> None:
    text = refusal(StorePermissionError, place.forbidden().read, place)
    assert f"the token's policies do not allow it: it needs read on secret/data/{place.path}" in text


def test_a_token_that_is_no_longer_valid_is_told_apart_from_a_policy(place: VaultPlace) -> None:
    token = place.server.token_for(policy("For the stack"))
    place.server.client().auth.token.revoke(token)
    text = refusal(StorePermissionError, place.store_as(token).read, place)
    assert "the token (VAULT_TOKEN, else BAO_TOKEN, else ~/.vault-token) is not known, or has expired" in text
    assert f"read on secret/data/{place.path}" in text
    assert token not in text


@pytest.mark.parametrize(
    "said", ["permission denied", "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]
)
def test_the_words_of_openbao_and_of_vault_for_an_unknown_token_are_known(place: VaultPlace, said: str) -> None:
    with answering(403, {"errors": [said]}) as server:
        assert "is not known, or has expired" in refusal(
            StorePermissionError, place.at_port(server.server_port).read, place
        )


def test_a_refusal_in_unknown_words_is_told_with_both_reasons(place: VaultPlace) -> None:
    with answering(403, {"errors": ["no"]}) as server:
        text = refusal(StorePermissionError, place.at_port(server.server_port).read, place)
    assert "policies do not allow it" in text
    assert "is not known, or has expired" in text


def test_without_a_token_nothing_is_sent(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    text = refusal(StorePermissionError, behind(between, place).read, place)
    assert "there is no token; set VAULT_TOKEN (or BAO_TOKEN), or log in, which writes ~/.vault-token" in text
    assert between.seen == []


def test_a_token_with_a_line_break_is_refused_unseen(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", f"{place.server.token}\nX: y")
    assert "holds characters that no token has" in refusal(StorePermissionError, place.store().read, place)


def test_openbaos_variable_for_the_token_is_known(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("BAO_TOKEN", place.server.token)
    assert place.store().read().version == "0"


def test_a_token_that_an_agent_renews_in_the_file_is_taken_by_the_same_store(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    file, store = tmp_path / ".vault-token", place.store()
    file.write_text("s.expired\n")
    refusal(StorePermissionError, store.read, place)
    file.write_text(f"{place.server.token}\n")
    assert store.read().version == "0"


def test_a_token_file_that_is_none_is_named(place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vault-token").mkdir()
    assert "~/.vault-token can't be read" in refusal(StorePermissionError, place.store().read, place)


# --- Mounts and namespaces


def test_a_mount_of_version_1_is_refused_before_anything_is_written(place: VaultPlace) -> None:
    place.server.make_mount(f"v1/{place.path}", 1)
    store = VaultStore(place.server.url("line", mount=f"v1/{place.path}"))
    text = refusal(StoreUnavailableError, store.read, place)
    assert f"is v1/{place.path}/ a mount of KV version 2?" in text


def test_a_secret_in_a_mount_of_version_1_is_refused(place: VaultPlace) -> None:
    place.server.make_mount(f"v1/{place.path}", 1)
    place.server.client().secrets.kv.v1.create_or_update_secret(
        "data/line", ANOTHER_TOOLS, mount_point=f"v1/{place.path}"
    )
    store = VaultStore(place.server.url("line", mount=f"v1/{place.path}"))
    assert "a mount of KV version 2?" in refusal(StoreUnavailableError, store.read, place)


def test_a_mount_that_is_not_there_is_named(place: VaultPlace) -> None:
    store = VaultStore(place.server.url("line", mount="no/such"))
    text = refusal(StoreUnavailableError, store.read, place)
    assert text == f"{store.url}: nothing is mounted at no/such/; check mount=. Is it a mount of KV version 2?"
    refusal(StoreUnavailableError, lambda: store.write(ring(), place.store().read()), place)


def test_a_path_in_a_mount_is_no_mount(place: VaultPlace) -> None:
    store = VaultStore(place.server.url("line", mount="secret/team"))
    assert "is secret/team/ a mount of KV version 2?" in refusal(StoreUnavailableError, store.read, place)


def test_a_mount_with_slashes_in_its_name_works(place: VaultPlace) -> None:
    place.server.make_mount(f"team/{place.path}", 2)
    store = VaultStore(place.server.url("a/line", mount=f"team/{place.path}"))
    store.write(ring(), store.read())
    assert (store.read().ring, store.secret_id) == (ring(), f"team/{place.path}/data/a/line")


def test_two_namespaces_do_not_see_each_other(place: VaultPlace) -> None:
    names = [f"team-{place.path.rpartition('-')[2]}-{letter}" for letter in "ab"]
    for name in names:
        place.server.make_namespace(name)
    one, other = (VaultStore(place.server.url(place.path, namespace=name)) for name in names)
    one.write(ring(), one.read())
    assert (one.read().ring, other.read().ring, place.store().read().ring) == (ring(), None, None)
    assert not is_same_place(one.url, other.url)
    stranger = place.server.token_for(policy("For the stack"), namespace=names[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAULT_TOKEN", stranger)
        assert one.read().ring == ring()
        assert f"in the namespace {names[1]}" in refusal(StorePermissionError, other.read, place)


def test_a_namespace_that_is_not_there_is_named(place: VaultPlace) -> None:
    store = VaultStore(place.server.url(place.path, namespace="no/such"))
    assert "there is no namespace no/such on the server" in refusal(StoreUnavailableError, store.read, place)


# --- Servers that are not well


def test_a_sealed_server_is_named_and_works_again_when_it_is_unsealed(
    lasting: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = VaultPlace(lasting, monkeypatch)
    store = place.store()
    found = store.write(ring(), store.read())
    lasting.seal()
    for call in (store.read, lambda: store.write(ring(2), found), lambda: store.delete(found)):
        assert refusal(StoreUnavailableError, call, place) == (
            f"{place.url}: the server is sealed; unseal it, then run again"
        )
    lasting.unseal()
    assert store.read() == found


def test_a_restart_loses_nothing(lasting: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(lasting, monkeypatch)
    old = place.store()
    found = old.write(ring(), old.read())
    lasting.stop()
    assert "the server can't be reached" in refusal(StoreUnavailableError, place.store().read, place)
    lasting.start()
    assert place.store().read() == old.read() == found
    assert place.store().write(ring(2), found).version == "2"


def test_a_server_that_never_answers_ends_in_an_error(
    place: VaultPlace, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.9")
    store = place.at_port(silent_port)
    began = monotonic()
    text = refusal(StoreUnavailableError, store.read, place)
    assert monotonic() - began < 10
    assert text.startswith(f"{store.url}: the server did not answer in time; check the address")


def test_a_closed_port_ends_in_an_error(place: VaultPlace, closed_port: int) -> None:
    store = place.at_port(closed_port)
    text = refusal(StoreUnavailableError, store.read, place)
    assert text == f"{store.url}: the server can't be reached; check the address (VAULT_ADDR) and that it is up"


@pytest.mark.parametrize(
    "body", [b"<html>hunter2</html>", b"", b"[1]", b'{"data": {"data": {}, "metadata": {}}}', b"[" * 100_000]
)
def test_a_server_of_another_kind_is_named_and_not_quoted(place: VaultPlace, between: Between, body: bytes) -> None:
    between.plan = [body]
    assert "is not Vault or OpenBao: HTTP 200" in refusal(StoreUnavailableError, behind(between, place).read, place)


def test_a_document_that_is_too_large_for_the_server_is_told(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    found = store.read()
    between.plan = [413]
    refusal(RingTooLargeError, lambda: store.write(ring(), found), place)


# --- The way there


def test_a_certificate_of_an_unknown_ca_is_refused_at_once(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.delenv("VAULT_CACERT")
    text = refusal(StoreUnavailableError, place.store().read, place)
    assert text.startswith(f"{place.url}: its certificate was not accepted; set VAULT_CACERT to the file of the CA")


@pytest.mark.parametrize("variable", ["VAULT_CACERT", "BAO_CACERT", "REQUESTS_CA_BUNDLE"])
def test_a_ca_comes_from_the_environment(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.delenv("VAULT_CACERT")
    monkeypatch.setenv(variable, str(over_tls.ca))
    store = place.store()
    store.write(ring(), store.read())
    assert (store.read().ring, "tls" in store.url) == (ring(), False)


def test_a_ca_that_is_not_there_is_named(over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = VaultPlace(over_tls, monkeypatch)
    monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "none.pem"))
    assert "check that VAULT_CACERT" in refusal(StoreUnavailableError, place.store().read, place)


def test_a_server_that_speaks_no_tls_is_told(place: VaultPlace) -> None:
    store = VaultStore(place.url.replace("?tls=off", ""))
    assert "TLS failed" in refusal(StoreUnavailableError, store.read, place)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(place: VaultPlace, between: Between, status: int) -> None:
    with before(place.server.address) as elsewhere:
        between.headers = {"Location": f"http://127.0.0.1:{elsewhere.server_port}/v1/secret/data/{place.path}"}
        between.plan = [status] * 2
        store = behind(between, place)
        assert "redirects to another address" in refusal(StoreUnavailableError, store.read, place)
        nothing = place.store().read()
        refusal(StoreUnavailableError, lambda: store.write(ring(), nothing), place)
        assert elsewhere.seen == []
    assert place.content() is None


def test_a_proxy_of_the_environment_sees_nothing_of_what_stays_on_this_machine(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{between.server_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    place.store().read()
    assert between.seen == []


def test_what_a_users_netrc_has_for_the_host_is_not_sent(
    over_tls: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def watched(session: requests.Session, request: requests.PreparedRequest, **given: Any) -> requests.Response:
        sent.append(request)
        return send(session, request, **given)

    monkeypatch.setattr(requests.Session, "send", watched)
    VaultPlace(over_tls, monkeypatch).store().read()
    assert sent
    assert not [request for request in sent if "Authorization" in request.headers]


# --- Secrets


def test_no_repr_shows_a_token_or_a_key(place: VaultPlace) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    shown = repr(store) + repr(found) + repr(store._latest())
    assert not [secret for secret in (place.server.token, "PRIVATE KEY") if secret in shown]


def test_what_a_server_says_is_quoted_in_one_short_line(place: VaultPlace) -> None:
    said = f"upgrading\nthe mount of {place.server.token} " + "x" * 500
    with answering(400, {"errors": [said]}) as server:
        text = refusal(StoreUnavailableError, place.at_port(server.server_port).read, place)
    assert "the server refused the call with HTTP 400 (upgrading the mount of … xxx" in text
    assert len(text) < 300
