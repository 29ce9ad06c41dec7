"""What the program never does, read from its source; and what it is locked to."""

from __future__ import annotations

import ast
from pathlib import Path

import lock_review
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = [*sorted((REPOSITORY / "mobility").rglob("*.py")), REPOSITORY / "run_scenario.py"]
CALLS = {"eval", "exec", "compile", "__import__", "breakpoint"}
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml",
           "telnetlib", "ftplib", "xmlrpc", "code", "codeop", "runpy"}  # fmt: skip
METHODS = {
    "os.system", "os.popen", "pd.read_pickle", "pd.eval", "np.fromregex", "tempfile.mktemp",
    "ET.parse", "ET.fromstring", "ET.iterparse", "ET.XML", "ssl._create_unverified_context",
}  # fmt: skip
ANY = {"extractall", "read_pickle", "to_pickle", "exec_module"}
# The one place where a user's own Python file is run, given by its path.
ALLOWED = {("mobility/scenario/script.py", "exec_module")}
STARTS_PROGRAMS = {"mobility/report/pdf.py"}


def findings(source: str, name: str) -> list[str]:
    """Everything in a source that it must not do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            roots = {module.split(".")[0] for module in modules}
            found += sorted(roots & MODULES)
            if "subprocess" in roots and name not in STARTS_PROGRAMS:
                found.append("subprocess")
        if not isinstance(node, ast.Call):
            continue
        said = ast.unparse(node.func)
        last = said.rpartition(".")[2]
        if said in CALLS | METHODS or (last in ANY and (name, last) not in ALLOWED):
            found.append(said)
        for keyword in node.keywords:
            text = ast.unparse(keyword.value)
            if (keyword.arg, text) in {("shell", "True"), ("allow_pickle", "True"),
                                       ("verify", "False"), ("autoescape", "False")}:  # fmt: skip
                found.append(f"{keyword.arg}={text}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_nothing_that_runs_what_a_file_says(path: Path) -> None:
    name = path.relative_to(REPOSITORY).as_posix()
    assert findings(path.read_text(encoding="utf-8"), name) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", ["pickle"]),
        ("from yaml import load", ["yaml"]),
        ("eval(text)", ["eval"]),
        ("run(words, shell=True)", ["shell=True"]),
        ("import subprocess", ["subprocess"]),
        ("archive.extractall(folder)", ["archive.extractall"]),
        ("np.load(path, allow_pickle=True)", ["allow_pickle=True"]),
        ("re.compile('x')", []),
    ],
)
def test_the_search_finds_them(source: str, found: list[str]) -> None:
    assert findings(source, "x.py") == found


def test_every_locked_package_has_hashes_and_is_reviewed() -> None:
    locked = lock_review.locked()
    assert len(locked) > 50
    assert [name for name, (_, hashes) in locked.items() if hashes == 0] == []
    assert lock_review.reviewed() == locked


def test_every_package_the_product_asks_for_is_locked_and_says_why() -> None:
    assert lock_review.direct() <= set(lock_review.locked())
    assert lock_review.direct() <= set(lock_review.PURPOSE)
