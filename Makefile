# Every command of Fanfare's workshop. `make` lists them; each brings what it needs into .venv by itself.

PYTHON ?= python3
PORT ?= 8000
# What a demo keeps its record in: embedded (PostgreSQL alone) or kafka (Apache Kafka, and Faust).
RUNTIME ?= embedded

VENV := .venv
BIN := $(VENV)/bin
# Stamps of what is installed. With the test's packages there, everything that a demo needs is there too.
UV := $(VENV)/.uv-installed
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check format faults faults-kafka tampering bench screenshots docs texts release-sample lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUN) ## Play a campaign with simulated fans at http://localhost:8000 (PORT=8001 moves it; RUNTIME=kafka: Kafka and Faust)
	@$(demo-$(if $(filter embedded kafka,$(RUNTIME)),$(RUNTIME),unknown))

up: $(RUN) ## Start a site of your own; its first run asks for its name
	@$(BIN)/fanfare up

test: $(DEV) ## Run every suite whose parts are here, and name the parts that are missing
	@$(BIN)/python -m tests.run

check: $(DEV) ## Run only what needs no running program: lint, types, imports, sizes and documents
	@$(BIN)/python -m tests.run lint format types imports house

format: $(DEV) ## Put the code into its one format
	@$(BIN)/ruff check --fix-only --quiet && $(BIN)/ruff format --quiet

faults: $(DEV) ## Kill, stop, fill and misdate a running site, at length (FANFARE_SEED=… repeats a run)
	@FANFARE_LONG=1 $(BIN)/python -m tests.run faults full-disk

faults-kafka: $(DEV) ## Kill, stop, cut off and fill three brokers of Kafka and their site, 200 times; broken off, it goes on where it was
	@PYTHONPATH=infra/kafka $(BIN)/python -m tests.kafka_faults.campaign

tampering: $(DEV) ## Alter records, archives and sites in 1,000 ways, and audit 100 clean ones (FANFARE_SEED=… repeats a run)
	@FANFARE_LONG=1 $(BIN)/python -m tests.run tampering

bench: $(DEV) ## Measure speed on this machine
	@$(BIN)/python -m tests.run bench

screenshots: $(DEV) ## Play the demo and photograph it, for README and the guides: docs/pictures
	@$(BIN)/python -m tests.journeys.screenshots

docs: $(DEV) ## Write docs/event-catalogue.md from the code
	@$(BIN)/python -m fanfare.record.catalogue > $(VENV)/event-catalogue.md && mv $(VENV)/event-catalogue.md docs/event-catalogue.md

texts: $(DEV) ## Write services/fanfare/locale/fanfare.pot, from which translators start
	@$(BIN)/python -m tests.texts

release-sample: $(DEV) ## Make the sample site of the version that is not released yet, for the tests of upgrades
	@$(BIN)/python -m tests.releases.make

lock: $(UV) ## Lock what pyproject.toml asks for, with hashes (UPGRADE=1 takes the newest versions)
	@$(compile) --group installer --output-file requirements/installer.txt
	@$(compile) pyproject.toml --group install --output-file requirements/run.txt
	@$(compile) pyproject.toml --group install --group dev --output-file requirements/dev.txt

clean: ## Remove .venv and every cache (a site's record stays where it is)
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find events projections services tests -name __pycache__ -type d -prune -exec rm -rf {} +

demo-embedded := $(BIN)/fanfare demo --port $(PORT)
demo-kafka := $(BIN)/python infra/kafka/with_broker.py -- $(demo-embedded)
demo-unknown := echo "RUNTIME is embedded or kafka, and not $(RUNTIME)." >&2; exit 1

compile := $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock"

# Installs one lock, and the project itself as an editable package. Argument: run or dev.
define install
	@echo "Installing requirements/$(1).txt into $(VENV)"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements/$(1).txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(RUN)
endef

$(RUN): requirements/run.txt pyproject.toml $(UV)
	$(call install,$(if $(wildcard $(DEV)),dev,run))
	@if [ -e $(DEV) ]; then touch $(DEV); fi

$(DEV): requirements/dev.txt pyproject.toml $(UV)
	$(call install,dev)
	@touch $(DEV)

$(UV): requirements/installer.txt
	@[ "$$(uname -s)" = Linux ] || { echo "Fanfare needs Linux; this is $$(uname -s)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Fanfare needs Python 3.11 or later: make PYTHON=python3.12, for instance." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing; install it with: apt install $(notdir $(PYTHON))-venv" >&2; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/installer.txt
	@touch $@
