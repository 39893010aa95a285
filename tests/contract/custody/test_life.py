"""A number's life with its private keys at a key service: in a file as the store, and in the stack."""

import json
from itertools import count
from typing import Any
from unittest.mock import Mock

import pytest

from tests.contract.conftest import LOCKED
from tests.contract.custody.place import KmsPlace, Place, VaultPlace
from tests.contract.custody.test_contract import PAYLOAD
from tests.contract.miniature_engine import A_DAY, WORDS, CheckRefusedError, MiniatureEngine, roles, trigger
from tests.pairs import pair
from whatsapp_flow_endpoint import FlowKeys
from whatsapp_flow_keys import document
from whatsapp_flow_keys.custody.services import KeyServices
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.errors import NoKeyOpensError, StorePermissionError
from whatsapp_flow_keys.flow_protocol.message import SealedRequest, encrypt_request
from whatsapp_flow_keys.keys import PrivateKey, load_public_key
from whatsapp_flow_keys.ring import KeyRing, Role

PLACES = ["a file", "the stack"]


class Line:
    """The engine, the service and the store of one number."""

    def __init__(self, engine: MiniatureEngine, place: Place, store: str) -> None:
        self.engine, self.place, self.in_stack = engine, place, store == "the stack"
        place.number = engine.number
        self.given: dict[str, Any] = {} if self.in_stack else {"store": engine.store(), "stored_ring": True}

    def up(self, **given: Any) -> list[str]:
        return self.engine.up(**{**self.given, "custody": self.place.url, "deployed": True, **given})

    def ring(self) -> KeyRing:
        return self.engine.recorded_ring() if self.in_stack else self.engine.ring()

    def custodies(self) -> list[str]:
        """What `endpoint_env` names."""
        kind = KeyRingProvider if self.in_stack else EncryptionKeyProvider
        return list(self.engine.state[kind].outs["custodies"])

    def opens(self, public_key_pem: str) -> bool:
        """Whether an endpoint that starts now answers a form that is encrypted with this key."""
        body, _ = encrypt_request(load_public_key(public_key_pem), PAYLOAD)
        keys = FlowKeys(self.ring(), services=KeyServices.naming(*self.custodies()))
        return bool(SealedRequest.read(body).open(keys.keys).payload == PAYLOAD)

    def served_pem(self) -> str:
        pem, _, _ = self.engine.emulator.served(self.engine.number)
        assert pem
        return pem


@pytest.fixture(params=PLACES)
def line(request: pytest.FixtureRequest, engine: MiniatureEngine, service_place: Place) -> Line:
    return Line(engine, service_place, request.param)


@pytest.fixture
def in_file(engine: MiniatureEngine, service_place: Place) -> Line:
    return Line(engine, service_place, "a file")


@pytest.fixture
def in_stack(engine: MiniatureEngine, service_place: Place) -> Line:
    return Line(engine, service_place, "the stack")


@pytest.fixture
def at_transit(engine: MiniatureEngine, transit: VaultPlace) -> Line:
    return Line(engine, transit, "a file")


@pytest.fixture
def in_kms(engine: MiniatureEngine, kms: KmsPlace) -> Line:
    return Line(engine, kms, "a file")


def test_the_first_key_is_made_there_published_and_decrypts(line: Line) -> None:
    line.up()
    assert line.engine.served() == line.engine.fingerprint()
    assert line.opens(line.served_pem())


def test_without_a_change_nobody_is_asked(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.up()
    monkeypatch.setenv("VAULT_TOKEN", "no such token")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "no such key")
    assert set(line.up()) == {"same"}


def test_the_ring_and_the_state_hold_no_private_key(line: Line) -> None:
    line.up()
    assert [key.private_key_pem for key in line.ring().keys] == [""]
    everything = json.dumps([recorded.outs for recorded in line.engine.state.values()])
    assert "PRIVATE KEY" not in everything
    assert "PUBLIC KEY" in everything  # so the search finds a PEM


def test_a_rotation_makes_the_next_key_and_the_one_before_goes_on(line: Line) -> None:
    line.up()
    before = line.served_pem()
    line.up(**trigger("once"))
    assert line.served_pem() != before
    assert line.opens(before)
    assert line.opens(line.served_pem())


def test_a_key_that_leaves_the_ring_goes_out_of_use_and_no_other(line: Line) -> None:
    line.up()
    first = line.ring().references[0]
    for times in count(1):
        line.engine.clock.sleep(2 * A_DAY)
        line.up(**trigger(f"{times} times"))
        if first not in line.ring().references:
            break
        assert line.place.service().trouble(first) is None
    assert times == (3 if line.in_stack else 2)
    assert "out of use" in str(line.place.service().trouble(first))
    assert {line.place.service().trouble(reference) for reference in line.ring().references} == {None}


def test_a_ring_that_could_not_be_tidied_is_a_warning_only(in_file: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    in_file.up()
    for name in ("once", "twice"):
        in_file.engine.clock.sleep(2 * A_DAY)
        in_file.up(**trigger(name))
    may_not = StorePermissionError(in_file.place.url, "these credentials may not")
    monkeypatch.setattr(type(in_file.place.service()), "retire", Mock(side_effect=may_not))
    in_file.engine.clock.sleep(2 * A_DAY)
    in_file.up(**trigger("thrice"))
    assert in_file.engine.served() == in_file.engine.fingerprint()
    assert [line for line in in_file.engine.said if "could not be retired" in line]


def test_a_key_out_of_use_is_not_published(line: Line) -> None:
    """What was staged and then disabled by somebody would make every form unreadable."""
    line.up()
    live = line.engine.served()
    line.engine.emulator.fault("error", phone_number_id=line.engine.number, method="POST", code=LOCKED, times=100)
    with pytest.raises(Exception, match="locked"):
        line.up(**trigger("once"))
    line.engine.emulator.clear_faults()
    newest = line.engine.fingerprint()
    pending = next(key.reference for key in line.ring().keys if key.fingerprint == newest)
    assert pending
    line.place.service().make()
    line.place.take_out_of_use(pending)
    with pytest.raises(Exception, match=r"can't decrypt forms: .*out of use.*Nothing was published"):
        line.up(**trigger("once"))
    assert line.engine.served() == live
    line.place.put_back_into_use(pending)
    line.up(**trigger("once"))
    assert line.engine.served() == newest


def test_a_destroy_leaves_the_keys_and_what_is_made_again_goes_on_with_them(line: Line) -> None:
    line.up()
    live, before = line.served_pem(), line.engine.fingerprint()
    line.engine.destroy()
    with pytest.raises(Exception, match=f'has its private key.*set take_over="{before}"'):
        line.up()
    line.engine.state.clear()
    line.up(take_over=before)
    assert line.engine.served() == line.engine.fingerprint() != before
    assert line.opens(live)
    assert line.opens(line.served_pem())


def test_a_lost_document_is_made_again_of_what_the_service_holds(in_file: Line) -> None:
    in_file.up()
    live, before = in_file.served_pem(), in_file.engine.fingerprint()
    (in_file.engine.folder / "ring.json").unlink()
    in_file.up(take_over=before, **trigger("once"))
    assert in_file.opens(live)
    assert roles(in_file.ring()) == {in_file.engine.fingerprint(): Role.CURRENT, before: Role.PREVIOUS}


def test_an_adopted_key_is_imported(line: Line) -> None:
    adopted = pair()
    line.engine.emulator.set_key(line.engine.number, adopted.public_key_pem)
    line.up(existing_private_key=adopted.to_pem())
    assert line.engine.fingerprint() == adopted.fingerprint
    assert line.place.service().find(adopted.fingerprint) is not None
    assert line.opens(adopted.public_key_pem)
    line.up(**trigger("once"))
    assert line.opens(adopted.public_key_pem)
    assert "PRIVATE KEY" not in json.dumps([recorded.outs for recorded in line.engine.state.values()])


def test_a_live_number_moves_there_by_a_rotation_and_back(line: Line) -> None:
    """The key before stays readable where it is until it leaves."""
    line.up(custody=None)
    pem = line.served_pem()
    assert line.up()[0] == "replace"
    held = line.served_pem()
    assert [bool(key.reference) for key in line.ring().keys] == [True, False]
    assert line.opens(pem)
    assert line.opens(held)
    assert line.up(custody="ring")[0] == "replace"
    assert line.opens(held)
    assert line.opens(line.served_pem())
    assert line.custodies() == [line.place.url]


def test_a_key_of_a_service_that_the_endpoint_may_not_know_is_not_published(line: Line) -> None:
    """Its environment says which services it may ask, and nobody was seen to have handed it the new one."""
    line.up(custody=None, deployed=None)
    live = line.engine.served()
    with pytest.raises(Exception, match=r"is staged, not published: .* nothing proves that the endpoint may ask"):
        line.up(deployed=None)
    assert line.engine.served() == live
    line.up()
    assert line.engine.served() == line.engine.fingerprint() != live
    line.up(deployed=None, **trigger("once"))
    assert line.engine.served() == line.engine.fingerprint()


def test_under_another_name_of_the_server_no_key_goes_out_of_use_that_is_live(at_transit: Line) -> None:
    """127.0.0.1 and localhost are one server to it, and two services to the ring: the versions are of one key."""
    at_transit.up()
    live, elsewhere = at_transit.ring().references[0], at_transit.place.url.replace("127.0.0.1", "localhost")
    for name in ("once", "twice", "thrice"):
        at_transit.engine.emulator.fault("error", phone_number_id=at_transit.engine.number, method="POST", code=LOCKED)
        with pytest.raises(Exception, match="locked"):
            at_transit.up(custody=elsewhere, **trigger(name))
        at_transit.engine.emulator.clear_faults()
    assert at_transit.engine.served() == live.fingerprint
    assert at_transit.place.service().trouble(live) is None


def test_a_key_that_the_ring_has_as_a_pem_is_not_imported_as_if_that_hid_it(in_file: Line) -> None:
    in_file.up(custody=None)
    pem = in_file.ring().keys[0].private_key_pem
    with pytest.raises(Exception, match=r"existing_private_key: the key ring has key .* as a PEM"):
        in_file.up(existing_private_key=pem)
    assert in_file.place.service().find(in_file.engine.fingerprint()) is None


def test_a_ring_that_has_moved_there_is_no_secret_in_the_end(line: Line) -> None:
    line.up(custody=None)
    for name in ("once", "twice", "thrice"):
        line.engine.clock.sleep(2 * A_DAY)
        line.up(**trigger(name))
    assert "PRIVATE KEY" not in document.dump(line.ring())


def test_a_passphrase_adds_nothing(in_file: Line) -> None:
    with pytest.raises(CheckRefusedError, match="passphrase: adds nothing to a private key that its key service"):
        in_file.up(passphrase=WORDS)


def test_a_passphrase_that_keys_were_written_with_stays_until_they_have_left(in_file: Line) -> None:
    in_file.up(custody=None, passphrase=WORDS)
    pem = in_file.served_pem()
    in_file.up(passphrase=WORDS)
    body, _ = encrypt_request(load_public_key(pem), PAYLOAD)
    keys = FlowKeys(in_file.ring(), WORDS, services=KeyServices.naming(in_file.place.url))
    assert SealedRequest.read(body).open(keys.keys).payload == PAYLOAD


def test_a_custody_is_not_left_out_without_a_word(line: Line) -> None:
    """The endpoint would not know any more which service to ask for the key before."""
    line.up()
    with pytest.raises(CheckRefusedError, match=r'custody: is left out, but was .* Give custody="ring"'):
        line.up(custody=None)


def test_not_even_where_its_key_is_replaced_by_force_or_is_lost(in_stack: Line) -> None:
    """The engine shows the check of a replacement no recorded inputs, and the ring has references."""
    in_stack.up()
    del in_stack.engine.state[EncryptionKeyProvider]
    before = in_stack.ring()
    with pytest.raises(CheckRefusedError, match=r'custody: is left out, but was .* Give custody="ring"'):
        in_stack.up(custody=None)
    assert in_stack.ring() == before


def test_to_name_the_ring_rotates_nothing(line: Line) -> None:
    line.up(custody=None)
    assert "replace" not in line.up(custody="ring")
    assert set(line.up(custody="ring")) == {"same"}


def test_a_document_can_have_no_other_server_asked(at_transit: Line) -> None:
    """Whoever may write the document, which need be no secret, would get a token."""
    at_transit.up()
    file = at_transit.engine.folder / "ring.json"
    file.write_text(file.read_text().replace("127.0.0.1", "localhost"))
    with pytest.raises(Exception, match="nothing else names that service, so it was not asked"):
        at_transit.up(**trigger("once"))


def test_who_may_not_make_a_key_is_told_before_anything_changes(in_file: Line) -> None:
    in_file.up()
    before = in_file.ring()
    in_file.place.forbid()
    with pytest.raises(Exception, match=r"A stack needs .* An endpoint needs"):
        in_file.up(**trigger("once"))
    assert in_file.ring() == before


def test_what_a_person_sees_of_a_move_in_a_preview(line: Line) -> None:
    line.up(custody=None)
    line.up()
    assert [said for said in line.engine.said if f"is to be made and held by {line.place.url}" in said]


def test_a_key_that_its_service_does_not_have_any_more_is_not_let_go_with_the_ring(in_file: Line) -> None:
    in_file.up()
    service, reference = in_file.place.service(), in_file.ring().references[0]
    service.make()
    in_file.place.take_out_of_use(reference)
    with pytest.raises(Exception, match=f"Meta serves key {reference.fingerprint}"):
        in_file.engine.destroy()


def test_a_form_for_another_key_is_refused_as_ever(line: Line) -> None:
    line.up()
    stranger = PrivateKey.generate()
    with pytest.raises(NoKeyOpensError):
        line.opens(stranger.public_key_pem)
