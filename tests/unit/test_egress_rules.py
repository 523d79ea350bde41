"""The allow-list of egress, and which addresses a name may stand for."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.box.egress_rules import Entry, Rules, Target, is_public, model_target

MODEL = "http://127.0.0.1:4000"


def rules(*allow: str) -> Rules:
    return Rules.of(allow, MODEL)


@pytest.mark.parametrize(
    ("entry", "target"),
    [
        ("example.org", "example.org:443"),
        ("example.org", "example.org:80"),
        ("Example.ORG.", "EXAMPLE.org.:443"),
        ("example.org:8443", "example.org:8443"),
        ("*.example.org", "a.example.org:443"),
        ("*.example.org", "a.b.example.org:443"),
        ("*.example.org:8443", "a.example.org:8443"),
        ("10.0.0.1:22", "10.0.0.1:22"),
        ("[fd00::1]:22", "[fd00:0::1]:22"),
        ("[2606:4700::1111]", "[2606:4700::1111]:443"),
    ],
)
def test_an_entry_opens_what_it_says(entry: str, target: str) -> None:
    assert rules(entry).admits(Target.parse(target))


@pytest.mark.parametrize(
    ("entry", "target"),
    [
        ("example.org", "www.example.org:443"),
        ("example.org", "example.org:22"),
        ("example.org", "example.org.evil.test:443"),
        ("example.org", "evilexample.org:443"),
        ("example.org:8443", "example.org:443"),
        ("*.example.org", "example.org:443"),
        ("*.example.org", "evilexample.org:443"),
        ("*.example.org", "a.example.org:8443"),
        ("127.0.0.1:22", "127.0.0.1:23"),
        ("127.0.0.1", "[::ffff:127.0.0.1]:443"),
        ("localhost:22", "127.0.0.1:22"),
    ],
)
def test_an_entry_opens_nothing_else(entry: str, target: str) -> None:
    assert not rules(entry).admits(Target.parse(target))


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "",
            " ",
            "*",
            "*.",
            "*.org",
            "*.10.0.0.1",
            "https://example.org",
            "example.org/path",
            "a..b",
            "-a.b",
        ),
        *("a b", "example.org:0", "example.org:65536", "fd00::1", "[10.0.0.1]", "[fe80::1%eth0]", "a@b.c"),
        *("127.1", "2130706433", "0x7f.1", "ü.de", "exa\nmple.org", "a*.example.org", "x" * 64 + ".org"),
    ],
)
def test_an_entry_that_is_none_is_refused_in_words(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is no host|is no port|opens too much"):
        Entry.parse(entry)


@pytest.mark.parametrize("entry", ["example.org", "example.org:8443", "*.example.org", "[fd00::1]:22"])
def test_an_entry_is_shown_as_it_is_written(entry: str) -> None:
    assert str(Entry.parse(entry)) == entry


def test_the_model_is_always_open_wherever_it_is() -> None:
    here = Target("127.0.0.1", 4000)
    assert rules().admits(here)
    assert rules().admits_address(here, ipaddress.ip_address("127.0.0.1"))
    assert not rules().admits(Target("127.0.0.1", 4001))


def test_a_model_with_a_name_may_be_on_a_private_address() -> None:
    gateway = Rules.of((), "https://llm.corp.test/v1")
    assert gateway.admits_address(Target("llm.corp.test", 443), ipaddress.ip_address("10.0.0.9"))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.anthropic.com", "api.anthropic.com:443"),
        ("http://LOCALHOST:4000/", "localhost:4000"),
        ("http://[::1]:4000", "[::1]:4000"),
    ],
)
def test_the_models_address_names_its_host_and_port(url: str, target: str) -> None:
    assert str(model_target(url)) == target


@pytest.mark.parametrize(
    "url", ["", "sk-secret", "ftp://sk-secret@a.b", "https://", "http://sk-secret b", "http://user:sk-secret"]
)
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a model") as refused:
        model_target(url)
    assert "sk-secret" not in str(refused.value)


def test_a_name_opens_public_addresses_alone() -> None:
    target = Target("example.org", 443)
    assert rules("example.org").admits_address(target, ipaddress.ip_address("1.1.1.1"))
    assert not rules("example.org").admits_address(target, ipaddress.ip_address("10.0.0.1"))


def test_a_private_address_is_open_if_the_list_has_it_with_that_port() -> None:
    target, address = Target("git.corp.test", 443), ipaddress.ip_address("10.0.0.1")
    assert rules("git.corp.test", "10.0.0.1").admits_address(target, address)
    assert not rules("git.corp.test", "10.0.0.1:22").admits_address(target, address)
    assert not rules("git.corp.test", "10.0.0.2").admits_address(target, address)


@pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_a_public_address_is_public(text: str) -> None:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    # Python before 3.13 calls every mapped address private: closed rather than open is fine.
    assert is_public(address) or mapped is not None


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1"),
        *("168.63.129.16", "64:ff9b::a83f:8110"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fec0::1", "fd00::1"),
        *("ff02::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::"),
    ],
)
def test_what_is_not_of_the_internet_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@given(st.text(max_size=300), st.integers(min_value=0, max_value=70_000))
def test_no_text_breaks_the_reading_and_what_is_read_reads_the_same_again(host: str, port: int) -> None:
    try:
        target = Target.parse(f"{host}:{port}")
    except ValueError:
        return
    assert Target.parse(str(target)) == target
