"""What docs/operations.md tells people to type, typed."""

from tests.pages import command_to_type
from tests.stack.keyboard import type_in
from tests.stack.project import RETIRED_TOKEN, TOKEN, Project, file_ring, on_file
from whatsapp_flow_keys.ring import Role

REFRESH = command_to_type("docs/many-numbers.md", "pulumi refresh")
DESTROY = command_to_type("docs/many-numbers.md", "pulumi destroy")


def test_a_lost_file_is_written_anew_from_a_backup(project: Project) -> None:
    backup = project.path("backup.json")
    project.declare(on_file(project, backups=[backup.as_uri()]))
    project.up()
    project.path("ring.json").unlink()
    project.up("--refresh")
    assert file_ring(project) == {Role.CURRENT: project.served()}
    assert project.opens_a_form()


def test_a_backup_that_was_rolled_back_is_brought_back(project: Project) -> None:
    backup = project.path("backup.json")
    project.declare(on_file(project, backups=[backup.as_uri()]))
    project.up()
    snapshot = backup.read_bytes()
    project.declare(on_file(project, backups=[backup.as_uri()], rotation_trigger="two"))
    project.up()
    backup.write_bytes(snapshot)
    project.up("--refresh")
    assert backup.read_text() == project.path("ring.json").read_text()


def test_a_lost_file_without_a_backup_is_overcome_by_naming_the_served_key(project: Project) -> None:
    project.declare(on_file(project))
    project.up()
    lost = project.served()
    project.path("ring.json").unlink()
    project.declare(on_file(project, rotation_trigger="lost"))
    assert f'take_over="{lost}"' in project.failing_up()
    project.declare(on_file(project, rotation_trigger="lost", take_over=lost))
    project.up()
    assert project.served() == project.fingerprint() != lost
    assert project.opens_a_form()


def test_refresh_and_destroy_get_on_with_the_token_of_the_environment(project: Project) -> None:
    project.succeed("config", "set", "--secret", "whatsapp:accessToken", RETIRED_TOKEN)
    project.declare({"force_destroy": True})
    project.up(env={"WHATSAPP_ACCESS_TOKEN": ""})
    project.emulator.expire_token(RETIRED_TOKEN)
    refused = project.fail("refresh", "--yes", env={"WHATSAPP_ACCESS_TOKEN": ""})
    assert "in the environment variable WHATSAPP_ACCESS_TOKEN" in refused
    type_in(project, [REFRESH], env={"WHATSAPP_ACCESS_TOKEN": TOKEN})
    type_in(project, [DESTROY], env={"WHATSAPP_ACCESS_TOKEN": TOKEN})
