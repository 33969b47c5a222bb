# What a new user runs: `make demo`, then `make test`. Everything else: `make help`.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Without bytecode every Dagster process compiles 1,600 files again, whatever the caller's shell says.
unexport PYTHONDONTWRITEBYTECODE
export DAGSTER_HOME ?= $(CURDIR)
READY := $(VENV)/.ready

.PHONY: help demo test check up coverage api-contract api-soak bench-api bench bench-large bench-flat soak fuzz public-files graph lock clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --no-deps --editable .
	touch $@

demo: $(READY) ## run the main job on seeds/ and show its result
	$(BIN)/data-pipeline demo

test: $(READY) ## every test
	$(BIN)/python -m pytest

check: $(READY) ## format, rules, types, layers, definitions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate -m data_pipeline.definitions

up: $(READY) ## database, UI, daemon and sensors, in the foreground
	$(BIN)/data-pipeline up

coverage: $(READY) ## every test under coverage, against the floors
	$(BIN)/python -m data_pipeline_tests.coverage_floors

api-contract: $(READY) ## five thousand requests made from the API's description, with a key and without
	$(BIN)/python -m data_pipeline_tests.serve.contract $(ARGS)

api-soak: $(READY) ## post batches while API, runs, daemon and database are killed twenty times
	$(BIN)/python -m bench.api_soak

bench-api: $(READY) ## posted batches a second against one INSERT each
	$(BIN)/python -m bench.api

bench: $(READY) ## each stage against its floor
	$(BIN)/python -m bench

bench-large: $(READY) ## a dirty CSV of 1 GB against DuckDB
	$(BIN)/python -m bench.large

bench-flat: $(READY) ## one and ten million records end to end: peak memory
	$(BIN)/python -m bench.flat

soak: $(READY) ## kill the process ten times at random and compare what it publishes
	$(BIN)/python -m bench.soak

fuzz: $(READY) ## feed readers and guard mutated files for ten minutes
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet "atheris>=3,<4"
	mkdir -p out/fuzz && cp data_pipeline_tests/fuzz/corpus/* out/fuzz/
	cd out && PYTHONPATH=$(CURDIR) ../$(BIN)/python -m data_pipeline_tests.fuzz -max_total_time=600 -max_len=8192 fuzz

public-files: $(READY) ## read table files of public packages and compare each with what is expected
	$(BIN)/python -m data_pipeline_tests.public_files

graph: $(READY) ## write the asset graph's snapshot again
	$(BIN)/python -m data_pipeline_tests.orchestrate.test_graph

lock: ## resolve requirements.lock again; releases younger than a week are left out
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url \
	  --no-header --exclude-newer "$$(date -d '7 days ago' +%Y-%m-%d)" --output-file requirements.lock

clean: ## stop the embedded database and remove what was built
	-$(BIN)/data-pipeline db stop
	rm -rf $(VENV) .data
