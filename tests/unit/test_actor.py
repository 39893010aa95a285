"""Who acts, as the audit log names it: a user on a machine, and the CI run."""

import json
import os
import pwd
from pathlib import Path

import pytest

from tests.hostile_words import HOSTILE, is_tame
from whatsapp_flow_keys.actor import actor_in
from whatsapp_flow_keys.audit import AuditLog, Event, Operation

HERE = f"{pwd.getpwuid(os.geteuid()).pw_name}@{os.uname().nodename}"
PAGE = (Path(__file__).parents[2] / "docs" / "audit-log.md").read_text()

GITHUB = {
    "GITHUB_SERVER_URL": "https://git.example.com",
    "GITHUB_REPOSITORY": "acme/flows",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_TOKEN": "hunter2",
}
RUNS = {
    "GitHub Actions by octocat, https://git.example.com/acme/flows/actions/runs/4711": GITHUB,
    "GitLab CI by ada, https://git.example.com/acme/flows/-/jobs/7": {
        "CI_JOB_URL": "https://git.example.com/acme/flows/-/jobs/7",
        "GITLAB_USER_LOGIN": "ada",
        "CI_JOB_TOKEN": "hunter2",
    },
    "Azure Pipelines by Ada, https://dev.example.com/acme/flows build 12": {
        "SYSTEM_COLLECTIONURI": "https://dev.example.com/acme/",
        "SYSTEM_TEAMPROJECT": "flows",
        "BUILD_BUILDID": "12",
        "BUILD_REQUESTEDFOR": "Ada",
        "SYSTEM_ACCESSTOKEN": "hunter2",
    },
    "CircleCI by ada, https://ci.example.com/1": {
        "CIRCLE_BUILD_URL": "https://ci.example.com/1",
        "CIRCLE_USERNAME": "ada",
    },
    "Buildkite by Ada, https://ci.example.com/2": {
        "BUILDKITE_BUILD_URL": "https://ci.example.com/2",
        "BUILDKITE_BUILD_CREATOR": "Ada",
    },
    "Jenkins, https://ci.example.com/job/flows/3/": {"BUILD_URL": "https://ci.example.com/job/flows/3/"},
}


def test_outside_of_a_ci_it_is_the_systems_user_and_the_machine() -> None:
    assert actor_in({"USER": "somebody-else", "LOGNAME": "somebody-else"}) == HERE


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert actor_in({}).startswith("4000000@")


@pytest.mark.parametrize("said", RUNS)
def test_a_ci_run_is_named_with_who_started_it_and_where_it_is(said: str) -> None:
    assert actor_in(RUNS[said]) == f"{HERE}, {said}"
    assert said.partition(",")[0].partition(" by ")[0] in PAGE


@pytest.mark.parametrize("missing", ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"])
def test_a_run_that_cannot_be_found_by_it_is_not_named(missing: str) -> None:
    assert actor_in({**GITHUB, missing: ""}) == HERE


def test_what_the_person_says_takes_the_place_of_it_all() -> None:
    assert actor_in({**GITHUB, "WHATSAPP_AUDIT_ACTOR": " ada, by the break-glass account "}) == (
        "ada, by the break-glass account"
    )


def test_a_blank_one_says_nothing() -> None:
    assert actor_in({"WHATSAPP_AUDIT_ACTOR": " "}) == HERE


def test_credentials_in_a_url_are_left_out() -> None:
    assert (
        actor_in({"BUILD_URL": "https://me:hunter2@ci.example.com/3"}) == f"{HERE}, Jenkins, https://ci.example.com/3"
    )


def test_what_a_variable_holds_rules_no_terminal() -> None:
    assert is_tame(actor_in({"BUILD_URL": HOSTILE}))


def test_every_line_of_the_audit_log_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_AUDIT_ACTOR", "ada")
    log = AuditLog(str(tmp_path / "audit.jsonl"))
    for operation in (Operation.STAGED, Operation.PUBLISHED):
        log.record(Event(operation, "106540352242922", "acme/flows/prod"))
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["actor"] for line in lines] == ["ada", "ada"]


def test_a_log_of_a_version_that_named_nobody_is_written_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    older = (
        '{"time": "2026-05-04T09:00:00+00:00", "operation": "generated", "phone_number_id": "1", "stack": "a/b/c"}\n'
    )
    path.write_text(older)
    AuditLog(str(path)).record(Event(Operation.STAGED, "1", "a/b/c"))
    assert path.read_text().startswith(older)
    assert json.loads(path.read_text().splitlines()[1])["actor"]
