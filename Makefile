# Everything a person or a CI does with this tree. Each target does its own set-up, and does it once.
#   make demo    see it work          make check   style, types, architecture, generated files
#   make test    every test           make bench   how fast, next to bare Python
#   make format  layout and imports   make generate, make lock: what is made from METHODS, and the pins
# PYTHON=/path/to/python picks the interpreter; otherwise the first of 3.11 or newer, with Tk if one has it.

.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

VENV    := .venv
PY      := $(VENV)/bin/python
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 /usr/bin/python3
PIP     := $(PY) -m pip --disable-pip-version-check --no-input install -qq --require-virtualenv
UV      := uv==0.13.9
LOCK    := pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
           --custom-compile-command "make lock"

RUNTIME := $(VENV)/runtime.stamp
DEV     := $(VENV)/dev.stamp
DEVICES := $(VENV)/devices.stamp
NPM     := extension/node_modules/.package-lock.json
NPMPARTS := tests/parts/node/node_modules/.package-lock.json
NPMLINT := extension/lint/node_modules/.package-lock.json

# What the tests drive: two browsers, a screen for the approval window, a token, a TPM, a login keyring.
DEBIAN  := chromium firefox-esr xvfb xauth xdotool openbox imagemagick fonts-dejavu-core fonts-noto-color-emoji python3-tk python3-venv \
           softhsm2 swtpm swtpm-tools tpm2-tools libtss2-dev libtss2-tcti-swtpm0 gnome-keyring gcr dbus opencryptoki age openssh-client systemd pcscd vsmartcard-vpcd libpcsclite-dev pinentry-curses pinentry-tty pinentry-gtk2 swig wine wine64 gcc libc6-dev pkg-config
TOOLS   := chromium firefox-esr Xvfb xauth xdotool openbox import softhsm2-util swtpm swtpm_setup tpm2_getcap gnome-keyring-daemon dbus-daemon pkcsslotd age ssh-keygen pcscd swig wine gcc pinentry-curses pinentry-tty pinentry-gtk-2

.PHONY: demo test check format bench extension generate lock debian clean
.DEFAULT_GOAL := demo

demo: $(RUNTIME)
	@$(VENV)/bin/strongroom demo

test: debian $(DEV) $(DEVICES) $(NPMPARTS) extension
	@npm --prefix extension test --silent
	@$(PY) -m pytest

check: $(DEV) $(NPM) $(NPMLINT)
	@echo "ruff"       && $(PY) -m ruff format --check --quiet . && $(PY) -m ruff check --quiet .
	@echo "mypy"       && $(PY) -m mypy --no-error-summary
	@echo "imports"    && $(VENV)/bin/lint-imports --no-logo > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@echo "generated"  && $(PY) -m native_host.protocol.publish --check && $(PY) -m native_host.install.publish --check && $(PY) -m native_host.caller.released --check
	@echo "extension"  && npm --prefix extension run --silent check && npm --prefix extension run --silent build
	@echo "add-on"     && npm --prefix extension/lint run --silent lint
	@echo "All checks passed."

format: $(DEV)
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

bench: $(DEV)
	@$(PY) benchmarks/run.py

extension: $(NPM)
	@npm --prefix extension run --silent build

generate: $(DEV)
	@$(PY) -m native_host.protocol.publish
	@$(PY) -m native_host.install.publish

# `make lock UPGRADE=1` takes newer versions. The locks name every package with its hashes, for all platforms at once; runtime.txt is a part of dev.txt.
lock: $(PY)
	@test -x $(VENV)/lock/bin/uv || { $(PY) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet $(UV); }
	@$(VENV)/lock/bin/uv $(LOCK) --group dev --extra demo pyproject.toml -o requirements/dev.txt
	@$(VENV)/lock/bin/uv $(LOCK) --extra tpm --extra nfc -c requirements/dev.txt --no-emit-package strongroom pyproject.toml -o requirements/devices.txt
	@$(VENV)/lock/bin/uv $(LOCK) --group build --extra demo -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist extension/dist extension/node_modules extension/lint/node_modules tests/parts/node/node_modules
	@find native_host tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(PY):
	@find_python() { for needs in "venv, ensurepip, tkinter" "venv, ensurepip"; do for python in $(PYTHONS); do \
	    "$$python" -c "import sys, $$needs; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)" 2>/dev/null && return; \
	  done; done; }; \
	python=$$(find_python); \
	if [ -z "$$python" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Debian's python3-venv and python3-tk"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv python3-tk >/dev/null; \
	  python=$$(find_python); \
	fi; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv python3-tk)." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV); \
	$(PY) -m pip uninstall --quiet --yes setuptools  # its .pth file would run at each start of the host

$(RUNTIME): $(PY) requirements/runtime.txt pyproject.toml
	@echo "Installing what the program and its demonstration need"
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@$(PY) -m compileall -q native_host || true
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	@echo "Installing what development needs"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

# Built from source against Debian's libtss2-dev and libpcsclite-dev. Without these the tests of such devices are skipped, or fail in CI.
$(DEVICES): $(DEV) requirements/devices.txt
	@if pkg-config --exists tss2-esys libpcsclite 2>/dev/null; then \
	  echo "Building the libraries of TPM and card readers" && $(PIP) --require-hashes -r requirements/devices.txt && touch $@; \
	else echo "libtss2-dev or libpcsclite-dev is not here: no TPM, no card readers" >&2; [ "$${CI:-}" != true ]; fi

$(NPM): extension/package-lock.json
	@echo "Installing the extension's tools"
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "Node 20 or newer is needed." >&2; exit 1; }
	@npm --prefix extension ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(NPMPARTS): tests/parts/node/package-lock.json
	@echo "Installing a node and vectors for the tests"
	@npm --prefix tests/parts/node ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(NPMLINT): extension/lint/package-lock.json
	@echo "Installing the add-on linter"
	@npm --prefix extension/lint ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# On Debian as root what is missing is installed; elsewhere it is named, and in CI its absence is a failure.
debian:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=$$(for package in $(DEBIAN); do \
	    dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q ' installed$$' || printf '%s ' "$$package"; done); \
	  if [ -n "$$missing" ]; then \
	    echo "Installing Debian's $$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	  fi; \
	else \
	  missing=$$(for tool in $(TOOLS); do command -v "$$tool" >/dev/null || printf '%s ' "$$tool"; done); \
	  if [ -n "$$missing" ]; then \
	    echo "Not found: $$missing- the tests that need them are skipped. On Debian, as root: apt-get install $(DEBIAN)" >&2; \
	    [ "$${CI:-}" != true ]; \
	  fi; \
	fi
