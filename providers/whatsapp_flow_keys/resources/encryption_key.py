"""The rules of EncryptionKey: a key pair. Replacement is rotation. It never publishes.

A preview, and an `up` without a change, only check and compare: what acts is imported by the functions that act.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.custody.services import RING, KeyServices, custodian, custodies_of
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.document_removal import remove_document
from whatsapp_flow_keys.resources.given_key import (
    EXISTING_KEY,
    adopts,
    given_key,
    rotation_of_a_given_key,
    unreadable_key,
)
from whatsapp_flow_keys.resources.importing import Place, custodies, live_key, passphrase, public_key_pem
from whatsapp_flow_keys.resources.moves import is_moved, refused_moves
from whatsapp_flow_keys.resources.new_custody import is_same_custody, refused_custody
from whatsapp_flow_keys.resources.parsers import misplaced_stores
from whatsapp_flow_keys.resources.passphrase import short_passphrase
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState
from whatsapp_flow_keys.resources.reasons import when_rotation_falls_due, why_key_changes
from whatsapp_flow_keys.resources.rules import Checked, Created, Difference, Found, Rules, Updated
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props, is_known
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import anchored, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey
    from whatsapp_flow_keys.lifecycle.staging import Recorded


class EncryptionKeyRules(Rules[KeyInputs, KeyState]):
    """See the module."""

    inputs, state = KeyInputs, KeyState

    def check(self, olds: KeyInputs | None, news: KeyInputs, context: Context) -> Checked[KeyInputs]:
        """Validates, and lets a due rotation show as a change of ``issued_on``."""
        news, failures = news.parsed()
        failures += misplaced_stores(news.store, news.backups)
        if not failures:
            failures = [*_misplaced(news), *refused_moves(olds, news), *unreadable_key(news)]
            failures += [*short_passphrase(olds, news, context.run), *refused_custody(olds, news, context.run)]
        if failures:
            return Checked(news, tuple(failures))
        if news.issued_on is None:  # a value is there when `ignore_changes` put the old one back
            issued_on = olds.issued_on if olds else None
            news = replace(news, issued_on=issue_date(issued_on, news.rotate_after_days, context.run.today()))
        return Checked(news, tuple(rotation_of_a_given_key(olds, news)))

    def diff(self, olds: KeyState, news: KeyInputs, context: Context) -> Difference:
        """Replaced by what asks for another key; all else is recorded in place."""
        asked = [name for name in news.differing(news.names("replaces"), olds) if getattr(news, name) is not None]
        renamed = ["custody"] if "custody" in asked and is_same_custody(olds, news) else []
        asked = [name for name in asked if name not in renamed]
        asked += [EXISTING_KEY] if adopts(olds, news) else []
        updates = [*news.differing(news.names("in_place"), olds), *renamed]
        updates += ["locations"] if olds.locations is None else []  # written by a version that recorded none
        waits = _goes_first(olds, news, updates) and "phone_number_id" not in asked
        # What waits keeps its old date and trigger, so the next `up` rotates.
        replaces, waiting = ([], asked) if waits else (asked, [])
        why = why_key_changes(olds, news, replaces, updates, waiting)
        why = why or when_rotation_falls_due(olds, news, context.run.today())
        return Difference(tuple(replaces), tuple(updates), why, _kept(olds, replaces, updates))

    def foresee(self, news: KeyInputs, kept: Props) -> KeyState:
        """See :class:`Rules`."""
        foreseen = super().foresee(news, kept)
        if news.in_stack:
            return replace(_in_stack(foreseen, foreseen.private_key), secret_id=None)
        return replace(foreseen, private_key=None) if is_known(news.store) else foreseen

    def create(self, news: KeyInputs, context: Context) -> Created[KeyState]:
        """Generates the pair, or adopts the given one, and stages it in every store. A repeat after a crash generates
        another pair."""
        from whatsapp_flow_keys.lifecycle.staging import NewKey, refuse_before_adoption, stage_in_stores

        instance, given, number = context.run.new_id(), given_key(news), news.phone_number_id
        issued_on = issue_date(news.issued_on, None, context.run.today())  # a check has set it, unless none was made
        custody = custodian(news.custody, number)
        new: NewKey[Any] = NewKey(
            given or (None if custody else context.run.new_key()),
            issued_on,
            news.passphrase,
            given is not None,
            [news.take_over] if news.take_over else [],
            custody,
        )
        replaced = context.run.keys.live(number)
        session = context.session(
            _claim(news, instance, formerly=replaced), news.asked_through, _services(news, replaced)
        )
        if given is None and custody is None:
            session.trail.done(Operation.GENERATED, new.fingerprint)
        if news.in_stack:
            if given:
                refuse_before_adoption(new, session)
            key = new.made(session.trail)
            text = key.to_text() if isinstance(key, KeyReference) else key.to_pem()
            context.run.keys.note_new(key.fingerprint)
            return Created(instance, _in_stack(_recording(news, issued_on, key), text))
        stores = _stores(news, replaced)
        staged = stage_in_stores(new, stores, session, _recorded(replaced))
        context.run.keys.note_new(staged.key.fingerprint)
        state = _recording(news, issued_on, staged.key)
        state = _in_stores(state, stores, staged.former_passphrases, custodies_of(news.custody, staged.ring))
        context.run.keys.note(instance, state)
        return Created(instance, state)

    def update(self, id_: str, olds: KeyState, news: KeyInputs, context: Context) -> Updated[KeyState]:
        """Records the new values, and brings every store in line with them."""
        state = KeyState.recording(
            news,
            fingerprint=olds.fingerprint,
            public_key_pem=olds.public_key_pem,
            issued_on=olds.issued_on,
            rotation_trigger=olds.rotation_trigger,
            custody=news.custody if is_same_custody(olds, news) else olds.custody,
            stored_ring=olds.stored_ring,
        )
        if news.in_stack:
            return Updated(_in_stack(state, olds.private_key), _concealed(olds, news))
        from whatsapp_flow_keys.lifecycle.staging import claim_stores

        stores = _stores(news, olds)
        claimed = claim_stores(
            _recorded(olds),
            stores,
            context.session(_claim(news, id_, formerly=olds), news.asked_through, _services(news, olds)),
            passphrase=news.passphrase,
            moved=is_moved(olds, news),
        )
        custodies = custodies_of(state.custody, claimed.ring)
        state = _in_stores(state, stores, claimed.former_passphrases, custodies)
        context.run.keys.note(id_, state)
        return Updated(state, _concealed(olds, news))

    def find(self, place: Place, ring: KeyRing, context: Context) -> Found[KeyState]:
        """The key of the ring that Meta serves. The document goes on to name this resource as its owner."""
        kept = live_key(ring, context)
        inputs = KeyInputs(
            **place.inputs(ring),
            store=place.store.url,
            issued_on=kept.issued_on,
            stored_ring=True,
            custody=kept.reference.service if kept.reference else (RING if ring.references else None),
        )
        state = KeyState.recording(
            inputs, fingerprint=kept.fingerprint, public_key_pem=public_key_pem(kept), passphrase=passphrase()
        )
        return Found(ring.owner, inputs, _in_stores(state, [place.store], (), custodies(ring)))

    def delete(self, id_: str, olds: KeyState, context: Context) -> None:
        """Deletes nothing: a ring in the stack is KeyRing's, the document in a store is StoredKeyRing's.

        A key that an older version made goes as one did then. Until a StoredKeyRing is in the state, nothing but this
        asks about a generated passphrase.
        """
        if olds.in_stack or olds.stored_ring:
            return
        is_guarded = context.run.keys.is_guarded(olds.phone_number_id)
        remove_document(olds, id_, context, passphrase_goes=_passphrase_goes(olds) and not is_guarded)

    def expect(self, phone_number_id: str, run: Run) -> None:
        """See :class:`Rules`."""
        run.keys.expect(phone_number_id)
        run.keys.forget_kept(phone_number_id)

    def note_recorded(self, id_: str, olds: KeyState, found: Difference, run: Run) -> None:
        """See :class:`Rules`."""
        run.keys.note_recorded(id_, olds)
        run.keys.note_kept(olds.phone_number_id, found.kept)


def _kept(olds: KeyState, replaces: Sequence[str], updates: Sequence[str]) -> Props:
    """The outputs that a change of these properties leaves as they are."""
    if "phone_number_id" in replaces:
        return {}
    changed = {*updates}
    kept: Props = {}
    if olds.former_passphrases == () and "passphrase" not in changed:
        kept |= {"former_passphrases": ()}
    if not olds.in_stack and not changed & {"store", "backups", "locations"}:
        kept |= {"locations": olds.locations}
    if "custody" not in replaces and olds.custodies == KeyServices.naming(olds.custody).urls:
        kept |= {"custodies": olds.custodies}
    if not replaces:
        names = ("fingerprint", "public_key_pem", "issued_on", "private_key")
        kept |= {name: getattr(olds, name) for name in names}
    return kept


def issue_date(issued_on: Any, rotate_after_days: Any, today: date) -> str:
    """The date that the key should have: its own, or ``today`` if it has none or its rotation is due."""
    if not isinstance(issued_on, str):
        return today.isoformat()
    if isinstance(rotate_after_days, int) and today >= date.fromisoformat(issued_on) + timedelta(rotate_after_days):
        return today.isoformat()
    return issued_on


def _goes_first(olds: KeyState, news: KeyInputs, updates: Sequence[str]) -> bool:
    """What must be an update, since only an update sees the old values: another passphrase, another place."""
    return "passphrase" in updates or is_moved(olds, news)


def _recording(news: KeyInputs, issued_on: str, key: "PrivateKey | KeyReference") -> KeyState:
    return KeyState.recording(news, issued_on=issued_on, fingerprint=key.fingerprint, public_key_pem=key.public_key_pem)


def _in_stack(state: KeyState, private_key: str | None) -> KeyState:
    return replace(state, private_key=private_key, former_passphrases=(), locations=())


def _in_stores(
    state: KeyState, stores: Sequence[Store], former_passphrases: Sequence[str], custodies: tuple[str, ...] | None
) -> KeyState:
    return replace(
        state,
        former_passphrases=tuple(former_passphrases),
        locations=tuple(store.location for store in stores),
        secret_id=stores[0].secret_id,
        custodies=custodies,
    )


def _services(news: KeyInputs, recorded: KeyState | None) -> KeyServices:
    """The key services that the program or the state names."""
    return KeyServices.naming(news.custody, *((recorded and recorded.custodies) or ()))


def _stores(news: KeyInputs, recorded: KeyState | None) -> tuple[Store, ...]:
    """The stores that the program names, in the accounts that were recorded for them."""
    locations = (recorded and recorded.locations) or ()
    return parse_stores(anchored(news.store, locations), [anchored(backup, locations) for backup in news.backups])


def _passphrase_goes(olds: KeyState) -> bool:
    """Whether a destroy deletes the passphrase, too. Older states don't record this; assume that it does."""
    return bool(olds.passphrase_is_generated or (olds.locations is None and olds.passphrase))


def _concealed(olds: KeyState, news: KeyInputs) -> tuple[str, ...]:
    """The engine marks an output as secret if the input of that name is. A trigger that is kept while the program gives
    another one, or none, is not an input any more, and may have been secret."""
    return () if olds.rotation_trigger in (None, news.rotation_trigger) else ("rotation_trigger",)


def _claim(news: KeyInputs, owner: str, *, formerly: KeyState | None) -> Claim:
    return Claim(news.phone_number_id, news.managed_by, owner, formerly.managed_by if formerly else None)


def _recorded(live: KeyState | None) -> "Recorded":
    """What staging has to know of the live key; nothing where none was seen."""
    from whatsapp_flow_keys.custody.pem import NO_PASSPHRASE
    from whatsapp_flow_keys.lifecycle.staging import Recorded

    if live is None:
        return Recorded()
    formers = [live.passphrase or NO_PASSPHRASE, *(live.former_passphrases or ())]
    return Recorded(live.fingerprint, list(dict.fromkeys(formers)))


def _misplaced(news: KeyInputs) -> list[str]:
    """What does not go with the stack as the store. There is one resource more then, so the program has to know it
    before it runs: a StoredKeyRing was made for a store that turned out to be the stack."""
    if not news.in_stack:
        return []
    if news.stored_ring:
        return ["store: an Output can't ask for the stack as the store; give StackStore()"]
    if news.passphrase is not None:
        return ["passphrase: adds nothing with the stack as the store, whose secrets are encrypted; leave it out"]
    return []
