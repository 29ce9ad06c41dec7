"""Street tables beside OSRM, pandana and networkx: build, load, table, memory, agreement.

    python benchmarks/streets.py region.osm.pbf --points 200 2000 --osrm python3.12

`--osrm` names a Python that has `osrm-bindings` (they need 3.12); without it OSRM is left out, as
is pandana where it is not installed. Every program runs in a process of its own, by car, each
with its own speeds; what they agree on is measured on foot, where all walk 5 km/h.
"""

# What each process needs is imported there: OSRM's Python has none of ours.
# ruff: noqa: PLC0415

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SEED = 1
WALK_KPH = 5.0
NEAR = 0.02
NETWORKX_SOURCES = 3


def main() -> None:
    """Run every program there is and print one table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("pbf", type=Path)
    options.add_argument("--points", type=int, nargs="+", default=[200, 2000])
    options.add_argument("--osrm", help="Python with osrm-bindings")
    options.add_argument("--parts", nargs="+", choices=list(PARTS), help="only these, ours first")
    options.add_argument("--part", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.part:
        figures = PARTS[chosen.part](chosen.pbf, chosen.points, chosen.folder)
        (chosen.folder / f"{chosen.part}.json").write_text(json.dumps(figures), encoding="utf-8")
        return
    print(f"{chosen.pbf.name}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [("ours", sys.executable, {})]
        parts.append(
            ("ours-new-machine", sys.executable, {"NUMBA_CACHE_DIR": str(folder / "numba")})
        )
        if importlib.util.find_spec("pandana"):
            parts.append(("pandana", sys.executable, {}))
        parts.append(("networkx", sys.executable, {}))
        if chosen.osrm:
            parts += [(part, chosen.osrm, {}) for part in ("osrm-ch", "osrm-mld", "osrm-foot")]
        if chosen.parts:
            parts = [part for part in parts if part[0] in chosen.parts]
        for part, python, extra in parts:
            command = [python, __file__, str(chosen.pbf), "--folder", name, "--part", part]
            command += ["--points", *map(str, chosen.points)]
            with (folder / f"{part}.log").open("w", encoding="utf-8") as log:
                done = subprocess.run(
                    command, check=False, env={**os.environ, **extra}, stdout=log, stderr=log
                )
            if done.returncode:
                log_text = (folder / f"{part}.log").read_text(encoding="utf-8")
                print(f"{part:17}failed: {log_text.strip().splitlines()[-1][:200]}")
                continue
            figures = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
            print(f"{part:17}" + "; ".join(f"{k} {v}" for k, v in figures.items()), flush=True)
        agreement(folder)


def ours(pbf: Path, sizes: list[int], folder: Path) -> dict[str, object]:
    """Read, prepare, and time tables from coordinates to milliseconds, snapping included."""
    import numpy as np

    from mobility.streets import matrix_ms, node_times_ms, one_point, read_streets, snap
    from mobility.streets.grid import segment_grid
    from mobility.streets.hierarchies import contraction_of, weights_of

    figures: dict[str, object] = {}
    begin, start = time.process_time(), time.perf_counter()
    streets = read_streets([pbf], walk_kph=WALK_KPH)
    figures["read s"] = since(start)
    graph = streets.graphs["car"]
    start = time.perf_counter()
    contraction_of(graph)
    weights_of(graph)
    segment_grid(streets)
    figures["prepare s"] = since(start)
    figures["processor s"] = round(time.process_time() - begin, 3)
    figures["nodes"], figures["arcs"] = len(graph.node_of), len(graph.head)
    lon, lat = draw(streets, max(sizes))
    np.savez(folder / "points.npz", lon=lon, lat=lat)
    (folder / "points.json").write_text(json.dumps([lon.tolist(), lat.tolist()]), encoding="utf-8")
    for size in (min(sizes), *sizes):
        start = time.perf_counter()
        points = snap(streets, "car", lon[:size], lat[:size], max_m=1000)
        table = matrix_ms(streets, "car", points, points)
        # The first fetches compiled kernels from the disk, once in the life of a process.
        figures["kernels loaded s" if "kernels loaded s" not in figures else f"{size}² s"] = since(
            start
        )
    figures["unreached"] = int((table == 2**31 - 1).sum())
    some = repeated(one_point(points, 0), 32)
    for name, start_points in (
        ("one-to-all s", one_point(points, 0)),
        ("32 at once, s each", some),
    ):
        node_times_ms(streets, "car", start_points, threads=1, prepare=True)
        start = time.perf_counter()
        node_times_ms(streets, "car", start_points, threads=1, prepare=True)
        figures[name] = round((time.perf_counter() - start) / len(start_points.edge), 4)
    foot = snap(streets, "walk", lon[:200], lat[:200], max_m=1000)
    np.save(folder / "ours-foot.npy", matrix_ms(streets, "walk", foot, foot) / 1000)
    np.savez(
        folder / "graph.npz", tail=graph.arc_tail, head=graph.head, ms=graph.arc_ms,
        lon=streets.node_lon[graph.node_of], lat=streets.node_lat[graph.node_of],
    )  # fmt: skip
    figures["peak MB"] = peak_mb()
    return figures


def repeated(point, n):  # noqa: ANN001, ANN201
    """Repeat a snapped point n times."""
    import numpy as np

    return type(point)(
        point.mode,
        np.repeat(point.edge, n),
        np.repeat(point.fraction, n),
        np.repeat(point.distance_m, n),
    )


def draw(streets, n):  # noqa: ANN001, ANN201
    """Draw street nodes that both cars and walkers reach."""
    import numpy as np

    both = np.flatnonzero(streets.graphs["car"].kept & streets.graphs["walk"].kept)
    rows = np.random.default_rng(SEED).choice(both, n, replace=len(both) < n)
    return streets.node_lon[rows], streets.node_lat[rows]


def pandana(pbf: Path, sizes: list[int], folder: Path) -> dict[str, object]:  # noqa: ARG001
    """Pandana's contraction hierarchies on our arcs, from node to node."""
    import numpy as np
    import pandana as pdna
    import pandas as pd

    arcs, nodes = load_graph(folder, max(sizes))
    start = time.perf_counter()
    used = np.unique(np.concatenate((arcs["tail"], arcs["head"])))
    network = pdna.Network(
        pd.Series(arcs["lon"][used], used), pd.Series(arcs["lat"][used], used),
        pd.Series(arcs["tail"]), pd.Series(arcs["head"]),
        pd.DataFrame({"ms": arcs["ms"].astype(float)}), twoway=False,
    )  # fmt: skip
    figures: dict[str, object] = {"prepare s": since(start)}
    for size in sizes:
        # It looks at one pair after the other: a thousand by a thousand tells enough.
        some = nodes[: min(size, 1000)]
        start = time.perf_counter()
        network.shortest_path_lengths(np.repeat(some, len(some)), np.tile(some, len(some)))
        took = (time.perf_counter() - start) * (size / len(some)) ** 2
        figures[f"{size}² s" + (", reckoned" if size > len(some) else "")] = round(took, 3)
    few = nodes[:200]
    found = network.shortest_path_lengths(np.repeat(few, len(few)), np.tile(few, len(few)))
    table = own_table(arcs, few)
    known = table < 2**31 - 1
    apart = np.abs(np.array(found).reshape(table.shape)[known] - table[known])
    figures["pairs of 200² equal to ours"] = f"{(apart < 0.5).mean():.4%}"
    figures["peak MB"] = peak_mb()
    return figures


def by_networkx(pbf: Path, sizes: list[int], folder: Path) -> dict[str, object]:  # noqa: ARG001
    """A few searches by networkx on our arcs."""
    import networkx as nx
    import numpy as np

    arcs, nodes = load_graph(folder, max(sizes))
    start = time.perf_counter()
    graph = nx.DiGraph()
    order = np.argsort(-arcs["ms"], kind="stable")  # of parallel arcs the fastest comes last
    columns = (arcs[name][order].tolist() for name in ("tail", "head", "ms"))
    graph.add_weighted_edges_from(zip(*columns, strict=True), weight="ms")
    figures: dict[str, object] = {"build s": since(start)}
    sources, few = nodes[:NETWORKX_SOURCES], nodes[:200]
    start = time.perf_counter()
    rows = [nx.single_source_dijkstra_path_length(graph, int(s), weight="ms") for s in sources]
    each = (time.perf_counter() - start) / len(sources)
    figures["one-to-all s"] = round(each, 3)
    figures.update({f"{size}² s, reckoned": round(each * size) for size in sizes})
    table = own_table(arcs, few)[: len(sources)]
    there = [[row.get(int(d), 2**31 - 1) for d in few] for row in rows]
    figures["equal to ours"] = bool(np.array_equal(table, there))
    figures["peak MB"] = peak_mb()
    return figures


def load_graph(folder: Path, n: int):  # noqa: ANN201
    """Our arcs, and the nodes that the drawn points stand at."""
    import numpy as np

    arcs, points = dict(np.load(folder / "graph.npz")), np.load(folder / "points.npz")
    used = np.unique(arcs["tail"])
    place = {
        xy: v
        for v, xy in zip(used, zip(arcs["lon"][used], arcs["lat"][used], strict=True), strict=True)
    }
    nodes = [place[xy] for xy in zip(points["lon"], points["lat"], strict=True) if xy in place]
    return arcs, np.array(nodes[:n], np.int64)


def own_table(arcs, nodes):  # noqa: ANN001, ANN201
    """Our table from node to node."""
    import numpy as np

    from mobility.dijkstra import contract, swept_table, weigh
    from mobility.streets.hierarchies import elimination_order

    offset = np.searchsorted(arcs["tail"], np.arange(len(arcs["lon"]) + 1)).astype(np.int32)
    contraction = contract(offset, arcs["head"], elimination_order(offset, arcs["head"]))
    rows, zero = np.arange(len(nodes) + 1, dtype=np.int32), np.zeros(len(nodes), np.int32)
    points = (rows, nodes.astype(np.int32), zero)
    return swept_table(contraction, weigh(contraction, arcs["ms"]), *points, *points)


def osrm(pbf: Path, sizes: list[int], folder: Path, algorithm: str, profile: str):  # noqa: ANN201
    """Prepare with OSRM's own programs, load, and ask for tables of durations."""
    import osrm as binding

    package = Path(binding.__file__).parent
    work = folder / f"{algorithm}-{profile}"
    work.mkdir()
    shutil.copy(pbf, work / "in.osm.pbf")
    tool = {name: str(package / "bin" / f"osrm-{name}") for name in STEPS}
    base, cores = str(work / "in.osrm"), str(os.cpu_count())
    lua = str(package / "share" / "profiles" / f"{profile}.lua")
    commands = {"extract": [tool["extract"], "-p", lua, "-t", cores, str(work / "in.osm.pbf")]}
    after = ("contract",) if algorithm == "CH" else ("partition", "customize")
    commands.update({name: [tool[name], "-t", cores, base] for name in after})
    figures: dict[str, object] = {}
    begin, before = time.perf_counter(), os.times()
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        figures[f"{name} s"] = since(start)
    figures["prepared in all s"] = since(begin)
    # Of both cores together; nought on Windows, which does not count what others' processes took.
    after_all = os.times()
    used = after_all.children_user + after_all.children_system
    figures["processor s"] = round(used - before.children_user - before.children_system, 3)
    start = time.perf_counter()
    engine = binding.OSRM(
        algorithm=algorithm,
        storage_config=base,
        use_shared_memory=False,
        max_locations_distance_table=max(sizes) * 2,
    )
    figures["load s"] = since(start)
    lon, lat = json.loads((folder / "points.json").read_text(encoding="utf-8"))
    for size in sizes:
        places = list(zip(lon[:size], lat[:size], strict=True))
        start = time.perf_counter()
        answer = engine.Table(binding.TableParameters(coordinates=places, annotations=["duration"]))
        figures[f"{size}² s"] = since(start)
        if size == min(sizes) and profile == "foot":
            rows = [[x for x in row] for row in answer["durations"]]  # noqa: C416
            (folder / "osrm-foot-table.json").write_text(json.dumps(rows), encoding="utf-8")
    figures["peak MB"] = peak_mb()
    return figures


def agreement(folder: Path) -> None:
    """Print how many walks of the smallest table OSRM and we time alike."""
    import numpy as np

    path = folder / "osrm-foot-table.json"
    if not path.exists():
        return
    theirs = np.array(json.loads(path.read_text(encoding="utf-8")), float)
    mine = np.load(folder / "ours-foot.npy")
    theirs = theirs[: len(mine), : len(mine)]
    mine = np.where(mine > 2e6, np.nan, mine)[: len(theirs), : len(theirs)]
    far = (theirs > 300) & np.isfinite(mine)
    ratio = mine[far] / theirs[far]
    print(
        f"on foot, {far.sum():,} pairs over five minutes: {(abs(ratio - 1) < NEAR).mean():.1%} "
        f"within {NEAR:.0%}, median ratio {np.median(ratio):.4f}, "
        f"middle 90 % {np.percentile(ratio, 5):.3f}–{np.percentile(ratio, 95):.3f}"
    )


def since(start: float) -> float:
    """Seconds since a start."""
    return round(time.perf_counter() - start, 3)


def peak_mb() -> int:
    """Most memory this process, or any it started, has had."""
    try:
        import resource
    except ImportError:
        import psutil

        return int(psutil.Process().memory_info().peak_wset >> 20)
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whose) >> 10


STEPS = ("extract", "contract", "partition", "customize")
PARTS = {
    "ours": ours,
    "ours-new-machine": ours,
    "pandana": pandana,
    "networkx": by_networkx,
    "osrm-ch": lambda *rest: osrm(*rest, algorithm="CH", profile="car"),
    "osrm-mld": lambda *rest: osrm(*rest, algorithm="MLD", profile="car"),
    "osrm-foot": lambda *rest: osrm(*rest, algorithm="CH", profile="foot"),
}

if __name__ == "__main__":
    main()
