"""What a store in Vault shows or quotes holds no token and no key."""

import pytest

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import answering
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace
from tests.hostile_words import HOSTILE, is_tame
from whatsapp_flow_keys.errors import StoreUnavailableError


def test_no_repr_shows_a_token_or_a_key(place: VaultPlace) -> None:
    store = place.store()
    found = store.write(ring(), store.read())
    shown = repr(store) + repr(found) + repr(store._latest())
    assert not [secret for secret in (place.server.token, "PRIVATE KEY") if secret in shown]


def test_what_a_server_says_is_quoted_in_one_short_line(place: VaultPlace) -> None:
    said = f"upgrading\nthe mount of {place.server.token} " + "x" * 500
    with answering(400, {"errors": [said]}) as server:
        text = refusal(StoreUnavailableError, place.at_port(server.server_port).read, place)
    assert "the server refused the call with HTTP 400 (upgrading the mount of [secret] xxx" in text
    assert len(text) < 300


@pytest.mark.parametrize("status", [400, 503])
def test_no_words_of_an_answer_rule_the_terminal_that_shows_them(place: VaultPlace, status: int) -> None:
    with answering(status, {"errors": [HOSTILE]}) as server:
        text = refusal(StoreUnavailableError, place.at_port(server.server_port).read, place)
    assert "�[2J" in text
    assert is_tame(text)
