"""A number that moves to another account: its `check` runs in one process, the `delete` of what it had in another."""

from typing import Any

import pytest

from tests.stack.project import ACCOUNT_TOKENS, Project, file_ring
from tests.stack.written_program import Code, transform, write
from tools.openbao import OpenBao
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.urls import open_store

ACCOUNTS = "\n".join(
    f'{name} = WhatsAppProvider("{name}", access_token="{token}", graph_url={{url!r}})'
    for name, token in ACCOUNT_TOKENS.items()
    if name in ("north", "south")
)
GENERATED = {"passphrase": Code("GeneratedPassphrase()")}


def declare(project: Project, account: str, *, name: str = "line", before: str = "", **arguments: Any) -> None:
    tokens = [ACCOUNT_TOKENS["north"], ACCOUNT_TOKENS["south"]]
    project.emulator.add_number(project.number, tokens=tokens)
    lines = f"from whatsapp_flow_encryption import GeneratedPassphrase\n{ACCOUNTS.format(url=project.emulator.url)}\n"
    given = {"store": project.path("ring.json").as_uri(), **arguments}
    write(project, f"provider={account}", name=name, before=lines + before, **given)


@pytest.mark.parametrize("passphrase", [{}, GENERATED], ids=["plain", "generated passphrase"])
def test_a_rotation_that_moves_to_another_account_leaves_nothing_to_do(
    project: Project, passphrase: dict[str, Any]
) -> None:
    declare(project, "north", rotation_trigger="one", **passphrase)
    project.up()
    old = project.served()
    declare(project, "south", rotation_trigger="two", **passphrase)
    project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert len(project.resources("EncryptionKey")) == 1
    project.succeed("preview", "--expect-no-changes")
    assert project.opens_a_form()


@pytest.mark.parametrize("asked", ["by a transform", "by autonaming"])
def test_one_that_deletes_first_in_another_process_keeps_the_served_key_though_force_destroy_is_set(
    project: Project, asked: str
) -> None:
    before = transform("EncryptionKey", "delete_before_replace=True") if asked == "by a transform" else ""
    if asked == "by autonaming":
        project.succeed("config", "set", "--path", "pulumi:autonaming.mode", "verbatim")
    declare(project, "north", before=before, rotation_trigger="one", force_destroy=True)
    project.up()
    old = project.served()
    declare(project, "south", before=before, rotation_trigger="two", force_destroy=True)
    project.up()
    assert file_ring(project) == {Role.CURRENT: project.served(), Role.PREVIOUS: old}
    assert project.opens_a_form()


def test_a_rename_into_another_account_that_fails_keeps_the_served_key(project: Project) -> None:
    """The old name's process knows nothing of the new one, and the new one could not be made."""
    declare(project, "north")
    project.up()
    served = project.served()
    declare(project, "south", name="renamed")
    project.emulator.add_number(project.number, tokens=[ACCOUNT_TOKENS["north"]])
    run = project.failing_up("--continue-on-error")
    assert f"Meta serves key {served}" in run
    assert file_ring(project) == {Role.CURRENT: served}
    declare(project, "south", name="renamed")
    project.up()
    assert file_ring(project)[Role.PREVIOUS] == served
    assert project.opens_a_form()


def test_in_a_store_with_soft_deletion_such_a_rename_can_be_undone_by_the_next_up(
    project: Project, openbao: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `destroy` looks the same to the old name's process, so the document is soft-deleted."""
    project.environment |= openbao.environment
    for name, value in openbao.environment.items():
        monkeypatch.setenv(name, value)
    store = openbao.url(f"secret/{project.unused_name()}")
    declare(project, "north", store=store)
    project.up()
    served = project.served()
    declare(project, "south", name="renamed", store=store)
    project.emulator.add_number(project.number, tokens=[ACCOUNT_TOKENS["north"]])
    run = project.failing_up("--continue-on-error")
    assert "is soft-deleted; the next `pulumi up` brings it back" in run
    assert project.served() == served
    declare(project, "south", name="renamed", store=store)
    project.up()
    ring = open_store(store).read().ring
    assert ring is not None
    assert ring.key(str(served)) is not None
    assert project.opens_a_form()
