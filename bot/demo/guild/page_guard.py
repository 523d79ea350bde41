"""Keeps other web pages out: which requests are refused, and what a browser may do with answers.

A page from elsewhere can make a browser send requests to loopback, and can give its own name our address. So
every request must name this server as its host, and one that acts must come from this server's page.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

HEADERS: dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Goes with every answer of the page's routes."""


def refusal(headers: Mapping[str, str], served_at: str, *, acts: bool) -> str | None:
    """Return why a request is refused, or None when it is fine.

    `served_at` is the server's own address; `acts` marks a request that does something.
    """
    port = urlsplit(served_at).port
    host = headers.get("Host", "")
    if host not in (f"127.0.0.1:{port}", f"localhost:{port}"):
        return "This guild is served on loopback alone; open it by the address it was started with."
    if acts and headers.get("Origin") != f"http://{host}":
        return "Another page may not act in this guild."
    return None
