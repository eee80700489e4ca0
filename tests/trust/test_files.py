"""Hostile files through the reader and the command line: a problem or a sentence, never a crash, a call or a flood."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import smoothmax as sm
from smoothmax import cli
from smoothmax.reading import Stated, Wishes, read

from ..effort import cases, law
from .hostile import HEADER, TABLE, WHOLE, A, header, here, npy_bytes, npz_bytes, run, zip_bytes

__all__ = ["here", "run"]  # fixtures


def outcome(folder, name, data, **wishes):
    """The problem in a file with these bytes, or what is said of it; any other error comes through."""
    (folder / name).write_bytes(data)
    try:
        return read(str(folder / name), Wishes(**wishes))
    except ValueError as error:
        said = str(error)
        assert said.startswith(str(folder / name)), said
        assert len(said) < 1000 + len(str(folder)), f"{len(said)} characters"
        return said


def assert_sound(found, ending, where):
    """What a damaged file may give: a sentence, or a problem of finite numbers; of a zip archive the same numbers."""
    if isinstance(found, Stated):
        matrix = found.problem.components.A
        matrix = matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix)
        assert np.isfinite(matrix).all(), where
        if ending == ".npz":
            np.testing.assert_array_equal(matrix, A, err_msg=where)


# damage


@pytest.mark.parametrize("ending", WHOLE)
def test_a_file_cut_anywhere_is_refused_or_still_a_table(tmp_path, ending):
    data = WHOLE[ending]
    for cut in range(0, len(data), max(1, len(data) // cases(40, 10**6))):
        found = outcome(tmp_path, f"x{ending}", data[:cut])
        assert_sound(found, ending, f"cut after {cut} bytes")
        if ending in (".npz", ".npy"):
            assert isinstance(found, str), f"{ending} cut after {cut} of {len(data)} bytes was taken"


@law(change=100, night=20_000)
@given(
    st.sampled_from(list(WHOLE)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4),
)
def test_flipped_bits_are_noticed_or_harmless(tmp_path_factory, ending, flips):
    data = bytearray(WHOLE[ending])
    for share, mask in flips:
        data[int(share * len(data))] ^= mask
    found = outcome(tmp_path_factory.getbasetemp(), f"flipped{ending}", bytes(data))
    assert_sound(found, ending, f"{ending} with {flips}")


TEXT = st.text("0123456789eE+-., \n\r\"';\t\0%abAB\ufeff\u0661é#", max_size=60)
FRONTS = {
    ".npz": b"PK\x03\x04",
    ".npy": b"\x93NUMPY\x01\x00v\x00",
    ".mtx": b"%%MatrixMarket matrix coordinate real general\n",
    ".csv": b"",
}


@law(change=100, night=20_000)
@given(st.sampled_from(list(FRONTS)), st.booleans(), st.one_of(TEXT.map(str.encode), st.binary(max_size=60)))
def test_rubbish_is_refused_in_a_sentence(tmp_path_factory, ending, fronted, rest):
    found = outcome(tmp_path_factory.getbasetemp(), f"rubbish{ending}", FRONTS[ending] * fronted + rest)
    assert_sound(found, ".csv", f"{ending} {rest!r}")


BAD = [
    ("no magic", ".npy", b"NUMPY" + npy_bytes(A)[5:], "first bytes"),
    ("a version to come", ".npy", b"\x93NUMPY\x09" + npy_bytes(A)[7:], "damaged"),
    ("a header that is code", ".npy", b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').abort()".ljust(32), "damaged"),
    ("a deep header", ".npy", b"\x93NUMPY\x01\x00\x20\x1f" + b"(" * 0x1F20, "x.npy"),
    ("10 GB in no bytes", ".npy", header((10**5, 10**4)), "damaged"),
    ("more than 64 bits", ".npy", header((2**62, 2**62)), "damaged"),
    ("a negative shape", ".npy", header((-1, 3)) + bytes(80), "x.npy"),
    ("no rows", ".npy", npy_bytes(np.ones((0, 3))), "x.npy"),
    ("a vector", ".npy", npy_bytes(np.ones(3)), "its shape is (3,)"),
    ("records", ".npy", npy_bytes(np.zeros((2, 2), [("a", float)])), "real numbers"),
    ("complex", ".npy", npy_bytes(A * 1j), "real numbers"),
    ("text", ".npy", npy_bytes(A.astype(str)), "real numbers"),
    ("dates", ".npy", npy_bytes(A.astype("M8[D]")), "real numbers"),
    ("nan", ".npy", npy_bytes(A * np.nan), "finite"),
    ("10 GB in no bytes", ".npz", zip_bytes(**{"A.npy": header((10**5, 10**4))}), "claims 8000000"),
    ("too much in it", ".npz", zip_bytes(**{"A.npy": npy_bytes(A) + b"more"}), "claims"),
    ("out of the folder", ".npz", zip_bytes(**{"../A.npy": npy_bytes(A)}), "the key A is missing; there are: ../A"),
    ("an absolute name", ".npz", zip_bytes(**{"/tmp/A.npy": npy_bytes(A)}), "the key A is missing"),
    ("no array at all", ".npz", zip_bytes(**{"A.npy": b"hello"}), "damaged"),
    ("an entry without ending", ".npz", zip_bytes(A=b"hello"), "x.npz"),
    ("an .npy in disguise", ".npz", npy_bytes(A), "no zip archive"),
    ("a zip in disguise", ".npy", WHOLE[".npz"], "first bytes"),
    ("complex", ".mtx", f"{HEADER}coordinate complex general\n1 1 1\n1 1 1.0 2.0\n".encode(), "real numbers"),
    ("no end of a line", ".mtx", f"{HEADER}coordinate real general\n1 1 1\n1 1 1.0 junk".encode() * 2, "damaged"),
    ("a NUL", ".mtx", f"{HEADER}coordinate real general\n1 1 1\n1 1 1.0\0\n".encode(), "NUL"),
    ("no rows", ".mtx", f"{HEADER}array real general\n0 2\n1\n".encode(), "0 rows"),
    ("too few", ".mtx", f"{HEADER}coordinate real general\n2 2 3\n1 1 1.0\n".encode(), "damaged"),
    ("too many", ".mtx", f"{HEADER}coordinate real general\n2 2 1\n1 1 1.0\n2 2 1.0\n".encode(), "damaged"),
    ("a negative index", ".mtx", f"{HEADER}coordinate real general\n2 2 1\n-1 1 1.0\n".encode(), "damaged"),
    ("an index of 0", ".mtx", f"{HEADER}coordinate real general\n2 2 1\n0 1 1.0\n".encode(), "damaged"),
    ("an index beyond", ".mtx", f"{HEADER}coordinate real general\n2 2 1\n3 1 1.0\n".encode(), "damaged"),
    (
        "10⁹ entries in no bytes",
        ".mtx",
        f"{HEADER}coordinate real general\n9 9 1000000000\n1 1 1.0\n".encode(),
        "claims",
    ),
    ("10⁹ dense ones", ".mtx", f"{HEADER}array real general\n100000 10000\n1.0\n".encode(), "claims 1000000000"),
    ("10¹⁵ rows", ".mtx", f"{HEADER}coordinate real general\n1000000000000000 1 1\n1 1 1.0\n".encode(), "memory"),
    ("a negative size", ".mtx", f"{HEADER}coordinate real general\n-2 2 1\n1 1 1.0\n".encode(), "x.mtx"),
    ("beyond the floats", ".mtx", f"{HEADER}coordinate real general\n1 1 1\n1 1 1e999\n".encode(), "x.mtx"),
    ("empty", ".csv", b"", "empty"),
    ("a header alone", ".csv", b"a,b\n", "no row"),
    ("a mark alone", ".csv", b"\xef\xbb\xbf", "empty"),
    ("latin-1", ".csv", "é,b\n1,2\n".encode("latin-1"), "UTF-8"),
    ("UTF-16", ".csv", TABLE.encode("utf-16"), "UTF-8"),
    ("a NUL", ".csv", b"a,b\n1,2\0\n", "x.csv"),
    ("ragged", ".csv", b"a,b\n1,2\n3\n", "line 3 has 1 fields"),
    ("a line in quotes", ".csv", b'a,b\n"1\n2",3\n', "finite number"),
    ("an open quote", ".csv", b'a,b\n"1,2\n', "CSV"),
    ("beyond the floats", ".csv", b"a,b\n1,1e999\n", "'1e999'"),
    ("a column twice", ".csv", b"y,y\n1,2\n", "several columns"),
    ("a huge field", ".csv", b"a,b\n1," + b"9" * 200_000 + b"\n", "CSV"),
    ("a long word", ".csv", b"a,b\n1," + b"x" * 100_000 + b"\n", "(100000 characters)"),
    ("many columns", ".csv", ",".join(f"c{i}" for i in range(10**4)).encode() + b"\n1\n", "has 1 fields"),
]


@pytest.mark.parametrize(("ending", "data", "words"), [row[1:] for row in BAD], ids=[f"{r[1]} {r[0]}" for r in BAD])
def test_what_is_malformed_is_told_in_one_line_on_every_command(run, here, ending, data, words):
    said = outcome(here, f"x{ending}", data, target="y" if words == "several columns" else None)
    assert isinstance(said, str), "it was taken"
    assert words in said
    before = sorted(os.listdir())
    more = ["--target", "y"] if words == "several columns" else []
    for command in (["solve"], ["path"], ["sweep", "--out", "results"]):
        code, out, err = run(*command, f"x{ending}", *more)
        assert (code, out) == (2, ""), err
        assert err.startswith("smoothmax: ")
        assert err.count("\n") == 1, err
        assert len(err) < 1100
    assert sorted(os.listdir()) == before


FINE = {
    "columns first": npy_bytes(np.asfortranarray(A)),
    "big-endian": npy_bytes(A.astype(">f8")),
    "narrow": npy_bytes(A.astype(np.float32)),
    "half": npy_bytes(A.astype(np.float16)),
    "wide": npy_bytes(A.astype(np.longdouble)),
}


@pytest.mark.parametrize("kind", FINE)
def test_other_layouts_are_the_same_numbers(here, kind):
    b = np.array([1.0, 2.0, 3.0, 4.0])
    np.save("b.npy", b)
    expected = sm.solve(sm.Minimax(sm.Affine(A, b), sm.Simplex(2)))
    for ending, data in ((".npy", FINE[kind]), (".npz", npz_bytes(A=np.load(io.BytesIO(FINE[kind]))))):
        found = outcome(here, f"x{ending}", data, domain="simplex", b="b.npy")
        assert isinstance(found, Stated), found
        assert sm.solve(found.problem).fun == pytest.approx(expected.fun, rel=1e-12)


class Payload:
    """What would run on unpickling: it makes a folder."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("ending", [".npy", ".npz"])
@pytest.mark.parametrize("inside", ["x", "--b"])
def test_a_pickle_is_refused_and_never_run(run, here, ending, inside):
    marker = here / "it ran"
    hostile = np.array([Payload(marker)], dtype=object)
    np.load(io.BytesIO(npy_bytes(hostile, allow_pickle=True)), allow_pickle=True)
    assert marker.exists(), "the payload would not have run in any case"
    marker.rmdir()
    data = npy_bytes(hostile, allow_pickle=True) if ending == ".npy" else npz_bytes(A=hostile)
    (here / f"x{ending}").write_bytes(data)
    (here / "good.npy").write_bytes(npy_bytes(A))
    arguments = [f"x{ending}"] if inside == "x" else ["good.npy", "--b", f"x{ending}"]
    code, out, err = run("solve", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert ("pickled Python objects" in err) or ("--b must be" in err)
    assert not marker.exists(), "the pickle was run"


BOMBS = """
import resource, sys
sys.path.insert(0, {root!r})
from smoothmax import cli
import scipy.io, scipy.sparse
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in {names!r}:
    try:
        cli.main(["solve", name])
    except SystemExit as stop:
        print(name, stop.code)
print("grown by", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, "MB")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit and the measure are Linux's")
def test_files_that_claim_gigabytes_take_no_memory(here):
    flood = f"{HEADER}coordinate real general\n700000000 1 1\n1 1 1.0\n".encode()  # 5.6 GB of row pointers
    bombs = {
        "a.npy": header((10**5, 10**4)),
        "b.npz": zip_bytes(**{"A.npy": header((10**5, 10**4))}),
        "d.mtx": f"{HEADER}coordinate real general\n9 9 1000000000\n1 1 1.0\n".encode(),
        "e.mtx": f"{HEADER}array real general\n100000 10000\n1.0\n".encode(),
        "f.mtx": flood,
    }
    for name, data in bombs.items():
        (here / name).write_bytes(data)
    names = list(bombs)
    root = os.path.dirname(os.path.dirname(cli.__file__))
    script = BOMBS.format(root=root, names=names)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    *told, grown = ran.stdout.splitlines()
    assert told == [f"{name} 2" for name in names], ran.stderr
    assert ran.stderr.count("\n") == len(names), ran.stderr
    assert int(grown.split()[-2]) < 100, grown


def test_json_of_hostile_numbers_is_json(run, here):
    (here / "x.csv").write_text("a,y\n1e300,1\n-1e300,2\n5e-324,3\n")
    code, out, _ = run("solve", "x.csv", "--json")
    assert code in (0, 1)
    json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
