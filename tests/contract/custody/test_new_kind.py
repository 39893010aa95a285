"""A kind of key service is a folder, a line in the registry and a class of arguments; nothing else names it."""

from dataclasses import dataclass
from itertools import count

import pulumi
import pytest

from tests.contract.custody.memory_kind.address import SCHEME
from tests.contract.custody.place import MemoryPlace
from tests.contract.kinds import ROOT, files_on, named_by
from tests.contract.miniature_engine import A_DAY, CheckRefusedError, MiniatureEngine, trigger
from whatsapp_flow_encryption.custodies import custody_url
from whatsapp_flow_encryption.written_urls import written_url
from whatsapp_flow_keys.custody.services import complete_url, write_url
from whatsapp_flow_keys.document import dump


@dataclass(frozen=True)
class MemoryKeys:
    """The class that people would compose."""

    name: pulumi.Input[str]
    safe: pulumi.Input[str] | None = None

    @property
    def url(self) -> pulumi.Input[str]:
        return written_url(lambda **given: complete_url(write_url(SCHEME, **given)), **vars(self))


def test_a_new_kind_holds_the_keys_of_a_number_through_its_life(engine: MiniatureEngine, memory: MemoryPlace) -> None:
    memory.number = engine.number
    given = {"store": engine.store(), "stored_ring": True, "custody": memory.url, "deployed": True}
    engine.up(**given)
    first = engine.ring().references[0]
    for times in count(1):
        engine.clock.sleep(2 * A_DAY)
        engine.up(**given, **trigger(f"{times} times"))
        if first not in engine.ring().references:
            break
        assert memory.service().trouble(first) is None
    assert "out of use" in str(memory.service().trouble(first))
    assert {memory.service().trouble(reference) for reference in engine.ring().references} == {None}
    assert engine.served() == engine.fingerprint()
    assert "PRIVATE KEY" not in dump(engine.ring())


def test_a_live_number_moves_to_a_new_kind_and_back(engine: MiniatureEngine, memory: MemoryPlace) -> None:
    memory.number = engine.number
    given = {"store": engine.store(), "stored_ring": True, "deployed": True}
    engine.up(**given)
    engine.up(**given, custody=memory.url)
    assert [bool(key.reference) for key in engine.ring().keys] == [True, False]
    engine.up(**given, custody="ring")
    assert engine.served() == engine.fingerprint()
    assert memory.service().trouble(engine.ring().references[0]) is None


def test_what_a_new_kind_refuses_is_a_mistake_of_the_preview(engine: MiniatureEngine, memory: MemoryPlace) -> None:
    with pytest.raises(CheckRefusedError, match="'colour' is no setting of this key service"):
        engine.up(store=engine.store(), custody=f"{memory.url}?colour=red")


def test_a_program_composes_a_new_kind_by_its_class(memory: MemoryPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORY_SAFE", "cellar")
    assert custody_url(MemoryKeys("lines", "safe")) == memory.url.replace(memory.number, "lines")
    assert custody_url(MemoryKeys("lines")) == "memorykeys://cellar/lines"


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("aws_kms", r"custody\.aws_kms|\bAwsKms|\"awskms\""),
        ("vault_transit", r"custody\.vault_transit|\bVaultTransit|\"vaulttransit\""),
    ],
)
def test_the_page_names_every_place_that_names_a_kind(folder: str, names: str) -> None:
    naming = named_by(names, but=ROOT / "providers" / "whatsapp_flow_keys" / "custody" / folder)
    assert naming
    assert naming <= files_on("adding-a-key-service.md")
