# Two commands: `make up` runs the product, `make test` runs every check. Both install what is missing first.
.DEFAULT_GOAL := help
.PHONY: help install up down status clean test lint bench python

VENV := .venv
RUN := $(VENV)/bin/python -m
# One installation for each state of the pins and each place of the clone (virtual environments do not move).
KEY := $(shell { cat pyproject.toml constraints.txt; pwd; } | sha256sum | cut -c 1-16)
STAMP := $(VENV)/.installed-$(KEY)

help:
	@echo 'make up      install, start the cluster, look one creator up'
	@echo 'make down    stop the cluster; the data stays in .following/'
	@echo 'make status  what runs'
	@echo 'make clean   stop the cluster and remove its data'
	@echo 'make test    lint, strict types, import direction, dependencies, all tests'
	@echo 'make lint    the same without the tests'
	@echo 'make bench   every benchmark; BENCH=search for one'

up: $(STAMP)
	@$(RUN) api.cli up

down: $(STAMP)
	@$(RUN) api.cli down

status: $(STAMP)
	@$(RUN) api.cli status || true  # it exits with 3 where the cluster does not run

clean:
	@if [ -x $(VENV)/bin/python ]; then $(RUN) api.cli clean --yes; else rm -rf .following; fi

test: lint
	@echo '── tests'
	@$(RUN) pytest

lint: $(STAMP)
	@echo '── ruff'
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@echo '── mypy'
	@$(RUN) mypy
	@echo '── import direction'
	@$(RUN) pytest -q tests/unit/test_import_direction.py
	@echo '── dependencies'
	@$(RUN) deptry .

bench: $(STAMP)
	@$(RUN) api.cli bench $(or $(BENCH),search)

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@PYTHON='$(PYTHON)' sh .ci/install $(VENV)
	@rm -f $(VENV)/.installed-*
	@touch $@
