"""Defects of one line each, put into a copy of the product on purpose: the search must find every one of them."""

from dataclasses import dataclass

_RING = "ring.py"
_REGISTRATION = "lifecycle/registration.py"
_REMOVAL = "lifecycle/removal.py"
_RINGS = "lifecycle/rings.py"
_STAGING = "lifecycle/staging.py"
_ASKING = "lifecycle/asking.py"

_ROTATE_ONE, _ROTATE_BACKUP = (
    "create and rotate: one store, 2 faults",
    "create and rotate: a store with a backup, 2 faults",
)
_ROTATE_STACK = "create and rotate: the stack, 2 faults"
_LIFE_ONE = "3 moves: one store, 1 faults"
_LONG_LIFE_ONE, _LONG_LIFE_STACK = "4 moves: one store, 0 faults", "4 moves: the stack, 0 faults"


@dataclass(frozen=True)
class Defect:
    """``old`` stands once in ``file`` and becomes ``new``. ``found_by`` names a search; ``promise`` is what it says.

    ``also`` are further edits, where one rule is kept in two places."""

    about: str
    file: str
    old: str
    new: str
    found_by: str
    promise: str
    also: tuple[tuple[str, str, str], ...] = ()


DEFECTS = (
    Defect(
        "published without a mark",
        _REGISTRATION,
        "rings = rings.write(offer(rings.ring, desired, now=clock.now()))",
        "pass",
        _ROTATE_ONE,
        "P1",
    ),
    Defect(
        "published before it is durable in every store",
        _RINGS,
        "for s, held in self.found))",
        "for s, held in self.found[:1]))",
        _ROTATE_BACKUP,
        "P1",
    ),
    Defect(
        "promoted before the proof",
        _REGISTRATION,
        "rings = rings.write(offer(rings.ring, desired, now=clock.now()))",
        "rings = rings.write(promote(rings.ring, desired, desired=desired, now=clock.now()))",
        _ROTATE_ONE,
        "P3",
    ),
    Defect(
        "matched by role",
        _RING,
        "        if key.fingerprint == fingerprint:\n            return replace(key, role=Role.CURRENT",
        "        if key.role is Role.PENDING:\n            return replace(key, role=Role.CURRENT",
        _ROTATE_ONE,
        "P3",
    ),
    Defect("retired too early", _RING, "GRACE = timedelta(hours=24)", "GRACE = timedelta(0)", _ROTATE_ONE, "P2"),
    Defect(
        "a pending key replaced while its publication is under way",
        _RING,
        "known_to_meta = key.offered_at is not None or key.fingerprint == served",
        "known_to_meta = key.fingerprint == served",
        _ROTATE_ONE,
        "P2",
    ),
    Defect(
        "an offered key dropped when the previous one is overwritten",
        _RING,
        "return replace(key, role=Role.RETAINED)\n        return key",
        "return replace(key, role=Role.RETAINED, offered_at=None)\n        return key",
        _ROTATE_ONE,
        "P2",
    ),
    Defect(
        "a promotion that failed is hidden by a refresh",
        "dynamic/key_registration.py",
        'proven = props["fingerprint"] if found.proves(props["fingerprint"]) else None',
        "proven = found.served.fingerprint",
        _LIFE_ONE,
        "P4",
    ),
    Defect(
        "what was recorded as proven is not compared",
        "dynamic/key_registration.py",
        'unproven = news["fingerprint"] != olds.get("proven_fingerprint")',
        'unproven = news["fingerprint"] != olds.get("fingerprint")',
        _LIFE_ONE,
        "P4",
    ),
    Defect(
        "somebody else's write is written over",
        _RINGS,
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "two at once, 2 rounds: one stack, two machines, 0 faults",
        "P1",
    ),
    Defect(
        "the stack's ring forgets what was recorded",
        _STAGING,
        "read_rings([RecordedRing(recorded), *backups], claim, trail=trail)",
        "read_rings([*backups], claim, trail=trail)",
        _ROTATE_STACK,
        "P2",
    ),
    Defect(
        "the stack's ring keeps the served key and one older only",
        _RING,
        "return wanted or (key.offered_at is not None and now - key.offered_at < GRACE)",
        "return wanted",
        _ROTATE_STACK,
        "P2",
    ),
    Defect(
        "only the current key is looked at by a destroy",
        _REMOVAL,
        "return tuple(key for key in self.keys if key.fingerprint not in self.survivors)",
        "return tuple(key for key in self.keys if key.fingerprint not in self.survivors and key.role == 'current')",
        "a destroy after rotations, 1 faults",
        "P2",
    ),
    Defect(
        "a publication under way is forgotten by a destroy",
        _RING,
        "UNDER_WAY = timedelta(hours=1)",
        "UNDER_WAY = timedelta(0)",
        _LIFE_ONE,
        "P2",
    ),
    Defect(
        "a destroy counts on backups without reading them",
        _REMOVAL,
        "survivors = _openable(others if is_lost else [held, *others], opening, "
        'but=_place_of(held) if is_lost else "")',
        "survivors = frozenset(k.fingerprint for k in held.ring.keys) if getattr(held, 'ring', None) else frozenset()",
        _LONG_LIFE_ONE,
        "P2",
    ),
    Defect(
        "a destroy that was cut short leaves a number that can't be registered",
        _STAGING,
        "replaceable={*replaceable, fingerprint}",
        "replaceable=replaceable",
        "3 moves: the stack, forced, 1 faults",
        "P4",
    ),
    Defect(
        "a foreign key is published over",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        _LONG_LIFE_ONE,
        "P5",
    ),
    Defect(
        "another stack's document is written over",
        _RINGS,
        "if ring.managed_by not in (claim.managed_by, claim.formerly):",
        "if False:",
        "two at once, 2 rounds: two stacks, one store, 0 faults",
        "P2",
    ),
    Defect(
        "a number that was registered anew is left unsigned",
        _REGISTRATION,
        "settled = served.is_valid or",
        "settled = True or",
        _LONG_LIFE_ONE,
        "P4",
    ),
    Defect(
        "a stale answer of a store counts as proof",
        _RINGS,
        "if _revision(now) < _revision(before):",
        "if False:",
        _ROTATE_ONE,
        "P4",
    ),
    Defect(
        "an offer that a backup remembers is forgotten",
        _RING,
        "return max(offers, default=None)",
        "return min(offers, default=None)",
        "a backup is rolled back, 1 faults",
        "P2",
    ),
    Defect(
        "a replaced ring can never go",
        "dynamic/key_ring.py",
        "beside=beside,",
        "beside=frozenset(),",
        _LONG_LIFE_STACK,
        "P4",
    ),
    Defect(
        "a ring that moved out of the stack can never go",
        "dynamic/key_ring.py",
        "openable_in([*backups, *moved_to], opening)",
        "openable_in(backups, opening)",
        "3 moves: a move out of the stack, 1 faults",
        "P4",
    ),
    Defect(
        "the key that the state records leaves with the next one",
        _RING,
        "if other.offered_at or other.fingerprint == recorded]",
        "if other.offered_at]",
        "a rotation is taken back, 2 faults",
        "P4",
    ),
    Defect(
        "a key that was adopted is adopted again at each run",
        "dynamic/given_key.py",
        'return given is not None and given.fingerprint != olds.get("fingerprint")',
        "return given is not None",
        "a key is adopted, 3 moves: one store, 1 faults",
        "P7",
    ),
    Defect(
        "a key that is adopted counts as somebody else's",
        _STAGING,
        "if new.adopted:\n            refuse_other_key",
        "if False:\n            refuse_other_key",
        "a key is adopted, 3 moves: one store, 1 faults",
        "P4",
    ),
    Defect(
        "a rotation takes the document along",
        "dynamic/encryption_key.py",
        'if props["store"] == STACK or props.get("stored_ring"):',
        'if props["store"] == STACK:',
        "around: deleted before it is replaced, forced, 1 faults",
        "P2",
        also=(
            (
                "dynamic/document_removal.py",
                "document_stays=provider.run.keys.is_replaced(owner, number),",
                "document_stays=False,",
            ),
        ),
    ),
    Defect(
        "what opens soft-deleted keys goes without a question",
        _REMOVAL,
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        "around: a generated passphrase, soft-deleted, 1 faults",
        "P2",
    ),
    Defect(
        "copies count that the generated passphrase opens, though it goes",
        "dynamic/document_removal.py",
        "opening=Opening(() if passphrase_goes or not passphrase else (passphrase,), passphrase_goes),",
        "opening=Opening((passphrase,) if passphrase else (), passphrase_goes),",
        "around: a generated passphrase and a backup, 1 faults",
        "P2",
    ),
    Defect(
        "keys go while Meta can't be asked",
        _REMOVAL,
        "    if not stake.lost and not stake.unknown:\n        return\n",
        "    if True:\n        return\n",
        "around: a generated passphrase, 1 faults",
        "P2",
    ),
    Defect(
        "a passphrase goes because another resource of the number is expected",
        _REMOVAL,
        "if document_stays and not opening.passphrase_goes:",
        "if document_stays:",
        "around: renamed, with a generated passphrase, 1 faults",
        "P2",
    ),
    Defect(
        "an old key's delete asks about a passphrase that lives on",
        "dynamic/encryption_key.py",
        "passphrase_goes=_passphrase_goes(props) and not is_guarded",
        "passphrase_goes=_passphrase_goes(props)",
        "around: to another account, 1 faults",
        "P4",
        also=(
            (
                "dynamic/encryption_key.py",
                'if props["store"] == STACK or props.get("stored_ring"):',
                'if props["store"] == STACK:',
            ),
        ),
    ),
    Defect(
        "a deletion names whatever is there",
        _REMOVAL,
        "left = store.delete(held)",
        "left = store.delete(store.read())",
        "meanwhile: a destroy beside the first up, 0 faults",
        "P1",
    ),
    Defect(
        "one answer of nothing lets the last copy go",
        _REMOVAL,
        "if served is None and stake.proven in lost and stake.proven != named:",
        "if False:",
        "odd: empty answers, one store, 2 faults",
        "P2",
        also=((_ASKING, "_ASKS = 3", "_ASKS = 1"),),
    ),
    Defect(
        "one answer of nothing lets the stack's ring go",
        _REMOVAL,
        "if served is None and stake.proven in lost and stake.proven != named:",
        "if False:",
        "odd: empty answers, the stack, 2 faults",
        "P2",
        also=((_ASKING, "_ASKS = 3", "_ASKS = 1"),),
    ),
    Defect(
        "an empty answer is taken for no key",
        _ASKING,
        "_ASKS = 3",
        "_ASKS = 1",
        "odd: empty answers and a foreign key, 2 faults",
        "P5",
    ),
    Defect(
        "a ring is begun beside one that the state holds",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        "around: renamed, the stack, 1 faults",
        "P4",
    ),
    Defect(
        "a store that was emptied is believed",
        _RINGS,
        "joined = union([held.ring for _, held in found if held.ring], desired=desired)",
        "joined = union([held.ring for _, held in found[:1] if held.ring], desired=desired)",
        "around: the store is emptied, 1 faults",
        "P2",
    ),
    Defect(
        "a store that was rolled back is published over",
        "lifecycle/foreign_key.py",
        "if served is None or served in ring or served in replaceable:",
        "if True:",
        "around: the store is rolled back, 1 faults",
        "P5",
    ),
    Defect(
        "what an up wrote meanwhile is written over",
        _RINGS,
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "meanwhile: two ups of one state, one store, 0 faults",
        "P1",
    ),
    Defect(
        "a passphrase that was made again forgets the one before",
        "dynamic/encryption_key.py",
        "            formers=_former_passphrases(olds),\n            desired",
        "            formers=[],\n            desired",
        "around: a generated passphrase is made again, 1 faults",
        "P4",
    ),
    Defect(
        "the resource that guards the document asks nothing",
        "dynamic/stored_key_ring.py",
        'remove_document(self, props, props["key_id"], passphrase_goes=passphrase_goes)',
        "del passphrase_goes",
        "around: a key is forgotten instead of deleted, 1 faults",
        "P2",
    ),
    Defect(
        "a key that is deleted first asks about what its replacement needs",
        "dynamic/encryption_key.py",
        'if props["store"] == STACK or props.get("stored_ring"):',
        'if props["store"] == STACK:',
        "around: deleted before it is replaced, 1 faults",
        "P4",
        also=(("dynamic/encryption_key.py", "_passphrase_goes(props) and not is_guarded", "_passphrase_goes(props)"),),
    ),
    Defect(
        "a document goes with a resource that does not own it",
        _REMOVAL,
        "return ring is not None and ring.owner == claim.owner and",
        "return ring is not None and",
        "around: two of one number, 1 faults",
        "P2",
        also=(
            (_REMOVAL, "asks = not force.recorded and (opening", "asks = not force.recorded and False and (opening"),
        ),
    ),
)
