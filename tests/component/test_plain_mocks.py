"""A unit test of somebody's program: its mocks hand inputs back, so what the providers would make is None."""

from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import REGISTRATION, Echo, Look, run
from whatsapp_flow_encryption import (
    FileStore,
    FlowEncryption,
    GeneratedPassphrase,
    StagedKeys,
    all_but_failed,
    unless_failed,
)

NUMBER = "106540352242922"
PROGRAMS: dict[str, dict[str, Any]] = {
    "stack": {},
    "stack with a backup": {"backups": [FileStore("/srv/backup.json")]},
    "file": {"store": FileStore("/srv/ring.json")},
    "file with a passphrase": {"store": FileStore("/srv/ring.json"), "passphrase": GeneratedPassphrase()},
}


@pytest.mark.parametrize("days", [None, 90])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_well_and_what_the_providers_would_make_is_none(program: str, days: int | None) -> None:
    look, staged = Look(), Look()

    def deploy(keys: StagedKeys) -> list[pulumi.Resource]:
        staged.at(environment=keys.endpoint_env, private_keys=keys.private_keys, fingerprint=keys.fingerprint)
        return []

    def line() -> None:
        keys = FlowEncryption(
            "line", phone_number_id=NUMBER, rotate_after_days=days, deploy=deploy, **PROGRAMS[program]
        )
        look.at(fingerprint=keys.fingerprint, rotates_on=keys.rotates_on, private_keys=keys.private_keys)
        look.at(environment=keys.endpoint_env, exported=unless_failed(keys.endpoint_env))
        pulumi.export("lines", all_but_failed({"line": keys.rotates_on}))

    run(line, Echo())
    assert look["fingerprint"].value is look["rotates_on"].value is look["private_keys"].value is None
    assert look["environment"] == look["exported"] == staged["environment"] == ({}, True)
    assert staged["fingerprint"].value is staged["private_keys"].value is None


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_preview_of_it_ends_well(program: str) -> None:
    engine = run(lambda: FlowEncryption("line", phone_number_id=NUMBER, **PROGRAMS[program]), Echo(), preview=True)
    assert engine.kinds[-1] == REGISTRATION
