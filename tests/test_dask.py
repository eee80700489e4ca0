"""Components in a Dask array: the answer of the same data in memory, what travels, and workers that die."""

import importlib
import logging
import os
import pickle
import re
import subprocess
import sys
import textwrap
import time

import dask
import dask.array as da
import dask.bag
import numpy as np
import pytest
import scipy.sparse as sp
from distributed import Client, LocalCluster

import smoothmax as sm
from smoothmax.components import Linearization, Meter, passes
from smoothmax.components import dask as chunks
from smoothmax.components.tallies import Extent, Gram, Image, Pull, Sizes, Soft, Values, Worst
from smoothmax.solvers import METHODS

N, D, ROWS = 20_000, 6, 2_500


def data(n=N, d=D, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


A, B = data()
X = np.random.default_rng(1).standard_normal(D)


def load(start, stop, n=N):
    """Rows of A, made anew: what a worker that died has lost can be had again."""
    return data(n)[0][start:stop]


def loaded(n=N, rows=ROWS):
    parts = [
        da.from_delayed(dask.delayed(load)(k, min(k + rows, n), n), (min(k + rows, n) - k, D), float)
        for k in range(0, n, rows)
    ]
    return da.concatenate(parts)


def chunked(A=A, b=B, rows=ROWS, **how):
    return sm.Affine(da.from_array(A, chunks=(rows, -1)), b, **how)


@pytest.fixture(scope="module")
def client():
    quiet = {"silence_logs": logging.CRITICAL, "dashboard_address": ":0", "memory_limit": 0}
    with (
        LocalCluster(n_workers=4, threads_per_worker=1, processes=True, **quiet) as workers,
        Client(workers) as client,
    ):
        yield client


@pytest.fixture
def alone(request):
    """Without a client, whatever other tests have begun: the default scheduler."""
    with dask.config.set(scheduler="threads"):
        yield


both = pytest.mark.parametrize("absolute", [False, True], ids=["plain", "absolute"])


def same(found, memory):
    """The same answer, to the last digit that is certified."""
    assert found.success == memory.success
    assert found.certificate.kind == memory.certificate.kind
    assert max(found.lower_bound, memory.lower_bound) <= min(found.upper_bound, memory.upper_bound)
    width = max(found.gap, memory.gap)
    assert abs(found.fun - memory.fun) <= width
    assert abs(found.lower_bound - memory.lower_bound) <= width
    np.testing.assert_array_equal(found.active, memory.active)


# What passes find


@both
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_tallies_find_what_they_find_in_memory(absolute, scheduler):
    memory, cluster = sm.Affine(A, B, absolute=absolute), chunked(absolute=absolute, rows=3_001)
    n = memory.n
    v, offset = np.linspace(-1, 1, n), np.linspace(-2, 1, n)
    offset[: n // 3] = -np.inf
    tallies = [
        lambda: Soft(D, 0.3),
        lambda: Soft(D, 0.3, offset),
        lambda: Values(n),
        lambda: Image(n, X),
        lambda: Extent(),
        lambda: Worst(50),
        lambda: Worst(50, 1.0),
        lambda: Pull(D, v),
        lambda: Sizes(D, np.abs(v)),
        lambda: Gram(D, np.abs(v)),
    ]
    one, other = [make() for make in tallies], [make() for make in tallies]
    with dask.config.set(scheduler=scheduler):
        Linearization(cluster, X).sweep(*other)
    Linearization(memory, X).sweep(*one)
    for here, there in zip(one, other, strict=True):
        for a, b in zip(read(here), read(there), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-12)


def read(tally):
    if isinstance(tally, Soft):
        return tally.fun, tally.jac
    if isinstance(tally, Values):
        return (tally.f,)
    if isinstance(tally, Extent):
        return tally.low, tally.high
    return tally.found if isinstance(tally, Worst) else (tally.g,)


@both
def test_a_linearization_is_the_one_in_memory(absolute, alone):
    here, there = (Linearization(f, X) for f in (sm.Affine(A, B, absolute=absolute), chunked(absolute=absolute)))
    rows = np.array([3, 5, 2_600, here.components.n - 1])
    v = np.random.default_rng(2).random(here.components.n)
    for ask in (
        lambda lin: lin.soft(0.1, None)[1],
        lambda lin: lin.range,
        lambda lin: lin.survey(700).values,
        lambda lin: lin.survey(700).rows,
        lambda lin: lin.leaders(0.5)[0],
        lambda lin: lin.leaders(3.0)[1],
        lambda lin: lin.highest()[0],
        lambda lin: lin.vjp(v),
        lambda lin: lin.vjp(np.where(v > 0.9999, v, 0.0)),
        lambda lin: lin.jvp(X),
        lambda lin: lin.along(X),
        lambda lin: lin.jac(rows),
        lambda lin: lin.gram(v),
        lambda lin: lin.column_sizes(),
        lambda lin: lin.column_sizes(v),
        lambda lin: lin.only(rows).f,
        lambda lin: lin.components.rounding(X, rows),
        lambda lin: lin.components.rounding_limit(X),
        lambda lin: lin.components.column_peaks(X),
        lambda lin: lin.f,
    ):
        np.testing.assert_allclose(ask(there), ask(here), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(there.components(X), here.components(X), rtol=1e-13, atol=1e-13)
    assert sm.Minimax(there.components)(X) == pytest.approx(sm.Minimax(here.components)(X), rel=1e-14)


@both
def test_subsets_keep_their_signs(absolute, alone):
    here, there = sm.Affine(A, B, absolute=absolute), chunked(absolute=absolute)
    for rows in ([1, 7, N - 1], [1, 2, here.n - N + 1, here.n - N + 2], [0, here.n - 1]):
        some, other = here.subset(np.unique(rows)), there.subset(np.unique(rows))
        assert type(other) is sm.Affine
        assert (some.absolute, some.n) == (other.absolute, other.n)
        np.testing.assert_array_equal(other.A, some.A)
        np.testing.assert_array_equal(other.b, some.b)


def test_rows_travel_once(monkeypatch, alone):
    asked = []
    picked = chunks._picked
    monkeypatch.setattr(chunks, "_picked", lambda local, A, b: asked.append(local.size) or picked(local, A, b))
    components = chunked()
    components.subset(np.arange(0, 100))
    components.subset(np.arange(50, 120))
    assert sum(asked) == 120
    monkeypatch.setattr(chunks, "KEPT", 60 * D)
    components.subset(np.arange(100, 150))
    assert components._held.rows.size == 50
    np.testing.assert_array_equal(components.subset(np.arange(90, 110)).A, A[90:110])


# Answers


DOMAINS = {"free": sm.Free(D), "box": sm.Box(-np.full(D, 0.01), np.full(D, 0.3)), "simplex": sm.Simplex(D)}


@both
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_working_set_runs_unchanged(absolute, domain, alone):
    memory, cluster = (
        sm.Minimax(f, DOMAINS[domain]) for f in (sm.Affine(A, B, absolute=absolute), chunked(absolute=absolute))
    )
    one, other = sm.solve(memory, method="working-set"), sm.solve(cluster, method="working-set")
    same(other, one)
    assert other.npass <= one.npass + 0.5
    again = sm.certify(memory, other.x, other.weights, other.multipliers)
    assert again.lower == pytest.approx(other.lower_bound, abs=max(one.gap, 1e-13))
    assert sm.solve(cluster).method == "working-set"


def test_four_workers_give_the_answer_in_memory(client):
    memory = sm.solve(sm.Minimax(sm.Affine(A, B, absolute=True)))
    offsets = da.from_array(B, chunks=777)
    components = sm.Affine(loaded(), offsets, absolute=True)
    assert components._settled
    found = sm.solve(sm.Minimax(components))
    same(found, memory)
    assert found.fun == memory.fun
    assert len(client.run(os.getpid)) == 4
    with dask.config.set(scheduler="threads"):
        assert not chunked()._settled


def test_the_answer_does_not_depend_on_who_works(client):
    found = []
    for scheduler in ("synchronous", "threads", None):
        with dask.config.set(scheduler=scheduler) if scheduler else dask.config.set({}):
            found.append(sm.solve(sm.Minimax(chunked(rows=1_234, absolute=True))))
    for other in found[1:]:
        np.testing.assert_array_equal(other.x, found[0].x)
        assert (other.fun, other.lower_bound) == (found[0].fun, found[0].lower_bound)


class Deadly(Extent):
    """The first other process that sees a block through it, and finds the file there, dies."""

    flag, home = "", 0

    def see(self, block):
        if os.getpid() != self.home:
            try:
                os.unlink(self.flag)
            except FileNotFoundError:
                pass
            else:
                os.kill(os.getpid(), 9)
        super().see(block)


def test_a_worker_killed_in_a_pass_loses_nothing(client, tmp_path, monkeypatch):
    before = sm.solve(sm.Minimax(sm.Affine(A, B, absolute=True)))
    problem = sm.Minimax(sm.Affine(loaded(), B, absolute=True))
    flag, killed = tmp_path / "kill", []
    pids = set(client.run(os.getpid).values())

    def armed(now):
        if not killed:
            flag.write_text("")
            killed.append(now.nit)

    def deadly():
        tally = Deadly()
        tally.flag, tally.home = str(flag), os.getpid()
        return tally

    monkeypatch.setattr(passes, "Extent", deadly)
    found = sm.solve(problem, method="working-set", callback=armed)
    assert killed
    assert not flag.exists()
    same(found, before)
    assert found.fun == before.fun
    deadline = time.monotonic() + 20
    while len(set(client.run(os.getpid).values())) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(client.run(os.getpid).values()) != pids


WITHIN = {"newton": 1e-8, "lbfgs": 1e-3, "accelerated": 0.01, "gradient": 0.1}


@pytest.mark.parametrize(("method", "tol"), WITHIN.items())
def test_other_methods_work_through_passes(method, tol, alone):
    n, how = 1_000, {"method": method, "tol": tol}
    box = sm.Box(-np.ones(D), np.ones(D))
    memory = sm.solve(sm.Minimax(sm.Affine(A[:n], B[:n], absolute=True), box), **how)
    with dask.config.set(scheduler="synchronous"):
        found = sm.solve(sm.Minimax(chunked(A[:n], B[:n], 400, absolute=True), box), **how)
    assert found.success
    assert found.lower_bound <= memory.upper_bound
    assert memory.lower_bound <= found.upper_bound
    with dask.config.set(scheduler="synchronous"):
        smoothed = sm.solve(sm.Minimax(chunked(A[:n], B[:n], 400), box), tau=0.5, method=method, tol=1e-3)
    assert smoothed.success


def test_methods_that_read_the_matrix_refuse(alone):
    problem = sm.Minimax(chunked(), sm.Simplex(D))
    for method in sorted(set(METHODS) - {name for name, m in METHODS.items() if m.remote} - {"spectral"}):
        with pytest.raises(ValueError, match="cannot take this problem") as refusal:
            sm.solve(problem, method=method)
        assert "Dask" in str(refusal.value) or method == "cvxpy"
    for ask in (lambda c: c.A, lambda c: c.b, lambda c: c.at(X), lambda c: list(Linearization(c, X).blocks())):
        with pytest.raises(TypeError, match="Affine"):
            ask(problem.components)


def test_few_rows_are_solved_here(alone):
    one = sm.solve(sm.Minimax(sm.Affine(A[:60], B[:60], absolute=True)), method="working-set")
    same(sm.solve(sm.Minimax(chunked(A[:60], B[:60], 7, absolute=True)), method="working-set"), one)


def test_all_at_the_top(alone):
    """Many equal values at the start, and an optimum that many duplicates attain."""
    signs = np.where(np.arange(N) % 2, 1.0, -1.0)
    one, other = sm.Affine(A, signs, absolute=True), chunked(A, signs, absolute=True)
    same(sm.solve(sm.Minimax(other)), sm.solve(sm.Minimax(one)))
    many = np.repeat(A[:40], 500, axis=0), np.repeat(B[:40], 500)
    one, other = (sm.solve(sm.Minimax(make(*many, absolute=True))) for make in (sm.Affine, chunked))
    assert other.success
    assert other.fun == pytest.approx(one.fun, abs=max(one.gap, other.gap))
    np.testing.assert_array_equal(other.active, one.active)


def test_more_at_the_top_than_a_survey_keeps(alone):
    """What a pass finds there is what was sought, and no pass is made where the values are known."""
    at_top = np.repeat([1.0, 0.0], [800, 200])
    for known, passes_made in ((False, 2.0), (True, 2.0)):
        meter = Meter()
        lin = Linearization(chunked(np.zeros((1000, 1)), at_top, 300), np.zeros(1), meter)
        lin.survey()
        if known:
            np.testing.assert_array_equal(lin.f, at_top)
        rows, values = lin.leaders(0.0)
        np.testing.assert_array_equal(rows, np.arange(800))
        assert set(values) == {1.0}
        assert meter.npass == passes_made
        assert [v.tolist() for v in lin.highest()] == [[0], [1.0]]


def test_the_gradient_brings_the_survey_along(alone):
    meter = Meter()
    lin = Linearization(chunked(), X, meter)
    lin.soft(0.3, None)
    f = A @ X + B
    np.testing.assert_array_equal(lin.survey(5).rows[:5], np.argsort(-f)[:5])
    np.testing.assert_allclose(lin.range, [f.min(), f.max()], rtol=1e-14)
    assert meter.npass == 1.0


def test_a_ray_is_found_without_the_values(monkeypatch, alone):
    falling = A.copy()
    falling[:, 0] = np.abs(falling[:, 0]) + 0.1
    monkeypatch.setattr(chunks.Affine, "value", None)
    found = sm.solve(sm.Minimax(chunked(falling)))
    assert found.status == sm.solve(sm.Minimax(sm.Affine(falling, B))).status
    assert not found.success


def test_a_stack_of_both(alone):
    parts = [sm.Affine(A[:5_000], B[:5_000], absolute=True), sm.Affine(2 * A[5_000:], B[5_000:])]
    there = [parts[0], chunked(2 * A[5_000:], B[5_000:], 4_000)]
    one, other = (sm.solve(sm.Minimax(sm.Stack(some)), method="working-set") for some in (parts, there))
    same(other, one)
    functions = sm.Smooth(lambda x: np.array([x @ x]), d=A.shape[1], convex=True)
    with pytest.raises(TypeError, match="beside a Dask array"):
        sm.Stack([there[1], functions])


def test_the_prior_and_the_surrogate_work(alone):
    prior = np.linspace(0.0, 1.0, N) / 1e4
    one, other = (sm.Smoothed(sm.Minimax(f), 0.2, prior=prior) for f in (sm.Affine(A, B), chunked()))
    assert other.fun(X) == pytest.approx(one.fun(X), rel=1e-13)
    np.testing.assert_allclose(other.jac(X), one.jac(X), atol=1e-12)
    np.testing.assert_allclose(other.hess(X), one.hess(X), atol=1e-10)
    np.testing.assert_allclose(other.hessp(X, X), one.hessp(X, X), atol=1e-10)


# What travels


def traffic(monkeypatch, n, method="working-set"):
    """Bytes of each message of a solve: (to a chunk, from a chunk, merged, rows)."""
    sizes = {"out": [], "back": [], "merged": [], "rows": []}
    visited, merged, picked = chunks._visited, chunks._merged, chunks._picked

    def noted(kind, value):
        sizes[kind].append(len(pickle.dumps(value)))
        return value

    def visit(x, tallies, spans, A, b):
        assert not any(isinstance(tally, Values) for tally in tallies)  # nobody asks for F
        noted("out", (x, tallies, spans))
        return noted("back", visited(x, tallies, spans, A, b))

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "_visited", visit)
        patch.setattr(chunks, "_merged", lambda *found: noted("merged", merged(*found)))
        patch.setattr(chunks, "_picked", lambda local, A, b: noted("rows", picked(local, A, b)))
        problem = sm.Minimax(chunked(*data(n), rows=n // 16, absolute=True))
        found = sm.solve(problem, method=method)
    assert found.success
    return sizes, found


def test_what_travels_does_not_grow_with_n(monkeypatch, alone):
    few, one = traffic(monkeypatch, 16 * 500)
    many, other = traffic(monkeypatch, 16 * 10_000)
    assert other.weights.size == 20 * one.weights.size
    for kind, most in (("out", 1_500), ("back", 10_000), ("merged", 10_000)):
        assert max(many[kind]) <= max(few[kind]) + 200
        assert max(many[kind]) <= most
    per_pass = [sum(some["out"]) / len(some["out"]) * 16 for some in (few, many)]
    assert per_pass[1] <= 1.1 * per_pass[0]
    brought = 3 * 8 * D * (passes.leading(D) + 200)
    assert sum(many["rows"]) <= brought + 1_000 * len(many["rows"])


# The door


def test_the_door_names_what_is_wrong(alone):
    bad = A.copy()
    bad[7_777, 3] = np.nan
    worse = bad.copy()
    worse[9_999, 0] = np.inf
    offsets = B.copy()
    offsets[5_000] = -np.inf
    unknown = da.from_array(A, chunks=(ROWS, -1))
    unknown = unknown[unknown[:, 0] > 0]
    cases = [
        (worse, None, ValueError, "A must be finite; entry [7777, 3] is nan"),
        (A, da.from_array(offsets, chunks=999), ValueError, "b must be finite; b[5000] is -inf"),
        (A, offsets, ValueError, "b must be finite; b[5000] is -inf"),
        (A, B[1:], ValueError, "b must have as many entries as A has rows, 20000; it has 19999"),
        (A, da.zeros((N, 1)), ValueError, "b must have shape (20000,); its shape is (20000, 1)"),
        (A[:, 0], None, ValueError, "A must have shape (m, d) with m, d ≥ 1; its shape is (20000,)"),
        (A[:0], None, ValueError, "A must have shape (m, d) with m, d ≥ 1; its shape is (0, 6)"),
        (A * 1j, None, TypeError, "A must hold real numbers; its dtype is complex128"),
        (A.astype(object), None, TypeError, "A must hold real numbers; its dtype is object"),
        (unknown, None, ValueError, "A must have chunks of known sizes"),
        (da.zeros((8, 2)).map_blocks(sp.csr_array, dtype=float), None, TypeError, "NumPy arrays"),
        (da.from_delayed(dask.delayed(np.zeros((3, 2))), (4, 2), float), None, TypeError, "(3, 2)"),
        (da.from_delayed(dask.delayed([[1.0]]), (1, 1), float), None, TypeError, "rows 0 to 0 are list"),
        (dask.bag.from_sequence([1]), None, TypeError, "A must be a Dask array where it is of Dask; it is a Bag"),
        (dask.delayed(A), None, TypeError, "A must be a Dask array where it is of Dask; it is a Delayed"),
    ]
    for matrix, b, kind, sentence in cases:
        given = da.from_array(matrix, chunks=2_000) if isinstance(matrix, np.ndarray) else matrix
        with pytest.raises(kind, match=re.escape(sentence)):
            sm.Affine(given, b)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.int16, bool])
def test_other_numbers(dtype, alone):
    given = (3 * A).astype(dtype)
    one, other = sm.Affine(given, B), chunked(given)
    np.testing.assert_allclose(other(X), one(X), rtol=1e-12, atol=1e-12)
    assert other.subset(np.arange(3)).A.dtype == one.A.dtype
    same(*(sm.solve(sm.Minimax(f, sm.Box(-np.ones(D), np.ones(D)))) for f in (other, one)))


def test_any_chunks_will_do(alone):
    mixed = da.from_array(A, chunks=((1, 0, 9_999, 10_000), (2, 4)))
    components = sm.Affine(mixed, da.from_array(B, chunks=123), absolute=True)
    assert repr(components) == "Affine(20000×6 dask, 3 chunks, absolute)"
    assert isinstance(components, sm.Affine)
    np.testing.assert_allclose(components(X), sm.Affine(A, B, absolute=True)(X), rtol=1e-13)
    assert repr(sm.Minimax(da.from_array(A)).components) == "Affine(20000×6 dask, 1 chunks)"
    assert sm.Affine(A, da.from_array(B)).b.size == N


def test_a_problem_can_be_sent_elsewhere(alone):
    problem = pickle.loads(pickle.dumps(sm.Minimax(chunked(absolute=True))))
    assert problem(X) == pytest.approx(np.abs(A @ X + B).max())


def test_dask_is_loaded_for_dask_arrays_alone():
    script = """
        import sys
        import numpy as np
        import smoothmax as sm
        sm.solve(sm.Minimax(sm.Affine(np.random.default_rng(0).standard_normal((9_000, 3)), np.ones(9_000))))
        assert not {"dask", "distributed"} & set(sys.modules)
        import dask.array
        assert sm.Affine(dask.array.ones((4, 2))).remote
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=60)


def test_the_experiment():
    cluster = importlib.import_module("experiments.cluster")  # with figures, which workers need not load

    table = cluster.run(quick=True)
    assert all(row["proven"] and row["same"] for row in table)
    small, large = (row for row in table if row["way"] == cluster.THREADS)
    assert large["data"] == 4 * small["data"]
    assert large["pass_bytes"] <= 1.1 * small["pass_bytes"]
    assert large["out_bytes"] <= small["out_bytes"] + 100
    cluster.plot(table)
