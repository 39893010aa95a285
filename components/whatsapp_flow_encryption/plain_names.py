"""Arguments that name a number, its stores and its times: a program can't have them as secrets.

A provider gets plain values. It names the number and the places in its errors, in previews, in the audit log and in
the key rings themselves, says when a rotation is due and how long it waits, and an id of a resource is never encrypted.
"""

from typing import Any

import pulumi


def refuse_secrets(name: str, **arguments: Any) -> pulumi.Output[None]:
    """Known once none of the arguments is found to be secret.

    Else the program ends by a :class:`pulumi.RunError`, which the engine shows without a traceback, with a line for
    each argument; in the preview already, also while values are unknown.
    """
    found: pulumi.Output[dict[str, bool]] = pulumi.Output.all(**{key: _is_secret(arguments[key]) for key in arguments})
    return found.apply(lambda secret: _refuse(name, [argument for argument, is_one in secret.items() if is_one]))


def _refuse(name: str, secrets: list[str]) -> None:
    if secrets:
        raise pulumi.RunError(
            "\n".join(
                f"FlowEncryption {name!r}: {argument}: is a secret, but errors, previews, the audit log and the state "
                f"name it in plain text. It takes no credentials: give it, or what is secret in it, by "
                f"pulumi.Output.unsecret(…)"
                for argument in secrets
            )
        )


async def _is_secret(value: Any) -> bool:
    return isinstance(value, pulumi.Output) and await value.is_secret()
