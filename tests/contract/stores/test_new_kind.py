"""A kind of store is added by a folder, a line in the registry and a class of arguments; nothing else names it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pytest

from tests.contract.kinds import ROOT, files_on, named_by
from tests.contract.miniature_engine import CheckRefusedError, MiniatureEngine
from tests.contract.stores.memory_kind.address import SCHEME
from tests.contract.stores.memory_kind.store import DOCUMENTS
from whatsapp_flow_encryption.stores import WrittenStore, url_of
from whatsapp_flow_keys.stores import urls

LINE = "memory://shelf/line"


@dataclass(frozen=True)
class MemoryStore(WrittenStore):
    """The class that people would compose."""

    scheme = SCHEME

    name: pulumi.Input[str]
    shelf: pulumi.Input[str] | None = None


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The line in the registry."""
    monkeypatch.setitem(urls.KINDS, SCHEME, "tests.contract.stores.memory_kind")
    yield
    DOCUMENTS.clear()


def test_a_new_kind_keeps_the_keys_of_a_number_through_its_life(engine: MiniatureEngine) -> None:
    engine.up(store=LINE)
    engine.up(store=LINE, rotation_trigger="once")
    assert engine.served() == engine.fingerprint()
    assert engine.fingerprint() in DOCUMENTS[LINE]
    engine.up(store=LINE, backups=[engine.store()], rotation_trigger="once")
    assert engine.up(store=engine.store(), rotation_trigger="once") == ["update", "update"]
    assert engine.served() == engine.fingerprint()


def test_a_new_kind_is_guarded_like_the_others(engine: MiniatureEngine) -> None:
    engine.up(store=LINE)
    with pytest.raises(Exception, match="Meta serves key"):
        engine.destroy()
    assert engine.fingerprint() in DOCUMENTS[LINE]


def test_what_a_new_kind_refuses_is_a_mistake_of_the_preview(engine: MiniatureEngine) -> None:
    with pytest.raises(CheckRefusedError, match="'colour' is no setting of this store"):
        engine.up(store=f"{LINE}?colour=red")


def test_a_program_composes_a_new_kind_by_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORY_SHELF", "cellar")
    assert url_of(MemoryStore("line", "shelf")) == LINE
    assert url_of(MemoryStore("line")) == "memory://cellar/line"


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("vault", r"stores\.vault|\bVaultStore|\"hashivault\""),
        ("aws_secrets_manager", r"aws_secrets_manager|AwsSecretsManager|awssecretsmanager"),
        ("azure_key_vault", r"azure_key_vault|AzureKeyVault|azurekeyvault"),
        ("gcp_secret_manager", r"gcp_secret_manager|GcpSecretManager|gcpsecretmanager"),
        ("kubernetes", r"stores\.kubernetes|\bKubernetesStore"),
    ],
)
def test_the_page_names_every_place_that_names_a_kind(folder: str, names: str) -> None:
    naming = named_by(names, but=ROOT / "providers" / "whatsapp_flow_keys" / "stores" / folder)
    assert naming
    assert naming <= files_on("adding-a-store.md")
