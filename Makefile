# Everything a fresh machine needs: git, make and Python 3.11 or later.
PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: install reproduce test test-slow check bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "superposed needs Python 3.11 or later; try `make PYTHON=python3.12 install`")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[test]'
	@touch $@

reproduce: install
	$(BIN)/superposed reproduce

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile -q -m "not slow" tests

test-slow: install
	$(BIN)/python -m pytest -q -m slow tests

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) runs build
