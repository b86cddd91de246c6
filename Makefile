# Every target works on a fresh clone: it installs and builds what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The pinned Node 24 of the repository goes before whatever node is installed.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.installed

.PHONY: help install build demo test test-unit coverage mutants test-machines test-faults bench soak check pages docs changelog sbom model stack-up stack-down clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(INSTALLED): package-lock.json package.json schemas/package.json producer-sdk/package.json processor/package.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer (https://nodejs.org) and run make again' >&2; exit 1; }
	npm ci --no-fund --no-audit --loglevel=error
	@touch $(INSTALLED)

install: $(INSTALLED) ## install the pinned packages

build: $(INSTALLED) ## compile the workspaces
	@tsc -b

demo: build ## the main job on real parts: INPUT=file.jsonl SUMMARY=out.json
	@node deploy/local/demo.ts $(if $(INPUT),--input "$(INPUT)") $(if $(SUMMARY),--summary "$(SUMMARY)")

test: $(INSTALLED) ## unit, contract, integration, docs, architecture, types; the last line sums them up
	@node testing/runs/run-suites.ts

test-unit: build
	@vitest run --project unit

coverage: build ## what the unit tests run, by room; coverage/index.html shows the lines
	@code=0; vitest run --project unit --coverage --reporter=dot || code=$$?; \
	  node testing/runs/print-coverage.ts coverage/coverage-summary.json; exit $$code

mutants: build ## whether a unit test fails for each small change of the sources: ROOM=pipeline|scaling|scoring
	@stryker run testing/mutants/stryker.json $(if $(ROOM),--mutate 'processor/src/$(ROOM)/**/*.ts')

test-machines: $(INSTALLED) ## what reads the machine, on faked ones and in a shell with stray settings: TESTS=path|--all MACHINE=name
	@node testing/runs/run-as-machines.ts $(if $(MACHINE),--machine=$(MACHINE)) $(TESTS)

test-faults: build ## kills, restarts and poison on real Kafka: JSON=out.json FORM=loud|quiet
	@$(if $(JSON),rm -f "$(JSON)")
	@VALENCE_FAULTS_JSON="$(JSON)" vitest run --project faults \
	  $(if $(filter quiet,$(FORM)),processor/test/faults/quiet) $(if $(filter loud,$(FORM)),--exclude '**/faults/quiet/**')

bench: build ## ratios side by side in one run: JSON=out.json TEXTS=file.jsonl PUBLISH=1 writes docs
	@node processor/bench/bench.ts $(if $(JSON),--json "$(JSON)") $(if $(PUBLISH),--publish) $(if $(TEXTS),--texts "$(TEXTS)")

soak: build ## a processor under an even load, then counted: MINUTES=60 RATE=200 JSON=out.json SVG=out.svg
	@node processor/bench/soak.ts --minutes "$(or $(MINUTES),60)" $(if $(RATE),--rate "$(RATE)") $(if $(JSON),--json "$(JSON)") $(if $(SVG),--svg "$(SVG)")

check: build ## types, lint, format, dead code, package checks
	@tsc -p tsconfig.test.json
	@biome check .
	@secretlint '**/*' '**/.*'
	@knip
	@publint --strict schemas
	@publint --strict producer-sdk
	@attw --quiet --pack schemas --profile esm-only
	@attw --quiet --pack producer-sdk --profile esm-only

pages: $(INSTALLED) ## write the pages, schemas and dashboards that are made from code anew
	@node --conditions=@valence/source processor/pages/write.ts
	@node --conditions=@valence/source deploy/grafana/write-dashboards.ts

# TypeDoc needs the compiler's JavaScript API, which TypeScript 7 has no more: it brings the last release that has it.
docs: build ## the API reference of the SDK, into .docs/sdk
	@cd producer-sdk && npm exec --yes --package=typedoc@0.28.20 --package=typescript@6.0.3 --loglevel=error -- typedoc --logLevel Warn
	@echo '.docs/sdk/index.html'

changelog: $(INSTALLED) ## move the fragments of docs/changes into CHANGELOG.md: VERSION=1.2.3
	@node processor/pages/collect-changes.ts "$(or $(VERSION),$(error VERSION=1.2.3 is missing))"

sbom: ## what the product is made of, as CycloneDX: SBOM=sbom.cdx.json
	@npm exec --yes --package=npm@11.19.1 -- npm sbom --sbom-format=cyclonedx --sbom-type=application --omit=dev \
	  --package-lock-only --loglevel=error > "$(or $(SBOM),sbom.cdx.json)"

stack-up: $(INSTALLED) ## start Kafka, registry and Redis and leave them running: KAFKA_NODES=1|3
	@node deploy/local/cli.ts up

stack-down: $(INSTALLED) ## stop what stack-up started
	@node deploy/local/cli.ts down

model: ## train, export, quantise, gate and package the model: DATA=folder
	@processor/training/run "$(or $(DATA),$(error DATA=folder with train/ and dev/ is missing))"

clean: ## remove build output and reports
	rm -rf schemas/dist producer-sdk/dist processor/dist coverage .mutants
