"""Memory that runs out: at limits that are hit in different places a solve ends with the status MEMORY and its best
point, or with a plain MemoryError before there is one; the process goes on, and solves again once there is room."""

import json
import subprocess
import sys

import pytest

from ..effort import cases

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to RLIMIT_AS")

# The problem is made and a small one solved without a limit, so that everything is loaded; then the address space may
# grow by `room` MB. What no Python program can catch is had before: OpenBLAS ends the process when it is refused its
# buffers, of which NumPy's and SciPy's each takes one at the first large product; and the stack, where it cannot grow,
# ends it with a segmentation fault.
CHILD = """
import json, resource, sys
import numpy as np
import scipy.linalg.blas
import scipy.sparse as sp
import smoothmax as sm

kind, method, rooms = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
rng = np.random.default_rng(0)

def problem(n, d):
    A, b = rng.standard_normal((n, d)), rng.standard_normal(n)
    if kind == "box":
        return sm.Minimax(sm.Affine(A, b), sm.Box(-np.ones(d), np.ones(d)))
    if kind == "simplex":
        return sm.Minimax(sm.Affine(A, b), sm.Simplex(d))
    if kind == "functions":
        return sm.Minimax(sm.Smooth(lambda x: A @ x + b, lambda x: 1.0 * A, d=d, n=n, convex=True))
    if kind == "quadratic":
        return sm.Minimax(sm.Quadratic(np.eye(d), A, b))
    if kind == "sparse":
        return sm.Minimax(sm.Affine(sp.random_array((n, d), density=0.02, rng=1, format="csr"), b, absolute=True))
    return sm.Minimax(sm.Affine(A, b, absolute=True))

I = np.eye(600)
scipy.linalg.blas.dgemm(1.0, I @ I, scipy.linalg.solve(I, np.linalg.solve(I, I)))
deep = []
for _ in range(900):
    deep = [deep]
repr(deep)

small, large = problem(60, 5), problem(*json.loads(sys.argv[4]))
assert sm.solve(small, method=method, tol=1e-4).nit >= 0
for room in rooms:
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + int(room * 2**20), resource.RLIM_INFINITY))
    try:
        r = sm.solve(large, method=method, tol=1e-6, max_passes=60)
        row = [int(r.status), bool(r.success)]
    except MemoryError:
        r, row = None, [-1, False]
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if r is not None:
        good = np.isfinite(r.x).all() and (np.isnan(r.fun) or abs(large(r.x) - r.fun) <= 1e-9 * (1 + abs(r.fun)))
        row += [bool(good), bool(r.lower_bound <= r.upper_bound + 1e-9), "emory" in r.message]
    print(json.dumps([room, *row]), flush=True)
r = sm.solve(small, tol=1e-4)
print(json.dumps(["after", bool(r.success)]), flush=True)
"""
ROOMS = [0, 0.1, 0.5, 1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256]
TASKS = [
    ("regression", "newton", (6000, 100)),
    ("regression", "working-set", (6000, 100)),
    ("regression", "lbfgs", (6000, 100)),
    ("regression", "newton-cg", (6000, 100)),
    ("box", "accelerated", (6000, 100)),
    ("simplex", "saddle", (800, 500)),
    ("simplex", "conditional-gradient", (2000, 400)),
    ("functions", "trust-region", (2000, 100)),
    ("functions", "newton", (2000, 100)),
    ("quadratic", "working-set", (4000, 100)),
    ("quadratic", "newton", (4000, 100)),
    ("sparse", "newton-cg", (20000, 3000)),
    ("sparse", "newton", (4000, 800)),
]


@pytest.mark.parametrize(("kind", "method", "size"), TASKS[cases(1, 0) :: cases(20, 1)])
def test_a_limit_on_memory_is_told_and_survived(kind, method, size):
    rooms = ROOMS[:: cases(4, 1)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, kind, method, json.dumps(rooms), json.dumps(size)],
        capture_output=True,
        text=True,
        env={"OPENBLAS_NUM_THREADS": "1", "PATH": ""},
        timeout=300,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    told = f"exit code {done.returncode} after {rows[-1:] or 'nothing'}: {done.stderr[-2000:]}"
    assert done.returncode == 0, told
    assert rows[-1] == ["after", True], told
    for room, status, success, *facts in rows[:-1]:
        if status >= 0:
            good, bracket, says = facts
            assert good, f"{room} MB: the point is not what it is said to be"
            assert bracket, f"{room} MB: the bounds cross"
            assert success == (status == 0), f"{room} MB"
            assert (status == 8) == says, f"{room} MB"


def test_the_limit_is_one_that_bites():
    """With no room a large array is refused: otherwise the tests above say nothing."""
    code = (
        "import resource, numpy as np\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, -1))\n"
        "try: np.ones(2**30)\n"
        "except MemoryError: print('refused')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"OPENBLAS_NUM_THREADS": "1"}
    )
    assert done.stdout == "refused\n", done.stderr
