"""Azure Key Vault through azure-keyvault-secrets. ``store`` is the :class:`Store`."""
