"""A unit test of somebody's program: its mocks hand inputs back, so what the providers would make is None."""

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockResourceArgs

from tests.component.mocked_engine import LINE, REGISTRATION, Echo, Look, run
from whatsapp_flow_encryption import (
    FileStore,
    FlowEncryption,
    GeneratedPassphrase,
    StagedKeys,
    all_but_failed,
    unless_failed,
)

NUMBER, OTHER = "106540352242922", "110200345501442"
PROGRAMS: dict[str, dict[str, Any]] = {
    "stack": {},
    "stack with a backup": {"backups": [FileStore("/srv/backup.json")]},
    "file": {"store": FileStore("/srv/ring.json")},
    "file with a passphrase": {"store": FileStore("/srv/ring.json"), "passphrase": GeneratedPassphrase()},
}


class Nothing(Echo):
    """As people write mocks for resources whose outputs they don't look at."""

    def new_resource(self, args: MockResourceArgs) -> Any:
        return [None, {}]


class Endpoint(pulumi.CustomResource):
    """A resource of the program's own."""

    environment: pulumi.Output[dict[str, str] | None]

    def __init__(self, environment: pulumi.Input[dict[str, str]]) -> None:
        super().__init__("test:index:Endpoint", "endpoint", {"environment": environment})


@pytest.mark.parametrize("mocks", [Echo, Nothing])
@pytest.mark.parametrize("days", [None, 90])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_well_and_what_the_providers_would_make_is_none(
    program: str, days: int | None, mocks: type[Echo]
) -> None:
    look, staged = Look(), Look()

    def deploy(keys: StagedKeys) -> pulumi.Resource:
        staged.at(environment=keys.endpoint_env, private_keys=keys.private_keys, fingerprint=keys.fingerprint)
        return Endpoint(keys.endpoint_env)

    def line() -> None:
        keys = FlowEncryption(
            "line", phone_number_id=NUMBER, rotate_after_days=days, deploy=deploy, **PROGRAMS[program]
        )
        look.at(fingerprint=keys.fingerprint, rotates_on=keys.rotates_on, private_keys=keys.private_keys)
        look.at(environment=keys.endpoint_env, exported=unless_failed(keys.endpoint_env))
        pulumi.export("lines", all_but_failed({"line": keys.rotates_on}))

    run(line, mocks())
    assert look["fingerprint"].value is look["rotates_on"].value is look["private_keys"].value is None
    assert look["environment"] == look["exported"] == staged["environment"] == ({}, True)
    assert staged["fingerprint"].value is staged["private_keys"].value is None


@pytest.mark.parametrize("days", [None, 90])
@pytest.mark.parametrize("mocks", [Echo, Nothing])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_preview_of_it_ends_well(program: str, mocks: type[Echo], days: int | None) -> None:
    def line() -> None:
        def deploy(keys: StagedKeys) -> pulumi.Resource:
            return Endpoint(keys.endpoint_env)

        FlowEncryption("line", phone_number_id=NUMBER, rotate_after_days=days, deploy=deploy, **PROGRAMS[program])

    assert run(line, mocks(), preview=True).kinds[-1] == REGISTRATION


@pytest.mark.parametrize("preview", [False, True])
def test_a_program_with_several_numbers_and_accounts_ends_well(preview: bool) -> None:
    """The reference stack."""
    entries = [
        {"name": "support", "phoneNumberId": NUMBER, "account": "north", "rotateAfterDays": 90},
        {"name": "sales", "phoneNumberId": OTHER, "store": "file:///srv/ring.json", "passphrase": "generated"},
    ]
    config = {"north:accessToken": "EAAmadeUp", "flows:numbers": json.dumps(entries)}

    def program() -> None:
        runpy.run_path(str(Path(__file__).parents[2] / "__main__.py"))

    engine = run(program, Echo(), config=config, secrets=["north:accessToken"], preview=preview)
    assert engine.kinds.count(LINE) == engine.kinds.count(REGISTRATION) == 2
