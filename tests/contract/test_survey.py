"""The survey: what is found in each place and at Meta, what each key counts as there, and which copy lags."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from tests import forms
from tests.contract.conftest import TestClock
from tests.passphrases import strong
from whatsapp_flow_keys.errors import FlowKeysError, ForeignDocumentError, MissingExtraError, StoreUnavailableError
from whatsapp_flow_keys.lifecycle.survey import Copy, Held, NoToken, Survey, Trouble, survey
from whatsapp_flow_keys.registrars.meta_graph import errors
from whatsapp_flow_keys.registrars.meta_graph.errors import ErrorAnswer, GraphError
from whatsapp_flow_keys.registrars.registrar import Registrar, ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store, Versioned

NUMBER, ANOTHER_NUMBER = "106540352242922", "110200345501442"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD, NEW, SOMEBODY_ELSES = "a" * 64, "b" * 64, "c" * 64
DOING = f"read the public key of phone number {NUMBER}"


class Place(FileStore):
    """A store that answers with this, or fails so."""

    def __init__(self, name: str, answer: KeyRing | Versioned | FlowKeysError) -> None:
        super().__init__(f"/{name}")
        self._answer = answer

    def read(self) -> Versioned:
        if isinstance(self._answer, FlowKeysError):
            raise self._answer
        return self._answer if isinstance(self._answer, Versioned) else Versioned(self._answer, "1")


@dataclass
class Meta:
    """Meta answers with this, or fails so."""

    answer: ServedKey | GraphError

    def served(self, phone_number_id: str) -> ServedKey:
        assert phone_number_id == NUMBER
        if isinstance(self.answer, GraphError):
            raise self.answer
        return self.answer

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        raise AssertionError("a survey publishes nothing")


def ring(revision: int = 6, number: str = NUMBER) -> KeyRing:
    """What a stack's own ring holds before its new key is published; so does a store's."""
    keys = (
        RingKey(OLD, Role.CURRENT, "2026-08-25", NOON, "PEM of the old\n"),
        RingKey(NEW, Role.PENDING, "2026-11-24", NOON, "PEM of the new\n"),
    )
    return KeyRing(number, "acme/flows/prod", "owner-1", revision, keys)


def look(*stores: Store, graph: Registrar | None = None, passphrases: tuple[str, ...] = ()) -> Survey:
    return survey(stores, graph, TestClock(), passphrases=passphrases)


def lags(*stores: Store) -> list[str | None]:
    """In what each copy differs from the newest."""
    found = look(*stores)
    return [found.lag(copy) for copy in found.copies]


def roles(copy: Copy, served: str | None) -> list[Role]:
    """What the old key is, and the new one, while Meta serves this."""
    found = copy.roles(served, NOON)
    return [found[OLD], found[NEW]]


def test_every_copy_with_a_lower_revision_lags_behind_the_one_with_the_highest() -> None:
    assert lags(Place("2", ring(6)), Place("1", ring(9)), Place("3", ring(8))) == [
        "revision 6 is behind revision 9 of file:///1",
        None,
        "revision 8 is behind revision 9 of file:///1",
    ]


def test_copies_that_are_alike_do_not_lag() -> None:
    assert lags(Place("1", ring()), Place("2", ring())) == [None, None]


def test_a_copy_that_differs_though_its_revision_is_the_same_is_named() -> None:
    another = replace(ring(6), owner="owner-2")
    assert lags(Place("1", ring(6)), Place("2", another)) == [
        None,
        "differs from file:///1, though both have revision 6",
    ]


def test_the_ring_of_another_number_is_no_measure_of_a_copy() -> None:
    assert lags(Place("1", ring(6)), Place("2", ring(9, ANOTHER_NUMBER))) == [None, None]


@pytest.mark.parametrize("revision", [2, 99])
def test_a_stacks_own_ring_and_its_backups_are_no_measure_of_each_other(revision: int) -> None:
    own = RecordedRing(ring(revision))
    assert lags(own, Place("1", ring(6)), Place("2", ring(5))) == [
        None,
        None,
        "revision 5 is behind revision 6 of file:///1",
    ]


def test_a_place_without_a_ring_does_not_lag_and_is_no_measure() -> None:
    assert lags(Place("1", ring()), Place("2", Versioned(None, ""))) == [None, None]


def test_in_the_stacks_own_ring_what_meta_serves_is_current() -> None:
    (own,) = look(RecordedRing(ring())).copies
    assert roles(own, NEW) == [Role.PREVIOUS, Role.CURRENT]


def test_in_the_stacks_own_ring_the_newest_key_is_pending_while_meta_serves_the_one_before() -> None:
    (own,) = look(RecordedRing(ring())).copies
    assert roles(own, OLD) == [Role.CURRENT, Role.PENDING]


@pytest.mark.parametrize("served", [SOMEBODY_ELSES, None])
def test_in_the_stacks_own_ring_no_key_has_a_known_role_where_meta_serves_none_of_them(served: str | None) -> None:
    (own,) = look(RecordedRing(ring())).copies
    assert own.roles(served, NOON) == {}


def test_in_a_store_a_key_is_what_is_recorded_there_whatever_meta_serves() -> None:
    (copy,) = look(Place("1", ring())).copies
    assert roles(copy, NEW) == [Role.CURRENT, Role.PENDING]


def test_a_place_without_a_ring_gives_no_key_a_role() -> None:
    (empty,) = look(Place("1", Versioned(None, ""))).copies
    assert empty.roles(NEW, NOON) == {}


@pytest.mark.parametrize(
    ("answer", "held", "trouble"),
    [
        (ring(), Held.RING, None),
        (Versioned(None, ""), Held.NOTHING, Trouble("there is no key ring")),
        (
            Versioned(None, "1", deleted=True),
            Held.NOTHING,
            Trouble("its document was soft-deleted", "run `pulumi up --refresh`, which restores it"),
        ),
        (ForeignDocumentError("file:///1", "holds a shopping list"), Held.FOREIGN, Trouble("holds a shopping list")),
        (StoreUnavailableError("file:///1", "can't be read"), Held.UNKNOWN, Trouble("can't be read")),
        (MissingExtraError("file:///1", "needs the extra vault"), Held.UNKNOWN, Trouble("needs the extra vault")),
    ],
    ids=["a ring", "nothing", "soft-deleted", "something else", "down", "not installed"],
)
def test_what_a_place_holds_and_what_to_do_about_it(
    answer: KeyRing | Versioned | FlowKeysError, held: Held, trouble: Trouble | None
) -> None:
    first, second = look(Place("1", answer), Place("2", ring())).copies
    assert (first.place, first.held, first.trouble, first.recorded) == ("file:///1", held, trouble, False)
    assert second.held is Held.RING  # whatever the first one answers


def test_meta_is_asked_about_the_number_of_the_first_ring_that_could_be_read() -> None:
    served = ServedKey("PEM", NEW, "VALID")
    found = look(Place("1", StoreUnavailableError("the store", "down")), Place("2", ring()), graph=Meta(served))
    assert (found.number, found.served, found.served_fingerprint, found.not_asked) == (NUMBER, served, NEW, None)


def test_meta_is_not_asked_while_no_ring_names_the_number() -> None:
    found = look(Place("1", StoreUnavailableError("the store", "down")), graph=Meta(ServedKey()))
    assert (found.number, found.served, found.served_fingerprint) == (None, None, None)
    assert found.not_asked is not None
    assert "no key ring could be read" in found.not_asked.found


def test_meta_is_not_asked_without_a_token() -> None:
    found = look(Place("1", ring()))
    assert found.not_asked == NoToken(
        "was not asked: WHATSAPP_ACCESS_TOKEN is not set", "set it to a token for this number"
    )


@pytest.mark.parametrize("passphrases", [(), (strong("words"),)])
def test_a_key_in_the_clear_opens_with_and_without_a_passphrase(passphrases: tuple[str, ...]) -> None:
    clear = forms.ring(forms.key())
    opening = look(Place("1", clear), passphrases=passphrases).open(clear.keys[0])
    assert opening.private_key is not None
    assert (opening.encrypted, opening.known, opening.trouble) == (False, True, None)


@pytest.mark.parametrize(("passphrase", "opens"), [(strong("words"), True), ("wrong", False)])
def test_an_encrypted_key_opens_with_any_of_the_passphrases_and_none_is_shown(passphrase: str, opens: bool) -> None:
    encrypted = forms.ring(forms.key(), passphrase=strong("words"))
    found = look(Place("1", encrypted), passphrases=("former", passphrase))
    opening = found.open(encrypted.keys[0])
    assert (opening.encrypted, opening.known) == (True, True)
    assert (opening.private_key is not None, opening.trouble is None) == (opens, opens)
    assert passphrase not in repr(found)


def test_whether_an_encrypted_key_opens_is_not_known_without_a_passphrase() -> None:
    encrypted = forms.ring(forms.key(), passphrase=strong("words"))
    opening = look(Place("1", encrypted)).open(encrypted.keys[0])
    assert (opening.encrypted, opening.known) == (True, False)
    assert opening.trouble == "WHATSAPP_FLOW_PASSPHRASE is not set"


@pytest.mark.parametrize(
    ("error", "do"),
    [
        (
            errors.AccessTokenError(DOING, ErrorAnswer(401, 190)),
            "The access token is not valid, or no longer: set WHATSAPP_ACCESS_TOKEN to a system user's token that is "
            "valid",
        ),
        (
            errors.AppSecretProofError(DOING, ErrorAnswer(400, 100)),
            "The app asks for a proof made with its app secret: set WHATSAPP_APP_SECRET to the secret of the app that "
            "the token belongs to",
        ),
        (errors.RateLimitError(DOING, ErrorAnswer(429, 4)), "ask again in a few minutes"),
        (
            errors.UnreachableError(DOING),
            "The Graph API can't be reached: check the network and WHATSAPP_GRAPH_URL, then run again",
        ),
        (
            errors.AccountLockedError(DOING, ErrorAnswer(400, 131031)),
            "The WhatsApp Business account is locked: see Meta Business Support Home, then run again",
        ),
    ],
    ids=["token", "proof", "too many calls", "not reached", "locked"],
)
def test_where_meta_could_not_be_asked_it_says_what_to_do_without_pulumi(error: GraphError, do: str) -> None:
    found = look(Place("1", ring()), graph=Meta(error))
    assert found.served is None
    assert found.not_asked == Trouble(error.found, do)
