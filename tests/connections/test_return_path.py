import pytest

from hub.connections.return_path import local_path
from hub.errors import BadInput


@pytest.mark.parametrize("path", ["/", "/consents/request?id=abc&x=1#here", "/a//b", "/%2f%2fevil.example", "/a:b"])
def test_a_path_of_ours_is_kept_as_it_is(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_path_is_no_path(nothing: str | None) -> None:
    assert local_path(nothing) is None


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "https://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "consents",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: a=b",
        " /consents",
        "/a b",
        "/\x00",
        "/\u202egnissap",
        "/" + "a" * 300,
    ],
)
def test_an_address_that_may_leave_this_site_is_refused(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        local_path(address)
    assert refused.value.parameter == "return_to"
