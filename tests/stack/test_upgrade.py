"""Stacks that an earlier version left live on with this one: their states stand in `states/`, see recorded_state.py."""

from tests.stack.project import Project, planned, stack_ring
from tests.stack.recorded_state import Earlier
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import encrypt_request
from whatsapp_flow_keys.keys import PrivateKey, load_public_key
from whatsapp_flow_keys.stores.urls import open_store


def opens(project: Project, key: PrivateKey) -> bool:
    """Whether the endpoint, with the stack's output, opens a form that was encrypted with this key."""
    body, _ = encrypt_request(load_public_key(key.public_key_pem), {"screen": "BOOKING"})
    opened, _ = FlowKeys.from_env(project.outputs()["line"]).decrypt(body)
    return bool(opened == {"screen": "BOOKING"})


def only_in_place(earlier: Earlier) -> bool:
    """Whether a preview shows no key made or replaced; what an unfinished rotation replaced may go, and what guards a
    store's document came with a later version."""
    allowed = {"same", "update", "delete-replaced"} if earlier.unfinished else {"same", "update"}
    steps = planned(earlier.project)
    guard = steps.pop("StoredKeyRing", {"create"})
    return "EncryptionKey" in steps and guard <= {"create", *allowed} and set().union(*steps.values()) <= allowed


def held(earlier: Earlier) -> list[str]:
    """The fingerprints of the private keys in its store, or in its state."""
    (number,) = earlier.numbers
    if "store" not in number:
        return stack_ring(earlier.project) if earlier.project.resources("KeyRing") else []
    ring = open_store(number["store"]).read().ring
    return [key.fingerprint for key in ring.keys] if ring else []


def test_an_up_changes_in_place_at_most_and_keeps_every_key(earlier: Earlier) -> None:
    project, desired = earlier.project, earlier.keys[-1]
    assert only_in_place(earlier)
    project.up()
    assert project.fingerprint() == project.served() == desired.fingerprint
    assert all(opens(project, key) for key in earlier.keys)
    project.succeed("preview", "--expect-no-changes")


def test_a_rotation_keeps_the_old_keys_readable(earlier: Earlier) -> None:
    project = earlier.project
    earlier.declare(rotation_trigger="after the upgrade")
    project.up()
    assert project.served() == project.fingerprint()
    assert project.served() not in {key.fingerprint for key in earlier.keys}
    assert project.opens_a_form()
    assert opens(project, earlier.served)


def test_a_refresh_finds_no_drift_and_a_destroy_lets_all_go(earlier: Earlier) -> None:
    project = earlier.project
    project.succeed("refresh", "--yes", "--skip-preview")
    assert only_in_place(earlier)
    assert earlier.served.fingerprint in held(earlier)
    may_go = {"WHATSAPP_FORCE_DESTROY": earlier.served.fingerprint}
    project.succeed("destroy", "--yes", "--skip-preview", env=may_go)
    assert project.export()["deployment"].get("resources", []) == []
    assert held(earlier) == []
