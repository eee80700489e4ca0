"""Names that a user gives: what is no file, where nothing can be written, and which code a module:attribute runs."""

import os
import sys

import numpy as np
import pytest

from smoothmax.reading import Wishes, read

from .hostile import WHOLE, A, here, npy_bytes, run

__all__ = ["here", "run"]  # fixtures


# places


def not_a_file(kind, name):
    """Something else under that name."""
    if kind == "a folder":
        os.mkdir(name)
    elif kind == "a pipe":
        os.mkfifo(name)
    elif kind == "a loop":
        os.symlink(name, name)
    elif kind.startswith("/dev"):
        os.symlink(kind, name)
    elif kind == "nothing behind a link":
        os.symlink("nowhere", name)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of POSIX")
@pytest.mark.parametrize("ending", WHOLE)
@pytest.mark.parametrize(
    "kind", ["a folder", "a pipe", "a loop", "/dev/null", "/dev/zero", "nothing behind a link", "no"]
)
def test_what_is_no_file_is_told_at_once(run, here, kind, ending):
    not_a_file(kind, f"x{ending}")
    for arguments in ([f"x{ending}"], ["good.npy", "--b", f"x{ending}"]):
        (here / "good.npy").write_bytes(npy_bytes(A))
        code, out, err = run("solve", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(("smoothmax: x", "smoothmax: --b"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_files_and_folders_without_permission_are_told(run, here):
    (here / "x.npy").write_bytes(npy_bytes(A))
    (here / "x.npy").chmod(0)
    assert run("solve", "x.npy")[::2] == (2, "smoothmax: x.npy: permission denied\n")
    (here / "x.npy").chmod(0o600)
    (here / "closed").mkdir(mode=0o500)
    code, out, err = run("solve", "x.npy", "--out", "closed/x.npz")
    assert (code, out, err.count("\n")) == (2, "", 1)


PLACES = [
    ("solve", "--out", "nowhere/x.npz"),
    ("solve", "--out", "x.npy/below.npz"),
    ("solve", "--out", "folder.npz"),
    ("solve", "--out", ".npz"),
    ("solve", "--out", "n" * 300 + ".npz"),
    ("solve", "--out", "/proc/x.npz"),
    ("solve", "--out", ""),
    ("path", "--csv", "nowhere/x.csv"),
    ("path", "--csv", "n" * 300 + ".csv"),
    ("path", "--plot", "nowhere/x.png"),
    ("path", "--plot", "x.exe"),
    ("sweep", "--out", "x.npy"),
    ("sweep", "--out", "x.npy/below"),
    ("sweep", "--out", "n" * 300),
    ("sweep", "--out", ""),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(place)[:40])
def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left_there(run, here, place):
    command, option, name = place
    if name.startswith("/proc") and not os.path.isdir("/proc"):
        pytest.skip("there is no /proc")
    (here / "folder.npz").mkdir()
    (here / "x.npy").write_bytes(npy_bytes(np.eye(2)))
    before = sorted(here.rglob("*"))
    code, _, err = run(command, "x.npy", "--domain", "simplex", option, name)
    assert (code, err.count("\n")) == (2, 1), err
    assert err.startswith("smoothmax: ")
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [("solve", "--out", "x.npz"), ("path", "--csv", "x.csv"), ("path", "--plot", "x.png")],
)
def test_a_disk_that_fills_up_leaves_the_old_file_whole(run, here, monkeypatch, command, option, name):
    (here / "A.npy").write_bytes(npy_bytes(np.eye(2)))
    (here / name).write_text("what was there")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run(command, "A.npy", "--domain", "simplex", option, name)
    assert (code, err.count("\n")) == (2, 1)
    assert "No space left on device" in err
    assert (here / name).read_text() == "what was there"
    assert sorted(os.listdir()) == sorted(["A.npy", name])


def test_nothing_that_a_terminal_obeys_comes_out_of_a_file(run, here):
    (here / "x.csv").write_text("\x1b[31mred,b,y\n1,2,3\n4,5,6\n7,9,1\n")
    for more in ([], ["--target", "none"]):
        _, out, err = run("solve", "x.csv", *more)
        assert "\x1b" not in out + err
        assert "\\x1b[31mred" in out + err


# module:attribute


MODULE = """
import smoothmax as sm
problem = sm.Minimax(sm.Affine([[1.0], [-1.0]], [0.0, 1.0]))
calls = []
def make():
    calls.append("make")
    return problem
class Case:
    problem = problem
    def __call__(self):
        raise AssertionError("it carries a problem; nobody needs to call it")
case = Case()
number = 3
"""
WEIRD = [
    ":", "x:", ":y", "..x:y", ".x:y", "x.:y", "x:y.", "x::y", "a.b:c:d", "x:y()", "x:y[0]", "x:(y)", "x:y z", "x: y",
    "x/y:z", "x:__class__.__subclasses__", "x:__builtins__.eval", "x:make.__globals__", "x:1", "1:x", "x:y\n", "x;y:z",
    "", "-", "x", "x.y", "x:y=1", "lambda:0", "x:y#", "C:\\\\x", "http://x:80",
]  # fmt: skip


@pytest.mark.parametrize("name", WEIRD)
def test_weird_names_import_nothing(run, here, name):
    (here / "x.py").write_text("raise AssertionError('it was imported')")
    loaded = set(sys.modules)
    code, out, err = run("solve", "--", name)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert "neither a file ending in" in err
    assert set(sys.modules) - loaded == set()


@pytest.mark.parametrize("name", ["os:system", "os.path:join", "builtins:eval", "builtins:exec", "json:loads"])
def test_a_function_that_wants_arguments_is_not_called(run, here, name):
    code, out, err = run("solve", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "callable without arguments" in err


def test_a_module_is_imported_once_and_its_attribute_called_once(run, here, monkeypatch):
    """A name is looked up part by part; what is no problem and carries none is called, once, without arguments."""
    (here / "files_mine.py").write_text(MODULE)
    try:
        assert run("solve", "files_mine:problem")[0] == 0
        mine = sys.modules["files_mine"]
        assert mine.calls == []
        assert run("solve", "files_mine:case")[0] == 0
        assert run("solve", "files_mine:case.problem")[0] == 0
        assert mine.calls == []
        assert run("solve", "files_mine:make")[0] == 0
        assert mine.calls == ["make"]
        assert run("solve", "files_mine:number")[::2] == (
            2,
            "smoothmax: files_mine:number: must be a Minimax or have one as .problem; it is of type int\n",
        )
    finally:
        sys.modules.pop("files_mine", None)


def test_nothing_else_in_the_current_folder_is_imported(here):
    """A name that an installed package has too: the current folder must not stand in for it after the import."""
    (here / "files_mine.py").write_text(MODULE)
    (here / "files_other.py").write_text("raise AssertionError('nobody asked for it')")
    (here / "A.npy").write_bytes(npy_bytes(A))
    before = list(sys.path)
    read("A.npy", Wishes())
    assert sys.path == before, "reading a file is no reason to look for modules here"
    try:
        read("files_mine:problem", Wishes())
        assert sys.path == [*before, os.getcwd()], "the folder comes after what is installed"
        read("files_mine:problem", Wishes())
        assert sys.path.count(os.getcwd()) == 1
        assert "files_other" not in sys.modules
    finally:
        sys.modules.pop("files_mine", None)
