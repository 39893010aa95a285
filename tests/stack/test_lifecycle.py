"""A key's life on the real engine: created, left alone, rotated, healed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.stack.project import ACCOUNT_TOKENS, Project, file_ring, is_quiet, on_file, stack_ring
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role

FIRST, SECOND = "the first four words", "the second four words"


def days_ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days)).isoformat()


STORES = pytest.mark.parametrize("store", ["stack", "file"])


def arguments(project: Project, store: str, **more: Any) -> dict[str, Any]:
    return more if store == "stack" else on_file(project, passphrase="generated", **more)


@STORES
def test_the_first_up_makes_a_key_registers_it_and_it_opens_a_form(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.succeed("up", "--yes")
    assert project.served() == project.fingerprint()
    assert project.outputs()["line-signature"] == "VALID"
    assert project.opens_a_form()


def test_a_second_up_changes_nothing_and_asks_nobody(project: Project) -> None:
    project.declare({}, on_file(project, name="other", phone_number_id="1065999000000001"))
    project.emulator.add_number("1065999000000001")
    project.up()
    written = project.path("ring.json").stat().st_mtime_ns
    project.emulator.clear_requests()
    run = project.succeed("up", "--yes")
    assert "unchanged" in run
    assert "to update" not in run
    assert project.emulator.requests() == []
    assert project.path("ring.json").stat().st_mtime_ns == written


@STORES
def test_a_new_trigger_rotates_and_the_old_key_stays_in_the_ring(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    old = project.fingerprint()
    project.declare(arguments(project, store, rotation_trigger="leaked"))
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()
    if store == "file":
        assert file_ring(project) == {Role.CURRENT: project.fingerprint(), Role.PREVIOUS: old}
    else:
        assert stack_ring(project) == [project.fingerprint(), old]


def test_a_removed_trigger_does_not_rotate(project: Project) -> None:
    project.declare({"rotation_trigger": "one"})
    project.up()
    old = project.fingerprint()
    project.declare({})
    project.up()
    assert project.fingerprint() == old


@pytest.mark.one_utc_day
def test_a_due_rotation_shows_both_dates_in_the_preview_and_is_done_by_up(project: Project) -> None:
    project.declare({"rotate_after_days": 30})
    project.up()
    old = project.fingerprint()
    project.issue_on(days_ago(30))
    preview = project.succeed("preview", "--diff")
    shown = [line for line in preview.output.splitlines() if "issued_on" in line and "=>" in line]
    assert f'"{days_ago(30)}" => "{days_ago(0)}"' in shown[0]
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.outputs()["line-rotates-on"] == days_ago(-30)


@pytest.mark.one_utc_day
def test_a_rotation_is_not_due_a_day_early(project: Project) -> None:
    project.declare({"rotate_after_days": 30})
    project.up()
    project.issue_on(days_ago(29))
    project.succeed("preview", "--expect-no-changes")


def test_ignore_changes_of_the_date_holds_a_due_rotation_back(project: Project) -> None:
    project.prepend("""
def hold(given):
    if given.type_.endswith(":EncryptionKey"):
        held = pulumi.ResourceOptions(ignore_changes=["issued_on"])
        return pulumi.ResourceTransformResult(given.props, pulumi.ResourceOptions.merge(given.opts, held))

pulumi.runtime.register_resource_transform(hold)
""")
    project.declare({"rotate_after_days": 30})
    project.up()
    project.issue_on(days_ago(40))
    project.succeed("preview", "--expect-no-changes")


@STORES
def test_a_mismatch_is_found_by_refresh_and_healed_with_the_same_key(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    fingerprint = project.fingerprint()
    project.emulator.reregister(project.number)
    preview = project.succeed("preview", "--refresh", "--diff")
    assert '"MISMATCH" => "VALID"' in preview
    project.up("--refresh")
    assert project.emulator.served(project.number)[1:] == (fingerprint, "VALID")
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_a_first_up_refuses_a_foreign_key_and_take_over_names_it(project: Project) -> None:
    foreign = PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    run = project.failing_up()
    assert f'take_over="{foreign.fingerprint}"' in run
    assert project.served() == foreign.fingerprint
    project.declare({"take_over": foreign.fingerprint})
    project.up()
    assert project.served() == project.fingerprint()


def test_a_file_store_refuses_a_foreign_key_before_it_writes_anything(project: Project) -> None:
    foreign = PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    project.declare(on_file(project))
    assert f'take_over="{foreign.fingerprint}"' in project.failing_up()
    assert not project.path("ring.json").exists()


@STORES
def test_a_foreign_key_is_drift_after_a_refresh_and_the_next_up_replaces_it(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    foreign = PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    project.succeed("refresh", "--yes")
    preview = project.succeed("preview", "--diff")
    assert f'"{foreign.fingerprint}" => "{project.fingerprint()}"' in preview
    project.up()
    assert project.served() == project.fingerprint()


def test_a_rotation_over_a_foreign_key_that_no_refresh_has_seen_is_refused(project: Project) -> None:
    project.up()
    foreign = PrivateKey.generate()
    project.emulator.set_key(project.number, foreign.public_key_pem)
    project.declare({"rotation_trigger": "two"})
    assert foreign.fingerprint in project.failing_up()
    assert project.served() == foreign.fingerprint


def test_a_second_foreign_key_after_the_refresh_is_refused(project: Project) -> None:
    project.up()
    project.emulator.set_key(project.number, PrivateKey.generate().public_key_pem)
    project.succeed("refresh", "--yes")
    second = PrivateKey.generate()
    project.emulator.set_key(project.number, second.public_key_pem)
    assert second.fingerprint in project.failing_up()
    assert project.served() == second.fingerprint


@pytest.mark.parametrize(
    ("store", "kind"),
    [
        ("stack", "EncryptionKey"),
        ("stack", "KeyRing"),
        ("stack", "KeyRegistration"),
        ("file", "EncryptionKey"),
        ("file", "KeyRegistration"),
    ],
)
def test_each_resource_can_be_replaced_by_force(project: Project, store: str, kind: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    old = project.fingerprint()
    project.up("--replace", project.urn(kind))
    assert project.served() == project.fingerprint()
    assert (project.fingerprint() != old) == (kind == "EncryptionKey")
    assert project.opens_a_form()
    project.succeed("preview", "--expect-no-changes")


def test_a_generated_passphrase_that_was_replaced_strands_no_key(project: Project) -> None:
    project.declare(on_file(project, passphrase="generated"))
    project.up()
    before, served = project.outputs()["line"], project.served()
    project.up("--replace", project.urn("RandomPassword"))
    after = project.outputs()["line"]
    assert after["WHATSAPP_FLOW_FORMER_PASSPHRASE"] == before["WHATSAPP_FLOW_PASSPHRASE"]
    assert after["WHATSAPP_FLOW_PASSPHRASE"] != before["WHATSAPP_FLOW_PASSPHRASE"]
    assert project.served() == served
    assert project.opens_a_form()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FIRST, SECOND),
        (None, SECOND),
        (FIRST, None),
    ],
)
def test_a_changed_passphrase_opens_every_key_once_the_endpoint_was_deployed_with_it(
    project: Project, old: str | None, new: str | None
) -> None:
    project.declare(on_file(project, passphrase=old, deploy=True))
    project.up()
    project.declare(on_file(project, passphrase=new, deploy=True))
    project.up()
    environment = {"WHATSAPP_FLOW_KEYS": project.path("ring.json").as_uri()}
    environment |= {"WHATSAPP_FLOW_PASSPHRASE": new} if new else {}
    assert FlowKeys.from_env(environment).fingerprints == (project.served(),)
    assert ("ENCRYPTED" in project.path("ring.json").read_text()) == (new is not None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FIRST, SECOND),
        (None, SECOND),
        (FIRST, None),
    ],
)
def test_without_deploy_an_endpoint_that_restarts_with_its_old_environment_opens_forms_until_the_next_rotation(
    project: Project, old: str | None, new: str | None
) -> None:
    project.declare(on_file(project, passphrase=old))
    project.up()
    before = project.outputs()["line"]
    project.declare(on_file(project, passphrase=new))
    project.up()
    for environment in (before, project.outputs()["line"]):
        assert FlowKeys.from_env(environment).fingerprints == (project.served(),)
    project.declare(on_file(project, passphrase=new, rotation_trigger="two"))
    project.up()
    after = {name: text for name, text in project.outputs()["line"].items() if "FORMER" not in name}
    assert len(FlowKeys.from_env(after).fingerprints) == 2
    assert project.opens_a_form()


def test_a_passphrase_that_changes_together_with_a_rotation_goes_first(project: Project) -> None:
    project.declare(on_file(project, passphrase=FIRST, deploy=True))
    project.up()
    old = project.served()
    project.declare(on_file(project, passphrase=SECOND, rotation_trigger="two", deploy=True))
    project.up()
    assert project.served() == old
    assert project.opens_a_form()
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()
    project.succeed("preview", "--expect-no-changes")
    assert "WHATSAPP_FLOW_FORMER_PASSPHRASE" not in project.outputs()["line"]


def test_a_forced_replacement_with_another_passphrase_stops_before_it_writes(project: Project) -> None:
    project.declare(on_file(project, passphrase=FIRST))
    project.up()
    written = project.path("ring.json").read_bytes()
    project.declare(on_file(project, passphrase=SECOND))
    assert "the passphrase does not open" in project.failing_up("--replace", project.urn("EncryptionKey"))
    assert project.path("ring.json").read_bytes() == written
    project.up()
    assert project.opens_a_form()


@STORES
def test_a_tainted_key_is_rotated(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    old = project.fingerprint()
    project.succeed("state", "taint", "--yes", project.urn("EncryptionKey"))
    project.up()
    assert project.served() == project.fingerprint() != old


@STORES
def test_a_key_replaced_alone_is_published_by_the_next_up(project: Project, store: str) -> None:
    project.declare(arguments(project, store))
    project.up()
    old = project.fingerprint()
    project.up("--target-replace", project.urn("EncryptionKey"))
    assert project.served() == old
    project.up()
    assert project.served() == project.fingerprint() != old
    assert project.opens_a_form()


def test_two_accounts_with_a_provider_each_use_their_own_tokens(project: Project) -> None:
    other = f"{project.number}7"
    url = project.emulator.url
    providers = {name: {"access_token": token, "graph_url": url} for name, token in ACCOUNT_TOKENS.items()}
    project.emulator.add_number(project.number, tokens=[ACCOUNT_TOKENS["north"]])
    project.emulator.add_number(other, tokens=[ACCOUNT_TOKENS["south"]])
    lines = [{"name": "a", "provider": "north"}, {"name": "b", "provider": "south", "phone_number_id": other}]
    project.declare(*lines, providers=providers)
    project.up(env={"WHATSAPP_ACCESS_TOKEN": "", "WHATSAPP_GRAPH_URL": ""})
    outputs = project.outputs()
    assert project.served() == outputs["a-fingerprint"]
    assert project.emulator.served(other)[1] == outputs["b-fingerprint"]


def test_what_the_second_up_of_a_stack_without_requests_says_is_quiet(project: Project) -> None:
    project.up()
    project.emulator.clear_requests()
    project.succeed("preview")
    assert is_quiet(project)


def test_a_generated_key_is_rsa_2048_at_meta(project: Project) -> None:
    project.up()
    key = PrivateKey.from_pem(project.outputs()["line-keys"]).key
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
