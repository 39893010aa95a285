"""The audit log of a key's whole life on the real engine, and that it never stops a run.

The life in docs/audit-log.md is the one in a file; `--write-docs` writes it from what was observed.
"""

import hashlib
import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.pages import command_to_type
from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project, file_ring, on_file
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role

PAGE = Path(__file__).parents[2] / "docs" / "audit-log.md"
FENCE, END = "```json\n", "```\n"

WHOLE = ["generated", "staged", "offered", "published", "verified", "promoted"]
COMMANDS = ("2026-05-04T09:00:00", "2026-08-03T09:00:00", "2026-11-02T09:00:00", "2026-12-07T09:00:00")
FORCED = "2026-12-07T09:05:00"


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def told(log: Path, after: int = 0) -> list[str]:
    """The operation of each line, and its outcome where that isn't ok."""
    return [f"{line['operation']} {line['outcome']}".removesuffix(" ok") for line in lines(log)[after:]]


class Life:
    """A number's life with its audit log, and how many lines there were after each command."""

    def __init__(self, project: Project, store: str) -> None:
        self.project, self.store, self.log = project, store, project.path("audit.jsonl")
        self.counts: list[int] = []

    def declare(self, trigger: str) -> None:
        more = {"rotation_trigger": trigger}
        self.project.declare(more if self.store == "stack" else on_file(self.project, **more))

    def up(self, trigger: str) -> list[str]:
        """What one `up` tells."""
        self.declare(trigger)
        self.project.up()
        return self.news()

    def news(self) -> list[str]:
        before = self.counts[-1] if self.counts else 0
        self.counts.append(len(lines(self.log)))
        return told(self.log, before)


@pytest.fixture(params=["stack", "file"])
def life(project: Project, request: pytest.FixtureRequest) -> Life:
    """With the stack as the store the log is named in the configuration, with a file in the environment."""
    life = Life(project, request.param)
    if life.store == "stack":
        command = command_to_type("docs/audit-log.md", "pulumi config set whatsapp:auditLog")
        type_in(project, [command], filled_in={"/var/log/flows/audit.jsonl": str(life.log)})
    else:
        project.environment["WHATSAPP_AUDIT_LOG"] = str(life.log)
    return life


def test_a_keys_whole_life_is_told_line_by_line(life: Life, request: pytest.FixtureRequest) -> None:
    project, more = life.project, []
    assert life.up("one") == WHOLE
    assert life.up("two") == WHOLE
    project.up()
    assert life.counts[-1] == len(lines(life.log)), "an `up` that changes nothing tells nothing"
    if life.store == "file":
        previous_is_a_day_old(project)
        more = ["retired"]
    assert life.up("three") == [*WHOLE, *more]
    project.fail("destroy", "--yes", "--skip-preview")
    assert life.news() == ["refused deletion_refused"]
    served = str(project.served())
    secrets = private_keys(life)
    project.succeed("destroy", "--yes", "--skip-preview", env={"WHATSAPP_FORCE_DESTROY": served})
    assert life.news() == ["deleted"] * (2 if life.store == "file" else 3)
    assert len({line["fingerprint"] for line in lines(life.log)}) == 3
    assert {line["store"] for line in lines(life.log)} == {None, address(life)}
    assert all(line["trace_id"] for line in lines(life.log) if line["operation"] in ("published", "verified"))
    assert {line["actor"] for line in lines(life.log)} == {lines(life.log)[0]["actor"]}
    assert f"@{os.uname().nodename}" in lines(life.log)[0]["actor"]
    assert len(secrets) > 50
    assert leaks(life.log.read_text(), {TOKEN, *secrets}) == set()
    if life.store == "file":
        compare(example(life), request)


def previous_is_a_day_old(project: Project) -> None:
    """So that it leaves at the next rotation."""
    path = project.path("ring.json")
    ring = document.load(path.read_text(), "ring")
    keys = [replace(k, offered_at=k.offered_at and k.offered_at - timedelta(hours=24)) for k in ring.keys]
    assert file_ring(project)[Role.PREVIOUS]
    path.write_text(document.dump(replace(ring, keys=tuple(keys))))


def private_keys(life: Life) -> set[str]:
    """Every way in which one of the private keys could be written down."""
    if life.store == "stack":
        bundle = life.project.outputs()["line-keys"]
    else:
        bundle = json.loads(life.project.path("ring.json").read_text())["private_keys"]
    return {form for block in pem_blocks(bundle) for form in forms_of(block)}


def address(life: Life) -> str:
    return "stack" if life.store == "stack" else life.project.path("ring.json").as_uri()


def example(life: Life) -> str:
    """The log with the names, keys and dates of an example."""
    known = lines(life.log)
    text = "".join(f"{json.dumps({**line, **dated(life, at, line)})}\n" for at, line in enumerate(known))
    names = {
        life.project.number: "106540352242922",
        address(life): "file:///var/lib/flows/support-line.json",
        str(known[0]["stack"]): "acme/flows/prod",
    }
    for at, fingerprint in enumerate(dict.fromkeys(str(line["fingerprint"]) for line in known)):
        names[fingerprint] = hashlib.sha256(f"key {at}".encode()).hexdigest()
    for name, instead in names.items():
        text = text.replace(name, instead)
    return text


def dated(life: Life, at: int, line: dict[str, Any]) -> dict[str, Any]:
    command = sum(count <= at for count in life.counts)
    time = (*COMMANDS, FORCED)[command]
    return {
        "time": f"{time}+00:00",
        "actor": "deploy@build-7",
        "trace_id": line["trace_id"] and "AbCdEfGhIjKlMnOpQrStUvW",
    }


def compare(observed: str, request: pytest.FixtureRequest) -> None:
    head, fence, rest = PAGE.read_text().partition(FENCE)
    written, end, tail = rest.partition(END)
    if request.config.getoption("--write-docs"):
        PAGE.write_text(head + fence + observed + end + tail)
        return
    assert written == observed, "docs/audit-log.md tells another life; write it with --write-docs"


@pytest.mark.parametrize("store", ["stack", "file"])
def test_an_audit_log_that_can_not_be_written_stops_nothing_and_is_reported_once(project: Project, store: str) -> None:
    project.environment["WHATSAPP_AUDIT_LOG"] = str(project.path("missing") / "audit.jsonl")
    project.declare({} if store == "stack" else on_file(project))
    run = project.up()
    diagnostics = run.output.partition("Diagnostics:")[2]  # the rows above it show the last message as it comes
    assert diagnostics.count("audit.jsonl can't be written: No such file or directory") == 1
    assert project.opens_a_form()


@pytest.mark.parametrize("store", ["stack", "file"])
def test_an_adoption_is_told(project: Project, store: str) -> None:
    log, by_hand = project.path("audit.jsonl"), PrivateKey.generate()
    project.environment["WHATSAPP_AUDIT_LOG"] = str(log)
    project.emulator.set_key(project.number, by_hand.public_key_pem)
    given = {"existing_private_key": by_hand.to_pem()}
    project.declare(given if store == "stack" else on_file(project, **given))
    project.up()
    assert sorted(told(log)) == sorted(["adopted", "staged", "verified", "promoted"])
    assert {line["fingerprint"] for line in lines(log)} == {by_hand.fingerprint}


def test_without_an_audit_log_no_line_of_it_reaches_the_terminal(project: Project) -> None:
    assert 'fingerprint":' not in project.up()


def test_a_provider_of_an_account_of_its_own_takes_an_audit_log_of_its_own(project: Project) -> None:
    log = project.path("audit.jsonl")
    arguments = {"access_token": TOKEN, "graph_url": project.emulator.url, "audit_log": str(log)}
    project.declare({"provider": "account"}, providers={"account": arguments})
    project.up()
    assert told(log) == WHOLE
