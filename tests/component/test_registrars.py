"""Who takes a number's public key to Meta, as a program says it: what each resource is given, and what is refused."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import KEY, REGISTRATION, RING, STORED_RING, Look, Seen, run
from tests.contract.registrars import at_aws
from tests.pairs import pair
from whatsapp_flow_encryption import AwsSocial, FlowEncryption, RegisteredKey, get_registered_key, read_numbers
from whatsapp_graph_emulator import Emulator
from whatsapp_graph_emulator.aws_edge import aws_id

NUMBER = "106540352242922"
ID = "phone-number-id-0123456789abcdef0123456789abcdef"
URL = f"awssocial://{ID}?region=eu-central-1"
FILE = "file:///srv/ring.json"


def given(kinds: tuple[str, ...], **arguments: Any) -> list[dict[str, Any]]:
    """What the resources of these kinds are given."""
    engine = run(partial(line, **arguments))
    return [engine.inputs(kind) for kind in kinds]


def line(**arguments: Any) -> None:
    """A program of one number."""
    FlowEncryption("line", phone_number_id=NUMBER, **arguments)


@pytest.mark.parametrize("store", ["stack", FILE])
def test_the_registrar_reaches_every_resource_of_the_number(store: str) -> None:
    kinds = (KEY, RING if store == "stack" else STORED_RING, REGISTRATION)
    for inputs in given(kinds, store=store, registrar=AwsSocial(ID, region="eu-central-1")):
        assert (inputs["registrar"], "has_registrar" in inputs) == (URL, False)


@pytest.mark.parametrize("arguments", [{}, {"registrar": "meta"}])
def test_metas_graph_api_is_the_default_and_stands_in_no_state(arguments: dict[str, str]) -> None:
    for inputs in given((KEY, RING, REGISTRATION), **arguments):
        assert not {"registrar", "has_registrar"} & inputs.keys()


@pytest.mark.parametrize(
    ("registrar", "url"),
    [
        (lambda: URL, URL),
        (lambda: f"awssocial://{ID}", f"awssocial://{ID}?region=eu-west-1"),
        (lambda: AwsSocial(ID), f"awssocial://{ID}?region=eu-west-1"),
        (lambda: AwsSocial(pulumi.Output.from_input(ID), region="eu-central-1"), URL),
        (lambda: pulumi.Output.from_input(URL), URL),
        (lambda: 7, "int"),
        (lambda: None, "NoneType"),
    ],
    ids=["url", "url without region", "class without region", "output in a class", "output", "number", "nothing"],
)
def test_it_may_be_given_as_a_url_or_an_output_and_takes_the_environments_region(
    monkeypatch: pytest.MonkeyPatch, registrar: Callable[[], Any], url: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    engine = run(lambda: line(registrar=registrar()))
    assert engine.inputs(KEY)["registrar"] == url


def test_one_that_comes_from_another_resource_is_marked_since_that_may_have_failed() -> None:
    engine = run(lambda: line(registrar=pulumi.Output.from_input(URL)))
    assert engine.inputs(REGISTRATION)["has_registrar"] is True


def test_a_class_in_place_of_a_registrar_is_named() -> None:
    with pytest.raises(pulumi.RunError, match="registrar: AwsSocial is a class; give a registrar, as in AwsSocial"):
        run(partial(line, registrar=AwsSocial))


def test_a_registered_key_is_read_through_aws_without_an_access_token(
    emulator: Emulator, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_aws.put_in(monkeypatch, emulator)
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    emulator.set_key(number, pair().public_key_pem)
    emulator.clear_requests()
    look = Look()

    def program() -> None:
        at = AwsSocial(aws_id(number))
        known = pulumi.Output.from_input(at_aws.url_of(number))
        look.at(
            one=get_registered_key(number, registrar=at),
            two=get_registered_key(pulumi.Output.from_input(number), registrar=known),
        )

    run(program)
    assert look["one"] == look["two"] == Seen(RegisteredKey(pair().fingerprint, pair().public_key_pem, "VALID"), False)
    assert [request["method"] for request in emulator.requests(number)] == ["GET"]


def test_a_wrong_registrar_of_a_key_that_is_read_ends_the_program() -> None:
    with pytest.raises(pulumi.RunError, match="get_registered_key: registrar: 'aws' is not a registrar"):
        run(lambda: Look().at(key=get_registered_key(NUMBER, registrar="aws")))


def numbers(*entries: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    config = {"flows:numbers": json.dumps([{"phoneNumberId": NUMBER, **entry} for entry in entries])}
    run(lambda: found.extend(read_numbers(pulumi.Config())), config=config)
    return found


def test_a_number_of_the_reference_stack_names_its_registrar() -> None:
    assert [number.registrar for number in numbers({})] == ["meta"]
    assert [number.registrar for number in numbers({"registrar": URL})] == [URL]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"registrar": "aws"}], "numbers[0].registrar: 'aws' is not a registrar; known are `meta`, `awssocial://…`"),
        ([{"registrar": 7}], "numbers[0].registrar: '7' is not a registrar"),
        ([{"registrar": "awssocial://1?region=eu-west-1"}], "numbers[0].registrar: '1' is not an AWS phone number ID"),
        (
            [{"registrar": URL}, {"registrar": URL, "phoneNumberId": "110200345501442", "name": "b"}],
            f"registrar {URL} is given twice",
        ),
    ],
)
def test_a_mistake_in_it_is_one_line_that_names_the_field(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        numbers(*entries)
    assert said in str(caught.value)
