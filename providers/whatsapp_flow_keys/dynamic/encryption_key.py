"""The provider of EncryptionKey: a key pair. Replacement is rotation. It never publishes.

A preview, and an `up` without a change, only check and compare: what acts is imported by the methods that act.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.runtime.rpc import wrap_rpc_secret

from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.dynamic.document_removal import remove_document
from whatsapp_flow_keys.dynamic.given_key import (
    EXISTING_KEY,
    EXISTING_PASSPHRASE,
    adopts,
    given_key,
    rotation_of_a_given_key,
    unreadable_key,
    without_given,
)
from whatsapp_flow_keys.dynamic.inputs import (
    Inputs,
    is_known,
    parse_date,
    parse_days,
    parse_flag,
    parse_passphrase,
    parse_trigger,
)
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY, FlowKeysProvider, Props
from whatsapp_flow_keys.dynamic.reasons import when_rotation_falls_due, why_key_changes
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, anchored, is_same_place, open_store, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.lifecycle.staging import Recorded

_ROTATES = ("rotation_trigger", "issued_on", "phone_number_id")
_IN_PLACE = (
    "store",
    "backups",
    "passphrase",
    "passphrase_is_generated",
    "force_destroy",
    "managed_by",
    "rotate_after_days",
    PROVIDER_KEY,
)
_KEPT = ("fingerprint", "public_key_pem", "issued_on", "rotation_trigger", "stored_ring")


class EncryptionKeyProvider(FlowKeysProvider):
    """Inputs: ``phone_number_id, store, backups, passphrase, passphrase_is_generated, rotate_after_days,
    rotation_trigger, take_over, force_destroy, managed_by, existing_private_key, existing_passphrase``,
    ``stored_ring``, true where a StoredKeyRing is made before anything is published, which an update never records, and
    ``issued_on``, which check computes.

    Outputs: these but for the existing ones, and ``fingerprint, public_key_pem, secret_id``, ``private_key`` with the
    stack as the store, ``former_passphrases`` while a key in the store still needs it, and ``locations``: the URLs of
    the store and the backups with all that was learnt of where they are, which later calls go by.
    """

    secrets = ("private_key", "passphrase", "former_passphrases", EXISTING_KEY, EXISTING_PASSPHRASE)

    required = ("phone_number_id", "managed_by", "store", "backups")

    def missing(self, news: Props) -> list[str]:
        """A generated passphrase is required, too: without it the key would lie in the store in the clear."""
        generated = ["passphrase"] if news.get("passphrase_is_generated") and news.get("passphrase") is None else []
        return super().missing(news) + generated

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Validates, and lets a due rotation show as a change of ``issued_on``."""
        inputs = Inputs(news)
        inputs.parse_number_and_stores()
        inputs.parse("rotation_trigger", parse_trigger)
        inputs.parse("rotate_after_days", parse_days)
        inputs.parse("force_destroy", parse_flag)
        inputs.parse("passphrase", parse_passphrase)
        inputs.parse("issued_on", parse_date)
        if not inputs.failures:
            inputs.failures += _misplaced_passphrase(inputs) + _jump(olds, inputs) + _moved_number(olds, inputs)
            inputs.failures += unreadable_key(inputs)
        if inputs["issued_on"] is None:  # a value is there when `ignore_changes` put the old one back
            inputs.values["issued_on"] = issue_date(
                olds.get("issued_on"), inputs["rotate_after_days"], self.run.today()
            )
        if not inputs.failures:
            inputs.failures += rotation_of_a_given_key(olds, inputs)
        if not inputs.failures and is_known(inputs["phone_number_id"]):
            self.run.keys.expect(inputs["phone_number_id"])
        return self.checked(inputs.values, inputs.failures)

    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Replaced by what asks for another key; all else is recorded in place."""
        replaces = [name for name in _ROTATES if news.get(name) is not None and news[name] != olds.get(name)]
        replaces += [EXISTING_KEY] if adopts(olds, news) else []
        updates = [name for name in _IN_PLACE if news.get(name) != olds.get(name)]
        updates += [] if "locations" in olds else ["locations"]  # written by a version that recorded none
        waiting: list[str] = []
        if _goes_first(olds, news, updates) and "phone_number_id" not in replaces:
            replaces, waiting = waiting, replaces  # it keeps the old date and trigger, so the next `up` rotates
        self.run.say(
            why_key_changes(olds, news, replaces, updates, waiting)
            or when_rotation_falls_due(olds, news, self.run.today())
        )
        if not is_known(news):  # so the engine also asks before it deletes first, without a check, what depends on such
            self.run.keys.expect(olds["phone_number_id"])
        self.run.keys.note_recorded(id_, olds)
        return DiffResult(changes=bool(replaces or updates), replaces=replaces)

    def create(self, props: Props) -> CreateResult:
        """Generates the pair, or adopts the given one, and stages it in every store. A repeat after a crash generates
        another pair."""
        from whatsapp_flow_keys.keys import make_key
        from whatsapp_flow_keys.lifecycle.staging import NewKey, refuse_before_adoption, stage_in_stores

        instance, given = self.run.new_id(), given_key(props)
        replaceable = [props["take_over"]] if props.get("take_over") else []
        new = NewKey(given or make_key(), props["issued_on"], props.get("passphrase"), given is not None, replaceable)
        replaced = self.run.keys.outputs(props["phone_number_id"])
        claim = _claim(props, instance, formerly=replaced.get("managed_by"))
        if given is None:
            claim.trail(self.audit()).done(Operation.GENERATED, new.key.fingerprint)
        outs = {**without_given(props), "fingerprint": new.key.fingerprint, "public_key_pem": new.key.public_key_pem}
        if props["store"] == STACK:
            if given:
                refuse_before_adoption(new, self.session(claim))
            outs |= {"private_key": new.key.to_pem(), "former_passphrases": [], **_whereabouts([])}
            return CreateResult(instance, outs)
        stores = _stores(props, replaced)
        outs["former_passphrases"] = stage_in_stores(new, stores, self.session(claim), _recorded(replaced))
        outs |= {"private_key": None, **_whereabouts(stores)}
        self.run.keys.note(instance, outs)
        return CreateResult(instance, outs)

    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """Records the new values, and brings every store in line with them."""
        outs = {**without_given(news), **{name: olds.get(name) for name in _KEPT}}
        if news["store"] == STACK:
            outs |= {"private_key": olds["private_key"], "former_passphrases": [], **_whereabouts([])}
            return UpdateResult(_with_kept_trigger_concealed(outs, news))
        from whatsapp_flow_keys.lifecycle.staging import claim_stores

        stores = _stores(news, olds)
        outs["former_passphrases"] = claim_stores(
            _recorded(olds),
            stores,
            self.session(_claim(news, id_, formerly=olds.get("managed_by"))),
            passphrase=news.get("passphrase"),
            moved=not is_same_place(news["store"], olds["store"]),
        )
        outs |= {"private_key": None, **_whereabouts(stores)}
        self.run.keys.note(id_, outs)
        return UpdateResult(_with_kept_trigger_concealed(outs, news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """A key pair has no drift of its own: the registration looks at both sides."""
        return ReadResult(id_, props)

    def delete(self, id_: str, props: Props) -> None:
        """Deletes nothing: a ring in the stack is KeyRing's, the document in a store is StoredKeyRing's.

        A key that an older version made goes as one did then. Until a StoredKeyRing is in the state, nothing but this
        asks about a generated passphrase.
        """
        if props["store"] == STACK or props.get("stored_ring"):
            return
        is_guarded = self.run.keys.is_guarded(props["phone_number_id"])
        remove_document(self, props, id_, passphrase_goes=_passphrase_goes(props) and not is_guarded)


def issue_date(issued_on: Any, rotate_after_days: Any, today: date) -> str:
    """The date that the key should have: its own, or ``today`` if it has none or its rotation is due."""
    if not isinstance(issued_on, str):
        return today.isoformat()
    if isinstance(rotate_after_days, int) and today >= date.fromisoformat(issued_on) + timedelta(rotate_after_days):
        return today.isoformat()
    return issued_on


def _goes_first(olds: Props, news: Props, updates: Sequence[str]) -> bool:
    """What must be an update, since only an update sees the old values: another passphrase, another place."""
    moved = is_known(news["store"]) and not is_same_place(news["store"], olds.get("store"))
    return "passphrase" in updates or moved


def _stores(props: Props, recorded: Mapping[str, Any]) -> tuple[Store, ...]:
    """The stores that the program names, in the accounts that were recorded for them."""
    locations = recorded.get("locations") or []
    return parse_stores(
        anchored(props["store"], locations), [anchored(backup, locations) for backup in props["backups"]]
    )


def _passphrase_goes(props: Props) -> bool:
    """Whether a destroy deletes the passphrase, too. Older states don't record this; assume that it does."""
    return bool(props.get("passphrase_is_generated") or ("locations" not in props and props.get("passphrase")))


def _with_kept_trigger_concealed(outs: Props, news: Props) -> Props:
    """The engine marks an output as secret if the input of that name is. A trigger that is kept while the program gives
    another one, or none, is not an input any more, and may have been secret."""
    kept = outs.get("rotation_trigger")
    if kept in (None, news.get("rotation_trigger")):
        return outs
    return {**outs, "rotation_trigger": wrap_rpc_secret(kept)}


def _claim(props: Props, owner: str, formerly: str | None = None) -> Claim:
    return Claim(props["phone_number_id"], props["managed_by"], owner, formerly)


def _whereabouts(stores: Sequence[Store]) -> Props:
    return {
        "locations": [store.location for store in stores],
        "secret_id": stores[0].secret_id if stores else None,
    }


def _recorded(outputs: Mapping[str, Any]) -> "Recorded":
    """The live key; ``outputs`` is empty where none was seen."""
    from whatsapp_flow_keys.lifecycle.passphrases import NO_PASSPHRASE
    from whatsapp_flow_keys.lifecycle.staging import Recorded

    if not outputs:
        return Recorded()
    formers = [outputs.get("passphrase") or NO_PASSPHRASE, *(outputs.get("former_passphrases") or [])]
    return Recorded(outputs.get("fingerprint"), list(dict.fromkeys(formers)))


def _misplaced_passphrase(inputs: Inputs) -> list[str]:
    if inputs["passphrase"] is not None and inputs["store"] == STACK:
        return ["passphrase: adds nothing with the stack as the store, whose secrets are encrypted; leave it out"]
    return []


def _jump(olds: Props, inputs: Inputs) -> list[str]:
    """A store that holds none of the old keys would leave forms in flight unreadable."""
    store, before = inputs["store"], olds.get("store")
    if not is_known(store) or before is None or is_same_place(store, before) or olds.get("phone_number_id") is None:
        return []
    if inputs["phone_number_id"] != olds["phone_number_id"]:
        return []  # another number has another ring
    if store == STACK:
        return [f"store: from {before} into the stack is not offered; a private key should not go back into the state"]
    if not any(is_same_place(store, backup) for backup in olds.get("backups") or []):
        old, new = (url if url == STACK else open_store(url).url for url in (before, store))
        return [
            f"store: to move the keys from {old} to {new}, first add it to `backups` and run `pulumi up`, which copies "
            f"them; then make it the store. If you meant no move, your environment names another place than it did "
            f"(AWS_REGION, VAULT_ADDR, a folder)"
        ]
    return []


def _moved_number(olds: Props, inputs: Inputs) -> list[str]:
    number, before = inputs["phone_number_id"], olds.get("phone_number_id")
    if before is None or not is_known(number) or number == before:
        return []
    if inputs["store"] != STACK and is_same_place(inputs["store"], olds.get("store")):
        return [f"phone_number_id: {inputs['store']} holds the keys of {before}; give the new number another store"]
    return []
