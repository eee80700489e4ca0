"""Sweeps: the same table whoever computes it and however often it is killed; what fails, and what is refused."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import problems
import smoothmax as sm
from smoothmax import cli
from smoothmax.reading import Wishes
from smoothmax.sweep import Grid, Sweep, pool, run
from smoothmax.sweep.cell import Cell, decoded, digest, encoded, text
from smoothmax.sweep.fingerprint import fingerprint
from smoothmax.sweep.results import CLOCK
from smoothmax.sweep.version import version_of
from tests import sweep_tasks as tasks
from tests.laws import assert_refuses

ROOT = Path(problems.__file__).parents[1]
CELLS = [{"k": k} for k in range(12)]


def plain(results):
    """The table without its clock."""
    return [{name: value for name, value in row.items() if name not in CLOCK} for row in results]


def table(folder):
    with open(folder / "table.csv", encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if name not in CLOCK} for row in csv.DictReader(file)]


# --- the same table


def test_whoever_computes_it_the_table_is_the_same():
    sweep = Sweep(tasks.product, CELLS)
    expected = plain(sweep.run())
    assert len({row["sum"] for row in expected}) == len(CELLS)
    assert plain(sweep.run(workers=2)) == expected
    assert plain(Sweep(tasks.product, CELLS[::-1]).run()) == expected[::-1]
    with ThreadPoolExecutor(3) as executor, ThreadPool(2) as threads:
        assert plain(sweep.run(workers=executor)) == expected
        assert plain(sweep.run(workers=executor.map)) == expected
        assert plain(sweep.run(workers=threads.imap)) == expected
        assert plain(sweep.run(workers=threads.imap_unordered)) == expected
    with ProcessPoolExecutor(1) as executor:
        assert plain(sweep.run(workers=executor)) == expected


def test_joblib_and_dask_are_workers_too():
    joblib, distributed = pytest.importorskip("joblib"), pytest.importorskip("distributed")
    sweep = Sweep(tasks.shares, CELLS, {"data": np.arange(5.0)})
    expected = plain(sweep.run())
    assert expected[3]["sum"] == 13.0
    assert plain(sweep.run(workers=joblib.Parallel(2, prefer="threads"))) == expected
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        for _ in range(3):  # what is shared is sent anew each time
            assert plain(sweep.run(workers=client)) == expected
        rows = pytest.importorskip("dask.array").ones((20, 2), chunks=(10, 2))
        remote = sm.Minimax(sm.Affine(rows), sm.Box([0, 0], [1, 1]))
        assert_refuses(ValueError, ["workers", "Dask"], Grid({"a": remote}).run, workers=client)
        sweep = Grid({"a": remote}, ["newton"]).sweep()
        assert sweep.run().rows[0]["success"]
        assert [cell.key for cell in Grid({"a": remote}, ["newton"]).sweep().cells] == [
            cell.key for cell in sweep.cells
        ]


def test_seeds_do_not_depend_on_what_else_is_there(tmp_path):
    few = Sweep(tasks.draw, CELLS[:4]).run(tmp_path)
    more = Sweep(tasks.draw, CELLS).run(tmp_path)
    assert (few.computed, more.computed) == (4, 8)
    assert plain(more)[:4] == plain(few)
    again = Sweep(tasks.draw, CELLS).run(tmp_path)
    assert again.computed == 0
    assert plain(again) == plain(more)
    assert [row["seconds"] for row in again] == [row["seconds"] for row in more]


SCRIPT = """
import sys
from smoothmax.sweep import Sweep
from tests import sweep_tasks as tasks
if __name__ == "__main__":
    Sweep(tasks.draw, [{"k": k, "sleep": 0.01} for k in range(200)]).run(sys.argv[1], workers=2)
"""


def test_a_sweep_killed_three_times_is_the_same_in_the_end(tmp_path):
    script, whole, killed = tmp_path / "go.py", tmp_path / "whole", tmp_path / "killed"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script)]
    counts = [0]
    for goal in (30, 80, 140):
        process = subprocess.Popen([*command, str(killed)], env=environment, start_new_session=True)
        while process.poll() is None and len(list(killed.glob("cells/*.json"))) < goal:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)  # the parent alone: its workers must notice
        process.wait()
        counts.append(len(list(killed.glob("cells/*.json"))))
        group, deadline = process.pid, time.monotonic() + 20
        while _alive(group) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _alive(group), "workers outlive a parent that was killed"
    assert counts == sorted(counts)
    assert 140 <= counts[-1] < 200
    stamps = {file: file.stat().st_mtime_ns for file in killed.glob("cells/*.json")}
    for folder in (killed, whole):
        subprocess.run([*command, str(folder)], env=environment, check=True)
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in stamps.items()), "something was computed again"
    assert len(table(whole)) == 200
    assert table(killed) == table(whole)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return any(
        _state(int(p.name)) != "Z" and _group(int(p.name)) == group for p in Path("/proc").iterdir() if p.name.isdigit()
    )


def _fields(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["Z", "0", "0"]


def _state(pid):
    return _fields(pid)[0]


def _group(pid):
    return int(_fields(pid)[2])


# --- what fails


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_cell_is_recorded_and_stops_nothing(workers, tmp_path):
    found = Sweep(tasks.fails, CELLS).run(tmp_path, workers=workers)
    assert [row["k"] for row in found.failed] == [3]
    assert found.rows[3]["error"] == "ValueError: cell 3 does not like its number"
    record = json.loads((tmp_path / "cells" / f"{found.rows[3]['key']}.json").read_text())
    assert "sweep_tasks.py" in record["outcome"]["traceback"]
    assert Sweep(tasks.fails, CELLS).run(tmp_path).computed == 0
    assert Sweep(tasks.fails, CELLS).run(tmp_path, retry=True).computed == 1


def test_a_process_that_dies_costs_its_own_cell_alone(tmp_path):
    found = Sweep(tasks.dies, CELLS).run(tmp_path, workers=2)
    assert [row["k"] for row in found.failed] == [3]
    assert found.rows[3]["error"] == pool.DEATH
    assert [row["k2"] for row in found if row["status"] == "done"] == [k * k for k in range(12) if k != 3]


def test_rows_that_are_not_plain_or_overstep_fail():
    for task, word in ((tasks.oversteps, "seconds"), (tasks.speaks, "object")):
        found = Sweep(task, CELLS[:1]).run()
        assert len(found.failed) == 1
        assert word in found.rows[0]["error"]


def test_a_full_disk_costs_a_cell_and_the_table_stays_whole(tmp_path, monkeypatch):
    Sweep(tasks.draw, CELLS[:3]).run(tmp_path)
    before = (tmp_path / "table.csv").read_bytes()
    true = run.Store.save
    full = OSError(errno.ENOSPC, "No space left on device")

    def save(self, cell, outcome):
        if cell.declaration["k"] == 5:
            raise full
        true(self, cell, outcome)

    def to_csv(self, path):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(run.Store, "save", save)
        patch.setattr(run.Results, "to_csv", to_csv)
        with pytest.warns(UserWarning, match=r"table\.csv could not be written: No space left"):
            found = Sweep(tasks.draw, CELLS).run(tmp_path)
    assert [row["k"] for row in found.failed] == [5]
    assert "No space left" in found.rows[5]["error"]
    assert (tmp_path / "table.csv").read_bytes() == before
    again = Sweep(tasks.draw, CELLS).run(tmp_path)
    assert again.computed == 1
    assert not again.failed


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other", "list"])
def test_a_damaged_file_is_named_and_computed_again(tmp_path, damage):
    sweep = Sweep(tasks.draw, CELLS[:4])
    before = sweep.run(tmp_path)
    file = tmp_path / "cells" / f"{before.rows[2]['key']}.json"
    data = file.read_bytes()
    other = (tmp_path / "cells" / f"{before.rows[1]['key']}.json").read_bytes()
    at = data.index(b'"drawn":0.') + 12
    flipped = data[:at] + (b"1" if data[at : at + 1] != b"1" else b"2") + data[at + 1 :]
    file.write_bytes({"flip": flipped, "cut": data[:-20], "empty": b"", "other": other, "list": b"[1]"}[damage])
    with pytest.warns(UserWarning, match=file.name):
        after = sweep.run(tmp_path)
    assert after.computed == 1
    assert plain(after) == plain(before)


def test_ctrl_c_keeps_what_is_finished(tmp_path, monkeypatch):
    calls = []

    def stop(cell, rng):
        calls.append(cell["k"])
        if len(calls) == 5:
            raise KeyboardInterrupt
        return {"k2": cell["k"]}

    monkeypatch.setattr(tasks, "fails", stop)
    stop.__qualname__, stop.__module__ = "fails", tasks.__name__
    with pytest.raises(KeyboardInterrupt):
        Sweep(tasks.fails, CELLS, version="one").run(tmp_path)
    assert len(list(tmp_path.glob("cells/*.json"))) == 4
    assert Sweep(tasks.fails, CELLS, version="one").run(tmp_path).computed == 8


# --- what is refused


def test_declarations_that_are_refused():
    assert_refuses(ValueError, ["cells", "empty"], Sweep, tasks.draw, [])
    assert_refuses(ValueError, ["cells", "k=1"], Sweep, tasks.draw, [{"k": 1}, {"k": 2}, {"k": 1}])
    assert_refuses(TypeError, "cells", Sweep, tasks.draw, 3)
    assert_refuses(TypeError, "cells", Sweep, tasks.draw, [3])
    assert_refuses(TypeError, ["cell", "object"], Sweep, tasks.draw, [{"k": object()}])
    assert_refuses(TypeError, "cell", Sweep, tasks.draw, [{3: 1}])
    assert_refuses(TypeError, "task", Sweep, lambda cell, rng: {}, CELLS)
    assert_refuses(TypeError, "task", Sweep, "draw", CELLS)
    for workers, error in ((0, ValueError), (-2, ValueError), (1.5, TypeError), ("two", TypeError), (True, TypeError)):
        assert_refuses(error, "workers", Sweep(tasks.draw, CELLS).run, workers=workers)
    unsendable = Sweep(tasks.shares, CELLS, {"data": lambda: 0})
    assert_refuses(TypeError, ["workers", "module"], unsendable.run, workers=2)


def test_folders_that_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    sweep = Sweep(tasks.draw, CELLS[:2])
    assert_refuses(ValueError, ["out", "not a sweep"], sweep.run, tmp_path)
    assert_refuses(ValueError, ["out", "not a sweep"], sweep.run, tmp_path, fresh=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert_refuses(ValueError, "out", sweep.run, tmp_path / "notes.txt")
    assert_refuses(ValueError, "out", sweep.run, tmp_path / "notes.txt" / "below")
    if Path("/proc").is_dir():
        assert_refuses(ValueError, "out", sweep.run, "/proc/none")


def test_a_changed_declaration_is_refused_or_made_afresh(tmp_path):
    Sweep(tasks.draw, CELLS).run(tmp_path)
    changed = Sweep(tasks.draw, CELLS[:5])
    assert_refuses(ValueError, ["out", "7", "fresh"], changed.run, tmp_path)
    assert len(list(tmp_path.glob("cells/*.json"))) == 12
    other = Sweep(tasks.product, CELLS)
    assert_refuses(ValueError, ["out", "draw", "fresh"], other.run, tmp_path)
    code = Sweep(tasks.draw, CELLS, version="another")
    assert_refuses(ValueError, ["code", "another", "fresh"], code.run, tmp_path)
    assert changed.run(tmp_path, fresh=True).computed == 5
    assert len(list(tmp_path.glob("cells/*.json"))) == 5


# --- plain values


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), 1e-300, 0.1, 2**70, "é", None, [1, {"a": 1.5}]]
)
def test_plain_values_come_back_as_they_went(value):
    back = decoded(json.loads(text({"x": value})))["x"]
    assert repr(back) == repr(value)
    assert encoded(0.5) == 0.5


def test_keys_depend_on_the_declaration_and_the_version_alone():
    a, b = Cell.of({"k": 1, "tau": 0.1}, "v"), Cell.of({"tau": np.float64(0.1), "k": np.int64(1)}, "v")
    assert a.key == b.key
    assert a.rng.random() == b.rng.random()
    other = Cell.of({"k": 1, "tau": 0.1}, "w")
    assert other.key != a.key
    assert other.rng.random() == a.rng.random()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert version_of(tasks.draw) == version_of(tasks.fails)
    assert version_of(tasks.draw) != version_of(sm.solve)


def test_fingerprints_see_contents():
    A = np.arange(12.0).reshape(4, 3)
    base = fingerprint(sm.Minimax(sm.Affine(A)))
    assert fingerprint(sm.Minimax(sm.Affine(A.copy()))) == base
    assert fingerprint(sm.Minimax(sm.Affine(np.asfortranarray(A)))) == base
    changed = A.copy()
    changed[3, 2] += 1e-9
    others = [
        sm.Minimax(sm.Affine(changed)),
        sm.Minimax(sm.Affine(A, absolute=True)),
        sm.Minimax(sm.Affine(A), sm.Box([0, 0, 0], [1, 1, 1])),
        sm.Minimax(sm.Affine(sp.csr_array(A))),
        sm.Minimax(sm.Smooth(lambda x: A @ x, d=3)),
        sm.Minimax(sm.Smooth(lambda x: A @ x + 1, d=3)),
    ]
    prints = [fingerprint(one) for one in others]
    assert len({base, *prints}) == len(prints) + 1
    asked = sm.Minimax(sm.Smooth(lambda x: x**2, d=2, convex=True))
    before = fingerprint(asked)
    asked.value([1.0, 2.0])
    assert fingerprint(asked) == before


# --- grids of solves


def test_a_grid_is_judged_by_the_certificate(tmp_path):
    grid = Grid(["problems:stackloss", "problems:rps"], ["newton", "lbfgs"], [None, 1.0, 0.01], 2, {"tol": 1e-7})
    found = grid.run(tmp_path, workers=2)
    assert len(found) == 24
    assert [row["error"] for row in found.failed] == [
        row["error"] for row in found if row["problem"].endswith("rps") and row["method"] == "lbfgs"
    ]
    for row in found:
        if row["status"] == "done":
            case = problems.get(row["problem"].partition(":")[2])
            assert row["lower_bound"] <= case.optimum + 1e-12
            assert row["success"] or row["method"] == "lbfgs"
            assert (row["tau"] is None) or row["last_tau"] == row["tau"]
    frame = pd.read_csv(tmp_path / "table.csv")
    assert list(frame.columns) == found.columns
    assert frame["fun"].to_numpy() == pytest.approx([row.get("fun", np.nan) for row in found], nan_ok=True, rel=0)
    assert set(json.loads((tmp_path / "machine.json").read_text())["versions"]) >= {"numpy", "scipy", "smoothmax"}
    assert grid.run(tmp_path).computed == 0
    grown = Grid(["problems:stackloss", "problems:rps"], ["newton", "lbfgs"], [None, 1.0, 0.1, 0.01], 2, {"tol": 1e-7})
    assert grown.run(tmp_path).computed == 8


def test_a_grid_of_problems_in_memory():
    problem = sm.Minimax(sm.Affine(np.random.default_rng(0).standard_normal((20, 3)), absolute=True), sm.Simplex(3))
    found = Grid({"mine": problem, "theirs": "problems:durer"}).run()
    assert [row["problem"] for row in found] == ["mine", "theirs"]
    assert all(row["success"] for row in found)


@pytest.mark.parametrize(
    ("method", "own"), [("cvxpy", {"solver": "SCS"}), ("saddle", {"route": "barrier"}), ("auto", {"route": "barrier"})]
)
def test_a_grid_takes_the_options_of_its_own_methods(method, own):
    if method == "cvxpy":
        pytest.importorskip("cvxpy")
    game = sm.Minimax(sm.Affine(np.eye(2)), sm.Simplex(2))
    found = Grid({"game": game}, (method,), options={"options": own, "tol": 1e-4}).run()
    assert found.rows[0]["success"]
    assert found.rows[0]["fun"] == pytest.approx(0.5, abs=1e-4)
    with_another = Grid({"game": game}, (method, "newton"), options={"options": own})
    assert_refuses(ValueError, ["options", next(iter(own)), "newton"], with_another.sweep)


def test_options_are_not_asked_of_a_method_that_cannot_take_the_problem():
    found = Grid(["problems:rps"], ["lbfgs", "saddle"], options={"options": {"route": "barrier"}}).run()
    assert [row["status"] for row in found] == ["failed", "done"]
    assert "cannot take this problem" in found.rows[0]["error"]


@pytest.mark.parametrize("names", [(1, "1"), (None, "None"), (1.0, "1.0")])
def test_problems_of_one_name_are_refused(names):
    problems_ = {name: sm.Minimax(sm.Affine([[float(k)]]), sm.Box([1.0], [2.0])) for k, name in enumerate(names)}
    assert_refuses(ValueError, ["problems", *map(repr, names)], Grid(problems_).sweep)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"problems": ["problems:rps", "problems:rps"]}, ValueError, ["problems", "problems:rps"]),
        ({"problems": [["problems:rps"]]}, TypeError, ["problems", "list"]),
        ({"problems": []}, ValueError, "problems"),
        ({"problems": {}}, ValueError, "problems"),
        ({"problems": "problems:rps"}, TypeError, "problems"),
        ({"problems": {"a": 3}}, TypeError, ["problems", "int"]),
        ({"problems": ["problems:none"]}, ValueError, "none"),
        ({"problems": ["nowhere.csv"]}, ValueError, "nowhere"),
        ({"methods": []}, ValueError, "methods"),
        ({"methods": ["newtown"]}, ValueError, ["methods", "newtown"]),
        ({"methods": "newton"}, TypeError, "methods"),
        ({"taus": [0.0]}, ValueError, "taus"),
        ({"taus": 0.1}, TypeError, "taus"),
        ({"taus": [0.1, 0.1]}, ValueError, "twice"),
        ({"seeds": 0}, ValueError, "seeds"),
        ({"options": {"tau": 1.0}}, ValueError, ["options", "tau"]),
        ({"options": {"callback": print}}, ValueError, ["options", "callback"]),
        ({"options": {"tol": object()}}, TypeError, "tol"),
        ({"options": {"maxpasses": 3}}, TypeError, ["options", "max_passes", "maxpasses"]),
    ],
)
def test_grids_that_are_refused(changes, error, words):
    assert_refuses(error, words, lambda: Grid(**{"problems": ["problems:rps"], **changes}).sweep())


def test_files_are_read_as_on_the_command_line(tmp_path):
    file = ROOT / "problems" / "data" / "stackloss.csv"
    wishes = Wishes(target="stack_loss", intercept=True, absolute=True)
    found = Grid([str(file)], wishes=wishes).run(tmp_path / "out")
    assert found.rows[0]["fun"] == pytest.approx(19705 / 4154)


# --- the command line


def swept(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(["sweep", *arguments])
    said = capsys.readouterr()
    return left.value.code, said.out, said.err


def test_the_command_line_resumes(tmp_path, capsys, monkeypatch):
    file, out = str(ROOT / "problems" / "data" / "stackloss.csv"), str(tmp_path / "out")
    asked = (file, "--target", "stack_loss", "--intercept", "--absolute", "--methods", "newton,lbfgs", "--out", out)
    code, said, _ = swept(capsys, *asked, "--taus", "1:0.01:3")
    assert code == 0
    assert "6 cells, 6 computed now, 0 failed" in said
    code, said, _ = swept(capsys, *asked, "--taus", "1:0.001:4", "--json")
    assert code == 0
    told = json.loads(said)
    assert told["computed"] == 2
    assert [row["tau"] for row in told["rows"][:4]] == pytest.approx([1, 0.1, 0.01, 0.001])
    code, _, wrong = swept(capsys, *asked)
    assert code == 2
    assert "--fresh" in wrong
    code, said, _ = swept(capsys, *asked, "--fresh", "--max-passes", "3")
    assert code == 1
    assert "no" in said.split()
    code, _, wrong = swept(capsys, *asked, "--methods", "nutwon")
    assert code == 2
    assert "nutwon" in wrong

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.Grid, "run", stopped)
    code, _, wrong = swept(capsys, *asked)
    assert code == 130
    assert "goes on" in wrong


# --- the bar


def test_the_bar_is_quiet_where_nobody_watches_and_counts_where_somebody_does(capsys, monkeypatch):
    Sweep(tasks.fails, CELLS).run()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as rich can see
    monkeypatch.setenv("COLUMNS", "120")
    Sweep(tasks.fails, CELLS).run()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "12/12" in shown.err
    assert "1 failed" in shown.err
    Sweep(tasks.fails, CELLS).run(progress=False)
    assert capsys.readouterr() == ("", "")


# --- what two critics found


@pytest.mark.parametrize("workers", [1, 2])
def test_strange_failures_are_failures_too(workers, tmp_path):
    found = Sweep(tasks.leaves, CELLS[:7]).run(tmp_path, workers=workers)
    assert [row["k"] for row in found.failed] == [1, 2, 3, 4, 5]
    assert "enough" in found.rows[1]["error"]
    assert found.rows[2]["error"] == "Mute"
    assert "k" in found.rows[5]["error"]
    assert Sweep(tasks.leaves, CELLS[:7]).run(tmp_path).computed == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_changes_its_cell_changes_nothing_else(workers):
    found = Sweep(tasks.appends, [{"k": k, "list": [1]} for k in range(3)]).run(workers=workers)
    assert [(row["list"], row["n"]) for row in found] == [([1], 2)] * 3


def test_cells_with_nan_are_remembered(tmp_path):
    cells = [{"k": 1, "x": float("nan")}, {"k": 2, "x": float("inf")}]
    assert Sweep(tasks.fails, cells).run(tmp_path).computed == 2
    assert Sweep(tasks.fails, cells).run(tmp_path).computed == 0


def test_names_of_the_tables_own_are_refused():
    for name in ("key", "status", "error", "seconds"):
        assert_refuses(ValueError, ["cells", name], Sweep, tasks.draw, [{"k": 1, name: 2}])
    assert_refuses(TypeError, "nonfinite", Sweep, tasks.draw, [{"k": {"nonfinite": "inf"}}])


def test_a_run_killed_at_its_start_is_taken_up(tmp_path):
    (tmp_path / "cells").mkdir()
    part = tmp_path / f".sweep.json.{'0' * 16}.part"
    part.write_text("half")
    os.utime(part, (1, 1))
    assert Sweep(tasks.draw, CELLS).run(tmp_path).computed == 12
    assert not part.exists()
    (tmp_path / "sweep.json").write_text("damaged")
    assert Sweep(tasks.draw, CELLS).run(tmp_path).computed == 0


def test_a_sweep_json_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "sweep.json").write_text('{"program": "train.py"}')
    (tmp_path / "table.csv").write_text("mine")
    for fresh in (False, True):
        assert_refuses(ValueError, "out", Sweep(tasks.draw, CELLS).run, tmp_path, fresh=fresh)
    assert (tmp_path / "table.csv").read_text() == "mine"


def test_fresh_keeps_what_is_of_this_sweep_and_files_of_others(tmp_path):
    Sweep(tasks.draw, CELLS).run(tmp_path)
    (tmp_path / "cells" / "notes.json").write_text("{}")
    assert Sweep(tasks.draw, CELLS).run(tmp_path, fresh=True).computed == 0
    assert Sweep(tasks.draw, CELLS[:3]).run(tmp_path, fresh=True).computed == 3
    assert (tmp_path / "cells" / "notes.json").exists()


def test_failed_cells_are_nothing_to_lose(tmp_path):
    Sweep(tasks.fails, CELLS[:4]).run(tmp_path)
    assert Sweep(tasks.fails, CELLS[:3]).run(tmp_path).computed == 0
    assert_refuses(ValueError, ["out", "k"], Sweep(tasks.fails, CELLS[:2]).run, tmp_path)


def test_the_last_cell_may_kill_its_process_too(tmp_path):
    sweep = Sweep(tasks.dies, CELLS[3:4])
    assert len(sweep.run(tmp_path, workers=2).failed) == 1
    assert len(sweep.run(tmp_path, workers=2, retry=True).failed) == 1


def test_threads_are_fixed_in_executors_of_this_process():
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(2):
        before = [pool["num_threads"] for pool in threadpool_info()]
        with ThreadPoolExecutor(3) as executor:
            found = Sweep(tasks.threads, CELLS).run(workers=executor)
        assert {row["threads"] for row in found} == {1}
        assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_a_map_that_loses_something_is_told():
    sweep = Sweep(tasks.draw, CELLS)
    assert_refuses(ValueError, ["workers", "4"], sweep.run, workers=lambda f, xs: [f(x) for x in list(xs)[:8]])


UNGUARDED = """
import sys
from smoothmax.sweep import Sweep
from tests import sweep_tasks as tasks
Sweep(tasks.draw, [{"k": k} for k in range(4)]).run(sys.argv[1], workers=2)
"""


def test_a_script_without_a_guard_is_told_and_no_cell_is_blamed(tmp_path):
    script = tmp_path / "go.py"
    script.write_text(UNGUARDED)
    ran = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert "__name__ == '__main__'" in ran.stderr
    assert not list((tmp_path / "out" / "cells").glob("*.json"))


def test_large_tables_are_written_in_one_go(tmp_path):
    from smoothmax.sweep import Results

    rows = tuple({"k": k, "status": "done", "error": "", "seconds": 0.0, "key": str(k)} for k in range(20_000))
    before = time.perf_counter()
    Results(rows, 0).to_csv(tmp_path / "table.csv")
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 20_001
    assert time.perf_counter() - before < 20  # it was minutes when every row asked for the columns


def test_what_a_task_imports_is_part_of_its_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "aside_sweep.py").write_text("VALUE = 1\n")
    (tmp_path / "work_sweep.py").write_text("import aside_sweep\ndef task(cell, rng):\n    return {}\n")
    import work_sweep

    before = version_of(work_sweep.task)
    (tmp_path / "unused_sweep.py").write_text("VALUE = 2\n")
    assert version_of(work_sweep.task) == before
    (tmp_path / "aside_sweep.py").write_text("VALUE = 2\n")
    assert version_of(work_sweep.task) != before


SCALE = 1.0


def scaled(x):
    return SCALE * np.asarray(x)


def helped(x):
    return scaled(x)


class Callable_:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return self.k * np.asarray(x)

    def method(self, x):
        return self.k + np.asarray(x)


def test_fingerprints_follow_what_functions_refer_to(monkeypatch):
    import functools
    import math

    for function in (scaled, helped):
        before = fingerprint(function)
        with monkeypatch.context() as patch:
            patch.setitem(scaled.__globals__, "SCALE", 7.0)
            assert fingerprint(function) != before
        assert fingerprint(function) == before
    different = [
        math.sin,
        math.cos,
        range(3),
        range(4),
        functools.partial(scaled, x=1),
        functools.partial(scaled, x=2),
        Callable_(1),
        Callable_(2),
        Callable_(1).method,
        Callable_(2).method,
        {"a": {"b": 1}, "c": 2},
        {"a": {"b": 1, "c": 2}},
        np.random.default_rng(0),
        np.random.default_rng(1),
        bytearray(b"a"),
        bytearray(b"b"),
        [[], []],
        [[[]]],
    ]
    prints = [fingerprint(one) for one in different]
    assert len(set(prints)) == len(prints)
    assert fingerprint(np.random.default_rng(0)) == fingerprint(np.random.default_rng(0))
    assert_refuses(TypeError, "kept", fingerprint, (k for k in range(3)))


def test_a_file_that_changes_is_another_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k, value in enumerate((1.0, 9.0)):
        np.savez("st.npz", A=np.zeros((2, 1)), b=np.array([value, 0.0]))
        found = Grid(["st.npz"]).run(f"out{k}" if k else "out0")
        assert found.computed == 1
        assert found.rows[0]["fun"] == pytest.approx(value)
    grid = Grid(["st.npz"]).sweep()
    np.savez("st.npz", A=np.zeros((2, 1)), b=np.array([5.0, 0.0]))
    from smoothmax.sweep import grid as room

    room._READ.clear()
    assert "declared" in grid.run().rows[0]["error"]


@pytest.mark.parametrize("options", [{"tol": -1.0}, {"regularizer": "foo"}, {"max_passes": 0}, {"time_limit": -1}])
def test_bad_options_are_refused_before_any_cell(options, tmp_path):
    assert_refuses(ValueError, next(iter(options)), Grid(["problems:rps"], options=options).run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
