"""Dataclass trees survive a round trip through a folder."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from mobility import store
from mobility.errors import RunError


@dataclass(frozen=True)
class Leaf:
    numbers: np.ndarray
    names: np.ndarray


@dataclass(frozen=True)
class Tree:
    day: dt.date
    table: pd.DataFrame
    leaf: Leaf
    many: dict[str, Leaf]
    maybe: Leaf | None = None
    limit: float = 1.5
    words: tuple[str, ...] = ()
    shapes: np.ndarray | None = None
    counts: dict[str, int] = field(default_factory=dict)


def tree() -> Tree:
    leaf = Leaf(np.arange(5, dtype=np.int32), np.array(["a", "ß", ""], object))
    return Tree(
        day=dt.date(2019, 10, 8),
        table=pd.DataFrame({"x": [1, 2], "y": ["p", None], "z": np.array([1, -1], np.int8)}),
        leaf=leaf,
        many={"walk": leaf, "bike": Leaf(np.empty(0, np.float32), np.empty(0, object))},
        limit=float("inf"),
        words=("één", "two"),
        shapes=np.array([shapely.Point(1, 2), shapely.box(0, 0, 1, 1)], object),
        counts={"lost": 3},
    )


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    before = tree()
    store.save(before, tmp_path / "t")
    after = store.load(Tree, tmp_path / "t")
    assert after.day == before.day
    assert after.limit == before.limit
    assert after.words == before.words
    assert after.counts == before.counts
    assert after.maybe is None
    pd.testing.assert_frame_equal(after.table, before.table)
    assert after.table["z"].dtype == np.int8
    np.testing.assert_array_equal(after.leaf.numbers, before.leaf.numbers)
    assert after.leaf.numbers.dtype == np.int32
    assert list(after.leaf.names) == ["a", "ß", ""]
    assert after.many["bike"].numbers.shape == (0,)
    assert shapely.equals(after.shapes[1], before.shapes[1])


def test_arrays_are_read_only_views(tmp_path: Path) -> None:
    store.save(tree(), tmp_path / "t")
    after = store.load(Tree, tmp_path / "t")
    assert type(after.leaf.numbers) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        after.leaf.numbers[0] = 9


def test_same_tree_same_bytes(tmp_path: Path) -> None:
    store.save(tree(), tmp_path / "a")
    store.save(tree(), tmp_path / "b")
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("hurt", ["truncate", "remove", "index", "kind"])
def test_a_damaged_folder_is_refused(tmp_path: Path, hurt: str) -> None:
    store.save(tree(), tmp_path / "t")
    array = next((tmp_path / "t").glob("*.npy"))
    if hurt == "truncate":
        array.write_bytes(array.read_bytes()[:-1])
    elif hurt == "remove":
        array.unlink()
    elif hurt == "index":
        (tmp_path / "t" / "index.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="damaged folder"):
        store.load(Leaf if hurt == "kind" else Tree, tmp_path / "t")


def test_values_of_other_kinds_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="type set"):
        store.save({"a": {1, 2}}, tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


def _save(folder: str) -> None:
    store.save(tree(), Path(folder))


def test_two_processes_may_save_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_save, args=(str(tmp_path / "t"),)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["t"]
    assert store.load(Tree, tmp_path / "t").words == ("één", "two")
