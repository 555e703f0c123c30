# One line each. `make` prints this help.
.DEFAULT_GOAL := help
.PHONY: help demo test serve worker lint types bench lock clean
PYTHON ?= python3
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE

help: ## print this help
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/runtime ## one login, two banks, one API: the whole story in a minute
	@$(BIN)/python -m demo

serve: .venv/runtime ## the hub and the sandbox banks, for exploring (HUB=8000 to choose the port, TLS=1 for https)
	@$(BIN)/python -m hub.cli serve --sandbox $(if $(HUB),--port $(HUB)) $(if $(TLS),--tls)

worker: .venv/runtime ## only the sync worker, beside a hub that is served elsewhere
	@$(BIN)/python -m hub.cli worker

test: .venv/dev ## the whole test suite, on SQLite and PostgreSQL, with a real browser where there is one
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

lint: .venv/dev ## style, types and import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

bench: .venv/dev ## the loads in bench/, as ratios against a floor measured in the same run
	@$(BIN)/python -m bench

lock: .venv/dev ## choose dependency versions anew and pin them with hashes
	@$(BIN)/uv pip compile setup.cfg --extra demo --universal --python-version 3.11 --generate-hashes --no-header -q --upgrade -o requirements/runtime.txt
	@$(BIN)/uv pip compile setup.cfg --extra demo --extra dev --universal --python-version 3.11 --generate-hashes --no-header -q --upgrade -c requirements/runtime.txt -o requirements/dev.txt
	@echo confluent-kafka | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.txt -o requirements/kafka.txt

clean: ## remove the virtual environment and everything a hub left behind
	@rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Rialto needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "making .venv ..."; $(PYTHON) -m venv .venv

.venv/runtime: requirements/runtime.txt .venv/bin/python
	@echo "installing the pinned dependencies ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@touch $@

.venv/dev: requirements/dev.txt .venv/runtime
	@echo "installing the pinned test tools ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
