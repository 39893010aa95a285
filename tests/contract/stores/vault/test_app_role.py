"""A login by AppRole: once, again before its token ends, and once more for a token that the server doesn't know."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.app_role import AppRole
from tests.contract.stores.vault.proxy import Between, First, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError

HOUR = 3600.0


@pytest.fixture
def role(place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppRole:
    role = AppRole(place, monkeypatch, tmp_path)
    monkeypatch.setenv("VAULT_SECRET_ID", role.secret_id())
    return role


def logins(between: Between) -> int:
    """How often somebody logged in."""
    return sum(path.endswith("/login") for _, path, _ in between.seen)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The clock, which stands."""
    monkeypatch.setattr(SystemClock, "monotonic", lambda _self: seconds)


def test_one_login_serves_every_store_and_call(place: VaultPlace, between: Between, role: AppRole) -> None:
    store = behind(between, place)
    store.write(ring(), store.read())
    assert behind(between, place).read().ring == ring()
    assert logins(between) == 1


def test_threads_share_one_login(place: VaultPlace, between: Between, role: AppRole) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(behind(between, place).read) for _ in range(8)]
        assert [each.result(60).version for each in found] == ["0"] * 8
    assert logins(between) == 1


def test_a_login_without_an_answer_ends_with_the_time_limit_of_the_call(
    place: VaultPlace, role: AppRole, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.6")
    began = monotonic()
    text = refusal(StoreUnavailableError, place.at_port(silent_port).read, place)
    assert "the server did not answer in time" in text
    assert monotonic() - began < 10


def test_the_login_itself_carries_no_token(place: VaultPlace, between: Between, role: AppRole) -> None:
    behind(between, place).read()
    assert between.seen[0] == ("POST", f"/v1/auth/{role.mount}/login", None)
    assert between.seen[1][2]


def test_a_token_is_replaced_after_two_thirds_of_its_life(
    place: VaultPlace, between: Between, role: AppRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 0.0)
    store = behind(between, place)
    store.read()
    at(monkeypatch, HOUR * 0.66)
    store.read()
    assert logins(between) == 1
    at(monkeypatch, HOUR * 0.67)
    store.read()
    assert logins(between) == 2


def test_a_token_that_lives_is_used_on_where_a_new_login_is_refused(
    place: VaultPlace, role: AppRole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret-id").write_text(role.secret_id())
    monkeypatch.delenv("VAULT_SECRET_ID")
    monkeypatch.setenv("VAULT_SECRET_ID_FILE", str(tmp_path / "secret-id"))
    at(monkeypatch, 0.0)
    place.store().read()
    (tmp_path / "secret-id").write_text("used up")
    at(monkeypatch, HOUR * 0.9)
    assert place.store().read().version == "0"
    at(monkeypatch, HOUR)
    assert "was refused" in refusal(StorePermissionError, place.store().read, place)


def test_a_token_that_was_revoked_is_met_by_one_new_login(place: VaultPlace, between: Between, role: AppRole) -> None:
    store = behind(between, place)
    store.read()
    role.revoke_tokens()
    assert store.read().version == "0"
    assert logins(between) == 2


def test_a_new_login_that_does_not_help_is_said_at_each_read(
    place: VaultPlace, between: Between, role: AppRole
) -> None:
    store, revoked = behind(between, place), First(role.revoke_tokens)
    store.read()
    for read in (1, 2):
        between.plan = [revoked, None, revoked]
        text = refusal(StorePermissionError, store.read, place)
        named = f"the token of the AppRole login at auth/{role.mount} (VAULT_ROLE_ID, VAULT_SECRET_ID) is not known"
        assert named in text
        assert logins(between) == 1 + read


def test_a_secret_id_that_was_exchanged_in_its_file_is_taken_at_the_next_login(
    place: VaultPlace, role: AppRole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_SECRET_ID")
    monkeypatch.setenv("VAULT_SECRET_ID_FILE", str(tmp_path / "secret-id"))
    (tmp_path / "secret-id").write_text("not yet")
    text = refusal(StorePermissionError, place.store().read, place)
    assert (
        f"the AppRole login at auth/{role.mount} (VAULT_ROLE_ID, VAULT_SECRET_ID_FILE) was refused with HTTP 400 "
        f"(invalid role or secret ID); nothing was read or written. Check the role, that the SecretID is one of that "
        f"role's, and neither expired nor used up, and VAULT_AUTH_MOUNT"
    ) in text
    (tmp_path / "secret-id").write_text(f"{role.secret_id()}\n")
    assert place.store().read().version == "0"


def test_no_error_shows_a_role_or_a_secret_id(
    place: VaultPlace, between: Between, role: AppRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_SECRET_ID", "hunter2")
    between.plan = [500] * 3
    for kind in (StoreUnavailableError, StorePermissionError):
        assert role.role_id not in refusal(kind, behind(between, place).read, place)


def test_a_fault_at_the_login_is_met_by_trying_again(place: VaultPlace, between: Between, role: AppRole) -> None:
    between.plan = [503, "drop"]
    assert behind(between, place).read().version == "0"


def test_a_given_token_goes_before_a_login(
    place: VaultPlace, between: Between, role: AppRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", place.server.token)
    behind(between, place).read()
    assert logins(between) == 0


def test_a_login_goes_before_what_an_earlier_one_left_in_the_home_folder(
    place: VaultPlace, role: AppRole, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text("s.of-somebody-else")
    assert place.store().read().version == "0"
