"""What a request to the egress proxy asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.box.egress_head import BadHead, Wanted, read_head
from sessions.box.egress_rules import Target


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


def test_connect_is_a_tunnel() -> None:
    wanted = read_head(head("CONNECT example.org:443 HTTP/1.1", "Host: example.org:443"))
    assert wanted == Wanted(Target("example.org", 443))
    assert wanted.is_tunnel


def test_a_request_is_passed_on_in_the_form_for_the_server() -> None:
    wanted = read_head(
        head(
            "POST http://Example.org/v1/messages?beta=true HTTP/1.1",
            "Host: elsewhere.test",
            "Content-Length: 2",
            "Proxy-Authorization: Basic c2VjcmV0",
            "Proxy-Connection: keep-alive",
            "Connection: keep-alive",
            "X-Api-Key: sk",
        )
    )
    assert wanted.target == Target("example.org", 80)
    assert wanted.head == head(
        "POST /v1/messages?beta=true HTTP/1.1",
        "Host: example.org",
        "Content-Length: 2",
        "X-Api-Key: sk",
        "Connection: close",
    )


@pytest.mark.parametrize(
    ("address", "line", "host"),
    [
        ("http://a.test", "GET / HTTP/1.1", "a.test"),
        ("http://a.test?q", "GET /?q HTTP/1.1", "a.test"),
        ("http://a.test:8080/x", "GET /x HTTP/1.1", "a.test:8080"),
        ("http://[::1]:8080/x#frag", "GET /x HTTP/1.1", "[::1]:8080"),
    ],
)
def test_path_and_host_come_from_the_address(address: str, line: str, host: str) -> None:
    assert read_head(head(f"GET {address} HTTP/1.1")).head.startswith(head(line, f"Host: {host}")[:-4])


@pytest.mark.parametrize(
    "request_head",
    [
        b"\r\n\r\n",
        head("GET / HTTP/1.1"),
        head("GET https://a.test/ HTTP/1.1"),
        head("GET http:// HTTP/1.1"),
        head("GET http://user@a.test/ HTTP/1.1"),
        head("GET http://a.test@b.test/ HTTP/1.1"),
        head("GET http://a.test/ HTTP/2"),
        head("GET  http://a.test/ HTTP/1.1"),
        head("CONNECT a.test HTTP/1.1"),
        head("CONNECT a.test:443:444 HTTP/1.1"),
        head("CONNECT [::1:443 HTTP/1.1"),
        head("connect a.test:443 HTTP/1.1"),
        head("CONNECT ü.test:443 HTTP/1.1"),
        head("CONNECT a.test:443 HTTP/1.1", "no colon"),
        head("CONNECT a.test:443 HTTP/1.1", "A: b", " folded"),
        head("CONNECT a.test:443 HTTP/1.1", "A : b"),
        b"GET http://a.test/ HTTP/1.1\r\nA: b\nHost: c\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\rHost: c\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nA: b\0\r\n\r\n",
        b"GET http://a.test/\x00 HTTP/1.1\r\n\r\n",
    ],
)
def test_anything_else_is_refused_in_words(request_head: bytes) -> None:
    with pytest.raises(BadHead, match=r"\.$"):
        read_head(request_head)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(noise: bytes) -> None:
    for text in (noise, b"CONNECT " + noise, b"GET http://" + noise + b" HTTP/1.1\r\n\r\n"):
        try:
            read_head(text)
        except BadHead:
            continue
