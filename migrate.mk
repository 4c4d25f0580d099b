# Migrations as make targets, for a project's Makefile to include:
#
#   include path/to/mad_migrate/migrate.mk
#
# BRANCH names the branch; status, upgrade and validate are of all branches without it, the others of
# "metadata". The server is DATABASE_URL, or PGHOST, PGPORT, PGUSER and PGDATABASE, the folder of the
# scripts MIGRATIONS, as scripts/migrate --help tells.

MIGRATE ?= $(firstword $(wildcard $(patsubst %,$(dir $(lastword $(MAKEFILE_LIST)))%,migrate scripts/migrate)))

.PHONY: migrate-status migrate-create migrate-upgrade migrate-downgrade migrate-history \
    migrate-init migrate-reset migrate-validate db-shell

# What is given on the command line reaches the shell through the environment, as it was typed.
migrate-%: export MIGRATE_BRANCH := $(value BRANCH)
migrate-%: export MIGRATE_MESSAGE := $(value MESSAGE)
migrate-%: export MIGRATE_REVISION := $(value REVISION)

migrate-status:
	@$(MIGRATE) status "$${MIGRATE_BRANCH:-all}"

# MESSAGE=… [EMPTY=true]
migrate-create:
	@test -n "$$MIGRATE_MESSAGE" || { \
	    echo 'usage: make migrate-create MESSAGE="..." [EMPTY=true] [BRANCH=...]' >&2; exit 2; }
	@$(MIGRATE) revision $(if $(filter true,$(EMPTY)),--empty) -- \
	    "$${MIGRATE_BRANCH:-metadata}" "$$MIGRATE_MESSAGE"

# [REVISION=…]
migrate-upgrade:
	@$(MIGRATE) upgrade -- "$${MIGRATE_BRANCH:-all}" "$${MIGRATE_REVISION:-head}"

# REVISION=…
migrate-downgrade:
	@test -n "$$MIGRATE_REVISION" || { \
	    echo 'usage: make migrate-downgrade REVISION=... [BRANCH=...]' >&2; exit 2; }
	@$(MIGRATE) downgrade -- "$${MIGRATE_BRANCH:-metadata}" "$$MIGRATE_REVISION"

migrate-history:
	@$(MIGRATE) history "$${MIGRATE_BRANCH:-metadata}"

# Creates what is missing: the database, the extension, a folder for each branch.
migrate-init:
	@$(MIGRATE) init $(if $(BRANCH),"$$MIGRATE_BRANCH")

# Asks, unless SURE=true; never in production.
migrate-reset:
	@$(MIGRATE) reset $(if $(filter true,$(SURE)),--yes) "$${MIGRATE_BRANCH:-metadata}"

migrate-validate:
	@$(MIGRATE) check "$${MIGRATE_BRANCH:-all}"

db-shell:
	@$(MIGRATE) shell
