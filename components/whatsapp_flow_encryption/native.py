"""The components of the native package: what the plugin makes where a program in any language asks for one.

The resources under them are the native ones. An alias makes a native resource out of each that a Python program made.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
from pulumi.provider import ConstructResult

from whatsapp_flow_encryption.flow_encryption import SHORTEST, FlowEncryption, GeneratedPassphrase
from whatsapp_flow_encryption.resources import Kinds
from whatsapp_flow_keys.native.kinds import KINDS
from whatsapp_flow_keys.native.names import dynamic_token, token
from whatsapp_flow_keys.native.types_of import text, texts_of
from whatsapp_flow_keys.native.version import VERSION
from whatsapp_flow_keys.resources.properties import RegistrationInputs
from whatsapp_flow_keys.resources.schema import Properties, camel, prop
from whatsapp_flow_keys.stores.urls import STACK


class _Native(pulumi.CustomResource):
    """A resource of the plugin, with the names of the rules for a Python program."""

    name: str

    def __init__(
        self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **given: pulumi.Input[Any] | None
    ) -> None:
        state = KINDS[self.name].rules.state
        own = pulumi.ResourceOptions(version=VERSION, aliases=[pulumi.Alias(type_=dynamic_token(self.name))])
        outputs = dict.fromkeys(state.traits())
        super().__init__(token(self.name), resource_name, {**outputs, **given}, pulumi.ResourceOptions.merge(own, opts))

    def translate_input_property(self, prop: str) -> str:
        """Of the rules, for the engine."""
        name: str = camel(prop)
        return name

    def translate_output_property(self, prop: str) -> str:
        """Of the engine, for the rules."""
        return _BY_CAMEL.get(prop, prop)


_BY_CAMEL: dict[str, str] = {camel(name): name for kind in KINDS.values() for name in kind.rules.state.traits()}


class _Key(_Native):
    name = "EncryptionKey"


class _Ring(_Native):
    name = "KeyRing"


class _Stored(_Native):
    name = "StoredKeyRing"


class _Registration(_Native):
    name = "KeyRegistration"


_NATIVE = Kinds(_Key, _Ring, _Stored, _Registration)  # type: ignore[arg-type]  # they have the same attributes


@dataclass(frozen=True, kw_only=True)
class FlowEncryptionInputs(Properties):
    """Of a FlowEncryption."""

    phone_number_id: str = prop("Meta's ID of the number: digits. Not the phone number itself", required=True)
    registrar: str | None = prop(
        "URL of who takes the public key to Meta: `meta`, which is its Graph API, by default, or `awssocial://…`"
    )
    store: str | None = prop("URL of the store where the private keys live; the stack's own secrets by default")
    backups: tuple[str, ...] | None = prop("URLs of further stores that hold every key, too")
    custody: str | None = prop(
        "URL of the key service that makes and holds the private keys; by default they lie in the store, as PEMs"
    )
    passphrase: str | None = prop("Encrypts the keys in the store, so that the store alone opens no form", secret=True)
    generate_passphrase: bool | None = prop("Whether to make a passphrase, which the stack keeps as a secret")
    passphrase_length: int | None = prop(
        f"Length of the generated passphrase, in letters and digits; default and minimum {SHORTEST}"
    )
    rotate_after_days: int | None = prop(
        "After how many days a rotation is due, 1 to 3650; the next `pulumi up` does it"
    )
    rotation_trigger: str | None = prop("Any string; a new one rotates")
    endpoint_url: str | None = prop(
        "The live endpoint. A rotation publishes once it holds the new key and the one that Meta serves. Not with "
        "`register: false` or the stack as the store: give it to the FlowRegistration"
    )
    endpoint_wait: float | None = prop("How many seconds that may take, 0 to 3600; 60 by default")
    existing_private_key: str | None = prop(
        "A PEM: adopts the key that Meta serves already. Remove it once an `up` has adopted it", secret=True
    )
    existing_passphrase: str | None = prop("Opens that PEM, if it is encrypted", secret=True)
    take_over: str | None = prop("The fingerprint of somebody else's key that may be published over")
    force_destroy: bool | None = prop(
        "Lets a destroy delete a key that Meta still serves, once an `up` has recorded it"
    )
    register: bool | None = prop(
        "False only stages the key, for a FlowRegistration that publishes it after what was deployed with it; true by "
        "default"
    )


@dataclass(frozen=True, kw_only=True)
class FlowEncryptionOutputs(Properties):
    """Of a FlowEncryption."""

    phone_number_id: str = prop("Meta's ID of the number")
    fingerprint: str = prop(
        "Fingerprint of the newest key, even if it isn't published yet: SHA-256 of the public key's SPKI DER, "
        "lower-case hex"
    )
    live_fingerprint: str | None = prop("Of the key that Meta serves, once its registration is verified")
    public_key_pem: str = prop("The newest public key: SPKI PEM")
    issued_on: str = prop("UTC date of the newest key")
    rotates_on: str | None = prop("UTC date from which the next `pulumi up` rotates; none without rotateAfterDays")
    signature_status: str | None = prop("Meta's status of the registered key: VALID once it is registered")
    private_keys: str | None = prop("PEM bundle of every key that is a PEM; none where a store holds them", secret=True)
    endpoint_env: dict[str, str] = prop(  # noqa: RUF009 - a field, as the others
        "The endpoint's environment variables. Known after the key is published; with `register: false`, before",
        secret=True,
    )
    secret_id: str | None = prop("The document's name in the words of its service; none with the stack as the store")
    settings: str = prop("For a FlowRegistration, with `register: false`; else empty", secret=True)
    staged: str = prop("For a FlowRegistration, with `register: false`: the staged key; else empty", secret=True)


@dataclass(frozen=True, kw_only=True)
class FlowRegistrationInputs(Properties):
    """Of a FlowRegistration."""

    settings: str = prop("The output of that name of the FlowEncryption, which has `register: false`", required=True)
    staged: str = prop("The output of that name of the FlowEncryption", required=True)
    deployed: tuple[str, ...] | None = prop(
        "One output, such as the ID, of each resource that must have the new key before it is published. A literal "
        "waits for nothing. Required unless endpointUrl is given"
    )
    endpoint_url: str | None = prop(
        "The live endpoint. A rotation publishes once it holds the new key and the one that Meta serves"
    )
    endpoint_wait: float | None = prop("How many seconds that may take, 0 to 3600; 60 by default")


@dataclass(frozen=True, kw_only=True)
class FlowRegistrationOutputs(Properties):
    """Of a FlowRegistration."""

    live_fingerprint: str | None = prop("Of the key that Meta serves, once its registration is verified")
    signature_status: str | None = prop("Meta's status of the registered key: VALID once it is registered")


class NativeFlowEncryption(FlowEncryption):
    """A FlowEncryption of native resources.

    Args:
        resource_name: its name.
        register: whether it registers the key itself.
        given: see :class:`FlowEncryption`.
    """

    _kinds = _NATIVE

    settings: pulumi.Output[str]
    """Secret: what its program gave, for a registration that comes later. Empty where it registers its key itself."""
    staged: pulumi.Output[str]
    """Secret: the staged key, for that registration; empty as the settings are."""

    def __init__(self, resource_name: str, *, register: bool = True, **given: Any) -> None:
        self._registers = register
        self.settings = self.staged = pulumi.Output.from_input("")
        super().__init__(resource_name, **given)

    def _register(self, resource_name: str, opts: pulumi.ResourceOptions, **given: Any) -> Any:
        if self._registers:
            if given["store"] == STACK and given["endpoint_url"] is not None:
                raise pulumi.RunError(
                    f"FlowEncryption {resource_name!r}: endpointUrl: with the stack as the store nothing can deploy "
                    f"the new key before this component is done, so the endpoint would never hold it. Give "
                    f"`register: false` and a FlowRegistration, or another store"
                )
            registered_later = _under(self, "FlowRegistration", "KeyRegistration")
            return super()._register(resource_name, pulumi.ResourceOptions.merge(opts, registered_later), **given)
        refused = [name for name in ("endpoint_url", "endpoint_wait") if given[name] is not None]
        if refused:
            raise pulumi.RunError(
                f"FlowEncryption {resource_name!r}: {camel(refused[0])}: give it to the FlowRegistration, since with "
                f"`register: false` nothing is published here"
            )
        self.settings = _as_json({name: given[name] for name in given if name in _SETTINGS})
        self.staged = _as_json({name: given[name] for name in given if name in _STAGED})
        return None


class NativeFlowRegistration(pulumi.ComponentResource):
    """The registration alone, for programs that deploy between staging and publishing.

    Args:
        resource_name: that of the FlowEncryption, so that one which registered itself may come over.
        settings: see :class:`NativeFlowEncryption`. None, as ``staged``, where what gives it has failed.
        staged: see :class:`NativeFlowEncryption`.
        deployed: outputs of what must hold the key before it is published.
        endpoint_url: see :class:`FlowEncryption`.
        endpoint_wait: see :class:`FlowEncryption`.
        opts: its options.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        settings: pulumi.Input[str] | None = None,
        staged: pulumi.Input[str] | None = None,
        deployed: pulumi.Input[Sequence[str]] | None = None,
        endpoint_url: pulumi.Input[str] | None = None,
        endpoint_wait: pulumi.Input[float] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if endpoint_url is None and (deployed is None or deployed == []):
            raise pulumi.RunError(
                f"FlowRegistration {resource_name!r}: deployed: give an output, such as the ID, of each resource that "
                f"must hold the key before it is published, or endpointUrl"
            )
        super().__init__(token("FlowRegistration"), resource_name, None, opts)
        refusal = f"FlowRegistration {resource_name!r}: settings: give those of a FlowEncryption with `register: false`"
        given = {**_from_json(settings, _SETTINGS, refusal), **_from_json(staged, _STAGED, refusal)}
        registration: Any = _Registration(
            resource_name,
            pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
                _under(self, "FlowEncryption", "KeyRegistration"),
            ),
            **given,
            endpoint_url=endpoint_url,
            endpoint_wait=endpoint_wait,
            deployed=None if deployed is None else pulumi.Output.from_input(deployed).apply(bool),
        )
        self.live_fingerprint = registration.proven_fingerprint
        self.signature_status = registration.signature_status
        self.register_outputs({})


def _under(component: pulumi.Resource, other: str, kind: str) -> pulumi.ResourceOptions:
    """Takes over what lay under the component of this other kind, and of the same name."""

    def of_other(urn: str) -> str:
        *namespace, types, name = urn.split("::")
        return "::".join([*namespace, types.rpartition(":")[0] + f":{other}", name])

    parent = component.urn.apply(of_other)
    former = [pulumi.Alias(type_=type_, parent=parent) for type_ in (token(kind), dynamic_token(kind))]
    return pulumi.ResourceOptions(aliases=former)


_STAGED = ("key_id", "fingerprint", "locations", "custodies", "former_passphrases", "ring", "passphrase", "take_over")
"""What a registration is given that a preview may not know; the rest says whose it is."""
_SETTINGS = tuple(
    name
    for name in RegistrationInputs.traits()
    if name not in (*_STAGED, "endpoint_url", "endpoint_wait", "deployed", "signature_status", "key_ring")
)
"""What it is given besides."""


def _as_json(values: Mapping[str, pulumi.Input[Any]]) -> pulumi.Output[str]:
    together: pulumi.Output[dict[str, Any]] = pulumi.Output.all(**values)
    return pulumi.Output.secret(together.apply(json.dumps))


def _from_json(text: pulumi.Input[str] | None, names: tuple[str, ...], refusal: str) -> dict[str, pulumi.Output[Any]]:
    """Each of the values, secret where its property is; none where there is no text. Of an empty one there is the
    refusal."""
    if text is None:
        return {}

    def as_given(known: str) -> Any:
        if not known:
            raise pulumi.RunError(refusal)
        return json.loads(known)

    read: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(text).apply(as_given)
    secrets = RegistrationInputs.names("secret")

    def value(name: str) -> pulumi.Output[Any]:
        found: pulumi.Output[Any] = read.apply(lambda values: values.get(name))
        return found if name in secrets else pulumi.Output.unsecret(found)

    return {name: value(name) for name in names}


class Component(NamedTuple):
    """A component of the package.

    Args:
        about: what it is.
        inputs: what its program gives.
        outputs: what it has then.
        plain: inputs that decide which resources there are, so that no resource's output can give them.
        make: makes it.
    """

    about: str
    inputs: type[Properties]
    outputs: type[Properties]
    plain: tuple[str, ...]
    make: Callable[..., pulumi.ComponentResource]


def _flow_encryption(
    name: str, *, generate_passphrase: bool = False, passphrase_length: float | None = None, **given: Any
) -> NativeFlowEncryption:
    if "phone_number_id" not in given:
        raise pulumi.RunError(f"FlowEncryption {name!r}: phoneNumberId: is missing")
    if not generate_passphrase:
        if passphrase_length is not None:
            raise pulumi.RunError(f"FlowEncryption {name!r}: passphraseLength: has no use without generatePassphrase")
        return NativeFlowEncryption(name, **given)
    if given.get("passphrase") is not None:
        raise pulumi.RunError(f"FlowEncryption {name!r}: give either passphrase or generatePassphrase")
    length: Any = SHORTEST if passphrase_length is None else passphrase_length
    if isinstance(length, float) and length.is_integer():  # as every number arrives
        length = int(length)
    return NativeFlowEncryption(name, **{**given, "passphrase": GeneratedPassphrase(length)})


COMPONENTS = {
    "FlowEncryption": Component(
        "The encryption key of one phone number: made, kept in a store, registered with Meta. A new `rotationTrigger` "
        "rotates it.",
        FlowEncryptionInputs,
        FlowEncryptionOutputs,
        ("store", "generate_passphrase", "passphrase_length", "register"),
        _flow_encryption,
    ),
    "FlowRegistration": Component(
        "Publishes the key of a FlowEncryption that has `register: false`, after the resources whose outputs are in "
        "`deployed`.",
        FlowRegistrationInputs,
        FlowRegistrationOutputs,
        (),
        NativeFlowRegistration,
    ),
}


def construct(
    type_token: str, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None
) -> ConstructResult:
    """Makes a component where the plugin is asked to, with the inputs by their names on the wire."""
    component = COMPONENTS[type_token.rsplit(":", 1)[-1]]
    known = {camel(each): each for each in component.inputs.traits()}
    if unknown := inputs.keys() - known.keys():
        raise pulumi.RunError(
            f"{name!r}: {', '.join(sorted(unknown))}: there is no such property; known are {', '.join(sorted(known))}"
        )
    strings = texts_of(component.inputs)
    given = {known[each]: value for each, value in inputs.items()}
    texts = {each: _text(value) if each in strings else value for each, value in given.items()}
    made = component.make(name, **texts, opts=options)
    outputs = {each: getattr(made, each) for each in component.outputs.traits()}
    return ConstructResult(made.urn, {camel(each): value for each, value in outputs.items() if value is not None})


def _text(value: Any) -> Any:
    return value.apply(text) if isinstance(value, pulumi.Output) else text(value)
