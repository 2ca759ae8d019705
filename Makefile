# Every verb that a contributor or CI needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
PEERS_VENV := .venv-peers
PEERS := $(PEERS_VENV)/.installed
PROTO_DEPENDENCIES := .build/proto-deps
BASELINE := proto/baseline.binpb

PIP := -m pip install --disable-pip-version-check --quiet
UV := $(BIN)/uv pip install --system-certs --quiet
# uv installs in a second what takes pip half a minute (measured). pip steps in where uv cannot reach its index, because
# the two are configured apart. Every lock file is complete, so that neither has anything to resolve.
install_in = $(UV) --python $(1)/bin/python $(2) || $(1)/bin/python $(PIP) $(2)
install = $(call install_in,$(VENV),$(1))
LOCKED := --require-hashes --no-deps --requirement

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	$(BIN)/python $(PIP) $(LOCKED) requirements/installer.lock

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(BIN)/uv
	$(call install,$(LOCKED) requirements/runtime.lock)
	$(call install,--no-deps --no-build-isolation --editable .)
	@touch $@

$(DEVELOPMENT): requirements/development.lock $(RUNTIME)
	$(call install,$(LOCKED) requirements/development.lock)
	@touch $@

$(PEERS): requirements/peers.lock | $(BIN)/uv
	$(BIN)/python -m venv $(PEERS_VENV)
	$(call install_in,$(PEERS_VENV),$(LOCKED) requirements/peers.lock)
	@touch $@

$(PROTO_DEPENDENCIES): tools/vendor_protos.py | $(DEVELOPMENT)
	$(BIN)/python tools/vendor_protos.py $@
	@touch $@

.PHONY: help setup demo test check bench peers generate lock baseline clean

help: ## List the commands.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(DEVELOPMENT) $(PROTO_DEPENDENCIES) ## Install everything into .venv.

demo: $(RUNTIME) ## Start a server, score the sample resumes, and stop it again.
	@$(BIN)/python -m tools.demo

test: setup ## Run every test.
	$(BIN)/python -m pytest --numprocesses auto

check: setup ## Lint, check types, rooms and protos, and that generated files are fresh.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format proto --diff --exit-code
	$(BIN)/buf breaking proto --against $(BASELINE)
	$(BIN)/python -m tools.generate --check
	$(BIN)/python -m tools.document --check

bench: setup ## Measure, and print ratios.
	$(BIN)/python -m bench

peers: $(PEERS) ## Install what the benchmarks are compared with, into .venv-peers.

generate: setup ## Write the stubs, the descriptor set and the reference pages.
	$(BIN)/python -m tools.generate
	$(BIN)/python -m tools.document

lock: setup ## Pin the dependencies of pyproject.toml, with hashes.
	$(BIN)/python -m tools.lock

baseline: setup ## Take the protos as what callers rely on from now on.
	$(BIN)/buf breaking proto --against $(BASELINE)
	$(BIN)/buf build proto --as-file-descriptor-set --exclude-source-info --output $(BASELINE)

clean: ## Remove what the other commands made, and no store but the demo's.
	rm -rf $(VENV) $(PEERS_VENV) .build data/demo
