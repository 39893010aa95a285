"""What only a key ring in a file knows: rights, what lies beside it, full disks, races of processes; and store URLs."""

import errno
import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.contract.stores.place import delete
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError, InputError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.file import FileStore
from whatsapp_flow_keys.stores.urls import STACK, open_store, parse_stores

KEY = PrivateKey.generate()
NUMBER = "106540352242922"
LIMIT = 1024 * 1024
ROUNDS = 5


def ring(revision: int = 1, owner: str = "key-1") -> KeyRing:
    held = RingKey(KEY.fingerprint, Role.PENDING, "2026-11-24", None, KEY.to_pem())
    return KeyRing(NUMBER, "org/flows/prod", owner, revision, (held,))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def left_over(folder: Path) -> list[str]:
    """What lies in the folder besides the document and its lock."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("ring.json", ".ring.json.lock"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ring.json"


@pytest.fixture
def store(path: Path) -> FileStore:
    return FileStore(str(path))


@pytest.fixture
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_where_nothing_is_there_is_no_ring_and_nothing_is_made(store: FileStore, tmp_path: Path) -> None:
    assert store.read().ring is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("empty", [b"", b"\n", b"  \n\t"])
def test_an_empty_file_is_written_over(store: FileStore, path: Path, empty: bytes) -> None:
    path.write_bytes(empty)
    found = store.read()
    assert found.ring is None
    store.write(ring(), found)
    assert store.read().ring == ring()


def test_the_file_holds_the_document_and_nothing_else(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    assert path.read_text() == document.dump(ring())


@pytest.mark.usefixtures("_no_umask")
def test_the_file_and_its_lock_are_for_the_owner_only(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    assert (mode(path), mode(path.with_name(".ring.json.lock"))) == (0o600, 0o600)


@pytest.mark.usefixtures("_no_umask")
def test_a_file_that_others_could_read_is_closed_to_them_by_a_write(store: FileStore, path: Path) -> None:
    path.touch(0o666)
    store.write(ring(), store.read())
    assert mode(path) == 0o600


@pytest.mark.usefixtures("_no_umask")
def test_missing_folders_are_made_for_the_owner_only(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a" / "b" / "ring.json"))
    store.write(ring(), store.read())
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


@pytest.mark.usefixtures("_no_umask")
def test_the_rights_of_a_folder_that_was_there_stay(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(0o755)
    store = FileStore(str(tmp_path / "shared" / "ring.json"))
    store.write(ring(), store.read())
    assert mode(tmp_path / "shared") == 0o755


def test_nothing_but_the_document_and_its_lock_is_left(store: FileStore, tmp_path: Path) -> None:
    store.write(ring(), store.read())
    assert left_over(tmp_path) == []


def test_a_path_below_a_regular_file_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    store = FileStore(str(tmp_path / "file" / "ring.json"))
    with pytest.raises(StoreUnavailableError, match="can't be read: not a directory"):
        store.read()


@pytest.mark.parametrize("below", ["ring.json", "folder/ring.json"])
def test_a_path_below_a_regular_file_can_not_be_written(store: FileStore, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="can't be written"):
        FileStore(str(tmp_path / "file" / below)).write(ring(), store.read())
    assert (tmp_path / "file").read_text() == "a file"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"password=hunter2", id="some text"),
        pytest.param(b'{"password": "hunter2"}', id="another tool's JSON"),
        pytest.param(b'{"format": "hunter2/1"}', id="another format"),
        pytest.param(b'{"format": "whatsapp-flow-keys/2", "x": "hunter2"}', id="a later version's"),
        pytest.param(b'{"format": "whatsapp-flow-keys/1", "x": "hunter2"}', id="a damaged ring"),
        pytest.param(b'["hunter2"]', id="a list"),
        pytest.param(b"[" * 100_000 + b"hunter2", id="nested too deeply"),
        pytest.param(b"\x00\xff\xfehunter2", id="binary"),
        pytest.param(b"hunter2" + b" " * LIMIT, id="too long"),
        pytest.param(b" " * (LIMIT + 1), id="blanks only but too long"),
    ],
)
def test_what_is_no_ring_is_named_but_neither_quoted_nor_touched(store: FileStore, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert str(caught.value).startswith(f"file://{path}: ")
    assert "hunter2" not in str(caught.value).replace("'hunter2/1'", "")
    assert path.read_bytes() == content


def test_a_ring_with_half_of_its_bytes_is_foreign_and_stays(store: FileStore, path: Path) -> None:
    half = document.dump(ring()).encode()[:900]
    path.write_bytes(half)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert "PRIVATE KEY" not in str(caught.value)
    assert path.read_bytes() == half


def test_a_ring_that_lost_a_key_is_damaged(store: FileStore, path: Path) -> None:
    damaged = json.loads(document.dump(ring())) | {"private_keys": ""}
    path.write_text(json.dumps(damaged))
    with pytest.raises(ForeignDocumentError, match="is damaged"):
        store.read()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; name the file in it"):
        FileStore(str(tmp_path))


def test_a_path_that_ends_in_a_slash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        FileStore(f"{tmp_path}/new/")


def test_a_folder_that_took_the_files_place_can_not_be_read(store: FileStore, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreUnavailableError, match="is a directory"):
        store.read()


@pytest.mark.parametrize("path", ["", "ring.json", "./ring.json", "~/ring.json", "/tmp/a\0b"])
def test_a_path_that_is_not_absolute_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="is not an absolute path"):
        FileStore(path)


@pytest.mark.parametrize("there", [True, False])
def test_a_symlink_stays_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "real.json", tmp_path / "ring.json"
    if there:
        target.touch()
    link.symlink_to(target)
    store = FileStore(str(link))
    store.write(ring(), store.read())
    assert link.is_symlink()
    assert not target.is_symlink()
    assert FileStore(str(target)).read().ring == ring()


def test_a_full_disk_leaves_the_old_document_and_nothing_beside_it(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.write(ring(1), store.read())

    def full(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreUnavailableError, match="no space left on device; what it holds is whole"):
        store.write(ring(2), first)
    assert store.read() == first
    assert left_over(tmp_path) == []


def test_a_write_succeeds_after_one_that_failed(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailableError):
            store.write(ring(), store.read())
    store.write(ring(), store.read())
    assert store.read().ring == ring()


def test_an_interrupted_write_leaves_nothing_beside_the_document(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write(ring(), store.read())
    assert left_over(tmp_path) == []


def race(path: str, owner: str, start: Barrier, wins: "multiprocessing.SimpleQueue[tuple[int, str]]") -> None:
    """In a process of its own: in each round reads, waits for the other, and writes over what it read."""
    store = FileStore(path)
    for number in range(ROUNDS):
        found = store.read()
        start.wait(30)
        try:
            store.write(ring(number, owner), found)
        except StoreConflictError:
            pass
        else:
            wins.put((number, owner))
        start.wait(30)


def test_of_two_processes_that_write_at_once_exactly_one_wins(store: FileStore, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, wins = context.Barrier(2), context.SimpleQueue()
    runs = [context.Process(target=race, args=(str(path), owner, start, wins)) for owner in ("one", "two")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    won = []
    while not wins.empty():
        won.append(wins.get())
    assert [run.exitcode for run in runs] == [0, 0]
    assert [number for number, _ in sorted(won)] == list(range(ROUNDS))
    last = store.read().ring
    assert last is not None
    assert (last.revision, last.owner) == sorted(won)[-1]


def test_a_delete_leaves_nothing_behind(store: FileStore, tmp_path: Path) -> None:
    store.write(ring(), store.read())
    delete(store)
    assert list(tmp_path.iterdir()) == []


def test_a_delete_of_nothing_does_nothing(tmp_path: Path) -> None:
    delete(FileStore(str(tmp_path / "missing" / "ring.json")))
    assert list(tmp_path.iterdir()) == []


def test_the_url_of_a_store_opens_the_same_file(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a ring%20#1?.json"))
    store.write(ring(), store.read())
    assert open_store(store.url).read().ring == ring()


def test_an_encoded_blank_in_the_url_is_a_blank_in_the_path(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/our%20ring.json")
    store.write(ring(), store.read())
    assert (tmp_path / "our ring.json").exists()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "file:{}", "FILE://{}"])
def test_every_form_of_a_file_url_names_the_path(path: Path, form: str) -> None:
    assert open_store(form.format(path)).url == path.as_uri()


@pytest.mark.parametrize("url", [None, 7, "", "  ", ["file:///a"]])
def test_a_url_that_is_no_text_or_empty_is_named_with_its_field(url: object) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: is empty; give a store's URL"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["file://var/lib/ring.json", "file:///a/ring.json?x=1", "file:///a/ring.json#x"])
def test_a_file_url_with_a_host_query_or_fragment_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: a file store's URL has three slashes and a path"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["/var/lib/ring.json", "ring.json", "s3://bucket/ring.json", "https://host/ring"])
def test_a_url_of_another_kind_is_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: '.*' is not a store; known are `stack`, `file://…`, "):
        open_store(url, "backups[0]")


def test_the_stacks_own_store_is_no_store_to_open() -> None:
    assert parse_stores(STACK, []) == ()


def test_the_store_comes_first_and_backups_in_their_order(tmp_path: Path) -> None:
    urls = [(tmp_path / name).as_uri() for name in ("b", "a", "c")]
    assert [store.url for store in parse_stores(urls[0], urls[1:])] == urls


@pytest.mark.parametrize("backups", [None, "file:///a", {"file:///a": 1}])
def test_backups_that_are_no_list_are_refused(backups: object) -> None:
    with pytest.raises(InputError, match=r"^backups: must be a list of stores$"):
        parse_stores(STACK, backups)


def test_the_backup_that_can_not_be_used_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^backups\[1\]: "):
        parse_stores(STACK, [(tmp_path / "a").as_uri(), "s3://bucket/b"])


def test_a_store_that_can_not_be_used_is_named() -> None:
    with pytest.raises(InputError, match=r"^store: "):
        parse_stores("s3://bucket/b", [])


def test_a_place_that_is_named_twice_is_refused_also_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "ring.json")
    with pytest.raises(InputError, match="is named twice"):
        parse_stores((tmp_path / "ring.json").as_uri(), [(tmp_path / "link").as_uri()])


@pytest.mark.parametrize("url", ["file://[x/ring.json", "file:///tmp/" + "a" * 300, "file:///tmp/", "file:relative"])
def test_a_url_that_can_be_no_file_is_one_sentence_that_names_its_field(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: "):
        open_store(url, "backups[0]")
