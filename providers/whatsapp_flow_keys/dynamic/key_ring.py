"""The provider of KeyRing: with the stack as the store, one secret document of every key that still matters.

As in EncryptionKey's, what acts is imported by the methods that act.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.document_removal import force
from whatsapp_flow_keys.dynamic.in_passing import InPassing
from whatsapp_flow_keys.dynamic.inputs import Inputs, is_known
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY, FlowKeysProvider, Props
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.recorded import STACKS_RING
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, anchored, parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.lifecycle.staging import NewKey

_REPLACED = (
    " The program still has this key ring, and what replaces it does not hold the key; force_destroy does not count "
    "then. With delete_before_replace, or autonaming without a random part, the old ring would go first: leave it out."
)
_IN_PLACE = ("fingerprint", "key_id", "backups", "force_destroy", "managed_by", PROVIDER_KEY)


class KeyRingProvider(FlowKeysProvider):
    """Inputs: ``phone_number_id, fingerprint, private_key, issued_on, key_id, backups, take_over, force_destroy,
    managed_by``; of the private key the state records a digest. Outputs: these but the private key, ``ring``, the
    document, and ``locations``: see EncryptionKey.
    """

    secrets = ("ring", "private_key")
    required = ("phone_number_id", "managed_by", "backups", "key_id", "fingerprint", "private_key", "issued_on")

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Validates what a person may have given to it directly."""
        inputs = Inputs(news)
        inputs.parse_number_and_stores()
        inputs.values["private_key"] = self.run.passing.hand_on(inputs["private_key"])
        if not inputs.failures and is_known(inputs["phone_number_id"]):
            self.run.rings.expect(inputs["phone_number_id"])
        return self.checked(inputs.values, inputs.failures)

    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Another number is another ring; a new key is an update."""
        if not is_known(news):  # so the engine also asks before it deletes first, without a check, what depends on such
            self.run.rings.expect(olds["phone_number_id"])
        self.run.rings.note_recorded(id_, olds.get("ring"))
        moved = news["phone_number_id"] != olds.get("phone_number_id")
        updates = [name for name in _IN_PLACE if news.get(name) != olds.get(name)]
        updates += [] if "locations" in olds else ["locations"]  # written by a version that recorded none
        return DiffResult(changes=bool(moved or updates), replaces=["phone_number_id"] if moved else [])

    def create(self, props: Props) -> CreateResult:
        """The ring with its first key and what the backups hold."""
        from whatsapp_flow_keys.lifecycle.staging import begin_recorded_ring

        backups = parse_stores(STACK, props["backups"])
        ring = begin_recorded_ring(_new_key(props, self.run.passing), backups, self.session(_claim(props)))
        id_ = self.run.new_id()
        self.run.rings.note(id_, document.dump(ring))
        return CreateResult(id_, _outs(props, ring, backups))

    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """The ring with the new key; keys leave it only when no form can need them."""
        from whatsapp_flow_keys.lifecycle.staging import extend_recorded_ring

        recorded = olds.get("locations") or []
        backups = parse_stores(STACK, [anchored(backup, recorded) for backup in news["backups"]])
        ring = extend_recorded_ring(
            document.load(olds["ring"], STACKS_RING),
            _new_key(news, self.run.passing),
            backups,
            self.session(_claim(news, formerly=olds.get("managed_by"))),
        )
        self.run.rings.note(id_, document.dump(ring))
        return UpdateResult(_outs(news, ring, backups))

    def read(self, id_: str, props: Props) -> ReadResult:
        """The ring lives in the state alone: nothing can drift."""
        return ReadResult(id_, props)

    def delete(self, id_: str, props: Props) -> None:
        """Refuses while Meta serves a key of the ring whose last copy this is.

        ``force_destroy`` lets a number's keys go with the number, not a ring before its replacement holds them.
        """
        from whatsapp_flow_keys.lifecycle.removal import Opening, openable_in, remove_recorded_ring

        ring = document.load(props["ring"], STACKS_RING)
        backups = parse_stores(STACK, props.get("locations") or props["backups"])
        # An interrupted `up` may have moved the keys to a store and left no word of it in this state.
        moved_to = self.run.keys.stores(ring.phone_number_id)
        live = self.run.keys.outputs(ring.phone_number_id)
        opening = Opening(tuple(p for p in (live.get("passphrase"), *(live.get("former_passphrases") or [])) if p))
        beside = self.run.rings.held_beside(id_, ring.phone_number_id)
        goes_on = self.run.rings.is_expected(ring.phone_number_id)
        remove_recorded_ring(
            ring,
            self.session(_claim(props)),
            survivors=lambda: openable_in([*backups, *moved_to], opening),
            beside=beside,
            force=replace(force(props), recorded=False) if goes_on else force(props),
            otherwise=_REPLACED if goes_on else "",
        )
        self.run.rings.forget(id_)


def _new_key(props: Props, passing: InPassing) -> "NewKey":
    from whatsapp_flow_keys.keys import CHECKED, PrivateKey
    from whatsapp_flow_keys.lifecycle.staging import NewKey

    pem = passing.take(props["private_key"], "private_key")
    key = PrivateKey.from_pem(pem, field="private_key", checked=CHECKED)
    return NewKey(key, props["issued_on"], replaceable=[props["take_over"]] if props.get("take_over") else [])


def _claim(props: Props, formerly: str | None = None) -> Claim:
    return Claim(props["phone_number_id"], props["managed_by"], props["key_id"], formerly)


def _outs(props: Props, ring: KeyRing, backups: Sequence[Store]) -> Props:
    outs = {name: value for name, value in props.items() if name != "private_key"}
    return {**outs, "ring": document.dump(ring), "locations": [backup.location for backup in backups]}
