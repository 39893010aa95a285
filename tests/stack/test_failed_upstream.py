"""`--continue-on-error` where what fails is none of ours: the numbers that take something of it are skipped quietly."""

import json
import shutil
from pathlib import Path

import pytest

from tests.passphrases import strong
from tests.stack.project import Project, Run
from whatsapp_flow_keys.keys import PrivateKey

NAMES = ("whole", "numbered", "stored", "backed", "gated", "adopted")
GO_ON = "--continue-on-error"
PASSPHRASE = strong("correct horse")


class Upstream:
    """The program of numbers that take a phone number ID, a store, a backup, a URL and a key of one platform."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.environment["WHATSAPP_GRAPH_DEADLINE"] = "60"  # nothing here waits for it to end
        self.numbers = {name: f"{project.number}{index}" for index, name in enumerate(NAMES)}
        self.key = PrivateKey.generate()
        shutil.copy(Path(__file__).with_name("failing_program.py"), project.folder / "__main__.py")
        for number in self.numbers.values():
            project.emulator.add_number(number)
        project.emulator.set_key(self.numbers["adopted"], self.key.public_key_pem)

    def declare(self, *, fails: bool, trigger: str = "one") -> None:
        """Whether the platform fails from now on, and the rotation trigger of the number that takes nothing of it."""
        platform = {
            "number": self.numbers["numbered"],
            "store": self.project.path("ring.json").as_uri(),
            "url": "http://127.0.0.1:9/flows",
            "key": self.key.to_pem(PASSPHRASE),
            "fails": fails,
        }
        spec = {"numbers": self.numbers, "platform": platform, "trigger": trigger, "passphrase": PASSPHRASE}
        (self.project.folder / "program.json").write_text(json.dumps(spec))

    def up_in_spite_of_it(self) -> Run:
        """An `up` that goes on after the platform has failed; it is the only thing that does."""
        run = self.project.run("up", "--yes", "--skip-preview", GO_ON)
        assert run.status != 0, run.output
        assert "the platform is down" in run
        assert "has a problem" not in run
        named = {name for name, number in self.numbers.items() if number in run.output.partition("Diagnostics:")[2]}
        assert named <= {"whole"}, run.output
        return run

    def served(self) -> dict[str, str | None]:
        """The fingerprints of what Meta serves."""
        return {name: self.project.emulator.served(number)[1] for name, number in self.numbers.items()}

    def registered(self) -> set[str]:
        """The numbers whose registration the state holds."""
        return {resource["urn"].rpartition("::")[2] for resource in self.project.resources("KeyRegistration")}


@pytest.fixture
def upstream(project: Project) -> Upstream:
    return Upstream(project)


def test_only_the_number_that_needs_nothing_of_it_is_registered_and_the_next_up_registers_the_rest(
    upstream: Upstream,
) -> None:
    upstream.declare(fails=True)
    upstream.up_in_spite_of_it()
    assert upstream.registered() == {"whole"}
    assert {name for name, key in upstream.served().items() if key} == {"whole", "adopted"}
    assert upstream.project.outputs().keys() == {"whole", "gated"}
    upstream.declare(fails=False)
    upstream.project.up()
    assert upstream.project.outputs() == upstream.served()
    assert upstream.served()["adopted"] == upstream.key.fingerprint


def test_what_is_live_stays_as_it_is_and_the_stack_keeps_its_outputs(upstream: Upstream) -> None:
    upstream.declare(fails=False)
    upstream.project.up()
    before = upstream.served()
    assert upstream.project.outputs() == before
    upstream.declare(fails=True, trigger="two")
    upstream.up_in_spite_of_it()
    after = upstream.served()
    assert {name for name in NAMES if after[name] != before[name]} == {"whole"}
    assert upstream.project.outputs() == after
    upstream.declare(fails=False, trigger="two")
    upstream.project.up()
    assert upstream.project.outputs() == upstream.served() == after
