/*
 * OLE's dates and spans, and times.  See <cask/mfc.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/mfc.h>

#include <errno.h>
#include <stdint.h>

#define FIRST_DAY (-657434) /* 0100-01-01 */
#define LAST_DAY  2958465   /* 9999-12-31 */
#define EPOCH     25569     /* 1970-01-01 */
#define DAY_S     86400
#define DAY_MS    INT64_C(86400000)

/* Milliseconds, rounded half away from zero. */
static int64_t
rounded(double ms)
{
	return (int64_t)(ms < 0 ? ms - 0.5 : ms + 0.5);
}

/* Into seconds and what is above them. */
static int
set_time(struct timespec *t, int64_t ms)
{
	int64_t s = ms / 1000, rest = ms % 1000;

	if (rest < 0) {
		s--;
		rest += 1000;
	}
	if ((int64_t)(time_t)s != s)
		return EOVERFLOW;
	t->tv_sec = (time_t)s;
	t->tv_nsec = (long)rest * 1000000;
	return 0;
}

/* No time_t is beyond these whose days can be, by far. */
static int
get_time(const struct timespec *t, int64_t *ms)
{
	const int64_t most = INT64_C(4000000) * DAY_S;

	if (t->tv_nsec < 0 || t->tv_nsec > 999999999)
		return EINVAL;
	if (t->tv_sec > most || t->tv_sec < -most)
		return ERANGE;
	*ms = (int64_t)t->tv_sec * 1000 + (t->tv_nsec + 500000) / 1000000;
	return 0;
}

/* A fraction that is rounded up to a whole day makes it the next one. */
int
cask_date_to_time(double days, struct timespec *t)
{
	int64_t day, ms;
	double fraction;

	*t = (struct timespec) { 0 };
	if (!(days > FIRST_DAY - 1 && days < LAST_DAY + 1))
		return ERANGE;
	day = (int64_t)days;
	fraction = days - (double)day;
	if (fraction < 0)
		fraction = -fraction;
	ms = rounded(fraction * (double)DAY_MS);
	if (day == LAST_DAY && ms == DAY_MS)
		return ERANGE;
	return set_time(t, (day - EPOCH) * DAY_MS + ms);
}

int
cask_time_to_date(const struct timespec *t, double *days)
{
	int64_t ms, day, rest;
	double fraction;
	int err = get_time(t, &ms);

	*days = 0;
	if (err != 0)
		return err;
	ms += EPOCH * DAY_MS;
	day = ms / DAY_MS;
	rest = ms % DAY_MS;
	if (rest < 0) {
		day--;
		rest += DAY_MS;
	}
	if (day < FIRST_DAY || day > LAST_DAY)
		return ERANGE;
	fraction = (double)rest / (double)DAY_MS;
	*days = (double)day + (day < 0 ? -fraction : fraction);
	return 0;
}

/* As far as from one end of all dates to the other. */
#define MOST_DAYS (LAST_DAY + 1 - FIRST_DAY)

int
cask_span_to_time(double days, struct timespec *t)
{
	*t = (struct timespec) { 0 };
	if (!(days >= -MOST_DAYS && days <= MOST_DAYS))
		return ERANGE;
	return set_time(t, rounded(days * (double)DAY_MS));
}

int
cask_time_to_span(const struct timespec *t, double *days)
{
	int64_t ms;
	int err = get_time(t, &ms);

	*days = 0;
	if (err != 0)
		return err;
	if (ms < -MOST_DAYS * DAY_MS || ms > MOST_DAYS * DAY_MS)
		return ERANGE;
	*days = (double)ms / (double)DAY_MS;
	return 0;
}
