"""A number at AWS End User Messaging Social in a program of another language, without an access token."""

from tests.contract.registrars import at_aws
from tests.pairs import pair
from tests.stack.native.program import declare, install_plugin, write
from tests.stack.project import TOKEN, Project, on_file
from whatsapp_flow_keys.native.version import VERSION
from whatsapp_graph_emulator.aws_edge import AWS_PATH, aws_id


def test_a_yaml_program_registers_and_rotates_through_aws_and_leaves_it_in_place(project: Project) -> None:
    project.environment |= at_aws.environment(project.emulator.url)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    url = f"awssocial://{aws_id(project.number)}"  # the region is the environment's
    number = on_file(project, registrar=url)
    declare(project, number)
    project.up()
    first = project.served()
    assert first == project.fingerprint()
    (registration,) = project.resources("KeyRegistration")
    assert registration["outputs"]["registrar"] == at_aws.url_of(project.number)

    declare(project, {**number, "rotation_trigger": "once"})
    project.up()
    assert project.served() == project.fingerprint() != first
    assert {request["path"] for request in project.emulator.requests(project.number)} == {f"/{AWS_PATH}"}

    project.environment["WHATSAPP_ACCESS_TOKEN"] = TOKEN
    declare(project, on_file(project, rotation_trigger="once"))
    changed = project.up("--diff")
    assert "- registrar" in changed
    assert "replace" not in changed
    assert project.fingerprint() == project.served()
    assert project.publications() == 0


def test_a_function_says_what_aws_says_is_served(project: Project) -> None:
    install_plugin(project)
    project.environment |= at_aws.environment(project.emulator.url)
    del project.environment["WHATSAPP_ACCESS_TOKEN"]
    project.emulator.set_key(project.number, pair().public_key_pem)
    asked = {"phoneNumberId": project.number, "registrar": f"awssocial://{aws_id(project.number)}"}
    invoke = {"function": "whatsapp:flows:getRegisteredKey", "arguments": asked, "options": {"version": VERSION}}
    write(project, {}, {"found": {"fn::invoke": invoke}})
    project.up()
    assert project.outputs()["found"]["fingerprint"] == pair().fingerprint
