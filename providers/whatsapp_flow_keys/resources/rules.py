"""What the rules of a resource are: six functions of typed values, which a front end calls."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.importing import Place
from whatsapp_flow_keys.resources.properties import OfNumber
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import UNKNOWN, Props
from whatsapp_flow_keys.ring import KeyRing

_I = TypeVar("_I", bound=OfNumber)
_S = TypeVar("_S", bound=OfNumber)


@dataclass(frozen=True)
class Checked(Generic[_I]):
    """What a check found: the inputs as they are recorded, and a sentence for each that can't be used."""

    inputs: _I
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What a diff found.

    Args:
        replaces: the properties that ask for a new resource.
        updates: those that an update records.
        why: a line for a person who reads the preview.
        kept: outputs that an update leaves as they are, which the engine calls unknown in a preview.
    """

    replaces: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    why: str | None = None
    kept: Props = field(default_factory=dict)


@dataclass(frozen=True)
class Created(Generic[_S]):
    """A new resource."""

    id: str
    state: _S


@dataclass(frozen=True)
class Updated(Generic[_S]):
    """A resource after an update. ``concealed``: properties that are secret beside those that always are."""

    state: _S
    concealed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refreshed(Generic[_S]):
    """What a refresh found. ``inputs``, where some were found to be others than the recorded ones."""

    state: _S
    inputs: OfNumber | None = None


@dataclass(frozen=True)
class Found(Generic[_S]):
    """A resource that is there and that nothing recorded yet."""

    id: str
    inputs: OfNumber
    state: _S


class Rules(Generic[_I, _S]):
    """The rules of one resource. Check and diff only ask; what they are given may hold unknown values.

    Each raises :class:`FlowKeysError` where it refuses.
    """

    inputs: ClassVar[type[Any]]
    state: ClassVar[type[Any]]

    def check(self, olds: _I | None, news: _I, context: Context) -> Checked[_I]:
        """Validates. ``olds``: the recorded inputs; None where there are none."""
        raise NotImplementedError

    def diff(self, olds: _S, news: _I, context: Context) -> Difference:
        """Another number is another resource; all else is recorded in place."""
        del context
        return Difference(news.differing(news.names("replaces"), olds), news.differing(news.names("in_place"), olds))

    def is_outdated(self, olds: _S) -> bool:
        """Whether an older version recorded less than an update would now, though nothing else asks for one."""
        del olds
        return False

    def foresee(self, news: _I, kept: Props) -> _S:
        """The state that a create or an update would come to, as far as a preview knows it. ``kept``: as in
        :class:`Difference`."""
        outputs = self.state.traits().keys() - self.inputs.traits().keys()
        foreseen: _S = self.state.recording(news, **{**dict.fromkeys(outputs, UNKNOWN), **kept})
        return foreseen

    def create(self, news: _I, context: Context) -> Created[_S]:
        """Makes it."""
        raise NotImplementedError

    def update(self, id_: str, olds: _S, news: _I, context: Context) -> Updated[_S]:
        """Brings it in line with its inputs."""
        raise NotImplementedError

    def read(self, olds: _S, context: Context) -> Refreshed[_S]:
        """Most have no drift of their own: the registration looks at both sides."""
        del context
        return Refreshed(olds)

    def find(self, place: Place, ring: KeyRing, context: Context) -> Found[_S]:
        """The resource that nothing recorded yet, of what the store holds."""
        del place, ring, context
        raise InputError("id: a resource of this kind can't be imported")

    def delete(self, id_: str, olds: _S, context: Context) -> None:
        """Deletes what it stands for, if that may go."""
        raise NotImplementedError

    def expect(self, phone_number_id: str, run: Run) -> None:
        """Notes that the program has a resource of this number."""

    def note_recorded(self, id_: str, olds: _S, found: Difference, run: Run) -> None:
        """Notes that the state records this resource, and what its diff found."""
