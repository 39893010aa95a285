"""`up` and `destroy` of a part of the stack while a rotation is due, as docs/resource-options.md tells it."""

from dataclasses import dataclass

import pytest

from tests.stack.project import Project

URN = "urn:pulumi:test::flows::whatsapp:flows:FlowEncryption$pulumi-python:dynamic/whatsapp:{}::line"
KEY, RING, REGISTRATION = (URN.format(kind) for kind in ("EncryptionKey", "KeyRing", "KeyRegistration"))
NUMBER, ENDPOINT = "**FlowEncryption**", "**:Endpoint::endpoint"


@dataclass(frozen=True)
class Part:
    """What ``words`` do: a key is made, it is at Meta, it is at the endpoint that `deploy` returned."""

    words: tuple[str, ...]
    made: bool
    published: bool
    deployed: bool


PARTS = (
    Part(("--target", NUMBER), made=True, published=True, deployed=False),
    Part(("--target", NUMBER, "--target-dependents"), made=True, published=True, deployed=True),
    Part(("--target", KEY), made=True, published=False, deployed=False),
    Part(("--target", KEY, "--target-dependents"), made=True, published=True, deployed=True),
    Part(("--target", REGISTRATION), made=False, published=False, deployed=False),
    Part(("--exclude", NUMBER), made=False, published=False, deployed=False),
    Part(("--exclude", REGISTRATION), made=True, published=False, deployed=True),
    Part(("--exclude", ENDPOINT), made=True, published=True, deployed=False),
    Part(("--exclude", ENDPOINT, "--exclude-dependents"), made=True, published=False, deployed=False),
    Part(("--replace", KEY), made=True, published=True, deployed=True),
    Part(("--target-replace", KEY), made=True, published=False, deployed=False),
)


def declare(project: Project, trigger: str, **more: object) -> None:
    project.declare({"deploy": True, "rotation_trigger": trigger, **more})


def made(project: Project) -> str:
    (key,) = (resource for resource in project.resources("EncryptionKey") if not resource.get("delete"))
    return str(key["outputs"]["fingerprint"])


def deployed(project: Project) -> str:
    (endpoint,) = project.resources("Endpoint")
    return str(endpoint["inputs"]["fingerprint"])


@pytest.mark.parametrize("part", PARTS, ids=lambda part: " ".join(part.words).replace(URN.split("{")[0], ""))
def test_a_part_of_a_rotation_does_what_the_page_says_and_the_next_up_does_the_rest(
    project: Project, part: Part
) -> None:
    declare(project, "one")
    project.up()
    old = project.served()
    declare(project, "two")
    project.up(*part.words)
    assert (made(project) != old) == part.made
    assert (project.served() != old) == part.published
    assert (deployed(project) != old) == part.deployed
    project.up()
    assert made(project) == project.served() == deployed(project) != old
    assert project.opens_a_form()


def test_with_an_endpoint_url_a_part_publishes_nothing_that_the_endpoint_lacks(project: Project) -> None:
    unreachable = {"endpoint_url": "http://127.0.0.1:9/flows", "endpoint_wait": 0}
    declare(project, "one", **unreachable)
    project.up()
    old = project.served()
    declare(project, "two", **unreachable)
    assert "staged, not published" in project.failing_up("--target", NUMBER)
    assert project.served() == old


def test_a_registration_that_was_destroyed_alone_is_made_again_with_the_same_key(project: Project) -> None:
    declare(project, "one")
    project.up()
    old = project.served()
    alone = ("destroy", "--yes", "--skip-preview", "--target", REGISTRATION)
    assert f"Meta serves key {old}" in project.fail(*alone)
    project.succeed(*alone, env={"WHATSAPP_FORCE_DESTROY": str(old)})
    assert project.served() == old
    project.up()
    assert project.served() == project.fingerprint() == old
    assert project.publications() == 1


def test_a_ring_can_not_be_destroyed_alone(project: Project) -> None:
    declare(project, "one")
    project.up()
    assert "was not specified in --target list" in project.fail("destroy", "--yes", "--skip-preview", "--target", RING)
    assert f"Meta serves key {project.served()}" in project.fail(
        "destroy", "--yes", "--skip-preview", "--target", RING, "--target-dependents"
    )
    project.up()
    assert project.opens_a_form()
