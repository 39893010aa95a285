"""Meta's Graph API, as far as the encryption key of a phone number needs it: set the public key, read it back.

Import from the modules: ``client`` brings in requests, which a preview with nothing to do never needs.
"""
