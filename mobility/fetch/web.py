"""One request: over HTTPS, through few redirects, with a key that goes to its owner only."""

from __future__ import annotations

import datetime as dt
import email.utils
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests

from mobility.errors import FetchError, Problem
from mobility.fetch.model import Source, Web

PROJECT = "border-mobility"
REDIRECTS = (301, 302, 303, 307, 308)
RETRIED = (408, 425, 429, 500, 502, 503, 504)


class Again(Exception):  # noqa: N818 - not an error: the next attempt may end right
    """An attempt that failed in a way the next may not.

    Parameters
    ----------
    reason
        In words, for the message when all attempts fail.
    wait_s
        How long the server asks to wait, None where it does not say.
    reached
        Bytes that stand in the part file; more than ever before is no failure.
    connected
        Whether there was a connection at all.
    """

    def __init__(
        self,
        reason: str,
        *,
        wait_s: float | None = None,
        reached: int = 0,
        connected: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason, self.wait_s, self.reached, self.connected = reason, wait_s, reached, connected


@dataclass(frozen=True)
class Secret:
    """An API key; it never shows in messages."""

    header: str = ""
    query: str = ""
    value: str = ""

    def hidden(self, text: str) -> str:
        """Return `text` without the key."""
        return text.replace(self.value, "***") if self.value else text


def secret_of(source: Source) -> Secret:
    """Read a source's key from the environment.

    Raises
    ------
    FetchError
        The variable is not set.
    """
    if not source.key_env:
        return Secret()
    value = os.environ.get(source.key_env, "").strip()
    if not value:
        raise FetchError(
            Problem(source.role, f"no environment variable {source.key_env}", "an API key in it",
                    "Ask the owner for a key and set the variable")
        )  # fmt: skip
    return Secret(source.key_header, source.key_query, value)


def agent() -> str:
    """Name the project and its version, so that a host's keeper knows who asks."""
    try:
        version = metadata.version(PROJECT)
    except metadata.PackageNotFoundError:
        version = "from-source"
    return f"{PROJECT}/{version} (cross-border mobility model)"


def new_session() -> requests.Session:
    """Make a session with the project's name; proxies come from the environment."""
    session = requests.Session()
    session.headers.update({"User-Agent": agent(), "Accept-Encoding": "identity", "Accept": "*/*"})
    # Without this, passwords of a .netrc file would be sent along.
    session.auth = lambda request: request
    return session


def check_url(url: str, role: str, *, allow_http: bool, before: str = "") -> str:
    """Return `url` if it may be asked.

    Parameters
    ----------
    before
        Address that redirected here; from HTTPS no way leads back to HTTP.

    Raises
    ------
    FetchError
        Another scheme, plain HTTP where it is not allowed, no host, or a password in it.
    """
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname, parts.scheme.lower()
        named = parts.username or parts.password
    except ValueError:
        host, scheme, named = None, "", None
    found = f"a redirect from {_bare(before)} to {_bare(url)}" if before else _bare(url)
    if scheme not in ("http", "https") or not host:
        raise FetchError(Problem(role, found, "an address that starts with https://"))
    if named:
        raise FetchError(
            Problem(role, f"a user name in {_bare(url)}", "a plain address",
                    "Put a key into an environment variable: api_key_env")
        )  # fmt: skip
    downgraded = urlsplit(before).scheme.lower() == "https"
    if scheme == "http" and (not allow_http or downgraded):
        raise FetchError(
            Problem(role, found, "an encrypted address (https)",
                    "" if downgraded else "Write allow_http = true if you trust the way there")
        )  # fmt: skip
    return url


def _bare(url: str) -> str:
    """Return an address without user name, query and fragment, for messages."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))[:200]
    except ValueError:
        return url[:200]


def ask(
    session: requests.Session,
    url: str,
    source: Source,
    web: Web,
    headers: Mapping[str, str],
    secret: Secret,
) -> requests.Response:
    """Send a GET and follow redirects, each checked; the body is left unread.

    Raises
    ------
    Again
        No connection, or none in time.
    FetchError
        An address that may not be asked, or too many redirects.
    """
    limits = web.limits
    current = check_url(url, source.role, allow_http=source.allow_http)
    seen = [current]
    while True:
        mine = _host(current) == _host(url)
        sent = dict(headers)
        if mine and secret.header:
            sent[secret.header] = secret.value
        try:
            answer = session.get(
                _with_key(current, secret) if mine else current,
                headers=sent,
                stream=True,
                allow_redirects=False,
                timeout=(limits.connect_s, limits.idle_s),
            )
        except requests.exceptions.SSLError as error:
            raise FetchError(
                Problem(source.role, f"no trusted certificate at {_host(current)} "
                        f"({secret.hidden(str(error))[:120]})", "a certificate that holds",
                        "Look whether the address is right and your clock too")
            ) from error  # fmt: skip
        except requests.RequestException as error:
            reason = f"no answer from {_host(current)} ({type(error).__name__})"
            raise Again(reason, connected=isinstance(error, requests.ReadTimeout)) from error
        if answer.status_code not in REDIRECTS or "Location" not in answer.headers:
            return answer
        answer.close()
        following = urljoin(current, answer.headers["Location"])
        check_url(following, source.role, allow_http=source.allow_http, before=current)
        if following in seen or len(seen) > limits.redirects:
            way = "in a circle" if following in seen else f"more than {limits.redirects} times"
            raise FetchError(
                Problem(source.role, f"{_bare(url)}, which redirects {way}", "a file",
                        "Look for its new address at the owner's site")
            )  # fmt: skip
        seen.append(following)
        current = following


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _with_key(url: str, secret: Secret) -> str:
    if not secret.query:
        return url
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query), (secret.query, secret.value)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def retry_after_s(answer: requests.Response, now: dt.datetime) -> float | None:
    """Return the seconds a server asks to wait: a number, or a date by the server's own clock."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    asked = _moment(text)
    if asked is None:
        return None
    return max((asked - (_moment(answer.headers.get("Date", "")) or now)).total_seconds(), 0.0)


def _moment(text: str) -> dt.datetime | None:
    """Read a date of HTTP; it is in UTC whether it says so or not."""
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def refusal(answer: requests.Response, url: str, source: Source) -> FetchError:
    """Say a status that trying again does not mend."""
    status = answer.status_code
    cures = {
        401: "The owner asks for a key: api_key_env, api_key_header",
        403: "The owner does not let this through; a key may be needed, or the key is wrong",
        404: "Look for its new address at the owner's site",
        410: "Look for its new address at the owner's site",
    }
    return FetchError(
        Problem(source.role, f"answer {status} of {_bare(url)}", "the file", cures.get(status, ""))
    )
