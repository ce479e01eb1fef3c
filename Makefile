# A handful of verbs. PYTHON=python3.12 make test   uses another interpreter.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The demo needs less than the other verbs; where they have what they need, it has it too.
DEMO_READY := $(VENV)/.ready-for-demo

# Tracing slows everything that it watches: only the tests that must reach every branch are run under it.
PURE := tests/manifests/test_validate.py tests/manifests/test_rules.py tests/manifests/test_unsettled_rows.py tests/manifests/test_schemas.py \
	tests/runner/domain/test_identity.py tests/runner/dispatch/test_retry_policy.py tests/runner/zuora/test_verdict.py tests/runner/zuora/test_envelope.py

# The client's own POST stands on parts of aiohttp that are not public: each minor version may change them.
AIOHTTP := 3.13.4 3.14.0
WIRE := tests/runner/zuora tests/flows/test_wire.py

.PHONY: help demo test lint format package lowest wire bench soak claims mutants audit sbom lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# $(1) is the extra that is installed with the program: by uv where there is one, which is faster than pip.
define INSTALL
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: PYTHON=python3.12 make …")'
	@echo "Installing packages into $(VENV), the first time only:"
	@$(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null; then uv pip install --python $(BIN)/python --editable '.[$(1)]'; \
	else $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --editable '.[$(1)]'; fi
endef

$(READY): pyproject.toml
	$(call INSTALL,dev)
	@touch $@

$(DEMO_READY): pyproject.toml
	$(call INSTALL,simulate)
	@touch $@

demo: $(if $(wildcard $(READY)),$(READY),$(DEMO_READY)) ## Regenerate the sample manifests against the simulator
	@$(BIN)/python sample_data/demo.py

# The tests start the program some hundred times: it is compiled once, also where the environment says not to.
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY) ## Run the test suite, and the pure modules' tests with coverage
	@$(BIN)/python -m pytest -q -n 6 $(PURE:%=--ignore=%)
	@$(BIN)/python -m pytest -q --cov --cov-report=term $(PURE)

lint: $(READY) ## Check style, types and which package imports which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

package: $(READY) ## Build sdist and wheel, install both in a clean place and rehearse there
	@$(BIN)/python .ci/package.py

lowest: ## Run the tests with the lowest versions that pyproject.toml allows
	@$(PYTHON) -m venv $(VENV)/lowest
	@$(VENV)/lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)/lowest/bin/uv pip install --quiet --python $(VENV)/lowest/bin/python --resolution lowest-direct --editable '.[dev]'
	@$(VENV)/lowest/bin/python -m pytest -q -n 4

wire: $(READY) ## Test the HTTP client with every minor version of aiohttp that pyproject.toml allows
	@for version in $(AIOHTTP); do \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --only-binary :all: \
			--target $(VENV)/aiohttp-$$version "aiohttp~=$$version" && \
		PYTHONPATH=$(abspath $(VENV))/aiohttp-$$version $(BIN)/python -m pytest -q -n 4 $(WIRE) || exit 1; \
	done

bench: $(READY) ## Compare speed and memory, side by side
	@$(BIN)/python -m tests.bench

soak: $(READY) ## Ten minutes of kills and faults; SOAK_SECONDS=60 for a shorter one
	@$(BIN)/python -m tests.soak

claims: $(READY) ## Send 10,000 requests to a server that looks for each claim in the ledger
	@CLAIM_REQUESTS=10000 $(BIN)/python -m pytest -q tests/crashes/test_claims.py

mutants: $(READY) ## Change the core in every small way and see that its tests notice (20 minutes at most)
	@$(BIN)/python .ci/mutants.py

audit: $(READY) ## Look for known weaknesses in the code and in every locked package
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/locked/audit.txt
	@$(VENV)/audit/bin/python .ci/audit.py

COMPILE = $(VENV)/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate
LOCKED = "\# Made by \`make lock\`; do not edit. Every file of every package is known by its hash."

sbom: ## Write dist/sbom.cdx.json: every package that a release is run with, with licences (CycloneDX)
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/locked/audit.txt
	@$(PYTHON) -m venv --clear --without-pip $(VENV)/shipped
	@$(VENV)/audit/bin/python -m pip --python $(VENV)/shipped/bin/python install --quiet --disable-pip-version-check \
		--require-hashes -r .ci/locked/runtime.txt
	@mkdir -p dist
	@$(VENV)/audit/bin/cyclonedx-py environment $(VENV)/shipped --pyproject pyproject.toml --output-reproducible \
		--output-file dist/sbom.cdx.json

lock: $(READY) ## Renew the locked packages of the image, the build and the audit
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) pyproject.toml --output-file .ci/locked/runtime.txt
	@$(COMPILE) .ci/locked/build.in --output-file .ci/locked/build.txt
	@$(COMPILE) .ci/locked/audit.in --output-file .ci/locked/audit.txt
	@for name in runtime build audit; do \
		{ echo $(LOCKED); cat .ci/locked/$$name.txt; } > .ci/locked/new && mv .ci/locked/new .ci/locked/$$name.txt; done

clean: ## Remove what the other verbs made, but not runs/
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache build dist
