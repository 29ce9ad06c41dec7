"""What one feed's reading found: rows counted, rows dropped or mended, problems gathered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mobility.errors import Problem

SHOWN_PER_KIND = 5


@dataclass
class Ledger:
    """Books kept while a feed is read; becomes part of its `FeedSource`.

    A problem is something only the feed's owner can mend; the reader goes on to find more
    of them. What can be left out or mended without guessing is counted instead.
    """

    feed: str
    path: str
    rows: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def drop(self, file: str, reason: str, count: int) -> None:
        """Count rows of `file` left out for `reason`."""
        if count:
            self.dropped[f"{file}: {reason}"] += int(count)

    def repair(self, file: str, what: str, count: int) -> None:
        """Count rows of `file` kept but mended."""
        if count:
            self.repaired[f"{file}: {what}"] += int(count)

    def problem(
        self, file: str, found: str, expected: str, cure: str = "", row: int | None = None
    ) -> None:
        """Note a problem; after a few of the same kind in a file only their number grows."""
        self._kinds[file, expected] += 1
        if self._kinds[file, expected] > SHOWN_PER_KIND:
            return
        place = f"feed {self.feed}, {self.path}"
        place += f": {file}" if file else ""
        place += f", row {row}" if row is not None else ""
        self._problems.append(Problem(place, found, expected, cure))

    def more(self, file: str, expected: str, count: int) -> None:
        """Count further problems of a kind without showing them."""
        if count > 0:
            self._kinds[file, expected] += count

    @property
    def failed(self) -> bool:
        """Whether any problem was noted."""
        return bool(self._problems)

    def problems(self) -> list[Problem]:
        """All problems, with a line for those of a kind that were too many to show."""
        more = [
            Problem(
                f"feed {self.feed}, {self.path}: {file}",
                f"{count - SHOWN_PER_KIND} more rows of the same kind",
                expected,
            )
            for (file, expected), count in sorted(self._kinds.items())
            if count > SHOWN_PER_KIND
        ]
        return [*self._problems, *more]
