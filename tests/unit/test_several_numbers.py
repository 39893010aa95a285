"""One endpoint with the key rings of several numbers: from its environment to the handler, who learns the number."""

from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, Sent, key, ring, sent
from tests.passphrases import strong
from whatsapp_flow_endpoint import FlowEndpoint, FlowKeys, FlowRequest, show
from whatsapp_flow_endpoint.testing import FlowTester
from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.client_library import seconds_per_call
from whatsapp_flow_keys.errors import InputError, PrivateKeyError, StoreError
from whatsapp_flow_keys.key_source import KeySource
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Versioned

KEYS, PASSPHRASE, FORMER = "WHATSAPP_FLOW_KEYS", "WHATSAPP_FLOW_PASSPHRASE", "WHATSAPP_FLOW_FORMER_PASSPHRASE"
NORTH, SOUTH, EAST = "106540352242922", "110200345501442", "120300456612552"


def whose(request: FlowRequest) -> dict[str, Any]:
    return show("DAY", {"number": request.phone_number_id})


def endpoint(keys: str, **more: str) -> FlowEndpoint:
    return FlowEndpoint.from_env(whose, {KEYS: keys, "WHATSAPP_APP_SECRET": APP_SECRET, **more})


def written(file: Path, *keys: PrivateKey, number: str, revision: int = 1, passphrase: str | None = None) -> str:
    """The URL of a file that holds the ring of these keys."""
    file.write_text(document.dump(ring(*keys, number=number, revision=revision, passphrase=passphrase)))
    file.chmod(0o600)
    return file.as_uri()


def answered(to: FlowEndpoint, form: Sent, number: str | None = None) -> Any:
    """The number that the handler was given, or the status of a refusal."""
    answer = to.answer(form.signed, form.body, phone_number_id=number)
    return form.decrypt(answer)["data"]["number"] if answer.status == 200 else answer.status


def named(places: Mapping[str, str]) -> str:
    return " ".join(f"{number}={place}" for number, place in places.items())


def test_forms_of_every_number_are_opened_and_the_handler_knows_whose_they_are(tmp_path: Path) -> None:
    north = written(tmp_path / "north.json", key("north"), key("north before"), number=NORTH)
    south = written(tmp_path / "south.json", key("south"), number=SOUTH)
    of_both = endpoint(named({NORTH: north, SOUTH: south}))
    for name, number in (("south", SOUTH), ("north", NORTH), ("north before", NORTH)):
        assert answered(of_both, sent(to=key(name))) == number


def test_a_ring_may_stand_in_the_environment_in_one_line(tmp_path: Path) -> None:
    line = one_line.dump(ring(key("north"), number=NORTH))
    south = written(tmp_path / "south.json", key("south"), number=SOUTH)
    of_both = endpoint(f"{NORTH}={line} {SOUTH}={south}")
    assert [answered(of_both, sent(to=key(name))) for name in ("north", "south")] == [NORTH, SOUTH]


def test_after_a_rotation_of_either_number_its_new_key_is_read(tmp_path: Path) -> None:
    files = {number: tmp_path / f"{number}.json" for number in (NORTH, SOUTH)}
    places = {number: written(file, key(number), number=number) for number, file in files.items()}
    of_both = endpoint(named(places))
    for number, file in files.items():
        written(file, key(f"{number} new"), key(number), number=number, revision=2)
        assert answered(of_both, sent(to=key(f"{number} new"))) == number
        assert answered(of_both, sent(to=key(number))) == number


def test_a_number_may_have_backups(tmp_path: Path) -> None:
    missing = (tmp_path / "missing.json").as_uri()
    backup = written(tmp_path / "north.json", key("north"), number=NORTH)
    south = written(tmp_path / "south.json", key("south"), number=SOUTH)
    of_both = endpoint(f"{NORTH}={missing} {SOUTH}={south} {NORTH}={backup}")
    assert answered(of_both, sent(to=key("north"))) == NORTH


def test_a_number_may_have_a_passphrase_of_its_own(tmp_path: Path) -> None:
    places = {
        number: written(tmp_path / f"{number}.json", key(number), number=number, passphrase=strong(number))
        for number in (NORTH, SOUTH, EAST)
    }
    passphrases = {
        f"{PASSPHRASE}_{NORTH}": strong(NORTH),
        f"{FORMER}_{SOUTH}": strong(SOUTH),
        PASSPHRASE: strong(EAST),
    }
    of_all = endpoint(named(places), **passphrases)
    assert [answered(of_all, sent(to=key(number))) for number in (NORTH, SOUTH, EAST)] == [NORTH, SOUTH, EAST]
    with pytest.raises(PrivateKeyError):
        endpoint(named(places), **{**passphrases, f"{PASSPHRASE}_{NORTH}": strong(EAST)})


def test_another_numbers_ring_in_place_of_a_backup_is_a_mistake_that_names_both(tmp_path: Path) -> None:
    north = written(tmp_path / "north.json", key("north"), number=NORTH)
    south = written(tmp_path / "south.json", key("south"), number=SOUTH)
    with pytest.raises(InputError, match=rf"those of two numbers, {NORTH} and {SOUTH}.*{NORTH}=URL {SOUTH}=URL"):
        endpoint(f"{north} {south}")
    with pytest.raises(InputError, match=rf"those of two numbers, {NORTH} and {SOUTH}"):
        FlowKeys.from_env({KEYS: f"{north} {south}"})


@pytest.mark.parametrize("in_line", [True, False], ids=["in one line", "in a store"])
def test_another_numbers_ring_under_an_id_is_a_mistake_that_names_both(tmp_path: Path, in_line: bool) -> None:
    line = one_line.dump(ring(key("south"), number=SOUTH))
    place = line if in_line else written(tmp_path / "south.json", key("south"), number=SOUTH)
    with pytest.raises(InputError, match=rf"as the key ring of phone number {NORTH}, that of phone number {SOUTH}"):
        endpoint(f"{NORTH}={place}")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (f"{NORTH}=file:///a.json file:///b.json", "its word 2 has no phone number ID before it"),
        (f"{NORTH}=file:///a.json {SOUTH}= file:///b.json", f"phone number {SOUTH}: holds 0 characters"),
        (f"{NORTH}=hunter2", f"phone number {NORTH}: holds 7 characters that are neither a key ring"),
        (f"{NORTH}=wfk1.99", f"phone number {NORTH}: ends after"),
        ("12=file:///a.json", "'12' is not a phone number ID"),
        (f"{NORTH}=file:///a.json {NORTH}=@LINE@", f"phone number {NORTH}: is named 2 times; give its key ring once"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_start_without_being_quoted(keys: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        endpoint(keys.replace("@LINE@", str(one_line.dump(ring(key(), number=NORTH)))))
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{KEYS}: ")
    assert "hunter2" not in str(refused.value)


def test_an_id_before_the_only_number_is_held_to(tmp_path: Path) -> None:
    place = written(tmp_path / "north.json", key("north"), number=NORTH)
    assert answered(endpoint(f"{NORTH}={place}"), sent(to=key("north"))) == NORTH


def test_without_an_id_the_handler_is_given_the_rings_number(tmp_path: Path) -> None:
    place = written(tmp_path / "north.json", key("north"), number=NORTH)
    assert answered(endpoint(place), sent(to=key("north"))) == NORTH


def test_a_number_whose_store_is_down_at_the_start_takes_no_other_down(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    south, north = tmp_path / "south.json", written(tmp_path / "north.json", key("north"), number=NORTH)
    of_both = endpoint(named({NORTH: north, SOUTH: south.as_uri()}))
    assert f"phone number {SOUTH}: has no key until its ring can be read: " in caplog.text
    assert answered(of_both, sent(to=key("north"))) == NORTH
    assert answered(of_both, sent(to=key("south"))) == 421
    written(south, key("south"), number=SOUTH)
    assert answered(of_both, sent(to=key("south"))) == SOUTH


def test_an_endpoint_none_of_whose_stores_can_be_read_does_not_start(tmp_path: Path) -> None:
    missing = {number: (tmp_path / f"{number}.json").as_uri() for number in (NORTH, SOUTH)}
    with pytest.raises(StoreError, match=rf"{NORTH}\.json"):
        endpoint(named(missing))


def test_a_start_leaves_no_thread_behind_in_whose_midst_a_server_could_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that ends holds a lock of OpenSSL's for a moment; a worker that is forked then never gets it."""
    monkeypatch.setattr(Thread, "start", lambda _: pytest.fail("a thread was started"))
    north = written(tmp_path / "north.json", key("north"), number=NORTH)
    backup = written(tmp_path / "backup.json", key("north"), number=NORTH)
    south = written(tmp_path / "south.json", key("south"), number=SOUTH)
    of_both = endpoint(f"{NORTH}={north} {NORTH}={backup} {SOUTH}={south}")
    assert answered(of_both, sent(to=key("south"))) == SOUTH


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """How many seconds each read of a store had; every file holds the ring of the number that it is called by."""
    seconds: dict[str, float] = {}

    def read(store: FileStore) -> Versioned:
        seconds[store.url] = seconds_per_call()
        return Versioned(ring(key("north"), number=Path(store.url).parent.name), "1")

    monkeypatch.setattr(FileStore, "read", read)
    return seconds


def test_a_backup_has_three_seconds_at_the_start(limits: dict[str, float]) -> None:
    endpoint(f"file:///{NORTH}/store.json file:///{NORTH}/backup.json")
    assert limits == {f"file:///{NORTH}/store.json": 30, f"file:///{NORTH}/backup.json": 3}
    assert seconds_per_call() == 30


@pytest.mark.parametrize(("late_after", "each"), [(10.0, 30), (0.0, 1)], ids=["in time", "late"])
def test_a_start_that_is_late_gives_each_further_number_a_second(
    limits: dict[str, float], monkeypatch: pytest.MonkeyPatch, late_after: float, each: float
) -> None:
    """In time all have one limit, the one of later reads: AWS's client is made anew for another."""
    monkeypatch.setattr("whatsapp_flow_endpoint.numbers.LONG_FOR_A_START", late_after)
    places = {number: f"file:///{number}/store.json" for number in (NORTH, SOUTH)}
    endpoint(named(places))
    assert limits == dict.fromkeys(places.values(), each)


def test_where_the_service_names_the_number_no_other_numbers_key_opens_a_form(caplog: pytest.LogCaptureFixture) -> None:
    of_both = FlowEndpoint(whose, [FlowKeys(ring(key(n), number=n)) for n in (NORTH, SOUTH)], app_secrets=(APP_SECRET,))
    assert answered(of_both, sent(to=key(SOUTH)), SOUTH) == SOUTH
    assert answered(of_both, sent(to=key(SOUTH)), NORTH) == 421
    assert answered(of_both, sent(to=key(EAST)), EAST) == 404
    assert f"answered 404: no keys of phone number '{EAST}' are held here" in caplog.text


def test_a_key_that_two_numbers_share_tells_no_number_unless_the_service_does() -> None:
    """As after the same key was registered for both by hand, and adopted."""
    rings = [ring(key(number), key("shared"), number=number) for number in (NORTH, SOUTH, EAST)]
    of_all = FlowEndpoint(whose, map(FlowKeys, rings), app_secrets=(APP_SECRET,))
    assert answered(of_all, sent(to=key("shared"))) is None
    assert answered(of_all, sent(to=key("shared")), SOUTH) == SOUTH
    assert answered(of_all, sent(to=key(SOUTH))) == SOUTH


def test_the_same_number_is_not_given_twice() -> None:
    with pytest.raises(InputError, match="each number once"):
        FlowEndpoint(whose, [FlowKeys(ring(key())), FlowKeys(ring(key("new")))], app_secrets=(APP_SECRET,))
    with pytest.raises(InputError, match="one phone number or more"):
        FlowEndpoint(whose, [], app_secrets=(APP_SECRET,))


def test_what_reads_one_number_says_that_there_are_several(tmp_path: Path) -> None:
    keys = named(
        {number: written(tmp_path / f"{number}.json", key(number), number=number) for number in (NORTH, SOUTH)}
    )
    for read in (KeySource.from_env, FlowKeys.from_env):
        with pytest.raises(InputError, match=f"holds the key rings of several numbers, {NORTH}, {SOUTH}"):
            read({KEYS: keys})


def test_a_test_of_a_handler_sends_a_form_to_the_number_that_it_names() -> None:
    of_both = FlowEndpoint(whose, [FlowKeys(ring(key(n), number=n)) for n in (NORTH, SOUTH)], app_secrets=(APP_SECRET,))
    for number in (NORTH, SOUTH):
        assert FlowTester(of_both, phone_number_id=number).exchange("DAY").answer == show("DAY", {"number": number})
    with pytest.raises(InputError, match=f"phone_number_id: no keys of {EAST} are held here"):
        FlowTester(of_both, phone_number_id=EAST).init()


def test_a_resend_to_another_number_is_no_other_request() -> None:
    """Its answer stands, whichever number was named: one key, one nonce, one answer."""
    of_both = FlowEndpoint(
        whose,
        [FlowKeys(ring(key(number), key("shared"), number=number)) for number in (NORTH, SOUTH)],
        app_secrets=(APP_SECRET,),
    )
    form = sent(FORM, to=key("shared"))
    assert answered(of_both, form, NORTH) == NORTH
    assert answered(of_both, form, SOUTH) == NORTH
