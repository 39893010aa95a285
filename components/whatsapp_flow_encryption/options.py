"""Resource options that would do harm, or nothing: each is refused in the preview by a sentence.

Pulumi hands `aliases`, `deleted_with`, `protect`, `provider(s)`, `retain_on_delete` and transforms of a component down
to the resources under it, FlowEncryption hands `depends_on` down, and Pulumi passes over most others in silence; see
docs/resource-options.md.
"""

from typing import Any

import pulumi

_PASSED_OVER = {
    "additional_secret_outputs": "every secret output is marked as one already",
    "custom_timeouts": "how long the endpoint may take is endpoint_wait",
    "delete_before_replace": "the old key has to stay until the new one is live",
    "env_var_mappings": "it is for providers; a WhatsAppProvider takes its settings as arguments",
    "hide_diffs": "a transform can give it to the resources under it",
    "id": "a key that Meta serves already is adopted by existing_private_key",
    "ignore_changes": "leave out the argument that is to be ignored, or give the option by a transform",
    "import_": "a key that Meta serves already is adopted by existing_private_key",
    "plugin_download_url": "the providers come with this package",
    "replace_on_changes": "a new rotation_trigger rotates the key",
    "replace_with": "a new rotation_trigger rotates the key, and it may be another resource's output",
    "replacement_trigger": "a new rotation_trigger rotates the key, and it may be another resource's output",
    "urn": "get_registered_key reads what Meta serves for another program's number",
    "version": "the providers come with this package",
}
_FORGETS = ("retain_on_delete", "deleted_with")
_IN_STATE = "the stack's state holds their only copy; give a store or `backups`"
_PASSPHRASE = "the passphrase that was generated for them is in the stack's state alone; give one of your own"


def refuse_harmful_options(
    name: str, opts: pulumi.ResourceOptions | None, *, only_copy_in_state: bool, generated: bool
) -> None:
    """``only_copy_in_state``: the stack is the store, and there is no backup. ``generated``: the passphrase is.

    Raises :class:`pulumi.RunError`, which the engine shows without a traceback, with a line for each such option.
    """
    if opts is None:
        return
    lines = [
        f"FlowEncryption {name!r}: {option}: Pulumi passes over it on a component in silence; {instead}"
        for option, instead in _PASSED_OVER.items()
        if _is_given(getattr(opts, option, None))
    ]
    forgotten = _IN_STATE if only_copy_in_state else _PASSPHRASE if generated else None
    if forgotten:
        lines += [
            f"FlowEncryption {name!r}: {option}: a destroy would forget the keys without asking Meta whether it serves "
            f"one, and {forgotten}, or leave it out"
            for option in _FORGETS
            if _is_given(getattr(opts, option, None))
        ]
    if lines:
        raise pulumi.RunError("\n".join(lines))


def refuse_provider_deleted_first(name: str, opts: pulumi.ResourceOptions | None) -> None:
    """The engine would delete all that uses the provider, and asks nothing before. Raises :class:`pulumi.RunError`."""
    if opts is not None and opts.delete_before_replace:
        raise pulumi.RunError(
            f"WhatsAppProvider {name!r}: delete_before_replace: would delete the keys that use it when it is replaced, "
            f"before new ones are there; leave it out"
        )


def _is_given(value: Any) -> bool:
    return not (value is None or value is False or value == [] or value == {})
