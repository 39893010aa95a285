"""Defects of one line each, put into a copy of the product on purpose: the search must find every one of them."""

from dataclasses import dataclass

from tests.model.moments import UNSAVED
from tests.model.world import EMPTY, FAILS_AFTER, GOES_DOWN, NO_EFFECT

_RING = "ring.py"
_NEXT_STEP, _REGISTRATION = "lifecycle/next_step.py", "lifecycle/registration.py"
_INSPECTION = "lifecycle/inspection.py"
_REMOVAL = "lifecycle/removal.py"
_RINGS = "lifecycle/rings.py"
_STAGING = "lifecycle/staging.py"
_ASKING = "lifecycle/asking.py"
_FOREIGN_KEY = "lifecycle/foreign_key.py"
_KEY, _STACKS_RING = "resources/encryption_key.py", "resources/key_ring.py"
_REGISTERED = "resources/key_registration.py"

_ROTATE_ONE, _ROTATE_BACKUP = (
    "create and rotate: one store, 2 faults",
    "create and rotate: a store with a backup, 2 faults",
)
_ROTATE_STACK = "create and rotate: the stack, 2 faults"
_LIFE_ONE = "3 moves: one store, 1 faults"
_LONG_LIFE_ONE, _LONG_LIFE_STACK = "4 moves: one store, 0 faults", "4 moves: the stack, 0 faults"
_LONG_LIFE_BACKUP = "4 moves: a store with a backup, 0 faults"
_LONG_LIFE_STACK_BACKUP = "4 moves: the stack with a backup, 0 faults"
_LONG_LIFE_SOFT = "4 moves: one store with soft deletion, 0 faults"
_LONG_MOVE = "4 moves: a move to another store, 0 faults"
_ADOPTED_ONE, _ADOPTED_STACK = (
    "a key is adopted, 3 moves: one store, 1 faults",
    "a key is adopted, 3 moves: the stack, 1 faults",
)
_GENERATED = "around: a generated passphrase, 1 faults"
_TWO_HOURS = "around: two hours pass, 1 faults"
_ODD_PUBLICATIONS = "odd: publications that are not what they say, 2 faults"
_TWO_UPS = "meanwhile: two ups of one state, one store, 0 faults"
_ONE_STORE, _ONE_STORE_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, one store, 0 faults",
    "two at once, 2 rounds: two stacks, one store, 1 faults",
)
_A_STORE_EACH, _A_STORE_EACH_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, a store each, 0 faults",
    "two at once, 2 rounds: two stacks, a store each, 1 faults",
)
_OWN_SECRETS, _OWN_SECRETS_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, their own secrets, 0 faults",
    "two at once, 2 rounds: two stacks, their own secrets, 1 faults",
)

_WRITE_LOST, _WRITE_LATE = "write: answer lost after the effect", "write: answer lost, takes effect late"
_WRITES = "store.url):\n            return store.write(ring, held)"
_TRIES_TO_WRITE = "store.url):\n            try:\n                return store.write(ring, held)\n"
_FOREIGN = "foreign := foreign_key_error(served, ring, replaceable=wanted.replaceable, refresh_helps=True)"
_REFUSES = f"    if {_FOREIGN}:"
_PROMOTES = "        self.rings.write(_with_one_passphrase(promoted, wanted))"
_MARKS = "        with self.session.trail.changing([(Operation.OFFERED, key)]):\n"
_PUBLISHES = "        unconfirmed = self._send(key)"
_RAISES = "                    raise error\n"
_RETURNS_AS_IF_SERVED = (
    "                    if ' was published ' in str(error):\n"
    "                        return RegisteredKey(None, self.wanted.fingerprint, VALID)\n"
    f"{_RAISES}"
)


def _importing(error: str) -> tuple[str, str, str]:
    imports = "import ForeignDocumentError, StoreError"
    return _RINGS, f"{imports}\n", f"{imports}, {error}\n"


def _refuses_where(condition: str) -> str:
    return f"    if {condition} and ({_FOREIGN}):"


@dataclass(frozen=True)
class Defect:
    """``old`` stands once in ``file`` and becomes ``new``. ``found_by`` names a search; ``promise`` is what it says.

    ``also`` are further edits, where one rule is kept in two places. ``missed_by`` names a similar search that
    does not find the defect; ``needs`` are outcomes without which, left out together, the search does not find it."""

    about: str
    file: str
    old: str
    new: str
    found_by: str
    promise: str
    also: tuple[tuple[str, str, str], ...] = ()
    missed_by: str = ""
    needs: tuple[str, ...] = ()


DEFECTS = (
    Defect(
        "published without a mark",
        _REGISTRATION,
        "self.rings = self.rings.write(offer(self.rings.ring, key, now=self.session.clock.now()))",
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
        "self.rings.write(offer(self.rings.ring, key, now=self.session.clock.now()))",
        "self.rings.write(promote(self.rings.ring, key, desired=key, now=self.session.clock.now()))",
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
        "resources/key_registration.py",
        "proven_fingerprint=olds.fingerprint if found.proves(olds.fingerprint) else None",
        "proven_fingerprint=served",
        _LIFE_ONE,
        "P4",
    ),
    Defect(
        "what was recorded as proven is not compared",
        "resources/key_registration.py",
        "if news.fingerprint != olds.proven_fingerprint",
        "if news.fingerprint != olds.fingerprint",
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
        "read_rings([RecordedRing(recorded), *backups], session.claim, session.trail)",
        "read_rings([*backups], session.claim, session.trail)",
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
        _TWO_HOURS,
        "P2",
        needs=("publish: takes effect late, and the process goes down",),
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
        "replaceable={*new.replaceable, fingerprint}",
        "replaceable=new.replaceable",
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
        _NEXT_STEP,
        "if served == key and (found.served.is_valid or progress.was_read_enough):",
        "if served == key:",
        _LONG_LIFE_ONE,
        "P4",
    ),
    Defect(
        "a stale answer of a store counts as proof",
        _RINGS,
        "if _revision(now) < _revision(before):",
        "if False:",
        _ODD_PUBLICATIONS,
        "P4",
        needs=("read: stale",),
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
        "resources/key_ring.py",
        "beside=run.rings.held_beside(id_, number),",
        "beside=frozenset(),",
        _LONG_LIFE_STACK,
        "P4",
    ),
    Defect(
        "a ring that moved out of the stack can never go",
        "resources/key_ring.py",
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
        "resources/given_key.py",
        "return given is not None and given.fingerprint != olds.fingerprint",
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
        "resources/encryption_key.py",
        "if olds.in_stack or olds.stored_ring:",
        "if olds.in_stack:",
        "around: deleted before it is replaced, forced, 1 faults",
        "P2",
        also=(
            (
                "resources/document_removal.py",
                "document_stays=context.run.keys.is_replaced(owner, olds.phone_number_id),",
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
        "resources/document_removal.py",
        "opening=Opening(() if passphrase_goes or not olds.passphrase else (olds.passphrase,), passphrase_goes),",
        "opening=Opening((olds.passphrase,) if olds.passphrase else (), passphrase_goes),",
        "around: a generated passphrase and a backup, 1 faults",
        "P2",
    ),
    Defect(
        "keys go while Meta can't be asked",
        _REMOVAL,
        "    if not stake.lost and not stake.unknown:\n        return\n",
        "    if True:\n        return\n",
        _GENERATED,
        "P2",
        needs=("get: fails",),
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
        "resources/encryption_key.py",
        "passphrase_goes=_passphrase_goes(olds) and not is_guarded",
        "passphrase_goes=_passphrase_goes(olds)",
        "around: to another account, 1 faults",
        "P4",
        also=(
            (
                "resources/encryption_key.py",
                "if olds.in_stack or olds.stored_ring:",
                "if olds.in_stack:",
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
        needs=(f"get: {EMPTY}",),
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
        "resources/encryption_key.py",
        "            _recorded(olds),\n            stores",
        "            type(_recorded(olds))(olds.fingerprint),\n            stores",
        "around: a generated passphrase is made again, 1 faults",
        "P4",
    ),
    Defect(
        "the resource that guards the document asks nothing",
        "resources/stored_key_ring.py",
        "remove_document(olds, olds.key_id, context, passphrase_goes=olds.passphrase_is_generated is True)",
        "del olds, context",
        "around: a key is forgotten instead of deleted, 1 faults",
        "P2",
    ),
    Defect(
        "a key that is deleted first asks about what its replacement needs",
        "resources/encryption_key.py",
        "if olds.in_stack or olds.stored_ring:",
        "if olds.in_stack:",
        "around: deleted before it is replaced, 1 faults",
        "P4",
        also=(("resources/encryption_key.py", "_passphrase_goes(olds) and not is_guarded", "_passphrase_goes(olds)"),),
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
    Defect(
        "a write is tried again, and passed over where it fails again",
        _RINGS,
        _WRITES,
        "store.url):\n"
        "            for _ in range(2):\n"
        "                try:\n"
        "                    return store.write(ring, held)\n"
        "                except StoreUnavailableError:\n"
        "                    continue\n"
        "            return replace(held, ring=ring)",
        "create and rotate: the stack with a backup, 2 faults",
        "P4",
        also=(_importing("StoreUnavailableError"),),
        missed_by=_ROTATE_STACK,
    ),
    Defect(
        "a soft-deleted document is not restored",
        _RINGS,
        "    if not held.deleted:\n        return held",
        "    if held.ring is None:\n        return held",
        _LONG_LIFE_SOFT,
        "P2",
        missed_by=_LONG_LIFE_ONE,
    ),
    Defect(
        "a document is restored for a new key only",
        _RINGS,
        "(store, _read_restored(store, claim, trail)) for store in stores)",
        "(store, store.read() if desired else _read_restored(store, claim, trail)) for store in stores)",
        "3 moves: one store with soft deletion, 1 faults",
        "P4",
        missed_by=_LONG_LIFE_SOFT,
        needs=("delete: answer lost after the effect", UNSAVED),
    ),
    Defect(
        "a refresh looks at the store alone",
        _REGISTERED,
        "_stores(olds, lambda: _recorded_ring(olds)), session",
        "_stores(olds, lambda: _recorded_ring(olds))[:1], session",
        _LONG_LIFE_BACKUP,
        "P4",
        missed_by=_LONG_LIFE_ONE,
    ),
    Defect(
        "a backup that can't be written is passed over",
        _RINGS,
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                if store is self.found[0][0]:\n"
        "                    raise\n"
        "                return replace(held, ring=ring)",
        "3 moves: a store with a backup, 1 faults",
        "P1",
        also=(_importing("StoreUnavailableError"),),
        missed_by=_LONG_LIFE_BACKUP,
    ),
    Defect(
        "a ring that the last run replaced can never go",
        _STACKS_RING,
        "run.rings.note_recorded(id_, document.load(olds.ring, STACKS_RING))",
        "pass",
        "3 moves: the stack, 1 faults",
        "P4",
        missed_by=_ROTATE_STACK,
    ),
    Defect(
        "the stack's ring is begun without what the backups hold",
        _STAGING,
        "rings = read_rings(backups, session.claim, session.trail)",
        "rings = read_rings([], session.claim, session.trail)",
        _LONG_LIFE_STACK_BACKUP,
        "P4",
        missed_by=_LONG_LIFE_STACK,
    ),
    Defect(
        "a backup of the stack's ring that can't be written is passed over",
        _RINGS,
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                if not isinstance(self.found[0][0], RecordedRing):\n"
        "                    raise\n"
        "                return replace(held, ring=ring)",
        "3 moves: the stack with a backup, 1 faults",
        "P4",
        also=(_importing("StoreUnavailableError"),),
        missed_by=_LONG_LIFE_STACK_BACKUP,
    ),
    Defect(
        "a move is refused unless the new store stays a backup",
        "resources/moves.py",
        "for backup in olds.backups or ())",
        "for backup in news.backups or ())",
        _LONG_MOVE,
        "P4",
        missed_by=_LONG_LIFE_BACKUP,
    ),
    Defect(
        "a copy to the new store may fail, and nobody looks at it again",
        _STAGING,
        "            rings.write(rings.ring).settle()",
        "            with suppress(StoreError):\n                rings.write(rings.ring).settle()",
        "3 moves: a move to another store, 1 faults",
        "P4",
        also=(
            (
                _STAGING,
                "import KeyNotInRingError, PrivateKeyError",
                "import KeyNotInRingError, PrivateKeyError, StoreError",
            ),
            (
                _STAGING,
                "from dataclasses import dataclass",
                "from contextlib import suppress\nfrom dataclasses import dataclass",
            ),
            (
                _REGISTERED,
                "(*found.updates, *unproven, *ring)",
                '(*({*found.updates} - {"store", "backups", "locations"}), *unproven, *ring)',
            ),
        ),
        missed_by=_LONG_MOVE,
    ),
    Defect(
        "copies in other places let no ring of the stack go",
        _STACKS_RING,
        "survivors=lambda: openable_in([*backups, *moved_to], opening)",
        "survivors=frozenset",
        "4 moves: a move out of the stack, 0 faults",
        "P4",
        missed_by=_LONG_LIFE_STACK_BACKUP,
    ),
    Defect(
        "with the stack, a key that is adopted counts as somebody else's",
        _STAGING,
        "refuse_other_key(new.key.fingerprint, served, nothing_held, replaceable=new.replaceable)",
        "refuse_foreign_key(served, nothing_held, replaceable=new.replaceable)",
        _ADOPTED_STACK,
        "P4",
        missed_by=_ADOPTED_ONE,
    ),
    Defect(
        "with the stack, a promotion is written only after a publication",
        _REGISTRATION,
        _PROMOTES,
        f"        if self.progress.publications or not _in_stack(self.rings):\n    {_PROMOTES}",
        "a key is adopted, 3 moves: the stack with a backup, 1 faults",
        "P4",
        missed_by=_ADOPTED_STACK,
    ),
    Defect(
        "where nothing was published, the backups are left alone",
        _REGISTRATION,
        _PROMOTES,
        "        first = replace(self.rings, found=self.rings.found[:1])\n"
        "        written = self.rings if self.progress.publications else first\n"
        "        written.write(_with_one_passphrase(promoted, wanted))",
        "a key is adopted, 3 moves: a store with a backup, 1 faults",
        "P4",
        missed_by=_ADOPTED_ONE,
    ),
    Defect(
        "the owner of what is deleted is not looked at",
        _REMOVAL,
        "if held.ring is None or not _is_ours(held.ring, claim):",
        "if held.ring is None:",
        "around: renamed, one store, 1 faults",
        "P2",
        missed_by="around: renamed, with a generated passphrase, 1 faults",
    ),
    Defect(
        "only the owner of a document asks about its passphrase",
        _REMOVAL,
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        "around: going on and targets, 1 faults",
        "P2",
        missed_by="around: a generated passphrase is made again, 1 faults",
    ),
    Defect(
        "only the owner of a document asks about its passphrase, after a run that was cut short",
        _REMOVAL,
        "asks = not force.recorded and (opening.passphrase_goes or _is_last(claim, store, held, force))",
        "asks = not force.recorded and _is_last(claim, store, held, force)",
        _GENERATED,
        "P2",
        needs=(UNSAVED, _WRITE_LOST, "a late write takes effect"),
    ),
    Defect(
        "a key of an older version can never go",
        _KEY,
        "passphrase_goes=_passphrase_goes(olds) and not is_guarded",
        "passphrase_goes=_passphrase_goes(olds)",
        "around: a state of an older version, 1 faults",
        "P4",
        missed_by=_GENERATED,
    ),
    Defect(
        "a refresh passes over a store that can't be read",
        _INSPECTION,
        "wrong.append(str(error))",
        "pass",
        "around: the store is emptied, 1 faults",
        "P4",
        needs=("read: fails",),
    ),
    Defect(
        "a refresh is content with any key that is served",
        _INSPECTION,
        "self.served.is_valid and self.served.fingerprint == fingerprint and self.key_ring",
        "self.served.is_valid and self.key_ring",
        _ROTATE_STACK,
        "P4",
        needs=("a late publication takes effect",),
    ),
    Defect(
        "a refusal takes back the mark of an offer",
        _REGISTRATION,
        _PUBLISHES,
        f"        try:\n    {_PUBLISHES}\n        except GraphError:\n"
        "            self.rings.write(ring)\n            raise",
        _ODD_PUBLICATIONS,
        "P",
        also=((_REGISTRATION, _MARKS, f"        ring = self.rings.ring\n{_MARKS}"),),
        needs=("publish: refused", f"publish: {FAILS_AFTER}"),
    ),
    Defect(
        "a publication that is not seen counts as done",
        _REGISTRATION,
        _RAISES,
        _RETURNS_AS_IF_SERVED,
        _TWO_HOURS,
        "P4",
        also=((_NEXT_STEP, "\nPUBLICATIONS = 3", "\nPUBLICATIONS = 1"),),
        needs=("publish: not seen for a while",),
    ),
    Defect(
        "a publication without effect counts as done",
        _REGISTRATION,
        _RAISES,
        _RETURNS_AS_IF_SERVED,
        _ODD_PUBLICATIONS,
        "P4",
        also=((_NEXT_STEP, "\nPUBLICATIONS = 3", "\nPUBLICATIONS = 1"),),
        needs=("publish: not seen for a while", f"publish: {NO_EFFECT}"),
    ),
    Defect(
        "the owner of a document is looked at once only",
        _REMOVAL,
        "if held.ring is None or not _is_ours(held.ring, claim):",
        "if held.ring is None:",
        "meanwhile: a destroy beside an up, 0 faults",
        "P2",
        also=(
            (
                _REMOVAL,
                "return _deleted(claim, store, held, opening, trail)",
                'return _deleted(claim, store, held, opening, trail) if asks else ""',
            ),
        ),
        missed_by="meanwhile: a destroy beside the first up, 0 faults",
    ),
    Defect(
        "a conflict is taken for a success",
        _RINGS,
        _WRITES,
        f"{_TRIES_TO_WRITE}            except StoreConflictError:\n                return replace(held, ring=ring)",
        _TWO_UPS,
        "P1",
        also=(_importing("StoreConflictError"),),
        needs=("write: conflict",),
    ),
    Defect(
        "a write that failed is tried again over whatever is there",
        _RINGS,
        _WRITES,
        f"{_TRIES_TO_WRITE}"
        "            except StoreUnavailableError:\n"
        "                return store.write(ring, store.read())",
        _ONE_STORE_AND_A_FAULT,
        "P2",
        also=(_importing("StoreUnavailableError"),),
        missed_by=_ONE_STORE,
        needs=("write: fails", _WRITE_LATE),
    ),
    Defect(
        "somebody else's key is looked for before the first publication only",
        _NEXT_STEP,
        _REFUSES,
        _refuses_where("first_publication"),
        _A_STORE_EACH,
        "P5",
        missed_by=_ONE_STORE,
    ),
    Defect(
        "any drift that was recorded lets any key go",
        _FOREIGN_KEY,
        "if served is None or served in ring or served in replaceable:",
        "if served is None or served in ring or replaceable:",
        _OWN_SECRETS,
        "P5",
        missed_by=_A_STORE_EACH,
    ),
    Defect(
        "after a lost answer, any key that is served counts as the stack's own",
        _NEXT_STEP,
        _REFUSES,
        _refuses_where("progress.unconfirmed is None"),
        _A_STORE_EACH_AND_A_FAULT,
        "P5",
        missed_by=_A_STORE_EACH,
        needs=("publish: answer lost after the effect", "publish: answer lost, takes effect late"),
    ),
    Defect(
        "somebody else's key is not looked for while a publication is not seen",
        _NEXT_STEP,
        _REFUSES,
        _refuses_where("not progress.reads"),
        _OWN_SECRETS_AND_A_FAULT,
        "P5",
        missed_by=_OWN_SECRETS,
    ),
    Defect(
        "a doubt about the endpoint counts as its answer",
        _NEXT_STEP,
        "progress.gate in (GateState.SHUT, GateState.WARNED):",
        "progress.gate is GateState.SHUT:",
        "around: a gate, 2 faults",
        "P1",
        needs=("ping: does not hold it",),
    ),
    Defect(
        "the gate is passed by while another key is served",
        _REGISTRATION,
        "self.gate.hold(self.wanted.public_key_pem(self.rings.ring), self.wanted.fingerprint, self.session)",
        "pass",
        "around: a gate, the stack, 2 faults",
        "P1",
    ),
    Defect(
        "what was written while a run waited at the gate is written over",
        _RINGS,
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "meanwhile: two ups of one state, one at the gate, 0 faults",
        "P1",
    ),
    Defect(
        "of two who write at one moment the first one's keys are dropped",
        _RING,
        "joined = union([ours, theirs]) or ours",
        "return theirs",
        "meanwhile: two ups of one state, no compare-and-set, 0 faults",
        "P1",
        needs=("write: conflict, and the keys of both are kept",),
    ),
    Defect(
        "a deletion that took more than was read leaves it deleted",
        _RINGS,
        "        store.restore()\n",
        "        pass\n",
        "meanwhile: a destroy beside an up, no compare-and-set, 1 faults",
        "P2",
    ),
    Defect(
        "a conflict is taken for a write where there is no compare-and-set",
        _RINGS,
        "self._write(s, written, held)) for",
        "self._write(s, written, s.read())) for",
        "two at once, 2 rounds: one stack, two machines, no compare-and-set, 0 faults",
        "P1",
    ),
)

NO_DEFECT = {
    "4 moves: the stack, forced, 0 faults": (
        "without a fault, force shows in a destroy only, which may lose everything; what follows is what follows a "
        "foreign key in 4 moves of the stack. With a fault, the search of 3 moves has a defect"
    ),
}
"""Searches that no defect names, each with the reason."""

NOT_NEEDED = {
    GOES_DOWN: "what a run leaves that ends before a call is what it leaves where that call fails",
    "get: stale": "how a publication that is not seen for a while shows, and that one is needed",
    "restore: fails": "the document stays soft-deleted; no ring holds what Meta serves then, so staging refuses (P5)",
    "delete: fails": "nothing is deleted, and the resource stays in the state, as before the destroy",
    "delete: conflict": "nothing is deleted, and the resource stays in the state, as before the destroy",
    "delete: deletes what somebody else wrote, and the process goes down": (
        "it leaves a document that is soft-deleted, as a destroy that ends well does, and that has to be restored alike"
    ),
    "a late write is refused: the store holds another version": "nothing changes, as if the write had failed",
}
"""Outcomes that no defect needs, each with the reason."""
