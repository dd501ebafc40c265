# `make demo` and `make test` need Python 3.11+, make and a package index; they build .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint format pack-table cef-page schemas reference pipelines assess attack bench bench-baselines \
  bench-batches bench-correlations bench-demo bench-gigabyte bench-inbound bench-incidents bench-latency bench-normalize bench-orgs bench-sigma lock clean
.PHONY: backfill-month chaos docs drills picture samples stubs week

demo: $(VENV)/.ready
	$(BIN)/leakline demo

test: lint
	$(BIN)/pytest -n auto --dist worksteal -q

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict rules tests/rules mappings packaging

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The documents as a site, readable without a network: open site/docs/index.html.
docs: $(VENV)/.ready
	$(BIN)/sphinx-build -q -W --keep-going -d .cache/doctrees -c docs . site

# agent/pubsub_api, after its .proto was changed.
stubs: $(VENV)/.ready
	$(BIN)/python -m grpc_tools.protoc -I . --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --python_out=. --grpc_python_out=. --mypy_out=. \
	  --mypy_grpc_out=. agent/pubsub_api/pubsub_api.proto

# The counts of rules in docs/detection.md, after a rule was added.
pack-table: $(VENV)/.ready
	$(BIN)/python -m tests.rules.pack_table

# The alert in README.md and the wire samples in docs/destinations.md, after what the code writes has changed.
samples: $(VENV)/.ready
	$(BIN)/python -m tests.documents.made_parts

# docs/flow.svg, after docs/flow.yaml was changed.
picture: $(VENV)/.ready
	$(BIN)/python -m tests.documents.flow_picture

# docs/cef.md, after a mapping or the CEF format was changed.
cef-page: $(VENV)/.ready
	$(BIN)/python -m tests.formats.cef_page

# The JSON schemas for editors in packaging/schemas, after settings, the form of a mapping or that of a rule were changed.
schemas: $(VENV)/.ready
	for kind in settings org mapping rule status; do $(BIN)/leakline schema $$kind > packaging/schemas/$$kind.json || exit; done

# docs/reference, the man page and the completions, after settings, commands, metrics, problems or fields were changed.
reference: $(VENV)/.ready
	$(BIN)/python -m tests.reference

# The pySigma pipelines in mappings/pysigma, after a mapping was changed.
pipelines: $(VENV)/.ready
	$(BIN)/leakline rules convert --pipeline --to splunk > .pipeline && mv .pipeline mappings/pysigma/splunk.yml
	$(BIN)/leakline rules convert --pipeline --to esql > .pipeline && mv .pipeline mappings/pysigma/elastic.yml

# How often the rules call on an innocent month, which planted leaks and published campaigns they find, and at what volume
# a campaign is lost: rules/MEASURED.md. `python -m tests.assess --campaigns` plays the campaigns alone, in minutes.
assess: $(VENV)/.ready
	$(BIN)/python -m tests.assess

# Every fault, those with real processes too, and the table of them in docs/faults.md.
attack: $(VENV)/.ready
	LEAKLINE_ATTACK=1 LEAKLINE_KILLS=20 LEAKLINE_FAULTS_PAGE=docs/faults.md \
	  $(BIN)/pytest -n auto --dist worksteal -q tests/attack tests/end_to_end/test_kill.py \
	  tests/end_to_end/test_incident_kills.py tests/end_to_end/broken_stream

# A simulated week with all sources on and everything that goes wrong, judged by the org's truth: ten minutes and more.
week: $(VENV)/.ready
	LEAKLINE_WEEK=1 $(BIN)/pytest -q -s -n0 tests/end_to_end/week -k a_week

# A backfill of a simulated month with three kills, judged by the org's truth, and how live collection fares meanwhile.
backfill-month: $(VENV)/.ready
	LEAKLINE_MONTH=1 $(BIN)/pytest -q -s -n0 tests/end_to_end/backfill -k a_month

# Counts what people receive while the daemon is killed and channels fail, for two hours; writes it into docs/measured.md. The
# short form: `python -m tests.chaos --minutes 3 --canaries 90`.
chaos: $(VENV)/.ready
	$(BIN)/python -m tests.chaos --write

# Every scenario of `leakline drill list` as a drill in a daemon of its own, and a table of how each ended: two minutes. One alone:
# `python -m tests.drills.all --only mass_report_export`.
drills: $(VENV)/.ready
	$(BIN)/python -m tests.drills.all

# What each of these measures, how long it takes and what came out last: docs/measured.md. Those beside efdda46 unpack that
# commit under .cache; `BESIDE=../checkout` is another tree in its place.
BESIDE ?=
ifneq ($(BESIDE),)
OTHER := --beside $(BESIDE)
endif

bench: $(VENV)/.ready
	$(BIN)/python -m tests.bench

bench-batches: $(VENV)/.ready
	$(BIN)/python -m tests.bench.batches $(OTHER)

bench-incidents: $(VENV)/.ready
	$(BIN)/python -m tests.bench.incidents

bench-demo: $(VENV)/.ready
	$(BIN)/python -m tests.bench.beside.demo $(OTHER)

bench-normalize: $(VENV)/.ready
	$(BIN)/python -m tests.bench.normalize $(OTHER)

bench-baselines: $(VENV)/.ready
	$(BIN)/python -m tests.bench.baselines $(OTHER)

bench-correlations: $(VENV)/.ready
	$(BIN)/python -m tests.bench.correlations $(OTHER)

# From a streamed event to its alert, at a file and at an HTTPS destination: five minutes.
bench-latency: $(VENV)/.ready
	$(BIN)/python -m tests.bench.latency

# What the inbound listener takes at 2,000 requests a second, and that every report it answered for is there: three minutes.
bench-inbound: $(VENV)/.ready
	$(BIN)/python -m tests.bench.inbound

bench-gigabyte: $(VENV)/.ready
	$(BIN)/python -m tests.bench.gigabyte

bench-sigma: $(VENV)/.ready
	$(BIN)/python -m tests.bench.sigma

# What an idle org costs, how fast several busy ones are, how long one waits for others, a hundred with one that fails in each
# way: an hour and a half. `python -m tests.bench.orgs --only delays --megabytes 1024` is one part of it with a file of 1 GB.
bench-orgs: $(VENV)/.ready
	$(BIN)/python -m tests.bench.orgs

# uv where there is one, else venv and pip; the lock file pins every version by hash and is whole (hence --no-deps).
$(VENV)/.ready: requirements.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv -q --python '>=3.11,<3.14' $(VENV); \
	  uv pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements.lock && \
	  uv pip install -q --python $(BIN)/python --no-deps -e .; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

# The second file is the first without what only development needs: what a production install takes, by hash.
lock:
	uv pip compile pyproject.toml --extra dev --group convert --generate-hashes --no-header --no-annotate --universal --python-version 3.11 -o requirements.lock -q
	uv pip compile pyproject.toml --constraint requirements.lock --generate-hashes --no-header --no-annotate --universal --python-version 3.11 -o packaging/requirements.txt -q

clean:
	rm -rf $(VENV) build dist site .mypy_cache .pytest_cache .ruff_cache
