"""The report as PDF for the archive, printed by a Chromium that is on the machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from mobility.errors import Problem, RunError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge", "brave-browser")
# Windows and macOS keep browsers outside the search path.
ELSEWHERE = (
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
LONGEST_S = 120
DRAWING_MS = 8_000
DAY = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")


def find_browser() -> Path | None:
    """Path of a Chromium or a relative of it, or None."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((Path(place) for place in ELSEWHERE if Path(place).is_file()), None)


def write_pdf(report: Path, path: Path, browser: Path | None = None) -> Path:
    """Print ``report.html`` to a PDF by the page's print style, without network.

    Parameters
    ----------
    report
        Page written by `write_report`.
    path
        PDF to write.
    browser
        Program to use; found by itself where None.

    Raises
    ------
    RunError
        No browser is there, or it wrote nothing.
    """
    program = browser or find_browser()
    if program is None:
        raise RunError(
            Problem(str(path), "no Chromium, Chrome or Edge on this machine", "one of them",
                    "Install one, or print report.html from any browser")
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as profile:
        command = [
            str(program), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={profile}",
            f"--virtual-time-budget={DRAWING_MS}", "--no-pdf-header-footer",
            f"--print-to-pdf={path.resolve()}", report.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603  (a list of words, no shell)
                command, capture_output=True, timeout=LONGEST_S, check=False
            )
            said = done.stderr.decode(errors="replace").strip().splitlines()
        except subprocess.TimeoutExpired:
            said = [f"no answer within {LONGEST_S} s"]
    if not path.is_file() or not path.stat().st_size:
        last = said[-1] if said else "nothing said"
        raise RunError(Problem(str(path), f"{program.name} wrote no file ({last})", "a PDF"))
    path.write_bytes(DAY.sub(_same_length, path.read_bytes()))
    return path


def _same_length(match: re.Match[bytes]) -> bytes:
    """A fixed day in place of the day of printing; offsets in the file stay right."""
    head = b"/" + match.group(1) + b" (D:20000101000000"
    return head.ljust(len(match.group(0)) - 1, b" ") + b")"
