"""A number whose private keys a key service holds, on the real engine, with the policies of the page and no others."""

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from click.testing import CliRunner

from tests.contract.custody.place import KmsPlace, VaultPlace
from tests.contract.stores.vault_place import policy
from tests.forms import APP_SECRET
from tests.pages import section_to_type
from tests.pairs import pair
from tests.secret_forms import forms_of, leaks
from tests.servers.deployment import Platform
from tests.servers.memory import found_in_memory
from tests.stack.keyboard import type_in
from tests.stack.project import TOKEN, Project, descendants, planned, stored_text
from tests.stack.traffic import no_form_failed, rotate_under_load
from whatsapp_flow_keys.command_line import command

if TYPE_CHECKING:
    from tools.ministack import MiniStack
    from tools.openbao import OpenBao

STORES = pytest.mark.parametrize("store", ["stack", "store"])


class Custody(Protocol):
    """A key service. The engine's environment is the stack's, this test's an endpoint's."""

    endpoint: dict[str, str]

    @property
    def url(self) -> str:
        """The URL of the service."""

    def number(self, store: str) -> dict[str, Any]:
        """As a program gives it, and where the key ring lies."""

    def log_out(self, environment: dict[str, str]) -> None:
        """Whoever has this environment is nobody then."""


class Transit:
    """The transit engine of a real OpenBao."""

    def __init__(self, project: Project, openbao: "OpenBao", monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = VaultPlace(openbao, monkeypatch, f"{project.unused_name()}-")
        self.place.number = project.number
        self.path = project.unused_name()
        self._openbao = openbao
        tokens = {
            "stack": openbao.token_for(self.place.policy("For the stack", "To import a key") + self._store("stack")),
            "endpoint": openbao.token_for(self.place.policy("For the endpoint") + self._store("endpoint")),
        }
        project.environment |= {**openbao.environment, "VAULT_TOKEN": tokens["stack"]}
        self.endpoint = {**openbao.environment, "VAULT_TOKEN": tokens["endpoint"]}
        for name, value in self.endpoint.items():
            monkeypatch.setenv(name, value)

    @property
    def url(self) -> str:
        """See :class:`Custody`."""
        return self.place.url

    def number(self, store: str) -> dict[str, Any]:
        """See :class:`Custody`."""
        declared = {"class": "VaultTransit", "key_prefix": self.place.url.split("/")[3].partition("?")[0]}
        return {"custody": declared, **({} if store == "stack" else {"store": self._openbao.url(self.path)})}

    def log_out(self, environment: dict[str, str]) -> None:
        """See :class:`Custody`."""
        environment["VAULT_TOKEN"] = "no token of the server"

    def _store(self, whom: str) -> str:
        return policy(f"For the {whom}", self.path)


class Kms:
    """AWS KMS, as MiniStack serves it; the region is the environment's."""

    def __init__(self, project: Project, server: "MiniStack", monkeypatch: pytest.MonkeyPatch) -> None:
        prefix = f"{project.unused_name()}-"
        place = KmsPlace(server, monkeypatch, prefix)
        place.number = project.number
        self.url, self._prefix, self._ring = place.url, prefix, project.path("ring.json")
        nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        project.environment |= {
            **server.environment_of(place.policy("For the stack", "To import a key")),
            **nowhere,
        }
        self.endpoint = {**server.environment_of(place.policy("For the endpoint")), **nowhere}
        place.log_in(self.endpoint)

    def number(self, store: str) -> dict[str, Any]:
        """See :class:`Custody`."""
        declared = {"class": "AwsKms", "key_prefix": self._prefix}
        return {"custody": declared, **({} if store == "stack" else {"store": self._ring.as_uri()})}

    def log_out(self, environment: dict[str, str]) -> None:
        """See :class:`Custody`."""
        environment["AWS_SECRET_ACCESS_KEY"] = "no secret of the user"


@pytest.fixture
def transit(project: Project, openbao: "OpenBao", monkeypatch: pytest.MonkeyPatch) -> Transit:
    return Transit(project, openbao, monkeypatch)


@pytest.fixture(params=["transit", "kms"])
def custody(request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch) -> Custody:
    if request.param == "kms":
        return Kms(project, request.getfixturevalue("ministack"), monkeypatch)
    found: Transit = request.getfixturevalue("transit")
    return found


@STORES
def test_a_key_lives_at_the_service_and_nowhere_else(project: Project, custody: Custody, store: str) -> None:
    number = custody.number(store)
    project.declare(number)
    printed = project.succeed("up", "--yes", "--diff").output
    first, forms = project.served(), [project.form()]
    project.declare({**number, "rotation_trigger": "two"})
    printed += project.succeed("preview", "--diff").output
    printed += project.succeed("up", "--yes", "--diff").output
    assert first != project.served() == project.fingerprint()
    assert project.opens(*forms, project.form())
    everything = printed + stored_text(project.backend) + stored_text(project.folder)
    everything += project.succeed("stack", "export", "--show-secrets").output
    assert "PRIVATE KEY" not in everything
    assert "BEGIN PUBLIC KEY" in everything  # so the search finds a PEM
    assert project.outputs()["line"]["WHATSAPP_FLOW_CUSTODY"] == custody.url


@STORES
def test_without_a_change_nobody_is_asked_and_nothing_is_to_do(project: Project, custody: Custody, store: str) -> None:
    project.declare(custody.number(store))
    project.up()
    custody.log_out(project.environment)
    project.emulator.clear_requests()
    project.succeed("preview", "--expect-no-changes")
    project.up("--expect-no-changes")
    assert project.emulator.requests(project.number) == []


@STORES
def test_after_a_destroy_the_number_goes_on_with_the_keys_of_the_service(
    project: Project, custody: Custody, store: str
) -> None:
    project.declare(custody.number(store))
    project.up()
    old, forms = project.served(), [project.form()]
    project.succeed("destroy", "--yes", "--skip-preview")
    if store == "stack" or isinstance(custody, Kms):  # whose store is a file here, which can't be brought back
        assert f'set take_over="{old}"' in project.failing_up()
        project.declare({**custody.number(store), "take_over": old})
    project.up()
    assert old != project.served() == project.fingerprint()
    assert project.opens(*forms, project.form())


def test_a_move_there_is_a_rotation_in_the_preview_and_rotates_without_a_failed_form(
    project: Project, custody: Custody, platform: Platform
) -> None:
    """From a PEM in the stack to the service, a rotation there, and back."""
    platform.environ |= custody.endpoint
    number = custody.number("stack")
    steps = {
        "one": {**number, "rotation_trigger": "one"},
        "two": {**number, "rotation_trigger": "two"},
        "three": {"custody": {"class": "RingCustody"}, "rotation_trigger": "three"},
    }

    def declare(trigger: str) -> None:
        project.declare({**steps.get(trigger, {}), "deploy": "platform"}, platform=platform.url)

    declare("none")
    project.up()
    declare("one")
    assert "its private key is to be made and held by" in project.succeed("preview", "--diff")
    assert planned(project)["EncryptionKey"] == {"replace"}
    declare("none")
    no_form_failed(rotate_under_load(project, platform, declare), platform)
    assert platform.deployments == 4


def test_on_a_store_no_form_fails_though_nobody_restarts_the_endpoint(
    project: Project, custody: Custody, platform: Platform
) -> None:
    platform.environ |= custody.endpoint
    number = {**custody.number("store"), "endpoint_url": platform.endpoint_url}
    project.environment["WHATSAPP_APP_SECRET"] = APP_SECRET

    def declare(trigger: str | None = None) -> None:
        project.declare({**number, "rotation_trigger": trigger})

    declare()
    project.up()
    platform.deploy(project.outputs()["line"])
    no_form_failed(rotate_under_load(project, platform, declare), platform)
    assert platform.deployments == 1


@pytest.mark.parametrize("held_by", ["the service", "the ring"])
def test_the_memory_of_an_endpoint_holds_no_private_key(
    project: Project, custody: Custody, platform: Platform, held_by: str
) -> None:
    """That of one whose keys are PEMs does, so the search finds one. The key is known to this test: it is imported."""
    key = pair()
    project.emulator.set_key(project.number, key.public_key_pem)
    number = custody.number("stack") if held_by == "the service" else {}
    project.declare({**number, "existing_private_key": key.to_pem()})
    project.up()
    platform.environ |= custody.endpoint
    platform.deploy(project.outputs()["line"])
    client = project.emulator.flow_client(project.number, platform.endpoint_url, app_secret=APP_SECRET)
    for _ in range(3):
        assert client.send({"action": "INIT"}).status == 200
    primes = key.key.private_numbers()
    secrets = {number.to_bytes(128, order) for number in (primes.p, primes.q) for order in ("big", "little")}
    assert platform.pid is not None
    found = set().union(*(found_in_memory(pid, secrets) for pid in (platform.pid, *descendants(platform.pid))))
    assert bool(found) == (held_by == "the ring")
    everything = platform.log + stored_text(project.backend) + stored_text(project.folder / ".pulumi")
    assert leaks(everything, forms_of(key.to_pem())) == set()


def test_the_command_line_asks_the_service(project: Project, custody: Custody, monkeypatch: pytest.MonkeyPatch) -> None:
    project.declare(custody.number("store"))
    project.up()
    environment = {
        **project.outputs()["line"],
        **{name: value for name, value in project.environment.items() if name.startswith(("AWS_", "VAULT_"))},
        "WHATSAPP_ACCESS_TOKEN": TOKEN,
        "WHATSAPP_GRAPH_URL": project.emulator.url,
    }
    shown = CliRunner().invoke(command, ["show"], env=environment)
    assert f"in use at {custody.url}" in shown.output
    verified = CliRunner().invoke(command, ["verify", "--json"], env=environment)
    assert verified.exit_code == 0, verified.output
    checks = {check["check"]: check["found"] for check in json.loads(verified.output)["checks"]}
    assert checks["private_keys"] == f"every private key is in use at {custody.url}"
    exported = CliRunner().invoke(command, ["export", "--to", "-"], env=environment)
    assert (exported.exit_code, "never hands out a private key" in exported.output) == (1, True)


def test_a_document_that_was_lost_is_written_again_by_the_pages_command(project: Project, transit: Transit) -> None:
    file = project.path("ring.json")
    project.declare({**transit.number("stack"), "store": file.as_uri()})
    project.up()
    live, forms = project.served(), [project.form()]
    file.unlink()
    type_in(project, section_to_type("docs/recovery/lost-store.md", "A key service holds the private keys"))
    assert project.served() == live
    assert project.opens(*forms, project.form())


def test_the_preview_of_a_passphrase_beside_it_says_that_it_adds_nothing(project: Project, transit: Transit) -> None:
    project.declare({**transit.number("store"), "passphrase": "generated"})
    assert "passphrase: adds nothing to a private key" in project.fail("preview")
