"""`get_registered_key` in a program whose engine is mocked; Meta is the emulator."""

from collections.abc import Callable

import pulumi
import pytest

from tests.component.mocked_engine import Look, Seen, run
from tests.stack.project import TOKEN
from whatsapp_flow_encryption import RegisteredKey, get_registered_key
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_graph_emulator import Emulator


def settings(emulator: Emulator, token: str = TOKEN) -> dict[str, str]:
    return {"whatsapp:accessToken": token, "whatsapp:graphUrl": emulator.url}


def test_a_program_gets_what_meta_serves_and_asks_once_for_a_number(emulator: Emulator, number: str) -> None:
    key, look = PrivateKey.generate(), Look()
    emulator.set_key(number, key.public_key_pem)
    emulator.clear_requests()

    def program() -> None:
        look.at(plain=get_registered_key(number), output=get_registered_key(pulumi.Output.from_input(number)))

    engine = run(program, config=settings(emulator))
    served = RegisteredKey(key.fingerprint, key.public_key_pem, "VALID")
    assert look["plain"] == look["output"] == Seen(served, False)
    assert [request["method"] for request in emulator.requests(number)] == ["GET"]
    assert engine.kinds == []


def test_each_run_asks_again(emulator: Emulator, number: str) -> None:
    look = Look()
    emulator.clear_requests()
    for _ in range(2):
        run(lambda: look.at(key=get_registered_key(number)), config=settings(emulator))
    assert look["key"].value is None
    assert len(emulator.requests(number)) == 2


def test_a_number_that_is_not_known_yet_is_not_asked_for(emulator: Emulator, number: str) -> None:
    class Made(pulumi.CustomResource):
        number: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Made", "made", {"number": None})

    emulator.clear_requests()
    run(lambda: get_registered_key(Made().number), preview=True, config=settings(emulator))
    assert emulator.requests(number) == []


def no_token(_emulator: Emulator) -> dict[str, str]:
    return {}


def wrong_token(emulator: Emulator) -> dict[str, str]:
    return settings(emulator, "EAAwrong")


@pytest.mark.parametrize(
    ("config", "asked", "said"),
    [
        (no_token, "106540352242922", "whatsapp:accessToken: is missing"),
        (wrong_token, "106540352242922", "The access token is not valid"),
        (settings, "not digits", "phone_number_id: 'not digits' is not a phone number ID"),
    ],
)
def test_a_failure_ends_the_program_with_one_sentence(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    config: Callable[[Emulator], dict[str, str]],
    asked: str,
    said: str,
) -> None:
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    with pytest.raises(pulumi.RunError, match=r"^get_registered_key: ") as caught:
        run(lambda: get_registered_key(asked), config=config(emulator))
    assert said in str(caught.value)
