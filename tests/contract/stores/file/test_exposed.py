"""A key ring in a file that other users of the machine can read, or could put in its place."""

from pathlib import Path

import pytest

from tests.contract.miniature_engine import MiniatureEngine, trigger
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.lifecycle.survey import survey
from whatsapp_flow_keys.lifecycle.verification import Level, verify
from whatsapp_flow_keys.stores.file.store import FileStore


@pytest.mark.parametrize(("mode", "is_exposed"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
def test_a_document_that_every_user_can_read_is_known_as_exposed(
    store: FileStore, path: Path, mode: int, is_exposed: bool
) -> None:
    store.write(ring(), store.read())
    path.chmod(mode)
    exposed = store.read().exposed
    assert (exposed is not None) == is_exposed
    if exposed:
        assert f"(mode {mode:04o})" in exposed.found
        assert f"`chmod o-r {path}`" in exposed.do


def test_an_empty_file_exposes_nothing_yet(store: FileStore, path: Path) -> None:
    path.touch()
    path.chmod(0o644)
    assert store.read().exposed is None


def test_an_up_that_registers_a_key_says_so(engine: MiniatureEngine) -> None:
    where = {"store": engine.store(), "stored_ring": True}
    engine.up(**where)
    (engine.folder / "ring.json").chmod(0o644)
    engine.said.clear()
    engine.up(**where, **trigger("once"))
    (line,) = [line for line in engine.said if line.startswith("warning: ")]
    assert "ring.json: every user of this machine can read its private keys (mode 0644); run `chmod o-r" in line


def test_verify_warns_of_it(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    path.chmod(0o644)
    checks = verify(survey([store], None, SystemClock(), passphrases=())).checks
    (found,) = [check for check in checks if check.name == "rights"]
    assert (found.level, found.place) == (Level.WARNING, store.url)


@pytest.fixture
def everybodys(tmp_path: Path) -> Path:
    folder = tmp_path / "everybodys"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def test_a_link_into_a_folder_that_every_user_can_write_to_is_refused(tmp_path: Path, everybodys: Path) -> None:
    """Whoever replaces what the link leads to chooses the key that the stack goes on with."""
    link = tmp_path / "ring.json"
    link.symlink_to(everybodys / "theirs.json")
    with pytest.raises(InputError, match=r"^store: .*ring\.json leads by a symbolic link to .*everybodys/theirs\.json"):
        FileStore(str(link))


def test_a_path_through_a_linked_folder_into_one_is_refused_too(tmp_path: Path, everybodys: Path) -> None:
    (tmp_path / "keys").symlink_to(everybodys)
    with pytest.raises(InputError, match="that only its users can write to"):
        FileStore(str(tmp_path / "keys" / "ring.json"))


def test_a_link_to_a_folder_of_its_users_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o770)
    (tmp_path / "ring.json").symlink_to(tmp_path / "elsewhere" / "ring.json")
    assert FileStore(str(tmp_path / "ring.json")).url == (tmp_path / "elsewhere" / "ring.json").as_uri()


def test_a_path_that_names_such_a_folder_itself_is_taken(everybodys: Path) -> None:
    """As /tmp in a trial: whoever writes it knows."""
    assert FileStore(str(everybodys / "ring.json")).read().ring is None
