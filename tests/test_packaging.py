"""What a user installs: the library alone, with its types."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_ships_the_library_with_its_types(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "smoothmax/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"smoothmax"}
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert b"smoothmax = smoothmax.cli:main" in zipfile.ZipFile(wheel).read(entry)


def test_no_file_names_an_index_or_a_path_of_a_machine():
    for name in ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert "/home/" not in text
        assert "file:" not in text
    assert all("==" in line for line in (ROOT / "constraints.txt").read_text().split())
