"""A hostile folder of a sweep: what is not its own is named, computed again or refused; nothing outside is touched."""

import json
import os
import sys

import numpy as np
import pytest

from smoothmax import cli
from smoothmax.sweep import Sweep
from smoothmax.sweep.cell import digest
from tests import sweep_tasks as tasks

SWEEP = Sweep(tasks.fails, [{"k": 1}, {"k": 2}, {"k": 4}])
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@pytest.fixture
def folder(tmp_path):
    """A folder with the results of SWEEP, a second one beside it."""
    SWEEP.run(tmp_path / "results", progress=False)
    (tmp_path / "outside").mkdir()
    return tmp_path / "results"


def first_of(folder):
    """The file of the first cell."""
    return folder / "cells" / f"{SWEEP.cells[0].key}.json"


def forged(changes):
    """What a cell's file would be with these changes to the outcome, and a checksum that fits."""
    outcome = {"status": "done", "row": {"k2": 1}, "seconds": 0.0, "error": "", "traceback": ""}
    record = {"cell": {"k": 1}, "outcome": {**outcome, **changes}}
    try:
        checksum = digest(record)
    except ValueError:
        checksum = ""
    return json.dumps({**record, "checksum": checksum}).encode()


def again(folder):
    """The sweep once more; its rows must be the true ones."""
    found = SWEEP.run(folder, progress=False)
    assert [row["k2"] for row in found] == [1, 4, 16]
    return found


RECORDS = {
    "empty": b"",
    "cut": b'{"cell": {"k"',
    "no text": b"\xff\xfe\x00\x01",
    "a list": b"[1, 2]",
    "a number": b"7",
    "nan": b"NaN",
    "deep": b"[" * 100_000,
    "a long number": b"9" * 100_000,
    "half a character": b'{"cell": {"k": 1}, "outcome": "\\ud800", "checksum": "\\ud800"}',
    "nan that is a list": b'{"nonfinite": [1]}',
    "nan that is no number": b'{"nonfinite": "zero"}',
    "no names": b'{"outcome": {}, "checksum": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}',
    "a row that is a list": forged({"row": [1]}),
    "a row that is text": forged({"row": "k2"}),
    "a row with the table's own names": forged({"row": {"status": "done", "k2": 99}}),
    "a row with the cell's names": forged({"row": {"k": "../../x", "k2": 99}}),
    "another status": forged({"status": "perfect"}),
    "a status that is a list": forged({"status": ["done"]}),
    "seconds that are text": forged({"seconds": "soon"}),
    "an error that is a dict": forged({"error": {"a": 1}}),
    "another field": forged({"more": 1}),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_forged_cell_is_named_and_computed_again(folder, kind):
    first_of(folder).write_bytes(RECORDS[kind])
    with pytest.warns(UserWarning, match=rf"{SWEEP.cells[0].key}\.json is damaged; the cell is computed again"):
        assert again(folder).computed == 1
    assert again(folder).computed == 0


def test_a_forged_cell_would_be_believed_if_it_were_whole(folder):
    first_of(folder).write_bytes(forged({"row": {"k2": 99}}))
    assert SWEEP.run(folder, progress=False).rows[0]["k2"] == 99, "the forgeries above are refused for another reason"


@pytest.mark.parametrize("kind", [kind for kind in RECORDS if kind not in ("a number", "nan")])
def test_a_forged_declaration_neither_crashes_nor_hides_the_cells(folder, kind):
    (folder / "sweep.json").write_bytes(RECORDS[kind])
    assert again(folder).computed == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"cells": 3},
        {"cells": [1]},
        {"cells": {"../../outside": {"k": 1}}},
        {"cells": {"a": "b", "c": None}},
        {"cells": {"a": {"k": {"nonfinite": "nan"}}}},
        {"version": 3},
        {"version": {"a": [1]}},
        {"task": [1]},
        {"task": None, "version": None, "cells": None},
    ],
    ids=str,
)
def test_a_declaration_of_strange_types_is_no_trouble(folder, changes):
    declared = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps({**declared, **changes}))
    assert again(folder).computed == 0
    (folder / "sweep.json").write_text(json.dumps({**declared, **changes}))
    with pytest.raises(ValueError, match=r"^out: "):
        Sweep(tasks.fails, [{"k": 5}]).run(folder, progress=False)


NAMES = [
    "../escape.json",
    "..json",
    "a" * 32 + ".json.json",
    "A" * 32 + ".json",
    "0" * 31 + ".json",
    " ",
    "\x1b[31m.json",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_files_of_other_names_among_the_cells_are_left_alone(folder, name):
    stranger = folder / "cells" / name
    stranger.write_text("mine")
    assert again(folder).computed == 0
    Sweep(tasks.fails, [{"k": 5}]).run(folder, fresh=True, progress=False)
    assert stranger.read_text() == "mine"


def bait(folder):
    """A file outside that looks like a finished cell, and what it holds."""
    held = forged({"row": {"k2": 99}})
    (folder.parent / "outside" / "bait.json").write_bytes(held)
    return folder.parent / "outside" / "bait.json", held


@POSIX
@pytest.mark.parametrize("kind", ["a file outside", "nowhere", "itself", "/dev/zero", "/dev/null"])
def test_a_cell_that_is_a_link_is_not_followed(folder, kind):
    outside, held = bait(folder)
    file = first_of(folder)
    file.unlink()
    file.symlink_to({"a file outside": outside, "nowhere": "nowhere.json", "itself": file}.get(kind, kind))
    with pytest.warns(UserWarning, match="is damaged"):
        assert again(folder).computed == 1
    assert not file.is_symlink(), "it was written through"
    assert outside.read_bytes() == held
    assert os.listdir(folder.parent / "outside") == ["bait.json"]


@POSIX
@pytest.mark.parametrize("kind", ["a folder", "a pipe"])
def test_a_cell_that_is_no_file_stops_nothing(folder, kind):
    file = first_of(folder)
    file.unlink()
    os.mkdir(file) if kind == "a folder" else os.mkfifo(file)
    with pytest.warns(UserWarning, match="is damaged"):
        found = SWEEP.run(folder, progress=False)
    assert [row["k"] for row in found] == [1, 2, 4]
    assert len(found.failed) == (kind == "a folder")


@POSIX
def test_cells_that_are_a_link_to_another_place_are_refused(folder):
    outside = folder.parent / "outside"
    for file in (folder / "cells").iterdir():
        os.replace(file, outside / file.name)
    (folder / "cells").rmdir()
    (folder / "cells").symlink_to(outside)
    before = sorted(outside.iterdir())
    for fresh in (False, True):
        with pytest.raises(ValueError, match=r"^out: .* is a link to another place"):
            Sweep(tasks.fails, [{"k": 5}]).run(folder, fresh=fresh, progress=False)
    assert sorted(outside.iterdir()) == before


@POSIX
@pytest.mark.parametrize("name", ["sweep.json", "machine.json", "table.csv"])
def test_the_folders_own_files_replace_links_and_do_not_follow_them(folder, name):
    outside, held = bait(folder)
    (folder / name).unlink()
    (folder / name).symlink_to(outside)
    again(folder)
    assert not (folder / name).is_symlink()
    assert outside.read_bytes() == held


def test_the_command_line_says_it_in_one_line(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    np.save("A.npy", np.eye(2))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "\x1b[31m\n").write_text("mine")
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "A.npy", "--domain", "simplex", "--out", "results"])
    out, err = capfd.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert err == "smoothmax: out: results holds files that are not a sweep's; name an empty or a new folder\n"
