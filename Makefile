# Everything a person or the CI runs. `make help` lists it.
SHELL := /bin/sh
PY := .venv/bin/python
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE ?=
# Where set-up put libraries that it could not install (no root): see scripts/setup.sh. Looked up for each recipe, because
# set-up may just have made it.
INHERITED_LIBRARY_PATH := $(LD_LIBRARY_PATH)
export LD_LIBRARY_PATH = $(subst $() ,:,$(strip $(shell ls -d $(CURDIR)/.venv/native/usr/lib/*-linux-gnu 2>/dev/null) $(INHERITED_LIBRARY_PATH)))
PACKAGES := catalog moderation compliance config tests manage.py
CORPUS_DIR ?= $(CURDIR)/.cache/corpus

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-fast check fix schema lock corpus eval-audio eval-screening bench-audio bench-screening \
  bench-rights bench-recalls bench-api fuzz-api train-screening demo-material clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 18

.venv/.runtime: requirements.lock scripts/setup.sh
	@sh scripts/setup.sh requirements.lock && touch $@

.venv/.dev: requirements-dev.lock scripts/setup.sh
	@sh scripts/setup.sh requirements-dev.lock && touch $@ .venv/.runtime

setup: .venv/.dev ## Set up .venv with everything, tools included

demo: .venv/.runtime ## Run the main job end to end against a server and a worker of its own
	@$(PY) -m config.demo

run: .venv/.runtime ## Serve web and worker with the demo catalog until Ctrl-C
	@$(PY) -m config.demo.serve

test: .venv/.dev ## Run the whole suite
	@$(PY) -m tests.run

test-fast: .venv/.dev ## Run the suite without what is slow
	@$(PY) -m pytest -q -m "not slow and not corpus and not browser"

check: .venv/.dev ## Format, lint, types, architecture, migrations, OpenAPI snapshot, locks
	.venv/bin/ruff format --check $(PACKAGES)
	.venv/bin/ruff check $(PACKAGES)
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(PY) manage.py check --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m tests.api_schema --check
	sh scripts/lock.sh --check

fix: .venv/.dev ## Format, and mend what the linter can mend
	.venv/bin/ruff format $(PACKAGES)
	.venv/bin/ruff check --fix $(PACKAGES)

schema: .venv/.dev ## Rewrite the OpenAPI snapshot
	$(PY) -m tests.api_schema

lock: .venv/.dev ## Rewrite the locks from pyproject.toml
	sh scripts/lock.sh

corpus: .venv/.dev ## Rebuild the audio corpus from Debian packages into CORPUS_DIR (.cache/corpus)
	$(PY) -m tests.corpus.build --cache $(CORPUS_DIR) $(ARGS)

eval-audio: .venv/.dev ## Audio verification on the DEV corpus, beside its bars
	$(PY) -m tests.evaluation.audio --cache $(CORPUS_DIR) $(ARGS)

eval-screening: .venv/.dev ## Screening on the dev data, beside its bars
	$(PY) -m tests.evaluation.screening $(ARGS)
	$(PY) -W ignore -m tests.evaluation.screening_peers

bench-audio: .venv/.dev ## Cost of verification, ingest and search
	$(PY) -m tests.bench.audio --cache $(CORPUS_DIR) $(ARGS)

bench-screening: .venv/.dev ## Speed of screening beside its peers
	$(PY) -m tests.bench.screening $(ARGS)

bench-rights: .venv/.dev ## Speed of rights evaluation and catalog queries
	$(PY) -m tests.bench.rights $(ARGS)

bench-api: .venv/.dev ## The API under load on two server processes, SQLite and PostgreSQL
	@$(PY) -m tests.bench.api $(ARGS)

fuzz-api: .venv/.dev ## schemathesis with every check on every operation, above 5,000 cases
	@$(PY) -m tests.fuzz.api $(ARGS)

bench-recalls: .venv/.dev ## Speed of a recall of 100,000 songs
	$(PY) -m tests.bench.recalls $(ARGS)

train-screening: .venv/.dev ## Rebuild the screening weights from the dedications and the folder SCREENING_DATA
	$(PY) -m moderation.training.train $(ARGS)

demo-material: .venv/.dev ## Compose and render the demo music anew (needs fluidsynth, fluid-soundfont-gm, espeak-ng)
	$(PY) -m config.demo.compose $(ARGS)

clean: ## Remove the environment, data and caches of this checkout
	rm -rf .venv var .cache staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis
