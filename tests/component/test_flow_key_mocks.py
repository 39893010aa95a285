"""The mocks of `whatsapp_flow_encryption.testing`: what a unit test of somebody's program gets for the providers."""

from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from tests.component.mocked_engine import KEY, PASSWORD, REGISTRATION, RING, STORED_RING, Engine, Look, Seen, run
from tests.forms import APP_SECRET, sent
from tests.pairs import pair
from whatsapp_flow_encryption import FlowEncryption, GeneratedPassphrase, VaultTransit
from whatsapp_flow_encryption.testing import FlowKeyMocks
from whatsapp_flow_endpoint import FlowEndpoint, show
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.properties import KeyState, RegistrationState, RingState, StoredRing
from whatsapp_flow_keys.ring import Role

NUMBER, OTHER = "106540352242922", "110200345501442"
FILE = "file:///srv/ring.json"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:flows/line-AbCdEf"
OTHER_KIND = "test:index:Endpoint"
OUTPUTS = frozenset(FlowEncryption.__annotations__)


def line(mocks: Mocks | None = None, **arguments: Any) -> Engine:
    return run(lambda: FlowEncryption("line", **{"phone_number_id": NUMBER, **arguments}), mocks)


def looked_at(*, preview: bool = False, **arguments: Any) -> Look:
    look = Look()

    def program() -> None:
        keys = FlowEncryption("line", **{"phone_number_id": NUMBER, "rotate_after_days": 90, **arguments})
        look.at(**{name: getattr(keys, name) for name in OUTPUTS})

    run(program, FlowKeyMocks(), preview=preview)
    return look


def test_an_endpoint_with_the_environment_decrypts_what_is_encrypted_with_the_public_key() -> None:
    look = looked_at()
    environment = {**look["endpoint_env"].value, "WHATSAPP_APP_SECRET": APP_SECRET}
    endpoint = FlowEndpoint.from_env(lambda request: show("NEXT", request.data), environment)
    assert endpoint.fingerprints == (look["fingerprint"].value,)
    key = PrivateKey.from_pem(look["private_keys"].value)
    assert key.public_key_pem == look["public_key_pem"].value
    form = sent(to=key)
    answer = endpoint.answer(form.signed, form.body)
    assert answer.status == 200
    assert form.decrypt(answer)["screen"] == "NEXT"


@pytest.mark.parametrize("store", ["stack", FILE])
def test_with_a_custody_the_environment_names_its_service(store: str) -> None:
    url = "vaulttransit://vault.example.com/whatsapp-flows-"
    look = looked_at(store=store, custody=VaultTransit(address="https://vault.example.com"))
    assert look["endpoint_env"].value["WHATSAPP_FLOW_CUSTODY"] == url


@pytest.mark.parametrize(("store", "absent"), [("stack", "secret_id"), (FILE, "private_keys")])
def test_every_output_has_a_value_as_after_a_first_up(store: str, absent: str) -> None:
    look = looked_at(store=store)
    assert {name for name in OUTPUTS if not look[name].value} == {absent}
    assert look["live_fingerprint"] == look["fingerprint"]
    assert (look["issued_on"].value, look["rotates_on"].value) == ("2026-01-01", "2026-04-01")
    assert look["signature_status"].value == "VALID"


def test_each_number_has_a_key_of_its_own_and_keeps_it_in_the_whole_process() -> None:
    look, unseen = Look(), "110200345501443"

    def program() -> None:
        for name, number in {"one": unseen, "at once": unseen, "again": unseen, "other": OTHER}.items():
            look.at(**{name: FlowEncryption(name, phone_number_id=number).fingerprint})

    run(program)
    assert look["one"] == look["at once"] == look["again"] != look["other"]
    assert line(phone_number_id=unseen).made(KEY)["fingerprint"] == look["one"].value


def test_the_rings_document_is_as_the_stack_holds_it() -> None:
    engine = line()
    key, ring = engine.made(KEY), document.load(engine.made(RING)["ring"], "the mocks")
    (entry,) = ring.keys
    assert (ring.phone_number_id, ring.managed_by, ring.owner) == (NUMBER, "acme/flows/prod", "line_id")
    assert (entry.fingerprint, entry.role) == (key["fingerprint"], Role.PENDING)
    assert entry.private_key_pem == key["private_key"]


@pytest.mark.parametrize(
    ("kind", "state", "arguments"),
    [
        (KEY, KeyState, {}),
        (RING, RingState, {}),
        (STORED_RING, StoredRing, {"store": FILE, "passphrase": "correct horse"}),
        (REGISTRATION, RegistrationState, {}),
    ],
    ids=["key", "ring", "stored ring", "registration"],
)
def test_each_resource_has_what_its_state_records_with_the_secrets_marked(
    kind: str, state: Any, arguments: dict[str, Any]
) -> None:
    engine = line(**arguments)
    (made,) = [each.state for urn, each in engine.resources.items() if f"${kind}::" in urn]
    assert set(made) <= set(state.traits())
    marked = {name for name, value in made.items() if pulumi.runtime.rpc.is_rpc_secret(value)}
    assert marked == set(made) & set(state.names("secret")) != set()


@pytest.mark.parametrize(
    ("store", "secret_id"),
    [
        (FILE, FILE),
        ("hashivault://vault.example.com/flows/line", "secret/data/flows/line"),
        ("awssecretsmanager://eu-west-1/flows/line", "flows/line"),
        (f"awssecretsmanager://{ARN}", ARN),
        ("azurekeyvault://flows.vault.azure.net/line", "https://flows.vault.azure.net/secrets/line"),
    ],
    ids=["file", "vault", "AWS", "a team's in AWS", "Azure"],
)
def test_with_a_store_the_endpoint_gets_its_url_and_the_document_is_named_as_its_service_does(
    store: str, secret_id: str
) -> None:
    look = looked_at(store=store, backups=["file:///srv/backup.json"])
    assert look["endpoint_env"].value == {"WHATSAPP_FLOW_KEYS": f"{store} file:///srv/backup.json"}
    assert look["secret_id"] == Seen(secret_id, False)
    assert look["private_keys"].value is None


def test_a_key_to_be_adopted_is_the_one_that_is_given() -> None:
    given: dict[str, Any] = {"existing_private_key": pair().to_pem("words"), "existing_passphrase": "words"}
    assert line(**given).made(KEY)["fingerprint"] == pair().fingerprint


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"existing_private_key": "not a key"}, "existing_private_key: this is some other text, not a private key"),
        ({"store": "s3://bucket/ring"}, "store: 's3://bucket/ring' is not a store"),
        ({"backups": ["s3://bucket/ring"]}, "'s3://bucket/ring' is not a store"),
    ],
    ids=["key", "store", "backup"],
)
def test_what_the_preview_would_refuse_fails_the_test_with_the_same_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        line(**wrong)


def test_a_generated_passphrase_has_its_length_and_reaches_the_endpoint_as_a_secret() -> None:
    generated = line(store=FILE, passphrase=GeneratedPassphrase(60)).made(PASSWORD)["result"]
    assert len(generated) == 60
    assert generated.isalnum()
    look = looked_at(store=FILE, passphrase=GeneratedPassphrase())
    assert look["endpoint_env"].value["WHATSAPP_FLOW_PASSPHRASE"] == generated[:43]
    assert look["endpoint_env"].is_secret


@pytest.mark.parametrize("store", ["stack", FILE])
def test_a_preview_knows_nothing_of_what_would_be_made(store: str) -> None:
    look = looked_at(preview=True, store=store, passphrase=GeneratedPassphrase() if store == FILE else None)
    known = set(look.names)
    assert known <= {"phone_number_id", "private_keys", "secret_id"}  # which the program says


class Own(Mocks):
    """Somebody's own mocks, which know their types only."""

    def __init__(self, result: str | None = None) -> None:
        self.asked: list[str] = []
        self._result = {} if result is None else {"result": result}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.asked.append(args.typ)
        return f"id-of-{args.name}", {**args.inputs, "address": "10.0.0.1", **self._result}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {"token": args.token}, []


class Endpoint(pulumi.CustomResource):
    """A resource of the program's own."""

    address: pulumi.Output[str]

    def __init__(self) -> None:
        super().__init__(OTHER_KIND, "endpoint", {"address": None})


def other_resource_and_call(mocks: Mocks, *, preview: bool = False) -> Look:
    look = Look()

    def program() -> None:
        FlowEncryption("line", phone_number_id=NUMBER, store=FILE, passphrase=GeneratedPassphrase())
        endpoint = Endpoint()
        look.at(id=endpoint.id, address=endpoint.address)
        look.at(called=pulumi.Output.from_input(pulumi.runtime.invoke("test:index:look", {}).value))

    run(program, mocks, preview=preview)
    return look


@pytest.mark.parametrize("preview", [False, True])
def test_other_mocks_answer_for_their_types_and_calls_and_never_for_the_keys(preview: bool) -> None:
    own = Own()
    look = other_resource_and_call(FlowKeyMocks(own), preview=preview)
    assert (look["id"].value, look["address"].value) == ("id-of-endpoint", "10.0.0.1")
    assert look["called"].value == {"token": "test:index:look"}
    assert {OTHER_KIND, PASSWORD} <= set(own.asked)
    assert not {KEY, STORED_RING, REGISTRATION} & set(own.asked)


def test_without_other_mocks_inputs_are_handed_back_and_a_call_answers_nothing() -> None:
    look = other_resource_and_call(FlowKeyMocks())
    assert (look["id"].value, look["address"].value, look["called"].value) == ("endpoint_id", None, {})


def test_a_password_that_other_mocks_give_is_taken() -> None:
    engine = line(FlowKeyMocks(Own(result="theirs")), store=FILE, passphrase=GeneratedPassphrase())
    assert engine.made(PASSWORD)["result"] == "theirs"


def test_a_subclass_changes_one_answer() -> None:
    class Mismatch(FlowKeyMocks):
        def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
            id_, outputs = super().new_resource(args)
            return id_, {**outputs, "signature_status": "MISMATCH"} if args.typ == REGISTRATION else outputs

    assert line(Mismatch()).made(REGISTRATION)["signature_status"] == "MISMATCH"
