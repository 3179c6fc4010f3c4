/*-------------------------------------------------------------------------
 *
 * tap.h
 *	  The few macros that a unit test of pure code needs; prints TAP.
 *
 * A test is a program: checks, then "return done_testing();" in main.
 *
 * IDENTIFICATION
 *	  test/unit/tap.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef TAP_H
#define TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int	tap_run;
static int	tap_failed;

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) \
	tap_is_int((int64_t) (got), (int64_t) (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) \
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_slice(got, want, ...) \
	tap_is_slice((got).data, (got).len, (want), __FILE__, __LINE__, __VA_ARGS__)

static inline bool
tap_ok(bool passed, const char *file, int line, const char *fmt,...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_run);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (!passed)
	{
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	return passed;
}

static inline bool
tap_is_int(int64_t got, int64_t want, const char *file, int line,
		   const char *name)
{
	bool		passed = tap_ok(got == want, file, line, "%s", name);

	if (!passed)
		printf("# got %" PRId64 ", want %" PRId64 "\n", got, want);
	return passed;
}

static inline bool
tap_is_slice(const char *got, size_t len, const char *want, const char *file,
			 int line, const char *name)
{
	bool		passed = len == strlen(want) && memcmp(got, want, len) == 0;

	tap_ok(passed, file, line, "%s", name);
	if (!passed)
		printf("# got \"%.*s\", want \"%s\"\n", (int) len, got, want);
	return passed;
}

static inline bool
tap_is_str(const char *got, const char *want, const char *file, int line,
		   const char *name)
{
	return tap_is_slice(got, strlen(got), want, file, line, name);
}

static inline int
done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif							/* TAP_H */
