# ghcrawl: a GitHub crawler inside PostgreSQL
#
#   make, make install      build and install; PG_CONFIG=… chooses the server
#   make installcheck       regression tests on a running server
#   make demo, make test    everything from a bare machine; these install packages
#   make test-versions      the tests on PostgreSQL 17 and 18, too
#   make test-fuzz          fuzzes what reads replies and selections
#   make demo-stop          ends and removes what the demo started
#
# CONTRIBUTING.md lists the smaller targets that developers use.

EXTENSION = ghcrawl
EXTVERSION = 1.0
MODULE_big = ghcrawl
PG_CONFIG ?= pg_config

# the parts of ghcrawl--1.0.sql, in the order in which they are joined
SQL_PARTS = preamble.sql tables.sql functions.sql identity.sql views.sql freshness.sql hints.sql grants.sql

# code that knows neither PostgreSQL nor libcurl; unit tests link it alone
PURE_SRCS = $(wildcard src/base/arena.c src/base/buffer.c src/base/idset.c src/base/base64.c \
	src/base/idlist.c src/base/histogram.c src/base/timetable.c src/net/inflate.c src/net/gunzip.c src/github/*.c \
	$(addprefix src/crawl/,task.c search.c cut.c plan.c nodes.c absent.c events.c walk.c survey.c sweep.c stars.c share.c))

top := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
SRCS := $(sort $(patsubst $(top)/%,%,$(wildcard $(top)/src/*/*.c)))
OBJS = $(SRCS:.c=.o)
DATA = $(notdir $(wildcard $(top)/$(EXTENSION)--*.sql))
DOCS := $(notdir $(wildcard $(top)/README.md))

REGRESS = $(sort $(basename $(notdir $(wildcard $(top)/test/regress/sql/*.sql))))
REGRESS_OPTS = --inputdir=$(top)/test/regress --outputdir=build/regress \
	--encoding=UTF8 --load-extension=$(EXTENSION)
REGRESS_PREP = build/regress
EXTRA_CLEAN = build $(OBJS:.o=.d)

# ---------------------------------------------------------------------------
# compiler and libraries
# ---------------------------------------------------------------------------

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
CURL_CONFIG ?= $(shell command -v curl-config)
ifneq ($(CURL_CONFIG),)
CURL_CFLAGS := $(shell $(CURL_CONFIG) --cflags)
CURL_LIBS := $(shell $(CURL_CONFIG) --libs)
else
CURL_CFLAGS := $(shell pkg-config --cflags libcurl 2>/dev/null)
CURL_LIBS := $(shell pkg-config --libs libcurl 2>/dev/null)
endif

# libdeflate unpacks three times as fast as zlib; without it zlib does it alone.
with_libdeflate ?= $(shell echo 'int main(void) {return !libdeflate_alloc_decompressor();}' | \
	$(CC) -include libdeflate.h -x c -o /dev/null - -ldeflate 2>/dev/null && echo yes)
DEFLATE_LIBS := $(if $(filter yes,$(with_libdeflate)),-ldeflate)
DEFLATE_CFLAGS := $(if $(DEFLATE_LIBS),-DGHC_USE_LIBDEFLATE)

# PostgreSQL's headers are system headers: their warnings are not ours.  The
# compiler then ignores the -I of the same folder that PGXS adds.
PG_CPPFLAGS = -I$(top)/src $(CURL_CFLAGS) $(DEFLATE_CFLAGS) \
	-isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS = -Wall -Wextra -MMD -MP
SHLIB_LINK = $(CURL_LIBS) $(DEFLATE_LIBS) -lz -lcrypto
ifeq ($(WERROR),yes)
PG_CFLAGS += -Werror
endif

# A server built with LLVM wants bitcode of us, which needs its clang; without
# that program the bitcode (which only serves JIT inlining) is left out.
BITCODE_CLANG := $(shell sed -n 's/^CLANG *= *//p' \
	$(dir $(PGXS))../Makefile.global 2>/dev/null)
ifeq ($(shell command -v $(BITCODE_CLANG) 2>/dev/null),)
override with_llvm = no
endif

ifneq ($(and $(PGXS),$(wildcard $(PGXS)),$(CURL_LIBS)),)

include $(PGXS)

ifneq ($(filter 9.% 10 11 12 13 14,$(MAJORVERSION)),)
$(error ghcrawl needs PostgreSQL 15 or newer, $(PG_CONFIG) is of $(MAJORVERSION))
endif

-include $(OBJS:.o=.d)

# another server or other flags make all objects anew
build/flags: FORCE
	@mkdir -p build $(sort $(dir $(OBJS)))
	@echo '$(VERSION) $(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || \
	  echo '$(VERSION) $(CC) $(CPPFLAGS) $(CFLAGS)' > $@
FORCE:
$(OBJS) $(OBJS:.o=.bc): build/flags
$(OBJS:.o=.bc): $(wildcard $(top)/src/*/*.h)

build/regress: FORCE
	@mkdir -p $@

else

all install installcheck:
	@echo "ghcrawl needs the build files of PostgreSQL 15 or newer, libcurl, OpenSSL and zlib." >&2
	@echo "Debian, Ubuntu: apt install postgresql-server-dev-15 libcurl4-openssl-dev libssl-dev zlib1g-dev libdeflate-dev gcc" >&2
	@echo "Fedora, RHEL:   dnf install postgresql-server-devel libcurl-devel openssl-devel zlib-devel libdeflate-devel gcc" >&2
	@echo "Another server: make PG_CONFIG=/path/to/pg_config" >&2
	@exit 1
clean:
	rm -rf $(EXTRA_CLEAN) $(OBJS)

endif

# ---------------------------------------------------------------------------
# the installation script
# ---------------------------------------------------------------------------

# Writes the script from its parts.  The result is committed, so that an
# installation needs nothing but a copy; "make check-sql" compares the two.
sql:
	@mkdir -p build
	scripts/join-sql $(addprefix sql/,$(SQL_PARTS)) > build/sql.tmp
	mv build/sql.tmp $(EXTENSION)--$(EXTVERSION).sql

check-sql:
	@scripts/join-sql $(addprefix sql/,$(SQL_PARTS)) | \
	  cmp - $(EXTENSION)--$(EXTVERSION).sql || \
	  { echo "$(EXTENSION)--$(EXTVERSION).sql differs from its parts; run \"make sql\"" >&2; exit 1; }

# ---------------------------------------------------------------------------
# unit tests of pure code: no server; once plain, once with sanitizers
# ---------------------------------------------------------------------------

UNIT_CC = $(or $(CC),cc)
UNIT_CFLAGS = -std=gnu99 -O1 -g -Wall -Wextra -Werror \
	-Wdeclaration-after-statement -Wmissing-prototypes \
	-Isrc -Itest/unit -MMD -MP $(DEFLATE_CFLAGS)
UNIT_NAMES = $(basename $(notdir $(wildcard test/unit/*_test.c)))
UNIT_PLAIN = $(UNIT_NAMES:%=build/unit/plain/%)
UNIT_SANITIZED = $(UNIT_NAMES:%=build/unit/sanitized/%)
UNIT_OBJS = $(notdir $(PURE_SRCS:.c=.o))

vpath %.c $(sort $(dir $(PURE_SRCS)))

build/unit/sanitized/%: UNIT_CFLAGS += -fno-omit-frame-pointer \
	-fno-sanitize-recover=all -fsanitize=address,undefined

define unit_rules
build/unit/$(1)/obj/%.o: %.c
	@mkdir -p $$(@D)
	$$(UNIT_CC) $$(UNIT_CFLAGS) -c -o $$@ $$<
build/unit/$(1)/%_test: test/unit/%_test.c $$(UNIT_OBJS:%=build/unit/$(1)/obj/%)
	$$(UNIT_CC) $$(UNIT_CFLAGS) -o $$@ $$^ -lm -lcrypto -lz $(DEFLATE_LIBS)
endef
$(eval $(call unit_rules,plain))
$(eval $(call unit_rules,sanitized))
-include $(wildcard build/unit/*/*.d build/unit/*/obj/*.d)

build-unit: $(UNIT_PLAIN) $(UNIT_SANITIZED) build/bench/requests

unit: build-unit
	prove --exec '' $(UNIT_PLAIN) $(UNIT_SANITIZED) $(FUZZ_REPLAYS)

# ---------------------------------------------------------------------------
# fuzz targets: replayed with the unit tests, fuzzed by clang; docs/fuzzing.md
# ---------------------------------------------------------------------------

# Targets that ask PostgreSQL's JSON parser need its library of what programs share;
# a server that came without it (none of Debian's) goes without these.
FUZZ_ORACLE_LIBS := $(firstword $(foreach lib,libpgcommon.a,$(wildcard $(addsuffix /$(lib),\
	$(shell $(PG_CONFIG) --pkglibdir 2>/dev/null) $(shell $(PG_CONFIG) --libdir 2>/dev/null)))))
FUZZ_ORACLE_LIBS += $(FUZZ_ORACLE_LIBS:%/libpgcommon.a=%/libpgport.a)
FUZZ_ASKING = $(shell grep -lE '"(oracle.h|scan_fuzz.c)"' $(wildcard test/fuzz/*_fuzz.c))
FUZZ_SRCS = $(if $(strip $(FUZZ_ORACLE_LIBS)),$(wildcard test/fuzz/*_fuzz.c),\
	$(filter-out $(FUZZ_ASKING),$(wildcard test/fuzz/*_fuzz.c)))
FUZZ_NAMES = $(basename $(notdir $(FUZZ_SRCS)))
FUZZ_REPLAYS = $(FUZZ_NAMES:%=build/unit/fuzz/%)

# The oracle brings its own memory instead of the library's, hence muldefs.
FUZZ_LIBS = -Wl,-z,muldefs $(FUZZ_ORACLE_LIBS) -lm -lcrypto -lz $(DEFLATE_LIBS)
FUZZ_SANITIZERS = -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=address,undefined,float-cast-overflow

# $(1) folder of objects, $(2) compiler, $(3) flags
define fuzz_objects
$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(2) $$(UNIT_CFLAGS) -Itest/fuzz $(3) -c -o $$@ $$<
$(1)/%.o: test/fuzz/%.c
	@mkdir -p $$(@D)
	$(2) $$(UNIT_CFLAGS) -Itest/fuzz $(3) -c -o $$@ $$<
$(1)/oracle.o: test/fuzz/oracle.c
	@mkdir -p $$(@D)
	$(2) -std=gnu99 -O2 -g -Wall -DFRONTEND -Isrc -Itest/fuzz \
	  -isystem $$(shell $$(PG_CONFIG) --includedir-server) -MMD -MP -c -o $$@ $$<
endef
FUZZ_ORACLE = $(if $(strip $(FUZZ_ORACLE_LIBS)),oracle.o)
.PRECIOUS: $(addsuffix /%_fuzz.o,build/unit/fuzz/obj build/fuzz/obj build/fuzz/coverage/obj)

$(eval $(call fuzz_objects,build/unit/fuzz/obj,$$(UNIT_CC),$$(FUZZ_SANITIZERS)))
build/unit/fuzz/%_fuzz: $(addprefix build/unit/fuzz/obj/,%_fuzz.o replay.o $(FUZZ_ORACLE)) \
		$(UNIT_OBJS:%=build/unit/sanitized/obj/%)
	$(UNIT_CC) $(FUZZ_SANITIZERS) -o $@ $^ $(FUZZ_LIBS)
build-unit: $(FUZZ_REPLAYS)

# the same by clang: with libFuzzer, and to measure what is covered
FUZZ_CC ?= clang
$(eval $(call fuzz_objects,build/fuzz/obj,$$(FUZZ_CC),$$(FUZZ_SANITIZERS) -fsanitize=fuzzer-no-link))
build/fuzz/%_fuzz: $(addprefix build/fuzz/obj/,%_fuzz.o $(FUZZ_ORACLE) $(UNIT_OBJS))
	$(FUZZ_CC) $(FUZZ_SANITIZERS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)
FUZZ_COUNTERS = -fprofile-instr-generate -fcoverage-mapping
$(eval $(call fuzz_objects,build/fuzz/coverage/obj,$$(FUZZ_CC),$$(FUZZ_COUNTERS)))
build/fuzz/coverage/%_fuzz: $(addprefix build/fuzz/coverage/obj/,%_fuzz.o replay.o $(FUZZ_ORACLE) $(UNIT_OBJS))
	$(FUZZ_CC) $(FUZZ_COUNTERS) -o $@ $^ $(FUZZ_LIBS)
-include $(wildcard build/unit/fuzz/obj/*.d build/fuzz/obj/*.d build/fuzz/coverage/obj/*.d)

print-fuzz-names:
	@echo $(FUZZ_NAMES:%_fuzz=%)

# A minute for each target (FUZZ_SECONDS), then what they covered.
test-fuzz: export PG_CONFIG := $(PG_CONFIG)
test-fuzz:
	scripts/fuzz

# how many requests crawls of a million take; seconds, without a server
bench-requests: build/bench/requests
	build/bench/requests
build/bench/requests: bench/requests.c $(UNIT_OBJS:%=build/unit/plain/obj/%)
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) -o $@ $^ -lm -lcrypto -lz $(DEFLATE_LIBS)

# a simulated year of refreshing, in worlds of several kinds; docs/freshness.md
bench-year: build/bench/year
	build/bench/year
build/bench/year: bench/year.c src/github/freshness.c src/github/freshness.h
	@mkdir -p $(@D)
	$(UNIT_CC) $(UNIT_CFLAGS) -O2 -MF $@.d -o $@ bench/year.c src/github/freshness.c -lm

# serves pages made ahead to ghcrawl and its peers; bench/server/main.c tells how
PAGESERVER_SRCS = $(wildcard bench/server/*.c)
build/bench/pageserver: $(PAGESERVER_SRCS) $(wildcard bench/server/*.h) \
		$(patsubst %,build/unit/plain/obj/%.o,base64 buffer cursor instant node_id)
	@mkdir -p $(@D)
	$(UNIT_CC) -std=gnu99 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes \
	  -Isrc -Ibench/server -o $@ $(filter %.c %.o,$^) -lssl -lcrypto -lnghttp2 -lz -lpthread

# instructions a repository costs, counted by valgrind; less than a minute
bench-instructions: export PG_CONFIG := $(PG_CONFIG)
bench-instructions:
	$(MAKE) --no-print-directory -s -j2 all build/bench/instructions.so WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	bench/instructions
build/bench/instructions.so: bench/instructions.c bench/server/world.c $(OBJS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_SL) -Ibench -shared -o $@ $^ $(LDFLAGS) $(SHLIB_LINK) -lm

# a model of claim, crash, split and finish, all interleavings; needs spin
test-model:
	scripts/run-model

# ---------------------------------------------------------------------------
# from a bare machine
# ---------------------------------------------------------------------------

# The server that "make test" and "make demo" use, unless PG_CONFIG is given:
# the one that scripts/setup installs, and not whatever is first in the path.
PG_MAJOR ?= 15
ifeq ($(filter command environment,$(firstword $(origin PG_CONFIG))),)
SETUP_PG_CONFIG = $(or $(wildcard /usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config),pg_config)
else
SETUP_PG_CONFIG = $(PG_CONFIG)
endif

# the server's folders belong to root
AS_ROOT = $(shell test -w "$$($(PG_CONFIG) --pkglibdir)" || echo sudo)

test:
	PG_MAJOR=$(PG_MAJOR) scripts/setup
	$(MAKE) --no-print-directory test-all PG_CONFIG=$$($(MAKE) -s --no-print-directory print-pg-config)

# A private server that crawls a stand-in for GitHub (GitHub itself if
# GITHUB_TOKEN is set) and shows what comes; demo-stop removes it all.
demo:
	@PG_MAJOR=$(PG_MAJOR) scripts/demo start
demo-stop:
	@scripts/demo stop

print-pg-config:
	@echo $(SETUP_PG_CONFIG)

# What "make test" does after the set-up.  Ends with the unit and TAP tests, so
# that prove's summary comes last.
test-all: export PG_CONFIG := $(PG_CONFIG)
test-all:
	scripts/check-layers
	scripts/check-functions
	$(MAKE) --no-print-directory check-sql
	scripts/lint
	cd test/sim && npm test
	$(MAKE) --no-print-directory test-server

# What depends on the server and the libraries below it.
TESTS = $(UNIT_PLAIN) $(UNIT_SANITIZED) $(FUZZ_REPLAYS) test/t/*.pl
test-server: export PG_CONFIG := $(PG_CONFIG)
test-server:
	$(MAKE) --no-print-directory -j2 all build-unit WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-regress
	scripts/run-tap $(TESTS)

# Worlds of 200,000 that change while they are crawled, under every fault of the
# simulator; minutes for each seed.  test/long/drift.pl says what can be set.
test-drift: export PG_CONFIG := $(PG_CONFIG)
test-drift:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap test/long/drift.pl

# Crawls broken in every way at random moments, ten times each: a quarter of an
# hour and more.  test/long/break.pl says what can be set.
test-crash: export PG_CONFIG := $(PG_CONFIG)
test-crash:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap test/long/break.pl

# Faults of the server and the database, each at each moment of a crawl; some 40
# minutes.  test/long/faults.pl says what can be set.
test-faults: export PG_CONFIG := $(PG_CONFIG)
test-faults:
	scripts/setup faults
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap test/long/faults.pl

# Two hours of crawls of worlds that change, with a kill or a fault every few seconds,
# and the picture of it.  test/long/soak.pl says what can be set.
.PHONY: test-soak
test-soak: export PG_CONFIG := $(PG_CONFIG)
test-soak: export SOAK_FOLDER ?= $(abspath build/soak)
test-soak:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	mkdir -p $(SOAK_FOLDER)
	chmod a+rwxt $(SOAK_FOLDER)
	scripts/run-tap test/long/soak.pl
	scripts/soak-picture $(SOAK_FOLDER) > $(SOAK_FOLDER)/soak.svg

# The economy of the API end to end, and its tables: what is used of what budgets
# allow, how much is asked in a request, what troubles cost; docs/economy.md.  What
# rows, changes and indexes cost on disk; docs/tables.md.  What it costs to have a
# million fresh again; docs/freshness.md.
bench-budgets bench-sizes bench-troubles bench-storage bench-walk bench-refresh bench-ways bench-archive: export PG_CONFIG := $(PG_CONFIG)
bench-budgets bench-sizes bench-troubles bench-storage bench-walk bench-refresh bench-ways bench-archive:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap bench/$(@:bench-%=%).pl

# Control tables with a million tasks; what a repository costs when fifty million
# are stored; docs/scaling.md.
.PHONY: bench-tasks bench-scale
bench-tasks bench-scale: export PG_CONFIG := $(PG_CONFIG)
bench-tasks bench-scale:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap bench/$(@:bench-%=%).pl

# ghcrawl beside its peers on the same pages, some minutes; and ghcrawl alone for
# an hour, with all its connections in use.  Their tops say what can be set.
bench bench-soak: export PG_CONFIG := $(PG_CONFIG)
bench bench-soak:
	scripts/setup bench
	$(MAKE) --no-print-directory -j2 all build/bench/pageserver WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-tap bench/$(if $(filter bench,$@),peers,soak).pl

# A whole life of ghcrawl in a small world: the server and all its processes under
# valgrind, half an hour; with a library that has sanitizers, minutes.
test-valgrind test-sanitized: export PG_CONFIG := $(PG_CONFIG)
test-valgrind test-sanitized:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/run-checked $(if $(filter test-valgrind,$@),valgrind,sanitizers)

# The tests on PostgreSQL 17 and 18, each in a Debian of its own; as root.
test-versions:
	scripts/check-versions

# pg_upgrade in mid-crawl, from this server to PostgreSQL 17 in a Debian of its own;
# as root.  The second is what runs there.
test-upgrade: export PG_CONFIG := $(PG_CONFIG)
test-upgrade:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(AS_ROOT) $(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	scripts/check-versions upgrade
upgrade-inside: export PG_CONFIG := $(PG_CONFIG)
upgrade-inside:
	$(MAKE) --no-print-directory -j2 all WERROR=yes with_llvm=no
	$(MAKE) --no-print-directory -s install WERROR=yes with_llvm=no
	OLD_SERVER=$(abspath $(wildcard ../old/lib/postgresql/*)) scripts/run-tap test/long/upgrade.pl

.PHONY: sql check-sql unit build-unit print-fuzz-names test-fuzz bench-requests bench-instructions bench bench-soak test-model demo demo-stop test test-all test-server test-drift test-crash test-faults test-valgrind test-sanitized test-versions test-upgrade upgrade-inside bench-budgets bench-sizes bench-troubles bench-storage bench-walk print-pg-config bench-year bench-refresh bench-ways bench-archive FORCE
.DEFAULT_GOAL := all
