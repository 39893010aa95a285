"""The rules of KeyRing: with the stack as the store, one secret document of every key that still matters.

As in EncryptionKey's, what acts is imported by the functions that act.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from whatsapp_flow_keys import document
from whatsapp_flow_keys.custody.services import KeyServices, custodian, custodies_of, services_in
from whatsapp_flow_keys.key_reference import KeyReference, reference_in
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.document_removal import force
from whatsapp_flow_keys.resources.in_passing import InPassing
from whatsapp_flow_keys.resources.new_custody import left_out
from whatsapp_flow_keys.resources.parsers import misplaced_stores
from whatsapp_flow_keys.resources.properties import RingInputs, RingState
from whatsapp_flow_keys.resources.rules import Checked, Created, Difference, Rules, Updated
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.recorded import STACKS_RING
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, anchored, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey
    from whatsapp_flow_keys.lifecycle.staging import NewKey

_REPLACED = (
    " The program still has this key ring, and what replaces it does not hold the key; force_destroy does not count "
    "then. With delete_before_replace, or autonaming without a random part, the old ring would go first: leave it out."
)


class KeyRingRules(Rules[RingInputs, RingState]):
    """See the module."""

    inputs, state = RingInputs, RingState

    def check(self, olds: RingInputs | None, news: RingInputs, context: Context) -> Checked[RingInputs]:
        """Validates what a person may have given to it directly."""
        news, failures = context.run.keys.with_kept(news).parsed()
        failures += misplaced_stores(STACK, news.backups)
        failures += left_out(news.custody, olds.custody) if olds else []  # the key's own check may see no olds
        return Checked(replace(news, private_key=context.run.passing.hand_on(news.private_key)), tuple(failures))

    def diff(self, olds: RingState, news: RingInputs, context: Context) -> Difference:
        """Another number is another ring; a new key is an update."""
        found = super().diff(olds, news, context)
        if olds.locations is None:  # written by a version that recorded none
            return replace(found, updates=(*found.updates, "locations"))
        moves = {"phone_number_id", "backups"} & {*found.replaces, *found.updates}
        return found if moves else replace(found, kept={"locations": olds.locations})

    def create(self, news: RingInputs, context: Context) -> Created[RingState]:
        """The ring with its first key and what the backups hold."""
        from whatsapp_flow_keys.lifecycle.staging import begin_recorded_ring

        backups = parse_stores(STACK, news.backups)
        session = context.session(_claim(news), news.asked_through, KeyServices.naming(news.custody))
        ring = begin_recorded_ring(_new_key(news, context.run.passing), backups, session)
        id_ = context.run.new_id()
        context.run.rings.note(id_, ring)
        return Created(id_, _state(news, ring, backups))

    def update(self, id_: str, olds: RingState, news: RingInputs, context: Context) -> Updated[RingState]:
        """The ring with the new key; keys leave it only when no form can need them."""
        from whatsapp_flow_keys.lifecycle.staging import extend_recorded_ring

        backups = parse_stores(STACK, [anchored(backup, olds.locations or ()) for backup in news.backups])
        ring = extend_recorded_ring(
            document.load(olds.ring, STACKS_RING),
            _new_key(news, context.run.passing),
            backups,
            context.session(
                _claim(news, formerly=olds.managed_by),
                news.asked_through,
                KeyServices.naming(news.custody, *(olds.custodies or ())),
            ),
        )
        context.run.rings.note(id_, ring)
        return Updated(_state(news, ring, backups))

    def delete(self, id_: str, olds: RingState, context: Context) -> None:
        """Refuses while Meta serves a key of the ring whose last copy this is.

        ``force_destroy`` lets a number's keys go with the number, not a ring before its replacement holds them.
        """
        from whatsapp_flow_keys.lifecycle.held_keys import found_in
        from whatsapp_flow_keys.lifecycle.removal import Opening, openable_in, remove_recorded_ring

        run, ring = context.run, document.load(olds.ring, STACKS_RING)
        number = ring.phone_number_id
        backups = parse_stores(STACK, olds.locations or olds.backups)
        # An interrupted `up` may have moved the keys to a store and left no word of it in this state.
        moved_to, live = run.keys.stores(number), run.keys.live(number)
        passphrases = (live.passphrase, *(live.former_passphrases or ())) if live else ()
        opening = Opening(tuple(passphrase for passphrase in passphrases if passphrase))
        services = services_in(olds.custodies)
        held = {key.fingerprint for key in ring.keys if key.reference}
        goes_on = run.rings.is_expected(number)
        said = force(olds.force_destroy)
        remove_recorded_ring(
            ring,
            context.session(_claim(olds), olds.asked_through),
            survivors=lambda: openable_in([*backups, *moved_to], opening) | found_in(services, held, number),
            beside=run.rings.held_beside(id_, number),
            force=replace(said, recorded=False) if goes_on else said,
            otherwise=_REPLACED if goes_on else "",
        )
        run.rings.forget(id_)

    def expect(self, phone_number_id: str, run: Run) -> None:
        """See :class:`Rules`."""
        run.rings.expect(phone_number_id)

    def note_recorded(self, id_: str, olds: RingState, found: Difference, run: Run) -> None:
        """See :class:`Rules`."""
        del found
        if isinstance(olds.ring, str):  # a preview may not know it yet
            run.rings.note_recorded(id_, document.load(olds.ring, STACKS_RING))


def _new_key(news: RingInputs, passing: InPassing) -> "NewKey[PrivateKey | KeyReference]":
    from whatsapp_flow_keys.keys import CHECKED, PrivateKey
    from whatsapp_flow_keys.lifecycle.staging import NewKey

    text = passing.take(news.private_key, "private_key")
    key = reference_in(text) or PrivateKey.from_pem(text, field="private_key", checked=CHECKED)
    replaceable = [news.take_over] if news.take_over else []
    return NewKey(key, news.issued_on, replaceable=replaceable, custody=custodian(news.custody, news.phone_number_id))


def _claim(news: RingInputs, formerly: str | None = None) -> Claim:
    return Claim(news.phone_number_id, news.managed_by, news.key_id, formerly)


def _state(news: RingInputs, ring: KeyRing, backups: Sequence[Store]) -> RingState:
    return RingState.recording(
        news,
        ring=document.dump(ring),
        locations=tuple(backup.location for backup in backups),
        custodies=custodies_of(news.custody, ring),
    )
