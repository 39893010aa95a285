"""Many numbers in one program, over several accounts: each with its own token, and no failure of one spoils another."""

import json
from typing import Any

import pytest

from tests.stack.project import ACCOUNT_TOKENS, TOKEN, Project, Run
from tests.stack.reference import configure
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import load_public_key

GO_ON = "--continue-on-error"
STORES = pytest.mark.parametrize("store", ["stack", "file:south/ring.json"], ids=["stack", "file"])
WRONG = {"south": "EAAnobodysToken"}


class Accounts:
    """The reference stack with a number in each account, which Meta shows to that account's token alone."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.environment["WHATSAPP_GRAPH_DEADLINE"] = "60"  # nothing here waits for it to end
        self.numbers = {account: f"{project.number}{index}" for index, account in enumerate(ACCOUNT_TOKENS)}
        for account, number in self.numbers.items():
            project.emulator.add_number(number, tokens=[ACCOUNT_TOKENS[account]])

    def configure(self, *more: dict[str, Any], tokens: dict[str, str] | None = None, **fields: dict[str, Any]) -> None:
        """An entry for each account, of its name, with its ``fields``; and ``more`` entries. ``tokens``: other ones."""
        entries = [
            {"name": account, "account": account, "phoneNumberId": number, **fields.get(account, {})}
            for account, number in self.numbers.items()
        ]
        given = {**ACCOUNT_TOKENS, **(tokens or {})}
        configure(
            self.project, [*entries, *more], {f"{account}:accessToken": token for account, token in given.items()}
        )

    def rotated(self, **fields: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Fields that rotate every number, with those of before."""
        return {account: {**fields.get(account, {}), "rotationTrigger": "two"} for account in self.numbers}

    def served(self) -> dict[str, str | None]:
        """The fingerprint of what Meta serves, by account."""
        return {account: self.project.emulator.served(number)[1] for account, number in self.numbers.items()}

    def keys(self) -> dict[str, str]:
        """The fingerprints of the live keys in the state, by name; also after an `up` that failed."""
        return self._recorded("EncryptionKey", "fingerprint")

    def proven(self) -> dict[str, str]:
        """The fingerprints of the registrations that the state holds as finished, by name."""
        return self._recorded("KeyRegistration", "proven_fingerprint")

    def _recorded(self, kind: str, output: str) -> dict[str, str]:
        live = [resource for resource in self.project.resources(kind) if not resource.get("delete")]
        return {resource["urn"].rpartition("::")[2]: str(resource["outputs"][output]) for resource in live}

    def statuses(self, account: str) -> set[int | None]:
        """What Meta answered about the account's number since the log was cleared."""
        return {request["status"] for request in self.project.emulator.requests(self.numbers[account])}

    def endpoint(self, name: str) -> dict[str, str]:
        """The environment of the endpoint, as the stack gives it."""
        environment: dict[str, str] = self.project.outputs()["endpoint_envs"][name]
        return environment

    def opens_a_form(self, account: str, environment: dict[str, str]) -> bool:
        """Whether an endpoint with this environment opens a form encrypted with the key that Meta serves."""
        pem = self.project.emulator.served(self.numbers[account])[0]
        assert pem is not None
        body, _ = encrypt_request(load_public_key(pem), {"screen": "BOOKING"})
        opened, _ = FlowKeys.from_env(environment).decrypt(body)
        return bool(opened == {"screen": "BOOKING"})

    def blames_only(self, account: str, run: Run) -> bool:
        """Whether the errors at the end name this account's number and the account, and no other number."""
        end = run.output.partition("Diagnostics:")[2]
        errors = "\n".join(line for line in end.splitlines() if "error: " in line)
        assert "UnexpectedError" not in errors
        assert "has a problem" not in errors
        named = {name for name, number in self.numbers.items() if number in errors}
        return named == {account} and f"account {account}" in errors


@pytest.fixture
def accounts(reference: Project) -> Accounts:
    return Accounts(reference)


def test_each_number_is_asked_about_with_the_token_of_its_own_account(accounts: Accounts) -> None:
    """Meta never hears another's, not even the environment's; numbers of one account share its provider."""
    project, second = accounts.project, f"{accounts.project.number}9"
    project.emulator.add_number(second, tokens=[ACCOUNT_TOKENS["north"]])
    project.emulator.clear_requests()
    accounts.configure({"name": "second", "account": "north", "phoneNumberId": second})
    project.up()
    assert all(accounts.statuses(account) == {200} for account in accounts.numbers)
    assert {request["status"] for request in project.emulator.requests(second)} == {200}
    assert accounts.proven() == {**accounts.served(), "second": project.emulator.served(second)[1]}
    rings = {ring["urn"].rpartition("::")[2]: ring["provider"] for ring in project.resources("KeyRing")}
    assert rings["second"] == rings["north"]
    assert len(set(rings.values())) == len(project.resources("pulumi-python")) == len(ACCOUNT_TOKENS)
    assert not [token for token in ACCOUNT_TOKENS.values() if token in json.dumps(project.export())]


def test_an_accounts_secrets_are_its_own_and_the_address_and_the_audit_log_are_the_stacks_where_it_has_none(
    accounts: Accounts,
) -> None:
    project, number = accounts.project, accounts.numbers
    entries = [{"name": name, "account": name, "phoneNumberId": number[name]} for name in ("north", "south")]
    shared = {"whatsapp:graphUrl": project.emulator.url, "whatsapp:auditLog": "all.jsonl"}
    tokens = {f"{name}:accessToken": ACCOUNT_TOKENS[name] for name in ("north", "south")}
    own = {"north:appSecret": "0123456789abcdef", "south:auditLog": "south.jsonl", "south:graphVersion": "v25.0"}
    configure(project, entries, {**shared, **tokens, **own, "whatsapp:appSecret": "another"})
    project.up(env={"WHATSAPP_GRAPH_URL": "", "WHATSAPP_APP_SECRET": "another"})
    assert number["north"] in (project.folder / "all.jsonl").read_text()
    assert number["south"] in (project.folder / "south.jsonl").read_text()
    assert number["south"] not in (project.folder / "all.jsonl").read_text()
    given = {provider["urn"].rpartition("::")[2]: provider["inputs"] for provider in project.resources("pulumi-python")}
    assert "whatsapp:appSecret" in given["north"]
    assert "whatsapp:appSecret" not in given["south"]
    paths = {request["path"].split("/")[1] for request in project.emulator.requests(number["south"])}
    assert paths == {"v25.0"}


@STORES
def test_the_other_numbers_are_finished_and_saved_when_one_accounts_token_is_bad(
    accounts: Accounts, store: str
) -> None:
    project, fields = accounts.project, {"south": {"store": store}}
    accounts.configure(tokens=WRONG, **fields)
    run = project.failing_up(GO_ON)
    assert accounts.blames_only("south", run)
    assert "pulumi config set --secret south:accessToken" in run
    assert accounts.proven() == {name: found for name, found in accounts.served().items() if name != "south"}
    assert accounts.served()["south"] is None
    assert sorted(project.outputs()["endpoint_envs"]) == ["east", "north"]
    finished = accounts.keys()
    project.emulator.clear_requests()
    accounts.configure(**fields)
    project.up()
    assert accounts.proven() == accounts.served()
    assert accounts.keys() == {"south": accounts.served()["south"], **finished}
    assert accounts.statuses("north") == accounts.statuses("east") == set()


@STORES
def test_the_other_numbers_are_rotated_when_one_accounts_token_is_bad(accounts: Accounts, store: str) -> None:
    project, fields = accounts.project, {"south": {"store": store}}
    accounts.configure(**fields)
    project.up()
    before, endpoint = accounts.served(), accounts.endpoint("south")
    accounts.configure(tokens=WRONG, **accounts.rotated(**fields))
    run = project.failing_up(GO_ON)
    assert accounts.blames_only("south", run)
    after = accounts.served()
    assert {name for name in after if after[name] == before[name]} == {"south"}
    assert accounts.proven() == after
    assert accounts.opens_a_form("south", endpoint)
    accounts.configure(**accounts.rotated(**fields))
    project.up()
    assert accounts.proven() == accounts.keys() == accounts.served()
    assert accounts.served()["south"] != before["south"]


def test_without_continuing_what_was_made_before_the_failure_is_saved_and_the_next_up_goes_on_from_it(
    accounts: Accounts,
) -> None:
    accounts.configure(tokens=WRONG)
    run = accounts.project.failing_up()
    assert accounts.blames_only("south", run)
    made, finished = accounts.keys(), accounts.proven()
    assert "south" in made, "its key was made before its registration failed"
    assert finished.items() <= accounts.served().items()
    accounts.configure()
    accounts.project.up()
    assert made.items() <= accounts.keys().items()
    assert accounts.proven() == accounts.keys() == accounts.served()


def test_a_store_that_fails_for_one_number_leaves_the_others_registered(accounts: Accounts) -> None:
    project = accounts.project
    (project.folder / "no-folder").write_text("a file")
    accounts.configure(south={"store": "file:no-folder/ring.json"})
    run = project.failing_up(GO_ON)
    assert accounts.blames_only("south", run)
    assert accounts.proven() == {name: found for name, found in accounts.served().items() if name != "south"}
    (project.folder / "no-folder").unlink()
    project.up()
    assert accounts.proven() == accounts.served()


@STORES
def test_an_account_comes_and_goes_in_place(accounts: Accounts, store: str) -> None:
    """Another provider is no replacement; a rotation at the same time finds its key ring, in another process."""
    project, number = accounts.project, accounts.numbers["south"]
    project.emulator.add_number(number, tokens=[TOKEN, ACCOUNT_TOKENS["south"]])
    entry = {"name": "south", "phoneNumberId": number, "store": store}
    settings = {"south:accessToken": ACCOUNT_TOKENS["south"]}
    configure(project, [entry])
    project.up()
    first = accounts.served()["south"]
    configure(project, [{**entry, "account": "south"}], settings)
    changes = json.loads(project.succeed("preview", "--json").output)["changeSummary"]
    assert set(changes) <= {"create", "same", "update"}
    assert changes["create"] == 1
    project.up()
    assert (accounts.keys()["south"], len(project.emulator.requests(number, "POST"))) == (first, 1)
    configure(project, [{**entry, "rotationTrigger": "two"}])
    project.up()
    second = accounts.served()["south"]
    assert accounts.proven()["south"] == accounts.keys()["south"] == second != first
    configure(project, [{**entry, "account": "south", "rotationTrigger": "three"}], settings)
    project.up()
    assert accounts.proven()["south"] == accounts.keys()["south"] == accounts.served()["south"] != second
    assert accounts.opens_a_form("south", accounts.endpoint("south"))


def test_an_account_that_is_none_is_refused_in_the_preview(reference: Project) -> None:
    entry = {"name": "a", "phoneNumberId": reference.number, "account": "nroth"}
    configure(reference, [entry], {"north:accessToken": ACCOUNT_TOKENS["north"]})
    run = reference.fail("preview")
    assert "numbers[0].account: nroth:accessToken: is missing, so there is no account nroth" in run
    assert reference.emulator.requests(reference.number) == []
