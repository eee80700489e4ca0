"""Many solves at once give the bits of one alone, the same seed the same bits in any process; nothing is global."""

import ast
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import smoothmax as sm
from smoothmax.solvers import METHODS

from ..effort import NIGHT, cases
from .scenes import SOLVES, START, Hand, bits, fun, jac

THREADS = 8
ROOT = Path(sm.__file__).parent
RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((60, 4)), RNG.standard_normal(60)
M = RNG.standard_normal((5, 6, 6))
M = M + M.transpose(0, 2, 1)


def problems():
    """Of every kind that remembers something, each to be shared."""
    ball, box, simplex = sm.Ball(np.zeros(4), 1.0), sm.Box(-np.ones(4), np.ones(4)), sm.Simplex(4)
    poly = sm.Polyhedron(np.ones((1, 4)), [0.5], bounds=(-np.ones(4), np.ones(4)))
    return {
        "affine": sm.Minimax(sm.Affine(A, B, absolute=True)),
        "affine, ball": sm.Minimax(sm.Affine(A, B), ball),
        "affine, box": sm.Minimax(sm.Affine(A, B), box),
        "affine, simplex": sm.Minimax(sm.Affine(A, B), simplex),
        "affine, polyhedron": sm.Minimax(sm.Affine(A, B), poly),
        "quadratic": sm.Minimax(sm.Quadratic(np.eye(4), A[:20], B[:20])),
        "spectral": sm.Minimax(sm.Spectral(M[0], M[1:]), box),
        "functions": sm.Minimax(sm.Smooth(fun, jac, d=2, n=3, convex=True), sm.Box([-4.0, -4.0], [4.0, 4.0])),
        "functions by complex steps": sm.Minimax(sm.Smooth(fun, "cs", d=2, n=3, convex=True)),
    }


SHARED = problems()
TASKS = [
    (name, method)
    for name, problem in SHARED.items()
    for method, solver in METHODS.items()
    if solver.refuses(problem) is None and (method == "spectral") == problem.components.spectral
]


def solve(task, shared=SHARED):
    name, method = task
    return sm.solve(shared[name], method=method, tol=1e-6, max_passes=60)


def words(r):
    """All that does not depend on what a function was remembered to have said."""
    return bits(r).replace(f"'nfev': {r.nfev}", "").replace(f"'njev': {r.njev}", "").replace(f"'nhev': {r.nhev}", "")


@cache
def alone(task):
    return words(solve(task))


def together(jobs):
    """All jobs at once, begun at one signal, with switches as often as the interpreter allows."""
    barrier, interval = threading.Barrier(THREADS), sys.getswitchinterval()

    def begin(job):
        barrier.wait(60)
        return job()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            waiting = [pool.submit(begin, job) for job in jobs]
            return [one.result(timeout=120) for one in waiting]
    finally:
        sys.setswitchinterval(interval)


def test_different_solves_at_once_are_those_alone():
    """One problem object for all of its methods, all kinds mixed."""
    order = np.random.default_rng(0).permutation(len(TASKS))
    chosen = [TASKS[i] for i in order][: cases(1, 1000) * THREADS]
    chosen = chosen[: len(chosen) // THREADS * THREADS]
    expected = {task: alone(task) for task in chosen}
    for k in range(0, len(chosen), THREADS):
        batch = chosen[k : k + THREADS]
        for task, found in zip(batch, together([lambda t=task: words(solve(t)) for task in batch]), strict=True):
            assert found == expected[task], f"{task} among {batch}"


@pytest.mark.parametrize("name", SHARED)
def test_one_problem_solved_eight_times_at_once(name):
    methods = [task for task in TASKS if task[0] == name]
    for task in methods[:: cases(6, 1)]:
        expected = alone(task)
        found = together([lambda t=task: words(solve(t))] * THREADS)
        assert found == [expected] * THREADS, task


def test_counts_are_those_of_the_solve_itself():
    """A Smooth shared by eight solves: nfev and njev are the calls that each thread has made."""
    made = {"fun": {}, "jac": {}}

    def counting(name, function):
        def counted(x):
            mine = threading.get_ident()
            made[name][mine] = made[name].get(mine, 0) + 1
            return function(x)

        return counted

    parts = sm.Smooth(counting("fun", fun), counting("jac", jac), d=2, n=3, convex=True)
    methods = ["newton", "lbfgs", "trust-region", "gradient", "accelerated", "working-set", "newton", "lbfgs"]
    problem = sm.Minimax(parts)

    def job(method):
        before = {name: made[name].get(threading.get_ident(), 0) for name in made}
        r = sm.solve(problem, START, method=method, tol=1e-6, max_passes=60)
        mine = {name: made[name][threading.get_ident()] - before[name] for name in made}
        return method, (r.nfev, r.njev), (mine["fun"], mine["jac"])

    for method, told, true in together([lambda m=method: job(m) for method in methods]):
        assert told == true, method


def test_one_surrogate_asked_by_eight_threads():
    """Each x has its own answer, whoever asks for another meanwhile."""
    for name in ("affine", "quadratic", "spectral", "functions"):
        shared, d = sm.Smoothed(SHARED[name], 0.1), SHARED[name].d
        points = np.random.default_rng(1).standard_normal((THREADS, d))
        own = [sm.Smoothed(SHARED[name], 0.1) for _ in points]
        expected = [(s.fun(x), s.jac(x).tobytes(), s.hess(x).tobytes()) for s, x in zip(own, points, strict=True)]

        def ask(x, shared=shared):
            return [(shared.fun(x), shared.jac(x).tobytes(), shared.hess(x).tobytes()) for _ in range(cases(10, 300))]

        for found, one in zip(together([lambda x=x: ask(x) for x in points]), expected, strict=True):
            assert set(found) == {one}, name


def test_one_domain_asked_by_eight_threads():
    poly = sm.Polyhedron(np.ones((1, 4)), [0.5], bounds=(-np.ones(4), np.ones(4)))
    c = np.random.default_rng(2).standard_normal((THREADS, 4))
    expected = [(poly.lmo(one).tobytes(), poly.project(3 * one).tobytes()) for one in c]

    def ask(one):
        return {(poly.lmo(one).tobytes(), poly.project(3 * one).tobytes()) for _ in range(cases(5, 100))}

    assert together([lambda one=one: ask(one) for one in c]) == [{one} for one in expected]


def test_one_set_of_constraints_asked_by_eight_threads():
    from scipy.optimize import NonlinearConstraint

    ring = NonlinearConstraint(lambda x: np.array([x @ x]), -np.inf, 9.0)
    problem = sm.Minimax(sm.Smooth(fun, jac, d=2, convex=True), sm.Box([-4.0, -4.0], [4.0, 4.0]), ring)
    points = np.random.default_rng(3).standard_normal((THREADS, 2))

    def ask(x):
        return {float(problem.constraints.at(x).c[0]) for _ in range(cases(50, 2000))}

    assert together([lambda x=x: ask(x) for x in points]) == [{float(x @ x)} for x in points]


def test_threads_may_do_as_they_like_with_errors_and_warnings():
    """np.errstate is a thread's own; the process's warning filters come out as they went in."""
    tasks = [task for task in TASKS if task[1] in ("newton", "cvxpy", "trust-region", "lbfgs")]
    tasks = [*[task for task in tasks if "complex" in task[0]], *tasks][:THREADS]
    before = list(warnings.filters)

    def job(task, k):
        with np.errstate(all="raise" if k % 2 else "ignore"):
            found = words(solve(task))
            assert np.geterr()["divide"] == ("raise" if k % 2 else "ignore")
        return found

    expected = [alone(task) for task in tasks]
    for _ in range(cases(1, 20)):
        assert together([lambda t=task, k=k: job(t, k) for k, task in enumerate(tasks)]) == expected
        assert list(warnings.filters) == before


def test_functions_that_solve_in_threads_wait_for_nobody():
    """A solve inside a function that a thread of an outer solve calls: no lock is held while a function runs."""
    expected = bits(SOLVES["newton"](Hand()))

    def nested(function, *arguments):
        assert bits(SOLVES["newton"](Hand())) == expected
        return function(*arguments)

    job = threading.Thread(
        target=lambda: done.append(SOLVES["several, two threads"](Hand("fun", 5, nested, from_then_on=True))),
        daemon=True,
    )
    done = []
    job.start()
    job.join(60)
    assert done, "the solve has not come to an end"
    assert bits(done[0]) == bits(SOLVES["several, two threads"](Hand()))


# ------------------------------------------------------------------------------------------------------------- seeds

SEEDED = """
import sys, numpy as np, smoothmax as sm
rng = np.random.default_rng(5)
A, b = rng.standard_normal((900, 4)), rng.standard_normal(900)
problem = sm.Minimax(sm.Affine(A, b, absolute=True), sm.Box(-np.ones(4), np.ones(4)))
for method in sys.argv[1].split(","):
    r = sm.solve(problem, method=method, rng=3, tol=1e-6, max_passes=60)
    print(method, r.x.tobytes().hex(), r.lower_bound.hex(), r.fun.hex(), r.weights.tobytes().hex()[:4000], r.nit)
"""


def in_a_process(hashes, methods):
    given = {**os.environ, "PYTHONHASHSEED": hashes, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SEEDED, methods], capture_output=True, text=True, check=True, env=given
    )
    return done.stdout


def test_the_same_seed_in_two_processes():
    problem = sm.Minimax(sm.Affine(np.eye(4), absolute=True), sm.Box(-np.ones(4), np.ones(4)))
    names = [n for n, m in METHODS.items() if m.refuses(problem) is None and (n != "cvxpy" or NIGHT)]
    one, two = (in_a_process(hashes, ",".join(names)) for hashes in ("1", "271828"))
    assert one == two
    assert one.count("\n") == len(names)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_twice_and_after_other_solves(method):
    tasks = [task for task in TASKS if task[1] == method]
    for task in tasks[: cases(1, 100)]:
        first = words(solve(task, problems()))
        for other in TASKS[:: cases(31, 5)]:
            solve(other)
        assert words(solve(task, problems())) == first, task


def test_a_generator_is_used_and_a_seed_is_not_its_state():
    big = np.random.default_rng(0).standard_normal((6000, 4)), np.random.default_rng(1).standard_normal(6000)
    problem = sm.Minimax(sm.Affine(*big, absolute=True))
    rng, twin = np.random.default_rng(4), np.random.default_rng(4)
    first = sm.solve(problem, method="working-set", rng=rng)
    assert rng.bit_generator.state != twin.bit_generator.state, "the generator was copied, or nothing was drawn"
    assert (
        bits(first)
        == bits(sm.solve(problem, method="working-set", rng=4))
        == bits(sm.solve(problem, method="working-set", rng=twin))
    )
    assert rng.bit_generator.state == twin.bit_generator.state
    np.random.seed(0)  # noqa: NPY002 - which nobody may look at
    state = np.random.get_state()[1].tobytes()  # noqa: NPY002
    sm.solve(problem)
    assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002


# ------------------------------------------------------------------------------------------------- nothing is global

ALLOWED = {
    ("_warnings.py", "INSIDE"): "who has a filter in force; under a lock",
    ("sweep/grid.py", "_READ"): "files that a worker process has read, replaced whole",
    ("sweep/pool.py", "_attempt"): "what a worker process computes, set once as it begins",
    ("inequalities/statement.py", "STATEMENTS"): "filled while the module is imported",
    ("operators/kernel.py", "log_count"): "an lru_cache from integers to floats",
    ("sweep/attempt.py", "_limit_for_good"): "done once in a worker process",
    ("sweep/version.py", "library"): "the library's own source, which does not change while it runs",
}
CHANGES = {
    "append",
    "add",
    "update",
    "pop",
    "popleft",
    "appendleft",
    "clear",
    "extend",
    "insert",
    "remove",
    "setdefault",
}


def written(tree):
    """Names of the module that its functions write into: `global`, item assignment, methods that change."""
    own = {t.id for node in tree.body for t in _targets(node)}
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
        inner = list(ast.walk(function))
        local = {a.arg for n in inner if isinstance(n, ast.arguments) for a in [*n.args, *n.kwonlyargs]}
        local |= {t.id for n in inner for t in _targets(n)} - {
            g for n in inner if isinstance(n, ast.Global) for g in n.names
        }
        for node in inner:
            if isinstance(node, ast.Global):
                yield from node.names
            if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
                for target in node.targets if hasattr(node, "targets") else [node.target]:
                    if isinstance(target, ast.Subscript | ast.Attribute) and isinstance(target.value, ast.Name):
                        yield from {target.value.id} & (own - local)
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in CHANGES and isinstance(called.value, ast.Name):
                yield from {called.value.id} & (own - local)


def _targets(node):
    found = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [t for t in found if isinstance(t, ast.Name)]


def cached_functions(tree):
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            if ast.unparse(decorator).split("(")[0].split(".")[-1] in ("lru_cache", "cache"):
                yield node.name


def test_no_module_is_written_into():
    found = set()
    for file in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(file.read_text())
        found |= {(file.relative_to(ROOT).as_posix(), name) for name in [*written(tree), *cached_functions(tree)]}
    assert found - set(ALLOWED) == set(), "state of the process, which threads share"
    assert set(ALLOWED) - found == set(), "allowed, and no longer there"


def test_the_scan_sees_what_it_looks_for():
    bad = "a = []\nb = {}\nc = 0\ndef f():\n    global c\n    a.append(1)\n    b[2] = 3\n    d = []\n    d.append(1)\n"
    assert set(written(ast.parse(bad))) == {"a", "b", "c"}


def test_cached_properties_hold_no_lock():
    """That of Python 3.11 has one for all objects of a class: two threads could wait for each other for ever."""
    for file in sorted(ROOT.rglob("*.py")):
        if file.name != "_cached.py":
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module == "functools":
                    assert "cached_property" not in {alias.name for alias in node.names}, file
