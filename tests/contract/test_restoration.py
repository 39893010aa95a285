"""A lost store rebuilt from a backup, by the library and by the command line."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.contract.conftest import Line, TestClock
from whatsapp_flow_keys.audit import AuditLog
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.errors import ForeignDocumentError, InputError, StoreError
from whatsapp_flow_keys.lifecycle.restoration import restore
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned


@pytest.fixture
def backed_up(line: Line) -> Line:
    """A number with one rotation behind it, whose first store is lost."""
    line.backups = 1
    line.rotate()
    line.rotate()
    (line.folder / "ring0.json").unlink()
    return line


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, words)
    return result.exit_code, result.output


def test_a_lost_store_holds_the_whole_ring_again(backed_up: Line) -> None:
    first, backup = backed_up.stores
    restored = restore(backup, first, TestClock(), AuditLog())
    assert backed_up.ring(0) == backed_up.ring(1)
    assert list(restored.regained) == [key.fingerprint for key in backed_up.ring(1).keys]


def test_what_was_restored_is_registered_without_a_publication(backed_up: Line) -> None:
    first, backup = backed_up.stores
    published = backed_up.publications()
    restore(backup, first, TestClock(), AuditLog())
    served = str(backed_up.served())
    backed_up.register(served)
    assert backed_up.publications() == published
    assert backed_up.roles(0)[served] is Role.CURRENT


def test_what_the_target_holds_itself_stays(line: Line) -> None:
    line.backups = 1
    line.rotate()
    snapshot = (line.folder / "ring1.json").read_bytes()
    newer = line.rotate()
    (line.folder / "ring1.json").write_bytes(snapshot)
    first, backup = line.stores
    written = (line.folder / "ring0.json").stat().st_ino, line.ring(0)
    assert restore(backup, first, TestClock(), AuditLog()).regained == ()
    assert line.roles(0)[newer] is Role.CURRENT
    assert ((line.folder / "ring0.json").stat().st_ino, line.ring(0)) == written


def test_of_two_rings_with_one_revision_that_of_the_target_stays(line: Line) -> None:
    line.backups = 1
    line.rotate()
    target, source = line.stores
    source.write(replace(line.ring(1), owner="key-2"), source.read())
    assert restore(source, target, TestClock(), AuditLog()).ring.owner == "key-1"
    assert line.ring(0).owner == "key-1"


def test_two_places_that_do_not_say_which_documents_they_are_may_be_two(line: Line) -> None:
    class Nameless(FileStore):
        def read(self) -> Versioned:
            return replace(super().read(), place="")

    line.backups = 1
    key = line.rotate()
    target, source = (Nameless(str(line.folder / f"ring{index}.json")) for index in range(2))
    line.rotate()
    target.write(replace(line.ring(0), keys=line.ring(0).keys[:1]), target.read())
    assert restore(source, target, TestClock(), AuditLog()).regained == (key,)


def test_the_source_is_only_read(backed_up: Line) -> None:
    first, backup = backed_up.stores
    path = backed_up.folder / "ring1.json"
    before = path.read_bytes(), path.stat().st_mtime_ns
    restore(backup, first, TestClock(), AuditLog())
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_keys_that_only_the_target_or_only_the_source_holds_are_all_in_the_target(line: Line) -> None:
    line.backups = 1
    first = line.rotate()
    snapshot = (line.folder / "ring1.json").read_bytes()
    second = line.rotate()
    target, source = line.stores
    held, ring = target.read(), line.ring(0)
    target.write(replace(ring, keys=tuple(key for key in ring.keys if key.fingerprint == second)), held)
    (line.folder / "ring1.json").write_bytes(snapshot)
    restored = restore(source, target, TestClock(), AuditLog())
    assert restored.regained == (first,)
    assert line.roles(0) == {second: Role.CURRENT, first: Role.RETAINED}
    assert restored.ring == line.ring(0)
    assert line.ring(0).revision == ring.revision + 1


def test_a_key_that_the_target_is_about_to_publish_stays_beside_a_newer_source(line: Line) -> None:
    line.backups = 1
    line.rotate()
    source = line.stores[1]
    held, ring = source.read(), line.ring(1)
    source.write(replace(ring, revision=ring.revision + 20), held)
    line.backups = 0
    pending = line.stage()
    restore(source, line.stores[0], line.clock, AuditLog())
    assert pending in line.ring(0)


def test_a_source_without_a_ring_is_an_error_and_the_target_stays(line: Line) -> None:
    line.rotate()
    line.backups = 1
    first, empty = line.stores
    before = (line.folder / "ring0.json").read_bytes()
    with pytest.raises(StoreError, match="there is no key ring to restore from"):
        restore(empty, first, TestClock(), AuditLog())
    assert (line.folder / "ring0.json").read_bytes() == before


def test_a_source_whose_document_was_deleted_is_to_be_brought_back_first(line: Line) -> None:
    class Deleted(FileStore):
        def read(self) -> Versioned:
            return Versioned(None, "1", deleted=True)

    source = Deleted(str(line.folder / "ring1.json"))
    with pytest.raises(StoreError, match=r"no key ring to restore from \(it was deleted; bring it back first\)$"):
        restore(source, line.stores[0], TestClock(), AuditLog())


def test_a_target_that_holds_another_numbers_ring_is_refused(line: Line, backed_up: Line, tmp_path: Path) -> None:
    other = Line("110200345501442", line.emulator, tmp_path / "other")
    other.emulator.add_number(other.number)
    other.rotate()
    with pytest.raises(ForeignDocumentError, match=f"of phone number {other.number}, not of {line.number}"):
        restore(backed_up.stores[1], other.stores[0], TestClock(), AuditLog())
    assert other.ring().phone_number_id == other.number


def test_the_command_says_what_was_restored_and_what_comes_next(backed_up: Line) -> None:
    first, backup = backed_up.stores
    status, output = run("restore", "--from", backup.url, "--to", first.url)
    assert status == 0, output
    current, previous = backed_up.ring(0).keys
    assert f"{current.fingerprint}  current   issued 2026-11-24  restored" in output
    assert f"{previous.fingerprint}  previous  issued 2026-11-24  restored" in output
    assert output.endswith("Now run `pulumi up --refresh`.\n")
    assert "PRIVATE KEY" not in output


def test_the_command_ends_with_one_sentence_when_it_fails(line: Line) -> None:
    line.backups = 1
    first, backup = line.stores
    status, output = run("restore", "--from", backup.url, "--to", first.url)
    assert (status, output) == (1, f"Error: {backup.url}: there is no key ring to restore from\n")


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_the_command_names_the_option_that_is_no_store(line: Line, option: str) -> None:
    urls = {"--from": line.stores[0].url, "--to": line.stores[0].url, option: "s3://bucket/ring"}
    status, output = run("restore", *(word for pair in urls.items() for word in pair))
    assert status == 1
    assert output.startswith(f"Error: {option}: 's3://bucket/ring' is not a store")


def test_the_command_refuses_one_place_as_source_and_target(line: Line) -> None:
    line.rotate()
    url = line.stores[0].url
    status, output = run("restore", "--from", url, "--to", url)
    assert (status, output) == (1, f"Error: {url} is given as source and as target\n")


def test_a_store_is_not_restored_from_itself_under_another_name(line: Line) -> None:
    line.rotate()
    (line.folder / "other.json").hardlink_to(line.folder / "ring0.json")
    other = FileStore(str(line.folder / "other.json"))
    with pytest.raises(InputError, match="are one place under two names"):
        restore(other, line.stores[0], TestClock(), AuditLog())
