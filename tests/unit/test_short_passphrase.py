"""A new passphrase has at least 15 characters; one that keys are written with already is taken, however short."""

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from tests.unit.test_provider_checks import NUMBER, OF_KEY
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props

SHORT, LONG = "fourteen words", "fifteen letters"


class Engine:
    """The checks of one run of the engine."""

    def __init__(self) -> None:
        self.provider: Any = EncryptionKeyProvider()
        self.provider._run = Run(voice=lambda _: None)

    def refusals(self, recorded: str | None, given: object) -> list[str]:
        olds: Props = {**OF_KEY, "passphrase": recorded} if recorded else {}
        found = self.provider.check(olds, {**OF_KEY, "passphrase": given})
        return [failure.reason for failure in found.failures]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.mark.parametrize("recorded", [None, LONG, "shorter"])
def test_a_new_one_of_14_characters_is_refused_in_the_preview(engine: Engine, recorded: str | None) -> None:
    (refusal,) = engine.refusals(recorded, SHORT)
    assert "passphrase: must have at least 15 characters" in refusal
    assert f"once with WHATSAPP_SHORT_PASSPHRASE={NUMBER} in the environment" in refusal
    assert SHORT not in refusal


@pytest.mark.parametrize("given", [LONG, "ä" * 15, UNKNOWN])
def test_one_of_15_and_one_that_is_not_known_yet_are_taken(engine: Engine, given: object) -> None:
    assert engine.refusals(None, given) == engine.refusals(SHORT, given) == []


def test_a_recorded_one_is_taken_however_short(engine: Engine) -> None:
    assert engine.refusals("a", "a") == []


def test_so_it_is_in_a_rotation_whose_check_is_shown_no_recorded_inputs(engine: Engine) -> None:
    recorded = {**OF_KEY, "passphrase": "a", "fingerprint": "a" * 64, "issued_on": "2026-08-26", "locations": []}
    given = {**OF_KEY, "passphrase": "a", "rotation_trigger": "once"}
    assert engine.provider.check(recorded, given).failures == []
    assert engine.provider.diff("key-1", recorded, given).replaces == ["rotation_trigger"]
    assert engine.refusals(None, "a") == []
    assert engine.refusals(None, "b") != []


@pytest.mark.parametrize(("named", "taken"), [(NUMBER, True), ("110200345501442", False), ("1", False)])
def test_a_run_takes_a_short_one_for_the_number_that_its_environment_names(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, named: str, taken: bool
) -> None:
    """As where the state was lost, and keys in the store are written with it."""
    monkeypatch.setenv("WHATSAPP_SHORT_PASSPHRASE", named)
    assert (engine.refusals(None, "a") == []) is taken
