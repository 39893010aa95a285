"""`destroy --refresh`: the refresh before it makes the engine no less careful with a key that Meta serves.

The refresh compares what it read with the program's inputs, so a `destroy` knows more than a plain one: the live key.
"""

from typing import Any

import pytest

from tests.stack.project import Project, kept, on_file

LOCKED = 131031
NUMBERS: dict[str, tuple[str, dict[str, Any]]] = {
    "a generated passphrase": ("file", {"passphrase": "generated"}),
    "no passphrase": ("file", {}),
    "the stack as the store": ("stack", {}),
}


@pytest.fixture
def served(project: Project, request: pytest.FixtureRequest) -> str:
    """What Meta serves for a number of one of these kinds, after its first `up`."""
    store, more = NUMBERS[request.param]
    project.declare(on_file(project, **more) if store == "file" else more)
    project.up()
    return str(project.served())


@pytest.mark.parametrize("served", NUMBERS, indirect=True)
def test_the_served_key_and_what_opens_it_stay(project: Project, served: str, request: pytest.FixtureRequest) -> None:
    store, more = NUMBERS[request.node.callspec.params["served"]]
    run = project.fail("destroy", "--refresh", "--yes", "--skip-preview")
    assert f"Meta serves key {served}" in run
    assert kept(project, store) == [served]
    assert len(project.resources("RandomPassword")) == (1 if "passphrase" in more else 0)
    assert project.opens_a_form()


def test_the_served_key_stays_though_it_was_replaced_and_is_still_to_be_deleted(project: Project) -> None:
    given = on_file(project, passphrase="generated")
    project.declare(given)
    project.up()
    served = project.served()
    project.declare({**given, "rotation_trigger": "two"})
    project.emulator.fault("error", code=LOCKED, method="POST", phone_number_id=project.number)
    project.failing_up()
    project.emulator.clear_faults()
    assert len(project.resources("EncryptionKey")) == 2
    assert f"Meta serves key {served}" in project.fail("destroy", "--refresh", "--yes", "--skip-preview")
    assert served in kept(project, "file")
    assert len(project.resources("RandomPassword")) == 1
    assert project.opens_a_form()
