"""Meta answers once, or for a while, as if a number had no key, while it goes on serving one. Nothing rests on that."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import Project, on_file
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey

STORES = pytest.mark.parametrize("store", ["stack", "file"])
SHAPES = pytest.mark.parametrize("shape", ["array", "flat"])
"""``{"data": []}`` and ``{}``: neither is documented for a number without a key."""


def declare(project: Project, store: str, **more: Any) -> None:
    project.declare(more if store == "stack" else on_file(project, **more))


def answer_nothing(project: Project, *, times: int | None = None, **fields: Any) -> None:
    project.emulator.fault("keyless_read", phone_number_id=project.number, times=times, **fields)


def offered_two_hours_ago(project: Project) -> None:
    """So that only what Meta answers stands between the file and its deletion."""
    path = project.path("ring.json")
    ring = document.load(path.read_text(), "ring")
    keys = [replace(k, offered_at=k.offered_at and k.offered_at - timedelta(hours=2)) for k in ring.keys]
    path.write_text(document.dump(replace(ring, keys=tuple(keys))))


@pytest.mark.parametrize("times", [1, None], ids=["once", "for good"])
def test_no_empty_answer_lets_a_destroy_delete_the_last_copy(project: Project, times: int | None) -> None:
    project.declare(on_file(project))
    project.up()
    served = project.served()
    offered_two_hours_ago(project)
    answer_nothing(project, times=times)
    run = project.fail("destroy", "--yes", "--skip-preview")
    assert f"WHATSAPP_FORCE_DESTROY={served}" in run
    assert project.path("ring.json").exists()
    project.emulator.clear_faults()
    project.up()
    assert project.served() == served
    assert project.opens_a_form()


@STORES
def test_no_empty_answer_makes_a_rotation_pass_the_gate_as_the_numbers_first_key(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    served = project.served()
    with FlowEndpoint(list) as endpoint:
        declare(project, store, rotation_trigger="two", endpoint_url=endpoint.url, endpoint_wait=0)
        answer_nothing(project)
        assert f"has no key, but key {served} was registered there" in project.failing_up()
        project.emulator.clear_faults()
        assert "is staged, not published" in project.failing_up()
    assert project.served() == served
    assert project.publications() == 1


@STORES
@SHAPES
def test_two_empty_answers_publish_over_no_foreign_key(project: Project, store: str, shape: str) -> None:
    foreign = PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    declare(project, store)
    answer_nothing(project, times=2, no_key="empty", shape=shape)
    project.failing_up()
    assert project.served() == foreign.fingerprint
    assert project.publications() == 0


@STORES
def test_a_number_that_lost_its_key_gets_it_back_by_a_refresh(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    served = project.served()
    project.emulator.set_key(project.number, None)
    run = project.up("--refresh")
    assert "Meta serves no key" in run
    assert project.served() == served
    project.succeed("preview", "--expect-no-changes")
