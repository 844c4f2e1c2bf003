"""Who may look at pages before there is a login: a browser on this machine, and nobody else.

A page on the loopback interface can still be reached from outside: through a proxy or a tunnel
that runs here, or by a website whose name was made to lead here (DNS rebinding). Both show in the
request, so those are refused too.
"""

from __future__ import annotations

import ipaddress

from werkzeug.wrappers import Request

_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "CF-Connecting-IP")


def is_loopback(address: str) -> bool:
    """An address or name of this machine's own interface; brackets around IPv6 are allowed."""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def why_not(request: Request) -> str:
    """Why a request may not see a page; empty when it may."""
    if not is_loopback(request.remote_addr or ""):
        return "pages are shown on the machine itself only"
    if not is_loopback(_hostname(request.environ.get("HTTP_HOST", ""))):
        return "pages are shown under localhost or 127.0.0.1 only"
    if any(name in request.headers for name in _FORWARDED):
        return "pages are not shown through a proxy"
    if request.environ.get("SERVER_PROTOCOL") in ("HTTP/1.0", "HTTP/1"):
        # No browser speaks it, but proxies do that say nothing else of themselves.
        return "pages are not shown through a proxy"
    return ""


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
