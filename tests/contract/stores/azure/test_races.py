"""Key Vault has no compare-and-set: two and three who write a key ring at one moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.stores.azure.direct import directly
from tests.contract.stores.azure.rings import (
    AFTER,
    NAME,
    OFFERED,
    at_the_next_look,
    every_key,
    fingerprints,
    just_after_the_write,
    just_before_the_write,
    key,
    keys_of,
    newest_keys,
    other_store,
    ring,
)
from tests.contract.stores.azure.turns import IN_TURN, REFUSED, Choose, EveryOrder, Turns, drawn
from tests.contract.stores.azure_place import AzurePlace
from tests.pairs import pair
from tests.servers.key_vault import KeyVault, Request
from tests.servers.key_vault_secrets import Refused
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import (
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing, Role
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore

pytestmark = pytest.mark.slow


def race(
    vault: KeyVault,
    name: str,
    writers: int,
    choose: Choose,
    opened: Callable[..., AzureKeyVaultStore] = other_store,
    before: Callable[[Request], None] = lambda request: None,
) -> Turns:
    """So many who read the same version write over it, each with a pending key of its own."""

    def writer(index: int) -> Callable[[], object]:
        store = opened(vault, name, f"us-{index}")
        found = store.read()
        return lambda: store.write(ring(index, revision=2, owner=f"key-{index}"), found)

    turns = Turns(vault, {f"us-{index}": writer(index) for index in range(1, writers + 1)}, choose)
    vault.before = before
    turns.run()
    vault.before = lambda request: None
    return turns


def check_that_no_key_was_lost(vault: KeyVault, name: str, turns: Turns, order: object) -> None:
    """At most one won, the others met a conflict, and the newest version holds the keys of all who got in."""
    assert set(turns.outcomes.values()) <= {"won", "StoreConflictError", "BusyError"}, order
    winners = {int(who[-1]) for who, outcome in turns.outcomes.items() if outcome == "won"}
    assert len(winners) <= 1, order
    assert newest_keys(vault, name) == every_key(vault, name), order
    assert fingerprints(*winners) <= newest_keys(vault, name), order


@pytest.mark.parametrize("first", [True, False], ids=["into nothing", "over a ring"])
def test_in_every_order_of_two_at_most_one_wins_and_the_newest_version_holds_every_key(
    vault: KeyVault, world: str, first: bool
) -> None:
    outcomes, orders = set[tuple[str, ...]](), EveryOrder(switches=100 if world == IN_TURN else 4)
    for order, choose in enumerate(orders.runs()):
        name = f"ring-{order}"
        if not first:
            directly(vault, name).write(ring(), directly(vault, name).read())
        turns = race(vault, name, 2, choose, directly)
        assert len(turns.outcomes) == 2
        check_that_no_key_was_lost(vault, name, turns, order)
        outcomes.add(tuple(sorted(turns.outcomes.values())))
    assert outcomes >= {("StoreConflictError", "won"), ("StoreConflictError", "StoreConflictError")}
    assert (("BusyError", "won") in outcomes) == (world == REFUSED)


@pytest.mark.parametrize("writers", [2, 3])
@pytest.mark.parametrize("first", [True, False], ids=["into nothing", "over a ring"])
def test_in_orders_that_are_drawn_the_same_holds_over_the_wire(
    vault: KeyVault, world: str, writers: int, first: bool
) -> None:
    for seed in range(3):
        name = f"ring-{seed}"
        if not first:
            other_store(vault, name).write(ring(), other_store(vault, name).read())
        turns = race(vault, name, writers, drawn(seed))
        assert len(turns.outcomes) == writers
        check_that_no_key_was_lost(vault, name, turns, seed)


@pytest.mark.parametrize("calls", range(1, 8))
def test_whoever_is_killed_after_any_call_takes_nobodys_key_along(vault: KeyVault, world: str, calls: int) -> None:
    for seed in range(12):
        name = f"ring-{seed}"
        directly(vault, name).write(ring(), directly(vault, name).read())
        made = 0

        def killed(request: Request) -> None:
            nonlocal made
            made += request.identity == "us-1"
            if request.identity == "us-1" and made > calls:
                raise Refused(400, "Killed")

        turns = race(vault, name, 2 + seed % 2, drawn(seed), directly, before=killed)
        assert list(turns.outcomes.values()).count("won") <= 1, seed
        store = directly(vault, name)
        found = store.read()
        assert keys_of(found.ring) == every_key(vault, name), seed
        assert found.ring is not None
        written = store.write(replace(found.ring, revision=9), found)
        assert newest_keys(vault, name) == every_key(vault, name), seed
        assert directly(vault, name).read() == written, seed


def while_it_is_written(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, while the next version is on its way into the vault."""

    def within(_: Request) -> None:
        vault.within = lambda _: None
        call()

    vault.within = within


def test_one_who_is_refused_since_somebody_else_is_writing_has_lost_the_race(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()
    refused: list[StoreConflictError] = []

    def write() -> None:
        with pytest.raises(StoreConflictError) as caught:
            other.write(ring(2, revision=2), theirs)
        refused.append(caught.value)

    while_it_is_written(vault, write)
    written = store.write(ring(1, revision=2), found)
    assert "somebody else is writing this secret at this moment" in str(refused[0])
    assert "deleted" not in str(refused[0])
    assert other_store(vault).read() == written


def test_a_write_that_is_refused_a_few_times_is_made_again(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.fail("PUT", status=409, code="Conflict", times=4)
    written = store.write(ring(1, revision=2), found)
    assert other_store(vault).read() == written


def test_a_write_that_goes_on_being_refused_ends_in_a_conflict_and_writes_nothing(
    vault: KeyVault, place: AzurePlace
) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    vault.fail("PUT", status=409, code="Conflict", times=100)
    place.clock.waited = 0
    with pytest.raises(StoreConflictError, match="takes one write at a time; this one was refused"):
        store.write(ring(1, revision=2), found)
    assert len(vault.versions(NAME)) == 1
    assert 0 < place.clock.waited < 30


def test_a_refused_write_looks_again_before_it_is_made_again(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()

    def write() -> None:
        other.write(ring(1, revision=2), theirs)
        raise Refused(409, "Conflict")

    just_before_the_write(vault, write)
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        store.write(ring(2, revision=2), found)
    assert every_key(vault) == fingerprints(0, 1)


@pytest.mark.parametrize("times", [1, 3])
def test_a_join_that_is_refused_since_somebody_else_is_writing_is_made_again(
    vault: KeyVault, store: AzureKeyVaultStore, times: int
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()

    def write() -> None:
        other.write(ring(1, revision=2), theirs)
        at_the_next_look(vault, lambda: vault.fail("PUT", status=409, code="Conflict", times=times))

    just_before_the_write(vault, write)
    with pytest.raises(StoreConflictError, match="the keys of both were kept"):
        store.write(ring(2, revision=2), found)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"status": 409, "code": "Conflict"}, StoreConflictError, "in versions of the secret that the next read joins"),
        ({"status": 400, "code": "BadParameter"}, StoreUnavailableError, "did not carry out the request"),
        ({"status": 409, "code": "Conflict", "inner": "ObjectIsBeingDeleted"}, StoreConflictError, "deleted the key"),
        (
            {"status": 409, "code": "Conflict", "inner": "ObjectIsDeletedButRecoverable"},
            StoreConflictError,
            "deleted the key",
        ),
        ({"status": 403, "code": "Forbidden", "inner": "ForbiddenByRbac"}, StorePermissionError, "permission `set`"),
    ],
)
def test_a_join_that_can_not_be_made_is_reported_and_the_next_read_has_every_key(
    vault: KeyVault, store: AzureKeyVaultStore, fault: dict[str, object], error: type[StoreError], said: str
) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
    theirs = other.read()

    def write() -> None:
        other.write(ring(1, revision=2), theirs)
        at_the_next_look(vault, lambda: vault.fail("PUT", **fault, times=100))

    just_before_the_write(vault, write)
    with pytest.raises(error, match=said):
        store.write(ring(2, revision=2), found)
    assert keys_of(other_store(vault).read().ring) == fingerprints(0, 1, 2)


def test_of_many_loose_versions_as_many_are_joined_by_name_as_a_tag_takes(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    first = store.write(ring(), store.read())
    for revision in range(12):
        vault.put(NAME, document.dump(ring(1, revision=2 + revision)), {AFTER: first.version})
    found = store.read()
    store.write(ring(1, revision=20), found)
    assert len(vault.versions(NAME)[-1]["tags"][AFTER]) == 7 * 32 + 6
    assert newest_keys(vault) == fingerprints(0, 1)


def test_one_who_wrote_in_between_is_joined_and_reported(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    other = other_store(vault)
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
    other = other_store(vault)
    theirs = other.read()
    just_before_the_write(vault, lambda: other.write(ring(1, revision=2), theirs))
    with pytest.raises(StoreConflictError):
        store.write(ring(2, revision=2), found)
    joined = document.load(vault.text(NAME) or "", "here")
    left = joined.key(pair(1).fingerprint)
    assert left is not None
    assert left.role is Role.RETAINED
    assert left.offered_at is not None
    assert abs(left.offered_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert joined.revision == 3


def test_an_offer_that_was_written_at_the_same_moment_is_kept(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(1), store.read())
    other = other_store(vault)
    theirs = other.read()
    offered = replace(ring(revision=2), keys=(key(0, Role.CURRENT, OFFERED), key(1, Role.PENDING, OFFERED)))
    just_before_the_write(vault, lambda: other.write(offered, theirs))
    with pytest.raises(StoreConflictError):
        store.write(ring(1, revision=2, owner="key-2"), found)
    kept = document.load(vault.text(NAME) or "", "here").key(pair(1).fingerprint)
    assert kept is not None
    assert kept.offered_at == OFFERED


def test_two_rings_that_are_too_large_together_are_both_kept_and_joined_at_the_next_read(
    vault: KeyVault, store: AzureKeyVaultStore
) -> None:
    def many(digit: str) -> KeyRing:
        others = (replace(key(1, Role.RETAINED, OFFERED), fingerprint=f"{n}{digit}" * 32) for n in range(8))
        return replace(ring(revision=2), keys=(*ring().keys, *others))

    found = store.write(ring(), store.read())
    other = other_store(vault)
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
    other = other_store(vault)
    just_after_the_write(vault, lambda: other.write(ring(1, 2, revision=3), other.read()))
    written = store.write(ring(1, revision=2), found)
    assert written.place.endswith(f"/{written.version}")
    with pytest.raises(StoreConflictError, match="nothing was overwritten"):
        store.write(ring(3, revision=4), written)
    assert newest_keys(vault) == fingerprints(0, 1, 2)


def test_a_version_that_a_person_disabled_is_left_out(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    found = store.write(ring(), store.read())
    vault.put(NAME, document.dump(ring(1)), {AFTER: found.version})
    vault.change(NAME, tags={AFTER: found.version}, enabled=False)
    vault.put(NAME, document.dump(ring(2)), {AFTER: found.version})
    assert keys_of(other_store(vault).read().ring) == fingerprints(0, 2)


def test_somebody_who_may_not_list_reads_the_newest_version(vault: KeyVault, store: AzureKeyVaultStore) -> None:
    store.write(ring(1), store.read())
    vault.forbidden = {"list"}
    assert other_store(vault).read().ring == ring(1)


def test_a_loose_version_that_the_reader_could_not_see_is_joined_and_reported(
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
    assert other_store(vault).read() == written
    assert other_store(vault).read().ring == ring(2, revision=2)
