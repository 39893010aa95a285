"""RSA pairs for tests, each made when a test of the process first asks for it: 100 ms that collecting must not cost."""

import functools

from whatsapp_flow_keys.keys import PrivateKey


@functools.cache
def pair(which: int | str = 0) -> PrivateKey:
    """Another pair for each number or name, and always the same for one."""
    return PrivateKey.generate()


def old() -> PrivateKey:
    """The one before a rotation."""
    return pair(0)


def new() -> PrivateKey:
    """The one after it."""
    return pair(1)
