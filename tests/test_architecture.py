"""The arrows of the house: who may import whom, what an import loads, and which names the door offers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import smoothmax as sm

ROOT = Path(sm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
HEAVY = {"cvxpy", "matplotlib", "mpl_toolkits", "dask", "distributed", "highspy"}

# A room may import rooms of a smaller rank, and itself. Equal rank: blind to each other.
RANK = {
    "_typing": 0,
    "_asking": 1,
    "_cached": 0.5,
    "_doors": 1,
    "_linalg": 1,
    "_files": 1.5,
    "_warnings": 1,
    "operators": 2,
    "regularizers": 3,
    "components": 3,
    "domains": 3,
    "inequalities": 3,
    "losses": 3,
    "plots": 3,
    "progress": 3,
    "constraints": 3.5,
    "problem": 4,
    "surrogate": 5,
    "inner": 5.5,
    "upper": 5.7,
    "certificate": 6,
    "repairs": 6.5,  # the certificate judges what it mends
    "schedules": 7,
    "solvers": 8,
    "choose": 9,
    "settings": 10,
    "result": 10,
    "engine": 11,
    "front": 11.5,
    "paths": 11.8,
    "duality": 12,
    "agreement": 12,
    "cvx": 12,
    "reading": 13,
    "sweep": 13.5,
    "report": 14,
    "options": 14,
    "tables": 15,
    "cli": 16,
    "__main__": 17,
    "__init__": 17,
}
ALLOWED = {
    "cvxpy": lambda at: at.startswith(("solvers/conic/", "cvx/")),
    "matplotlib": lambda at: at.startswith("plots/"),
    "mpl_toolkits": lambda at: at.startswith("plots/"),
    "dask": lambda at: at == "components/dask.py",
    "distributed": lambda at: at == "components/dask.py",
    "highspy": lambda at: at == "solvers/linear.py",
}
# Section 4 of the design, by the module that brings them; a module that is not there yet owes nothing.
NAMES = {
    "operators": "logsumexp softmax log_softmax smooth_min mellowmax logsumexp_hessian logsumexp_hvp logsumexp_dtau "
    "logsumexp_plus entropy kl_divergence logaddexp log_matmul LogSumExpAccumulator",
    "regularizers": "smooth_max",
    "components": "Affine Quadratic Smooth Stack",
    "components/spectral.py": "Spectral",
    "domains": "Free Box Simplex Ball Polyhedron",
    "domains/product.py": "Product",
    "problem.py": "Minimax",
    "surrogate": "Smoothed",
    "certificate.py": "certify Certificate",
    "repairs": "repair",
    "front.py": "solve minimax",
    "result.py": "MinimaxResult Interrupted",
    "paths.py": "path Path",
    "agreement": "verify",
    "duality": "check_duality",
    "inequalities": "check_inequalities",
}


def place(path):
    return path.relative_to(ROOT).as_posix()


def room(dotted):
    """The first part below smoothmax of a module's place."""
    return dotted[0] if dotted else "__init__"


def imports(path, root=ROOT):
    """Every module a file imports, anywhere in it, as tuples of names; those of the library begin with its name."""
    here = (root.name, *path.relative_to(root).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            inside = module == (root.name,)  # from . import x: x is the module
            yield from ((*module, alias.name) for alias in node.names) if inside else [module]


def own_room(path):
    parts = path.relative_to(ROOT).parts
    return parts[0].removesuffix(".py") if len(parts) > 1 or parts[0] != "__init__.py" else "__init__"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_the_arrows_point_down(path):
    mine = own_room(path)
    assert mine in RANK, f"{place(path)}: a new room needs a place in the order"
    for module in imports(path):
        if module[0] != "smoothmax" or mine == "__init__":
            continue
        other = room(module[1:])
        if other in (mine, "__version__"):
            continue
        assert other in RANK, f"{place(path)} imports {'.'.join(module)}, which has no place in the order"
        assert RANK[other] < RANK[mine], f"{place(path)} imports {'.'.join(module)}: that arrow points up"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_heavy_guests_stay_in_their_rooms(path):
    for module in imports(path):
        if module[0] in ALLOWED:
            assert ALLOWED[module[0]](place(path)), f"{place(path)} imports {module[0]}"
        assert module[0] not in ("problems", "experiments", "tests", "pickle", "dill", "joblib")


@pytest.mark.parametrize("path", [p for p in FILES if own_room(p) == "operators"], ids=place)
def test_operators_know_numpy_alone(path):
    for module in imports(path):
        known = module[0] in sys.stdlib_module_names or module[0] in ("numpy", "array_api_compat", "__future__")
        inside = module[0] == "smoothmax" and (room(module[1:]) in ("operators", "_typing", "_doors"))
        assert known or inside, f"{place(path)} imports {'.'.join(module)}"


@pytest.mark.parametrize("name", ["_typing", "_doors", "_linalg", "_files"])
def test_helpers_import_nothing_above_them(name):
    below = {module[1] for module in imports(ROOT / f"{name}.py") if module[0] == "smoothmax"}
    assert below <= {"_typing", "_doors", "_cached"}


PROGRAM = sorted(
    path for room in ("smoothmax", "problems", "experiments") for path in (ROOT.parent / room).rglob("*.py")
)
REFUSED = {  # what turns data into code, or leaves a file's name open to others
    *("dill", "cloudpickle", "marshal", "shelve", "yaml", "runpy", "tempfile.mktemp", "os.system", "os.popen"),
    *(
        f"{module}.{name}"
        for module in ("pickle", "_pickle", "joblib", "torch")
        for name in ("load", "loads", "Unpickler")
    ),
}
CALLED = {"eval", "exec", "compile", "__import__", "execfile"}
OPTIONS = {"allow_pickle": False, "shell": False}  # the only value that these may have


def dotted(node):
    """a.b.c of an attribute, or the name; "" of anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def what_runs_data(tree):
    """(line, what) for everything in a file that evaluates, unpickles, or hands text to a shell."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [f"{alias.name}{'.load' if alias.asname else ''}" for alias in node.names]  # under its own name
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [dotted(node)] + (["eval"] if node.attr == "eval" else [])
        elif isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.keyword) and node.arg in OPTIONS:
            right = isinstance(node.value, ast.Constant) and node.value.value is OPTIONS[node.arg]
            names = [] if right else ["eval"]
        for name in names:
            parts = name.split(".")
            if name in CALLED or parts[0] in REFUSED or ".".join(parts[:2]) in REFUSED or parts[-1].endswith("_pickle"):
                yield getattr(node, "lineno", 0), name


@pytest.mark.parametrize("path", PROGRAM, ids=lambda path: path.relative_to(ROOT.parent).as_posix())
def test_nothing_is_evaluated_or_unpickled(path):
    found = list(what_runs_data(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found, f"{path}: {found}"


@pytest.mark.parametrize(
    "line",
    [
        *("eval(x)", "exec(x)", "x.eval(y)", "__import__(x)", "compile(x, y, z)", "import yaml", "import marshal as m"),
        *("import pickle as p", "from pickle import loads", "pickle.loads(x)", "joblib.load(x)", "pd.read_pickle(x)"),
        *("np.load(x, allow_pickle=True)", "np.load(x, allow_pickle=y)", "run(x, shell=True)", "from os import system"),
        *("tempfile.mktemp()", "from tempfile import mktemp", "os.popen(x)"),
    ],
)
def test_what_runs_data_is_seen(line):
    assert list(what_runs_data(ast.parse(line)))


def test_the_catalogue_reaches_the_library_through_its_door():
    for path in (ROOT.parent / "problems").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("smoothmax"):
                assert node.module == "smoothmax", f"{path.name} imports {node.module}"


def test_importing_the_library_loads_nothing_heavy():
    code = "import sys, smoothmax; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT.parent)
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert "smoothmax" in loaded
    assert not loaded & (HEAVY | {"problems", "experiments", "pandas", "torch"})


@pytest.mark.parametrize("module", NAMES)
def test_the_public_names_are_there(module):
    if not (ROOT / module).exists():
        pytest.skip(f"{module} does not exist yet")
    missing = [name for name in NAMES[module].split() if not hasattr(sm, name)]
    assert not missing


def test_the_door_offers_functions_not_modules_of_the_same_name():
    for name in ("solve", "minimax", "certify", "path", "verify"):
        if hasattr(sm, name):
            assert callable(getattr(sm, name)), f"sm.{name} is a module"
