"""The tables of the documents: complete, true, and each number with the command that made it."""

import re
import shlex

import numpy as np
import pytest
import typer

import smoothmax as sm
from experiments import __main__ as experiments
from smoothmax import cli
from smoothmax.choose import obstacle
from smoothmax.solvers import METHODS, Status

from .test_docs import DOCS, LETTERS, PAGES, blocks

KINDS = ("bounded", "rounding", "assumed-convex", "local", "none")


def test_every_status_kind_and_method_is_in_the_tables():
    results = (DOCS / "results.md").read_text(encoding="utf-8")
    for status in Status:
        assert f"| {int(status)} | {status.name} |" in results
    for page in (PAGES[0], DOCS / "certificate.md"):
        rows = page.read_text(encoding="utf-8")
        assert all(f"| `{kind}` |" in rows for kind in KINDS), page.name
    for page in (PAGES[0], DOCS / "methods.md"):
        rows = page.read_text(encoding="utf-8")
        assert all(re.search(rf"^\| `{name}`", rows, re.MULTILINE) for name in METHODS), page.name


def test_every_option_of_the_command_line_is_in_its_table_with_the_commands_that_take_it():
    page = (DOCS / "command_line.md").read_text(encoding="utf-8")
    told = {}
    for options, commands in re.findall(r"^\| (`--[^|]*) \|([^|]*)\|", page, re.MULTILINE):
        for option in re.findall(r"--[\w-]+", options):
            told.setdefault(option, set()).update(re.findall(r"\w+", commands))
    known = typer.main.get_command(cli.app).commands
    for name, command in known.items():
        for option in {o for p in command.params for o in p.opts if o.startswith("--")}:
            assert told.get(option, set()) & {"all", name}, f"{name} {option}"
    for option, names in told.items():
        for name in (set(known) if "all" in names else names) & set(known):
            assert any(option in p.opts for p in known[name].params), f"the page gives {name} {option}"


def tiny():
    """Problems of three variables of every kind, by name."""
    A, b = np.random.default_rng(0).standard_normal((2, 12, 3))
    family, box = sm.Affine(A, b[:, 0], absolute=True), sm.Box(-np.ones(3), np.ones(3))
    bowls = sm.Smooth(lambda x: ((x - A) ** 2).sum(axis=1), lambda x: 2 * (x - A), d=3, convex=True)
    waves = sm.Smooth(lambda x: np.cos(A @ x) + x @ x, lambda x: 2 * x - np.sin(A @ x)[:, None] * A, d=3)
    swaps = np.zeros((3, 3, 3))
    swaps[[0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]] = 1
    yield from (("rows", sm.Minimax(family)), ("rows in a box", sm.Minimax(family, box)))
    yield from (("bowls", sm.Minimax(bowls)), ("waves", sm.Minimax(waves)), ("a game", sm.Minimax(A, sm.Simplex(3))))
    yield from (("matrices", sm.Minimax(sm.Spectral(np.diag([1.0, 2, 3]), swaps), box)),)


@pytest.mark.parametrize("method", METHODS)
def test_methods_prove_what_their_table_says(method):
    page = (DOCS / "methods.md").read_text(encoding="utf-8").partition("## What each can prove")[2]
    row = re.search(rf"^\| `{method}` \|([^|]*)\|([^|]*)\|", page, re.MULTILINE)
    ends = {*row[2].replace(",", " ").split(), "PROVEN", "PASSES", "STALLED"}
    for name, problem in tiny():
        if obstacle(METHODS[method], problem, smoothed=False) is None:
            r = sm.solve(problem, method=method, tol=1e-4, max_passes=500)
            assert r.certificate.kind in [*row[1].replace(",", " ").split(), "none"], f"{name}: {r.certificate}"
            assert Status(r.status).name in ends, f"{name}: {r.message}"


def test_every_experiment_is_in_its_table():
    page = (DOCS / "experiments.md").read_text(encoding="utf-8")
    assert [name for name in experiments.names() if f"| `{name}` |" not in page] == []


def test_every_number_of_the_benchmarks_names_the_experiment_that_made_it(monkeypatch):
    monkeypatch.setattr(experiments, "perform", lambda *_: 0)
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|(.*)\|$", page, re.MULTILINE)
    heads = [i for i, row in enumerate(rows) if set(row) <= set("-|")]
    assert all(rows[i - 1].endswith("| command ") for i in heads), "a table without a column of commands"
    for row in (row for i, row in enumerate(rows) if i not in heads and i + 1 not in heads):
        command = row.rpartition("|")[2].strip()
        assert re.fullmatch("`[^`]+`", command), f"no command: {row}"
        assert experiments.main([*shlex.split(command.strip("`")), "--out", "out"]) == 0, command
        run = f"python -m experiments {command.strip('`').split()[0]}"
        assert any(run in block.body for block in blocks(DOCS / "benchmarks.md")), f"{run} stands in no sh block"


def test_commands_within_sentences_are_real(monkeypatch):
    monkeypatch.setattr(experiments, "perform", lambda *_: 0)
    monkeypatch.setattr(experiments, "publish", lambda *_: 0)
    for page in LETTERS:
        text = " ".join(page.read_text(encoding="utf-8").split())
        for words in re.findall(r"`python -m experiments ([^`]*)`", text):
            if words != "NAME":
                assert experiments.main([*shlex.split(words), "--out", "out"]) == 0, f"{page.name}: {words}"
