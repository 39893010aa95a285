"""What a person writes and types: the program of a stack, and the commands."""

from typing import NamedTuple

from tests.model.component import PASSPHRASE, Arguments, Asked, asked_for
from tests.model.ports import JOINS, KEYS_SCHEME, SOFT

KEY, RING, STORED, REGISTRATION = "EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration"
KINDS = (PASSPHRASE, KEY, RING, STORED, REGISTRATION)
"""In the order of what needs what."""
STACK = "stack"
LINE = "line"


class Program(NamedTuple):
    """A person's program: a FlowEncryption for each of ``names``, with the same arguments.

    ``store`` and ``backups`` are URLs of model stores, or ``stack``. ``aliased``: a FlowEncryption that was renamed has
    an alias. ``deletes_first``: a transform asks for it; ``retained``: kinds that are forgotten instead of deleted (by
    retain_on_delete, or in a destroy by deleted_with). ``process``: the provider, which is a process of its own.
    ``slot``: which state it works on, where that isn't its own. ``older``: run by a version without StoredKeyRing.
    ``gate``: the endpoint has to hold a new key before it is published. ``custody``: the URL of a key service, `ring`,
    or None.

    ``before`` is the store and the backups of the step of a move before this one; ``words`` are the passphrases that
    the person ever gave, and knows; ``forced``: the person once replaced a resource by force, which shows the provider
    nothing of the state, or named a number twice: then an interrupted run can lose a key that was never offered.
    ``given``: the key made by hand is an argument; ``given_up``: it was adopted, and the person has deleted every other
    copy."""

    store: str = STACK
    backups: tuple[str, ...] = ()
    managed_by: str = "org/flows/prod"
    trigger: str = "a"
    passphrase: str | None = None
    take_over: str | None = None
    force_destroy: bool = False
    before: tuple[str, tuple[str, ...]] | None = None
    words: tuple[str, ...] = ()
    forced: bool = False
    given: bool = False
    given_up: bool = False
    generated: bool = False
    names: tuple[str, ...] = (LINE,)
    aliased: bool = False
    deletes_first: bool = False
    retained: frozenset[str] = frozenset()
    process: int = 0
    slot: int | None = None
    older: bool = False
    gate: bool = False
    custody: str | None = None

    def urls(self) -> tuple[str, ...]:
        """The stores that it names, without the stack: the store's own first."""
        return tuple(url for url in (self.store, *self.backups) if url != STACK)

    def places(self) -> tuple[int, ...]:
        """Their numbers."""
        return tuple(map(place_of, self.urls()))

    def asks_for(self) -> tuple[Asked, ...]:
        """The resources of one FlowEncryption, as the component registers them."""
        passphrase, generated = (None, True) if self.generated else (self.passphrase, False)
        asked = asked_for(
            Arguments(
                self.store,
                self.backups,
                self.trigger,
                passphrase,
                generated,
                self.take_over,
                self.force_destroy,
                self.given,
                self.gate,
                self.custody,
            )
        )
        return tuple(_of_before(each) for each in asked if each.kind != STORED) if self.older else asked


def _of_before(asked: Asked) -> Asked:
    inputs = tuple(given for given in asked.inputs if given[0] != "stored_ring")
    return asked._replace(inputs=inputs, needs=asked.needs - {STORED})


class Command(NamedTuple):
    """What a person types. ``replace``: kinds that are replaced by force; ``only`` and ``but``: the kinds or names that
    are targeted or excluded; ``goes_on``: --continue-on-error.

    ``due_last``: a refresh compares what is due to be deleted after what is alive, or before; both happen."""

    verb: str
    refresh: bool = False
    replace: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    goes_on: bool = False
    but: frozenset[str] = frozenset()
    due_last: bool = False

    def reaches(self, kind: str, name: str) -> bool:
        """Whether the resource is among the targets."""
        return not self.but & {kind, name} and (not self.only or bool(self.only & {kind, name}))


UP, UP_REFRESH, REFRESH, DESTROY = Command("up"), Command("up", refresh=True), Command("refresh"), Command("destroy")


SERVICE, IN_RING = f"{KEYS_SCHEME}:0", "ring"
"""The custodies of a program."""


def place_of(url: str) -> int:
    """The number of a model store."""
    return int(url.split(":")[1])


def store_url(place: int, *, soft: bool = False, joins: bool = False) -> str:
    """The URL of a model store. ``soft``: with soft deletion; ``joins``: it also has no compare-and-set."""
    return ":".join(["model", str(place), *([SOFT] if soft or joins else []), *([JOINS] if joins else [])])


FILE, OTHER_FILE, CLOUD = store_url(0), store_url(1), store_url(0, soft=True)
JOINING = store_url(0, joins=True)  # as Azure Key Vault
