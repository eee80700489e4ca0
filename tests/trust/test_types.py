"""What a type checker tells the user of the installed package."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.effort import NIGHT
from tests.trust.packages import run

CLIENT = Path(__file__).parent / "client" / "client.py"


def test_mypy_understands_a_client_and_finds_its_mistakes(tmp_path):
    shutil.copy(CLIENT, tmp_path)
    words = ["--strict", "--no-error-summary", "--config-file", "", "--cache-dir", tmp_path / "cache"]
    run(sys.executable, "-m", "mypy", *words, "client.py", cwd=tmp_path)


@pytest.mark.skipif(not NIGHT, reason="pyright takes longer than a change has")
def test_pyright_understands_a_client_and_finds_its_mistakes(tmp_path):
    pytest.importorskip("basedpyright")
    shutil.copy(CLIENT, tmp_path)
    settings = {
        "typeCheckingMode": "standard",
        "enableTypeIgnoreComments": True,
        "reportUnnecessaryTypeIgnoreComment": "error",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    run(sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "client.py", cwd=tmp_path)
