"""`verify`: what a person and monitoring are told, over real HTTP and real stores, and its exit status."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.command_line.shell import (
    APP_SECRET,
    NOBODY,
    PASSPHRASE,
    Shell,
    clear_the_key,
    first_line,
    in_the_environment,
    let_somebody_publish,
    let_the_backup_be_another_numbers,
    let_the_backup_differ,
    lose_both,
    lose_the_backup,
    lose_the_store,
    make_both_unreadable,
    make_the_store_unreadable,
    make_the_store_unreadable_and_lose_the_backup,
    put_another_tools_secret_there,
    recorded,
    register_anew,
    stop_before_the_promotion,
)
from tests.contract.conftest import Line, TestClock
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace
from tests.servers.flow_endpoint import FlowEndpoint
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.restoration import restore
from whatsapp_flow_keys.lifecycle.survey import survey
from whatsapp_flow_keys.lifecycle.verification import Level, verify


def test_all_agree(shell: Shell, endpoint: FlowEndpoint) -> None:
    status, output = shell.verify(*shell.stores, "--endpoint", endpoint.url, WHATSAPP_APP_SECRET=APP_SECRET)
    assert status == 0, output
    head, *checks = output.splitlines()
    assert head == f"OK: phone number {shell.line.number}: forms can be read; all {len(checks)} checks agree"
    assert all(check.startswith("ok        ") for check in checks)
    assert f"Meta: serves key {shell.line.served()}" in output
    assert output.count("opens a form that is encrypted with the key that Meta serves") == 2
    place = endpoint.url.partition("/flows")[0]
    assert f"{place}: answers a ping that is encrypted with the key that Meta serves" in output


def test_a_real_store_and_a_file_agree(shell: Shell, cloud: Place) -> None:
    restore(shell.line.stores[0], cloud.store(), shell.line.clock, shell.line.told)
    status, output = shell.verify("--store", cloud.url, *shell.stores)
    assert status == 0, output
    assert f"ok        {cloud.store().url}: opens a form" in output
    status, output = shell.show("--store", cloud.url, *shell.stores)
    assert (status, output.count("the same ring")) == (0, 2)


def test_the_stores_of_the_environment_are_those_that_an_endpoint_reads(shell: Shell) -> None:
    urls = " ".join(store.url for store in shell.line.stores)
    assert shell.run("verify", WHATSAPP_FLOW_KEYS=urls) == shell.verify()


def test_what_the_environment_knows_of_a_store_is_added(shell: Shell, secrets_manager: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        place = AwsPlace(secrets_manager, patch)
        restore(shell.line.stores[0], place.store(), shell.line.clock, shell.line.told)
        status, output = shell.verify("--store", f"awssecretsmanager:///{place.secret}")
        assert status == 0, output
        assert place.store().url in output


@pytest.mark.parametrize("held", [in_the_environment, recorded], ids=["in one line", "as a document, of old"])
def test_a_stacks_own_ring_and_its_backup_agree(shell: Shell, held: Callable[[Shell], str]) -> None:
    words = ("--store", "stack", "--store", shell.line.stores[1].url)
    status, output = shell.verify(*words, WHATSAPP_FLOW_KEYS=held(shell))
    assert status == 0, output
    assert "stack: what Meta serves is the current key" in output
    status, output = shell.show(*words, WHATSAPP_FLOW_KEYS=held(shell))
    assert status == 0
    assert "Store stack: what WHATSAPP_FLOW_KEYS holds\n  revision 2\n" in output
    assert re.search(rf"{shell.line.served()}  current .* not encrypted", output)


def test_a_stacks_own_ring_alone_is_what_the_environment_holds(shell: Shell) -> None:
    assert shell.run("verify", WHATSAPP_FLOW_KEYS=in_the_environment(shell))[0] == 0


def test_a_newest_key_that_the_stack_never_published_is_a_warning_an_hour_after_it_was_offered(shell: Shell) -> None:
    ring = document.load(recorded(shell), "the test")
    shell.line.emulator.set_key(shell.line.number, shell.private_keys()[1].public_key_pem)

    def verify_offered(ago: timedelta) -> tuple[int, str]:
        at = datetime.now(UTC) - ago
        staged = tuple(replace(key, offered_at=at) for key in ring.keys if key.offered_at)
        staged_ring = document.dump(replace(ring, keys=staged))
        return shell.run("verify", WHATSAPP_FLOW_KEYS=document.in_one_line(staged_ring, "the stack"))

    assert verify_offered(timedelta(minutes=50))[0] == 0
    status, output = verify_offered(timedelta(minutes=61))
    assert status == 1, output
    assert "is waiting to be published: a rotation was not finished -> run `pulumi up`" in first_line(output)


@pytest.mark.parametrize(
    ("harm", "status", "said"),
    [
        (lambda shell: shell.roll_back(1), 1, "ring1.json: revision 6 is behind revision 9 of "),
        (lose_the_backup, 1, "ring1.json: there is no key ring -> check the URL; if it is right: run `pulumi up --r"),
        (lose_the_store, 1, "ring0.json: there is no key ring"),
        (make_the_store_unreadable, 1, "ring0.json: can't be read"),
        (put_another_tools_secret_there, 1, "ring0.json: holds a document of another format, not a key ring"),
        (let_the_backup_be_another_numbers, 1, "holds the key ring of phone number 110200345501442, not of "),
        (let_the_backup_differ, 1, "though both have revision 6 -> run `pulumi up --refresh`"),
        (stop_before_the_promotion, 1, "is the pending key here, not the current one: a rotation was not finished"),
        (lose_both, 2, "ring0.json: there is no key ring -> check the URL; if it is right, restore the document"),
        (lambda shell: shell.roll_back(0), 2, "ring0.json: does not hold the private key of what Meta serves, "),
        (let_somebody_publish, 2, "ring0.json: does not hold the private key of what Meta serves, "),
        (clear_the_key, 2, "Meta: serves no public key: no form can be sent -> run `pulumi up --refresh`"),
        (register_anew, 2, "Meta: signature status MISMATCH, not VALID"),
        (make_both_unreadable, 3, "ring0.json: can't be read"),
        (make_the_store_unreadable_and_lose_the_backup, 3, "ring0.json: can't be read"),
    ],
    ids=[
        *("backup rolled back", "backup lost", "store lost", "store unreadable", "another tool's secret"),
        *("another number's backup", "backup differs", "promotion interrupted"),
        *("both lost", "store rolled back", "somebody published", "no key", "registered anew", "none readable"),
        "unreadable, and no backup",
    ],
)
def test_what_is_wrong_has_its_exit_status_and_stands_in_the_first_line(
    shell: Shell, harm: Callable[[Shell], None], status: int, said: str
) -> None:
    harm(shell)
    found, output = shell.verify()
    assert found == status, output
    assert said in first_line(output)
    assert first_line(output).startswith(("OK", "WARNING", "CRITICAL", "UNKNOWN")[status])
    assert "theirs" not in output


@pytest.mark.parametrize(
    ("variables", "status", "said"),
    [
        ({"WHATSAPP_ACCESS_TOKEN": ""}, 3, "Meta: was not asked: WHATSAPP_ACCESS_TOKEN is not set"),
        ({"WHATSAPP_ACCESS_TOKEN": "EAAwrong"}, 3, "or no longer: set WHATSAPP_ACCESS_TOKEN to a system user's token"),
        ({"WHATSAPP_GRAPH_URL": NOBODY}, 3, "check the network and WHATSAPP_GRAPH_URL"),
        ({"WHATSAPP_FLOW_PASSPHRASE": ""}, 3, "are encrypted, and WHATSAPP_FLOW_PASSPHRASE is not set"),
        ({"WHATSAPP_FLOW_PASSPHRASE": "wrong"}, 2, "an endpoint that starts now fails: "),
        ({"WHATSAPP_FLOW_PASSPHRASE": "new", "WHATSAPP_FLOW_FORMER_PASSPHRASE": PASSPHRASE}, 0, "OK"),
    ],
    ids=["no token", "wrong token", "nobody there", "no passphrase", "wrong passphrase", "a change under way"],
)
def test_what_the_environment_lacks_has_its_exit_status(
    shell: Shell, variables: dict[str, str], status: int, said: str
) -> None:
    found, output = shell.verify(**variables)
    assert found == status, output
    assert said in first_line(output)
    assert "whatsapp:" not in output


def test_a_store_that_is_down_leaves_the_answer_to_its_backup(shell: Shell, openbao: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        place = VaultPlace(openbao, patch)
        patch.setenv("WHATSAPP_STORE_DEADLINE", "0.5")
        down = place.at_port(9).url
        status, output = shell.verify("--store", down, *shell.stores)
        assert (status, down in first_line(output)) == (1, True)
        status, output = shell.verify("--store", down)
        assert (status, first_line(output).startswith("UNKNOWN: ")) == (3, True)


def test_what_only_follows_from_another_finding_is_said_below_the_first_line(
    shell: Shell, endpoint: FlowEndpoint
) -> None:
    make_both_unreadable(shell)
    _, output = shell.verify(*shell.stores, "--endpoint", endpoint.url)
    head, *checks = output.splitlines()
    assert head.startswith("UNKNOWN: whether forms work is not known: file:///")
    assert "was not asked" not in head
    assert [check.partition(" was")[0].split()[1] for check in checks if "was not asked" in check] == [
        "Meta:",
        f"{endpoint.url.partition('/flows')[0]}:",
    ]


def test_what_is_known_to_fail_outweighs_what_is_not_known(shell: Shell) -> None:
    status, output = shell.verify(WHATSAPP_FLOW_PASSPHRASE="wrong", WHATSAPP_ACCESS_TOKEN="")
    assert (status, "\nUNKNOWN   Meta" in output) == (2, True)


def test_what_is_not_known_outweighs_a_warning(shell: Shell) -> None:
    lose_the_backup(shell)
    status, output = shell.verify(WHATSAPP_ACCESS_TOKEN="")
    assert (status, "\nWARNING   file:" in output) == (3, True)


@pytest.mark.parametrize(
    ("secret", "status", "said"),
    [
        ("", 3, "answered 432: it wants a signed request; set WHATSAPP_APP_SECRET here"),
        ("another", 2, "answered 432: it did not accept the signature; WHATSAPP_APP_SECRET here is not its"),
    ],
)
def test_an_endpoint_that_wants_another_signature(
    shell: Shell, endpoint: FlowEndpoint, secret: str, status: int, said: str
) -> None:
    found, output = shell.verify(*shell.stores, "--endpoint", endpoint.url, WHATSAPP_APP_SECRET=secret)
    assert found == status, output
    assert said in first_line(output)
    assert "in-the-query" not in output


def test_an_endpoint_without_the_key_is_critical(shell: Shell) -> None:
    with FlowEndpoint(lambda: [PrivateKey.generate()]) as another:
        status, output = shell.verify(*shell.stores, "--endpoint", another.url)
    assert (status, "answered 421: it does not hold the private key yet" in first_line(output)) == (2, True)


def test_an_endpoint_that_is_not_there_is_critical(shell: Shell) -> None:
    status, output = shell.verify(*shell.stores, "--endpoint", f"{NOBODY}/flows")
    assert (status, f"{NOBODY}: can't be reached" in first_line(output)) == (2, True)


def test_an_endpoint_is_not_asked_while_nobody_knows_what_meta_serves(shell: Shell, endpoint: FlowEndpoint) -> None:
    status, _ = shell.verify(*shell.stores, "--endpoint", endpoint.url, WHATSAPP_ACCESS_TOKEN="")
    assert (status, endpoint.requests) == (3, [])


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("verify", "--store", "s3://bucket"),
        ("verify", "--store", "stack"),
        ("verify", "--store", "file:///a", "--store", "file:///a"),
        ("verify", "--store", "file:///a", "--endpoint", "flows.example.com"),
        ("verify", "--stores", "file:///a"),
        ("verify", "file:///a"),
        ("show", "--store"),
        ("restore",),
        ("verfy",),
        ("--verify",),
    ],
    ids=" ".join,
)
def test_wrong_words_end_with_3_and_never_with_what_says_something_of_forms(
    shell: Shell, words: tuple[str, ...]
) -> None:
    status, output = shell.run(*words)
    assert (status, "Error: " in output) == (3, True)


def test_a_wrong_setting_is_named_as_the_environment_names_it(shell: Shell) -> None:
    status, output = shell.verify(WHATSAPP_GRAPH_URL="http://graph.example.com")
    assert (status, "Error: WHATSAPP_GRAPH_URL: must start with https://" in output) == (3, True)


def test_what_nobody_thought_of_is_unknown_and_shows_no_text_of_the_error(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(PASSPHRASE)

    monkeypatch.setattr("whatsapp_flow_keys.lifecycle.verification._of_rotation", fail)
    status, output = shell.verify()
    assert (status, first_line(output).startswith("UNKNOWN: RuntimeError in")) == (3, True)
    assert PASSPHRASE not in output


@pytest.mark.parametrize(
    ("waited", "level"), [(timedelta(days=1), Level.OK), (timedelta(days=2), Level.WARNING)], ids=["a day", "two days"]
)
def test_a_key_that_waits_for_its_publication(line: Line, waited: timedelta, level: Level) -> None:
    line.rotate()
    line.stage()
    clock = TestClock(time=line.clock.time + waited)
    verdict = verify(survey(line.stores, line.graph, clock, passphrases=()))
    (check,) = (check for check in verdict.checks if check.name == "pending")
    assert (check.level, "is waiting to be published" in check.found) == (level, True)


def test_checks_as_json_have_names_that_programs_can_rely_on(shell: Shell, endpoint: FlowEndpoint) -> None:
    lose_the_backup(shell)
    status, output = shell.verify(*shell.stores, "--endpoint", endpoint.url, "--json", WHATSAPP_APP_SECRET=APP_SECRET)
    found = json.loads(output)
    assert (status, found["exit_status"], found["status"], found["served"]) == (1, 1, "WARNING", shell.line.served())
    names = [check["check"] for check in found["checks"]]
    assert names == ["served", "signature", "ring", "role", "private_keys", "round_trip", "ring", "pending", "endpoint"]
    assert [check["status"] for check in found["checks"]].count("WARNING") == 1
