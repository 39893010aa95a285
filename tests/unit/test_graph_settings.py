"""Where the Graph API is and who asks: what is refused, in which words, and that no secret shows."""

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings

TOKEN = "EAAsecretToken4711"
SECRET = "0123456789abcdefAppSecret"


def refused(**given: object) -> str:
    arguments: dict[str, object] = {"access_tokens": (TOKEN,), **given}
    with pytest.raises(InputError) as caught:
        GraphSettings(**arguments)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_defaults_are_metas_own() -> None:
    settings = GraphSettings((TOKEN,))
    assert (settings.url, settings.version, settings.deadline) == ("https://graph.facebook.com", "v26.0", 30.0)


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.facebook.com",
        "https://graph.facebook.com/",
        "https://gateway.example:8443/meta",
        "http://127.0.0.1:4911",
        "http://127.255.3.4",
        "http://[::1]:4911",
        "http://localhost:4911",
        "http://LOCALHOST",
        "https://10.0.0.1",
    ],
)
def test_https_to_anywhere_and_http_to_this_machine_are_taken(url: str) -> None:
    assert GraphSettings((TOKEN,), url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "http://10.0.0.1",
        "http://0.0.0.0:4911",
        "http://128.0.0.1",
        "http://[::2]",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://localhost4",
        "HTTP://graph.facebook.com",
    ],
)
def test_http_to_another_machine_is_refused(url: str) -> None:
    assert refused(url=url) == ("whatsapp:graphUrl: must start with https:// (http:// is taken for this machine only)")


@pytest.mark.parametrize(
    "url", ["", "graph.facebook.com", "ftp://127.0.0.1", "file:///etc/passwd", "ws://localhost", "https://", "https:/x"]
)
def test_another_scheme_or_no_host_is_refused(url: str) -> None:
    assert refused(url=url) == "whatsapp:graphUrl: is not a URL like https://graph.facebook.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@graph.facebook.com",
        "https://user@graph.facebook.com",
        "http://127.0.0.1@evil.example",
        "https://graph.facebook.com?access_token=x",
        "https://graph.facebook.com/#part",
    ],
)
def test_user_info_query_and_fragment_are_refused(url: str) -> None:
    assert refused(url=url) == "whatsapp:graphUrl: must hold no user, password, query or fragment"


def test_a_password_in_the_url_is_not_quoted() -> None:
    assert "hunter2" not in refused(url="https://user:hunter2@graph.facebook.com")


@pytest.mark.parametrize("url", ["https://graph.facebook.com\n", "https://graph. facebook.com", "https://graph\t.com"])
def test_blanks_and_line_ends_in_the_url_are_refused(url: str) -> None:
    assert refused(url=url).startswith("whatsapp:graphUrl: holds blanks, line ends")


@pytest.mark.parametrize("url", ["https://[::1", "https://graph.facebook.com:99999", "https://graph.facebook.com:x"])
def test_what_urls_can_not_be_parsed_is_refused(url: str) -> None:
    assert refused(url=url) == "whatsapp:graphUrl: is not a URL"


@pytest.mark.parametrize("version", ["v20.0", "v26.0", "v100.1"])
def test_a_version_is_taken(version: str) -> None:
    assert GraphSettings((TOKEN,), version=version).version == version


@pytest.mark.parametrize("version", ["", "26.0", "v26", "v26.0\n", "V26.0", "v26.0/me", "../v26.0", "v٢٦.0", "v1234.0"])
def test_another_version_is_refused(version: str) -> None:
    assert refused(version=version).startswith("whatsapp:graphVersion: ")


def test_the_sentence_about_a_version_quotes_a_bounded_part_of_it() -> None:
    assert len(refused(version="x" * 10_000)) < 100


def test_a_missing_token_is_a_sentence_that_says_where_it_goes() -> None:
    assert refused(access_tokens=()) == (
        "whatsapp:accessToken: is missing; set it with `pulumi config set --secret whatsapp:accessToken`, or in the "
        "environment variable WHATSAPP_ACCESS_TOKEN"
    )


@pytest.mark.parametrize(
    "token", ["", "EAA\n", "EAA\r\nHost: evil", "EAA x", "EAAé", "EAA\0", "EAA\u200b", "\ufeffEAA"]
)
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    assert refused(access_tokens=(token,)).startswith("whatsapp:accessToken: is empty or holds blanks")


def test_every_token_is_checked() -> None:
    assert refused(access_tokens=(TOKEN, "EAA\n")).startswith("whatsapp:accessToken: ")


@pytest.mark.parametrize("secret", ["", "abc\n", "a b", "geheimé"])
def test_an_app_secret_with_other_characters_is_refused(secret: str) -> None:
    assert refused(app_secret=secret).startswith("whatsapp:appSecret: is empty or holds blanks")


def test_the_sentence_about_a_token_does_not_quote_it() -> None:
    assert TOKEN not in refused(access_tokens=(f"{TOKEN}\n",))


def test_the_sentence_about_an_app_secret_does_not_quote_it() -> None:
    assert SECRET not in refused(app_secret=f"{SECRET}\n")


def test_no_secret_shows_in_a_repr() -> None:
    shown = repr(GraphSettings((TOKEN, "EAAother"), SECRET))
    assert TOKEN not in shown
    assert "EAAother" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "url",
    ["https://graph..facebook.com", "https://*.example.com", "https://ex_ämple.com", "https://a.b?", "https://a.b#"],
)
def test_an_address_that_http_could_not_use_is_refused_before_a_call(url: str) -> None:
    with pytest.raises(InputError, match="whatsapp:graphUrl"):
        GraphSettings(("token",), url=url)
