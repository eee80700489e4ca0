# Everything starts from a machine with Python >= 3.11, make and a package index.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BACKENDS := .venv-backends
OLDEST := .venv-oldest

# Tests run side by side, one on each core; threads of linear algebra would only get in their way.
test test-backends test-oldest nightly coverage mutants: export OPENBLAS_NUM_THREADS = 1

.PHONY: demo test test-backends test-oldest nightly coverage mutants docs lint format clean

demo: $(READY)
	$(BIN)/python -m experiments tour --out out

test: $(READY)
	$(BIN)/python -m pytest

# PyTorch and JAX are large, so they live in an environment of their own.
test-backends: $(BACKENDS)/.ready
	SMOOTHMAX_BACKENDS=strict,torch,jax $(BACKENDS)/bin/python -m pytest tests/test_arrays.py\
		tests/test_regularizers.py tests/test_losses.py tests/trust/test_operator_libraries.py

# The same tests with the oldest versions that pyproject.toml allows.
test-oldest: $(OLDEST)/.ready
	$(OLDEST)/bin/python -m pytest

# The same tests with thousands of random cases where `make test` tries dozens, and new ones each time.
nightly: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt basedpyright
	SMOOTHMAX_NIGHTLY=1 $(BIN)/python -m pytest

coverage: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pytest-cov
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

# Small changes to the operators, the certificate and the passes: each must make a test fail, or be explained.
mutants: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt mutmut
	$(BIN)/python -m tests.mutants

docs: $(READY)
	$(BIN)/python -m sphinx -W --keep-going -q docs out/docs

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# hatchling comes from constraints.txt too, so the build backend is as pinned as the rest.
$(READY): EXTRAS := all,dev,docs
$(BACKENDS)/.ready: EXTRAS := all,dev,docs,backends
$(OLDEST)/.ready: EXTRAS := all,dev,docs
$(READY) $(BACKENDS)/.ready: PINS := constraints.txt
$(OLDEST)/.ready: PINS := constraints-oldest.txt
$(READY) $(BACKENDS)/.ready: constraints.txt
$(OLDEST)/.ready: constraints-oldest.txt
$(READY) $(BACKENDS)/.ready $(OLDEST)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "smoothmax needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --constraint $(PINS) hatchling editables
	$(@D)/bin/python -m pip install --quiet --constraint $(PINS) --no-build-isolation --editable ".[$(EXTRAS)]"
	@touch $@

clean:
	rm -rf $(VENV) $(BACKENDS) $(OLDEST) out .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
