"""Which network errors mean that a write was certainly not sent."""

from __future__ import annotations

import ssl

import pytest
import requests
import urllib3

from bot.adapters.github.transport import Call, _network_error, _Transient
from bot.model.errors import Malformed, Unavailable

POOL = urllib3.HTTPConnectionPool("127.0.0.1")
CONNECTION = urllib3.connection.HTTPConnection("127.0.0.1")


def failed(kind: type[requests.RequestException], reason: Exception) -> requests.RequestException:
    return kind(urllib3.exceptions.MaxRetryError(POOL, "/x", reason))


REFUSED = failed(requests.ConnectionError, urllib3.exceptions.NewConnectionError(CONNECTION, "refused"))
UNTRUSTED = failed(
    requests.exceptions.SSLError, urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed"))
)
BROKEN_TLS = failed(requests.exceptions.SSLError, urllib3.exceptions.SSLError(ssl.SSLError("bad record")))
SLOW = requests.ConnectTimeout(urllib3.exceptions.MaxRetryError(POOL, "/x", None))
CUT = requests.ConnectionError(urllib3.exceptions.ProtocolError("closed"))


@pytest.mark.parametrize(
    ("error", "write", "expected"),
    [
        pytest.param(REFUSED, True, Unavailable, id="write, refused"),
        pytest.param(REFUSED, False, _Transient, id="read, refused"),
        pytest.param(SLOW, True, Unavailable, id="write, no connection in time"),
        pytest.param(UNTRUSTED, True, Unavailable, id="write, certificate"),
        pytest.param(UNTRUSTED, False, Unavailable, id="read, certificate: not repeated"),
        pytest.param(BROKEN_TLS, True, _Transient, id="write, TLS broke in the middle"),
        pytest.param(CUT, True, _Transient, id="write, cut"),
        pytest.param(requests.ConnectionError(), True, _Transient, id="write, nothing told"),
        pytest.param(requests.exceptions.InvalidURL("x"), False, Malformed, id="not a URL"),
    ],
)
def test_what_a_network_error_means(error: Exception, write: bool, expected: type[Exception]) -> None:
    """Only what is certain counts as not sent; a transient error of a write becomes ambiguous."""
    assert type(_network_error(Call("POST" if write else "GET", "/x"), error)) is expected
