"""Two `up`s on one number at once, on real parts: the loser is told in one sentence, and no key is lost.

The turnstile holds one of them where the other one hurts most, so that the race is the same at each run.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.servers.turnstile import Turnstile
from tests.stack.project import Project, Run
from whatsapp_flow_keys import document
from whatsapp_flow_keys.ring import KeyRing, Role
from whatsapp_graph_emulator import Emulator

BOTH_STORES = pytest.mark.parametrize("kind", ["vault", "aws"])
PUBLISHES = ("POST", "whatsapp_business_encryption")
CREATES = {"vault": ("POST", "/data/"), "aws": ("POST", "CreateSecret")}
WRITES = {"vault": ("POST", "/data/"), "aws": ("POST", "PutSecretValue")}
UP = ("up", "--yes", "--skip-preview")


@dataclass
class Race:
    """Two stacks of two programs, A and B. A's requests go through turnstiles; so do B's to OpenBao, by its URL."""

    a: Project
    b: Project
    meta: Turnstile
    stores: dict[str, Turnstile]
    places: dict[str, Place]
    runs: ThreadPoolExecutor

    def declare(self, kind_of_a: str, kind_of_b: str, **more: str) -> None:
        self.a.declare({"store": self.url(kind_of_a), **more})
        self.b.declare({"store": self.url(kind_of_b), **more})

    def url(self, kind: str) -> str:
        """OpenBao's holds the address, here the turnstile's; AWS's comes from the environment."""
        url = self.places[kind].url
        return url if kind == "aws" else f"hashivault://127.0.0.1:{self.stores[kind].port}/{url.split('/', 3)[3]}"

    def ring(self, kind: str) -> KeyRing:
        return document.load(self.places[kind].content() or "", kind)


@pytest.fixture
def race(
    tmp_path: Path, emulator: Emulator, number: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Race]:
    """Two stacks with other names; ``second_name`` in the test's parameters names the second."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("second_name")
    vault, aws = request.getfixturevalue("openbao"), request.getfixturevalue("secrets_manager")
    a, b = (
        Project(tmp_path / "a", emulator, number),
        Project(tmp_path / "b", emulator, number, name or "other"),
    )
    places: dict[str, Place] = {"vault": VaultPlace(vault, monkeypatch), "aws": AwsPlace(aws, monkeypatch)}
    with ExitStack() as rest:
        meta = rest.enter_context(Turnstile(emulator.url))
        stores = {
            "vault": rest.enter_context(Turnstile(vault.address)),
            "aws": rest.enter_context(Turnstile(aws.url_of_service)),
        }
        for project in (a, b):
            project.environment |= {**vault.environment, **aws.environment, "WHATSAPP_GRAPH_DEADLINE": "60"}
            project.environment["WHATSAPP_STORE_DEADLINE"] = "60"
            project.environment["VAULT_TOKEN"] = vault.token_for(policy("For the stack"))
        a.environment |= {"WHATSAPP_GRAPH_URL": meta.url, "AWS_ENDPOINT_URL": stores["aws"].url}
        runs = rest.enter_context(ThreadPoolExecutor(2))
        yield Race(a, b, meta, stores, places, runs)


def is_served_and_current(project: Project, ring: KeyRing) -> bool:
    """P3 for the stack, and an endpoint opens a form."""
    served = project.served()
    current = ring.current.fingerprint if ring.current else None
    return served == current == project.fingerprint() and project.opens_a_form()


def has_one_clear_error(run: Run) -> bool:
    return run.status != 0 and "Traceback" not in run and run.output.partition("Diagnostics:")[2].count("Error: ") == 1


@BOTH_STORES
def test_of_two_first_ups_the_one_that_writes_second_changes_nothing(race: Race, kind: str) -> None:
    race.declare(kind, kind)
    hold = race.stores[kind].hold(*CREATES[kind], "before")
    loser = race.runs.submit(race.a.run, *UP)
    hold.wait()  # it has read that there is nothing
    race.b.up()
    hold.release()
    run = loser.result()
    assert has_one_clear_error(run), run.output
    assert "StoreConflictError" in run, run.output
    assert is_served_and_current(race.b, race.ring(kind))
    assert race.b.publications() == 1
    again = race.a.run(*UP)
    assert "is managed by the stack organization/flows/other; organization/flows/test must not change it" in again


@BOTH_STORES
def test_a_stack_that_comes_while_another_is_about_to_publish_is_refused_with_both_names(race: Race, kind: str) -> None:
    race.declare(kind, kind)
    hold = race.meta.hold(*PUBLISHES, "before")
    winner = race.runs.submit(race.a.run, *UP)
    hold.wait()
    written = race.ring(kind)
    run = race.b.run(*UP)
    assert has_one_clear_error(run), run.output
    assert "is managed by the stack organization/flows/test; organization/flows/other must not change it" in run
    assert race.ring(kind) == written
    hold.release()
    assert winner.result().status == 0
    assert is_served_and_current(race.a, race.ring(kind))
    assert race.a.publications() == 1


@BOTH_STORES
@pytest.mark.parametrize("second_name", ["test"])
def test_one_stack_from_two_machines_loses_no_key_and_the_next_up_repairs(
    race: Race, kind: str, second_name: str
) -> None:
    assert second_name == "test"
    race.declare(kind, kind)
    race.a.up()
    race.b.import_state(race.a.export())
    first = race.a.served()
    race.declare(kind, kind, rotation_trigger="two")
    hold = race.stores[kind].hold(*WRITES[kind], "before")
    loser = race.runs.submit(race.a.run, *UP)
    hold.wait()
    race.b.up()
    newest = race.b.served()
    hold.release()
    run = loser.result()
    assert has_one_clear_error(run), run.output
    assert "StoreConflictError" in run
    assert race.b.served() == newest
    assert race.a.publications() == 2, "the loser published nothing"
    assert {first, newest} <= {key.fingerprint for key in race.ring(kind).keys}
    race.a.up()
    assert is_served_and_current(race.a, race.ring(kind))
    assert {first, newest} <= {key.fingerprint for key in race.ring(kind).keys}


def test_two_stacks_with_a_store_each_that_publish_at_once_both_keep_their_keys(race: Race) -> None:
    race.declare("vault", "aws")
    late = Turnstile(race.b.environment["WHATSAPP_GRAPH_URL"])
    with late:
        race.b.environment["WHATSAPP_GRAPH_URL"] = late.url
        before, after = late.hold(*PUBLISHES, "before"), race.meta.hold(*PUBLISHES, "after")
        winner = race.runs.submit(race.b.run, *UP)
        before.wait()  # it has seen that the number has no key
        loser = race.runs.submit(race.a.run, *UP)
        after.wait()
        overwritten = race.a.served()
        before.release()
        assert winner.result().status == 0
        after.release()
        run = loser.result()
    assert has_one_clear_error(run), run.output
    assert f"Meta serves a public key already that is not in this key ring (fingerprint {race.b.served()})" in run
    assert is_served_and_current(race.b, race.ring("aws"))
    assert overwritten in race.ring("vault")
    assert race.a.publications() == 2


def test_a_stack_that_comes_to_a_number_whose_key_another_stack_holds_elsewhere_changes_nothing(race: Race) -> None:
    race.declare("vault", "aws")
    hold = race.stores["vault"].hold(*WRITES["vault"], "before", nth=3)
    winner = race.runs.submit(race.a.run, *UP)
    hold.wait()  # published, and not promoted yet
    run = race.b.run(*UP)
    assert has_one_clear_error(run), run.output
    assert f"(fingerprint {race.a.served()})" in run
    assert race.places["aws"].content() is None
    hold.release()
    assert winner.result().status == 0
    assert is_served_and_current(race.a, race.ring("vault"))
    assert {key.role for key in race.ring("vault").keys} == {Role.CURRENT}
