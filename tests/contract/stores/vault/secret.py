"""A secret of Vault as somebody else fills it and looks at it."""

from tests.contract.stores.vault_place import VaultPlace

ANOTHER_TOOLS = {"username": "svc", "password": "hunter2"}


def versions(place: VaultPlace) -> int:
    """How many versions were ever written."""
    return int(place.kv.read_secret_metadata(place.path)["data"]["current_version"])
