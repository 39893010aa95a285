"""The component that people compose: one phone number's encryption key, from generation to registration.

The order is the point: staged in the store, then in place at what ``deploy`` returned, then published at Meta.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pulumi

from whatsapp_flow_encryption.custodies import Custody, custody_url
from whatsapp_flow_encryption.first_up import tell_what_meta_is_asked
from whatsapp_flow_encryption.one_each import refuse_second
from whatsapp_flow_encryption.options import refuse_harmful_options
from whatsapp_flow_encryption.plain_names import refuse_secrets
from whatsapp_flow_encryption.registrars import AwsSocial, registrar_url
from whatsapp_flow_encryption.resources import DYNAMIC, KeyRegistration, KeyRing, StoredKeyRing
from whatsapp_flow_encryption.staged_keys import StagedKeys, listed_resources, staged_keys
from whatsapp_flow_encryption.stores import Store, url_of, urls_of
from whatsapp_flow_keys.registrars.kinds import META
from whatsapp_flow_keys.stores.urls import STACK

Deployed = Iterable[pulumi.Resource] | pulumi.Resource | pulumi.Output[list[pulumi.Resource]]

SHORTEST = 43
"""How many letters and digits hold 256 bits."""
_ASKED_BEFORE_IT_GOES = pulumi.ResourceOptions(retain_on_delete=False)


@dataclass(frozen=True)
class GeneratedPassphrase:
    """Asks for a passphrase made by ``pulumi_random.RandomPassword`` and kept as a secret of the stack.

    It is destroyed with the stack, so `destroy` refuses while Meta serves a key that only this passphrase opens.

    Args:
        length: how many letters and digits. 43 of them hold 256 bits; there can't be fewer.

    Raises:
        pulumi.RunError: the length is smaller, or no whole number.
    """

    length: int = SHORTEST

    def __post_init__(self) -> None:
        if type(self.length) is not int or self.length < SHORTEST:
            raise pulumi.RunError(
                f"GeneratedPassphrase: length: must be a whole number from {SHORTEST} on: a person never types it, and "
                f"whoever has the store can try shorter ones for as long as they like"
            )


class FlowEncryption(pulumi.ComponentResource):
    """The encryption key of one phone number.

    Args:
        resource_name: the name of the component, and of each resource under it.
        phone_number_id: Meta's ID of the number: digits. Not the phone number itself.
        registrar: who takes the public key to Meta: its Graph API by default, or :class:`AwsSocial`, or its URL.
        store: where the private keys live, or its URL; the stack's own secrets by default.
        backups: further stores that hold every key, too.
        custody: who makes and holds the private keys, or its URL; by default they lie in the store, as PEMs.
        passphrase: encrypts the keys in the store, so that the store alone opens no form.
        rotate_after_days: after how many days a rotation is due, 1 to 3650; the next ``pulumi up`` does it.
        rotation_trigger: any string; a new one rotates.
        endpoint_url: the live endpoint. A rotation publishes once it holds the new key and the one that Meta serves.
        endpoint_wait: how many seconds that may take, 0 to 3600; 60 by default.
        deploy: called with the staged keys; returns what must hold the new key before it is live: one resource or more.
            A :class:`SharedDeployment` is for several numbers whose forms one endpoint decrypts.
        existing_private_key: a PEM: adopts the key that Meta serves already. Remove it once an ``up`` has adopted it.
        existing_passphrase: opens that PEM, if it is encrypted.
        take_over: the fingerprint of somebody else's key that may be published over.
        force_destroy: lets a destroy delete a key that Meta still serves, once an ``up`` has recorded it.
        opts: see docs/resource-options.md; options that would lose a key are refused.

    Mistakes in these are failures in the preview, which name the field.
    """

    _kinds = DYNAMIC
    """Of the resources under it."""

    phone_number_id: pulumi.Output[str]
    """Meta's ID of the number."""
    fingerprint: pulumi.Output[str]
    """Of the newest key, also while it is staged only: lower-case hex SHA-256 of the public key's SPKI DER, as
    ``openssl dgst -sha256`` prints it."""
    live_fingerprint: pulumi.Output[str | None]
    """Of the key that Meta serves, once its registration is verified. A program that exports it exports nothing new
    where a registration fails."""
    public_key_pem: pulumi.Output[str]
    """Of the newest key, too: SPKI PEM."""
    issued_on: pulumi.Output[str]
    """UTC date."""
    rotates_on: pulumi.Output[str | None]
    """UTC date from which the next ``pulumi up`` rotates; None without ``rotate_after_days``."""
    signature_status: pulumi.Output[str]
    """Meta's word about the registered key: ``VALID`` once it is registered."""
    private_keys: pulumi.Output[str] | None
    """Secret PEM bundle; None where a store holds the keys."""
    endpoint_env: pulumi.Output[dict[str, str]]
    """Secret environment of the endpoint. It never waits for the registration."""
    secret_id: pulumi.Output[str | None]
    """The document's name in the words of its service: an ARN, a Key Vault identifier, Vault's API path, a file's URL.
    None with the stack as the store."""

    def __init__(
        self,
        resource_name: str,
        *,
        phone_number_id: pulumi.Input[str | int],
        registrar: AwsSocial | pulumi.Input[str] = META,
        store: Store | pulumi.Input[str] = STACK,
        backups: Sequence[Store | pulumi.Input[str]] = (),
        custody: Custody | pulumi.Input[str] | None = None,
        passphrase: pulumi.Input[str] | GeneratedPassphrase | None = None,
        rotate_after_days: pulumi.Input[int] | None = None,
        rotation_trigger: pulumi.Input[str] | None = None,
        endpoint_url: pulumi.Input[str] | None = None,
        endpoint_wait: pulumi.Input[float] | None = None,
        deploy: Callable[[StagedKeys], Deployed] | None = None,
        existing_private_key: pulumi.Input[str] | None = None,
        existing_passphrase: pulumi.Input[str] | None = None,
        take_over: pulumi.Input[str] | None = None,
        force_destroy: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        store_url, backup_urls, held_by = url_of(store), urls_of(backups), custody_url(custody)
        asked_through = registrar_url(registrar)
        is_generated = isinstance(passphrase, GeneratedPassphrase)
        only_copy_in_state = store_url == STACK and not backup_urls
        refuse_harmful_options(resource_name, opts, only_copy_in_state=only_copy_in_state, generated=is_generated)
        super().__init__("whatsapp:flows:FlowEncryption", resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None)
        plain = refuse_secrets(
            resource_name,
            phone_number_id=phone_number_id,
            registrar=asked_through,
            store=store_url,
            backups=backup_urls,
            custody=held_by,
            rotate_after_days=rotate_after_days,
            endpoint_wait=endpoint_wait,
        )
        asked = _after(plain, _as_text(phone_number_id))
        number = asked.apply(lambda known: refuse_second(resource_name, self, known))
        managed_by = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        secret_passphrase = _passphrase(resource_name, passphrase, child)
        endpoint_url, endpoint_wait = _known_together(endpoint_url, endpoint_wait)
        existing_private_key, existing_passphrase = _known_together(existing_private_key, existing_passphrase)

        # What is left out is not in the preview.
        every = {
            "phone_number_id": number,
            "managed_by": managed_by,
            "registrar": None if asked_through == META else asked_through,
            "has_registrar": isinstance(asked_through, pulumi.Output) or None,
            "backups": backup_urls or None,
            "has_backups": isinstance(backup_urls, pulumi.Output) or None,
        }
        forced = None if force_destroy is False else force_destroy
        opened_with = {"passphrase": secret_passphrase, "passphrase_is_generated": is_generated or None}
        key = self._kinds.key(
            resource_name,
            child,
            **every,
            **opened_with,
            store=store_url,
            custody=held_by,
            rotate_after_days=rotate_after_days,
            rotation_trigger=rotation_trigger,
            existing_private_key=_secret(existing_private_key),
            existing_passphrase=_secret(existing_passphrase),
            take_over=take_over,
            force_destroy=forced,
            stored_ring=(store_url != STACK) or None,
        )
        # A parent's retain_on_delete would let a destroy forget the only copy, or all that opens the copies.
        guarded = pulumi.ResourceOptions.merge(child, _ASKED_BEFORE_IT_GOES)
        ring: KeyRing | None = None
        stored: StoredKeyRing | None = None
        if store_url == STACK:
            ring = self._kinds.ring(
                resource_name,
                guarded if only_copy_in_state else child,
                **every,
                key_id=key.id,
                fingerprint=key.fingerprint,
                private_key=key.private_key,
                issued_on=key.issued_on,
                custody=held_by,
                take_over=take_over,
                force_destroy=forced,
            )
        else:
            stored = self._kinds.stored(
                resource_name,
                guarded if is_generated else child,
                **every,
                **opened_with,
                key_id=key.id,
                store=store_url,
                locations=key.locations,
                custodies=None if held_by is None else key.custodies,
                force_destroy=forced,
            )
        # A number without a custody has no such output, and an output without a value is unknown in every preview.
        custodies = None if held_by is None else ring.custodies if ring else key.custodies
        staged = staged_keys(number, key, ring, secret_passphrase, custodies)
        after = pulumi.ResourceOptions(depends_on=_deployed(resource_name, deploy(staged)) if deploy else None)
        after = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=stored))
        registration = self._register(
            resource_name,
            pulumi.ResourceOptions.merge(child, after),
            **every,
            key_id=key.id,
            fingerprint=key.fingerprint,
            store=store_url,
            locations=ring.locations if ring else key.locations,
            custodies=custodies,
            passphrase=secret_passphrase,
            former_passphrases=None if ring else key.former_passphrases,
            ring=ring.ring if ring else None,
            take_over=take_over,
            endpoint_url=endpoint_url,
            endpoint_wait=endpoint_wait,
            deployed=(deploy is not None) or None,
            force_destroy=forced,
            passphrase_is_generated=is_generated or None,
        )
        if existing_private_key is None and registration:
            tell_what_meta_is_asked(registration.id)

        self.phone_number_id = number
        self.fingerprint = key.fingerprint
        nothing: pulumi.Output[Any] = pulumi.Output.from_input(None)
        self.live_fingerprint = registration.proven_fingerprint if registration else nothing
        self.public_key_pem = key.public_key_pem
        self.issued_on = key.issued_on
        self.rotates_on = pulumi.Output.all(key.issued_on, rotate_after_days).apply(lambda both: _rotates_on(*both))
        self.signature_status = registration.signature_status if registration else nothing
        self.private_keys = staged.private_keys
        self.endpoint_env = staged.endpoint_env
        # An output that is None is unknown in every preview.
        self.secret_id = nothing if store_url == STACK else key.secret_id
        self.register_outputs(
            {"fingerprint": self.fingerprint, "issued_on": self.issued_on, "rotates_on": self.rotates_on}
        )

    def _register(
        self, resource_name: str, opts: pulumi.ResourceOptions, **given: pulumi.Input[Any] | None
    ) -> KeyRegistration | None:
        """Publishes the key once all is in place that ``opts`` name."""
        return self._kinds.registration(resource_name, opts, **given)


def _passphrase(
    name: str, passphrase: pulumi.Input[str] | GeneratedPassphrase | None, child: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    if passphrase is None:
        return None
    if isinstance(passphrase, GeneratedPassphrase):
        import pulumi_random  # 30 ms that programs without a generated passphrase don't pay

        return pulumi_random.RandomPassword(name, length=passphrase.length, special=False, opts=child).result
    return _secret(passphrase)


def _deployed(name: str, returned: Any) -> pulumi.Input[Sequence[pulumi.Resource]]:
    """What the registration waits for; of several numbers it is known only once all of them are staged."""
    if isinstance(returned, pulumi.Output):
        return returned
    return listed_resources(f"FlowEncryption {name!r}: deploy", returned)


def _after(checked: pulumi.Output[None], value: pulumi.Output[str]) -> pulumi.Output[str]:
    """``value``, which nothing gets before the check has passed."""
    both: pulumi.Output[list[Any]] = pulumi.Output.all(checked, value)
    return both.apply(lambda values: values[1])


def _known_together(one: Any, other: Any) -> tuple[Any, Any]:
    """Where both are given, neither is known before both are: a check that sees one alone takes the other for left out,
    while it may come from a resource that failed."""
    if one is None or other is None:
        return one, other
    both: pulumi.Output[list[Any]] = pulumi.Output.all(one, other)
    return both.apply(lambda values: values[0]), both.apply(lambda values: values[1])


def _secret(given: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if given is None else pulumi.Output.secret(given)


def _as_text(phone_number_id: pulumi.Input[str | int]) -> pulumi.Output[str]:
    """An int becomes text here, since the engine would make it a float; anything else is left to the check, also None:
    as a string that is empty, since a value that isn't there is one that never came."""

    def text(value: Any) -> Any:
        if value is None:
            return ""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return pulumi.Output.all(phone_number_id).apply(lambda values: text(values[0]))


def _rotates_on(issued_on: str | None, rotate_after_days: int | None) -> str | None:
    if issued_on is None or rotate_after_days is None:
        return None
    return (date.fromisoformat(issued_on) + timedelta(rotate_after_days)).isoformat()
