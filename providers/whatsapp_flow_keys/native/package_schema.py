"""The package's schema, from which the SDKs of Pulumi's languages are generated.

All that is said of a property is at its field in :mod:`whatsapp_flow_keys.resources.properties`.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, get_args, get_origin

from whatsapp_flow_keys.native.configuration import Configuration
from whatsapp_flow_keys.native.functions import FUNCTIONS
from whatsapp_flow_keys.native.kinds import KINDS
from whatsapp_flow_keys.native.names import PACKAGE, dynamic_token, token
from whatsapp_flow_keys.native.types_of import may_be_none, types_of
from whatsapp_flow_keys.native.version import REPOSITORY, VERSION
from whatsapp_flow_keys.resources.schema import Properties, Traits, camel

COMPONENTS = "whatsapp_flow_encryption.native"
"""The module that has them; it is composed of this package's resources."""
_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def package_schema() -> dict[str, Any]:
    """The schema, as Pulumi's package schema has it."""
    components = import_module(COMPONENTS).COMPONENTS
    return {
        "name": PACKAGE,
        "displayName": "WhatsApp Flows encryption",
        "version": VERSION,
        "description": "The encryption key of WhatsApp Flows: made, registered with Meta, rotated",
        "keywords": ["pulumi", "whatsapp", "category/utility", "kind/native"],
        "license": "Apache-2.0",
        "publisher": "whatsapp-flow-encryption",
        **published_at(REPOSITORY),
        "meta": {"moduleFormat": "(.*)"},
        "config": {"variables": _properties(Configuration)},
        "provider": {
            "description": "The credentials of one WhatsApp Business account.",
            "inputProperties": _properties(Configuration),
        },
        "resources": {
            **{token(name): _resource(name) for name in KINDS},
            **{token(name): _component(each) for name, each in components.items()},
        },
        "functions": {
            name: {
                "description": each.about,
                "inputs": _object(each.inputs),
                "outputs": _object(each.outputs),
            }
            for name, each in FUNCTIONS.items()
        },
        "language": {
            "nodejs": {"respectSchemaVersion": True, "packageName": "pulumi-whatsapp"},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
            "go": {"respectSchemaVersion": True},
            "csharp": {"respectSchemaVersion": True},
        },
    }


def published_at(repository: str | None) -> dict[str, str]:
    """Where the package is, and where Pulumi finds the plugin's archives: with GitHub's releases, if it is there."""
    if repository is None:
        return {}
    _, github, path = repository.partition("https://github.com/")
    downloads = {"pluginDownloadURL": f"github://api.github.com/{path}"} if github else {}
    return {"repository": repository, **downloads}


def _resource(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    inputs, state = kind.rules.inputs, kind.rules.state
    return {
        "description": kind.about,
        "properties": _properties(state),
        "required": [camel(each) for each in _always_there(state)],
        "inputProperties": _given(inputs),
        "requiredInputs": [camel(each) for each in inputs.names("required")],
        "aliases": [{"type": dynamic_token(name)}],
    }


def _component(component: Any) -> dict[str, Any]:
    return {
        "isComponent": True,
        "description": component.about,
        "properties": _properties(component.outputs),
        "required": [camel(each) for each in _always_there(component.outputs)],
        "inputProperties": _properties(component.inputs, component.plain),
        "requiredInputs": [camel(each) for each in component.inputs.names("required")],
    }


def _object(properties: type[Properties]) -> dict[str, Any]:
    return {"properties": _properties(properties), "required": [camel(each) for each in properties.names("required")]}


def _properties(of: type[Properties], plain: Iterable[str] = ()) -> dict[str, Any]:
    known = types_of(of)
    return {camel(name): _property(known[name], traits, name in plain) for name, traits in of.traits().items()}


def _given(inputs: type[Properties]) -> dict[str, Any]:
    """What a program gives; the state holds the others, too."""
    found = {camel(name) for name in inputs.names("found")}
    return {name: each for name, each in _properties(inputs).items() if name not in found}


def _property(known: Any, traits: Traits, is_plain: bool) -> dict[str, Any]:
    found = {**_type(known), "description": f"{traits.about}."}
    if is_plain:
        found["plain"] = True
    if traits.secret:
        found["secret"] = True
    if traits.replaces:
        found["willReplaceOnChanges"] = True
    return found


def _type(known: Any) -> dict[str, Any]:
    if get_origin(known) is tuple:
        return {"type": "array", "items": _type(get_args(known)[0])}
    if get_origin(known) is dict:
        return {"type": "object", "additionalProperties": _type(get_args(known)[1])}
    return {"type": _NAMES[known]}


def _always_there(of: type[Properties]) -> list[str]:
    """What every state that this version records has: neither None nor, where it equals its default, left out."""
    fields = of.__dataclass_fields__
    return [
        name
        for name, traits in of.traits().items()
        if traits.always or (traits.recorded and fields[name].default is None and not may_be_none(of, name))
    ]
