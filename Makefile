# Two commands: `make up` builds the lab's data centre and proves it, `make test` runs the tests. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help up down status lint types schema test test-slow bench setup

BIN := .venv/bin
COUNTRY ?= countries/lab.yaml

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Make .venv with the locked Python packages (all other targets do this first)
	@sh engine/bootstrap.sh

up: setup  ## Everything: engine, lab, pulumi up of both stacks, hardened hosts, report. A second run changes nothing
	@$(BIN)/ringfence up $(COUNTRY)

down: setup  ## Remove the lab: processes, data and state (the built engine stays in the cache)
	@$(BIN)/ringfence lab down

status: setup  ## Show what runs
	@$(BIN)/ringfence lab status

lint: setup  ## Style, format, and a schema that is not stale
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/ringfence schema --check

types: setup  ## Strict types in ringfence/
	@$(BIN)/mypy

schema: setup  ## Write countries/country.schema.json anew
	@$(BIN)/ringfence schema

test: setup  ## The test suite; starts the lab when it is down
	@$(BIN)/pytest -m "not slow"

test-slow: setup  ## What takes longer than a minute: kills, soak
	@$(BIN)/pytest -m slow

bench: setup  ## Measure ours and the peers; ONLY=country for one subject
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))
