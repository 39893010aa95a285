"""Options with which a key could be lost or lie in the open: mended, or refused in the preview by one sentence."""

import json
from typing import Any

import pytest

from tests.secret_forms import forms_of, leaks, pem_blocks
from tests.stack.project import Project, file_ring, on_file, stack_ring, stored_text
from tests.stack.written_program import Code, transform, write
from whatsapp_flow_keys import document
from whatsapp_flow_keys.ring import Role

LOCKED = 131031
LOSES_OPTIONS = {
    "of the stack": "pulumi.runtime.register_resource_transform(own_options)",
    "of the stack, old kind": "pulumi.runtime.register_stack_transformation(own_options_of_old)",
    "of the component": "",
}
OWN_OPTIONS = """
def own_options(args):
    if args.custom:
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions(custom_timeouts=None))

def own_options_of_old(args):
    if ":dynamic/" in args.type_:
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions(parent=args.opts.parent))
"""
DELETED_FIRST = {
    "by a transform": transform("EncryptionKey", "delete_before_replace=True"),
    "by autonaming": "",
}


def rotated(project: Project, trigger: str | Code) -> dict[str, Any]:
    return {"rotation_trigger": trigger, "store": project.path("ring.json").as_uri(), "force_destroy": True}


@pytest.mark.parametrize("where", LOSES_OPTIONS)
def test_a_transform_that_gives_options_of_its_own_leaves_no_key_in_the_open(project: Project, where: str) -> None:
    before = f"{OWN_OPTIONS}\n{LOSES_OPTIONS[where]}"
    options = "transforms=[own_options]" if where == "of the component" else ""
    for trigger in ("one", "two"):
        write(project, options, before=before, rotation_trigger=trigger)
        project.up()
    project.emulator.reregister(project.number)
    project.up("--refresh")
    state = project.export()
    lost = [r["type"] for r in state["deployment"]["resources"] if ":dynamic/" in r["type"] and _marks(r) == []]
    assert len(lost) == 3, "the transform took nothing away, so this proves nothing"
    found = json.dumps(state) + stored_text(project.backend)
    ring = document.load(project.outputs()["line"]["WHATSAPP_FLOW_KEYS"], "the environment")
    (block, *others) = pem_blocks(ring.private_keys)
    assert len(others) == 1
    assert leaks(found, set().union(*map(forms_of, [block, *others]))) == set()


def _marks(resource: dict[str, object]) -> object:
    return resource.get("additionalSecretOutputs", [])


@pytest.mark.parametrize("asked", DELETED_FIRST)
def test_a_rotation_that_deletes_first_loses_no_key_though_force_destroy_is_set(project: Project, asked: str) -> None:
    if asked == "by autonaming":
        project.succeed("config", "set", "--path", "pulumi:autonaming.mode", "verbatim")
    write(project, before=DELETED_FIRST[asked], **rotated(project, "one"))
    project.up()
    old, body = project.served(), project.form()
    write(project, before=DELETED_FIRST[asked], **rotated(project, "two"))
    assert "delete" in project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens(body)
    assert project.opens_a_form()


def test_such_a_rotation_that_fails_after_the_deletion_leaves_the_served_key(project: Project) -> None:
    before = DELETED_FIRST["by a transform"]
    write(project, before=before, **rotated(project, "one"))
    project.up()
    old = project.served()
    write(project, before=before, **rotated(project, "two"))
    project.failing_up(env={"WHATSAPP_GRAPH_URL": "http://127.0.0.1:9"})
    (key,) = project.resources("EncryptionKey")
    assert key["pendingReplacement"] is True, "it was not deleted first, so this proves nothing"
    assert file_ring(project) == {Role.CURRENT: old}
    project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}


def test_a_trigger_whose_resource_is_deleted_first_loses_no_key(project: Project) -> None:
    """The engine deletes the EncryptionKey, too, before it goes on with the program."""
    for word in ("one", "two"):
        before = f"""
import pulumi_random
trigger = pulumi_random.RandomShuffle(
    "trigger", inputs=["{word}"], opts=pulumi.ResourceOptions(delete_before_replace=True)
)
"""
        write(project, before=before, **rotated(project, Code("trigger.results[0]")))
        old = project.served()
        project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens_a_form()


def test_a_key_ring_in_the_stack_is_not_deleted_before_its_replacement(project: Project) -> None:
    before = transform("KeyRing", "delete_before_replace=True")
    for trigger in ("one", "two"):
        write(project, before=before, rotation_trigger=trigger, force_destroy=True)
        project.up()
    ring = stack_ring(project)
    run = project.failing_up("--replace", project.urn("KeyRing"))
    assert "the old ring would go first" in run
    assert stack_ring(project) == ring
    project.up()
    assert project.opens_a_form()


def test_force_destroy_still_lets_a_number_go_that_is_out_of_the_program(project: Project) -> None:
    project.declare(on_file(project, force_destroy=True))
    project.up()
    (project.folder / "__main__.py").write_text("")
    project.up()
    assert not project.path("ring.json").exists()


@pytest.mark.parametrize("option", ["retain_on_delete=True", "deleted_with=other"])
def test_what_would_forget_the_only_copy_is_a_failure_of_the_preview(project: Project, option: str) -> None:
    write(project, option, before='other = pulumi.ComponentResource("acme:Other", "other")')
    run = project.fail("preview")
    assert f"FlowEncryption 'line': {option.split('=')[0]}: a destroy would forget the keys" in run


@pytest.mark.parametrize("option", ["retain_on_delete=True", "deleted_with=other"])
def test_with_a_store_a_destroy_then_leaves_the_document(project: Project, option: str) -> None:
    before = 'other = pulumi.ComponentResource("acme:Other", "other")'
    write(project, option, before=before, store=project.path("ring.json").as_uri())
    project.up()
    served = project.served()
    project.succeed("destroy", "--yes", "--skip-preview")
    assert file_ring(project) == {Role.CURRENT: served}
