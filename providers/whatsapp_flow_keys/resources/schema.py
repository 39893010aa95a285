"""Properties of resources as typed fields. What is true of a property is written at its field, once."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from whatsapp_flow_keys.errors import InputError

Props = dict[str, Any]
"""Properties as an engine gives them: plain values by name."""


class Unknown:
    """The type of :data:`UNKNOWN`."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()
"""Stands where a preview doesn't know a value yet. A field of any type may hold it in a check and in a diff."""


@functools.cache
def camel(name: str) -> str:
    """``phone_number_id`` as ``phoneNumberId``."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def is_known(value: object) -> bool:
    """False where a preview does not know the value, or a part of it, yet."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(is_known(item) for item in value)
    return value is not UNKNOWN


@dataclass(frozen=True)
class Traits:
    """What is true of a property.

    Args:
        about: what it is, for a person who reads the schema.
        required: every program gives it, so it is missing only where the resource that it comes from has failed.
        secret: each result marks it, so that the state encrypts it also where a transform took
            ``additional_secret_outputs`` away.
        replaces: a new value asks for a new resource.
        in_place: a new value is recorded by an update.
        recorded: whether the state holds it, too.
        hidden: a preview doesn't show how it changes.
        found: the check, or a refresh, sets it; no program gives it.
        always: every state has it but those of older versions.
        parse: checks a known value, given with the property's name, and returns it as it is recorded. Raises
            InputError.
    """

    about: str
    required: bool = False
    secret: bool = False
    replaces: bool = False
    in_place: bool = False
    recorded: bool = True
    hidden: bool = False
    found: bool = False
    always: bool = False
    parse: Callable[[Any, str], Any] | None = None


def prop(about: str, default: Any = None, **traits: Any) -> Any:
    """A field of :class:`Properties`. A ``repr`` shows no secret.

    Args:
        about: what the property is.
        default: its value where none is given; it is neither recorded nor shown.
        traits: see :class:`Traits`.
    """
    given = Traits(about, **traits)
    return field(default=default, repr=not given.secret, metadata={"traits": given})


_P = TypeVar("_P", bound="Properties")


@dataclass(frozen=True, kw_only=True)
class Properties:
    """The inputs, or the recorded state, of a resource. Lists are tuples here."""

    @classmethod
    def from_props(cls: type[_P], props: Mapping[str, Any]) -> _P:
        """The properties that this class has. Others, such as the engine's own, are left out.

        A state knows them by these names or in camelCase: by those of the front end that recorded it.
        """
        given = {name: _immutable(props[name] if name in props else props.get(camel(name))) for name in cls.traits()}
        return cls(**{name: value for name, value in given.items() if value is not None})

    def to_props(self) -> Props:
        """Those that have another value than their default, in plain types."""
        values = ((each.name, getattr(self, each.name), each.default) for each in fields(self))
        return {name: _plain(value) for name, value, default in values if value != default}

    @classmethod
    def traits(cls) -> dict[str, Traits]:
        """The traits of each property."""
        return _traits(cls)  # type: ignore[arg-type]  # mypy takes the hash of objects for that of the class

    @classmethod
    def names(cls, trait: str) -> tuple[str, ...]:
        """The properties that have a trait."""
        return tuple(name for name, traits in cls.traits().items() if getattr(traits, trait))

    @classmethod
    def recording(cls: type[_P], inputs: "Properties", **outputs: Any) -> _P:
        """What records ``inputs``, as far as this class has them, with ``outputs`` beside them or in their place."""
        recorded = [name for name, traits in inputs.traits().items() if traits.recorded and name in cls.traits()]
        return cls(**{**{name: getattr(inputs, name) for name in recorded}, **outputs})

    def missing(self) -> tuple[str, ...]:
        """The properties that should have a value, and have none. What a preview doesn't know yet is not missing."""
        return tuple(name for name in self.names("required") if getattr(self, name) is None)

    def is_known(self) -> bool:
        """False where a preview does not know all of them yet."""
        return all(is_known(getattr(self, name)) for name in self.traits())

    def differing(self, names: Iterable[str], recorded: "Properties") -> tuple[str, ...]:
        """Those of ``names`` whose values differ from the recorded ones."""
        return tuple(name for name in names if getattr(self, name) != getattr(recorded, name))

    def parsed(self: _P) -> tuple[_P, list[str]]:
        """With the values as they are recorded, and sentences about those that can't be used, which name the field."""
        values, failures = {}, []
        for name, traits in self.traits().items():
            value = values[name] = getattr(self, name)
            if traits.parse is None or value is None or not is_known(value):
                continue
            try:
                values[name] = traits.parse(value, name)
            except InputError as error:
                failures.append(str(error))
        return type(self)(**values), failures


@functools.cache
def _traits(cls: type[Properties]) -> dict[str, Traits]:
    return {each.name: each.metadata["traits"] for each in fields(cls)}


def _immutable(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_immutable(item) for item in value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
