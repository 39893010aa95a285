"""The token for Vault: where it comes from, and what is said when it isn't valid."""

from pathlib import Path

import pytest

from tests.contract.stores.vault.proxy import Between, answering, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace, policy
from whatsapp_flow_keys.errors import StorePermissionError


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
