"""`show`: the ring and what Meta serves, for a person and for programs."""

import json
import re
from collections.abc import Callable

import pytest

from tests.contract.command_line.shell import (
    NOBODY,
    Shell,
    clear_the_key,
    in_the_environment,
    let_somebody_publish,
    lose_the_store,
    recorded,
)

Held = Callable[[Shell], str]


def test_the_ring_is_shown_with_what_meta_serves(shell: Shell) -> None:
    status, output = shell.show()
    current, previous = shell.line.ring().keys
    first, backup = shell.line.stores
    assert current.offered_at is not None
    offered = current.offered_at.strftime("%Y-%m-%d %H:%M:%S")
    assert status == 0
    assert output.splitlines() == [
        f"Phone number {shell.line.number}, managed by org/flows/prod",
        f"Meta serves {current.fingerprint}, VALID: the current key",
        "",
        f"Store {first.url}",
        "  revision 6",
        f"  {'fingerprint':<64}  role      issued on   last offered (UTC)   private key",
        f"  {current.fingerprint}  current   2026-11-24  {offered}  encrypted; opens",
        f"  {previous.fingerprint}  previous  2026-11-24  {offered}  encrypted; opens",
        "",
        f"Backup {backup.url}",
        "  revision 6, the same ring",
    ]


@pytest.mark.parametrize(
    ("variables", "status", "said"),
    [
        ({"WHATSAPP_ACCESS_TOKEN": ""}, 0, "Meta was not asked: WHATSAPP_ACCESS_TOKEN is not set"),
        ({"WHATSAPP_ACCESS_TOKEN": "EAAwrong"}, 1, "Meta refused to read the public key of phone number"),
        ({"WHATSAPP_GRAPH_URL": NOBODY}, 1, "Meta could not be asked to read the public key of phone number"),
        ({"WHATSAPP_FLOW_PASSPHRASE": ""}, 0, "encrypted; WHATSAPP_FLOW_PASSPHRASE is not set"),
        ({"WHATSAPP_FLOW_PASSPHRASE": "wrong"}, 0, "encrypted; WHATSAPP_FLOW_PASSPHRASE does not open it"),
    ],
    ids=["no token", "wrong token", "nobody there", "no passphrase", "wrong passphrase"],
)
def test_the_ring_is_shown_whatever_else_is_missing(
    shell: Shell, variables: dict[str, str], status: int, said: str
) -> None:
    found, output = shell.show(**variables)
    assert (found, said in output) == (status, True), output
    assert f"  {shell.line.served()}  current" in output


def test_where_a_backup_lags_its_own_keys_are_shown(shell: Shell) -> None:
    shell.roll_back(1)
    status, output = shell.show()
    first, backup = shell.line.stores
    assert f"Backup {backup.url}\n  revision 6 is behind revision 9 of {first.url}\n  fingerprint" in output
    assert (status, output.count(str(shell.line.served()))) == (0, 2)


def test_a_key_at_meta_that_is_in_no_slot_is_shown_as_such(shell: Shell) -> None:
    let_somebody_publish(shell)
    assert f"Meta serves {shell.line.served()}, VALID: in no slot of this ring\n" in shell.show()[1]


def test_a_lost_store_is_said_and_the_backup_shown(shell: Shell) -> None:
    lose_the_store(shell)
    status, output = shell.show()
    assert (status, "ring0.json\n  there is no key ring\n" in output) == (1, True)
    assert f"  {shell.line.served()}  current" in output


def test_the_ring_as_json(shell: Shell) -> None:
    shell.roll_back(1)
    found = json.loads(shell.show(*shell.stores, "--json")[1])
    first, backup = found["stores"]
    assert found["meta"] == {
        "fingerprint": shell.line.served(),
        "signature_status": "VALID",
        "role": "current",
        "trouble": None,
    }
    assert (first["revision"], first["trouble"]) == (9, None)
    assert [key["role"] for key in first["keys"]] == ["current", "previous", "retained"]
    assert backup["trouble"].startswith("revision 6 is behind revision 9")
    assert set(first["keys"][0]) == {"fingerprint", "role", "issued_on", "offered_at", "encrypted", "service", "opens"}


def of_the_stack(shell: Shell, held: Held, **more: str) -> list[tuple[str, str]]:
    """The fingerprint and the role of each key of a stack's own ring, as `show` tells a person and a program."""
    said = shell.run("show", WHATSAPP_FLOW_KEYS=held(shell), **more)[1]
    rows = re.findall(r"^  ([0-9a-f]{64})  (\w+) ", said, re.MULTILINE)
    (store,) = json.loads(shell.run("show", "--json", WHATSAPP_FLOW_KEYS=held(shell), **more)[1])["stores"]
    assert [(key["fingerprint"], key["role"] or "unknown") for key in store["keys"]] == rows
    return rows


HELD = pytest.mark.parametrize("held", [in_the_environment, recorded], ids=["in one line", "as a document, of old"])


@HELD
def test_the_roles_in_a_stacks_own_ring_are_those_that_the_keys_have_at_meta(shell: Shell, held: Held) -> None:
    """It is written before its newest key is published, so it knows none itself."""
    newest, older = shell.private_keys()
    assert of_the_stack(shell, held) == [(newest.fingerprint, "current"), (older.fingerprint, "previous")]
    shell.line.emulator.set_key(shell.line.number, older.public_key_pem)
    assert of_the_stack(shell, held) == [(newest.fingerprint, "pending"), (older.fingerprint, "current")]


@HELD
@pytest.mark.parametrize("why", ["nobody asked", "nobody there", "somebody else's key", "no key"])
def test_where_it_is_not_known_what_meta_serves_of_it_no_role_is_claimed(shell: Shell, why: str, held: Held) -> None:
    variables = {"nobody asked": {"WHATSAPP_ACCESS_TOKEN": ""}, "nobody there": {"WHATSAPP_GRAPH_URL": NOBODY}}
    if why == "somebody else's key":
        let_somebody_publish(shell)
    if why == "no key":
        clear_the_key(shell)
    found = of_the_stack(shell, held, **variables.get(why, {}))
    assert found == [(key.fingerprint, "unknown") for key in shell.private_keys()]
