/*
 * The cask command: its arguments, and report and collect with each other.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tools_kit.h"

#include <sys/stat.h>
#include <sys/utsname.h>

static char out[TEXT], err[TEXT], out2[TEXT], err2[TEXT];

/* Arguments */

struct use {
	const char *argv[8]; /* after "cask" */
	const char *err;     /* all that is said */
};

static const struct use wrong[] = {
	{ { "nonsense" },
	    "cask: 'nonsense' is no subcommand; 'cask help' lists them\n" },
	{ { "repotr" },
	    "cask: 'repotr' is no subcommand; did you mean 'report'? "
	    "('cask help' lists them)\n" },
	{ { "--vesion" },
	    "cask: --vesion: unknown option; did you mean --version? "
	    "('cask help' lists them)\n" },
	{ { "help", "nonsense" },
	    "cask help: 'nonsense' is no subcommand; 'cask help' lists "
	    "them\n" },
	{ { "help", "report", "x" },
	    "cask help: 'x': one argument too many\n" },
	{ { "report" },
	    "cask report: HOST is missing; usage: cask report [OPTION]... "
	    "HOST PORT ('cask help report')\n" },
	{ { "report", "h" },
	    "cask report: PORT is missing; usage: cask report [OPTION]... "
	    "HOST PORT ('cask help report')\n" },
	{ { "report", "h", "1", "x" },
	    "cask report: 'x': one argument too many\n" },
	{ { "report", "", "1" }, "cask report: HOST: is empty\n" },
	{ { "report", "h", "0" },
	    "cask report: PORT: '0' is not a port: a number from 1 to 65535, "
	    "or the name of a service\n" },
	{ { "report", "h", "65536" },
	    "cask report: PORT: '65536' is not a port: a number from 1 to "
	    "65535, or the name of a service\n" },
	{ { "report", "h", "1", "--count", "abc" },
	    "cask report: --count: 'abc' is not a number from 1 to "
	    "1000000000\n" },
	{ { "report", "h", "1", "--count=0" },
	    "cask report: --count: '0' is not a number from 1 to "
	    "1000000000\n" },
	{ { "report", "h", "1", "-n-1" },
	    "cask report: -n: '-1' is not a number from 1 to 1000000000\n" },
	{ { "report", "h", "1", "--count", "99999999999999999999" },
	    "cask report: --count: '99999999999999999999' is not a number "
	    "from 1 to 1000000000\n" },
	{ { "report", "h", "1", "--count" },
	    "cask report: --count: its value is missing\n" },
	{ { "report", "h", "1", "--interval", "0" },
	    "cask report: --interval: '0' is not a number of seconds from "
	    "0.001 to 86400\n" },
	{ { "report", "h", "1", "--interval", "nan" },
	    "cask report: --interval: 'nan' is not a number of seconds from "
	    "0.001 to 86400\n" },
	{ { "report", "h", "1", "--interval", "1s" },
	    "cask report: --interval: '1s' is not a number of seconds from "
	    "0.001 to 86400\n" },
	{ { "report", "h", "1", "--name", "" },
	    "cask report: --name: is empty\n" },
	{ { "report", "h", "1", "--name", "ab\xff" },
	    "cask report: --name: not UTF-8 at byte 2\n" },
	{ { "report", "h", "1", "--name",
	      "012345678901234567890123456789012345678901234567890123456789012"
	      "3" },
	    "cask report: --name: 64 bytes long, limit 63\n" },
	{ { "report", "h", "1", "--proc", "/nowhere" },
	    "cask report: --proc: /nowhere: No such file or directory\n" },
	{ { "report", "h", "1", "--bogus" },
	    "cask report: --bogus: unknown option; 'cask help report' lists "
	    "them\n" },
	{ { "report", "h", "1", "--interva", "1" },
	    "cask report: --interva: unknown option; did you mean --interval? "
	    "('cask help report' lists them)\n" },
	{ { "report", "h", "1", "-x" },
	    "cask report: -x: unknown option; 'cask help report' lists "
	    "them\n" },
	{ { "collect", "x" }, "cask collect: 'x': one argument too many\n" },
	{ { "collect", "--json=3" }, "cask collect: --json: takes no value\n" },
	{ { "collect", "-l", "" }, "cask collect: -l: is empty\n" },
	{ { "collect", "-p", "70000" },
	    "cask collect: -p: '70000' is not a port: a number from 0 to "
	    "65535, or the name of a service\n" },
	{ { "collect", "--json", "--table" },
	    "cask collect: --json and --table: one or the other\n" },
};

static void
run(const char *const *args, struct child *c)
{
	const char *argv[10] = { "cask" };
	char *copy[10] = { NULL };

	for (size_t i = 0; args[i] != NULL; i++)
		argv[i + 1] = args[i];
	memcpy(copy, argv, sizeof argv);
	start(c, copy);
}

static void
wrong_arguments_are_named_with_exit_code_2(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct child c;

		run(wrong[i].argv, &c);
		assert_int_equal(finish(&c, out, err), 2);
		assert_string_equal(err, wrong[i].err);
		assert_string_equal(out, "");
	}
}

static void
help_is_printed_for_the_command_and_each_subcommand(void **state)
{
	static const struct {
		const char *argv[4];
		const char *has;
	} helps[] = {
		{ { "help" }, "cask collect" },
		{ { "--help" }, "cask report" },
		{ { "help", "report" }, "--interval S" },
		{ { "report", "--help" }, "--retry S" },
		{ { "help", "collect" }, "--json" },
		{ { "collect", "-h" }, "-p, --port PORT" },
		{ { "--version" }, "cask 0." },
	};
	struct child c;

	(void)state;
	for (size_t i = 0; i < COUNT(helps); i++) {
		run(helps[i].argv, &c);
		assert_int_equal(finish(&c, out, err), 0);
		ASSERT_HAS(out, helps[i].has);
		assert_string_equal(err, "");
	}
	start(&c, (char *[]) { A("cask"), NULL });
	assert_int_equal(finish(&c, out, err), 2);
	assert_string_equal(out, "");
	ASSERT_HAS(err, "usage: cask SUBCOMMAND");
}

static void
an_unknown_host_and_a_taken_address_are_named_with_exit_code_1(void **state)
{
	struct child c;
	char port[8], words[128];
	int listener = listen_on_any(port);

	(void)state;
	START(&c, A("report"), A("no.such.host.invalid"), A("1"));
	assert_int_equal(finish(&c, out, err), 1);
	ASSERT_HAS(err, "cask report: connect no.such.host.invalid:1: ");
	START(&c, A("collect"), A("-l"), A("127.0.0.1"), A("-p"), port);
	assert_int_equal(finish(&c, out, err), 1);
	snprintf(words, sizeof words, "127.0.0.1:%s: Address already in use\n",
	    port);
	ASSERT_HAS(err, words);
	assert_string_equal(out, "");
	close(listener);
}

/* Output */

static void
a_closed_or_full_standard_output_is_said_with_exit_code_1(void **state)
{
	static const char *const args[][2] = { { "help", NULL },
		{ "--version", NULL } };
	int pair[2], e[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	make_pipe(pair);
	close(pair[0]);
	for (size_t i = 0; i < COUNT(args); i++) {
		struct child c;

		make_pipe(e);
		start_to(&c, (char *[]) { A("cask"), A("help"), NULL },
		    i > 0 && full >= 0 ? full : pair[1], e[1]);
		close(e[1]);
		read_all(e[0], err, TEXT);
		assert_int_equal(await_exit(&c), 1);
		ASSERT_HAS(err, ": standard output: ");
	}
	close(pair[1]);
	if (full >= 0)
		close(full);
}

static void
a_collector_whose_reader_went_says_so_and_ends(void **state)
{
	struct child c, r;
	char port[8];

	(void)state;
	COLLECTOR(&c, port, A("--json"));
	close(c.out);
	REPORTER(&r, port, A("--count"), A("2"), A("--interval"), A("0.05"));
	read_all(c.err, err, TEXT);
	assert_int_equal(await_exit(&c), 1);
	assert_string_equal(
	    err, "cask collect: standard output: Broken pipe\n");
	hang_up(&r);
}

static void
quiet_leaves_out_what_is_no_result_and_verbose_tells_what_goes_on(void **state)
{
	struct child c, r;
	char port[8];

	(void)state;
	COLLECTOR(&c, port, A("--count"), A("1"), A("--verbose"));
	REPORTER(&r, port, A("--count"), A("1"), A("-q"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_string_equal(err, "");
	assert_ptr_equal(strstr(out, "sent 1 reports, "), out);
	assert_int_equal(finish(&c, out, err), 0);
	ASSERT_HAS(err, "cask collect: 127.0.0.1:");
	ASSERT_HAS(err, ": connected\n");
	COLLECTOR(&c, port, A("--count"), A("1"));
	REPORTER(&r, port, A("--count"), A("1"), A("-v"));
	assert_int_equal(finish(&r, out, err), 0);
	ASSERT_HAS(err, ": acknowledged report 1\n");
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	START(&c, A("collect"), A("-q"), A("-p0"), A("-l127.0.0.1"));
	test_pause(50);
	kill(c.pid, SIGTERM);
	finish(&c, out, err);
	ASSERT_LACKS(out, "listening");
}

/* Both ends */

static void
two_reporters_and_a_collector_agree_on_every_report(void **state)
{
	struct child c, a, b;
	char port[8];
	const char *hash;

	(void)state;
	COLLECTOR(&c, port, A("--count"), A("10"));
	REPORTER(&a, port, A("--count"), A("5"), A("--interval"), A("0.02"),
	    A("--name"), A("one"));
	REPORTER(&b, port, A("--count"), A("5"), A("--interval"), A("0.02"),
	    A("--name"), A("two"));
	assert_int_equal(finish(&a, out, err), 0);
	assert_string_equal(err, "");
	ASSERT_HAS(out, "sent 5 reports, 5 acknowledged, 0 sent again, hash ");
	assert_int_equal(finish(&b, out2, err), 0);
	assert_string_equal(err, "");
	hash = strstr(out, "hash ");
	assert_int_equal(finish(&c, err2, err), 0);
	assert_string_equal(err, "");
	ASSERT_HAS(err2, hash);
	ASSERT_HAS(err2, strstr(out2, "hash "));
	ASSERT_HAS(err2, "\ntotal one: 5 reports, 0 missing, 0 sent again");
	ASSERT_HAS(err2, "\ntotal 10 reports of 2 reporters\n");
	for (int i = 1; i <= 5; i++) {
		char line[64];

		snprintf(
		    line, sizeof line, "one: report %d from 127.0.0.1:", i);
		assert_int_equal(occurrences(err2, line), 1);
		snprintf(
		    line, sizeof line, "two: report %d from 127.0.0.1:", i);
		assert_int_equal(occurrences(err2, line), 1);
	}
}

static void
names_from_a_peer_cannot_harm_a_terminal_or_a_line(void **state)
{
	struct child c, r;
	char port[8];

	(void)state;
	COLLECTOR(&c, port, A("--count"), A("1"));
	REPORTER(&r, port, A("--count"), A("1"), A("--name"),
	    A("a\n\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\"Київ\" 東京"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_int_equal(finish(&c, out2, err2), 0);
	ASSERT_HAS(out2, "a??[2J???\"Київ\" 東京: report 1 from ");
	ASSERT_HAS(out, "as a??[2J???\"Київ\" 東京 every");
	COLLECTOR(&c, port, A("--count"), A("1"), A("--json"));
	REPORTER(&r, port, A("--count"), A("1"), A("--name"),
	    A("\"\\\n\x1b\xf0\x9f\x98\x80\xf3\xa0\x81\x81"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_int_equal(finish(&c, out2, err2), 0);
	ASSERT_HAS(out2,
	    "{\"name\":"
	    "\"\\\"\\\\\\u000a\\u001b\xf0\x9f\x98\x80\\udb40\\udc41\","
	    "\"peer\":\"127.0.0.1:");
}

static void
a_collector_that_is_told_to_end_prints_its_totals(void **state)
{
	struct child c, r;
	char port[8], line[512];

	(void)state;
	COLLECTOR(&c, port, A("--timeout"), A("1"));
	REPORTER(&r, port, A("--count"), A("1"), A("--name"), A("x"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_true(read_line(c.out, line, sizeof line));
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
	ASSERT_HAS(out, "total x: 1 reports, 0 missing");
	COLLECTOR(&c, port, A("--count"), A("3"));
	kill(c.pid, SIGINT);
	assert_int_equal(finish(&c, out, err), 1);
	assert_string_equal(
	    err, "cask collect: told to end after 0 of 3 reports\n");
}

static void
the_table_is_drawn_over_itself(void **state)
{
	struct child c, r;
	char port[8];

	(void)state;
	COLLECTOR(&c, port, A("--count"), A("3"), A("--table"));
	REPORTER(&r, port, A("--count"), A("3"), A("--interval"), A("0.15"),
	    A("--name"), A("東京東京東京東京"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_int_equal(finish(&c, out, err), 0);
	ASSERT_HAS(out, "\033[2A\r\033[J");
	ASSERT_HAS(out, "NAME          COUNT LAST        UP");
	ASSERT_HAS(out, "\n東京東京東京      3");
	ASSERT_LACKS(out, "report 1 from");
}

/* The figures, from a /proc of our own */

static char dir[] = "/tmp/cask-tools-XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
make_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int
make_proc(void **state)
{
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (mkdtemp(dir) == NULL)
		return -1;
	make_dir("self");
	make_dir("net");
	return kill_children(state);
}

static int
remove_proc(void **state)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command) == 0 ? kill_children(state) : -1;
}

/* One report, read from dir, as a line of JSON in out. */
static void
report_from_dir(void)
{
	struct child c, r;
	char port[8];

	COLLECTOR(&c, port, A("--count"), A("1"), A("--json"));
	REPORTER(&r, port, A("--count"), A("1"), A("--name"), A("x"),
	    A("--proc"), dir);
	assert_int_equal(finish(&r, out, err), 0);
	assert_string_equal(err, "");
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
}

static void
every_figure_arrives_as_it_was_read(void **state)
{
	(void)state;
	write_file("uptime", "12345.67 54321.00\n");
	write_file("loadavg", "0.25 1.50 2.75 1/100 4242\n");
	write_file("stat",
	    "cpu  30 40 50 60 70 80 90 100 0 0\n"
	    "cpu0 10 20 30 40 50 60 70 80 0 0\n"
	    "cpu7 20 20 20 20 20 20 20 20 0 0\n"
	    "intr 5 5 5\ncpu8 1 1 1\n");
	write_file("meminfo",
	    "MemTotal:  1000 kB\nMemFree: 900 kB\nMemAvailable: 950 kB\n"
	    "Buffers: 10 kB\nCached: 20 kB\nSwapCached: 5 kB\n"
	    "SwapTotal: 30 kB\nSwapFree: 25 kB\n");
	write_file("net/dev",
	    "Inter-|   Receive  |  Transmit\n face |bytes    packets|bytes\n"
	    "    lo: 111 1 0 0 0 0 0 0 222 1 0 0 0 0 0 0\n"
	    "  eth0:18446744073709551615 1 0 0 0 0 0 0 444 1 0 0 0 0 0 0\n");
	report_from_dir();
	ASSERT_HAS(out, "\"uptime\":12345.67,\"load\":[0.25,1.5,2.75],");
	ASSERT_HAS(out,
	    "\"memory\":{\"total\":1024000,\"free\":921600,"
	    "\"available\":972800,\"buffers\":10240,\"cached\":20480,"
	    "\"swap_total\":30720,\"swap_free\":25600},");
	ASSERT_HAS(out,
	    "\"cpu\":{\"user_ms\":300,\"nice_ms\":400,\"system_ms\":500,"
	    "\"idle_ms\":600,\"iowait_ms\":700,\"irq_ms\":800,"
	    "\"softirq_ms\":900,\"steal_ms\":1000},\"cpus_total\":2,"
	    "\"cpus\":[{\"number\":0,\"user_ms\":100,\"nice_ms\":200,");
	ASSERT_HAS(out, "\"steal_ms\":800},{\"number\":7,\"user_ms\":200,");
	ASSERT_HAS(out,
	    "\"interfaces_total\":2,\"interfaces\":[{\"name\":\"lo\","
	    "\"received\":111,\"sent\":222},{\"name\":\"eth0\","
	    "\"received\":18446744073709551615,\"sent\":444}],");
	ASSERT_HAS(out, "\"disks_total\":0,\"disks\":[],\"altered\":0}\n");
}

static void
file_systems_come_with_names_in_any_script(void **state)
{
	char mounts[4096], want[512];

	(void)state;
	make_dir("диск один");
	make_dir("bad\xff");
	snprintf(mounts, sizeof mounts,
	    "/dev/a %s/диск\\040один ext4 rw 0 0\n"
	    "/dev/b %s/bad\xff ext4 rw 0 0\n"
	    "/dev/c /nowhere ext4 rw 0 0\n"
	    "server:/x /far nfs4 rw 0 0\n"
	    "/etc/auto /auto autofs rw 0 0\n"
	    "proc /proc proc rw 0 0\n"
	    "/dev/top %s/диск\\040один xfs rw 0 0\n"
	    "nonsense\n",
	    dir, dir, dir);
	write_file("self/mounts", mounts);
	report_from_dir();
	ASSERT_HAS(out, "\"disks_total\":3,");
	snprintf(want, sizeof want,
	    "{\"path\":\"%s/диск один\",\"device\":\"/dev/top\","
	    "\"type\":\"xfs\",\"measured\":true,\"size\":",
	    dir);
	ASSERT_HAS(out, want);
	snprintf(want, sizeof want, "{\"path\":\"%s/bad\xef\xbf\xbd\",", dir);
	ASSERT_HAS(out, want);
	ASSERT_HAS(out,
	    "{\"path\":\"/far\",\"device\":\"server:/x\",\"type\":\"nfs4\","
	    "\"measured\":false,\"size\":0,");
	ASSERT_HAS(out, "\"altered\":1}");
}

static void
what_is_too_much_is_left_out_and_counted(void **state)
{
	static char text[65536];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "cpu%d 1 2 3 4 5 6 7 8\n", i);
	write_file("stat", text);
	n = 0;
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		    " if%d: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n", i);
	write_file("net/dev", text);
	n = 0;
	for (int i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof name, "disk%d", i);
		make_dir(name);
		n += (size_t)snprintf(text + n, sizeof text - n,
		    "/dev/%d %s/%s ext4 rw 0 0\n", i, dir, name);
	}
	write_file("self/mounts", text);
	report_from_dir();
	ASSERT_HAS(out, "\"cpus_total\":300,");
	assert_int_equal(occurrences(out, "\"number\":"), 256);
	ASSERT_HAS(out, "\"interfaces_total\":40,");
	assert_int_equal(occurrences(out, "\"received\":"), 32);
	ASSERT_HAS(out, "\"disks_total\":40,");
	assert_int_equal(occurrences(out, "\"path\":"), 32);
}

static void
a_machine_that_tells_nothing_can_report(void **state)
{
	(void)state;
	report_from_dir();
	ASSERT_HAS(
	    out, "\"uptime\":0,\"load\":[0,0,0],\"memory\":{\"total\":0");
	ASSERT_HAS(out,
	    "\"cpus\":[],\"interfaces_total\":0,\"interfaces\":[],"
	    "\"disks_total\":0,\"disks\":[],");
}

/* A checker of JSON: the character after the value, or NULL. */

static const char *json_value(const char *s);

static const char *
json_string(const char *s)
{
	if (s == NULL || *s++ != '"')
		return NULL;
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20)
			return NULL;
		if (*s == '\\' && strchr("\"\\/bfnrtu", *++s) == NULL)
			return NULL;
	}
	return s + 1;
}

static const char *
json_list(const char *s, char end, bool keys)
{
	if (*s == end)
		return s + 1;
	for (;;) {
		if (keys) {
			s = json_string(s);
			if (s == NULL || *s++ != ':')
				return NULL;
		}
		s = json_value(s);
		if (s == NULL || *s == end)
			return s != NULL ? s + 1 : NULL;
		if (*s++ != ',')
			return NULL;
	}
}

static const char *
json_value(const char *s)
{
	char *end;

	if (*s == '{')
		return json_list(s + 1, '}', true);
	if (*s == '[')
		return json_list(s + 1, ']', false);
	if (*s == '"')
		return json_string(s);
	if (strncmp(s, "true", 4) == 0)
		return s + 4;
	if (strncmp(s, "false", 5) == 0)
		return s + 5;
	if (strchr("-0123456789", *s) == NULL)
		return NULL;
	strtod(s, &end);
	return end;
}

static void
the_figures_are_this_machines_and_valid_json(void **state)
{
	struct child c, r;
	char port[8], want[400];
	unsigned long long kb = 0;
	struct utsname u;
	const char *end;
	FILE *f = fopen("/proc/meminfo", "r");

	(void)state;
	if (f == NULL)
		skip();
	assert_int_equal(fscanf(f, "MemTotal: %llu kB", &kb), 1);
	fclose(f);
	assert_int_equal(uname(&u), 0);
	COLLECTOR(&c, port, A("--count"), A("1"), A("--json"));
	REPORTER(&r, port, A("--count"), A("1"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_int_equal(finish(&c, out, err), 0);
	end = json_value(out);
	assert_non_null(end);
	assert_string_equal(end, "\n");
	snprintf(want, sizeof want, "\"host\":\"%s\",\"kernel\":\"%s %s %s\",",
	    u.nodename, u.sysname, u.release, u.machine);
	ASSERT_HAS(out, want);
	snprintf(want, sizeof want, "\"memory\":{\"total\":%llu,", kb * 1024);
	ASSERT_HAS(out, want);
	snprintf(want, sizeof want, "\"cpus_total\":%ld,",
	    sysconf(_SC_NPROCESSORS_ONLN));
	ASSERT_HAS(out, want);
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, NULL, kill_children)
#define WITH_PROC(test) \
	cmocka_unit_test_setup_teardown(test, make_proc, remove_proc)

static const struct CMUnitTest tests[] = {
	CLEAN(wrong_arguments_are_named_with_exit_code_2),
	CLEAN(help_is_printed_for_the_command_and_each_subcommand),
	CLEAN(an_unknown_host_and_a_taken_address_are_named_with_exit_code_1),
	CLEAN(a_closed_or_full_standard_output_is_said_with_exit_code_1),
	CLEAN(a_collector_whose_reader_went_says_so_and_ends),
	CLEAN(
	    quiet_leaves_out_what_is_no_result_and_verbose_tells_what_goes_on),
	CLEAN(two_reporters_and_a_collector_agree_on_every_report),
	CLEAN(names_from_a_peer_cannot_harm_a_terminal_or_a_line),
	CLEAN(a_collector_that_is_told_to_end_prints_its_totals),
	CLEAN(the_table_is_drawn_over_itself),
	WITH_PROC(every_figure_arrives_as_it_was_read),
	WITH_PROC(file_systems_come_with_names_in_any_script),
	WITH_PROC(what_is_too_much_is_left_out_and_counted),
	WITH_PROC(a_machine_that_tells_nothing_can_report),
	CLEAN(the_figures_are_this_machines_and_valid_json),
};

RUN_TESTS(tests)
