# Cask: C Archives and SocKets.
#
#   make            the library (static and shared) and the cask command
#   make demo       build, then a collector and two reporters on this machine
#   make test       all tests (installs cmocka if it is missing)
#   make sanitize   the same tests under AddressSanitizer and UBSan
#   make bench      the benchmarks, as ratios
#   make lint       layers, names, headers, format, analysers
#   make fuzz       the fuzz target with libFuzzer for FUZZ_SECONDS (60)
#   make install    to $(DESTDIR)$(PREFIX); make uninstall takes it away
#   make format     rewrite the sources as .clang-format says
#   make clean      remove build/
#
# Variables: CC CFLAGS CPPFLAGS LDFLAGS LDLIBS AR as usual; PREFIX
# (/usr/local), LIBDIR, INCLUDEDIR, BINDIR, DESTDIR; BUILD (build) is where
# everything goes; ICONV_LIBS when iconv is in neither libc nor -liconv;
# INSTALL_DEPS=no forbids the installing of missing packages.
#
# SPDX-License-Identifier: MIT

BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 60

VERSION := $(shell awk '/define CASK_VERSION_(MAJOR|MINOR|PATCH)/ \
	{ v = v sep $$3; sep = "." } END { print v }' include/cask.h)
SONAME := libcask.so.0

WARN = -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wformat=2 -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings
# -fPIC for both libraries: one set of objects.
OWN = -std=c11 $(WARN) -Iinclude -D_POSIX_C_SOURCE=200809L \
	-fPIC -fno-semantic-interposition -MMD -MP
COMPILE = $(CC) $(OWN) $(CPPFLAGS) $(CFLAGS)

LIB_SRC := $(sort $(wildcard lib/*.c))
TOOL_SRC := $(sort $(wildcard tools/*.c))
TEST_SRC := $(sort $(wildcard test/*_test.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOL_OBJ := $(TOOL_SRC:%.c=$(BUILD)/%.o)
TESTS := $(TEST_SRC:%.c=$(BUILD)/%)
LIB := $(BUILD)/libcask.a
SHARED := $(BUILD)/$(SONAME)
CASK := $(BUILD)/cask

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all

all: $(LIB) $(SHARED) $(CASK)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(EXTRA) -c -o $@ $<

# gcc makes vector code of a loop only here.
$(BUILD)/lib/swap.o: EXTRA = -O3

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

comma := ,
# Every function of the seam, wrapped for the tests.
WRAP := $(patsubst %,-Wl$(comma)--wrap=%,$(shell \
	grep -o 'caski_sys_[a-z_]*' lib/sys.h | sort -u))

$(BUILD)/test/%_test: $(BUILD)/test/%_test.o $(BUILD)/test/fault.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) $(WRAP) -o $@ $^ $(ICONV_LIBS) -lcmocka -lpthread $(LDLIBS)

-include $(LIB_OBJ:.o=.d) $(TOOL_OBJ:.o=.d) $(TESTS:=.d)
