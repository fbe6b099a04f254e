# What one does with Paidan. Everything it needs is made here: a fresh Debian 12 or Ubuntu 24.04 with make and a Python is enough.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup run ops test torture check bench lock generate clean distclean

SPEED ?= 60
FOR ?=
PARALLEL ?= 2
BIN := .venv/bin

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: .venv/runtime.stamp  ## a Python environment with what running needs (.venv), made once per lock file

run: setup  ## a whole city on this machine; SPEED=60 times real time, FOR=90 stops after so many seconds
	@exec $(BIN)/paidan run --speed $(SPEED) $(if $(FOR),--for $(FOR))

ops: setup  ## Prometheus and Alertmanager against the city of `make run` (Debian: prometheus, prometheus-alertmanager)
	@exec $(BIN)/paidan ops

test: .venv/dev.stamp  ## all tests but the long ones
	@exec $(BIN)/python -m pytest tests -n $(PARALLEL) --dist loadfile --no-loadscope-reorder

torture: .venv/dev.stamp  ## kill, stop and starve it for an hour and three quarters; what was lost is counted, printed and kept for the README
	@exec $(BIN)/python -m pytest tests/torture --long

check: .venv/dev.stamp  ## ruff and mypy
	@$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/dev.stamp  ## how fast it is, with the machine's figures beside it
	@exec $(BIN)/python -m tests.bench

# Keeps what is pinned unless pyproject.toml asks for something else; `make lock UP=--upgrade` takes the newest of everything. One lock for Python 3.11
# and 3.12. No index and no find-links in it, whatever this machine is set to: the hashes are the registry's own.
lock: .venv/dev.stamp  ## write the lock files from pyproject.toml
	@compile() { env -u PIP_FIND_LINKS -u UV_FIND_LINKS $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' $(UP) "$$@"; }
	compile --extra build -o requirements.lock
	compile --extra build --extra dev -c requirements.lock -o requirements-dev.lock

generate: .venv/dev.stamp  ## write what is made from the code (deploy/kubernetes, deploy/grafana, deploy/asyncapi.json, parts of README.md)
	@$(BIN)/python -m streams.generate
	$(BIN)/python -m deploy.grafana.make_dashboards
	$(BIN)/python -m tests.torture.results

clean:  ## forget the data of runs and tests; .venv stays
	@rm -rf .data .pytest_cache .mypy_cache .ruff_cache .hypothesis

distclean: clean  ## forget .venv too
	@rm -rf .venv

# --no-build-isolation: the builder (hatchling) is in the lock with its hash; isolated, pip would fetch one unpinned.
define install
	$(BIN)/python -m pip install --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
endef

# The tests look at the screens in the system's own Chromium; without a Chinese font they would look at boxes. Offers to vehicles go
# through a real MQTT broker, too, and rules and alerts to a real Prometheus and Alertmanager. Debian starts a server as soon as it is
# installed, and at each boot: not here, where tests start their own. policy-rc.d is its way to say so.
define programs
	missing=
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="chromium"
	fc-list 2>/dev/null | grep -qi "noto sans cjk" || missing="$$missing fonts-noto-cjk"
	[ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null || missing="$$missing mosquitto"
	command -v promtool >/dev/null || missing="$$missing prometheus"
	command -v amtool >/dev/null || missing="$$missing prometheus-alertmanager"
	if [ -n "$$missing" ]; then
	  root=; if [ "$$(id -u)" != 0 ]; then root="sudo -n"; fi
	  if ! command -v apt-get >/dev/null || ! $$root true 2>/dev/null; then echo "The tests need:$$missing (sudo apt-get install -y $$missing)" >&2; exit 1; fi
	  echo "Installing $$missing for the tests"
	  $$root apt-get update -q || true
	  if [ ! -e /usr/sbin/policy-rc.d ]; then
	    printf '#!/bin/sh\nexit 101\n' | $$root install -m 755 /dev/stdin /usr/sbin/policy-rc.d
	    trap "$$root rm -f /usr/sbin/policy-rc.d" EXIT
	  fi
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing
	  for name in mosquitto prometheus prometheus-alertmanager; do
	    if [[ " $$missing " == *" $$name "* ]] && command -v systemctl >/dev/null; then $$root systemctl disable -q $$name; fi
	  done
	fi
endef

.venv/runtime.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what running needs into .venv (a minute the first time)"
	$(install)

.venv/dev.stamp: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing what running and testing need into .venv (a minute the first time)"
	$(install)
	touch .venv/runtime.stamp
	$(programs)

# Debian and Ubuntu ship Python without ensurepip, and so without a working venv, until pythonX.Y-venv is installed.
.venv/bin/python:
	@python=
	for name in $(or $(PYTHON),python3.11 python3.12 python3); do
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then python=$$name; break; fi
	done
	if [ -z "$$python" ]; then echo "Paidan needs Python 3.11 or 3.12$(if $(PYTHON),; $(PYTHON) is neither); name one with: make PYTHON=/path/to/python3.12 …" >&2; exit 1; fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
	  package=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
	  root=; if [ "$$(id -u)" != 0 ]; then root="sudo -n"; fi
	  if ! command -v apt-get >/dev/null || ! $$root true 2>/dev/null; then echo "$$python cannot make environments; install this first: sudo apt-get install -y $$package" >&2; exit 1; fi
	  echo "Installing $$package, which $$python needs to make .venv"
	  $$root apt-get update -q || true  # one broken source must not stop it: the next line decides
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$$package"
	fi
	"$$python" -m venv .venv
