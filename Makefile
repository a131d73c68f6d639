# make demo: see what comes out.  make test: check everything.  Both need nothing but Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c '$(RECENT)' 2>/dev/null && echo $$name && break; done)

# $(call need,TEST,PACKAGES): install Debian packages if TEST fails, or say what to install.
define need
@{ $(1); } >/dev/null 2>&1 || { \
	if [ "$$(id -u)" = 0 ]; then root=; elif sudo -n true 2>/dev/null; then root="sudo -n"; \
	else echo "missing on this machine; run: sudo apt-get install $(2)" >&2; exit 1; fi; \
	$$root apt-get -qq update && DEBIAN_FRONTEND=noninteractive $$root apt-get -qqy install --no-install-recommends $(2) >/dev/null; \
}
endef

.PHONY: venv demo test test-fast torture lint docs bench bench-scale clean

PIP = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable

venv: $(VENV)/.complete

# The demo needs the program alone.
$(VENV)/.usable: pyproject.toml | $(BIN)/pip
	$(PIP) .
	@touch $@

$(VENV)/.complete: pyproject.toml | $(BIN)/pip
	$(PIP) '.[test]'
	@touch $(VENV)/.usable $@

$(BIN)/pip:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is missing; run: sudo apt-get install python3" >&2; exit 1; }
	$(call need,$(PYTHON) -m ensurepip --version,python3-venv)
	$(PYTHON) -m venv $(VENV)

demo: $(VENV)/.usable
	@$(BIN)/hzmetrics demo

# The programs alone: the package mariadb-server would start a server of its own.
SERVER = $(call need,PATH="$$PATH:/usr/sbin" command -v mariadbd && command -v mariadb-install-db && command -v \
	my_print_defaults,mariadb-server-core mariadb-client-core)

# The pages are tested in the browser of the distribution.
BROWSER = $(call need,command -v chromium || command -v chromium-browser || command -v google-chrome,chromium)

test: lint
	$(SERVER)
	$(BROWSER)
	@$(BIN)/python -m tests.mariadb_server $(BIN)/pytest -n 2 -q

torture: venv
	$(SERVER)
	@$(BIN)/python -m tests.mariadb_server $(BIN)/pytest -n 2 --dist loadgroup -q -m torture

test-fast: venv
	@$(BIN)/pytest -q -n 2 -m "not integration and not slow"

lint: venv
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo docs/layers.ini >/dev/null || $(BIN)/lint-imports --no-logo docs/layers.ini >&2

docs: venv
	@$(BIN)/python -m docs.generate

bench: venv
	$(SERVER)
	@$(BIN)/python -m tests.mariadb_server --innodb-buffer-pool-size=2G sh -ec \
		'for name in ordinary daily ingest enrich sessions grids tools online; do \
		echo "== $$name"; $(BIN)/python -m benchmarks.$$name --socket "$$HZMETRICS_TEST_SOCKET"; done'
	@set -e; for name in courses events tick serve; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

bench-scale: venv
	$(SERVER)
	@$(BIN)/python -m tests.mariadb_server --innodb-buffer-pool-size=2G sh -ec '$(BIN)/python -m benchmarks.ordinary --lines 0 \
		--daily 32000 --socket "$$HZMETRICS_TEST_SOCKET"'
	@$(BIN)/python -m benchmarks.scale --months 1 2 6 24 72
	@$(BIN)/python -m benchmarks.windows
	@$(BIN)/python -m benchmarks.rebuild --months 12 24 120
	@$(BIN)/python -m tests.mariadb_server sh -ec '$(BIN)/python -m benchmarks.rebuild --months 12 \
		--socket "$$HZMETRICS_TEST_SOCKET"'

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
