"""What FlowEncryption asks the engine for: in which order, with which inputs, marks and options."""

from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import (
    KEY,
    LINE,
    PASSWORD,
    REGISTRATION,
    RING,
    STORED_RING,
    Engine,
    Look,
    Seen,
    plain,
    run,
)
from tests.pairs import pair
from whatsapp_flow_encryption import (
    FileStore,
    FlowEncryption,
    GeneratedPassphrase,
    StackStore,
    StagedKeys,
    VaultStore,
    WhatsAppProvider,
)
from whatsapp_flow_encryption.testing import FlowKeyMocks
from whatsapp_flow_keys import document

NUMBER = "106540352242922"
FILE = "file:///srv/ring.json"
BACKUP = "file:///srv/backup.json"
FINGERPRINT = "f" * 64
PEM = "-----BEGIN PRIVATE KEY-----made up-----"
FORMER = "the-passphrase-before"
MANAGED_BY = "acme/flows/prod"
ENDPOINT = "test:index:Endpoint"
PROVIDER = "pulumi:providers:pulumi-python"


class ChangedPassphrase(FlowKeyMocks):
    """A key in the store still needs the passphrase before."""

    def new_resource(self, args: Any) -> Any:
        id_, outputs = super().new_resource(args)
        return id_, {**outputs, "former_passphrases": [FORMER]} if args.typ == KEY else outputs


def line(mocks: FlowKeyMocks | None = None, **arguments: Any) -> Engine:
    """What one FlowEncryption asks for."""
    return run(lambda: made(**arguments), mocks)


def made(**arguments: Any) -> FlowEncryption:
    return FlowEncryption("line", **{"phone_number_id": NUMBER, **arguments})


def outputs(mocks: FlowKeyMocks | None = None, **arguments: Any) -> tuple[Engine, Look]:
    look = Look()

    def program() -> None:
        keys = made(**arguments)
        names = (
            "fingerprint",
            "live_fingerprint",
            "public_key_pem",
            "issued_on",
            "rotates_on",
            "signature_status",
            "private_keys",
        )
        look.at(**{name: getattr(keys, name) for name in (*names, "endpoint_env", "secret_id")})

    return run(program, mocks), look


def in_one_line(engine: Engine) -> str:
    """The stack's key ring."""
    line = document.in_one_line(engine.made(RING)["ring"], "the mocks")
    assert line.startswith("wfk1.")
    return line


class Endpoint(pulumi.CustomResource):
    """A resource of the program's own."""

    def __init__(self, environment: pulumi.Input[dict[str, str]] | None = None) -> None:
        super().__init__(ENDPOINT, "endpoint", {"environment": environment})


class Late(pulumi.CustomResource):
    """Its value is not known before it is made."""

    value: pulumi.Output[str]

    def __init__(self) -> None:
        super().__init__("test:index:Late", "late", {"value": None})


# The order: staged, then in the ring, then in place, then published.


def test_with_the_stack_as_the_store_the_key_comes_before_its_ring_and_both_before_the_registration() -> None:
    engine = line()
    assert engine.kinds == [LINE, KEY, RING, REGISTRATION]
    assert engine.waits_for(KEY) == set()
    assert engine.waits_for(RING) == {KEY}
    assert engine.waits_for(REGISTRATION) == {KEY, RING}


def test_with_a_store_there_is_no_ring_in_the_stack() -> None:
    engine = line(store=FileStore("/srv/ring.json"))
    assert engine.kinds == [LINE, KEY, STORED_RING, REGISTRATION]
    assert engine.waits_for(REGISTRATION) == {KEY, STORED_RING}


def test_a_generated_passphrase_comes_before_the_key() -> None:
    engine = line(store=FILE, passphrase=GeneratedPassphrase())
    assert engine.kinds == [LINE, PASSWORD, KEY, STORED_RING, REGISTRATION]
    assert engine.waits_for(KEY) == {PASSWORD}


def test_what_guards_a_document_goes_before_its_key_and_the_passphrase() -> None:
    """The engine deletes in the opposite order: so it asks while all is still there."""
    engine = line(store=FILE, passphrase=GeneratedPassphrase())
    assert engine.waits_for(STORED_RING) == {KEY, PASSWORD}


@pytest.mark.parametrize(("store", "holds_it"), [("stack", RING), (FILE, KEY)], ids=["stack", "file"])
def test_what_deploy_returns_comes_after_the_staged_keys_and_before_the_registration(store: str, holds_it: str) -> None:
    engine = line(store=store, deploy=lambda staged: [Endpoint(staged.endpoint_env)])
    assert engine.waits_for(ENDPOINT) == {holds_it}
    guard = RING if store == "stack" else STORED_RING
    assert engine.waits_for(REGISTRATION) == {KEY, guard, ENDPOINT}


def test_deploy_gets_what_is_staged_and_no_more() -> None:
    look = Look()

    def deploy(staged: StagedKeys) -> list[pulumi.Resource]:
        look.at(environment=staged.endpoint_env, bundle=staged.private_keys)
        look.at(fingerprint=staged.fingerprint, pem=staged.public_key_pem)
        return []

    engine = line(deploy=deploy)
    assert look["environment"] == Seen({"WHATSAPP_FLOW_KEYS": in_one_line(engine)}, True)
    assert look["bundle"] == Seen(engine.made(KEY)["private_key"], True)
    assert look["fingerprint"] == Seen(engine.made(KEY)["fingerprint"], False)
    assert look["pem"] == Seen(engine.made(KEY)["public_key_pem"], False)


@pytest.mark.parametrize("store", ["stack", FILE])
def test_what_the_program_depends_on_comes_before_every_resource(store: str) -> None:
    def program() -> None:
        made(store=store, opts=pulumi.ResourceOptions(depends_on=[Endpoint()]))

    engine = run(program)
    for kind in {KEY, RING, REGISTRATION} & set(engine.kinds):
        assert ENDPOINT in engine.waits_for(kind)


# What is handed down.


def test_the_key_gets_every_argument_that_is_its() -> None:
    pem = pair().to_pem("before")
    engine = line(
        store=FileStore("/srv/ring.json"),
        backups=[FileStore("/srv/backup.json"), VaultStore("secret/line", address="https://vault.example.com")],
        passphrase="correct horse",
        rotate_after_days=90,
        rotation_trigger="one",
        existing_private_key=pem,
        existing_passphrase="before",
        take_over=FINGERPRINT,
        force_destroy=True,
    )
    given = engine.inputs(KEY)
    assert plain(given.pop("passphrase")) == "correct horse"
    assert plain(given.pop("existing_private_key")) == pem
    assert plain(given.pop("existing_passphrase")) == "before"
    assert given == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "store": FILE,
        "backups": [BACKUP, "hashivault://vault.example.com/secret/line"],
        "rotate_after_days": 90,
        "rotation_trigger": "one",
        "take_over": FINGERPRINT,
        "force_destroy": True,
        "stored_ring": True,
    }


def test_the_guard_of_a_document_gets_what_opens_it_and_what_a_person_said() -> None:
    engine = line(store=FILE, backups=[BACKUP], passphrase=GeneratedPassphrase(), force_destroy=True)
    given = engine.inputs(STORED_RING)
    assert plain(given.pop("passphrase")) == engine.made(PASSWORD)["result"]
    assert given.pop("key_id") == f"{engine.asked(KEY).name}_id"
    assert given == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "store": FILE,
        "backups": [BACKUP],
        "locations": [FILE, BACKUP],
        "passphrase_is_generated": True,
        "force_destroy": True,
    }


def test_a_document_whose_passphrase_is_generated_is_asked_about_whatever_a_parent_says() -> None:
    assert line(store=FILE, passphrase=GeneratedPassphrase()).asked(STORED_RING).retainOnDelete is False
    assert not line(store=FILE, passphrase="correct horse").asked(STORED_RING).HasField("retainOnDelete")


def test_arguments_that_are_left_out_are_no_inputs() -> None:
    assert line().inputs(KEY) == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "store": "stack",
    }


def test_the_ring_gets_the_pair_and_what_guards_it() -> None:
    engine = line(backups=[BACKUP], take_over=FINGERPRINT, force_destroy=True)
    key, given = engine.made(KEY), engine.inputs(RING)
    assert plain(given.pop("private_key")) == key["private_key"]
    assert given == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "key_id": "line_id",
        "fingerprint": key["fingerprint"],
        "issued_on": key["issued_on"],
        "backups": [BACKUP],
        "take_over": FINGERPRINT,
        "force_destroy": True,
    }


def test_the_registration_gets_the_stacks_ring_and_where_its_backups_are() -> None:
    engine = line(backups=[BACKUP])
    given = engine.inputs(REGISTRATION)
    assert plain(given.pop("ring")) == engine.made(RING)["ring"]
    assert given == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "fingerprint": engine.made(KEY)["fingerprint"],
        "key_id": "line_id",
        "store": "stack",
        "backups": [BACKUP],
        "locations": [BACKUP],
    }


def test_the_registration_gets_the_store_its_passphrases_and_the_endpoint() -> None:
    engine = line(
        ChangedPassphrase(),
        store=FILE,
        backups=[BACKUP],
        passphrase="correct horse",
        take_over=FINGERPRINT,
        endpoint_url="https://flows.example.com/support",
        endpoint_wait=7,
        deploy=lambda staged: [],
    )
    given = engine.inputs(REGISTRATION)
    assert plain(given.pop("passphrase")) == "correct horse"
    assert given == {
        "phone_number_id": NUMBER,
        "managed_by": MANAGED_BY,
        "fingerprint": engine.made(KEY)["fingerprint"],
        "key_id": "line_id",
        "store": FILE,
        "backups": [BACKUP],
        "locations": [FILE, BACKUP],
        "former_passphrases": [FORMER],
        "take_over": FINGERPRINT,
        "endpoint_url": "https://flows.example.com/support",
        "endpoint_wait": 7,
        "deployed": True,
    }


def test_a_generated_passphrase_is_handed_down_as_one() -> None:
    engine = line(store=FILE, passphrase=GeneratedPassphrase(length=60))
    assert engine.inputs(PASSWORD) == {"length": 60, "special": False}
    generated = engine.made(PASSWORD)["result"]
    assert plain(engine.inputs(KEY)["passphrase"]) == plain(engine.inputs(REGISTRATION)["passphrase"]) == generated
    assert engine.inputs(KEY)["passphrase_is_generated"] is True


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_passphrase_of_ones_own_is_not_a_generated_one(passphrase: str | None) -> None:
    assert "passphrase_is_generated" not in line(store=FILE, passphrase=passphrase).inputs(KEY)


@pytest.mark.parametrize("given", [NUMBER, int(NUMBER)], ids=["str", "int"])
def test_a_number_that_is_an_int_reaches_every_resource_as_a_string(given: str | int) -> None:
    engine = line(phone_number_id=given)
    assert [engine.inputs(kind)["phone_number_id"] for kind in (KEY, RING, REGISTRATION)] == [NUMBER] * 3


def test_a_number_that_is_none_reaches_the_check_as_an_empty_string() -> None:
    assert line(phone_number_id=None).inputs(KEY)["phone_number_id"] == ""


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (REGISTRATION, {"endpoint_url": None, "endpoint_wait": 7}),
        (KEY, {"existing_private_key": PEM, "existing_passphrase": None}),
        (KEY, {"backups": [BACKUP, None]}),
    ],
    ids=["endpoint", "adopted key", "backups"],
)
def test_what_belongs_together_is_unknown_together(kind: str, arguments: dict[str, Any]) -> None:
    """A check that saw a part alone would take the rest for left out."""

    def program() -> None:
        late = Late().value  # stands for each None
        made(
            **{
                name: [item or late for item in given] if isinstance(given, list) else given or late
                for name, given in arguments.items()
            }
        )

    asked = run(program, preview=True).asked(kind).object
    given = [asked[name] if isinstance(asked[name], str) else asked[name]["value"] for name in arguments]  # or a secret
    assert given == [pulumi.runtime.rpc.UNKNOWN] * len(arguments)


# Secrets, and what a preview hides.

SECRET_OUTPUTS = {
    KEY: {"private_key", "passphrase", "former_passphrases", "existing_private_key", "existing_passphrase"},
    RING: {"ring", "private_key"},
    REGISTRATION: {"ring", "passphrase", "former_passphrases"},
    STORED_RING: {"passphrase"},
}
HIDDEN = {
    KEY: {"custodies", "fingerprint", "former_passphrases", "locations", "private_key", "public_key_pem", "secret_id"},
    RING: {"custodies", "locations", "ring"},
    REGISTRATION: {"held_fingerprints"},
    STORED_RING: set(),
}


@pytest.mark.parametrize("kind", SECRET_OUTPUTS)
def test_every_secret_output_is_marked_from_the_first_deployment_on(kind: str) -> None:
    engine = line(store=FILE) if kind == STORED_RING else line()
    assert set(engine.asked(kind).additionalSecretOutputs) == SECRET_OUTPUTS[kind]


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_preview_hides_what_only_repeats_the_reason(kind: str) -> None:
    engine = line(store=FILE) if kind == STORED_RING else line()
    assert set(engine.asked(kind).hideDiffs) == HIDDEN[kind]


@pytest.mark.parametrize("name", ["rotation_trigger", "take_over", "endpoint_url"])
def test_an_argument_that_is_secret_stays_secret_in_every_resource(name: str) -> None:
    engine = run(lambda: made(**{name: pulumi.Output.secret("hunter2")}))
    given = [engine.inputs(kind)[name] for kind in (KEY, RING, REGISTRATION) if name in engine.inputs(kind)]
    assert given
    assert [plain(value) for value in given] == ["hunter2"] * len(given)


# Outputs.


def test_the_outputs_with_the_stack_as_the_store() -> None:
    engine, seen = outputs(rotate_after_days=90)
    key = engine.made(KEY)
    assert seen["fingerprint"] == seen["live_fingerprint"] == Seen(key["fingerprint"], False)
    assert seen["public_key_pem"] == Seen(key["public_key_pem"], False)
    assert seen["issued_on"] == Seen("2026-01-01", False)
    assert seen["rotates_on"] == Seen("2026-04-01", False)
    assert seen["signature_status"] == Seen("VALID", False)
    assert seen["private_keys"] == Seen(key["private_key"], True)
    assert seen["endpoint_env"] == Seen({"WHATSAPP_FLOW_KEYS": in_one_line(engine)}, True)
    assert seen["secret_id"].value is None


def test_the_outputs_with_a_store() -> None:
    _, seen = outputs(store=FILE, backups=[BACKUP])
    assert seen["private_keys"].value is None
    assert seen["rotates_on"].value is None
    assert seen["secret_id"] == Seen(FILE, False)
    assert seen["endpoint_env"] == Seen({"WHATSAPP_FLOW_KEYS": f"{FILE} {BACKUP}"}, True)


def test_the_endpoint_gets_the_passphrase_and_the_one_before() -> None:
    _, seen = outputs(ChangedPassphrase(), store=FILE, passphrase="correct horse")
    assert seen["endpoint_env"] == Seen(
        {
            "WHATSAPP_FLOW_KEYS": FILE,
            "WHATSAPP_FLOW_PASSPHRASE": "correct horse",
            "WHATSAPP_FLOW_FORMER_PASSPHRASE": FORMER,
        },
        True,
    )


# Options.


@pytest.mark.parametrize("arguments", [{}, {"store": FILE, "passphrase": GeneratedPassphrase()}])
def test_every_resource_is_a_child_of_the_component(arguments: dict[str, Any]) -> None:
    engine = line(**arguments)
    for kind in engine.kinds[1:]:
        assert engine.asked(kind).parent.endswith(f"{LINE}::line")


def test_the_provider_of_an_account_is_handed_down_to_every_resource() -> None:
    def program() -> None:
        account = WhatsAppProvider("north", access_token="EAAmadeUp")
        made(opts=pulumi.ResourceOptions(provider=account))

    engine = run(program)
    for kind in (KEY, RING, REGISTRATION):
        assert f"{PROVIDER}::north" in engine.asked(kind).provider


def test_a_ring_that_is_the_only_copy_takes_no_retain_on_delete_of_its_parents() -> None:
    assert line().asked(RING).HasField("retainOnDelete")
    assert line().asked(RING).retainOnDelete is False


def test_whatever_has_another_copy_takes_it() -> None:
    with_backup, in_file = line(backups=[BACKUP]), line(store=FILE)
    assert not with_backup.asked(RING).HasField("retainOnDelete")
    assert not in_file.asked(KEY).HasField("retainOnDelete")


@pytest.mark.parametrize(
    ("option", "arguments"),
    [
        ({"ignore_changes": ["issued_on"]}, {"store": FILE}),
        ({"retain_on_delete": True}, {}),
        ({"retain_on_delete": True}, {"store": StackStore()}),
    ],
    ids=["passed over", "only copy", "only copy, by name"],
)
def test_a_harmful_option_is_refused_before_anything_is_asked_for(
    option: dict[str, Any], arguments: dict[str, Any]
) -> None:
    def program() -> None:
        with pytest.raises(pulumi.RunError, match=f"^FlowEncryption 'line': {next(iter(option))}: "):
            made(opts=pulumi.ResourceOptions(**option), **arguments)

    assert run(program).kinds == []


@pytest.mark.parametrize("arguments", [{"backups": [BACKUP]}, {"store": FILE}])
def test_it_is_taken_where_the_keys_have_another_copy(arguments: dict[str, Any]) -> None:
    engine = line(opts=pulumi.ResourceOptions(retain_on_delete=True), **arguments)
    assert engine.asked(LINE).retainOnDelete is True
