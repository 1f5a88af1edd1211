# Runnable Theory. `make help` lists the targets. Needs Python 3.11 or newer and a package registry.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8000
NB ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book pdf test new serve execute sync check bench lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

# The stamp is written last and removed first: an interrupted installation is done again.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: the book needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@rm -f $@
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Every page is read anew (--all): a page left from an earlier build would keep its warnings silent.
book: $(STAMP) ## build the site into _build/html from the stored outputs; a warning is an error
	$(BIN)/jupyter-book build . --all -n -W --keep-going

pdf: $(STAMP) ## the whole book as one PDF in _build/pdf; needs XeLaTeX (says what to install)
	$(BIN)/python -m tools.pdf

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope \
	--nbval-lax --nbval-current-env --nbval-cell-timeout 180

ifdef T
test: $(STAMP) ## every check, unit test, notebook and page; T=slug: one technique alone, no site
	only=$$($(BIN)/python -m tools.only $(T)) && $(PYTEST) $$only
else
test: check book
	$(PYTEST) tests chapters demos
endif

new: $(STAMP) ## lay the skeleton of a technique: make new SLUG=name PART=part [CODE=module]
	@$(BIN)/python -m tools.new "$(SLUG)" "$(PART)" $(CODE)

serve: ## show the built site on this machine: http://127.0.0.1:8000
	@test -f _build/html/index.html || { echo "error: no site yet; run make book" >&2; exit 1; }
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

execute: $(STAMP) ## run the notebooks (all, or NB=path) and store their outputs
	$(BIN)/python -m tools.execute $(NB)

sync: $(STAMP) ## write the address into the notebooks, and the lists made from the cards; runs nothing
	$(BIN)/python -m tools.execute --sync

check: $(STAMP) ## stored notebooks, claims, style, imports and types, without running a notebook
	$(BIN)/python -m tools.check

bench: $(STAMP) ## measure against peers and print one table; RECORD=1 writes results/benchmarks/peers.json
	$(BIN)/python -m benchmarks $(if $(RECORD),--record)

lock: $(STAMP) ## write requirements.lock from what is installed
	$(BIN)/python -m tools.lock

clean: ## remove the built site and the caches (the environment stays)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
