"""A registrar is added by a folder and a line in the registry; nothing else names it."""

from collections.abc import Iterator

import pytest

from tests.contract.miniature_engine import MiniatureEngine
from tests.contract.registrars.memory_registrar.registrar import GONE, SHELVES
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.keys import public_key_fingerprint
from whatsapp_flow_keys.registrars import kinds


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, engine: MiniatureEngine) -> Iterator[None]:
    """The line in the registry, and the settings of an account."""
    monkeypatch.setitem(kinds.KINDS, "memory", "tests.contract.registrars.memory_registrar")
    engine.more_settings = {"whatsapp:shelf": "cellar"}
    yield
    SHELVES.clear()
    GONE.clear()


def served(engine: MiniatureEngine) -> str:
    return public_key_fingerprint(SHELVES["cellar"][engine.number])


def test_a_new_registrar_serves_a_number_through_its_life(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), registrar="memory")
    assert served(engine) == engine.fingerprint()
    engine.up(store=engine.store(), registrar="memory", rotation_trigger="once")
    assert served(engine) == engine.fingerprint()
    assert engine.refresh()["fingerprint"] == engine.fingerprint()
    assert engine.served() is None, "Meta was asked, too"


def test_a_key_that_a_new_registrar_serves_is_guarded_until_its_number_is_gone(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), registrar="memory")
    with pytest.raises(Exception, match=f"serves key {engine.fingerprint()}"):
        engine.destroy()
    GONE.add(engine.number)
    engine.destroy()
    assert not (engine.folder / "ring.json").exists()


def test_what_a_new_registrar_publishes_stands_in_the_audit_log_with_its_receipt(engine: MiniatureEngine) -> None:
    engine.up(store=engine.store(), registrar="memory")
    (line,) = [line for line in (engine.folder / "audit.log").read_text().splitlines() if '"published"' in line]
    assert '"trace_id":"receipt"' in line.replace(" ", "")


@pytest.mark.parametrize(
    ("registrar", "settings", "refusal"),
    [
        ("memory", {}, "whatsapp:shelf: is missing"),
        (
            "nobody",
            {"whatsapp:shelf": "cellar"},
            "registrar: 'nobody' is not a registrar; known are `meta`, `awssocial://…`, `memory://…`",
        ),
        ("memory:2", {"whatsapp:shelf": "cellar"}, "registrar: 'memory:2' is not a registrar in memory"),
    ],
)
def test_a_registrar_or_a_setting_that_is_missing_or_wrong_is_a_mistake_of_the_preview(
    engine: MiniatureEngine, registrar: str, settings: dict[str, str], refusal: str
) -> None:
    engine.up()
    engine.more_settings = settings
    inputs = {**engine.state[KeyRegistrationProvider].inputs, "registrar": registrar}
    (failure,) = engine.provider(KeyRegistrationProvider).check({}, inputs).failures
    assert refusal in failure.reason
