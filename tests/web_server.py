"""A web server on 127.0.0.1 that misbehaves as told, for the tests of fetch."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[["Handler"], None]
MODIFIED = formatdate(1_700_000_000, usegmt=True)


@dataclass
class Site:
    """Path → what answers it; and what was asked, in order."""

    url: str = ""
    pages: dict[str, Answering] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.site.asked.append((self.path, dict(self.headers)))
        self.site.open_now += 1
        self.site.most_open = max(self.site.most_open, self.site.open_now)
        try:
            self.site.pages.get(path, status(404))(self)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self.site.open_now -= 1

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.do_GET()

    def start(self, code: int, **headers: object) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass

    @property
    def asked_before(self) -> int:
        return self.site.paths().count(self.path) - 1

    def cut(self) -> None:
        """Break the connection off."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(2)


def status(code: int, body: bytes = b"no", **headers: object) -> Answering:
    def answer(page: Handler) -> None:
        page.start(code, Content_Length=len(body), **headers)
        page.wfile.write(body)

    return answer


def sound(body: bytes, etag: str = '"1"') -> Answering:
    """A server as it should be: ranges, ETag, dates."""

    def answer(page: Handler) -> None:
        if page.headers.get("If-None-Match") == etag:
            page.start(304, ETag=etag)
            return
        first, code, extra = 0, 200, {}
        asked = page.headers.get("Range", "")
        if asked and page.headers.get("If-Range") in (etag, MODIFIED):
            first = int(asked.removeprefix("bytes=").rstrip("-"))
            code = 206
            extra = {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
        rest = body[first:]
        page.start(code, Content_Length=len(rest), ETag=etag, Last_Modified=MODIFIED, **extra)
        page.wfile.write(rest)

    return answer


def breaking(body: bytes, times: int, piece: int) -> Answering:
    """Sends `piece` bytes and breaks off, `times` times; then is sound."""

    def answer(page: Handler) -> None:
        if page.asked_before >= times:
            sound(body)(page)
            return
        asked = page.headers.get("Range", "bytes=0-")
        first = int(asked.removeprefix("bytes=").rstrip("-"))
        code, extra = 200, {}
        if first:
            code, extra = 206, {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
        page.start(code, Content_Length=len(body) - first, ETag='"1"', **extra)
        page.wfile.write(body[first : first + piece])
        page.cut()

    return answer


def first_then(*answers: Answering) -> Answering:
    """Answer the first request with the first, … and all later ones with the last."""

    def answer(page: Handler) -> None:
        answers[min(page.asked_before, len(answers) - 1)](page)

    return answer


def redirect(to: str) -> Answering:
    return status(302, b"", Location=to)


def dripping(pause_s: float, until: threading.Event) -> Answering:
    """One byte at a time for as long as anybody listens."""

    def answer(page: Handler) -> None:
        page.start(200, Content_Length=1_000_000, ETag='"1"')
        while not until.is_set():
            page.wfile.write(b"x")
            page.wfile.flush()
            time.sleep(pause_s)

    return answer


class Server(ThreadingHTTPServer):
    """A server that does not complain on the screen of a client that hangs up."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(**pages: Answering) -> Iterator[Site]:
    site = Site(pages={f"/{name.replace('__', '/')}": page for name, page in pages.items()})
    handler = type("Own", (Handler,), {"site": site})
    server = Server(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
