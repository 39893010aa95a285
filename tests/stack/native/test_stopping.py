"""Ctrl-C and `customTimeouts` end what waits, and the next `up` goes on from there."""

import signal
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.native.program import declare, install_plugin, write
from tests.stack.project import Project, on_file
from tests.stack.test_endpoint_gate import LiveEndpoint
from whatsapp_flow_keys.native.version import VERSION

_WAIT = 600
"""Seconds: the gate alone would wait so long."""


@pytest.fixture
def live(project: Project) -> LiveEndpoint:
    """An endpoint that holds the keys only once it is deployed again."""
    return LiveEndpoint(project)


@pytest.fixture
def gate(live: LiveEndpoint) -> Iterator[dict[str, Any]]:
    """The arguments of a number whose rotation waits for that endpoint."""
    with FlowEndpoint(lambda: live.keys) as endpoint:
        yield {"endpoint_url": endpoint.url, "endpoint_wait": _WAIT}


def test_an_interrupt_ends_the_wait_for_the_endpoint(
    project: Project, live: LiveEndpoint, gate: dict[str, Any]
) -> None:
    declare(project, on_file(project, **gate))
    project.up()
    first = project.served()
    live.deploy()
    declare(project, on_file(project, rotation_trigger="two", **gate))
    began, printed = monotonic(), ""
    with project.started("up", "--yes", "--skip-preview") as run:
        assert run.stdout
        while "waiting up to" not in printed:
            printed += run.stdout.readline().decode()
        run.send_signal(signal.SIGINT)
        printed += run.stdout.read().decode()
        run.wait()
    assert "StoppedError" in printed, printed
    assert monotonic() - began < _WAIT / 4
    assert project.served() == first
    live.deploy()
    project.up()
    assert project.served() == project.fingerprint() != first


def test_the_time_that_a_program_gives_a_resource_ends_its_wait(
    project: Project, live: LiveEndpoint, gate: dict[str, Any]
) -> None:
    install_plugin(project)
    number = {"phoneNumberId": project.number, "managedBy": "organization/flows/test", **on_file(project)}

    def registered_in_two_seconds(trigger: str) -> None:
        registration = {
            **number,
            "keyId": "${key.id}",
            "fingerprint": "${key.fingerprint}",
            "locations": "${key.locations}",
            "endpointUrl": gate["endpoint_url"],
            "endpointWait": _WAIT,
        }
        options = {"version": VERSION, "customTimeouts": {"create": "2s", "update": "2s"}}
        key = {**number, "rotationTrigger": trigger, "storedRing": True}
        resources = {
            "key": {"type": "whatsapp:flows:EncryptionKey", "properties": key, "options": {"version": VERSION}},
            "live": {"type": "whatsapp:flows:KeyRegistration", "properties": registration, "options": options},
        }
        write(project, resources, {})

    registered_in_two_seconds("one")
    project.up()
    first = project.served()
    live.deploy()
    registered_in_two_seconds("two")
    failed = project.failing_up()
    assert "StoppedError" in failed
    assert "the time is up that customTimeouts gives it" in failed
    assert project.served() == first
