# Every target is a verb of tools/dev.py; `make up` is the place to start.
PYTHON ?= python3

.PHONY: up preview rotate endpoint traffic down env check test bench mutants soak lint setup

# make up [PORT=9000]: sets up what is missing, starts the local Graph API, runs `pulumi up`, shows what it made
# make rotate: the same with a new rotation trigger; make preview: what `up` would do
up preview rotate:
	@$(PYTHON) tools/dev.py $@ $(if $(PORT),--port $(PORT))

# make endpoint [PORT=9001]: runs the example endpoint with the local keys
endpoint:
	@$(PYTHON) tools/dev.py endpoint $(if $(PORT),--port $(PORT))

# make traffic [RATE=20] [SECONDS=30]: sends it forms, and counts what fails
traffic:
	@$(PYTHON) tools/dev.py traffic $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS))

# make down: stops the local Graph API; eval "$(make -s env)": plain `pulumi` reaches the local stack
# make setup: only what `up` and `test` need; make lint: ruff, mypy, import-linter
# make check: in three minutes, lint, every quick test, small searches and a smoke of the engine
# make soak: 200,000 requests through an endpoint, then hours of searching for a history that breaks a promise
down env setup soak lint check:
	@$(PYTHON) tools/dev.py $@

# make test [ARGS="-k rotation"]: every test
# make bench [ARGS="endpoint|stacks|--quick"]: the endpoint's speed beside others', stacks' beside their floor (20 min),
# written to docs/benchmarks*.md and README.md; --quick only shows that it runs
# make mutants [ARGS="ring removal"]: small defects, one by one: do the fast tests notice? All of it: docs/mutation-testing.md
test bench mutants:
	@$(PYTHON) tools/dev.py $@ $(ARGS)
