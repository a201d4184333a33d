# make demo   from a fresh clone to similarity pictures and a sweep of a real model
# make test   every test, on real weights too; make fast: those on tiny models only
# make check  ruff and pyright; make figures DATA=DIR: the committed figures; make bench: speed beside peers

PYTHON ?= python3
DATA ?= ../shared/data
RUN = .venv/bin
ON = --model smollm2-135m --corpus lambada --documents 100 --data-dir $(DATA)
FIGURES = $(RUN)/reprlab similarity $(ON)
HERE = reports/smollm2-135m

.PHONY: demo test fast check figures bench
.DELETE_ON_ERROR:

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(RUN)/python -m pip install --quiet --constraint constraints.txt torch
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --editable '.[gguf,eval,devices,train,dev]'
	touch $@

demo: .venv/ready
	$(RUN)/reprlab fetch smollm2-135m
	$(RUN)/reprlab capture smollm2-135m
	$(RUN)/reprlab similarity --model smollm2-135m --out demo/cosine.png
	$(RUN)/reprlab similarity --model smollm2-135m --measure cka --out demo/cka.png
	$(RUN)/reprlab similarity --model smollm2-135m --measure cka --tokens no-sinks --out demo/cka-no-sinks.png
	$(RUN)/reprlab sweep --model smollm2-135m --grid fig11 --starts 9,11,13 --seeds 2 --limit 40 --out demo/sweep.csv
	@echo "figures and scores: $(CURDIR)/demo"

test: .venv/ready
	$(RUN)/pytest

fast: .venv/ready
	$(RUN)/pytest -m 'not real'

check: .venv/ready
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/pyright

figures: .venv/ready
	$(FIGURES) --out $(HERE)/cosine.png --out $(HERE)/cosine.pdf --out $(HERE)/cosine.json
	$(FIGURES) --measure cosine-sequence --out $(HERE)/cosine-sequence.png --out $(HERE)/cosine-sequence.pdf --out $(HERE)/cosine-sequence.json
	$(FIGURES) --measure cka --out $(HERE)/cka.png --out $(HERE)/cka.pdf --out $(HERE)/cka.json
	$(FIGURES) --measure cka --tokens no-sinks --out $(HERE)/cka-no-sinks.png --out $(HERE)/cka-no-sinks.pdf --out $(HERE)/cka-no-sinks.json
	$(RUN)/reprlab groups $(ON) --tokens no-sinks --out $(HERE)/groups-no-sinks.png --out $(HERE)/groups-no-sinks.pdf --out $(HERE)/groups-no-sinks.json
	$(RUN)/reprlab drift $(ON) --tokens no-sinks --out $(HERE)/drift-no-sinks.png --out $(HERE)/drift-no-sinks.pdf --out $(HERE)/drift-no-sinks.json
	$(RUN)/reprlab lens $(ON) --documents 24 --out $(HERE)/lens.png --out $(HERE)/lens.pdf --out $(HERE)/lens.json

bench: .venv/ready
	$(RUN)/python bench/capture.py
	$(RUN)/python bench/sweep.py
	$(RUN)/python bench/similarity.py
