# Nothing but make and Python 3.11 or newer is needed: the first command sets everything up under .venv and .data.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done || echo python3)
PORT ?= 8000
RUN = .venv/bin/python
LOCK = .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"
# The settings must be sound for a deployment, so they are checked as one.
DEPLOYED = GUILDHALL_LOCAL=0 DEBUG=0 DATABASE_URL=postgresql://guildhall@localhost/guildhall \
	REDIS_URL=redis://localhost/0 ALLOW_PLAY_MONEY=1 ALLOWED_HOSTS=guildhall.example SITE_URL=https://guildhall.example \
	SECRET_KEY=only-for-this-check-Ue2Hq7vXc4Zk9Rm1Tn6Yb3Wd8Sf5Gj0Lp
export GUILDHALL_LOCAL = 1

.PHONY: help demo test dev serve check bench screenshots fmt lock clean runtime development benchmarks

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: runtime ## show a whole job from posting to payment, then go on serving (ARGS=--once leaves)
	@exec $(RUN) manage.py demo $(ARGS)

test: development ## run every test (ARGS goes to pytest)
	@exec $(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

dev: runtime ## serve with DEBUG, starting anew on each change of the code
	@DEBUG=1 exec $(RUN) manage.py serve --port $(PORT) --reload

serve: runtime ## serve the site, a worker and beat (PORT=8000)
	@exec $(RUN) manage.py serve --port $(PORT)

check: development ## lint, format, types, layers, migrations and deployment settings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	$(RUN) manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(RUN) manage.py check --deploy --fail-level WARNING

bench: benchmarks ## measure speed beside the limit and a peer (ARGS=--help)
	@exec $(RUN) -m bench $(ARGS)

screenshots: development ## take a picture of every page, in two widths and both themes (ARGS=wallet: of some)
	@GUILDHALL_REQUIRE_CHROMIUM=1 GUILDHALL_SCREENSHOTS="$(ARGS)" exec $(RUN) -m pytest tests/browser/screenshots.py -q -s

fmt: development ## format the code and repair what lint can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: development ## compile the requirements files from pyproject.toml
	$(LOCK) --extra embedded --output-file requirements.txt
	$(LOCK) --extra embedded --extra chain --constraint requirements.txt --output-file requirements-chain.txt
	$(LOCK) --extra embedded --extra chain --extra dev --constraint requirements-chain.txt --output-file requirements-dev.txt
	$(LOCK) --extra embedded --extra bench --constraint requirements.txt --output-file requirements-bench.txt \
		--emit-build-options --no-binary django-hordak

clean: ## remove the virtual environment and ALL local data
	for servers in .data/servers .data/test/servers; do [ ! -L $$servers ] || rm -rf "$$(readlink $$servers)"; done
	rm -rf .venv .data staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis

runtime:
	@$(PYTHON) marketplace/bootstrap.py requirements.txt

development:
	@$(PYTHON) marketplace/bootstrap.py requirements-dev.txt

benchmarks:
	@$(PYTHON) marketplace/bootstrap.py requirements-bench.txt
