# Every verb does its own set-up: nothing but Python 3.11+, make and git is needed before.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test check notebooks docs lab bench bench-peers lock test-slow clean

help: ## Show the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment from requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## The invented town: raw files, import, build, every report; prints where to look
	$(BIN)/shnor demo --folder $(DEMO)

test: $(READY) ## All tests, notebooks included
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -q
	@$(MAKE) --no-print-directory notebooks

test-slow: $(READY) ## Recovery and size studies
	$(BIN)/python -m pytest -m slow -q --run-slow

check: $(READY) ## Style, types, floors, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

notebooks: $(READY) ## nbval over the notebooks, on the invented town
	$(BIN)/shnor demo --folder $(DEMO) --no-reports
	SHNOR_FOLDER=$(CURDIR)/$(DEMO) $(BIN)/python -m pytest -q -W default --nbval-lax --nbval-current-env notebooks --ignore=notebooks/reports

docs: $(READY) ## Write the generated pages again
	$(BIN)/python -m shnor_analysis.schemas.dictionary docs

lab: $(READY) ## JupyterLab on the demo workspace
	$(BIN)/shnor lab --folder $(DEMO)

bench: $(READY) ## Speed side by side with the peers, in one run
	$(BIN)/python benchmarks/excel_import.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/many_questions.py
	$(BIN)/python benchmarks/warm_batch.py
	$(BIN)/python benchmarks/any_notebook.py

bench-peers: $(READY) ## Install the peers that pip can install; lme4 comes with R (r-cran-lme4)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[bench]"

lock: ## Pin what a fresh environment gives now
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade setuptools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,examples]'
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^pip==' > requirements.lock

clean: ## Remove what can be made again, but not the environment
	rm -rf $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
