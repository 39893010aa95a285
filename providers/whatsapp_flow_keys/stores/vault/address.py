"""Where a secret of Vault or OpenBao is: a server, a mount of KV version 2, a namespace, a path."""

from dataclasses import dataclass

from whatsapp_flow_keys.vault_server.address import Mounted, Shape

SHAPE = Shape("hashivault", "secret", "hashivault://vault.example.com:8200/whatsapp/flows/support-line?mount=secret")


@dataclass(frozen=True)
class VaultPath(Mounted):
    """One path."""

    @property
    def data(self) -> str:
        """``MOUNT/data/PATH``: the path in the API, which policies name."""
        return f"{self.mount}/data/{self.path}"


def parse_path(url: str, field: str) -> VaultPath:
    """The place that a URL names. Raises :class:`InputError`, which names ``field``, for one that can't be a place."""
    return VaultPath(**vars(SHAPE.parse(url, field)))
