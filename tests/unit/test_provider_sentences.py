"""How a provider's method ends when it fails: one sentence, which names the phone number and the account."""

from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from pulumi.runtime.rpc import unwrap_rpc_secret

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.resources.properties import OfNumber
from whatsapp_flow_keys.resources.rules import Rules
from whatsapp_flow_keys.resources.schema import Props, prop
from whatsapp_flow_keys.stores.urls import STACK

NUMBER = "106540352242922"
OTHER = "110200345501442"
PROVIDERS = (EncryptionKeyProvider, StoredKeyRingProvider, KeyRingProvider, KeyRegistrationProvider)


@dataclass(frozen=True, kw_only=True)
class Number(OfNumber):
    """Nothing but a number that need not be there."""

    phone_number_id: str = prop("A number")
    managed_by: str = prop("Nothing")
    backups: tuple[str, ...] = prop("Nothing")


class FailingRules(Rules[Number, Number]):
    """Every rule raises what the test gives."""

    inputs, state = Number, Number

    def __init__(self, failure: BaseException) -> None:
        self._failure = failure

    def _fail(self, *_arguments: Any) -> Any:
        raise self._failure

    check = diff = create = _fail  # type: ignore[assignment]  # whatever they are given
    update = read = delete = _fail  # type: ignore[assignment]  # the same


class Failing(FlowKeysProvider):
    """Its rules do."""

    def __init__(self, failure: BaseException, account: str | None = None) -> None:
        self.rules = FailingRules(failure)  # type: ignore[misc]  # a test's own, not one for each class
        self._config = Config({"whatsapp:account": account} if account else {}, "flows")


def said(provider: FlowKeysProvider, method: str, *arguments: Any) -> str:
    with pytest.raises(Exception, match=r".") as caught:
        getattr(provider, method)(*arguments)
    return f"{type(caught.value).__name__}: {caught.value}"


PROPS = {"phone_number_id": NUMBER}
CALLS: list[tuple[Any, ...]] = [
    ("check", {}, PROPS),
    ("diff", "id", PROPS, PROPS),
    ("create", PROPS),
    ("update", "id", PROPS, PROPS),
    ("read", "id", PROPS),
    ("delete", "id", PROPS),
]


@pytest.mark.parametrize("call", CALLS, ids=[call[0] for call in CALLS])
@pytest.mark.parametrize(
    ("failure", "name", "text"),
    [
        (
            StoreUnavailableError("ring.json", "the disk is full"),
            "StoreUnavailableError",
            "ring.json: the disk is full",
        ),
        (KeyError("hunter2"), "UnexpectedError", "KeyError in Failing.{method}; run again with"),
        (SystemExit("hunter2"), "UnexpectedError", "SystemExit in Failing.{method}; run again with"),
    ],
    ids=["of ours", "of nobody's", "an exit"],
)
def test_every_failure_of_every_method_names_the_number_and_the_account(
    call: Any, failure: BaseException, name: str, text: str
) -> None:
    sentence = said(Failing(failure, "north"), *call)
    assert sentence.startswith(f"{name}: phone number {NUMBER}, account north: {text.format(method=call[0])}")
    assert "hunter2" not in sentence


def test_a_text_that_names_the_number_is_left_as_it_is() -> None:
    failure = StoreUnavailableError(f"phone number {NUMBER}", "nobody is there")
    assert said(Failing(failure), "create", PROPS) == f"StoreUnavailableError: {failure}"


def test_the_number_is_that_of_the_newest_inputs() -> None:
    sentence = said(
        Failing(StoreUnavailableError("the store", "down")), "update", "id", {"phone_number_id": OTHER}, PROPS
    )
    assert sentence == f"StoreUnavailableError: phone number {NUMBER}: the store: down"


def test_the_number_of_the_state_serves_where_the_inputs_have_none_that_is_one() -> None:
    sentence = said(Failing(StoreUnavailableError("the store", "down")), "check", PROPS, {"phone_number_id": 1.5})
    assert sentence == f"StoreUnavailableError: phone number {NUMBER}: the store: down"


def test_a_missing_setting_of_an_account_is_called_by_its_name() -> None:
    provider = KeyRegistrationProvider()
    provider._config = Config({"whatsapp:account": "north"}, "flows")
    (failure,) = provider.check({}, {**inputs(KeyRegistrationProvider), "fingerprint": "a" * 64}).failures
    assert failure.reason.startswith(
        f"phone number {NUMBER}, account north: north:accessToken: is missing; set it with"
    )


@pytest.mark.parametrize("kind", PROVIDERS)
def test_each_failure_of_a_check_names_the_number(kind: type[FlowKeysProvider]) -> None:
    provider = configured(kind)
    wrong = {**inputs(kind), "backups": ["nowhere"]}
    reasons = [failure.reason for failure in provider.check({}, wrong).failures]
    assert reasons
    assert all(reason.startswith(f"phone number {NUMBER}: ") for reason in reasons)


@pytest.mark.parametrize("kind", PROVIDERS)
@pytest.mark.parametrize("olds", [{}, {"phone_number_id": NUMBER, "store": STACK, "backups": []}])
def test_check_and_diff_have_no_opinion_while_an_input_never_came(kind: type[FlowKeysProvider], olds: Props) -> None:
    provider = configured(kind)
    for name in kind.rules.inputs.names("required"):
        news = without(inputs(kind), name)
        checked = provider.check(olds, news)
        given = {name: unwrap_rpc_secret(value) for name, value in (checked.inputs or {}).items()}
        assert (given, checked.failures) == (news, [])
        assert provider.diff("id", olds, news).changes is True


@pytest.mark.parametrize("kind", PROVIDERS)
@pytest.mark.parametrize("method", ["create", "update"])
def test_nothing_is_done_while_an_input_never_came(kind: type[FlowKeysProvider], method: str) -> None:
    provider = configured(kind)
    for name in set(kind.rules.inputs.names("required")) - {"phone_number_id"}:
        arguments = [without(inputs(kind), name)] if method == "create" else ["id", {}, without(inputs(kind), name)]
        assert said(provider, method, *arguments).startswith(
            f"MissingInputError: phone number {NUMBER}: {name}: got no value, so nothing was done."
        )


def test_a_key_is_not_made_without_the_generated_passphrase_that_never_came() -> None:
    given = {**inputs(EncryptionKeyProvider), "passphrase_is_generated": True}
    assert "passphrase: got no value" in said(configured(EncryptionKeyProvider), "create", given)


def test_a_registration_without_the_ring_that_failed_is_passed_by() -> None:
    provider = configured(KeyRegistrationProvider)
    failed = without(inputs(KeyRegistrationProvider), "ring", "locations")
    assert provider.check({}, failed).failures == []
    assert "ring: got no value" in said(provider, "create", failed)


def test_a_program_that_asks_for_the_stack_by_an_output_is_told_so() -> None:
    without_ring = without(inputs(KeyRegistrationProvider), "ring")
    (failure,) = configured(KeyRegistrationProvider).check({}, without_ring).failures
    assert "an Output can't ask for the stack as the store" in failure.reason


def without(props: Props, *names: str) -> Props:
    return {name: value for name, value in props.items() if name not in names}


def inputs(kind: type[FlowKeysProvider]) -> Props:
    """All that a program gives."""
    given = {"phone_number_id": NUMBER, "store": STACK, "backups": [], "ring": "{}", "locations": []}
    return {**dict.fromkeys(kind.rules.inputs.names("required"), "given"), **given}


def configured(kind: type[FlowKeysProvider]) -> FlowKeysProvider:
    provider = kind()
    provider._config = ConfigureRequest(Config({"whatsapp:accessToken": "EAA"}, "flows")).config
    return provider
