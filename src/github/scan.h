/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  A one-pass reader of JSON that copies nothing.
 *
 * The caller pulls: it asks for the next key or element and then takes the
 * value in the type it wants, or skips it.  Strings are decoded in place, so
 * the buffer must be writable and slices point into it; a decoded string is
 * never longer than its source.
 *
 * What PostgreSQL's text can't hold is replaced and counted, never fatal:
 * \u0000 and lone surrogates become U+FFFD, a byte that is no UTF-8 becomes
 * '?'.  Anything that is not JSON, or nested deeper than GHC_SCAN_DEPTH, is an
 * error that sticks: all further calls return false.
 *
 * Pure: no SPI, no curl, no clock, no allocation.
 *
 * IDENTIFICATION
 *	  src/github/scan.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SCAN_H
#define GHC_SCAN_H

#include "base/slice.h"

#define GHC_SCAN_DEPTH 32

/* the error of a key that came before, where one of the two must be a lie */
#define GHC_SCAN_REPEATED "a key came twice"

/* so many digits fit into 64 bits, whatever they are */
#define GHC_SCAN_SHORT_DIGITS 18

typedef enum GhcScanType
{
	GHC_SCAN_END,				/* end of input, or an error */
	GHC_SCAN_NULL,
	GHC_SCAN_BOOL,
	GHC_SCAN_NUMBER,
	GHC_SCAN_STRING,
	GHC_SCAN_ARRAY,
	GHC_SCAN_OBJECT,
} GhcScanType;

typedef struct GhcScan
{
	char	   *cur;
	char	   *end;
	char	   *start;
	int			depth;
	uint32_t	replaced;		/* characters that were replaced so far */
	const char *error;			/* static text, or NULL */
	size_t		error_at;		/* byte offset of the error */
} GhcScan;

/* Starts reading len bytes of JSON, which it may change. */
extern void ghc_scan_init(GhcScan *scan, char *json, size_t len);

/* Stops at the cursor with an error (static text); returns false. */
extern bool ghc_scan_fail(GhcScan *scan, const char *error);

/* What comes next; consumes nothing but blanks. */
extern GhcScanType ghc_scan_peek(GhcScan *scan);

/* '{' or '['.  False (and an error) if something else comes. */
extern bool ghc_scan_enter_object(GhcScan *scan);
extern bool ghc_scan_enter_array(GhcScan *scan);

/* Those below whose name ends so are for all that the inline ones leave. */
extern bool ghc_scan_next_key_any(GhcScan *scan, bool *first, GhcSlice *key);
extern bool ghc_scan_next_element_any(GhcScan *scan, bool *first);
extern bool ghc_scan_int_any(GhcScan *scan, int64_t *value);
extern bool ghc_scan_bool_any(GhcScan *scan, bool *value);

/* Takes a character if it stands at the cursor, without blanks before it. */
static inline bool
ghc_scan_try_char(GhcScan *scan, char c)
{
	if (scan->cur == scan->end || *scan->cur != c)
		return false;
	scan->cur++;
	return true;
}

/*
 * Inside an object: reads the next key and its colon; false at '}' (which is
 * consumed) or on an error.  *first is the caller's, true before the first
 * call.
 */
static inline bool
ghc_scan_next_key(GhcScan *scan, bool *first, GhcSlice *key)
{
	if (!ghc_scan_try_char(scan, '}'))
		return ghc_scan_next_key_any(scan, first, key);
	scan->depth--;
	return false;
}

/* memcmp without the call, which takes longer than a key does */
static inline bool
ghc_scan_same_bytes(const char *a, const char *b, size_t n)
{
	uint64_t	word_a;
	uint64_t	word_b;
	uint32_t	half_a[2];
	uint32_t	half_b[2];

	if (n < sizeof(half_a[0]))
	{
		while (n > 0 && a[n - 1] == b[n - 1])
			n--;
		return n == 0;
	}
	if (n < sizeof(word_a))
	{
		memcpy(&half_a[0], a, sizeof(half_a[0]));
		memcpy(&half_b[0], b, sizeof(half_b[0]));
		memcpy(&half_a[1], a + n - sizeof(half_a[1]), sizeof(half_a[1]));
		memcpy(&half_b[1], b + n - sizeof(half_b[1]), sizeof(half_b[1]));
		return half_a[0] == half_b[0] && half_a[1] == half_b[1];
	}

	/* the last word overlaps the one before it */
	for (size_t i = 0;; i += sizeof(word_a))
	{
		if (i > n - sizeof(word_a))
			i = n - sizeof(word_a);
		memcpy(&word_a, a + i, sizeof(word_a));
		memcpy(&word_b, b + i, sizeof(word_b));
		if (word_a != word_b)
			return false;
		if (i == n - sizeof(word_a))
			return true;
	}
}

/*
 * The same for a key that the caller foretells: if exactly that follows,
 * without blanks, it is taken, which is faster than reading it.  Otherwise
 * nothing happens, and the result is false.
 */
static inline bool
ghc_scan_try_key(GhcScan *scan, bool *first, GhcSlice key)
{
	char	   *p = scan->cur;

	/* a comma, two quotes and a colon */
	if ((size_t) (scan->end - p) < key.len + 4)
		return false;
	if (!*first && *p++ != ',')
		return false;
	if (p[0] != '"' || p[key.len + 1] != '"' || p[key.len + 2] != ':' ||
		!ghc_scan_same_bytes(p + 1, key.data, key.len))
		return false;
	scan->cur = p + key.len + 3;
	*first = false;
	return true;
}

/* Inside an array: true if an element follows, false at ']' or on an error. */
static inline bool
ghc_scan_next_element(GhcScan *scan, bool *first)
{
	if (!*first && ghc_scan_try_char(scan, ','))
		return true;
	return ghc_scan_next_element_any(scan, first);
}

/*
 * Take a value of the type.  If the next value is of another type or, for an
 * integer, written with a point or exponent or outside 64 bits, it is skipped
 * and the result is false without an error; scan->error tells the two apart.
 */
extern bool ghc_scan_string(GhcScan *scan, GhcSlice *value);

/* The usual integer is a few digits and then a comma or the end of an object. */
static inline bool
ghc_scan_int(GhcScan *scan, int64_t *value)
{
	const char *p = scan->cur;
	int64_t		number = 0;

	while (p < scan->end && *p >= '0' && *p <= '9' &&
		   p - scan->cur < GHC_SCAN_SHORT_DIGITS)
		number = number * 10 + (*p++ - '0');
	if (p == scan->cur || p == scan->end || (*p != ',' && *p != '}') ||
		(*scan->cur == '0' && p - scan->cur > 1))
		return ghc_scan_int_any(scan, value);
	scan->cur += p - scan->cur;
	*value = number;
	return true;
}

static inline bool
ghc_scan_bool(GhcScan *scan, bool *value)
{
	bool		is_true;

	if (scan->end - scan->cur < 5)
		return ghc_scan_bool_any(scan, value);
	is_true = memcmp(scan->cur, "true", 4) == 0;
	if (!is_true && memcmp(scan->cur, "false", 5) != 0)
		return ghc_scan_bool_any(scan, value);
	scan->cur += is_true ? 4 : 5;
	*value = is_true;
	return true;
}

/* Skips one value of any type, checking it as JSON. */
extern bool ghc_scan_skip(GhcScan *scan);

/*
 * Notes that a key came, by its bit in "came"; a second time ends the scan: it
 * can't be told which of two values is meant, and each may cost memory.
 */
static inline bool
ghc_scan_once(GhcScan *scan, uint64_t *came, int bit)
{
	if ((*came >> bit & 1) != 0)
		return ghc_scan_fail(scan, GHC_SCAN_REPEATED);
	*came |= UINT64_C(1) << bit;
	return true;
}

/* Takes a null; anything else is left where it is. */
static inline bool
ghc_scan_null(GhcScan *scan)
{
	if (scan->end - scan->cur < 4 || (unsigned char) *scan->cur <= ' ')
		return ghc_scan_peek(scan) == GHC_SCAN_NULL && ghc_scan_skip(scan);
	if (memcmp(scan->cur, "null", 4) != 0)
		return false;
	scan->cur += 4;
	return true;
}

/* Enter an object or array as enter does, but skip anything else. */
static inline bool
ghc_scan_object(GhcScan *scan)
{
	if (scan->depth < GHC_SCAN_DEPTH && ghc_scan_try_char(scan, '{'))
	{
		scan->depth++;
		return true;
	}
	if (ghc_scan_peek(scan) == GHC_SCAN_OBJECT)
		return ghc_scan_enter_object(scan);
	ghc_scan_skip(scan);
	return false;
}

static inline bool
ghc_scan_array(GhcScan *scan)
{
	if (ghc_scan_peek(scan) == GHC_SCAN_ARRAY)
		return ghc_scan_enter_array(scan);
	ghc_scan_skip(scan);
	return false;
}

/*
 * Takes one value of any type as JSON text that PostgreSQL's jsonb accepts:
 * \u0000 and lone surrogate escapes are rewritten in place to \ufffd, bytes
 * that are no UTF-8 to '?'.  A number that numeric can't hold makes the result
 * false without an error.
 */
extern bool ghc_scan_raw(GhcScan *scan, GhcSlice *json);

/* True if everything was consumed but blanks, and no error happened. */
extern bool ghc_scan_finished(GhcScan *scan);

#endif							/* GHC_SCAN_H */
