"""`get_registered_key`: what Meta serves for a number of another program, in this one."""

import pytest

from tests.stack.project import RETIRED_TOKEN, Project
from whatsapp_flow_keys.keys import PrivateKey

ASK = """
from whatsapp_flow_encryption import get_registered_key
numbers = {numbers}
for at, number in enumerate(numbers):
    pulumi.export(f"other-{{at}}", get_registered_key(number))
    get_registered_key(pulumi.Output.from_input(number))
"""


@pytest.fixture
def other(project: Project) -> str:
    """A number that another program manages."""
    number = f"{project.number}7"
    project.emulator.add_number(number)
    return number


def asks_for(project: Project, *numbers: str) -> None:
    project.prepend(ASK.format(numbers=list(numbers)))


def test_a_program_gets_what_meta_serves_and_asks_once_a_run(project: Project, other: str) -> None:
    key = PrivateKey.generate()
    project.emulator.set_key(other, key.public_key_pem)
    asks_for(project, other)
    project.emulator.clear_requests()
    project.up()
    assert project.outputs()["other-0"] == {
        "fingerprint": key.fingerprint,
        "public_key_pem": key.public_key_pem,
        "signature_status": "VALID",
    }
    assert [entry["method"] for entry in project.emulator.requests(other)] == ["GET"]


def test_a_number_without_a_key_is_none(project: Project, other: str) -> None:
    asks_for(project, other)
    project.up()
    assert project.outputs().get("other-0") is None


def test_a_number_that_is_known_only_after_an_up_is_asked_for_then(project: Project, other: str) -> None:
    project.emulator.set_key(other, PrivateKey.generate().public_key_pem)
    project.prepend(
        "import pulumi_random\nfrom whatsapp_flow_encryption import get_registered_key\n"
        f"made = pulumi_random.RandomShuffle('number', inputs=['{other}'], result_count=1).results[0]\n"
        "pulumi.export('other', get_registered_key(made).fingerprint)\n"
    )
    project.emulator.clear_requests()
    project.succeed("preview")
    assert project.emulator.requests(other) == []
    project.up()
    assert project.outputs()["other"] == project.emulator.served(other)[1]


def test_the_configured_token_is_the_one_that_asks(project: Project, other: str) -> None:
    project.emulator.set_key(other, PrivateKey.generate().public_key_pem)
    project.succeed("config", "set", "--secret", "whatsapp:accessToken", project.environment["WHATSAPP_ACCESS_TOKEN"])
    asks_for(project, other)
    project.up(env={"WHATSAPP_ACCESS_TOKEN": ""})
    assert project.outputs()["other-0"]["fingerprint"] == project.emulator.served(other)[1]


@pytest.mark.parametrize(
    ("asked", "environment", "said"),
    [
        ("49 30 1234", {}, "get_registered_key: phone_number_id: '49 30 1234' is not a phone number ID"),
        ("123456789", {}, "get_registered_key: Meta refused to read the public key of phone number 123456789."),
        ("123456789", {"WHATSAPP_ACCESS_TOKEN": ""}, "get_registered_key: whatsapp:accessToken: is missing"),
        ("123456789", {"WHATSAPP_ACCESS_TOKEN": RETIRED_TOKEN + "x"}, "The access token is not valid"),
    ],
    ids=["no ID", "unknown", "no token", "wrong token"],
)
def test_what_is_wrong_is_one_sentence(project: Project, asked: str, environment: dict[str, str], said: str) -> None:
    asks_for(project, asked)
    run = project.fail("preview", env=environment)
    assert said in run
    assert RETIRED_TOKEN not in run
