"""KV version 2 as a secrets engine: what its refusals mean, and which rights it takes."""

from typing import TYPE_CHECKING

from whatsapp_flow_keys.vault_server.address import Mounted
from whatsapp_flow_keys.vault_server.engine import Engine, Meaning
from whatsapp_flow_keys.vault_server.refusals import errors_in

if TYPE_CHECKING:
    from requests import Response


def _rights(path: Mounted) -> str:
    return (
        f"A stack needs create, read and update on {path.mount}/data/{path.path}, update on "
        f"{path.mount}/delete/{path.path}, and update on {path.mount}/undelete/{path.path}; an endpoint needs read"
    )


def _is_fault(answer: "Response") -> bool | None:
    """A mount of KV version 2 is not in service right after it was made, or after an unseal, and says so with a 400
    (tried: OpenBao 2.7.2)."""
    if answer.status_code == 400:
        return any(error.startswith("Upgrading from non-versioned") for error in errors_in(answer) or ())
    return None


KV_VERSION_2 = Engine(
    rights=_rights,
    nothing_mounted="Is it a mount of KV version 2?",
    another=(
        "is {mount}/ a mount of KV version 2? It does not answer as one. Give another mount=, or make one: bao secrets "
        "enable -path=MOUNT -version=2 kv"
    ),
    meanings=(
        Meaning(
            "the mount is being upgraded to KV version 2, which takes a moment{quoted}; run again",
            "^Upgrading from non-versioned",  # tried
        ),
    ),
    is_fault=_is_fault,
)
