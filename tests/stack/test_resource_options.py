"""What each resource option does to a FlowEncryption, as docs/resource-options.md says it."""

from typing import Any

import pytest

from tests.stack.project import TOKEN, Project, file_ring, planned
from tests.stack.written_program import transform, write
from whatsapp_flow_keys.ring import Role

GROUP = """
class Group(pulumi.ComponentResource):
    def __init__(self, opts=None):
        super().__init__("acme:{}", "group", None, opts)

group = Group({})
"""
IN_GROUP = {"before": GROUP.format("Group", ""), "options": "parent=group"}
Program = dict[str, Any]
MOVES: dict[str, tuple[Program, Program]] = {
    "renamed": ({}, {"name": "hotline", "options": 'aliases=[pulumi.Alias(name="line")]'}),
    "moved under a parent, and renamed": (
        {},
        {
            "name": "hotline",
            "before": GROUP.format("Group", ""),
            "options": 'parent=group, aliases=[pulumi.Alias(name="line", parent=pulumi.ROOT_STACK_RESOURCE)]',
        },
    ),
    "its parent got another type": (
        IN_GROUP,
        {
            "before": GROUP.format("Team", 'pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="acme:Group")])'),
            "options": "parent=group",
        },
    ),
}


def in_file(project: Project) -> Program:
    return {"store": project.path("ring.json").as_uri()}


@pytest.mark.parametrize(("move", "store"), [*((move, "stack") for move in MOVES), (next(iter(MOVES)), "file")])
def test_an_alias_keeps_the_key_of_what_was_moved(project: Project, move: str, store: str) -> None:
    where = in_file(project) if store == "file" else {}
    before, after = MOVES[move]
    write(project, **where, **before)
    project.up()
    served = project.served()
    write(project, **where, **after)
    steps = planned(project)
    assert steps["EncryptionKey"] == steps["KeyRegistration"] == {"same"}
    project.up()
    assert project.served() == project.fingerprint() == served
    assert project.publications() == 1
    project.succeed("preview", "--expect-no-changes")


def test_without_an_alias_a_new_name_is_refused_where_the_state_holds_the_only_copy(project: Project) -> None:
    write(project)
    project.up()
    served = project.served()
    write(project, name="hotline")
    assert "after a rename or a move in the program, give the resource an alias" in project.failing_up()
    write(project)
    project.up()
    assert project.served() == project.fingerprint() == served
    assert project.opens_a_form()


def test_without_an_alias_a_new_name_rotates_where_a_store_holds_the_keys(project: Project) -> None:
    write(project, **in_file(project))
    project.up()
    served = project.served()
    write(project, name="hotline", **in_file(project))
    project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: served}


def test_protect_stops_a_rotation_in_the_preview_and_a_destroy_before_anything_goes(project: Project) -> None:
    for trigger in ("one", "two"):
        write(project, "protect=True", rotation_trigger=trigger)
        if trigger == "one":
            project.up()
    assert "as it is currently marked for protection" in project.fail("preview")
    assert "because it is protected" in project.fail("destroy", "--yes", "--skip-preview")
    assert all(project.resources(kind) for kind in ("EncryptionKey", "KeyRing", "KeyRegistration"))


def test_depends_on_makes_the_resources_under_it_wait(project: Project) -> None:
    first = 'first = pulumi.ComponentResource("acme:First", "first")'
    made = "import pulumi_random\nfirst = pulumi_random.RandomShuffle('first', inputs=['a'])"
    write(project, before=first)
    project.up()
    write(project, "depends_on=[first]", before=made)
    project.up()
    for kind in ("EncryptionKey", "KeyRing", "KeyRegistration"):
        (resource,) = project.resources(kind)
        assert any(urn.endswith("::first") for urn in resource["dependencies"])
    assert project.publications() == 1


@pytest.mark.parametrize("option", ["provider=account", "providers=[account]", "parent=group"])
def test_a_provider_may_come_by_every_way(project: Project, option: str) -> None:
    before = f"""
account = WhatsAppProvider("account", access_token="{TOKEN}", graph_url="{project.emulator.url}")
{GROUP.format("Group", "pulumi.ResourceOptions(providers=[account])")}
"""
    write(project, option, before=before)
    project.up(env={"WHATSAPP_ACCESS_TOKEN": "", "WHATSAPP_GRAPH_URL": "http://127.0.0.1:9"})
    assert project.served() == project.fingerprint()


def test_a_parents_retain_on_delete_does_not_forget_the_only_copy(project: Project) -> None:
    write(project, "parent=group", before=GROUP.format("Group", "pulumi.ResourceOptions(retain_on_delete=True)"))
    project.up()
    assert f"Meta serves key {project.served()}" in project.fail("destroy", "--yes", "--skip-preview")
    assert project.opens_a_form()


def test_what_pulumi_passes_over_is_a_failure_of_the_preview_with_a_line_for_each(project: Project) -> None:
    write(project, 'ignore_changes=["issued_on"], delete_before_replace=True')
    run = project.fail("preview")
    assert "FlowEncryption 'line': delete_before_replace: Pulumi passes over it on a component" in run
    assert "FlowEncryption 'line': ignore_changes: Pulumi passes over it on a component" in run


def test_options_without_an_effect_on_a_key_replace_nothing(project: Project) -> None:
    harmless = 'replace_on_changes=["*"], custom_timeouts=pulumi.CustomTimeouts(create="1s", update="1s")'
    for flag in (False, True):
        write(project, before=transform("EncryptionKey", harmless), force_destroy=flag)
        if not flag:
            project.up()
    assert planned(project)["EncryptionKey"] == {"update"}


def test_a_secret_more_is_one(project: Project) -> None:
    write(project, before=transform("EncryptionKey", 'additional_secret_outputs=["fingerprint"]'))
    project.up()
    (key,) = project.resources("EncryptionKey")
    assert "ciphertext" in key["outputs"]["fingerprint"]
    assert "ciphertext" in key["outputs"]["private_key"]


def test_an_import_fails_in_the_preview(project: Project) -> None:
    write(project, before=transform("EncryptionKey", 'import_="106540352242922"'))
    run = project.run("preview")
    assert run.status != 0
    assert "dynamic/whatsapp:EncryptionKey line import 1 error" in run
    assert "KeyError: '__provider'" in run  # Pulumi's own words: a dynamic provider can't be found without its state


def test_replace_with_is_a_rotation(project: Project) -> None:
    for word in ("one", "two"):
        other = f"import pulumi_random\nother = pulumi_random.RandomShuffle('other', inputs=['{word}'])\n"
        write(project, before=other + transform("EncryptionKey", "replace_with=[other]"), **in_file(project))
        served = project.served()
        project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: served}
