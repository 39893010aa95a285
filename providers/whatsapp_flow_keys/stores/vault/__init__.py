"""HashiCorp Vault and OpenBao: KV version 2 through hvac."""

from whatsapp_flow_keys.stores.kind import StoreKind
from whatsapp_flow_keys.stores.vault.address import SHAPE
from whatsapp_flow_keys.stores.vault.store import VaultStore

KIND = StoreKind(VaultStore, SHAPE.write, SHAPE.complete)
