"""Destroying: refused while Meta serves a key whose last copy would go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.stack.project import Project, kept, on_file
from whatsapp_flow_keys import document

STORES = pytest.mark.parametrize("store", ["stack", "file"])
NOBODY = "http://127.0.0.1:9"


def declare(project: Project, store: str, **more: object) -> None:
    project.declare(dict(more) if store == "stack" else on_file(project, **more))


def recorded(project: Project) -> set[str]:
    """The URNs of what is in the state."""
    return {resource["urn"] for resource in project.export()["deployment"].get("resources", [])}


def is_all_gone(project: Project, store: str) -> bool:
    return kept(project, store) == [] and recorded(project) == set()


@STORES
def test_destroy_is_refused_while_meta_serves_the_key_and_names_it(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    served = project.served()
    run = project.fail("destroy", "--yes", "--skip-preview")
    assert f"Meta serves key {served}" in run
    assert f"WHATSAPP_FORCE_DESTROY={served}" in run
    # To retain a file keeps it; to retain the stack's ring would forget the only copy, so it is not advised.
    assert ("retain_on_delete" in run) == (store == "file")
    assert kept(project, store) == [served]
    assert project.opens_a_form()


@STORES
def test_a_refused_destroy_leaves_what_deploy_returned_and_the_registration(project: Project, store: str) -> None:
    declare(project, store, deploy=True)
    project.up()
    before = recorded(project)
    project.fail("destroy", "--yes", "--skip-preview")
    assert recorded(project) == before
    assert any("Endpoint" in urn for urn in before)


@STORES
def test_an_up_after_a_refused_destroy_puts_everything_back(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    project.fail("destroy", "--yes", "--skip-preview")
    project.up()
    assert project.served() == project.fingerprint()
    assert project.opens_a_form()


@STORES
def test_force_destroy_lets_it_go_once_it_is_recorded(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    declare(project, store, force_destroy=True)
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert is_all_gone(project, store)


@STORES
def test_the_environment_can_name_the_key_that_may_go(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    served = str(project.served())
    project.fail("destroy", "--yes", "--skip-preview", env={"WHATSAPP_FORCE_DESTROY": "0" * 64})
    assert kept(project, store) == [served]
    project.succeed("destroy", "--yes", "--skip-preview", env={"WHATSAPP_FORCE_DESTROY": served})
    assert is_all_gone(project, store)


@STORES
def test_destroy_is_refused_while_meta_can_not_be_asked(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    run = project.fail("destroy", "--yes", "--skip-preview", env={"WHATSAPP_GRAPH_URL": NOBODY})
    assert "is not known, so nothing was deleted" in run
    assert kept(project, store) == [project.served()]
    assert project.opens_a_form()


def test_a_generated_passphrase_and_what_it_opens_stay_while_meta_can_not_be_asked(project: Project) -> None:
    project.declare(on_file(project, passphrase="generated"))
    project.up()
    run = project.fail("destroy", "--yes", "--skip-preview", env={"WHATSAPP_GRAPH_URL": NOBODY})
    assert project.number in run
    assert len(project.resources("RandomPassword")) == 1
    assert kept(project, "file") == [project.served()]
    assert project.opens_a_form()


@STORES
def test_the_keys_of_a_deleted_number_may_go(project: Project, store: str) -> None:
    declare(project, store)
    project.up()
    project.emulator.add_number(project.number, deleted=True)
    project.succeed("destroy", "--yes", "--skip-preview")
    assert is_all_gone(project, store)


def send_in_vain(project: Project) -> str:
    """An `up` whose key was sent to Meta, which closed the connection and serves none; its fingerprint."""
    project.emulator.fault("refuse", method="POST", phone_number_id=project.number)
    assert "did not confirm the call to set the public key" in project.failing_up()
    project.emulator.clear_faults()
    assert project.served() is None
    (key,) = project.resources("EncryptionKey")
    return str(key["outputs"]["fingerprint"])


@STORES
def test_keys_that_may_still_come_to_be_served_stay_unless_they_are_named(project: Project, store: str) -> None:
    declare(project, store)
    sent = send_in_vain(project)
    run = project.fail("destroy", "--yes", "--skip-preview")
    assert f"key {sent}" in run
    if store == "file":
        assert "may have been sent to Meta within the last hour" in run
        assert "Try again in an hour" in run
    else:  # in the stack nobody knows which keys were served
        assert "Meta answers that the number has no key" in run
    assert kept(project, store) == [sent]
    project.succeed("destroy", "--yes", "--skip-preview", env={"WHATSAPP_FORCE_DESTROY": sent})
    assert is_all_gone(project, store)


def test_keys_that_meta_never_served_may_go_an_hour_after_they_were_offered_and_no_earlier(project: Project) -> None:
    declare(project, "file")
    sent = send_in_vain(project)
    set_offered(project, timedelta(minutes=50))
    project.fail("destroy", "--yes", "--skip-preview")
    assert kept(project, "file") == [sent]
    set_offered(project, timedelta(minutes=61))
    project.succeed("destroy", "--yes", "--skip-preview")
    assert is_all_gone(project, "file")


def set_offered(project: Project, ago: timedelta) -> None:
    """The file's only key was offered to Meta so long ago."""
    path = project.path("ring.json")
    ring = document.load(path.read_text(), "ring")
    (key,) = ring.keys
    offered = replace(key, offered_at=datetime.now(UTC) - ago)
    path.write_text(document.dump(replace(ring, keys=(offered,))))


def test_a_file_may_go_while_a_backup_holds_the_served_key(project: Project) -> None:
    backup = project.path("backup.json")
    project.declare(on_file(project, backups=[backup.as_uri()]))
    project.up()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert is_all_gone(project, "file")
    (left,) = document.load(backup.read_text(), "backup").keys
    assert left.fingerprint == project.served()


def test_a_key_that_no_longer_owns_the_document_deletes_nothing(project: Project) -> None:
    project.declare(on_file(project))
    project.up()
    project.declare(on_file(project, rotation_trigger="two"))
    project.up()  # deletes the replaced EncryptionKey at its end
    assert project.path("ring.json").exists()
    assert project.opens_a_form()
