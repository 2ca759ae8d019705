# Every verb that a contributor or CI needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
PROTO_DEPENDENCIES := .build/proto-deps

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --requirement requirements/runtime.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements/development.lock $(RUNTIME)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --requirement requirements/development.lock
	@touch $@

$(PROTO_DEPENDENCIES): $(DEVELOPMENT) tools/vendor_protos.py
	$(BIN)/python tools/vendor_protos.py $@
	@touch $@

.PHONY: help setup demo test check bench generate lock baseline clean

help: ## List the commands.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(DEVELOPMENT) $(PROTO_DEPENDENCIES) ## Install everything into .venv.

generate: $(PROTO_DEPENDENCIES) ## Generate stubs and the descriptor set from proto/, and the reference pages in docs/.
	$(BIN)/python -m tools.generate

lock: $(DEVELOPMENT) ## Pin the dependencies of pyproject.toml, with hashes.
	$(BIN)/python -m tools.lock

clean: ## Remove what the other commands made.
	rm -rf $(VENV) .build data
