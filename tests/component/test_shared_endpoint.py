"""One endpoint for several numbers: it is deployed with all of their keys, and only then is any of them published."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import REGISTRATION, Echo, Engine, Look, run
from tests.forms import APP_SECRET
from whatsapp_flow_encryption import (
    FileStore,
    FlowEncryption,
    GeneratedPassphrase,
    SharedDeployment,
    StagedKeys,
    shared_endpoint_env,
)
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, show
from whatsapp_flow_endpoint.testing import FlowTester

NORTH, SOUTH = "106540352242922", "110200345501442"
PAGE = (Path(__file__).parents[2] / "docs" / "many-numbers.md").read_text()
KEYS = "WHATSAPP_FLOW_KEYS"


class Endpoint(pulumi.CustomResource):
    """A resource of the program's own."""

    def __init__(self, environment: pulumi.Input[dict[str, str]] | None = None) -> None:
        super().__init__("test:index:Endpoint", "endpoint", {"environment": environment})


def both(deploy: Any = None, **more: Any) -> list[FlowEncryption]:
    numbers = {"north": NORTH, "south": SOUTH}
    return [FlowEncryption(name, phone_number_id=id_, deploy=deploy, **more) for name, id_ in numbers.items()]


def env_of(**more: Any) -> dict[str, str]:
    """The environment that an endpoint of both is given."""
    look = Look()
    run(lambda: look.at(env=shared_endpoint_env(both(**more))))
    env, is_secret = look["env"]
    assert is_secret
    found: dict[str, str] = env
    return found


def dependencies(engine: Engine) -> Iterator[set[str]]:
    for request in engine.requests:
        if request.type == REGISTRATION:
            yield {urn.split("::")[2].split("$")[-1] for urn in request.dependencies}


def test_an_endpoint_with_the_shared_environment_opens_forms_of_each_number() -> None:
    def whose(request: FlowRequest) -> dict[str, Any]:
        return show("DAY", {"number": request.phone_number_id})

    endpoint = FlowEndpoint.from_env(whose, {**env_of(), "WHATSAPP_APP_SECRET": APP_SECRET})
    for number in (NORTH, SOUTH):
        assert FlowTester(endpoint, phone_number_id=number).init().answer == show("DAY", {"number": number})


def test_stores_and_passphrases_have_the_number_before_or_after_them() -> None:
    files = {"store": FileStore("/srv/ring.json"), "backups": [FileStore("/srv/backup.json")]}
    env = env_of(passphrase=GeneratedPassphrase(), **files)
    urls = ("file:///srv/ring.json", "file:///srv/backup.json")
    assert env[KEYS] == " ".join(f"{number}={url}" for number in (NORTH, SOUTH) for url in urls)
    assert env.keys() == {KEYS, *(f"WHATSAPP_FLOW_PASSPHRASE_{number}" for number in (NORTH, SOUTH))}


def test_no_key_is_published_before_the_endpoint_has_all_of_them() -> None:
    look = Look()

    def deploy(numbers: Sequence[StagedKeys]) -> pulumi.Resource:
        env = shared_endpoint_env(numbers)
        look.at(env=env)
        return Endpoint(env)

    def program() -> None:
        with SharedDeployment(deploy) as shared:
            both(shared)

    engine = run(program)
    assert all("test:index:Endpoint" in waited for waited in dependencies(engine))
    assert engine.kinds.count(REGISTRATION) == 2
    assert [word.partition("=")[0] for word in look["env"].value[KEYS].split()] == [NORTH, SOUTH]


def test_the_program_of_the_page_runs() -> None:
    (program,) = re.findall(
        r"```python\n(from whatsapp_flow_encryption import FlowEncryption, Shared.*?)```", PAGE, re.S
    )
    engine = run(lambda: exec(program, {"endpoint": Endpoint}))
    assert all("test:index:Endpoint" in waited for waited in dependencies(engine))
    assert engine.kinds.count(REGISTRATION) == 2


def test_a_deployment_outside_of_its_block_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"inside of `with SharedDeployment\(…\) as deploy:`"):
        run(lambda: both(SharedDeployment(lambda _: Endpoint())))

    def after() -> None:
        with SharedDeployment(lambda _: Endpoint()) as deploy:
            pass
        both(deploy)

    with pytest.raises(pulumi.RunError, match="at whose end the endpoint is deployed"):
        run(after)


@pytest.mark.parametrize("returned", [None, 7, "endpoint"])
def test_what_it_must_return_is_said_and_nothing_is_published(returned: Any) -> None:
    def program() -> None:
        with SharedDeployment(lambda _: returned) as shared:
            both(shared)

    with pytest.raises(pulumi.RunError, match=r"SharedDeployment: deploy: returned .*; return a list of the resources"):
        run(program)


def test_a_mistake_in_the_block_is_what_is_said() -> None:
    def program() -> None:
        with SharedDeployment(lambda _: Endpoint()) as shared:
            both(shared)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(program)


def test_the_environment_of_mocks_that_make_no_keys_is_empty() -> None:
    look = Look()
    run(lambda: look.at(env=shared_endpoint_env(both())), Echo())
    assert look["env"].value == {KEYS: ""}
