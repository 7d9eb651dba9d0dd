PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo train-demo train-demo-quick test test-slow test-browser test-programs clean-demo

help:
	@echo "make demo              color testset/ with the weights that come with the project"
	@echo "make train-demo        make those weights again: draw art, build a data set, train"
	@echo "make train-demo-quick  the same with a small network, in ten minutes"
	@echo "make test              install what the tests need and run them (about 6 minutes)"
	@echo "make test-slow         the tests that take long"
	@echo "make test-browser      the tests of the studio in a real browser (needs Chromium)"
	@echo "make test-programs     layered files opened by GIMP and Krita (Debian: gimp krita xvfb xauth)"
	@echo "make clean-demo        delete what these demos made"

.venv/runtime: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: .venv/runtime
	$(BIN)/python demo.py

train-demo: .venv/runtime
	$(BIN)/python train_demo.py

train-demo-quick: .venv/runtime
	$(BIN)/python train_demo.py --quick

test: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

test-slow: .venv/development
	$(BIN)/python -m pytest -q -m slow

test-browser: .venv/development
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "gradio>=6.31" playwright
	$(BIN)/python -m pytest -q -m browser tests/browser

test-programs: .venv/development
	$(BIN)/python -m pytest -q -m programs tests/finishing

clean-demo:
	rm -rf demo
