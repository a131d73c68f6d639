"""The domain of a host: the table of spec 35 §4."""

import pytest

from hzmetrics.online.names import with_domains

IP = "192.0.2.1"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        (IP, "(unknown)"),
        ("", "(unknown)"),
        ("localhost", "(unknown)"),
        ("bot7.search.msn.com", "search.msn.com"),
        ("search.msn.com", "search.msn.com"),
        ("research.msn.com", "search.msn.com"),
        ("Search.MSN.com", "MSN.com"),
        ("punch.purdue.edu", "punch.purdue.edu"),
        ("pc1.lab.purdue.edu", "purdue.edu"),
        ("a.b.co.uk", "b.co.uk"),
        ("h.us.xo.net", "xo.net"),
        ("x66.237.109.194.ptr.us.xo.net", "66.237.109.194.ptr.us.xo.net"),
        ("10.20.30.40", "20.30.40"),
    ],
)
def test_domain(host: str, domain: str) -> None:
    assert with_domains({IP: host}) == {IP: (host, domain)}


def test_many_at_once() -> None:
    hosts = {"192.0.2.1": "192.0.2.1", "192.0.2.2": "A.Example.edu", "192.0.2.3": "192.0.2.1", "192.0.2.4": "router"}
    assert with_domains(hosts) == {
        "192.0.2.1": ("192.0.2.1", "(unknown)"),
        "192.0.2.2": ("A.Example.edu", "Example.edu"),
        "192.0.2.3": ("192.0.2.1", "2.1"),
        "192.0.2.4": ("router", "(unknown)"),
    }
