"""The gate on the real engine: what a person sees while the live endpoint doesn't hold the new key."""

import json
from pathlib import Path

import pytest

from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import Project, is_quiet, on_file
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey

APP_SECRET = "secretOfTheAppForTestsOnly"
UNPROVEN = "nothing proves that the endpoint holds the new key"


class LiveEndpoint:
    """An endpoint that reads the file store when it is deployed, as one that keeps its keys in memory."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.keys: list[PrivateKey] = []

    def deploy(self) -> None:
        self.keys = private_keys(self.project.path("ring.json"))


def private_keys(path: Path) -> list[PrivateKey]:
    ring = document.load(path.read_text(), "ring")
    return [PrivateKey.from_pem(key.private_key_pem) for key in ring.keys]


def test_a_rotation_is_staged_and_not_published_until_the_endpoint_holds_the_key(project: Project) -> None:
    live = LiveEndpoint(project)
    with FlowEndpoint(lambda: live.keys) as endpoint:
        gate = {"endpoint_url": endpoint.url, "endpoint_wait": 0}
        project.declare(on_file(project, **gate))
        run = project.up()
        first = project.served()
        assert "is the number's first and is published, but the endpoint" in run
        assert "answered 421" in run
        live.deploy()

        project.declare(on_file(project, rotation_trigger="two", **gate))
        refused = project.failing_up()
        assert "is staged, not published: the endpoint" in refused
        assert "answered 421: it does not hold the private key yet" in refused
        assert "in-the-query" not in refused
        assert project.served() == first
        assert project.publications() == 1
        assert project.opens_a_form()

        live.deploy()
        project.up()
        assert project.served() == project.fingerprint() != first

        endpoint.requests.clear()
        project.emulator.clear_requests()
        project.up()
        assert is_quiet(project)
        assert endpoint.requests == []


def test_the_ping_is_signed_with_the_configured_app_secret(project: Project) -> None:
    live = LiveEndpoint(project)
    with FlowEndpoint(lambda: live.keys, app_secret=APP_SECRET) as endpoint:
        gate = {"endpoint_url": endpoint.url, "endpoint_wait": 0}
        project.declare(on_file(project, **gate))
        run = project.up()
        assert "it wants a signed request; set whatsapp:appSecret" in run
        signed = {"WHATSAPP_APP_SECRET": APP_SECRET}
        project.declare(on_file(project, rotation_trigger="two", **gate))
        assert "answered 421" in project.failing_up(env=signed)
        live.deploy()
        assert APP_SECRET not in project.up(env=signed).output
        assert project.served() == project.fingerprint()


@pytest.mark.parametrize(("way", "said"), [("neither", True), ("deploy", False), ("gate", False), ("store", False)])
def test_a_rotation_says_when_nothing_proves_that_the_endpoint_has_the_key(
    project: Project, way: str, said: bool
) -> None:
    backup = project.path("backup.json")
    with FlowEndpoint(lambda: private_keys(backup)) as endpoint:
        ways: dict[str, dict[str, object]] = {
            "store": on_file(project),
            "gate": {"endpoint_url": endpoint.url, "endpoint_wait": 0, "backups": [backup.as_uri()]},
            "deploy": {"deploy": True},
        }
        arguments = ways.get(way, {})
        project.declare(arguments)
        assert UNPROVEN not in project.up()
        project.declare({**arguments, "rotation_trigger": "two"})
        run = project.up()
    assert project.served() == project.fingerprint()
    in_the_end = run.output.partition("Diagnostics:")[2]  # the engine shows it as it comes, and again there
    assert in_the_end.count(UNPROVEN) == (1 if said else 0)


def test_an_endpoint_that_is_added_or_changed_is_no_change_of_what_is_registered(project: Project) -> None:
    project.up()
    project.emulator.clear_requests()
    project.declare({"endpoint_url": "http://127.0.0.1:9/flows"})
    changes = json.loads(project.succeed("preview", "--json").output)["changeSummary"]
    assert set(changes) == {"same"}
    project.up()
    assert is_quiet(project)
