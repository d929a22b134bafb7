# Cask: C Archives and SocKets.
#
#   make            the library (static and shared) and the cask command
#   make demo       build, then run a collector and two reporters for 5 rounds
#   make test       every test; those of sockets in some bad weather, too
#   make chaos      every test program in bad weather: each byte sent and
#                   received on its own (CASK_CHAOS=split=1; the demo, too), and
#                   a thousand signals a second, once with and once without
#                   SA_RESTART (CASK_TEST_STORM); about six minutes
#   make sanitize   the same tests under AddressSanitizer and UBSan
#   make bench      the benchmarks, as ratios
#   make soak       a server among 9,000 connections, for ten million requests,
#                   and while 1,000 clients are killed: minutes; test/soak.c has
#                   the knobs (Linux)
#   make fuzz       the fuzz targets, with libFuzzer, each for FUZZ_SECONDS;
#                   FUZZ=load, walk, graph, options, record, shape, behind or
#                   json: that one
#   make lint       layers, names, headers, format, manuals, analysers
#   make format     rewrite the sources as .clang-format says
#   make install    into $(DESTDIR)$(PREFIX); make uninstall takes it away
#   make clean      remove $(BUILD)
#
# demo, test, chaos, sanitize, lint and fuzz install what they need if it is
# missing, with apt-get, and say so; INSTALL_DEPS=no forbids it.  On other
# systems: a C11 compiler, GNU make, and for the tests cmocka; two of them need
# python3 (3.9 or newer), one tshark, and each is left out without.
#
# Variables, all as usual: CC CFLAGS CPPFLAGS LDFLAGS LDLIBS AR, PREFIX BINDIR
# LIBDIR INCLUDEDIR MANDIR BASHDIR LUADIR DESTDIR.  BUILD (build) is where
# everything goes.  CASK_RUN is what runs the command that was built, if it needs that.
# FUZZ_SECONDS is 60.  ICONV_LIBS is found out: nothing, or -liconv; and so is
# EDIT, for cask chat: readline or none.
#
# SPDX-License-Identifier: MIT

BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
LUADIR ?= $(PREFIX)/share/cask
CFLAGS ?= -O2 -g
FUZZ ?= load walk graph options record shape behind json
FUZZ_SECONDS ?= 60
JOBS := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

VERSION := $(shell awk '/define CASK_VERSION_(MAJOR|MINOR|PATCH)/ \
	{ v = v sep $$3; sep = "." } END { print v }' include/cask.h)
SOVERSION = 0

# What the compiler is asked for besides the user's own flags.
WARN = -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wformat=2 -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings
OWN = -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude $(WARN) \
	-fPIC -fno-semantic-interposition -MMD -MP
COMPILE = $(CC) $(OWN) $(CPPFLAGS) $(CFLAGS) $(EXTRA)
LINK = $(CC) $(CFLAGS) $(LDFLAGS)
LIBS = $(shell cat $(BUILD)/iconv.libs) -lpthread $(LDLIBS)
EDIT_LIBS = $$(cat $(BUILD)/edit.libs)

LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard lib/*.c)))
LESSONS := $(sort $(wildcard tools/lessons/*.c))
LESSON_OBJ := $(BUILD)/lessons.o $(LESSONS:%.c=$(BUILD)/%.o)
TOOL_OBJ := $(patsubst %.c,$(BUILD)/%.o, \
	$(sort $(filter-out tools/bench%.c,$(wildcard tools/*.c)))) $(LESSON_OBJ)
TESTS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/*_test.c)))
LIB := $(BUILD)/libcask.a
SHARED := $(BUILD)/libcask.so.$(VERSION)
CASK := $(BUILD)/cask
COMMANDS := $(shell sed -n 's/^.&\([a-z]*\)_command,$$/\1/p' tools/commands.c)
MAN1 := $(BUILD)/man/cask.1 $(COMMANDS:%=$(BUILD)/man/cask-%.1)
COMPLETION := $(BUILD)/completion/cask
MAN3 := $(sort $(wildcard lib/*.3))
MAN5 := $(sort $(wildcard tools/*.5))

# Every function of the seam, for the tests to wrap.
comma := ,
WRAP := $(patsubst %,-Wl$(comma)--wrap=%,$(shell \
	grep -o 'caski_sys_[a-z_]*' lib/sys.h | sort -u))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo test check chaos weather sanitize tiny bench soak fuzz lint format install \
	uninstall clean

all: $(LIB) $(SHARED) $(CASK) $(MAN1) $(COMPLETION)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# gcc makes vector code of a plain loop only at -O3.
$(BUILD)/lib/swap.o: EXTRA = -O3

# The lessons' texts and programs are in the command: 03-structs.c, whose main is
# lesson_03_main there.
$(BUILD)/lessons.c: tools/lessons/table.awk $(LESSONS) $(LESSONS:.c=.md)
	@mkdir -p $(@D)
	LC_ALL=C awk -f $< $(foreach l,$(LESSONS),$(l:.c=.md) $(l)) >$@
$(BUILD)/lessons.o: $(BUILD)/lessons.c
	$(COMPILE) -Itools -c -o $@ $<
$(LESSONS:%.c=$(BUILD)/%.o): EXTRA = -Wno-missing-prototypes \
	-Dmain=lesson_$(word 1,$(subst -, ,$(notdir $@)))_main

# iconv is in libc, or in a library of its own: compile and link to find out.
$(BUILD)/iconv.libs:
	@mkdir -p $(@D)
	@printf '\043include <iconv.h>\nint main(void)\n{ return iconv_open("a", "b") == 0; }\n' \
		>$(BUILD)/iconv.c
	@if [ -n "$(ICONV_LIBS)" ]; then echo "$(ICONV_LIBS)" >$@; \
	elif $(LINK) $(CPPFLAGS) -o $(BUILD)/iconv.try $(BUILD)/iconv.c \
		2>/dev/null; then echo >$@; \
	elif $(LINK) $(CPPFLAGS) -o $(BUILD)/iconv.try $(BUILD)/iconv.c \
		-liconv 2>/dev/null; then echo -liconv >$@; \
	else echo 'cask: no iconv: install libiconv, or set ICONV_LIBS' >&2; \
		exit 1; fi

# What edits typed lines.  (libedit's readline lacks what is tried here.)
$(BUILD)/edit.libs:
	@mkdir -p $(@D)
	@printf '\043include <stdio.h>\n\043include <readline/readline.h>\nint main(void)\n{ return rl_clear_visible_line(); }\n' \
		>$(BUILD)/edit.c
	@if [ "$(EDIT)" != none ] && $(LINK) $(CPPFLAGS) -o $(BUILD)/edit.try \
		$(BUILD)/edit.c -lreadline 2>/dev/null; then \
		echo -DHAVE_READLINE >$(BUILD)/edit.flags; echo -lreadline >$@; \
	else echo >$(BUILD)/edit.flags; echo >$@; fi

$(BUILD)/tools/typing.o: EXTRA = $$(cat $(BUILD)/edit.flags)
$(BUILD)/tools/typing.o: | $(BUILD)/edit.libs

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# nodelete: a look-up that was abandoned may outlive a dlclose.
$(SHARED): $(LIB_OBJ) lib/cask.map $(BUILD)/iconv.libs
	$(LINK) -shared -Wl,-soname,libcask.so.$(SOVERSION) \
		-Wl,--version-script=lib/cask.map -Wl,-z,defs -Wl,-z,nodelete \
		-o $@ $(LIB_OBJ) $(LIBS)

$(CASK): $(TOOL_OBJ) $(LIB) $(BUILD)/iconv.libs $(BUILD)/edit.libs
	$(LINK) -o $@ $(TOOL_OBJ) $(LIB) $(EDIT_LIBS) $(LIBS)

# The command tells its manual pages and its completion itself.  CASK_RUN: what
# runs it, where it is not for this machine.
$(BUILD)/man/cask.1: $(CASK)
	@mkdir -p $(@D)
	$(CASK_RUN) $(CASK) help --man >$@
$(BUILD)/man/cask-%.1: $(CASK)
	@mkdir -p $(@D)
	$(CASK_RUN) $(CASK) help --man $* >$@
$(COMPLETION): $(CASK)
	@mkdir -p $(@D)
	$(CASK_RUN) $(CASK) help --completion bash >$@

$(BUILD)/bench: $(BUILD)/tools/bench.o $(LIB) $(BUILD)/iconv.libs
	$(LINK) -o $@ $(BUILD)/tools/bench.o $(LIB) $(LIBS)

$(BUILD)/bench_text: $(BUILD)/tools/bench_text.o $(LIB) $(BUILD)/iconv.libs
	$(LINK) -o $@ $(BUILD)/tools/bench_text.o $(LIB) $(LIBS)

BENCH_NET_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(filter-out \
	tools/bench_text.c tools/bench_graph.c,$(wildcard tools/bench_*.c))))
HEAP := malloc calloc realloc free

$(BUILD)/bench_net: $(BENCH_NET_OBJ) $(LIB) $(BUILD)/iconv.libs
	$(LINK) $(HEAP:%=-Wl,--wrap=%) -o $@ $(BENCH_NET_OBJ) $(LIB) $(LIBS)

# Graphs, beside those C++ libraries that are here: what to link for them.
GRAPH_OBJ := $(patsubst %,$(BUILD)/tools/bench_%.o,graph heap)
COMPILE_CXX = $(CXX) -std=c++17 -D_GNU_SOURCE -Itools -Wall -Wextra $(CFLAGS)

$(BUILD)/bench_%.here: tools/bench_%.cpp tools/bench_peer.hpp \
		tools/bench_graph.h
	@mkdir -p $(BUILD)/tools
	@if grep '#include <$*' $< | $(CXX) -E -x c++ - >/dev/null 2>&1; then \
		$(COMPILE_CXX) -c -o $(BUILD)/tools/bench_$*.o $< && \
		echo $(BUILD)/tools/bench_$*.o $(PEER_$*) >$@; \
	else echo >$@; fi
PEER_boost = -lboost_serialization
PEER_new = -lstdc++
PEERS := $(patsubst %,$(BUILD)/bench_%.here,boost cereal new)

$(BUILD)/bench_graph: $(GRAPH_OBJ) $(PEERS) $(LIB) $(BUILD)/iconv.libs
	$(LINK) $(HEAP:%=-Wl,--wrap=%) -o $@ $(GRAPH_OBJ) \
		$(shell cat $(PEERS) 2>/dev/null) $(LIB) $(LIBS)

demo:
	@CC='$(CC)' sh tools/need.sh 'the build' cc
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@sh tools/demo.sh $(CASK)

# What the network costs, and the heap, is measured on Linux alone.
BENCHES := bench bench_text $(if $(filter Linux,$(shell uname -s)), \
	bench_graph bench_net)

bench: $(BENCHES:%=$(BUILD)/%)
	for b in $^; do $$b || exit 1; done

# The soak: the benchmarks' processes, sockets by hand and heap.
SOAK_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard test/soak*.c))) \
	$(patsubst %,$(BUILD)/tools/bench_%.o,proc hand heap)

$(BUILD)/soak: $(SOAK_OBJ) $(LIB) $(BUILD)/iconv.libs
	$(LINK) $(HEAP:%=-Wl,--wrap=%) -o $@ $(SOAK_OBJ) $(LIB) $(LIBS)

soak: $(BUILD)/soak
	$<

# Tests.  The archive's are run a second time with a buffer of 7 bytes, which
# puts every value on its edge; the README's programs are compiled and run.

$(BUILD)/test/%_test: $(BUILD)/test/%_test.o $(BUILD)/test/fault.o $(LIB) \
		$(BUILD)/iconv.libs
	$(LINK) $(WRAP) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(LIBS)

# What is tested of the command, without the command.
SHAPE_SRC := $(patsubst %,tools/%.c,shape member class token words)
SESSION_SRC := $(patsubst %,tools/%.c,mischief record recording pcap)
COMMAND_SRC := $(filter-out tools/cask.c tools/bench%.c,$(sort $(wildcard tools/*.c)))
$(BUILD)/test/shape_test: $(SHAPE_SRC:%.c=$(BUILD)/%.o)
$(BUILD)/test/lesson_test: $(LESSON_OBJ)
WITH_COMMANDS := $(patsubst %,$(BUILD)/test/%_test,command chat command_fault)
$(WITH_COMMANDS): $(COMMAND_SRC:%.c=$(BUILD)/%.o) $(LESSON_OBJ)
$(WITH_COMMANDS) $(BUILD)/test/options_fuzz $(BUILD)/test/json_fuzz: LDLIBS += $(EDIT_LIBS)
$(BUILD)/test/session_test: $(SESSION_SRC:%.c=$(BUILD)/%.o)

# There it is the C library that fails, not lib/sys.h.
WRAP_LIBC := stdin stdout $(shell sed -nE 's/^WRAP.[^,]*, ([a-z0-9_]+),.*/\1/p; \
	s/^__wrap_([a-z]+).*/\1/p' test/libc_fault.c)
$(BUILD)/test/command_fault_test: %: %.o $(BUILD)/test/libc_fault.o $(LIB) \
		$(BUILD)/iconv.libs
	$(LINK) $(WRAP_LIBC:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^) \
		$(filter %.a,$^) -lcmocka $(LIBS)

FUZZ_SRC_shape := $(SHAPE_SRC)
FUZZ_SRC_record := $(SESSION_SRC)
FUZZ_SRC_options := $(filter-out tools/output.c,$(COMMAND_SRC))
FUZZ_SRC_json := $(COMMAND_SRC)
$(BUILD)/test/json_fuzz: $(FUZZ_SRC_json:%.c=$(BUILD)/%.o) $(LESSON_OBJ)
$(BUILD)/test/shape_fuzz: $(FUZZ_SRC_shape:%.c=$(BUILD)/%.o)
$(BUILD)/test/options_fuzz: $(FUZZ_SRC_options:%.c=$(BUILD)/%.o) $(LESSON_OBJ)
$(BUILD)/test/record_fuzz: $(FUZZ_SRC_record:%.c=$(BUILD)/%.o)

# A wchar_t of 16 bits.
$(BUILD)/test/wchar_test.o: EXTRA = -fshort-wchar

# The examples in headers' comments, compiled as they stand there.
$(BUILD)/test/cask_example.h: include/cask.h
	@mkdir -p $(@D)
	sed -n '/^ [*] Conventions/,/^ [*][/]/s/^ [*]     //p' $< >$@
$(BUILD)/test/list_example.h: include/cask/list.h
	@mkdir -p $(@D)
	sed -n '1,/^ [*][/]/s/^ [*]     //p' $< >$@

EXAMPLES := $(patsubst %,$(BUILD)/test/%_example.h,cask list)
WITH_EXAMPLES := $(patsubst %,$(BUILD)/test/%_test.o,idiom list dump)
$(WITH_EXAMPLES): EXTRA = -I$(BUILD)/test
$(WITH_EXAMPLES): | $(EXAMPLES)

# Other libraries' loops, those that are there.
FOREIGN = libuv glib-2.0
HERE = $(foreach l,$(FOREIGN),$(if $(shell pkg-config --exists $l 2>/dev/null \
	&& echo yes),$l))
$(BUILD)/test/foreign_test.o: EXTRA = $(patsubst -I%,-isystem %, \
	$(if $(HERE),$(shell pkg-config --cflags $(HERE)))) \
	$(patsubst libuv,-DHAVE_UV,$(patsubst glib-2.0,-DHAVE_GLIB,$(HERE)))
$(BUILD)/test/foreign_test: LDLIBS += \
	$(if $(HERE),$(shell pkg-config --libs $(HERE)))

FUZZERS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard test/*_fuzz.c)))
DIFFERENTIALS := $(patsubst %,$(BUILD)/test/%,differential graph_differential \
	balance)

$(FUZZERS) $(DIFFERENTIALS): %: %.o $(LIB) \
		$(BUILD)/iconv.libs
	$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

TINY_TESTS = value text text_form line ar hostile message walk collect mfc \
	object object_quick object_walk graph list

tiny: $(TINY_TESTS:%=$(BUILD)/test/%_test)

test:
	@CC='$(CC)' sh tools/need.sh 'make test' cc cmocka
	@sh tools/need.sh 'one of the tests' python3 || echo 'going on without it'
	@sh tools/need.sh 'one of the tests' haproxy || echo 'going on without it'
	@BUILD=$(BUILD) sh tools/need.sh 'one of the tests' nginx || echo 'going on without it'
	@sh tools/need.sh 'one of the tests' tshark || echo 'going on without it'
	@$(MAKE) --no-print-directory -s -j$(JOBS) check

check: all $(TESTS) $(FUZZERS) $(DIFFERENTIALS)
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/tiny \
		CPPFLAGS='$(CPPFLAGS) -DCASK_TEST_BUFFER=7' tiny
	@BUILD=$(BUILD) CC='$(CC)' CFLAGS='$(CFLAGS) $(LDFLAGS)' \
		LIBS='$(LIBS)' sh test/run.sh $(TESTS) \
		$(TINY_TESTS:%=$(BUILD)/tiny/test/%_test)

chaos:
	@CC='$(CC)' sh tools/need.sh 'make chaos' cc cmocka
	@$(MAKE) --no-print-directory -s -j$(JOBS) weather

weather: all $(TESTS)
	@WEATHER='CASK_CHAOS=split=1 CASK_TEST_STORM=1 CASK_TEST_STORM=restart' \
		BUILD=$(BUILD) sh test/run.sh $(TESTS)

SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all

sanitize:
	@CC='$(CC)' sh tools/need.sh 'make sanitize' cc cmocka
	@sh tools/need.sh 'one of the tests' python3 || echo 'going on without it'
	@sh tools/need.sh 'one of the tests' haproxy || echo 'going on without it'
	@BUILD=$(BUILD)/sanitize sh tools/need.sh 'one of the tests' nginx || echo 'going on without it'
	@sh tools/need.sh 'one of the tests' tshark || echo 'going on without it'
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)/sanitize \
		CFLAGS='$(SANITIZE)' check

fuzz:
	@CC='$(CC)' sh tools/need.sh 'make fuzz' clang fuzzer
	@$(MAKE) --no-print-directory $(FUZZ:%=$(BUILD)/fuzz/%_fuzz)
	for f in $(FUZZ); do mkdir -p $(BUILD)/fuzz/$$f; \
		$(BUILD)/fuzz/$${f}_fuzz -max_total_time=$(FUZZ_SECONDS) \
		-max_len=4096 $(BUILD)/fuzz/$$f test/corpus/$$f || exit 1; done

FUZZ_OBJ_options := $(LESSON_OBJ)
FUZZ_OBJ_json := $(LESSON_OBJ)
$(BUILD)/fuzz/options_fuzz $(BUILD)/fuzz/json_fuzz: $(LESSON_OBJ)
$(BUILD)/fuzz/%_fuzz: test/%_fuzz.c $(wildcard lib/*.[ch] include/cask/*.h tools/*.[ch]) \
		$(BUILD)/iconv.libs
	@mkdir -p $(@D)
	clang -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -DFUZZING -O1 -g \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(FUZZ_SRC_$*) $(FUZZ_OBJ_$*) lib/*.c $$(cat $(BUILD)/iconv.libs) -lpthread

# Lint and format

lint:
	@CC='$(CC)' sh tools/need.sh 'make lint' cc c++ clang-format clang-tidy cppcheck \
		mandoc
	@$(MAKE) --no-print-directory -s -j$(JOBS) all $(EXAMPLES)
	@BUILD=$(BUILD) sh test/lint.sh

format:
	clang-format -i include/*.h include/cask/*.h lib/*.[ch] tools/*.[ch] \
		tools/lessons/*.c tools/lessons/solutions/*.c test/*.[ch]

# Installing

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR)/cask $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(BASHDIR) $(DESTDIR)$(LUADIR)
	install -m 755 $(CASK) $(DESTDIR)$(BINDIR)/
	install -m 644 $(LIB) $(DESTDIR)$(LIBDIR)/
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf libcask.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libcask.so.$(SOVERSION)
	ln -sf libcask.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libcask.so
	install -m 644 include/cask.h $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 include/cask/*.h $(DESTDIR)$(INCLUDEDIR)/cask/
	install -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(MAN3) $(DESTDIR)$(MANDIR)/man3/
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5/
	install -m 644 $(COMPLETION) $(DESTDIR)$(BASHDIR)/
	install -m 644 tools/cask.lua $(DESTDIR)$(LUADIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		-e 's|@LIBS@|$(LIBS)|' lib/cask.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/cask.pc

uninstall:
	rm -rf $(DESTDIR)$(INCLUDEDIR)/cask
	rm -f $(DESTDIR)$(INCLUDEDIR)/cask.h $(DESTDIR)$(BINDIR)/cask \
		$(DESTDIR)$(LIBDIR)/libcask.a $(DESTDIR)$(LIBDIR)/libcask.so* \
		$(DESTDIR)$(LIBDIR)/pkgconfig/cask.pc \
		$(MAN1:$(BUILD)/man/%=$(DESTDIR)$(MANDIR)/man1/%) \
		$(DESTDIR)$(BASHDIR)/cask $(DESTDIR)$(LUADIR)/cask.lua \
		$(MAN3:lib/%=$(DESTDIR)$(MANDIR)/man3/%) \
		$(MAN5:tools/%=$(DESTDIR)$(MANDIR)/man5/%)

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/lib/*.d $(BUILD)/tools/*.d \
	$(BUILD)/tools/lessons/*.d $(BUILD)/test/*.d)
