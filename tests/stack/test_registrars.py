"""A number at AWS End User Messaging Social by the real engine; the emulator is AWS and Meta at once."""

from tests.contract.registrars import at_aws
from tests.pairs import pair
from tests.servers.deployment import Platform
from tests.stack.project import TOKEN, Project, is_quiet, on_file, stored_text
from tests.stack.traffic import no_form_failed, rotate_under_load
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_graph_emulator.aws_edge import AWS_PATH, aws_id

RESOURCES = ("EncryptionKey", "StoredKeyRing", "KeyRegistration")


def at_aws_alone(project: Project) -> dict[str, str]:
    """From now on the stack has AWS's credentials and no access token; what the number is given."""
    project.environment |= at_aws.environment(project.emulator.url)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    return {"registrar": at_aws.url_of(project.number)}


def puts(project: Project) -> int:
    return len(project.emulator.requests(project.number, "PUT"))


def recorded(project: Project) -> set[str | None]:
    """The registrar in the states of the number's resources."""
    return {project.resources(kind)[0]["outputs"].get("registrar") for kind in RESOURCES}


def test_a_number_lives_at_aws_without_an_access_token(project: Project) -> None:
    number = on_file(project, **at_aws_alone(project))
    project.declare(number)
    project.up()
    first, form = project.served(), project.form()
    assert first == project.fingerprint()
    assert recorded(project) == {at_aws.url_of(project.number)}

    project.emulator.clear_requests()
    project.succeed("up", "--yes", "--expect-no-changes")
    assert is_quiet(project)

    project.declare({**number, "rotation_trigger": "once", "force_destroy": True})
    project.up()
    assert project.served() == project.fingerprint() != first
    assert puts(project) == 1
    assert project.opens(form, project.form())

    GraphClient(GraphSettings((TOKEN,), url=project.emulator.url)).publish(project.number, pair().public_key_pem)
    project.succeed("refresh", "--yes")
    assert "somebody else published it" in project.up()
    assert project.served() == project.fingerprint()

    project.succeed("destroy", "--yes")
    assert not project.path("ring.json").exists()
    paths = {request["path"] for request in project.emulator.requests(project.number) if request["method"] != "POST"}
    assert paths == {f"/{AWS_PATH}"}
    assert at_aws.SECRET_KEY not in stored_text(project.backend)


def test_a_number_changes_its_registrar_in_place_and_back(project: Project) -> None:
    number = on_file(project)
    project.declare(number)
    project.up()
    first = project.served()
    project.environment |= at_aws.environment(project.emulator.url)
    project.emulator.clear_requests()
    at = {"class": "AwsSocial", "phone_number_id": aws_id(project.number)}  # the region is the environment's
    project.declare({**number, "registrar": at})
    shown = project.succeed("preview", "--diff").output
    assert shown.count("+ registrar") == len(RESOURCES), shown
    assert "its public key will be registered through 'awssocial://" in shown
    assert "replace" not in shown
    assert is_quiet(project)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    project.up()
    assert recorded(project) == {at_aws.url_of(project.number)}
    project.succeed("up", "--yes", "--refresh", "--expect-no-changes")

    project.environment["WHATSAPP_ACCESS_TOKEN"] = TOKEN
    project.declare(number)
    project.up()
    assert recorded(project) == {None}
    assert project.served() == project.fingerprint() == first
    assert (puts(project), project.publications()) == (0, 0)


def test_through_aws_no_form_fails_in_rotations(project: Project, platform: Platform, patient_people: None) -> None:
    number = on_file(project, **at_aws_alone(project))

    def declare(trigger: str | None = None) -> None:
        project.declare({**number, "rotation_trigger": trigger})

    declare()
    project.up()
    platform.deploy(project.outputs()["line"])
    no_form_failed(rotate_under_load(project, platform, declare), platform)
    assert (puts(project), project.publications()) == (4, 0)
