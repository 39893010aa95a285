"""A server of HashiCorp Vault or OpenBao: the way to it, a login, and a call that is understood when it is refused.

What is asked for is a matter of the store and of the custody that use one of its secrets engines.
"""
