/*
 * Tests of cask_pump_fd in the loops of libuv and of GLib, as far as they were
 * there when this was compiled (HAVE_UV, HAVE_GLIB; see the Makefile).
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"
#include "pump_kit.h"

#ifdef HAVE_UV
#include <uv.h>
#endif
#ifdef HAVE_GLIB
#include <glib-unix.h>
#include <glib.h>
#endif

/* What the pump holds: a timer that writes into a pipe, and its reader, who
 * has had enough after three times. */
struct guest {
	struct station st;
	struct cask_timer timer;
	void (*enough)(void);
};

static struct guest guest;

static void
write_one(struct cask_timer *t)
{
	(void)t;
	ring(&guest.st);
}

static void
read_one(struct station *st)
{
	answer(st);
	if (st->calls == 3)
		guest.enough();
}

static inline void
guest_open(void (*enough)(void))
{
	guest = (struct guest) {
		.timer = { .after_ms = 2, .every_ms = 2, .fire = write_one },
		.enough = enough,
	};
	station_open(&guest.st, read_one);
	assert_int_equal(cask_watch_start(&guest.st.watch), 0);
	assert_int_equal(cask_timer_start(&guest.timer), 0);
}

static inline void
guest_close(void)
{
	assert_true(guest.st.calls >= 3);
	cask_timer_stop(&guest.timer);
	station_close(&guest.st);
	assert_int_equal(fault_allocations(), 0);
}

#ifdef HAVE_UV
static uv_poll_t in_uv;

static void
uv_enough(void)
{
	uv_close((uv_handle_t *)&in_uv, NULL);
}

static void
uv_turn(uv_poll_t *h, int status, int events)
{
	(void)h, (void)status, (void)events;
	assert_int_equal(cask_pump_turn(0, NULL), 0);
}

static void
a_pump_runs_in_the_loop_of_libuv(void **state)
{
	uv_loop_t loop;

	(void)state;
	guest_open(uv_enough);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(uv_poll_init(&loop, &in_uv, cask_pump_fd()), 0);
	assert_int_equal(uv_poll_start(&in_uv, UV_READABLE, uv_turn), 0);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	guest_close();
}
#else
static void
a_pump_runs_in_the_loop_of_libuv(void **state)
{
	(void)state;
	print_message("skipped: libuv was not there\n");
	skip();
}
#endif

#ifdef HAVE_GLIB
static GMainLoop *in_glib;

static void
glib_enough(void)
{
	g_main_loop_quit(in_glib);
}

static gboolean
glib_turn(gint fd, GIOCondition condition, gpointer user)
{
	(void)fd, (void)condition, (void)user;
	assert_int_equal(cask_pump_turn(0, NULL), 0);
	return G_SOURCE_CONTINUE;
}

static void
a_pump_runs_in_the_loop_of_glib(void **state)
{
	GMainContext *context = g_main_context_new();
	GSource *source;

	(void)state;
	guest_open(glib_enough);
	in_glib = g_main_loop_new(context, FALSE);
	source = g_unix_fd_source_new(cask_pump_fd(), G_IO_IN);
	g_source_set_callback(
	    source, (GSourceFunc)(void (*)(void))glib_turn, NULL, NULL);
	g_source_attach(source, context);
	g_main_loop_run(in_glib);
	g_source_destroy(source);
	g_source_unref(source);
	g_main_loop_unref(in_glib);
	g_main_context_unref(context);
	guest_close();
}
#else
static void
a_pump_runs_in_the_loop_of_glib(void **state)
{
	(void)state;
	print_message("skipped: GLib was not there\n");
	skip();
}
#endif

/* Where there is no such descriptor, the other loop goes into the pump. */
static bool
no_descriptor(void)
{
	int fd = cask_pump_fd();

	cask_pump_turn(0, NULL);
	return fd < 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pump_runs_in_the_loop_of_libuv),
		cmocka_unit_test(a_pump_runs_in_the_loop_of_glib),
	};

	alarm(TEST_SECONDS);
	if (no_descriptor()) {
		puts("skipped: this pump has no descriptor");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
