# Runnable Theory. `make help` lists the targets. Needs Python 3.11 or newer and a package registry.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NBGRADER := _build/nbgrader/.installed
# Measured by `make bench` without what they depend on; torchvision as PyTorch in requirements.lock.
PEERS := torchvision==0.28.0 timm==1.0.31
# Needed by `make network` alone, without what they depend on beyond the book's own packages.
EXPORTERS := onnx==1.23.2 onnxscript==0.7.2 onnx-ir==1.1.0 protobuf==7.36.2 ml-dtypes==0.6.0
PORT ?= 8000
NB ?=
UV ?= uv
HASHED := requirements.hashed.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book pdf tex epub slides course test new serve play picture network execute sync check bench dist lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

# The stamp is written last and removed first: an interrupted installation is done again.
# Everything comes with its digest but PyTorch, whose build depends on the machine's accelerator.
$(STAMP): requirements.lock $(HASHED) pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: the book needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@rm -f $@
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --requirement $(HASHED)
	$(BIN)/python -m pip install --disable-pip-version-check "$$(grep '^torch==' requirements.lock)"
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Every page is read anew (--all): a page left from an earlier build would keep its warnings silent.
book: $(STAMP) ## build the site into _build/html from the stored outputs; a warning is an error
	$(BIN)/jupyter-book build . --all -n -W --keep-going

pdf: tex $(STAMP) ## the whole book as one PDF in _build/pdf; needs XeLaTeX; TAGGED=1: for screen readers; VECTOR=1: runs the labs
	$(BIN)/python -m tools.pdf $(if $(TAGGED),--tagged) $(if $(VECTOR),--vector)

# Before an environment of gigabytes is installed for nothing; tools.pdf asks for the rest.
tex:
	@for program in $(if $(TAGGED),lualatex,xelatex) latexmk rsvg-convert; do command -v $$program >/dev/null || \
	{ echo "error: the PDF needs $$program; README.md names the packages" >&2; exit 1; }; done

epub: $(STAMP) ## the whole book as an e-book in _build/epub, its formulas as MathML
	$(BIN)/python -m tools.epub

slides: $(STAMP) ## slides of the long chapters in _build/slides/html; print a PDF with ?print-pdf behind the address
	$(BIN)/python -m tools.slides

# nbgrader has an environment of its own, and runs notebooks in the book's.
$(NBGRADER): requirements.nbgrader.txt $(STAMP)
	@rm -f $@
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --requirement $<
	$(BIN)/python -m ipykernel install --prefix $(@D) --name python3
	@touch $@

course: $(STAMP) $(NBGRADER) ## quizzes for Canvas, Moodle, Anki in _build/course; exercises for nbgrader in course
	$(BIN)/python -m tools.platforms
	$(BIN)/python -m tools.grading $(if $(COURSE),--course '$(COURSE)') $(if $(SEED),--seed '$(SEED)') $(if $(INTO),--into '$(INTO)')

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope \
	--nbval-lax --nbval-current-env --nbval-cell-timeout 180

ifdef T
test: $(STAMP) ## every check, unit test, notebook and page; T=slug: one technique alone, no site
	only=$$($(BIN)/python -m tools.only $(T)) && $(PYTEST) $$only
else
test: check book $(NBGRADER)
	$(PYTEST) tests chapters demos
endif

new: $(STAMP) ## lay the skeleton of a technique: make new SLUG=name PART=part [CODE=module]
	@$(BIN)/python -m tools.new "$(SLUG)" "$(PART)" $(CODE)

serve: ## show the built site on this machine: http://127.0.0.1:8000
	@test -f _build/html/index.html || { echo "error: no site yet; run make book" >&2; exit 1; }
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

play: $(STAMP) ## open copies of the notebooks in JupyterLab: what is saved there leaves the book as it is
	$(BIN)/python -m tools.play

picture: $(STAMP) ## draw the pictures of a theory page: make picture T=slug
	@$(BIN)/python -m tools.pictures $(T)

network: $(STAMP) ## train and export the networks that a page runs (two processor minutes); EXPORT=1: export alone
	@test -d _build/exporters || $(BIN)/python -m pip install --quiet --no-deps --target _build/exporters $(EXPORTERS)
	PYTHONPATH=_build/exporters OMP_NUM_THREADS=1 $(BIN)/python -m tools.network $(if $(EXPORT),--export)

execute: $(STAMP) ## run the notebooks (all, or NB=path) and store their outputs
	$(BIN)/python -m tools.execute $(NB)

sync: $(STAMP) ## write the address into the notebooks, and the lists made from the cards; runs nothing
	$(BIN)/python -m tools.execute --sync

check: $(STAMP) ## stored notebooks, claims, style, imports and types, without running a notebook
	$(BIN)/python -m tools.check

bench: $(STAMP) ## measure against peers and print one table; RECORD=1 writes results/benchmarks
	-@test -d _build/peers || $(BIN)/python -m pip install --quiet --no-deps --target _build/peers $(PEERS)
	$(BIN)/python -m benchmarks $(if $(RECORD),--record)

# Of the two builds of a release the index is given; nothing is uploaded from here. twine has an
# environment of its own, for the book does not need it.
dist: $(STAMP) ## build dist/ for a package index (sdist and wheel) and let twine check it
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(PYTHON) -m venv _build/twine
	_build/twine/bin/python -m pip install --disable-pip-version-check --quiet "twine>=6,<7"
	_build/twine/bin/python -m twine check --strict dist/*

# Resolved for all platforms at once from the metadata alone: no wheel is downloaded. CUDA libraries
# and Triton are left for pip, which picks what fits PyTorch's build. UPGRADE=1 moves all pins.
RESOLVED := --quiet --universal --python-version 3.11.5 --no-annotate --no-header
COMPILE = $(UV) pip compile pyproject.toml --all-extras $(RESOLVED)
PLATFORM := nvidia-[a-z0-9-]*|cuda-[a-z-]*|triton
lock: ## write requirements.lock and its file with digests; needs uv
	@command -v $(UV) >/dev/null || { echo "error: $(UV) not found; install it: python -m pip install uv" >&2; exit 1; }
	mkdir -p _build
	$(if $(UPGRADE),: >,grep -v '^#' requirements.lock >) _build/pins.txt
	$(COMPILE) --constraint _build/pins.txt --output-file _build/all.txt
	{ sed -n '/^#/p' requirements.lock; grep -vE '^($(PLATFORM))==' _build/all.txt; } > _build/plain.txt
	$(COMPILE) --constraint _build/all.txt --generate-hashes --output-file _build/hashed.txt \
		$$(sed -nE 's/^(torch|$(PLATFORM))==.*/--no-emit-package \1/p' _build/all.txt)
	{ sed -n '/^#/p' $(HASHED); cat _build/hashed.txt; } > _build/hashed.lock
	mv _build/plain.txt requirements.lock
	mv _build/hashed.lock $(HASHED)
	$(if $(UPGRADE),rm -f _build/nbgrader.txt,cp requirements.nbgrader.txt _build/nbgrader.txt)
	echo "nbgrader==0.9.6" | $(UV) pip compile - $(RESOLVED) --generate-hashes \
		--constraint requirements.lock --output-file _build/nbgrader.txt
	{ sed -n '/^#/p' requirements.nbgrader.txt; cat _build/nbgrader.txt; } > _build/nbgrader.lock
	mv _build/nbgrader.lock requirements.nbgrader.txt

clean: ## remove the built site and the caches (the environment stays)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
