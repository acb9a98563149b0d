# Modelyard: `make help` says what there is.
PYTHON := .venv/bin/python
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Where it is set, every process compiles every module it loads: 14 s instead of 5 s to load PyTorch and Lightning.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help env demo up down status logs restart monitor test test-faults test-security check fmt format-check lint types contracts audit bench lock

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

env: ## The environment and the servers' programs; safe to repeat
	@infra/local/setup.sh

demo: env ## One real model from samples to a served answer; leaves the stack running
	@.venv/bin/modelyard demo

up: env ## Start the local stack
	@$(PYTHON) -m infra.local up

down: ## Stop the local stack; data stays
	@$(PYTHON) -m infra.local down

status: ## What runs, where, and whether it answers
	@$(PYTHON) -m infra.local status

logs: ## The last lines of one part: make logs s=trainer
	@$(PYTHON) -m infra.local logs $(s)

restart: ## Stop one part and start it again: make restart s=trainer
	@$(PYTHON) -m infra.local restart $(s)

monitor: env ## Prometheus over the local stack, on loopback, until Ctrl-C
	@infra/local/setup.sh monitor
	@$(PYTHON) -m infra.local monitor

test: ## Every test, on real servers of its own
	@infra/local/setup.sh test
	@$(PYTHON) -m pytest $(or $(t),-n 2 --dist loadscope --no-loadscope-reorder)

test-faults: ## Kills, pauses, full disks: half an hour as root, into docs/reliability.md; make test-faults t='-k nats'
	@infra/local/setup.sh faults
	@$(PYTHON) -m pytest tests/faults $(t)

test-security: env ## What strangers may send, for long: the whole API, parsers, archives (docs/security.md)
	@$(PYTHON) -m pytest --hypothesis-profile thorough tests/security tests/e2e/test_openapi.py tests/unit/datasets/files tests/unit/test_zips.py
	@$(PYTHON) -m pytest --hypothesis-profile thorough tests/security/lives.py
	@$(PYTHON) -m tests.security.fuzz $(or $(seconds),60)

check: format-check lint types contracts audit test ## What CI runs

fmt: env ## Format and mend what can be mended
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

format-check: env
	@.venv/bin/ruff format --check .

lint: env
	@.venv/bin/ruff check .

types: env
	@.venv/bin/pyright

contracts: env ## Imports point one way
	@.venv/bin/lint-imports --no-logo

audit: env ## Insecure code, and known advisories of every package that is pinned
	@# Of a statement with one `nosec` it warns for every other line.
	@.venv/bin/bandit -q -r libs services infra frontend-streamlit -c pyproject.toml 2> >(grep -v 'nosec encountered' >&2)
	@$(PYTHON) -m infra.audit

bench: env ## Ratios against peers and hand-written loops, into benchmarks/RESULTS.md
	@$(PYTHON) -m benchmarks

lock: env ## Renew constraints.txt: names, versions and hashes only
	@$$(command -v uv || echo .tools/uv/bin/uv) pip compile -q --upgrade --extra dev --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate pyproject.toml -o constraints.txt
