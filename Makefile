# Every target is a verb of tools/dev.py. The lines that begin with "# make" are what `make` alone prints.
PYTHON ?= python3
.DEFAULT_GOAL := help

# make up        sets up what is missing, starts the local Graph API, runs `pulumi up`, shows what it made [PORT=9000]
# make preview   what `up` would do
# make rotate    `up` with a new rotation trigger
# make endpoint  runs the example endpoint with the local keys [PORT=9001]
# make traffic   sends it forms, and counts what fails [RATE=20] [SECONDS=30]
# make down      stops the local Graph API
# make env       prints what plain `pulumi` needs to reach the local stack: eval "$(make -s env)"
# make check     in three minutes: lint, every quick test, small searches and a smoke of the engine
# make test      the tests, but for what `soak` makes [ARGS="-k rotation"] [ARGS=--long]
# make lint      ruff, mypy, import-linter
# make docs      the documentation's site, into .dev/site; a dead link or a missing docstring fails
# make setup     only what `up` and `test` need
# make bench     how fast the endpoint, key services and stacks are, onto the pages [ARGS="endpoint --quick"]
# make mutants   small defects, one by one: do the fast tests notice? [ARGS="ring removal"]
# make soak      hours: 200,000 requests, the longest searches, and every row of the tests that `test` makes some of
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

.PHONY: help up preview rotate endpoint traffic down env check test bench mutants soak lint docs setup

up preview rotate:
	@$(PYTHON) tools/dev.py $@ $(if $(PORT),--port $(PORT))

endpoint:
	@$(PYTHON) tools/dev.py endpoint $(if $(PORT),--port $(PORT))

traffic:
	@$(PYTHON) tools/dev.py traffic $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS))

down env setup soak lint check docs:
	@$(PYTHON) tools/dev.py $@

test bench mutants:
	@$(PYTHON) tools/dev.py $@ $(ARGS)
