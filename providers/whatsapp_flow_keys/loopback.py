"""This machine's own addresses: the only ones that plain HTTP is good enough for."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address, with or without a port, is this machine's; IPv6 with a port in brackets."""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def leaves_in_the_clear(url: str) -> bool:
    """Whether what is sent to a URL goes to another machine by plain HTTP."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
