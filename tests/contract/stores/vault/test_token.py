"""The token for Vault: where it comes from, and what is said when it isn't valid."""

import subprocess
from pathlib import Path

import pytest

from tests.contract.stores.vault.proxy import Between, First, answering, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.pages import command_to_type
from tools.openbao import server_binary
from whatsapp_flow_keys.errors import StorePermissionError


def test_a_token_that_is_no_longer_valid_is_told_apart_from_a_policy(place: VaultPlace) -> None:
    token = place.server.token_for(policy("For the stack"))
    place.server.client().auth.token.revoke(token)
    text = refusal(StorePermissionError, place.store_as(token).read, place)
    assert "the token in VAULT_TOKEN is not known, or has expired. Put a valid one there" in text
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


def test_a_server_that_asks_for_a_token_is_answered_with_all_ways_to_have_one(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    text = refusal(StorePermissionError, behind(between, place).read, place)
    assert "there is no token, and the server asks for one; set VAULT_TOKEN (or BAO_TOKEN), VAULT_TOKEN_FILE" in text
    assert "VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_K8S_ROLE; or log in, which writes ~/.vault-token" in text
    assert "VAULT_AGENT_ADDR" in text
    assert [token for _, _, token in between.seen] == [None]


def test_the_words_of_vault_for_a_missing_token_are_known(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(400, {"errors": ["missing client token"]}) as server:
        text = refusal(StorePermissionError, place.at_port(server.server_port).read, place)
    assert "there is no token, and the server asks for one" in text


def test_a_token_with_a_line_break_is_refused_unseen(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", f"{place.server.token}\nX: y")
    assert "holds characters that no token has" in refusal(StorePermissionError, place.store().read, place)


def test_openbaos_variable_for_the_token_is_known(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("BAO_TOKEN", place.server.token)
    assert place.store().read().version == "0"


def test_a_login_by_the_servers_own_command_is_enough(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    _, *words = command_to_type("docs/stores/vault.md", "bao login").split()
    environment = {"BAO_ADDR": place.server.address, "HOME": str(tmp_path)}
    command = [server_binary(), *words, "-no-print", "-"]
    subprocess.run(command, env=environment, input=place.server.token, text=True, check=True, timeout=60)
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


def test_a_token_file_of_any_place_is_followed(
    place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, store = tmp_path / "sink", place.store()
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(file))
    text = refusal(StorePermissionError, store.read, place)
    assert f"the file {file} (VAULT_TOKEN_FILE) can't be read; nothing was sent" in text
    file.write_text("\n")
    assert "is empty; nothing was sent" in refusal(StorePermissionError, store.read, place)
    file.write_text("s.expired")
    assert "the token in the file of VAULT_TOKEN_FILE is not known" in refusal(StorePermissionError, store.read, place)
    file.write_text(f"{place.server.token}\n")
    assert store.read().version == "0"


def test_a_token_that_an_agent_replaces_during_a_call_is_read_once_more(
    place: VaultPlace, between: Between, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "sink"
    file.write_text("s.expired")
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(file))
    between.plan = [First(lambda: file.write_text(place.server.token))]
    assert behind(between, place).read().version == "0"
    assert [token for _, _, token in between.seen[:2]] == ["s.expired", place.server.token]


def test_a_token_file_that_is_none_is_named(place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vault-token").mkdir()
    assert "~/.vault-token can't be read" in refusal(StorePermissionError, place.store().read, place)
