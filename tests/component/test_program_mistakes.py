"""What a program gets wrong beside single arguments ends in one sentence, in the preview, and not in a traceback."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import LINE, REGISTRATION, run
from whatsapp_flow_encryption import FileStore, FlowEncryption, GeneratedPassphrase, StagedKeys, one_each

NUMBER, OTHER = "106540352242922", "110200345501442"


@pytest.fixture
def as_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under mocks nobody is refused a number that another unit test's program has; each run here has its own stack."""
    monkeypatch.setattr(one_each, "MockMonitor", type("NotTheOneHere", (), {}))


class Endpoint(pulumi.CustomResource):
    """A resource of the program's own."""

    def __init__(self, name: str = "endpoint") -> None:
        super().__init__("test:index:Endpoint", name, {})


def two(first: Any, second: Any) -> None:
    FlowEncryption("support", phone_number_id=first)
    FlowEncryption("sales", phone_number_id=second)


@pytest.mark.parametrize(
    "second", [NUMBER, int(NUMBER), pulumi.Output.from_input(NUMBER)], ids=["str", "int", "Output"]
)
@pytest.mark.usefixtures("as_in_the_engine")
def test_a_number_has_one_flow_encryption(second: Any) -> None:
    said = f"FlowEncryption 'sales': phone_number_id: FlowEncryption 'support' has {NUMBER} already"
    with pytest.raises(pulumi.RunError, match=said):
        run(lambda: two(NUMBER, second), preview=True)


@pytest.mark.usefixtures("as_in_the_engine")
def test_two_of_one_name_are_two() -> None:
    def program() -> None:
        for parent in ("a", "b"):
            options = pulumi.ResourceOptions(parent=pulumi.ComponentResource("acme:Team", parent))
            FlowEncryption("line", phone_number_id=NUMBER, opts=options)

    with pytest.raises(pulumi.RunError, match=f"FlowEncryption 'line' has {NUMBER} already"):
        run(program, preview=True)


@pytest.mark.usefixtures("as_in_the_engine")
def test_two_numbers_have_one_each_and_so_has_a_second_run_of_the_program() -> None:
    for _ in range(2):
        engine = run(lambda: two(NUMBER, OTHER))
        assert engine.kinds.count(LINE) == 2


def test_under_mocks_the_programs_of_two_unit_tests_may_have_one_number() -> None:
    """In people's own tests they have one process, and so one stack."""
    assert run(lambda: two(NUMBER, NUMBER)).kinds.count(LINE) == 2


def test_deploy_may_return_one_resource() -> None:
    def deploy(_: StagedKeys) -> pulumi.Resource:
        return Endpoint()

    engine = run(lambda: FlowEncryption("line", phone_number_id=NUMBER, deploy=deploy))
    assert "test:index:Endpoint" in engine.waits_for(REGISTRATION)


def test_deploy_may_return_a_generator() -> None:
    engine = run(
        lambda: FlowEncryption("line", phone_number_id=NUMBER, deploy=lambda _: (Endpoint(name) for name in "ab"))
    )
    assert "test:index:Endpoint" in engine.waits_for(REGISTRATION)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "nothing"),
        ("endpoint", "an object of type str"),
        ([None], "an object of type list"),
        (7, "an object of type int"),
        ({"a": 1}, "an object of type dict"),
    ],
)
def test_what_deploy_must_return_is_said(returned: Any, said: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"FlowEncryption 'line': deploy: returned {said}; return a list of the"):
        run(lambda: FlowEncryption("line", phone_number_id=NUMBER, deploy=lambda _: returned))


@pytest.mark.parametrize("where", [{"store": FileStore}, {"backups": [FileStore]}], ids=["store", "backup"])
def test_a_class_in_place_of_a_store_is_named(where: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"store: FileStore is a class; give a store, as in FileStore\(…\)"):
        run(lambda: FlowEncryption("line", phone_number_id=NUMBER, **where))


@pytest.mark.parametrize("length", [1, 42, 0, -43, 43.5, "43", True, None])
def test_a_generated_passphrase_can_not_be_made_short(length: Any) -> None:
    with pytest.raises(pulumi.RunError, match="GeneratedPassphrase: length: must be a whole number from 43 on"):
        GeneratedPassphrase(length)


def test_without_pulumi_the_import_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pulumi.py").write_text("raise ModuleNotFoundError('No module named pulumi', name='pulumi')\n")
    ran = subprocess.run(
        [sys.executable, "-c", "import whatsapp_flow_encryption"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert last.endswith('whatsapp_flow_encryption needs Pulumi: pip install "whatsapp-flow-encryption[pulumi]"')
