# Builds, installs and tests the extension through PGXS; the unit tests are CMakeLists.txt's.

# Where the sources are: "./", or the folder of this file when it is built from another one (make -f).
SOURCE := $(dir $(firstword $(MAKEFILE_LIST)))

EXTENSION = mad_migrate
EXTENSION_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SOURCE)mad_migrate.control)
MODULE_big = mad_migrate

# One rule: every .cpp of a layer is in the module.
LAYERS = core engine remote server
FOLDERS = $(foreach layer,$(LAYERS),src/$(layer) src/$(layer)/*)
OBJS := $(patsubst $(SOURCE)%.cpp,%.o,$(sort $(wildcard $(FOLDERS:%=$(SOURCE)%/*.cpp))))
SHLIB_EXPORTS = src/server/exports.txt
SHLIB_LINK += -lstdc++ $(libpq)

# The kit that every target database carries: one file of all parts, in the order of their names.
KIT = sql/target.sql
KIT_PARTS := $(patsubst $(SOURCE)%,%,$(sort $(wildcard $(SOURCE)sql/target/*.sql)))

# The install script: the schema and the kit, then the control database's own subjects.
SQL_SUBJECTS = schema target tables runs hooks queue scripts migrate inspect checks provision monitoring branches shipped
INSTALL_SCRIPT_SQL = sql/$(EXTENSION)--$(EXTENSION_VERSION).sql
DATA_built = $(INSTALL_SCRIPT_SQL)

# Files the server reads at run time, below $(sharedir)/mad_migrate.
SHARED := $(patsubst $(SOURCE)%,%,$(sort $(wildcard $(SOURCE)migrations/*/*.sql)))

REGRESS := $(notdir $(basename $(sort $(wildcard $(SOURCE)test/sql/*.sql))))
REGRESS_OPTS = --inputdir=$(SOURCE)test
ISOLATION := $(notdir $(basename $(sort $(wildcard $(SOURCE)test/isolation/specs/*.spec))))
# From PostgreSQL 16 on, the runner looks for expected files in a folder of their own.
ISOLATION_OPTS = --inputdir=$(SOURCE)test/isolation \
    $(if $(filter-out 15,$(MAJORVERSION)),--expecteddir=$(SOURCE)test/isolation)
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

# -isystem silences the server's headers; libpq's own folder may be /usr/include, which only -I bears.
PG_CPPFLAGS = -I$(SOURCE)src -isystem $(includedir_server) -I$(libpq_srcdir)
# Functions and lines, for backtraces; all that a debugger can show takes half as long again to compile.
DEBUG_INFORMATION ?= -g1
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wshadow -Werror $(DEBUG_INFORMATION)

# PGXS compiles bitcode with the server's C++ dialect, which is older than ours.
override with_llvm = no

EXTRA_CLEAN = $(OBJS:.o=.d) $(KIT)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(shell test -f '$(PGXS)' && echo found),)
$(error "$(PG_CONFIG)" leads to no PGXS: install postgresql-server-dev or set PG_CONFIG)
endif
include $(PGXS)
ifneq ($(shell test $(VERSION_NUM) -ge 150000 && echo new),new)
$(error mad_migrate needs PostgreSQL 15 or newer, but "$(PG_CONFIG)" belongs to $(VERSION))
endif

# Our own compile rule: PGXS tracks headers only where the server was configured so.
$(OBJS): %.o: %.cpp
	@$(MKDIR_P) $(@D)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c $< -o $@
$(filter-out src/server/%,$(OBJS)): override CXXFLAGS += -Wconversion
-include $(OBJS:.o=.d)

$(SHLIB_EXPORTS:.txt=.list): | $(dir $(SHLIB_EXPORTS))
$(dir $(SHLIB_EXPORTS)):
	$(MKDIR_P) $@

all: $(KIT)

$(KIT): $(KIT_PARTS)
	@$(MKDIR_P) $(@D)
	cat $^ > $@

$(INSTALL_SCRIPT_SQL): $(SQL_SUBJECTS:%=sql/%.sql) $(firstword $(MAKEFILE_LIST))
	@$(MKDIR_P) $(@D)
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  cat $(filter %.sql,$^); } > $@

install: install-shared
uninstall: uninstall-shared

shared_directory = $(DESTDIR)$(datadir)/$(EXTENSION)

.PHONY: install-shared uninstall-shared
install-shared: $(KIT)
	$(MKDIR_P) $(patsubst %,'$(shared_directory)/%',. $(sort $(dir $(SHARED))))
	$(INSTALL_DATA) $(KIT) $(SOURCE)migrate.mk '$(shared_directory)/'
	$(INSTALL_SCRIPT) $(SOURCE)scripts/migrate $(SOURCE)scripts/import-alembic '$(shared_directory)/'
	$(foreach file,$(SHARED),$(INSTALL_DATA) $(SOURCE)$(file) '$(shared_directory)/$(file)' &&) true

uninstall-shared:
	rm -rf '$(shared_directory)'
