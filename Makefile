# make demo   from a fresh clone to a report on a real model
# make test   every test, on real weights too; make fast: those on tiny models only; WORKERS=2 processes of one thread
# make check  ruff, layers, types, structure and words; make same: reports/ made again from its scores and numbers, byte for byte
# make docs: the parts of docs/ that follow from the code, the site in site/ and the tutorial's notebook
# make figures DATA=DIR: the reports that are committed (hours); make bench: speed beside peers
# make coverage: how often every kind of interval holds the truth, 2,000 simulations a row (20 minutes)
# make attack KILLS=500 SEED=16 MINUTES=600: processes killed at random moments; says whether anything was lost

PYTHON ?= python3
WORKERS ?= 2
DATA ?= ../shared/data
KILLS ?= 500
SEED ?= 16
MINUTES ?= 600
RUN = .venv/bin
REPORT = $(RUN)/reprlab report --data-dir $(DATA)
CAUSAL = --corpus lambada --benchmarks lambada,hellaswag,gsm8k_nll,arc,winogrande --limit 400,gsm8k_nll=24 --starts 7,9,11,13
SIZE = --seeds 10 --single-on lambada --loops 1:29 --loop-limit 64 --precise 100 --example builtin
GLUE = --glue rte,sst2,wnli --trained-starts 1 --trained-variants skip,looped_parallel

.PHONY: demo test fast check same docs figures bench coverage attack
.DELETE_ON_ERROR:

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(RUN)/python -m pip install --quiet --constraint constraints.txt torch
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --editable '.[gguf,eval,devices,train,dev]'
	touch $@

demo: .venv/ready
	$(RUN)/reprlab fetch smollm2-135m
	$(RUN)/reprlab report --model smollm2-135m --quick --out demo
	@echo "the report: $(CURDIR)/demo/smollm2-135m/index.html"

test: .venv/ready
	OMP_NUM_THREADS=1 $(RUN)/pytest -n $(WORKERS)

fast: .venv/ready
	OMP_NUM_THREADS=1 $(RUN)/pytest -n $(WORKERS) -m 'not real'

check: .venv/ready
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/lint-imports
	$(RUN)/pyright
	$(RUN)/pytest tests/test_structure.py tests/test_words.py

same: .venv/ready
	$(RUN)/reprlab report --from-numbers
	git diff --exit-code --stat reports/

.venv/docs: .venv/ready
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@

docs: .venv/docs
	$(RUN)/python docs/generate.py
	$(RUN)/python docs/build.py

figures: .venv/ready
	$(REPORT) --model smollm2-135m --dtype bfloat16 $(CAUSAL) $(SIZE)
	$(REPORT) --model minilm-l6 --corpus lambada --documents 100 $(GLUE)

attack: .venv/ready
	OMP_NUM_THREADS=1 $(RUN)/python tests/attack.py --kills $(KILLS) --seed $(SEED) --minutes $(MINUTES)

bench: .venv/ready
	$(RUN)/python bench/capture.py
	$(RUN)/python bench/sweep.py
	$(RUN)/python bench/similarity.py
	$(RUN)/python bench/glue.py --data-dir $(DATA)

coverage: .venv/ready
	OMP_NUM_THREADS=1 $(RUN)/python bench/coverage.py
