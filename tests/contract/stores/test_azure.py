"""A key ring in Azure Key Vault: the official client over TLS against our own fake, and what only this store knows.

Key Vault has no compare-and-set, so most of this is about two and three who write at one moment.
"""

import json
import logging
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Condition, Thread, active_count

import pytest

from tests.contract.stores.azure_place import AzurePlace, Known, azure_place, signed_in
from tests.contract.stores.place import delete
from tests.servers.key_vault import LARGEST, NOBODY, KeyVault, Refused, Request
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    MissingExtraError,
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores import client_library
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import complete_url, is_same_place, open_store

KEYS = [PrivateKey.generate() for _ in range(4)]
NUMBER = "106540352242922"
NAME = "support-line"
HOST = "my-vault.vault.azure.net"
OFFERED = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
AFTER, MANAGED_BY = "whatsapp-flow-keys-after", "whatsapp-flow-keys-managed-by"


def key(index: int, role: Role, offered_at: datetime | None = None) -> RingKey:
    return RingKey(KEYS[index].fingerprint, role, "2026-11-24", offered_at, KEYS[index].to_pem())


def ring(*indexes: int, revision: int = 1, owner: str = "key-1") -> KeyRing:
    """The current key, one that is staged and was never offered, and a retained one, as far as they are asked for."""
    others = (key(index, role) for index, role in zip(indexes, (Role.PENDING, Role.RETAINED), strict=False))
    return KeyRing(NUMBER, "org/flows/prod", owner, revision, (key(0, Role.CURRENT, OFFERED), *others))


def fingerprints(*indexes: int) -> set[str]:
    return {KEYS[index].fingerprint for index in indexes}


def keys_of(held: KeyRing | None) -> set[str]:
    return {each.fingerprint for each in held.keys} if held else set()


def newest_keys(vault: KeyVault, name: str = NAME) -> set[str]:
    """Those in the newest version alone, as somebody reads it who doesn't know of versions."""
    return keys_of(document.load(vault.text(name) or "", "the newest version"))


def every_key(vault: KeyVault, name: str = NAME) -> set[str]:
    """Those that any version ever held."""
    return {each for version in vault.versions(name) for each in keys_of(document.load(version["value"], "a version"))}


@pytest.fixture
def place() -> Iterator[AzurePlace]:
    with azure_place() as fresh:
        yield fresh


@pytest.fixture
def vault(place: AzurePlace) -> KeyVault:
    return place.vault


@pytest.fixture
def store(vault: KeyVault) -> AzureKeyVaultStore:
    return AzureKeyVaultStore(vault.url(NAME))


@pytest.fixture
def existing(vault: KeyVault) -> AzureKeyVaultStore:
    return AzureKeyVaultStore(vault.url(NAME, existing="true"))


def anew(vault: KeyVault, name: str = NAME, identity: str = "us") -> AzureKeyVaultStore:
    """The store of somebody else."""
    return AzureKeyVaultStore(vault.url(name), credential=Known(identity))


def just_before_the_write(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, after the next writer looked and before its version is there."""

    def before(request: Request) -> None:
        if request.method == "PUT":
            vault.before = lambda _: None
            call()

    vault.before = before


def just_after_the_write(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, after the next version is there and before its writer looks again."""

    def put(request: Request) -> None:
        if request.method == "PUT":
            vault.before = look

    def look(request: Request) -> None:
        vault.before = lambda _: None
        call()

    vault.before = put


# URLs


def test_a_url_names_the_vault_and_the_secret() -> None:
    opened = open_store(f"azurekeyvault://{HOST}/Support-Line?tag.team=payments")
    assert opened.url == f"azurekeyvault://{HOST}/support-line"
    assert opened.location == f"azurekeyvault://{HOST}/Support-Line?tag.team=payments"
    assert opened.secret_id == f"https://{HOST}/secrets/Support-Line"


@pytest.mark.parametrize("other", ["My-Vault.Vault.Azure.Net/SUPPORT-LINE", f"{HOST}:443/support-line?existing=true"])
def test_settings_and_case_make_no_other_place(other: str) -> None:
    assert is_same_place(f"azurekeyvault://{HOST}/support-line?tag.a=b", f"azurekeyvault://{other}")


@pytest.mark.parametrize("host", ["v.vault.azure.cn", "v.vault.usgovcloudapi.net", "localhost:8443", "127.0.0.1"])
def test_vaults_of_other_clouds_and_on_loopback_are_hosts(host: str) -> None:
    assert open_store(f"azurekeyvault://{host}/a").url == f"azurekeyvault://{host}/a"


def test_the_environment_completes_nothing() -> None:
    url = "azurekeyvault:///support-line"
    assert complete_url(url, {"AZURE_KEYVAULT_URL": "x", "VAULT_ADDR": "y"}) == url


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/support-line", "vault_url= is needed"),
        ("my-vault/support-line", r"write my-vault\.vault\.azure\.net"),
        (f"{HOST}:x/support-line", "is not a vault's host name"),
        (f"{HOST}:/support-line", "is not a vault's host name"),
        ("[::1]/support-line", "is not a vault's host name"),
        (f"{HOST}/", "can't be a secret's name"),
        (f"{HOST}/a_b", "can't be a secret's name"),
        (f"{HOST}/a/0123", "can't be a secret's name"),
        (f"{HOST}/" + "a" * 128, "can't be a secret's name"),
        (f"{HOST}/a?existing=false", "existing is true or left out"),
        (f"{HOST}/a?existing=true&tag.a=b", "takes no tags"),
        (f"{HOST}/a?region=x", "is no setting of this store"),
        (f"{HOST}/a?tag.{'k' * 513}=v", "is too long"),
        (f"{HOST}/a?tag.k={'v' * 257}", "is too long"),
        (f"{HOST}/a?tag.Whatsapp-Flow-Keys-After=v", "is one that is set here"),
        (f"{HOST}/a?" + "&".join(f"tag.k{n}=v" for n in range(14)), "14 tags are too many"),
    ],
)
def test_a_url_that_can_not_be_used_is_one_sentence_that_names_its_field(rest: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[1\]: .*{said}"):
        open_store(f"azurekeyvault://{rest}", "backups[1]")


def test_a_missing_extra_is_told_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_library, "find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=r'^store: .*pip install "whatsapp-flow-encryption\[azure\]"'):
        open_store(f"azurekeyvault://{HOST}/support-line")


# Where a token and a key go


def challenge_is_checked(opened: AzureKeyVaultStore) -> bool:
    client = opened._calls._client()
    policy = client._client._config.authentication_policy
    return bool(policy._verify_challenge_resource)


@pytest.mark.parametrize("host", [HOST, "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1"])
def test_a_vault_that_asks_for_another_domains_token_is_refused(host: str) -> None:
    assert challenge_is_checked(AzureKeyVaultStore(f"azurekeyvault://{host}/a", credential=Known("us")))


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "localhost", "127.9.9.9"])
def test_on_loopback_any_domain_may_ask(host: str) -> None:
    assert not challenge_is_checked(AzureKeyVaultStore(f"azurekeyvault://{host}/a", credential=Known("us")))


def test_a_challenge_of_another_domain_is_a_sentence_and_no_token_is_sent(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.stores.azure_key_vault.client.is_loopback", lambda host: False)
    with pytest.raises(StoreUnavailableError, match=r"is no Key Vault of this name: .*; none was sent"):
        store.read()
    assert not any(request.identity for request in vault.log)


def test_no_key_leaves_before_the_vault_said_whose_token_it_wants(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.put(NAME, "")
    found = store.read()
    vault.log.clear()
    _forget_the_challenge()
    store.write(ring(1), found)
    assert any(not request.identity for request in vault.log)
    assert all(not request.body for request in vault.log if not request.identity)


def test_the_search_for_a_key_finds_it_where_it_has_to_be(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1), store.read())
    assert [request.method for request in vault.log if b"PRIVATE KEY" in request.body and request.identity] == ["PUT"]


def test_a_put_that_is_challenged_anew_sends_no_key_along(vault: KeyVault) -> None:
    _forget_the_challenge()
    anew(vault)._put("a PRIVATE KEY", over=None, after="")
    first, second = vault.log
    assert (first.method, first.identity, first.body) == ("PUT", "", b"")
    assert (second.method, second.identity) == ("PUT", "us")
    assert b"PRIVATE KEY" in second.body


def _forget_the_challenge() -> None:
    from azure.keyvault.secrets._shared import http_challenge_cache

    http_challenge_cache.clear()


# One writer


def test_a_version_bears_what_it_was_written_over(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    first = store.write(ring(), store.read())
    store.write(ring(1, revision=2), first)
    one, two = vault.versions(NAME)
    assert (one["tags"][AFTER], two["tags"][AFTER]) == ("none", first.version)
    assert one["id"].endswith(first.version)
    assert {each["contentType"] for each in (one, two)} == {"application/json"}


def test_versions_in_many_pages_are_all_seen() -> None:
    with KeyVault(page=2) as vault, signed_in(vault):
        store = AzureKeyVaultStore(vault.url(NAME))
        last = store.read()
        for revision in range(1, 8):
            last = store.write(ring(revision=revision), last)
        vault.log.clear()
        assert store.read() == last
        assert sum(request.path.endswith("/versions") for request in vault.log) == 4


def test_a_race_that_was_lost_before_the_write_writes_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = anew(vault)
    other.write(ring(1, revision=2), other.read())
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        store.write(ring(2, revision=2), found)
    assert len(vault.versions(NAME)) == 2


def test_a_ring_that_is_too_large_is_told_before_any_call(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.read()
    vault.log.clear()
    with pytest.raises(RingTooLargeError, match=str(LARGEST)):
        store.write(replace(ring(), keys=ring(1).keys * 10), found)
    assert vault.log == []


def test_a_lost_answer_leaves_a_twin_that_is_no_conflict(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", answer_lost=True)
    written = store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 3
    assert anew(vault).read() == written
    store.write(ring(2, revision=3), written)
    assert anew(vault).read().ring == ring(2, revision=3)


def test_a_twin_that_arrives_after_all_is_no_conflict(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    late = document.dump(ring(1, revision=2))
    just_after_the_write(vault, lambda: vault.put(NAME, late, {AFTER: found.version}))
    written = store.write(ring(1, revision=2), found)
    store.write(ring(2, revision=3), written)
    assert anew(vault).read().ring == ring(2, revision=3)


def test_a_write_that_arrives_long_after_the_next_one_takes_no_key_away(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    second = store.write(ring(1, revision=2), first)
    store.write(ring(1, 2, revision=3), second)
    vault.put(NAME, document.dump(ring(1, revision=2)), {AFTER: first.version})
    found = anew(vault).read()
    assert keys_of(found.ring) == fingerprints(0, 1, 2)
    store.write(ring(1, 2, revision=4), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_all_answers_lost_is_an_error_and_the_next_run_finds_what_was_written(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.fail("PUT", answer_lost=True, times=3)
    with pytest.raises(StoreUnavailableError, match="run again"):
        store.write(ring(1), store.read())
    assert anew(vault).read().ring == ring(1)


# Two and three writers


class Turns:
    """Lets the requests of several writers through one by one, in an order drawn from a seed."""

    def __init__(self, seed: int, writers: dict[str, Callable[[], object]]) -> None:
        self._draw, self._writers = random.Random(seed), writers
        self._waiting: set[str] = set()
        self._running = set(writers)
        self._turn = ""
        self._changed = Condition()
        self.outcomes: dict[str, str] = {}

    def before(self, request: Request) -> None:
        with self._changed:
            self._waiting.add(request.identity)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._turn == request.identity, 30)
            self._turn = ""
            self._waiting.discard(request.identity)

    def run(self) -> None:
        threads = [Thread(target=self._write, args=(name,)) for name in self._writers]
        for thread in threads:
            thread.start()
        with self._changed:
            while self._running:
                assert self._changed.wait_for(lambda: not self._turn and self._waiting == self._running, 30)
                if self._running:
                    self._turn = self._draw.choice(sorted(self._waiting))
                    # What was let through comes back with its next request, or ends.
                    self._waiting.discard(self._turn)
                    self._changed.notify_all()
        for thread in threads:
            thread.join(30)

    def _write(self, name: str) -> None:
        try:
            self._writers[name]()
        except StoreError as error:
            self.outcomes[name] = type(error).__name__
        else:
            self.outcomes[name] = "won"
        with self._changed:
            self._running.discard(name)
            self._changed.notify_all()


def race(
    vault: KeyVault, name: str, writers: int, seed: int, *, before: Callable[[Request], None] | None = None
) -> Turns:
    """So many who read the same version write over it, each with a pending key of its own."""

    def writer(index: int) -> Callable[[], object]:
        store = anew(vault, name, f"us-{index}")
        found = store.read()
        return lambda: store.write(ring(index, revision=2, owner=f"key-{index}"), found)

    turns = Turns(seed, {f"us-{index}": writer(index) for index in range(1, writers + 1)})

    def both(request: Request) -> None:
        turns.before(request)
        if before:
            before(request)

    vault.before = both
    turns.run()
    vault.before = lambda request: None
    return turns


@pytest.mark.parametrize("writers", [2, 3])
@pytest.mark.parametrize("first", [True, False], ids=["into nothing", "over a ring"])
def test_in_whatever_order_at_most_one_wins_and_the_newest_version_holds_every_key(
    vault: KeyVault, writers: int, first: bool
) -> None:
    outcomes: set[tuple[str, ...]] = set()
    for seed in range(20):
        name = f"ring-{seed}"
        if not first:
            anew(vault, name).write(ring(), anew(vault, name).read())
        turns = race(vault, name, writers, seed)
        assert len(turns.outcomes) == writers
        assert set(turns.outcomes.values()) <= {"won", "StoreConflictError"}, seed
        assert list(turns.outcomes.values()).count("won") <= 1, seed
        assert newest_keys(vault, name) == every_key(vault, name), seed
        winners = {int(who[-1]) for who, outcome in turns.outcomes.items() if outcome == "won"}
        assert fingerprints(*winners) <= newest_keys(vault, name), seed
        outcomes.add(tuple(sorted(turns.outcomes.values())))
    assert len(outcomes) == 2  # orders with a winner and without one were drawn


@pytest.mark.parametrize("calls", range(1, 8))
def test_whoever_is_killed_after_any_call_takes_nobodys_key_along(vault: KeyVault, calls: int) -> None:
    for seed in range(6):
        name = f"ring-{seed}"
        anew(vault, name).write(ring(), anew(vault, name).read())
        made = 0

        def killed(request: Request) -> None:
            nonlocal made
            made += request.identity == "us-1"
            if request.identity == "us-1" and made > calls:
                raise Refused(400, "Killed")

        turns = race(vault, name, 2 + seed % 2, seed, before=killed)
        assert list(turns.outcomes.values()).count("won") <= 1, seed
        store = anew(vault, name)
        found = store.read()
        assert keys_of(found.ring) == every_key(vault, name), seed
        assert found.ring is not None
        written = store.write(replace(found.ring, revision=9), found)
        assert newest_keys(vault, name) == every_key(vault, name), seed
        assert anew(vault, name).read() == written, seed


def test_one_who_wrote_in_between_is_joined_and_told(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = anew(vault)
    theirs = other.read()
    just_before_the_write(vault, lambda: other.write(ring(1, revision=2), theirs))
    with pytest.raises(StoreConflictError, match="the keys of both were kept") as caught:
        store.write(ring(2, revision=2), found)
    assert str(caught.value).startswith(f"{store.url}: ")
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_key_of_theirs_that_was_never_offered_is_kept_from_when_they_wrote(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    other = anew(vault)
    theirs = other.read()
    just_before_the_write(vault, lambda: other.write(ring(1, revision=2), theirs))
    with pytest.raises(StoreConflictError):
        store.write(ring(2, revision=2), found)
    joined = document.load(vault.text(NAME) or "", "here")
    left = joined.key(KEYS[1].fingerprint)
    assert left is not None
    assert left.role is Role.RETAINED
    assert left.offered_at is not None
    assert abs(left.offered_at - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert joined.revision == 3


def test_an_offer_that_was_written_at_the_same_moment_is_kept(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(1), store.read())
    other = anew(vault)
    theirs = other.read()
    offered = replace(ring(revision=2), keys=(key(0, Role.CURRENT, OFFERED), key(1, Role.PENDING, OFFERED)))
    just_before_the_write(vault, lambda: other.write(offered, theirs))
    with pytest.raises(StoreConflictError):
        store.write(ring(1, revision=2, owner="key-2"), found)
    kept = document.load(vault.text(NAME) or "", "here").key(KEYS[1].fingerprint)
    assert kept is not None
    assert kept.offered_at == OFFERED


def test_two_rings_that_are_too_large_together_are_both_kept_and_joined_at_the_next_read(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    def many(digit: str) -> KeyRing:
        others = (replace(key(1, Role.RETAINED, OFFERED), fingerprint=f"{n}{digit}" * 32) for n in range(8))
        return replace(ring(revision=2), keys=(*ring().keys, *others))

    found = store.write(ring(), store.read())
    other = anew(vault)
    theirs = other.read()
    just_before_the_write(vault, lambda: other.write(many("a"), theirs))
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        store.write(many("b"), found)
    joined = store.read()
    assert keys_of(joined.ring) == keys_of(many("a")) | keys_of(many("b"))
    assert joined.ring is not None
    with pytest.raises(RingTooLargeError):
        store.write(joined.ring, joined)


def test_one_who_reads_and_writes_on_right_after_us_is_no_conflict(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = anew(vault)
    just_after_the_write(vault, lambda: other.write(ring(1, 2, revision=3), other.read()))
    written = store.write(ring(1, revision=2), found)
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        store.write(ring(3, revision=4), written)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_version_that_a_person_disabled_is_left_out(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.put(NAME, document.dump(ring(1)), {AFTER: found.version})
    vault.change(NAME, tags={AFTER: found.version}, enabled=False)
    vault.put(NAME, document.dump(ring(2)), {AFTER: found.version})
    assert keys_of(anew(vault).read().ring) == fingerprints(0, 2)


def test_somebody_who_may_not_list_reads_the_newest_version(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1), store.read())
    vault.forbidden = {"list"}
    assert anew(vault).read().ring == ring(1)


def test_a_loose_version_that_the_reader_could_not_see_is_joined_and_told(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for index in (1, 2):
        vault.put(NAME, document.dump(ring(index)), {AFTER: first.version})
    vault.forbidden = {"list"}
    found = store.read()
    assert keys_of(found.ring) == fingerprints(0, 2)
    vault.forbidden = set()
    with pytest.raises(StoreConflictError):
        store.write(ring(2, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_write_over_what_was_joined_at_the_read_leaves_nothing_loose(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for index in (1, 2):
        vault.put(NAME, document.dump(ring(index)), {AFTER: first.version})
    found = store.read()
    assert keys_of(found.ring) == fingerprints(0, 1, 2)
    written = store.write(ring(2, revision=2), found)
    assert anew(vault).read() == written
    assert anew(vault).read().ring == ring(2, revision=2)


# Other tools, and people


def test_what_another_tool_wrote_in_between_is_named_and_stays_in_the_history(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    ids: list[str] = []
    just_before_the_write(vault, lambda: ids.append(vault.put(NAME, "password=hunter2")))
    with pytest.raises(StoreConflictError) as caught:
        store.write(ring(1, revision=2), found)
    assert f"another tool wrote at the same moment; what it wrote is the version {ids[0]}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert anew(vault).read().ring == ring(1, revision=2)


def test_what_another_tool_wrote_right_after_us_is_told_and_not_overwritten(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_after_the_write(vault, lambda: vault.put(NAME, "password=hunter2"))
    with pytest.raises(StoreConflictError, match=r"wrote something else over it") as caught:
        store.write(ring(1, revision=2), found)
    assert "hunter2" not in str(caught.value)
    assert vault.text(NAME) == "password=hunter2"


def test_a_ring_that_a_person_put_back_by_hand_holds_as_it_is(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1, revision=5), store.read())
    vault.put(NAME, document.dump(ring(2, revision=3)))
    found = store.read()
    assert found.ring == ring(2, revision=3)
    store.write(ring(2, revision=4), found)
    assert anew(vault).read().ring == ring(2, revision=4)


def test_a_ring_that_a_person_put_there_while_we_wrote_is_joined(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    just_before_the_write(vault, lambda: vault.put(NAME, document.dump(ring(2, revision=2))))
    with pytest.raises(StoreConflictError):
        store.write(ring(1, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


# Deletion


def test_a_deletion_says_until_when_it_can_be_undone(store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    until = (datetime.now(timezone.utc) + timedelta(days=90)).strftime("%Y-%m-%d")
    assert f"can be recovered until {until}" in delete(store)


def test_a_deleted_ring_is_recovered_with_its_versions(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(1), store.read())
    delete(store)
    assert store.read().deleted
    store.restore()
    assert anew(vault).read() == written


def test_a_deleted_secret_of_another_tool_is_not_recovered(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.put(NAME, "password=hunter2")
    vault.delete(NAME)
    assert store.read().deleted
    with pytest.raises(ForeignDocumentError, match="a deleted secret of another tool has this name") as caught:
        store.restore()
    assert "hunter2" not in str(caught.value)
    assert vault.is_deleted(NAME)


def test_restoring_what_is_not_deleted_does_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    written = store.write(ring(), store.read())
    store.restore()
    assert anew(vault).read() == written


def test_a_secret_that_was_deleted_in_the_middle_of_a_write_is_a_conflict(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_before_the_write(vault, lambda: vault.delete(NAME))
    with pytest.raises(StoreConflictError, match="was deleted and its name is held back; nothing was written"):
        store.write(ring(1, revision=2), found)
    assert vault.is_deleted(NAME)


def test_a_secret_that_was_deleted_right_after_a_write_is_a_conflict(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    just_after_the_write(vault, lambda: vault.delete(NAME))
    with pytest.raises(StoreConflictError, match="somebody else deleted the key ring"):
        store.write(ring(1, revision=2), found)


def test_somebody_who_may_not_look_at_deleted_secrets_finds_nothing(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    delete(store)

    def before(request: Request) -> None:
        if request.path.startswith("/deletedsecrets"):
            raise Refused(403, "Forbidden", "ForbiddenByRbac")

    vault.before = before
    found = store.read()
    assert (found.version, found.deleted) == ("", False)
    with pytest.raises(StoreConflictError, match=r"needs the permissions `get` and `recover`"):
        store.write(ring(), found)


def test_a_vault_without_soft_deletion_says_that_nothing_can_be_undone() -> None:
    with KeyVault(softly=False) as vault, signed_in(vault):
        store = AzureKeyVaultStore(vault.url(NAME))
        assert store.recoverable
        store.write(ring(), store.read())
        assert not store.recoverable
        assert delete(store) == ""
        assert vault.text(NAME) is None


@pytest.mark.parametrize("inner", ["ObjectIsBeingDeleted", "ObjectIsBeingRecovered"])
def test_a_secret_on_its_way_says_to_wait(vault: KeyVault, store: AzureKeyVaultStore, inner: str) -> None:
    vault.fail("PUT", status=409, code="Conflict", inner=inner)
    with pytest.raises(StoreUnavailableError, match="run again in a minute"):
        store.write(ring(), store.read())


# A platform team's secret


def test_an_existing_blank_secret_is_written_and_stays_the_platform_teams(
    vault: KeyVault, existing: AzureKeyVaultStore
) -> None:
    vault.put(NAME, " \n", {"cost-center": "7"})
    found = existing.read()
    assert (found.ring, bool(found.version)) == (None, True)
    existing.write(ring(), found)
    assert set(vault.versions(NAME)[-1]["tags"]) == {"cost-center", AFTER}
    assert vault.versions(NAME)[-1]["tags"]["cost-center"] == "7"
    assert existing.read().ring == ring()


def test_an_existing_secret_is_never_made(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    with pytest.raises(StoreUnavailableError, match="the platform team must make it first"):
        existing.write(ring(), existing.read())
    assert vault.versions(NAME) == []


def test_an_existing_secret_is_never_deleted(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "")
    existing.write(ring(), existing.read())
    assert "stays with the keys in it" in delete(existing)
    assert existing.recoverable
    assert existing.read().ring == ring()


def test_an_existing_secret_is_never_recovered(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "", {MANAGED_BY: "whatsapp-flow-encryption"})
    vault.delete(NAME)
    assert existing.read().deleted
    with pytest.raises(StoreUnavailableError, match="the platform team, whose it is, must recover it"):
        existing.restore()
    assert vault.is_deleted(NAME)


def test_an_existing_secrets_tags_are_not_touched(vault: KeyVault, existing: AzureKeyVaultStore) -> None:
    vault.put(NAME, "", {"cost-center": "7"})
    existing.settle()
    assert vault.versions(NAME)[-1]["tags"] == {"cost-center": "7"}


# Tags


def tags(vault: KeyVault) -> dict[str, str]:
    """Those of the newest version that aren't the store's own."""
    found: dict[str, str] = vault.versions(NAME)[-1]["tags"]
    return {name: value for name, value in found.items() if not name.startswith("whatsapp-flow-keys-")}


def test_settling_changes_our_tags_and_leaves_those_of_others(vault: KeyVault) -> None:
    first = AzureKeyVaultStore(vault.url(NAME, **{"tag.team": "payments", "tag.old": "1"}))
    written = first.write(ring(), first.read())
    vault.change(NAME, tags=vault.versions(NAME)[-1]["tags"] | {"cost-center": "7"})
    later = AzureKeyVaultStore(vault.url(NAME, **{"tag.team": "flows", "tag.new": "2"}))
    later.settle()
    assert tags(vault) == {"team": "flows", "new": "2", "cost-center": "7"}
    assert later.read() == written


def test_settling_what_is_settled_writes_nothing(vault: KeyVault) -> None:
    store = AzureKeyVaultStore(vault.url(NAME, **{"tag.team": "payments"}))
    store.write(ring(), store.read())
    vault.log.clear()
    store.settle()
    assert [request.method for request in vault.log] == ["GET"]


def test_each_version_bears_the_urls_tags_and_those_of_others(vault: KeyVault) -> None:
    store = AzureKeyVaultStore(vault.url(NAME, **{"tag.team": "payments"}))
    written = store.write(ring(), store.read())
    vault.change(NAME, tags=vault.versions(NAME)[-1]["tags"] | {"cost-center": "7"})
    AzureKeyVaultStore(vault.url(NAME)).write(ring(1, revision=2), written)
    assert tags(vault) == {"cost-center": "7"}


def test_thirteen_long_tags_fit(vault: KeyVault) -> None:
    many = {f"tag.{'k' * 500}{n}": "v" * 256 for n in range(13)}
    store = AzureKeyVaultStore(vault.url(NAME, **many))
    store.write(ring(), store.read())
    written = vault.versions(NAME)[-1]["tags"]
    assert len(written) == 15
    assert all(len(value) <= 256 for value in written.values())


def test_more_tags_than_the_vault_takes_is_told_before_the_write(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.put(NAME, "", {f"theirs-{n}": "x" for n in range(14)})
    with pytest.raises(StoreUnavailableError, match="would have 16 tags"):
        store.write(ring(), store.read())
    assert vault.text(NAME) == ""


# Refusals and faults


@pytest.mark.parametrize(
    ("permission", "data_action", "call"),
    [
        ("get", "getSecret/action", lambda store, found: store.read()),
        ("set", "setSecret/action", lambda store, found: store.write(ring(1, revision=2), found)),
        ("list", "readMetadata/action", lambda store, found: store.write(ring(1, revision=2), found)),
        ("delete", "delete", lambda store, found: delete(store)),
        ("set", "update/action", lambda store, found: store.settle()),
    ],
)
def test_a_missing_permission_is_named_in_the_words_of_both_models(
    vault: KeyVault, permission: str, data_action: str, call: Callable[[AzureKeyVaultStore, object], object]
) -> None:
    store = AzureKeyVaultStore(vault.url(NAME, **{"tag.team": "payments"}))
    found = anew(vault).write(ring(), anew(vault).read())
    vault.forbidden = {permission}
    with pytest.raises(StorePermissionError) as caught:
        call(store, found)
    said = str(caught.value)
    assert said.startswith(f"{store.url}: this identity lacks the permission `{permission}`")
    assert f"Microsoft.KeyVault/vaults/secrets/{data_action} " in said
    assert newest_keys(vault) == fingerprints(0)


def test_a_missing_permission_to_recover_is_named(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    delete(store)
    vault.forbidden = {"recover"}
    with pytest.raises(StorePermissionError, match="lacks the permission `recover`"):
        store.restore()


def test_a_disabled_secret_is_told(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(), store.read())
    vault.change(NAME, enabled=False)
    with pytest.raises(StoreUnavailableError, match="is disabled; enable its newest version"):
        anew(vault).read()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 403, "inner": "ForbiddenByFirewall"}, "firewall doesn't let this network in"),
        ({"status": 400, "code": "BadParameter"}, r"answered 400 \(BadParameter\)"),
        ({"status": 400, "code": "-----BEGIN hunter2"}, r"answered 400;"),
        ({"status": 503, "times": 3}, "answered 503"),
        ({"status": 429, "times": 3}, "too many requests"),
        ({"answer_lost": True, "times": 3}, "did not answer in time or broke off|can't be reached"),
    ],
)
def test_a_fault_of_the_vault_is_a_sentence(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], said: str
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.put(NAME, "")
    vault.fail(None, **fault)
    with pytest.raises(StoreUnavailableError, match=f"^{store.url}: .*{said}") as caught:
        store.read()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("call", [lambda store: store.read(), lambda store: delete(store)], ids=["read", "delete"])
@pytest.mark.parametrize("is_down", [True, False], ids=["down", "silent"])
def test_a_vault_that_is_down_or_silent_is_named(
    place: AzurePlace,
    monkeypatch: pytest.MonkeyPatch,
    is_down: bool,
    call: Callable[[Store], object],
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if is_down:
            server.close()
        store = place.at_port(port)
        with pytest.raises(StoreUnavailableError, match=f"^{store.url}: the vault"):
            call(store)


def test_the_fake_ends_with_the_connections_that_are_open() -> None:
    threads = active_count()
    with KeyVault() as vault, signed_in(vault):
        store = AzureKeyVaultStore(vault.url(NAME))
        store.read()
        assert active_count() > threads
    assert active_count() == threads


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vault_that_recovers_is_asked_again(vault: KeyVault, store: AzureKeyVaultStore, status: int) -> None:
    vault.fail(None, status=status, headers={"Retry-After": "0"})
    store.write(ring(), store.read())
    assert anew(vault).read().ring == ring()


def test_a_vault_that_asks_for_an_hour_is_not_waited_for(
    vault: KeyVault, store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    vault.fail(None, status=429, times=3, headers={"Retry-After": "3600"})
    with pytest.raises(StoreUnavailableError, match="too many requests"):
        store.read()


def test_a_vault_with_a_certificate_that_nobody_here_trusts_is_told(
    store: AzureKeyVaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.3")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(StoreUnavailableError, match=r"its certificate is not trusted here; .* REQUESTS_CA_BUNDLE"):
        store.read()


def test_a_token_that_the_vault_does_not_take_is_told(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.takes_no_token = True
    with pytest.raises(StorePermissionError, match=r"does not accept the token of this identity; sign in anew"):
        store.read()


def test_an_identity_that_gets_no_token_is_told_what_was_tried(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    vault.gives_no_token = True
    with pytest.raises(StorePermissionError, match=r"nobody is signed in to Azure\. Run `az login`.*ManagedIdentity"):
        store.read()


def test_nobody_signed_in_is_told_and_logged_nowhere(vault: KeyVault, caplog: pytest.LogCaptureFixture) -> None:
    with (
        signed_in(vault, AZURE_TOKEN_CREDENTIALS="EnvironmentCredential"),
        pytest.raises(StorePermissionError, match=r"AZURE_CLIENT_ID.*Tried were: .*EnvironmentCredential") as caught,
    ):
        AzureKeyVaultStore(vault.url(NAME)).read()
    assert "\n" not in str(caught.value)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_the_default_credential_is_one_for_the_process(vault: KeyVault) -> None:
    first, second = AzureKeyVaultStore(vault.url(NAME)), AzureKeyVaultStore(vault.url("other"))
    first.read()
    second.read()
    assert first._calls._client()._client._config.credential is second._calls._client()._client._config.credential


def test_no_key_is_in_any_error_log_or_repr(
    vault: KeyVault, store: AzureKeyVaultStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = store.write(ring(1), store.read())
    vault.fail("PUT", status=400, code="BadParameter")
    with pytest.raises(StoreUnavailableError) as caught:
        store.write(ring(2, revision=2), found)
    with pytest.raises(StorePermissionError) as forbidden:
        AzureKeyVaultStore(store.url, credential=Known(NOBODY)).write(ring(3, revision=2), found)
    said = [repr(caught.value), repr(forbidden.value), repr(store), repr(found), repr(vars(store)), caplog.text]
    assert caught.value.__cause__ is None
    assert not any("PRIVATE KEY" in text or "token-of" in text for text in said)


def test_the_fake_answers_in_pages_and_envelopes(vault: KeyVault) -> None:
    versions = [vault.put(NAME, "x") for _ in range(26)]
    page = vault.answered("GET", f"/secrets/{NAME}/versions", {"api-version": ["x"]}, {})
    assert (len(page["value"]), bool(page["nextLink"])) == (25, True)
    assert [item["id"] for item in page["value"]] == sorted(item["id"] for item in page["value"])
    assert "value" not in json.dumps(page["value"])
    assert len(versions) == 26
    with pytest.raises(Refused) as refused:
        vault.answered("GET", "/secrets/missing", {"api-version": ["x"]}, {})
    assert (refused.value.status, refused.value.body["error"]["code"]) == (404, "SecretNotFound")
