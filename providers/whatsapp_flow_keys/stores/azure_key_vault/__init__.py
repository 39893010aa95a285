"""Azure Key Vault through azure-keyvault-secrets."""

from whatsapp_flow_keys.stores.azure_key_vault.address import write
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(AzureKeyVaultStore, write)  # no variable of the environment names a vault by convention
