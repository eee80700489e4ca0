"""`make mutants`: mutmut changes the code in small ways, one at a time; what no test notices must be explained.

Every mutant that survives needs a test that kills it or a reason in mutants.toml, by function and changed lines. mutmut
leaves functions with decorators alone, half of what matters here, so it works on a copy of the tree in which decorators
are written out: `f = decorator(f)` below `def f`. Names of functions, or patterns of them, as arguments: these alone.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import libcst as cst

ROOT = Path(__file__).parents[1]
COPY = ROOT / "out" / "mutants"
EXPLAINED = Path(__file__).with_suffix(".toml")
PLAIN = {"staticmethod", "classmethod"}  # which mutmut knows


class Undecorated(cst.CSTTransformer):
    """Decorators of functions as the assignments that they stand for."""

    def leave_FunctionDef(self, original_node, updated_node):
        decorators = [d.decorator for d in updated_node.decorators]
        if not decorators or (len(decorators) == 1 and getattr(decorators[0], "value", None) in PLAIN):
            return updated_node
        wrapped = name = cst.Name(updated_node.name.value)
        for decorator in reversed(decorators):
            wrapped = cst.Call(decorator, [cst.Arg(wrapped)])
        assignment = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(name)], wrapped)])
        return cst.FlattenSentinel([updated_node.with_changes(decorators=[]), assignment])


def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]


def prepare():
    """A copy of what the tests need; files that are as they were keep their age, and so what mutmut knows of them."""
    wanted = settings()
    mutated = {file for pattern in wanted["only_mutate"] for file in ROOT.glob(pattern)}
    for folder in (*wanted["source_paths"], *wanted["also_copy"], "tests"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                text = file.read_bytes()
                if file in mutated:
                    text = cst.parse_module(text).visit(Undecorated()).bytes
                place(COPY / file.relative_to(ROOT), text)
    place(COPY / "pyproject.toml", (ROOT / "pyproject.toml").read_bytes())


def place(target, text):
    if not target.exists() or target.read_bytes() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        stale = COPY / "mutants" / target.relative_to(COPY)
        stale.unlink(missing_ok=True)


def results():
    """(file, status, key) of every mutant, the key being its function and its changed lines."""
    from mutmut.__main__ import walk_mutatable_files
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code

    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            status = (
                "not run" if code == 255 else status_by_exit_code[code]
            )  # pytest refused: mutmut calls it a timeout
            yield path, status, key(name, get_diff_for_mutant(name, path=path)) if status != "killed" else None


def key(name, diff):
    where = name.rpartition("__mutmut_")[0].removeprefix("smoothmax.")
    module, _, function = where.rpartition(".")
    function = function.removeprefix("x_") if not function.startswith("xǁ") else function[2:].replace("ǁ", ".")
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    was, now = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return f"{module}.{function}: {was} → {now}"


def again():
    """What survived is tried again, for there may be new tests."""
    from mutmut.__main__ import walk_mutatable_files
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.stats import status_by_exit_code

    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            if status_by_exit_code[code] != "killed":
                data.exit_code_by_key[name] = None
        if data.exit_code_by_key:
            data.save()


def judge():
    """The table of files, and what survives unexplained; the number of these."""
    reasons = [
        re.compile(one) for entry in tomllib.loads(EXPLAINED.read_text())["explained"] for one in entry["matching"]
    ]
    count, open_, used = Counter(), [], set()
    for path, status, which in results():
        count[path, "mutants"] += 1
        if status in ("killed", "timeout", "segfault", "not checked"):  # the last: others were asked for by name
            count[path, status] += 1
        elif found := {reason for reason in reasons if reason.search(which)}:
            count[path, "explained"] += 1
            used |= found
        else:
            open_.append(f"{status}: {which}")
    columns = ("mutants", "killed", "timeout", "segfault", "explained", "not checked")
    print(f"{'file':42}", *(f"{c:>11}" for c in columns))
    paths = sorted({path for path, _ in count})
    for path in paths:
        print(f"{path!s:42}", *(f"{count[path, c]:11}" for c in columns))
    print(f"{'all':42}", *(f"{sum(count[path, c] for path in paths):11}" for c in columns))
    for line in open_:
        print(line)
    print(f"{len(open_)} without an explanation; {len(set(reasons) - used)} patterns without a mutant")
    return len(open_)


def main(names):
    prepare()
    os.chdir(COPY)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", os.environ.get("CHILDREN", "1"), *names]
    for setting in () if names == ["--judge"] else ({"SMOOTHMAX_MUTANTS": "1"}, {}):  # a little first, then all
        again()
        with open("log.txt", "a") as log:
            subprocess.run(command, env={**os.environ, **setting}, stdout=log, stderr=log, check=True)
    return judge() > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
