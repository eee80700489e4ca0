"""Bytes of hostile files, and the command line that meets them."""

import io
import sys
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from smoothmax import cli

A = np.array([[1.0, 2.0], [-3.0, 4.0], [5.0, -6.0], [0.5, 0.25]])
TABLE = "a,b,y\n1,2,3\n4,5,6.5\n7,8,-9\n"


def npy_bytes(array, **options):
    """An .npy file."""
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def npz_bytes(**arrays):
    """An .npz file."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def mtx_bytes(matrix):
    """A Matrix Market file."""
    out = io.BytesIO()
    scipy.io.mmwrite(out, matrix)
    return out.getvalue()


def zip_bytes(**entries):
    """A zip archive with entries of any names ("__" stands for a slash) and contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def header(shape, descr="<f8", order=False):
    """An .npy file that ends after its header."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": order, "shape": shape})
    return out.getvalue()


HEADER = "%%MatrixMarket matrix "
WHOLE = {
    ".npz": npz_bytes(A=A, b=np.ones(4)),
    ".npy": npy_bytes(A),
    ".mtx": mtx_bytes(sp.coo_array(A)),
    ".csv": TABLE.encode(),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.fixture
def run(here, capfd):
    """run(*arguments) -> (exit code, stdout, stderr), whatever the command line is given."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            cli.main([str(a) for a in arguments])
        return stop.value.code, *capfd.readouterr()

    return call
