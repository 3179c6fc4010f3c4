/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  A one-pass reader of JSON that copies nothing; see scan.h.
 *
 * This is the innermost loop of a crawl, so the usual case is short: a string
 * is looked through many bytes at a time for a byte that needs care, and
 * only then decoded; a number is read digit by digit without the C library;
 * a key that the caller foretells is compared, not read.
 *
 * An error moves the cursor to the end of the input.  Every function finds
 * nothing there and fails in turn, so none has to ask whether an error
 * happened before.
 *
 * IDENTIFICATION
 *	  src/github/scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/scan.h"
#include "github/scan_text.h"

/* what PostgreSQL's numeric holds, in digits on either side of the point */
#define NUMERIC_WHOLE_DIGITS 131072
#define NUMERIC_FRACTION_DIGITS 16383

bool
ghc_scan_fail(GhcScan *scan, const char *error)
{
	if (scan->error == NULL)
	{
		scan->error = error;
		scan->error_at = (size_t) (scan->cur - scan->start);
	}
	scan->cur = scan->end;
	return false;
}

static inline void
skip_blanks(GhcScan *scan)
{
	while (scan->cur < scan->end && (unsigned char) *scan->cur <= ' ' &&
		   (*scan->cur == ' ' || *scan->cur == '\n' ||
			*scan->cur == '\r' || *scan->cur == '\t'))
		scan->cur++;
}

void
ghc_scan_init(GhcScan *scan, char *json, size_t len)
{
	memset(scan, 0, sizeof(*scan));
	scan->start = scan->cur = json;
	scan->end = len > 0 ? json + len : json;
}

/* by the first byte of a value */
static const unsigned char types[256] = {
	['n'] = GHC_SCAN_NULL,
	['t'] = GHC_SCAN_BOOL,
	['f'] = GHC_SCAN_BOOL,
	['"'] = GHC_SCAN_STRING,
	['['] = GHC_SCAN_ARRAY,
	['{'] = GHC_SCAN_OBJECT,
	['-'] = GHC_SCAN_NUMBER,
	['0'] = GHC_SCAN_NUMBER,
	['1'] = GHC_SCAN_NUMBER,
	['2'] = GHC_SCAN_NUMBER,
	['3'] = GHC_SCAN_NUMBER,
	['4'] = GHC_SCAN_NUMBER,
	['5'] = GHC_SCAN_NUMBER,
	['6'] = GHC_SCAN_NUMBER,
	['7'] = GHC_SCAN_NUMBER,
	['8'] = GHC_SCAN_NUMBER,
	['9'] = GHC_SCAN_NUMBER,
};

GhcScanType
ghc_scan_peek(GhcScan *scan)
{
	GhcScanType type;

	skip_blanks(scan);
	if (scan->cur == scan->end)
		return GHC_SCAN_END;
	type = (GhcScanType) types[(unsigned char) *scan->cur];
	if (type == GHC_SCAN_END)
		ghc_scan_fail(scan, "unexpected character");
	return type;
}

bool
ghc_scan_string(GhcScan *scan, GhcSlice *value)
{
	skip_blanks(scan);
	if (scan->cur == scan->end || *scan->cur != '"')
	{
		ghc_scan_skip(scan);
		return false;
	}
	return ghc_scan_text_take(scan, false, value);
}

/* Passes over digits; returns how many. */
static size_t
take_digits(GhcScan *scan)
{
	char	   *from = scan->cur;

	while (scan->cur < scan->end && *scan->cur >= '0' && *scan->cur <= '9')
		scan->cur++;
	return (size_t) (scan->cur - from);
}

/* Takes an exponent, if there is one; huge ones come out as less huge. */
static bool
take_exponent(GhcScan *scan, int64_t *exponent)
{
	char	   *p;
	bool		negative;

	*exponent = 0;
	if (!ghc_scan_try_char(scan, 'e') && !ghc_scan_try_char(scan, 'E'))
		return true;
	negative = ghc_scan_try_char(scan, '-');
	if (!negative)
		ghc_scan_try_char(scan, '+');
	p = scan->cur;
	if (take_digits(scan) == 0)
		return ghc_scan_fail(scan, "invalid number");
	for (; p < scan->cur && *exponent < INT32_MAX; p++)
		*exponent = *exponent * 10 + (*p - '0');
	if (negative)
		*exponent = -*exponent;
	return true;
}

/* Takes a number; *fits says whether PostgreSQL's numeric can hold it. */
static bool
take_number(GhcScan *scan, bool *fits)
{
	int64_t		whole = 1;
	int64_t		fraction = 0;
	int64_t		exponent;

	ghc_scan_try_char(scan, '-');
	if (!ghc_scan_try_char(scan, '0'))
		whole = (int64_t) take_digits(scan);
	if (whole == 0)
		return ghc_scan_fail(scan, "invalid number");
	if (ghc_scan_try_char(scan, '.'))
	{
		fraction = (int64_t) take_digits(scan);
		if (fraction == 0)
			return ghc_scan_fail(scan, "invalid number");
	}
	if (!take_exponent(scan, &exponent))
		return false;
	*fits = whole + exponent <= NUMERIC_WHOLE_DIGITS &&
		fraction - exponent <= NUMERIC_FRACTION_DIGITS;
	return true;
}

/* A checked number as an integer; false if it isn't written as one. */
static bool
to_integer(const char *p, const char *end, int64_t *value)
{
	bool		negative = *p == '-';
	uint64_t	most = (uint64_t) INT64_MAX + negative;
	uint64_t	number = 0;

	for (p += negative; p < end; p++)
	{
		unsigned	digit = (unsigned) (unsigned char) *p - '0';

		if (digit > 9 || number > (most - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*value = (int64_t) (negative ? 0 - number : number);
	return true;
}

bool
ghc_scan_int_any(GhcScan *scan, int64_t *value)
{
	char	   *from;
	bool		fits;

	if (ghc_scan_peek(scan) != GHC_SCAN_NUMBER)
	{
		ghc_scan_skip(scan);
		return false;
	}
	from = scan->cur;
	return take_number(scan, &fits) && to_integer(from, scan->cur, value);
}

/* Takes a word if it stands at the cursor. */
static inline bool
try_word(GhcScan *scan, GhcSlice word)
{
	if ((size_t) (scan->end - scan->cur) < word.len ||
		memcmp(scan->cur, word.data, word.len) != 0)
		return false;
	scan->cur += word.len;
	return true;
}

bool
ghc_scan_bool_any(GhcScan *scan, bool *value)
{
	skip_blanks(scan);
	*value = try_word(scan, GHC_SLICE("true"));
	if (*value || try_word(scan, GHC_SLICE("false")))
		return true;
	ghc_scan_skip(scan);
	return false;
}

static inline bool
enter(GhcScan *scan, char opening, const char *error)
{
	skip_blanks(scan);
	if (scan->cur == scan->end || *scan->cur != opening)
		return ghc_scan_fail(scan, error);
	if (scan->depth == GHC_SCAN_DEPTH)
		return ghc_scan_fail(scan, "nested too deep");
	scan->depth++;
	scan->cur++;
	return true;
}

bool
ghc_scan_enter_object(GhcScan *scan)
{
	return enter(scan, '{', "expected an object");
}

bool
ghc_scan_enter_array(GhcScan *scan)
{
	return enter(scan, '[', "expected an array");
}

/*
 * Inside an object or array: takes the comma before the next member.  False
 * if there is none, because of the closing bracket, which is taken, or an
 * error.
 */
static inline bool
next_member(GhcScan *scan, bool *first, char closing)
{
	bool		was_first = *first;

	*first = false;
	skip_blanks(scan);
	if (scan->cur == scan->end)
		return ghc_scan_fail(scan, "unexpected end of input");
	if (ghc_scan_try_char(scan, closing))
	{
		scan->depth--;
		return false;
	}
	if (was_first || ghc_scan_try_char(scan, ','))
		return true;
	return ghc_scan_fail(scan, "expected a comma or closing bracket");
}

bool
ghc_scan_next_element_any(GhcScan *scan, bool *first)
{
	return next_member(scan, first, ']');
}

static inline bool
next_key(GhcScan *scan, bool *first, bool raw, GhcSlice *key)
{
	if (!next_member(scan, first, '}'))
		return false;
	skip_blanks(scan);
	if (scan->cur == scan->end || *scan->cur != '"')
		return ghc_scan_fail(scan, "expected a key");
	if (!ghc_scan_text_take(scan, raw, key))
		return false;
	skip_blanks(scan);
	if (!ghc_scan_try_char(scan, ':'))
		return ghc_scan_fail(scan, "expected a colon");
	return true;
}

bool
ghc_scan_next_key_any(GhcScan *scan, bool *first, GhcSlice *key)
{
	return next_key(scan, first, false, key);
}

/*
 * Takes a value, which stays JSON text of the same length; clears *fits if a
 * number in it is too much for numeric.
 */
static bool
take_value(GhcScan *scan, bool *fits)
{
	bool		first = true;
	bool		number_fits;
	GhcSlice	ignored;

	switch (ghc_scan_peek(scan))
	{
		case GHC_SCAN_NULL:
		case GHC_SCAN_BOOL:
			return try_word(scan, GHC_SLICE("null")) ||
				try_word(scan, GHC_SLICE("true")) ||
				try_word(scan, GHC_SLICE("false")) ||
				ghc_scan_fail(scan, "invalid word");
		case GHC_SCAN_NUMBER:
			if (!take_number(scan, &number_fits))
				return false;
			*fits = *fits && number_fits;
			return true;
		case GHC_SCAN_STRING:
			return ghc_scan_text_take(scan, true, &ignored);
		case GHC_SCAN_ARRAY:
			if (!ghc_scan_enter_array(scan))
				return false;
			while (ghc_scan_next_element(scan, &first))
				take_value(scan, fits);
			return scan->error == NULL;
		case GHC_SCAN_OBJECT:
			if (!ghc_scan_enter_object(scan))
				return false;
			while (next_key(scan, &first, true, &ignored))
				take_value(scan, fits);
			return scan->error == NULL;
		case GHC_SCAN_END:
			break;
	}
	return ghc_scan_fail(scan, "unexpected end of input");
}

bool
ghc_scan_skip(GhcScan *scan)
{
	bool		fits = true;

	return take_value(scan, &fits);
}

bool
ghc_scan_raw(GhcScan *scan, GhcSlice *json)
{
	bool		fits = true;
	char	   *from;

	skip_blanks(scan);
	from = scan->cur;
	if (!take_value(scan, &fits) || !fits)
		return false;
	json->data = from;
	json->len = (size_t) (scan->cur - from);
	return true;
}

bool
ghc_scan_finished(GhcScan *scan)
{
	skip_blanks(scan);
	return scan->error == NULL && scan->cur == scan->end && scan->depth == 0;
}
