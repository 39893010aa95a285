"""HashiCorp Vault and OpenBao: KV version 2 through hvac."""

from whatsapp_flow_keys.stores.kind import StoreKind
from whatsapp_flow_keys.stores.vault.address import complete, write
from whatsapp_flow_keys.stores.vault.store import VaultStore

KIND = StoreKind(VaultStore, write, complete)
