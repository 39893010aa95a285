"""Policies for the encryption keys of WhatsApp Flows, whichever provider and language made them.

A property has one name in a Python program's state and another in the native provider's: `read` knows both.
"""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

PRODUCTION = ["prod", "prod-*", "production"]
LONGEST = 180


def is_a(kind: str, resource_type: str) -> bool:
    return resource_type in (f"pulumi-python:dynamic/whatsapp:{kind}", f"whatsapp:flows:{kind}")


def read(props: Mapping[str, Any], name: str) -> Any:
    """The property `phone_number_id`, or `phoneNumberId`; None where there is neither."""
    first, *others = name.split("_")
    camel = first + "".join(other.capitalize() for other in others)
    return props[name] if name in props else props.get(camel)


def keys_outside_the_stack(args: ResourceValidationArgs, report: ReportViolation) -> None:
    stack, production = args.urn.split(":")[2], args.get_config().get("stacks", PRODUCTION)
    if not is_a("EncryptionKey", args.resource_type) or not any(fnmatch(stack, each) for each in production):
        return
    if read(args.props, "store") == "stack":
        report("The stack's state holds the private key. Set `store` to a store that the endpoint can read", None)


def rotation_is_set(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if not is_a("EncryptionKey", args.resource_type):
        return
    days, longest = read(args.props, "rotate_after_days"), args.get_config().get("days", LONGEST)
    if days is None or days > longest:
        report(
            f"The key must be rotated at least every {longest:.0f} days. Set `rotate_after_days` (`rotateAfterDays`) "
            f"to {longest:.0f} or less",
            None,
        )


def every_key_has_a_backup(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if is_a("EncryptionKey", args.resource_type) and not read(args.props, "backups"):
        report("Only one store holds the key. Add a second one to `backups`", None)


def a_publication_waits_for_the_endpoint(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if not is_a("KeyRegistration", args.resource_type):
        return
    if not read(args.props, "endpoint_url") and not read(args.props, "deployed"):
        report(
            "A rotation could publish a key before the endpoint has it. Set `endpoint_url` (`endpointUrl`) or "
            "`deploy`; in a FlowRegistration, `endpointUrl` or `deployed`",
            None,
        )


def a_number_is_managed_once(args: StackValidationArgs, report: ReportViolation) -> None:
    keys: dict[str, str] = {}
    for resource in args.resources:
        if not is_a("EncryptionKey", resource.resource_type):
            continue
        try:
            number = read(resource.props, "phone_number_id")
        except UnknownValueError:  # in a preview, where another resource gives it
            continue
        other = keys.setdefault(number, resource.urn)
        if other != resource.urn:
            report(
                f"Phone number {number} has two keys in this stack, this one and {other}. Each would replace the "
                f"other's key at Meta. Remove one",
                resource.urn,
            )


PolicyPack(
    "whatsapp-flow-keys",
    [
        ResourceValidationPolicy(
            "keys-outside-the-stack",
            "Production stacks keep no private key in their state.",
            keys_outside_the_stack,
            EnforcementLevel.MANDATORY,
            PolicyConfigSchema({"stacks": {"type": "array", "items": {"type": "string"}, "default": PRODUCTION}}),
        ),
        ResourceValidationPolicy(
            "rotation-is-set",
            "Every key has a rotation interval.",
            rotation_is_set,
            EnforcementLevel.MANDATORY,
            PolicyConfigSchema({"days": {"type": "integer", "minimum": 1, "default": LONGEST}}),
        ),
        ResourceValidationPolicy(
            "every-key-has-a-backup",
            "Every key has a backup in a second store.",
            every_key_has_a_backup,
            EnforcementLevel.ADVISORY,
        ),
        ResourceValidationPolicy(
            "a-publication-waits-for-the-endpoint",
            "No key is published before the endpoint holds it.",
            a_publication_waits_for_the_endpoint,
            EnforcementLevel.ADVISORY,
        ),
        StackValidationPolicy(
            "a-number-is-managed-once",
            "A stack manages each phone number once.",
            a_number_is_managed_once,
            EnforcementLevel.MANDATORY,
        ),
    ],
)
