"""`show` and `verify`: what a person and monitoring are told, over real HTTP and real stores."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.conftest import Line, TestClock
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import RETIRED_TOKEN, TOKEN
from tests.stack.test_secrets import forms_of, leaks
from whatsapp_flow_keys import document
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.restoration import restore
from whatsapp_flow_keys.lifecycle.survey import survey
from whatsapp_flow_keys.lifecycle.verification import Level, verify
from whatsapp_flow_keys.ring import Role, newest_first

PASSPHRASE = "correct horse battery staple"
APP_SECRET = "secretOfTheAppForTestsOnly"
NOBODY = "http://127.0.0.1:9"


@dataclass
class Shell:
    """A shell in which the commands run, and a number with one rotation behind it, in a store and a backup."""

    line: Line
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def stores(self) -> list[str]:
        return [word for store in self.line.stores for word in ("--store", store.url)]

    def run(self, *words: str, **variables: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, words, env={**self.variables, **variables})
        return result.exit_code, result.output

    def verify(self, *words: str, **variables: str) -> tuple[int, str]:
        return self.run("verify", *(words or self.stores), **variables)

    def show(self, *words: str, **variables: str) -> tuple[int, str]:
        return self.run("show", *(words or self.stores), **variables)

    def private_keys(self) -> list[PrivateKey]:
        return [PrivateKey.from_pem(key.private_key_pem, PASSPHRASE) for key in self.line.ring().keys]

    def roll_back(self, index: int) -> None:
        """One store holds what it held before a further rotation."""
        path = self.line.folder / f"ring{index}.json"
        snapshot = path.read_bytes()
        self.line.rotate()
        path.write_bytes(snapshot)


@pytest.fixture
def shell(line: Line, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in [name for name in os.environ if name.startswith("WHATSAPP_")]:
        monkeypatch.delenv(name)
    line.clock.time = datetime.now(timezone.utc).replace(microsecond=0)
    line.backups, line.passphrase = 1, PASSPHRASE
    line.rotate()
    line.rotate()
    graph = {"WHATSAPP_GRAPH_URL": line.emulator.url, "WHATSAPP_GRAPH_DEADLINE": "2"}
    secrets = {"WHATSAPP_ACCESS_TOKEN": TOKEN, "WHATSAPP_FLOW_PASSPHRASE": PASSPHRASE, "WHATSAPP_APP_SECRET": ""}
    return Shell(line, graph | secrets)


@pytest.fixture
def endpoint(shell: Shell) -> Iterator[FlowEndpoint]:
    with FlowEndpoint(shell.private_keys, app_secret=APP_SECRET) as running:
        yield running


@pytest.fixture(params=["vault", "aws"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place at a real server that holds nothing yet."""
    if request.param == "aws":
        return AwsPlace(request.getfixturevalue("secrets_manager"), monkeypatch)
    return VaultPlace(request.getfixturevalue("openbao"), monkeypatch)


def first_line(output: str) -> str:
    return output.partition("\n")[0]


# verify: all is well


def test_all_agree(shell: Shell, endpoint: FlowEndpoint) -> None:
    status, output = shell.verify(*shell.stores, "--endpoint", endpoint.url, WHATSAPP_APP_SECRET=APP_SECRET)
    assert status == 0, output
    head, *checks = output.splitlines()
    assert head == f"OK: phone number {shell.line.number}: forms can be read; all {len(checks)} checks agree"
    assert all(check.startswith("ok        ") for check in checks)
    assert f"Meta: serves key {shell.line.served()}" in output
    assert output.count("opens a form that is encrypted with the key that Meta serves") == 2
    assert "/flows: answers a ping that is encrypted with the key that Meta serves" in output


def test_a_real_store_and_a_file_agree(shell: Shell, cloud: Place) -> None:
    restore(shell.line.stores[0], cloud.store(), shell.line.clock)
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
        restore(shell.line.stores[0], place.store(), shell.line.clock)
        status, output = shell.verify("--store", f"awssecretsmanager:///{place.secret}")
        assert status == 0, output
        assert place.store().url in output


def recorded(shell: Shell) -> str:
    """The ring as a stack keeps it that is its own store: in the clear, the newest key first, never seen as current."""
    clear = {key.fingerprint: key.to_pem() for key in shell.private_keys()}
    current, previous = shell.line.ring().keys
    keys = (
        replace(current, role=Role.PENDING, private_key_pem=clear[current.fingerprint]),
        replace(previous, role=Role.CURRENT, private_key_pem=clear[previous.fingerprint]),
    )
    return document.dump(newest_first(replace(shell.line.ring(), keys=keys, revision=2)))


def test_a_stacks_own_ring_and_its_backup_agree(shell: Shell) -> None:
    words = ("--store", "stack", "--store", shell.line.stores[1].url)
    status, output = shell.verify(*words, WHATSAPP_FLOW_KEYS=recorded(shell))
    assert status == 0, output
    assert "stack: what Meta serves is the current key" in output
    status, output = shell.show(*words, WHATSAPP_FLOW_KEYS=recorded(shell))
    assert status == 0
    assert "Store stack: the document in WHATSAPP_FLOW_KEYS\n  revision 2\n" in output
    assert re.search(rf"{shell.line.served()}  current .* not encrypted", output)


def test_a_stacks_own_ring_alone_is_what_the_environment_holds(shell: Shell) -> None:
    assert shell.run("verify", WHATSAPP_FLOW_KEYS=recorded(shell))[0] == 0


def test_a_newest_key_that_the_stack_never_published_is_a_warning(shell: Shell) -> None:
    ring = document.load(recorded(shell), "the test")
    shell.line.emulator.set_key(shell.line.number, shell.private_keys()[1].public_key_pem)
    staged = tuple(replace(key, offered_at=key.offered_at - timedelta(hours=2)) for key in ring.keys if key.offered_at)
    status, output = shell.run("verify", WHATSAPP_FLOW_KEYS=document.dump(replace(ring, keys=staged)))
    assert status == 1, output
    assert "is waiting to be published: a rotation was not finished -> run `pulumi up`" in first_line(output)


# verify: what is wrong, and its exit status


def lose_the_store(shell: Shell) -> None:
    (shell.line.folder / "ring0.json").unlink()


def lose_the_backup(shell: Shell) -> None:
    (shell.line.folder / "ring1.json").unlink()


def lose_both(shell: Shell) -> None:
    lose_the_store(shell)
    lose_the_backup(shell)


def make_the_store_unreadable(shell: Shell) -> None:
    path = shell.line.folder / "ring0.json"
    path.unlink()
    path.symlink_to(path)


def make_both_unreadable(shell: Shell) -> None:
    make_the_store_unreadable(shell)
    path = shell.line.folder / "ring1.json"
    path.unlink()
    path.symlink_to(path)


def put_another_tools_secret_there(shell: Shell) -> None:
    (shell.line.folder / "ring0.json").write_text('{"format": "theirs", "hunter": 2}')


def let_the_backup_be_another_numbers(shell: Shell) -> None:
    ring = replace(shell.line.ring(), phone_number_id="110200345501442")
    (shell.line.folder / "ring1.json").write_text(document.dump(ring))


def let_the_backup_differ(shell: Shell) -> None:
    (shell.line.folder / "ring1.json").write_text(document.dump(replace(shell.line.ring(), owner="another")))


def let_somebody_publish(shell: Shell) -> None:
    shell.line.emulator.set_key(shell.line.number, PrivateKey.generate().public_key_pem)


def clear_the_key(shell: Shell) -> None:
    shell.line.emulator.set_key(shell.line.number, None)


def register_anew(shell: Shell) -> None:
    shell.line.emulator.reregister(shell.line.number)


def stop_before_the_promotion(shell: Shell) -> None:
    staged = shell.line.stage()
    pending = shell.line.ring().key(staged)
    assert pending is not None
    pem = PrivateKey.from_pem(pending.private_key_pem, PASSPHRASE).public_key_pem
    shell.line.emulator.set_key(shell.line.number, pem)


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
        (make_both_unreadable, 3, "Meta: was not asked: no key ring could be read"),
    ],
    ids=[
        *("backup rolled back", "backup lost", "store lost", "store unreadable", "another tool's secret"),
        *("another number's backup", "backup differs", "promotion interrupted"),
        *("both lost", "store rolled back", "somebody published", "no key", "registered anew", "none readable"),
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
        ({"WHATSAPP_ACCESS_TOKEN": "EAAwrong"}, 3, "-> set WHATSAPP_ACCESS_TOKEN to a system user's token"),
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
    assert (status, f"{NOBODY}/flows: can't be reached" in first_line(output)) == (2, True)


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
    ("waited", "level"), [(timedelta(0), Level.OK), (timedelta(days=3), Level.WARNING)], ids=["just staged", "for days"]
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


# verify and show only read


def test_nothing_is_changed_anywhere(shell: Shell, cloud: Place, endpoint: FlowEndpoint) -> None:
    line = shell.line
    restore(line.stores[0], cloud.store(), line.clock)
    line.rotate()  # so that the cloud's copy lags: there is something to mend
    line.emulator.reregister(line.number)
    files = [line.folder / name for name in ("ring0.json", "ring1.json")]

    def state() -> object:
        kept = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
        return kept, sorted(os.listdir(line.folder)), versions(cloud), line.emulator.served(line.number)

    before = state()
    line.emulator.clear_requests()
    for words in (("show",), ("verify", "--endpoint", endpoint.url)):
        assert shell.run(*words, "--store", cloud.url, *shell.stores)[0] != 3
    assert state() == before
    assert {entry["method"] for entry in line.emulator.requests()} == {"GET"}


def versions(place: Place) -> object:
    """What the service knows of every write, by its own means."""
    if isinstance(place, VaultPlace):
        return place.kv.read_secret_metadata(place.path)["data"]
    assert isinstance(place, AwsPlace)
    described = place.client.describe_secret(SecretId=place.secret)
    return described["VersionIdsToStages"], described["LastChangedDate"], described.get("Tags")


def test_a_token_that_may_only_read_is_enough(shell: Shell, openbao: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = VaultPlace(openbao, monkeypatch)
    restore(shell.line.stores[0], place.store(), shell.line.clock)
    monkeypatch.setenv("VAULT_TOKEN", openbao.token_for(policy("For the endpoint")))
    assert shell.verify("--store", place.url)[0] == 0


@pytest.mark.parametrize("write", ["write", "restore", "settle", "delete"])
def test_no_store_is_even_asked_to_change(shell: Shell, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError(f"{write} was called")

    monkeypatch.setattr(f"whatsapp_flow_keys.stores.file.FileStore.{write}", refuse)
    assert (shell.verify()[0], shell.show()[0]) == (0, 0)


# show


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
    assert set(first["keys"][0]) == {"fingerprint", "role", "issued_on", "offered_at", "encrypted", "opens"}


# secrets


def test_no_secret_is_in_anything_that_is_printed(shell: Shell, endpoint: FlowEndpoint) -> None:
    pems = [key.to_pem() for key in shell.private_keys()] + [key.private_key_pem for key in shell.line.ring().keys]
    secrets = set().union(*(forms_of(pem) for pem in pems[:2])) | {PASSPHRASE, TOKEN, APP_SECRET, RETIRED_TOKEN}
    secrets |= {line for pem in pems[2:] for line in pem.splitlines() if len(line) == 64}
    words = (*shell.stores, "--endpoint", endpoint.url)
    text = recorded(shell)
    printed = [shell.verify(*words, *more, WHATSAPP_APP_SECRET=APP_SECRET) for more in ((), ("--json",))]
    printed += [shell.show(*shell.stores, *more) for more in ((), ("--json",))]
    printed += [shell.run(name, WHATSAPP_FLOW_KEYS=text) for name in ("show", "verify")]
    printed += [shell.run(name, WHATSAPP_FLOW_KEYS=text[:-9]) for name in ("show", "verify")]
    printed += [shell.verify(WHATSAPP_FLOW_PASSPHRASE=TOKEN, WHATSAPP_ACCESS_TOKEN=RETIRED_TOKEN + "x")]
    put_another_tools_secret_there(shell)
    printed += [shell.verify(), shell.show()]
    output = "\n".join(part for _, part in printed)
    assert len(secrets) > 80
    assert leaks(output, secrets) == set()
    assert leaks(output + text, secrets) != set()  # the search finds one that is there


def test_no_option_takes_a_secret() -> None:
    options = {option.name for each in command.commands.values() for option in each.params}
    assert options == {"urls", "endpoint_url", "as_json", "source", "target"}


def test_without_click_it_says_what_to_install_and_ends_with_3() -> None:
    code = "import sys; sys.modules['click'] = None; from whatsapp_flow_keys.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == 'whatsapp-flow-keys needs click: pip install "whatsapp-flow-encryption[cli]"\n'
