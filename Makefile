# Vitreous: what a user and a developer run. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(or $(VITREOUS_HOME),.)/runs
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
PORT ?= 5000
PAGES := docs/ase.md docs/clusters.md docs/commands.md docs/direct.md docs/micrographs.md docs/plugins.md \
	docs/howto/ase.md docs/howto/ovito.md docs/howto/viewer.md
.PHONY: help setup demo ui test test-slow sources lint docs bench wheel clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## make .venv with everything in it

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; assert (3, 11) <= sys.version_info[:2] < (3, 14), f'Python {sys.version.split()[0]} found; Vitreous needs 3.11 to 3.13 (make PYTHON=python3.11)'"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing some 200 packages, about 3 GB: some minutes, in which pip says nothing"
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]'
	@touch $@

demo: setup ## the main job, end to end, on small glasses: about five minutes
	$(BIN)/vitreous run experiment=demo
	$(BIN)/vitreous predict failure "$$(dirname "$$(ls "$(RUNS)"/demo/*/run.json | tail -n 1)")" --out "$(RUNS)/demo_failure.png" --force

ui: setup ## MLflow's pages of the tracked runs, in the browser (PORT=5000)
	@exec $(BIN)/python -m vitreous.app.ui --port $(PORT)

test: setup ## the tests: about ten minutes on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slow: setup ## the tests that take minutes each
	$(BIN)/python -m pytest -m slow

sources: setup ## record the sources of our components, once their versions are right
	$(BIN)/python tests/own_sources.py

lint: setup ## style, spelling, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell vitreous tests docs examples benchmarks README.md CHANGELOG.md CONTRIBUTING.md
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: setup ## the documentation site, in docs/_build, and what its pages promise
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build
	$(BIN)/python tests/docs/run_page.py $(PAGES)

bench: setup ## side-by-side timings, printed as tables
	$(BIN)/python -m benchmarks

wheel: setup ## the wheel and the source archive, in dist/
	$(BIN)/python -m build --outdir dist .

clean: ## remove what the targets above made
	rm -rf $(VENV) dist build docs/_build .pytest_cache .ruff_cache
