"""Our own fake of Azure Key Vault does what its head says that the service does. It was never compared with that."""

import json
from collections.abc import Callable
from threading import active_count
from typing import Any

import pytest

from tests.contract.stores.azure.rings import NAME, store_at
from tests.contract.stores.azure_place import signed_in
from tests.servers.key_vault import US, KeyVault, Request
from tests.servers.key_vault_secrets import Lag, Refused

SECRET, DELETED = f"/secrets/{NAME}", f"/deletedsecrets/{NAME}"
NOT_FOUND = 404, "SecretNotFound", ""


def ask(vault: KeyVault, method: str, path: str, **body: Any) -> Any:
    return vault.answered(Request(method, path, US, json.dumps(body).encode()), {"api-version": ["x"]})


def refusal(call: Callable[[], object]) -> tuple[int, str, str]:
    """The status, the code and the inner code."""
    with pytest.raises(Refused) as refused:
        call()
    error = refused.value.body["error"]
    return refused.value.status, error["code"], error.get("innererror", {}).get("code", "")


def meanwhile(vault: KeyVault, call: Callable[[], object]) -> None:
    """``call`` happens once, while the next write is under way."""

    def within(_: Request) -> None:
        vault.within = lambda _: None
        call()

    vault.within = within


def test_of_two_writes_that_overlap_the_second_is_refused_without_an_inner_code(vault: KeyVault) -> None:
    refused: list[tuple[int, str, str]] = []
    meanwhile(vault, lambda: refused.append(refusal(lambda: ask(vault, "PUT", SECRET, value="theirs"))))
    ask(vault, "PUT", SECRET, value="ours")
    assert refused == [(409, "Conflict", "")]
    assert [version["value"] for version in vault.versions(NAME)] == ["ours"]


def test_or_it_is_the_one_that_ends_second(vault: KeyVault) -> None:
    vault.secrets.refuses_at_the_end = True
    meanwhile(vault, lambda: ask(vault, "PUT", SECRET, value="theirs"))
    assert refusal(lambda: ask(vault, "PUT", SECRET, value="ours")) == (409, "Conflict", "")
    assert [version["value"] for version in vault.versions(NAME)] == ["theirs"]


def test_writes_of_two_secrets_may_overlap(vault: KeyVault) -> None:
    meanwhile(vault, lambda: ask(vault, "PUT", "/secrets/other", value="theirs"))
    ask(vault, "PUT", SECRET, value="ours")
    assert (vault.text(NAME), vault.text("other")) == ("ours", "theirs")


def test_a_write_after_another_one_makes_a_version(vault: KeyVault) -> None:
    for value in ("one", "two"):
        ask(vault, "PUT", SECRET, value=value)
    assert [version["value"] for version in vault.versions(NAME)] == ["one", "two"]


def test_until_a_deletion_is_through_the_secret_is_neither_here_nor_among_the_deleted(vault: KeyVault) -> None:
    vault.put(NAME, "x")
    vault.secrets.slowly = 2
    ask(vault, "DELETE", SECRET)
    assert refusal(lambda: ask(vault, "PUT", SECRET, value="y")) == (409, "Conflict", "ObjectIsBeingDeleted")
    assert refusal(lambda: ask(vault, "POST", f"{DELETED}/recover")) == (409, "Conflict", "ObjectIsBeingDeleted")
    assert ask(vault, "GET", f"{SECRET}/versions")["value"] == []
    assert refusal(lambda: ask(vault, "GET", SECRET)) == NOT_FOUND
    assert refusal(lambda: ask(vault, "GET", DELETED)) == NOT_FOUND
    assert "scheduledPurgeDate" in ask(vault, "GET", DELETED)
    assert refusal(lambda: ask(vault, "PUT", SECRET, value="y")) == (409, "Conflict", "ObjectIsDeletedButRecoverable")


def test_until_a_recovery_is_through_the_secret_is_neither_here_nor_among_the_deleted(vault: KeyVault) -> None:
    vault.put(NAME, "x")
    vault.delete(NAME)
    vault.secrets.slowly = 2
    ask(vault, "POST", f"{DELETED}/recover")
    assert refusal(lambda: ask(vault, "PUT", SECRET, value="y")) == (409, "Conflict", "ObjectIsBeingRecovered")
    assert refusal(lambda: ask(vault, "GET", DELETED)) == NOT_FOUND
    assert refusal(lambda: ask(vault, "GET", SECRET)) == NOT_FOUND
    assert ask(vault, "GET", SECRET)["value"] == "x"
    assert len(ask(vault, "GET", f"{SECRET}/versions")["value"]) == 1


def test_the_answer_to_a_deletion_names_the_version_that_was_the_newest(vault: KeyVault) -> None:
    vault.put(NAME, "one")
    newest = vault.put(NAME, "two")
    vault.secrets.slowly = 9
    assert ask(vault, "DELETE", SECRET)["id"].endswith(f"/{newest}")


@pytest.mark.parametrize(("names_as_asked", "answered"), [(False, "Support-Line"), (True, "SUPPORT-line")])
def test_names_are_compared_without_case(vault: KeyVault, names_as_asked: bool, answered: str) -> None:
    vault.secrets.names_as_asked = names_as_asked
    ask(vault, "PUT", "/secrets/Support-Line", value="x")
    found = ask(vault, "GET", "/secrets/SUPPORT-line")
    assert found["value"] == "x"
    assert f"/secrets/{answered}/" in found["id"]


@pytest.mark.parametrize(
    ("value", "tags", "is_taken"),
    [
        ("x" * 25_000, {}, True),
        ("x" * 25_001, {}, False),
        ("é" * 12_501, {}, False),
        ("x", {f"k{n}": "" for n in range(15)}, True),
        ("x", {f"k{n}": "" for n in range(16)}, False),
        ("x", {"k": "v" * 256}, True),
        ("x", {"k": "v" * 257}, False),
        ("x", {"k" * 512: "v"}, True),
        ("x", {"k" * 513: "v"}, False),
    ],
)
def test_a_value_and_its_tags_have_limits(vault: KeyVault, value: str, tags: dict[str, str], is_taken: bool) -> None:
    if is_taken:
        ask(vault, "PUT", SECRET, value=value, tags=tags)
    else:
        assert refusal(lambda: ask(vault, "PUT", SECRET, value=value, tags=tags)) == (400, "BadParameter", "")
    assert vault.text(NAME) == (value if is_taken else None)


def test_answers_that_lag_are_those_of_an_earlier_moment(vault: KeyVault) -> None:
    first, second = vault.put(NAME, "one"), vault.put(NAME, "two")
    vault.secrets.lags = [Lag("list"), Lag("get")]
    assert [item["id"].rpartition("/")[2] for item in ask(vault, "GET", f"{SECRET}/versions")["value"]] == [first]
    assert ask(vault, "GET", SECRET)["value"] == "one"
    assert len(ask(vault, "GET", f"{SECRET}/versions")["value"]) == 2
    assert ask(vault, "GET", SECRET)["id"].endswith(second)


def test_versions_come_in_pages_without_their_values(vault: KeyVault) -> None:
    for _ in range(26):
        vault.put(NAME, "x")
    page = ask(vault, "GET", f"{SECRET}/versions")
    assert (len(page["value"]), bool(page["nextLink"])) == (25, True)
    assert [item["id"] for item in page["value"]] == sorted(item["id"] for item in page["value"])
    assert not any("value" in item for item in page["value"])


def test_what_is_not_there_is_not_found(vault: KeyVault) -> None:
    assert refusal(lambda: ask(vault, "GET", "/secrets/missing")) == NOT_FOUND


def test_it_ends_with_the_connections_that_are_open() -> None:
    threads = active_count()
    with KeyVault() as vault, signed_in(vault):
        store_at(vault).read()
        assert active_count() > threads
    assert active_count() == threads
