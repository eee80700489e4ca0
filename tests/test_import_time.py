"""The experiment on the cost of an import; the modules themselves are held by tests/test_packaging.py."""

from matplotlib.figure import Figure

from experiments import import_time


def test_imports_are_timed_beside_what_they_need():
    table = import_time.run(quick=True)
    assert [row["import"] for row in table] == list(import_time.IMPORTS)
    (base,) = (row for row in table if row["import"] == "NumPy and SciPy")
    assert all(row["ratio"] == row["processor"] / base["processor"] > 0 for row in table)
    assert f"{import_time.BAR}" in import_time.answer(table)
    assert isinstance(import_time.plot(table), Figure)
