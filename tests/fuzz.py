"""Damaged inputs of every kind, as many as there is time for.

``python -m tests.fuzz --seconds 60 --seed 1`` runs each kind for its share of the time and prints
how many inputs were tried, refused and read. What breaks is told with its seed; ``--kind`` and
``--only SEED`` make that very input again. An input must be read or refused with a
`MobilityError`: no other exception, no more than 10 seconds, no row lost uncounted.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import random
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from street_toys import write_osm
from toy_gtfs import TOY, TUESDAY, assert_balance, write_folder, write_zip

from mobility.errors import MobilityError
from mobility.feeds import read_feeds
from mobility.merge import merge_feeds
from mobility.merge.overrides import read_overrides
from mobility.scenario import read_region, read_scenarios
from mobility.scenario.model import BorderEntry, FeedEntry, ZonesEntry
from mobility.streets import read_streets
from mobility.zones import read_countries, read_zones

LONGEST_S = 10.0
REPOSITORY = Path(__file__).parents[1]
CELLS = [
    "", " ", '"', '""', "'", ",", ";", "\t", "\0", "\n", "\r\n", "\ufeff", "é", "\u202e", "\U0001f682",
    "a", "b", "c", "t1", "r", "wk", "0", "1", "2", "3", "-1", "9" * 30, "1e9", "1e999", "NaN", "inf",
    "-0", "0x10", "1_000", "08:00:00", "8:00", "25:00:00", "47:59:59", "99:99:99", "-1:00:00",
    "596523:14:07", "20191008", "99991231", "00000000", "20191331", "2019-10-08", "51.0", "5.0",
    "91", "181", "5,1", "Europe/Brussels", "America/New_York", "Mars/Olympus", "=1+1", "<script>",
    "../../etc", "\x1b[31m", "x" * 100_000,
]  # fmt: skip
MORE = {
    "calendar_dates.txt": "service_id,date,exception_type\nwk,20191009,2\nwk,20191012,1\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\n"
    "t1,06:00:00,09:00:00,600,0\nt2,06:00:00,09:00:00,-600,1\n",
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\na,b,2,120\nb,b,2,60\n",
    "translations.txt": "table_name,field_name,language,translation,field_value\n"
    "stops,stop_name,nl,Aatoen,Aton\n",
    "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,51,5,1\n",
}
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "latin-1"]


def damaged_table(text: str, dice: random.Random) -> bytes:
    """A CSV with cells, rows and columns changed, written in one way or another."""
    table = list(csv.reader(io.StringIO(text)))
    for _ in range(dice.choice([1, 1, 1, 2, 5])):
        _damage(table, dice)
    ending = dice.choice(["\n", "\n", "\r\n", "\r", "\n\n"])
    if dice.random() < 0.5:
        out = io.StringIO()
        csv.writer(out, lineterminator=ending).writerows(table)
        written = out.getvalue()
    else:
        written = ending.join(",".join(row) for row in table)
    encoding = dice.choice(ENCODINGS) if dice.random() < 0.2 else "utf-8"
    return written.encode(encoding, "replace")


def _damage(table: list[list[str]], dice: random.Random) -> None:  # noqa: PLR0912 - a list of ways
    i = dice.randrange(len(table)) if table else 0
    row = table[i] if table else []
    j = dice.randrange(len(row)) if row else 0
    match dice.choice(
        ["cell", "cell", "cell", "row", "drop", "double", "cut", "swap", "column", "no column",
         "two columns", "blank column", "shuffle", "grow", "cycle", "gap"]
    ):  # fmt: skip
        case "cell" if row:
            row[j] = dice.choice(CELLS)
        case "row" if table:
            table.append([dice.choice(CELLS) for _ in table[0]])
        case "drop" if table:
            del table[i]
        case "double" if table:
            table.insert(i, list(row))
        case "cut" if table:
            table[i] = row[:j]
        case "swap" if row:
            row[0], row[j] = row[j], row[0]
        case "column" if table:
            for line in table:
                line.insert(j, dice.choice(CELLS[:40]))
        case "no column":
            for line in table:
                del line[j : j + 1]
        case "two columns":
            for line in table:
                line.append(line[j] if j < len(line) else "")
        case "blank column":
            for line in table[1:]:
                if j < len(line):
                    line[j] = ""
        case "shuffle":
            rest = table[1:]
            dice.shuffle(rest)
            table[1:] = rest
        case "grow" if table:
            table.extend([list(table[-1]) for _ in range(dice.randint(1, 300))])
        case "cycle" if len(table) > 2 and "parent_station" in table[0]:
            column = table[0].index("parent_station")
            for line, other in zip(table[1:], table[2:] + table[1:2], strict=True):
                if column < len(line) and other:
                    line[column] = other[0]
        case "gap" if table and "stop_sequence" in table[0]:
            column = table[0].index("stop_sequence")
            for line in table[1:]:
                if column < len(line) and line[column].isascii() and line[column].isdigit():
                    line[column] = str(int(line[column]) * 1_000_000)
        case _:
            pass


def _read(path: Path, dice: random.Random) -> None:
    day = dice.choice([TUESDAY, TUESDAY, None])
    box = dice.choice([None, None, (4.9, 50.9, 5.05, 51.1)])
    twin = write_folder(path.parent / "twin", TOY)
    entries = [FeedEntry(id="x", country="BE", path=path)]
    if dice.random() < 0.3:
        entries.append(FeedEntry(id="y", country="NL", path=twin))
    feeds = read_feeds(entries, timezone="Europe/Brussels", day=day, box=box)
    assert_balance(feeds)
    merged = merge_feeds(feeds, day=day, timezone="Europe/Brussels")
    books = merged.evidence["balance"]
    assert (books["rows_in"] - books["dropped"] + books["added"] == books["rows_out"]).all()
    assert books[books["table"] == "trips"]["rows_out"].iloc[-1] == len(merged.feeds.trips)


def tables(folder: Path, dice: random.Random) -> None:
    """Read a folder of GTFS of which one to three files are damaged."""
    texts: dict[str, str | bytes] = dict(TOY)
    for name in dice.sample(sorted(MORE), dice.randint(0, 3)):
        texts[name] = MORE[name]
    for name in dice.sample(sorted(texts), dice.choice([1, 1, 2, 3])):
        whole = str(texts[name])
        texts[name] = damaged_table(whole, dice)
        if dice.random() < 0.03:
            del texts[name]
        elif dice.random() < 0.01:
            texts[name] = whole.replace("Beek", "x" * 10_000_000)
    _read(write_folder(folder / "feed", texts), dice)


def zips(folder: Path, dice: random.Random) -> None:
    """Read zips that are damaged, hide paths, hold names twice or unpack to too much."""
    path = folder / "feed.zip"
    texts: dict[str, str | bytes] = dict(TOY)
    match dice.choice(["bytes", "bytes", "cut", "path", "twice", "bomb", "flags", "nested"]):
        case "path":
            name = dice.choice(["../stops.txt", "/stops.txt", "C:\\stops.txt", "a/../../b.txt",
                                "\\\\host\\stops.txt", "CON.txt", "stops.txt ", "ſtops.txt"])  # fmt: skip
            write_zip(path, texts | {name: "x"})
        case "twice":
            write_zip(path, texts)
            with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(dice.choice(sorted(TOY)), "stop_id\n")
        case "bomb":
            write_zip(path, texts | {dice.choice(sorted(TOY)): b"0" * (dice.randint(1, 70) << 20)})
        case "nested":
            inner = write_zip(folder / "inner.zip", texts).read_bytes()
            write_zip(path, {dice.choice(["feed.zip", "stops.txt"]): inner})
        case "flags":
            write_zip(path, texts)
            data = bytearray(path.read_bytes())
            for mark in (b"PK\x01\x02", b"PK\x03\x04"):
                place = data.find(mark)
                while place >= 0:
                    data[place + dice.randint(4, 30)] ^= 1 << dice.randint(0, 7)
                    place = data.find(mark, place + 4)
            path.write_bytes(bytes(data))
        case kind:
            write_zip(path, texts)
            path.write_bytes(_damaged_bytes(path.read_bytes(), dice, cut=kind == "cut"))
    _read(path, dice)


def _damaged_bytes(whole: bytes, dice: random.Random, *, cut: bool) -> bytes:
    if cut:
        return whole[: dice.randrange(len(whole))]
    data = bytearray(whole)
    for _ in range(dice.choice([1, 1, 2, 20])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


IDS = ["1", "2", "3", "-1", "0", str(2**31), str(2**63 - 1), str(2**64), "x", ""]
NUMBERS = ["5.0", "5.001", "51.0", "51.001", "0", "181", "-91", "NaN", "1e9", "", "x"]
TAGS = [
    ("highway", "residential"), ("highway", "motorway"), ("highway", ""), ("highway", "x" * 5000),
    ("maxspeed", "NL:urban"), ("maxspeed", "-5"), ("maxspeed", "∞"), ("maxspeed", "9" * 40),
    ("oneway", "-1"), ("oneway", "maybe"), ("route", "ferry"), ("duration", "99:99:99"),
    ("opening_hours", "Mo-Fr 07:00-"), ("interval", "0"), ("access", "no;yes"), ("layer", "deep"),
    ("name", "<b>&amp;</b>"), ("junction", "roundabout"), ("barrier", "bollard"),
]  # fmt: skip


def osm_xml(folder: Path, dice: random.Random) -> None:
    """Read XML with odd ids, one-node ways, missing nodes, broken restrictions and bombs."""

    def attribute(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

    def tags() -> str:
        chosen = dice.sample(TAGS, dice.randint(0, 4))
        return "".join(f'<tag k="{k}" v="{attribute(v)}"/>' for k, v in chosen)

    body = [
        f'<node id="{n}" version="1" lon="{5 + n / 1000}" lat="{51 + (n % 3) / 1000}">{tags()}</node>'
        for n in range(1, 9)
    ]
    if dice.random() < 0.4:
        body.append(f'<node id="{dice.choice(IDS)}" version="1" lon="{dice.choice(NUMBERS)}" '
                    f'lat="{dice.choice(NUMBERS)}"/>')  # fmt: skip
    for n in range(dice.randint(0, 6)):
        many = dice.choice([0, 1, 1, 2, 3, 8, 2500])
        nodes = dice.choices([str(k) for k in range(1, 9)] + IDS[: 3 + dice.randint(0, 4)], k=many)
        body.append(f'<way id="{dice.choice([str(50 + n), *IDS[:7]])}" version="1">'
                    + "".join(f'<nd ref="{r}"/>' for r in nodes)
                    + '<tag k="highway" v="residential"/>' + tags() + "</way>")  # fmt: skip
    if dice.random() < 0.4:
        body.append('<relation id="9" version="1"><member type="way" ref="50" role="from"/>'
                    f'<member type="node" ref="{dice.choice(IDS[:6])}" role="via"/>'
                    '<tag k="type" v="restriction"/><tag k="restriction" v="no_u_turn"/></relation>')  # fmt: skip
    dice.shuffle(body)
    path = write_osm(folder / "x.osm", "\n".join(body))
    text = path.read_text(encoding="utf-8")
    if dice.random() < 0.1:
        bomb = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
        text = text.replace("<osm", f'<!DOCTYPE osm [<!ENTITY e0 "ha">{bomb}]><osm', 1)
        text = text.replace("</osm>", "<note>&e9;</note></osm>")
    data = text.encode()
    if dice.random() < 0.3:
        data = _damaged_bytes(data, dice, cut=dice.random() < 0.5)
    path.write_bytes(data)
    read_streets([path])


def osm_pbf(folder: Path, dice: random.Random) -> None:
    """Read a PBF cut short or with bytes changed."""
    import osmium

    source = write_osm(folder / "s.osm", "\n".join(
        f'<node id="{n}" version="1" lon="{5 + n / 1000}" lat="51"/>' for n in range(1, 400)
    ) + '<way id="1" version="1">' + "".join(f'<nd ref="{n}"/>' for n in range(1, 400))
        + '<tag k="highway" v="residential"/></way>')  # fmt: skip
    whole = folder / "s.osm.pbf"
    with contextlib.closing(osmium.SimpleWriter(str(whole), overwrite=True)) as writer:
        for thing in osmium.FileProcessor(str(source)):
            writer.add(thing)
    path = folder / "x.osm.pbf"
    path.write_bytes(_damaged_bytes(whole.read_bytes(), dice, cut=dice.random() < 0.4))
    read_streets([path])


def _damaged_toml(text: str, dice: random.Random) -> bytes:
    lines = text.splitlines()
    values = ['""', "0", "-1", "1e400", "nan", "true", "[]", "{}", "[[]]", "9999-12-31", "24:00:00",
              '"../../../etc/passwd"', '"\\u0000"', "[1, 'a', {}]", "99999999999999999999", '"é"',
              '"' + "x" * 20_000 + '"', "[" * 90 + "]" * 90]  # fmt: skip
    for _ in range(dice.randint(1, 4)):
        i = dice.randrange(len(lines))
        key = lines[i].partition("=")[0]
        match dice.choice(["value", "value", "value", "key", "drop", "double", "swap", "junk"]):
            case "value" if "=" in lines[i]:
                lines[i] = f"{key}= {dice.choice(values)}"
            case "key":
                lines[i] = dice.choice(["kindd", "id", "[x]", "[[changes]]", "a.b.c"]) + " = 1"
            case "drop" if len(lines) > 1:
                del lines[i]
            case "double":
                lines.insert(i, lines[i])
            case "swap":
                k = dice.randrange(len(lines))
                lines[i], lines[k] = lines[k], lines[i]
            case _:
                lines.insert(
                    i, dice.choice(["[", "]]", "\0", "= =", '"""', "\ufeff", "[[changes]]"])
                )
    text = "\n".join(lines)
    if dice.random() < 0.05:
        return text.encode("utf-16")
    return text.encode()


def region_files(folder: Path, dice: random.Random) -> None:
    """Read a damaged region file."""
    path = folder / "region.toml"
    text = (REPOSITORY / "feeds" / "demo.toml").read_text(encoding="utf-8")
    path.write_bytes(_damaged_toml(text, dice))
    read_region(path, check_files=dice.random() < 0.5)


def scenario_files(folder: Path, dice: random.Random) -> None:
    """Read scenarios put together of changes of several, some of them damaged."""
    library = sorted((REPOSITORY / "scenarios").glob("*.toml"))
    texts = [
        path.read_text(encoding="utf-8").partition("[facts]")[0]
        for path in dice.sample(library, dice.randint(1, 3))
    ]
    together = texts[0] + "".join(
        "\n[[changes]]" + t.partition("[[changes]]")[2] for t in texts[1:]
    )
    (folder / "baseline.toml").write_text(
        (REPOSITORY / "scenarios" / "baseline.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    path = folder / "x.toml"
    path.write_bytes(_damaged_toml(together, dice) if dice.random() < 0.9 else together.encode())
    read_scenarios([path], region=REPOSITORY / "feeds" / "demo.toml")


SHAPES = [
    "[[[5,51],[5.1,51],[5.1,51.1],[5,51]]]", "[[[5,51],[5.1,51.1],[5.1,51],[5,51.1],[5,51]]]",
    "[[[5,51],[5,51],[5,51]]]", "[]", "[[]]", "null", "[[[5,51]]]", "[[[1e400,51],[5,52],[6,51]]]",
    "[[[500,51],[5,52],[6,51],[500,51]]]", '[[["a",51],[5,52],[6,51]]]',
]  # fmt: skip


def zone_files(folder: Path, dice: random.Random) -> None:
    """Read zones and countries with broken polygons, odd numbers and damaged tables."""
    rows = []
    for k in range(dice.randint(0, 6)):
        kind = dice.choice(["Polygon", "Polygon", "MultiPolygon", "Point", "Nonsense"])
        shape = dice.choice(SHAPES)
        shape = (
            f"[{shape}]" if kind == "MultiPolygon" else "[5.0,51.0]" if kind == "Point" else shape
        )
        people = dice.choice(["1", "-1", "null", '"x"', "1e308", "true", "[1]"])
        code = dice.choice(['"BE"', '"NL"', '"XX"', "null", '""', "1"])
        rows.append(
            f'{{"type":"Feature","properties":{{"id":{dice.choice([str(k), "1", "null"])},"n":{people},'
            f'"country":{code}}},"geometry":{{"type":"{kind}","coordinates":{shape}}}}}'
        )
    text = f'{{"type":"FeatureCollection","features":[{",".join(rows)}]}}'.encode()
    if dice.random() < 0.2:
        text = _damaged_bytes(text, dice, cut=dice.random() < 0.5)
    path = folder / "x.geojson"
    path.write_bytes(text)
    if dice.random() < 0.4:
        read_countries(BorderEntry(countries=path))
        return
    if dice.random() < 0.5:
        path = folder / "x.csv"
        path.write_bytes(damaged_table("id,lon,lat,n\n1,5,51,10\n2,5.1,51,20\n3,5.2,51.1,\n", dice))
    zones = read_zones(ZonesEntry(path=path, id="id", opportunities=("n",)), None)
    assert len(zones.lon) == len(zones.lat) > 0


def overrides(folder: Path, dice: random.Random) -> None:
    """Read a damaged file of what the user knows about stops."""
    path = folder / "x.csv"
    path.write_bytes(damaged_table("stop_a,stop_b,grade\nx:a,y:b,apart\nx:b,y:c,near\n", dice))
    read_overrides(path, ("x", "y"))


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "GTFS tables": tables, "GTFS zips": zips, "OSM XML": osm_xml, "OSM PBF": osm_pbf,
    "region files": region_files, "scenario files": scenario_files, "zones and borders": zone_files,
    "overrides": overrides,
}  # fmt: skip


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    tried: int = 0
    refused: int = 0
    longest_s: float = 0.0
    broke: list[str] = field(default_factory=list)


def attempt(kind: str, seed: int, tally: Tally) -> None:
    """Make one input, try it, and note what came of it."""
    dice = random.Random(f"{kind} {seed}")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # libraries grumble about what they refuse
                KINDS[kind](Path(folder), dice)
        except MobilityError as error:
            tally.refused += 1
            if not error.problems or not all(str(problem).strip() for problem in error.problems):
                tally.broke.append(f"{kind} {seed}: refused without a word")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = next(
                (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "mobility" in f.filename),
                last,
            )  # fmt: skip
            tally.broke.append(
                f"{kind} {seed}: {type(error).__name__}: {str(error)[:200]} "
                f"({Path(where.filename).name}:{where.lineno})"
            )
    took_s = time.perf_counter() - started
    tally.tried += 1
    tally.longest_s = max(tally.longest_s, took_s)
    if took_s > LONGEST_S:
        tally.broke.append(f"{kind} {seed}: took {took_s:.0f} s")


def fuzz(
    kinds: list[str], seeds: Iterator[int], until: Callable[[Tally], bool]
) -> dict[str, Tally]:
    """Try inputs of each kind until there are enough of them."""
    first = next(seeds)
    found = {}
    for kind in kinds:
        found[kind] = tally = Tally()
        seed = first
        while not until(tally):
            attempt(kind, seed, tally)
            seed += 1
    return found


def main() -> int:
    """Run from the command line; exit code 1 where anything broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(KINDS))
    parser.add_argument("--only", type=int, metavar="SEED")
    chosen = parser.parse_args()
    kinds = [chosen.kind] if chosen.kind else list(KINDS)
    if chosen.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            KINDS[kinds[0]](Path(folder), random.Random(f"{kinds[0]} {chosen.only}"))
        return 0
    share = chosen.seconds / len(kinds)
    clock = {"end": time.perf_counter() + share}

    def enough(tally: Tally) -> bool:
        if tally.tried == 0:
            clock["end"] = time.perf_counter() + share
        return time.perf_counter() > clock["end"]

    found = fuzz(kinds, iter([chosen.seed]), enough)
    print(
        "| kind | inputs | refused | read | longest (s) | broke |\n|---|---:|---:|---:|---:|---:|"
    )
    for kind, tally in found.items():
        print(f"| {kind} | {tally.tried:,} | {tally.refused:,} | "
              f"{tally.tried - tally.refused - len(tally.broke):,} | {tally.longest_s:.1f} | "
              f"{len(tally.broke)} |")  # fmt: skip
    broke = [line for tally in found.values() for line in tally.broke]
    for line in broke[:60]:
        print(line)
    with contextlib.suppress(ImportError):
        import resource

        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    return 1 if broke else 0


if __name__ == "__main__":
    sys.exit(main())
