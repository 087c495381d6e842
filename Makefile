# Each target needs nothing but Python 3.11 or newer: it makes its own .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format bench clean

demo: $(VENV)/.runtime
	$(BIN)/gemini-interactions-mcp demo

test: $(VENV)/.dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses=auto --quiet
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(VENV)/.dev
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/pyright

format: $(VENV)/.dev
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

bench: $(VENV)/.dev
	$(BIN)/python bench/start.py
	$(BIN)/python bench/calls.py
	$(BIN)/python bench/followers.py
	$(BIN)/python bench/files.py

clean:
	rm -rf $(VENV) .coverage .coverage.* .pytest_cache .ruff_cache dist

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	touch $@

$(VENV)/.runtime: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
