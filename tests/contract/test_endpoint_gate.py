"""The gate: what the registration makes of an endpoint that holds the new key, or does not yet."""

from dataclasses import dataclass, field, replace

import pytest

from tests.contract.conftest import Line
from tests.pairs import pair
from tests.passphrases import strong
from whatsapp_flow_keys.errors import EndpointNotReadyError, ForeignKeyError, RegistrationError
from whatsapp_flow_keys.flow_protocol.live_endpoint import NOT_HELD, Endpoint, Refusal
from whatsapp_flow_keys.keys import PrivateKey, public_key_fingerprint
from whatsapp_flow_keys.lifecycle.findings import NOTHING
from whatsapp_flow_keys.lifecycle.gate import Gate
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.ring import Role

PLACE = "https://flows.example.com"


@dataclass
class Answers:
    """An endpoint that does this to one ping after the other; what it was asked with."""

    given: list[str | None]
    asked: list[str] = field(default_factory=list)

    def ping(self, public_key_pem: str) -> Refusal | None:
        self.asked.append(public_key_pem)
        said = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        return Refusal(PLACE, said) if said else None


@dataclass
class Instances:
    """Some instances behind one URL, which take turns: the fingerprints that each holds. What each ping asked for."""

    held: list[set[str]]
    asked: list[str] = field(default_factory=list)

    def ping(self, public_key_pem: str) -> Refusal | None:
        holds = self.held[len(self.asked) % len(self.held)]
        self.asked.append(public_key_fingerprint(public_key_pem))
        return None if self.asked[-1] in holds else Refusal(PLACE, "answered 421: no key opens it", NOT_HELD)


@dataclass
class Slow:
    """Takes nine seconds for each answer."""

    endpoint: Endpoint
    line: Line

    def ping(self, public_key_pem: str) -> Refusal | None:
        self.line.clock.waited += 9
        return self.endpoint.ping(public_key_pem)


@dataclass
class Unstable:
    """Holds every key. After each ping with the key that Meta serves, Meta serves the next one."""

    line: Line
    next_served: list[str]
    asked: list[str] = field(default_factory=list)

    def ping(self, public_key_pem: str) -> Refusal | None:
        self.asked.append(public_key_fingerprint(public_key_pem))
        assert len(self.asked) < 10, "it is asked without an end"
        if self.next_served and self.asked[-1] == self.line.served():
            pem = self.line.wanted(self.next_served.pop(0)).public_key_pem(self.line.ring())
            self.line.emulator.set_key(self.line.number, pem)
        return None


def register_behind(line: Line, fingerprint: str, endpoint: Endpoint, wait: float = 60.0) -> list[str]:
    """What is said before the key is live."""
    said: list[str] = []
    gate = Gate(endpoint, wait)
    stores, wanted = line.stores, line.wanted(fingerprint, [line.served() or ""])
    register(wanted, stores, line.session(say=said.append), gate=gate)
    assert f"key {fingerprint[:12]} is live and verified" in said[-1]
    return said[:-1]


def test_nothing_is_marked_or_published_before_the_endpoint_has_the_key_and_it_is_asked_every_two_seconds(
    line: Line,
) -> None:
    old = line.rotate()
    staged = line.stage()
    written = line.ring()
    endpoint = Answers(["answered 421"])
    with pytest.raises(
        EndpointNotReadyError, match=f"key {staged} is staged, not published: the endpoint {PLACE} answered 421"
    ):
        register_behind(line, staged, endpoint)
    assert line.ring() == written
    assert line.served() == old
    assert line.publications() == 1
    assert line.clock.waited == 60
    assert len(endpoint.asked) == 31


def test_a_wait_of_zero_asks_once_with_each_key(line: Line) -> None:
    old = line.rotate()
    new = line.stage()
    endpoint = Instances([{old, new}])
    register_behind(line, new, endpoint, wait=0)
    assert endpoint.asked == [new, old]
    assert line.clock.waited == 0


def test_an_endpoint_with_the_new_key_alone_is_not_ready(line: Line) -> None:
    old = line.rotate()
    new = line.stage()
    with pytest.raises(EndpointNotReadyError) as refused:
        register_behind(line, new, Instances([{new}]))
    assert str(refused.value) == (
        f"phone number {line.number}: key {new} is staged, not published: the endpoint {PLACE} answers with the new "
        f"key, but no longer with key {old}, which Meta serves: its forms fail now, and would until the publication. "
        f"It must hold both: give it the whole of this number's `endpoint_env`, and let it try every private key. Run "
        f"`pulumi up` again when the endpoint is ready"
    )
    assert (line.served(), line.publications()) == (old, 1)


def test_whatever_else_becomes_of_a_ping_with_the_served_key_is_named(line: Line) -> None:
    old = line.rotate()
    endpoint = Answers([None, "answered 500, not 200"])
    said = f"with the new key, but to a ping with key {old}, which Meta serves, it answered 500, not 200"
    with pytest.raises(EndpointNotReadyError, match=said):
        register_behind(line, line.stage(), endpoint, wait=0)


def test_it_is_asked_ten_times_with_each_key_since_several_instances_may_answer(line: Line) -> None:
    old = line.rotate()
    new = line.stage()
    endpoint = Instances([{old, new}])
    register_behind(line, new, endpoint)
    assert endpoint.asked == [new] * 10 + [old] * 10


@pytest.mark.parametrize("lacks", ["the new key", "the served key"])
def test_one_instance_of_ten_that_lacks_a_key_holds_the_publication_back(line: Line, lacks: str) -> None:
    old = line.rotate()
    new = line.stage()
    behind = {old} if lacks == "the new key" else {new}
    endpoint = Instances([*[{old, new}] * 9, behind])
    line.clock.on_sleep.append(lambda: behind.update([old, new]))
    (waiting,) = register_behind(line, new, endpoint)
    assert "waiting up to 60 s" in waiting
    assert line.clock.waited == 2


def test_a_slow_endpoint_is_asked_within_the_wait_but_with_each_key(line: Line) -> None:
    old = line.rotate()
    new = line.stage()
    endpoint = Instances([{old, new}])
    register_behind(line, new, Slow(endpoint, line), wait=60)
    assert endpoint.asked == [new] * 7 + [old]


def test_the_wait_is_named_where_the_first_ping_took_its_time(line: Line) -> None:
    old = line.rotate()
    new = line.stage()
    instance = {old}
    line.clock.on_sleep.append(lambda: instance.add(new))
    (waiting,) = register_behind(line, new, Slow(Instances([instance]), line))
    assert "waiting up to 60 s" in waiting


def test_a_key_that_comes_to_be_served_during_the_wait_is_asked_for_too(line: Line) -> None:
    """An offer that was refused takes effect late, and the endpoint lost that key."""
    old, late, new = line.rotate(), line.offer_in_vain(), line.stage()
    instance = {old}

    def publish_late() -> None:
        line.emulator.set_key(line.number, line.wanted(late).public_key_pem(line.ring()))
        instance.add(new)

    line.clock.on_sleep.append(publish_late)
    with pytest.raises(EndpointNotReadyError, match=f"no longer with key {late}, which Meta serves"):
        register_behind(line, new, Instances([instance]), wait=3)
    assert line.served() == late


def test_an_endpoint_is_asked_again_with_what_meta_serves_after_the_wait(line: Line) -> None:
    first, second, new = line.rotate(), line.rotate(), line.stage()
    endpoint = Unstable(line, [first])
    register_behind(line, new, endpoint, wait=0)
    assert endpoint.asked == [new, second, new, first]
    assert line.served() == new


def test_once_meta_serves_another_key_after_each_of_two_waits_nothing_is_published(line: Line) -> None:
    first, second, new = line.rotate(), line.rotate(), line.stage()
    endpoint = Unstable(line, [first, second] * 9)
    with pytest.raises(RegistrationError) as refused:
        register_behind(line, new, endpoint, wait=0)
    assert str(refused.value) == (
        f"phone number {line.number}: Meta's answers changed while the endpoint was asked whether it holds key "
        f"{new[:12]} and the one that Meta serves: that was key {second[:12]}, then key {first[:12]}, then key "
        f"{second[:12]}. Nothing was published meanwhile. Run `pulumi up` again once Meta's answers are stable; "
        f"somebody else may be publishing, too"
    )
    assert endpoint.asked == [new, second, new, first]
    assert (line.served(), line.publications()) == (second, 2)
    assert line.roles() == {second: Role.CURRENT, new: Role.PENDING, first: Role.PREVIOUS}


def test_it_waits_for_an_endpoint_that_catches_up_and_publishes_then(line: Line) -> None:
    line.rotate()
    staged = line.stage()
    endpoint = Answers(["no", "no", None])
    (waiting,) = register_behind(line, staged, endpoint)
    waits = f"phone number {line.number}: waiting up to 60 s for the endpoint to hold key {staged}"
    assert waiting == f"{waits} and the one that Meta serves"
    assert line.served() == staged
    assert line.roles()[staged] is Role.CURRENT
    assert endpoint.asked[:3] == [line.emulator.served(line.number)[0]] * 3


def test_what_happened_during_the_wait_is_seen(line: Line) -> None:
    line.rotate()
    staged = line.stage()
    foreign = PrivateKey.generate()
    line.clock.on_sleep.append(lambda: line.emulator.set_key(line.number, foreign.public_key_pem))
    with pytest.raises(ForeignKeyError, match=foreign.fingerprint):
        register_behind(line, staged, Answers(["no", None]))
    assert line.publications() == 1


def test_what_another_run_wrote_during_the_wait_is_no_conflict(line: Line) -> None:
    line.rotate()
    staged, (store,) = line.stage(), line.stores

    def write_again() -> None:
        held = store.read()
        assert held.ring is not None
        store.write(replace(held.ring, revision=held.ring.revision + 10), held)

    line.clock.on_sleep.append(write_again)
    register_behind(line, staged, Answers(["no", None]))
    assert line.served() == staged
    assert line.ring().revision > 10


def test_an_empty_answer_beside_a_proven_key_does_not_make_the_next_one_the_first(line: Line) -> None:
    """Nobody knows then whether forms are under way, so the endpoint has to hold the key also after a refresh."""
    old = line.rotate()
    staged = line.stage()
    line.emulator.set_key(line.number, None)
    wanted = line.wanted(staged, [NOTHING])
    gate = Gate(Answers(["answered 421"]), 0)
    with pytest.raises(EndpointNotReadyError):
        register(wanted, line.stores, line.session(), gate=gate)
    assert line.roles() == {old: Role.CURRENT, staged: Role.PENDING}
    assert line.publications() == 1


def test_a_wait_says_where_a_second_run_would_cost_the_only_copy(line: Line) -> None:
    line.rotate()
    staged, warnings = line.stage(), list[str]()
    gate = Gate(Answers(["no", None]), 60.0, only_copy_in_state=True)
    register(line.wanted(staged), line.stores, line.session(say=warnings.append), gate=gate)
    assert "Don't cancel this run to start another one" in warnings[0]


def test_a_foreign_key_that_may_go_is_no_reason_to_publish_before_the_endpoint_is_ready(line: Line) -> None:
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    staged = line.stage(replaceable=[line.served() or ""])
    with pytest.raises(EndpointNotReadyError):
        register_behind(line, staged, Answers(["no"]))
    assert line.publications() == 0


def test_an_endpoint_is_not_asked_for_a_foreign_key_that_may_go(line: Line) -> None:
    line.emulator.set_key(line.number, PrivateKey.generate().public_key_pem)
    staged = line.stage(replaceable=[line.served() or ""])
    register_behind(line, staged, Instances([{staged}]))
    assert line.served() == staged


def test_the_first_key_of_a_number_is_published_with_a_warning(line: Line) -> None:
    staged = line.stage()
    endpoint = Answers(["answered 421"])
    (warning,) = register_behind(line, staged, endpoint)
    assert f"key {staged} is the number's first and is published, but the endpoint {PLACE} answered 421" in warning
    assert line.served() == staged
    assert len(endpoint.asked) == 1


def test_a_key_that_meta_is_seen_to_have_lost_is_published_again_with_a_warning(line: Line) -> None:
    """No form is encrypted meanwhile, so there is nothing to wait for."""
    line.adopt(pair())
    line.register(pair().fingerprint)
    line.emulator.set_key(line.number, None)
    warnings: list[str] = []
    register(
        line.wanted(pair().fingerprint, [NOTHING]),
        line.stores,
        line.session(say=warnings.append),
        gate=Gate(Answers(["answered 421"]), 60.0),
    )
    assert line.served() == pair().fingerprint
    warning, _live = warnings
    assert warning.startswith("warning: ")


def test_a_first_key_that_turns_out_to_be_the_second_is_not_published_before_the_endpoint_has_it(line: Line) -> None:
    """An earlier publication takes effect while this one is looked for: forms are encrypted with that key now."""
    line.adopt(pair())
    line.fault("no_effect", method="POST", times=4)
    with pytest.raises(RegistrationError):
        line.register(pair().fingerprint)
    staged = line.stage()
    line.clock.on_sleep.append(lambda: line.emulator.set_key(line.number, pair().public_key_pem))
    with pytest.raises(EndpointNotReadyError):
        register_behind(line, staged, Answers(["answered 421"]))
    assert line.publications() == 4
    assert line.served() == pair().fingerprint


def test_a_ready_endpoint_gives_no_warning_for_the_first_key(line: Line) -> None:
    assert register_behind(line, line.stage(), Answers([None])) == []


def test_a_key_that_is_served_already_is_signed_again_without_asking_the_endpoint(line: Line) -> None:
    served = line.rotate()
    line.emulator.reregister(line.number)
    endpoint = Answers(["no"])
    register_behind(line, served, endpoint)
    assert endpoint.asked == []


def test_a_ping_is_made_with_the_key_that_an_encrypted_ring_holds(line: Line) -> None:
    line.passphrase = strong("words")
    line.rotate()
    staged = line.stage()
    endpoint = Answers([None])
    register_behind(line, staged, endpoint)
    assert endpoint.asked[0] == line.emulator.served(line.number)[0]
