"""Files and module:attribute in, problems or one clear sentence out."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

import smoothmax as sm
from smoothmax.reading import Wishes, read

TABLE = "a,b,y\n1,2,3\n4,5,6.5\n7,8,-9\n"
MODULE = """
import numpy as np
import smoothmax as sm

problem = sm.Minimax(sm.Affine([[1.0], [-1.0]], [0.0, 1.0]))

class Case:
    problem, x0 = problem, np.array([3.0])

case = Case()
number = 3

def make(): return case
def needs(n): return case
def breaks(): return 1 / 0
def quits(): raise SystemExit(3)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder, with sys.path as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def data(rng, m=6, d=3):
    return rng.standard_normal((m, d)), rng.standard_normal(m)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# what is read


def test_npz(here, rng):
    A, b = data(rng)
    np.savez("game.npz", A=A, b=b)
    problem = read("game.npz", Wishes(domain="simplex", absolute=True)).problem
    np.testing.assert_array_equal(problem.components.A, A)
    np.testing.assert_array_equal(problem.components.b, b)
    assert problem.n == 12
    assert isinstance(problem.domain, sm.Simplex)


def test_npy_stays_on_disk(here, rng):
    A, b = data(rng)
    np.save("A.npy", A)
    np.save("b.npy", b)
    components = read("A.npy", Wishes(b="b.npy")).problem.components
    assert isinstance(components.A, np.memmap)
    assert not components.A.flags.writeable
    np.testing.assert_array_equal(components.b, b)


def test_mtx_stays_sparse(here, rng):
    A = sp.random_array((40, 8), density=0.2, rng=rng)
    scipy.io.mmwrite("A.mtx", A)
    scipy.io.mmwrite("b.mtx", np.arange(40.0)[:, None])
    components = read("A.mtx", Wishes(b="b.mtx")).problem.components
    assert sp.issparse(components.A)
    np.testing.assert_array_equal(components.A.toarray(), A.toarray())
    np.testing.assert_array_equal(components.b, np.arange(40.0))


@pytest.mark.parametrize(
    ("target", "intercept", "names", "y"),
    [
        (None, False, ("a", "b"), [3, 6.5, -9]),
        ("b", True, ("intercept", "a", "y"), [2, 5, 8]),
        ("1", False, ("b", "y"), [1, 4, 7]),
    ],
)
def test_csv_columns(here, target, intercept, names, y):
    (here / "t.csv").write_text(TABLE)
    stated = read("t.csv", Wishes(target=target, intercept=intercept))
    assert stated.names == names
    np.testing.assert_array_equal(stated.problem.components.b, -np.array(y))
    if intercept:
        np.testing.assert_array_equal(stated.problem.components.A[:, 0], 1)


@pytest.mark.parametrize(
    "text",
    ["1,2,3\n4,5,6\n", "\ufeff1, 2 ,3\r\n\r\n4,5,6\r\n", '"1","2","3"\n4e0,5.0,+6'],
    ids=["plain", "bom, blanks, CRLF", "quoted"],
)
def test_csv_without_a_header(here, text):
    (here / "t.csv").write_text(text, encoding="utf-8", newline="")
    stated = read("t.csv", Wishes())
    np.testing.assert_array_equal(stated.problem.components.A, [[1, 2], [4, 5]])
    assert stated.names == ("1", "2")


def test_csv_index_column_of_pandas_has_no_name(here):
    (here / "t.csv").write_text(",x,y\n0,1,2\n1,3,4\n")
    assert read("t.csv", Wishes()).names == ("", "x")


@pytest.mark.parametrize(
    ("wishes", "kind", "inside", "outside"),
    [
        (Wishes(), sm.Free, [-9, 9, 9], None),
        (Wishes(domain="nonneg"), sm.Box, [0, 9, 9], [-1, 0, 0]),
        (Wishes(domain="box", lower=-1, upper=0), sm.Box, [-1, 0, 0], [0, 0, 0.1]),
        (Wishes(domain="box", lower=0), sm.Box, [9, 9, 9], [-1, 0, 0]),
        (Wishes(domain="simplex"), sm.Simplex, [0, 1, 0], [1, 1, 0]),
        (Wishes(domain="ball"), sm.Ball, [0, 1, 0], [1, 1, 0]),
        (Wishes(domain="ball", radius=2), sm.Ball, [1, 1, 0], [2, 1, 0]),
    ],
)
def test_domains(here, rng, wishes, kind, inside, outside):
    np.savez("game.npz", A=data(rng)[0])
    domain = read("game.npz", wishes).problem.domain
    assert isinstance(domain, kind)
    assert domain.contains(np.array(inside, float))
    assert outside is None or not domain.contains(np.array(outside, float))


@pytest.mark.parametrize(("name", "start"), [("problem", None), ("case", 3), ("make", 3), ("case.problem", None)])
def test_module_attributes(here, name, start):
    (here / "reading_mine.py").write_text(MODULE)
    stated = read(f"reading_mine:{name}", Wishes())
    assert isinstance(stated.problem, sm.Minimax)
    assert stated.x0 == start


# what is refused, and in which words


def refusal(source, **wishes):
    with pytest.raises(ValueError) as caught:
        read(source, Wishes(**wishes))
    return str(caught.value)


def test_missing_files_and_unknown_endings(here):
    for name in ("no.npz", "no.npy", "no.mtx", "no.csv"):
        assert refusal(name) == f"{name}: no such file or directory"
    assert "neither a file ending in .npz, .npy, .mtx, .csv nor module:attribute" in refusal("data.txt")
    (here / "folder.csv").mkdir()
    assert refusal("folder.csv") == "folder.csv: is a directory"


def test_npz_keys(here, rng):
    A, b = data(rng)
    np.savez("other.npz", B=A, c=b)
    assert refusal("other.npz") == "other.npz: the key A is missing; there are: B, c"
    np.savez("more.npz", A=A, y=b)
    assert refusal("more.npz") == "more.npz: only the keys A and b are understood; there are: A, y"
    np.savez("both.npz", A=A, b=b)
    assert refusal("both.npz", b="b.npy") == "both.npz: holds b already; leave out --b"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"A": np.array([[1.0, np.nan]])}, "entry [0, 1] is nan"),
        ({"A": np.ones((3, 2)), "b": np.ones(4)}, "b must have as many entries as A has rows, 3; it has 4"),
        ({"A": np.ones(3)}, "its shape is (3,)"),
        ({"A": np.ones((0, 3))}, "its shape is (0, 3)"),
        ({"A": np.ones((2, 2)) * 1j}, "complex128"),
        ({"A": np.array([["x"]])}, "must hold real numbers"),
        ({"A": np.array([[None]], dtype=object)}, "holds pickled Python objects, which are refused"),
    ],
)
def test_npz_contents(here, arrays, words):
    np.savez("x.npz", **arrays)
    assert refusal("x.npz").startswith("x.npz: ")
    assert words in refusal("x.npz")


@pytest.mark.parametrize("ending", ["npz", "npy", "mtx"])
@pytest.mark.parametrize("damage", ["cut", "empty", "garbage"])
def test_damaged_files(here, rng, ending, damage):
    A = data(rng, 50, 20)[0]
    {"npz": lambda f: np.savez(f, A=A), "npy": lambda f: np.save(f, A), "mtx": lambda f: scipy.io.mmwrite(f, A)}[
        ending
    ](f"x.{ending}")
    file = here / f"x.{ending}"
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "garbage": b"hello\n1 2 3\n"}[damage])
    assert "or damaged: " in refusal(file.name)


def test_a_flipped_byte_in_an_npz_is_noticed(here, rng):
    np.savez("x.npz", A=data(rng, 50, 20)[0])
    raw = bytearray((here / "x.npz").read_bytes())
    raw[1000] ^= 255
    (here / "x.npz").write_bytes(bytes(raw))
    assert "CRC" in refusal("x.npz")


def test_pickled_npy(here):
    np.save("x.npy", np.array([[None]], dtype=object), allow_pickle=True)
    assert refusal("x.npy") == "x.npy: holds pickled Python objects, which are refused"


def test_more_than_memory_holds(here, rng):
    np.save("A.npy", data(rng)[0])
    (here / "b.mtx").write_text("%%MatrixMarket matrix coordinate real general\n900000000000000 1 1\n1 1 1.0\n")
    assert refusal("A.npy", b="b.mtx") == "b.mtx: the data do not fit into memory"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("a,b\n", "there is a header but no row of numbers"),
        ("a,y\n1,2\n3,red\n", "column 'y', line 3: a finite number is needed; it is 'red'"),
        ("a,y\n1,2\n,4\n", "column 'a', line 3: a finite number is needed; it is empty"),
        ("1,2\n3,nan\n", "column '2', line 2: a finite number is needed; it is 'nan'"),
        ("1,2\n3,1_000\n", "it is '1_000'"),
        ("a,y\n1,2\n3\n", "line 3 has 1 fields, the first line 2"),
        ("# note\na,y\n1,2\n", "line 2 has 2 fields, the first line 1; lines of comment (#) are not taken"),
        ("1,y\n1,2\n", "line 1 must be all names (a header) or all numbers; it has '1' and 'y'"),
        ("a;y\n1;2\n", "columns must be separated by commas; line 1 is 'a;y'"),
        ("y\n1\n2\n", "there is no column beside the target (--intercept adds one)"),
        ('a,y\n"1,2\n', "not a CSV file: "),
        ("a,y\n1,\xff\n", "not a text file in UTF-8"),
    ],
)
def test_csv_contents(here, text, words):
    (here / "x.csv").write_bytes(text.encode("latin-1"))
    assert refusal("x.csv").startswith("x.csv: ")
    assert words in refusal("x.csv")


def test_csv_targets(here):
    (here / "x.csv").write_text(TABLE)
    for target in ("c", "0", "4", "-1"):
        assert f"--target '{target}': no such column; there are a, b, y (or a number, 1 to 3)" in refusal(
            "x.csv", target=target
        )
    (here / "twice.csv").write_text("a,a\n1,2\n")
    assert "several columns are called so" in refusal("twice.csv", target="a")


def test_wishes_that_would_go_unheard(here, rng):
    np.savez("x.npz", A=data(rng)[0])
    np.save("x.npy", data(rng)[0])
    (here / "x.csv").write_text(TABLE)
    (here / "reading_wishes.py").write_text(MODULE)
    assert refusal("x.npz", target="y") == "x.npz: --target is for .csv files"
    assert refusal("x.npy", intercept=True) == "x.npy: --intercept is for .csv files"
    assert refusal("x.csv", b="b.npy") == "x.csv: holds b already; leave out --b"
    assert refusal("x.npz", lower=0.0) == "--lower is for --domain box; the domain is free"
    assert refusal("x.npz", radius=1.0, domain="box") == "--radius is for --domain ball; the domain is box"
    assert "--lower is for files" in refusal("reading_wishes:problem", lower=0.0)
    assert "--domain is for files" in refusal("reading_wishes:problem", domain="free")


def test_domains_that_are_none(here, rng):
    np.savez("x.npz", A=data(rng)[0])
    assert refusal("x.npz", domain="cube") == "--domain must be one of free, nonneg, simplex, box, ball; got 'cube'"
    assert refusal("x.npz", domain="box") == "--domain box needs --lower, --upper or both"
    assert "got 2 and 1" in refusal("x.npz", domain="box", lower=2.0, upper=1.0)
    assert "got nan and inf" in refusal("x.npz", domain="box", lower=np.nan)
    assert "radius must be finite and > 0; got 0.0" in refusal("x.npz", domain="ball", radius=0.0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("number", "must be a Minimax or have one as .problem; it is of type int"),
        ("nothing", "has no attribute 'nothing'"),
        ("needs", "must be callable without arguments; missing a required argument: 'n'"),
        ("breaks", "ZeroDivisionError: division by zero (reading_refused.py, line 15)"),
        ("quits", "SystemExit: 3 (reading_refused.py, line 16)"),
    ],
)
def test_module_attributes_that_are_no_problem(here, name, words):
    (here / "reading_refused.py").write_text(MODULE)
    assert words in refusal(f"reading_refused:{name}")


@pytest.mark.parametrize(
    ("module", "text", "words"),
    [
        ("reading_syntax", "def f(:\n", "SyntaxError: invalid syntax (reading_syntax.py, line 1)"),
        (
            "reading_imports",
            "import reading_nowhere\n",
            "No module named 'reading_nowhere' (reading_imports.py, line 1)",
        ),
        ("reading_raises", "x = 1\nx / 0\n", "ZeroDivisionError: division by zero (reading_raises.py, line 2)"),
        ("reading_exits", "raise SystemExit\n", "SystemExit (reading_exits.py, line 1)"),
    ],
)
def test_modules_that_cannot_be_imported(here, module, text, words):
    (here / f"{module}.py").write_text(text)
    assert refusal(f"{module}:x").startswith(f"importing '{module}' failed: ")
    assert refusal(f"{module}:x").endswith(words)


def test_modules_that_are_not_there(here):
    assert refusal("reading_absent:x") == f"no module 'reading_absent' in {here} or among those installed"
    assert "no module 'reading_absent'" in refusal("reading_absent.deeper:x")
