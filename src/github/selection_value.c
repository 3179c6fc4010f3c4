/*-------------------------------------------------------------------------
 *
 * selection_value.c
 *	  The values of qualifiers that are understood; see selection_value.h.
 *
 * Operators become closed intervals, and days become their seconds, so that
 * a query never leaves to GitHub which end counts (github-api.md 1.3).
 *
 * IDENTIFICATION
 *	  src/github/selection_value.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/instant.h"
#include "github/selection_value.h"

/* the longest value that is read, quotes included */
#define VALUE_BYTES 128

#define DAY_SECONDS INT64_C(86400)

/* 9999-12-31T23:59:59Z */
#define LAST_MOMENT INT64_C(253402300799)

/* By ASCII only: what a selection means must not hang on the locale. */
bool
ghc_selection_value_matches(GhcSlice text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (size_t i = 0; i < text.len; i++)
	{
		char		c = text.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (c != word[i])
			return false;
	}
	return true;
}

/* Copies a value without its quotes; false if it is too long. */
static bool
unquote(GhcSlice value, char out[VALUE_BYTES], GhcSlice *plain)
{
	size_t		len = 0;

	if (value.len > VALUE_BYTES)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] != '"')
			out[len++] = value.data[i];
	plain->data = out;
	plain->len = len;
	return true;
}

int
ghc_selection_value_find(GhcSlice value, const char *const *words, int n)
{
	char		copy[VALUE_BYTES];
	GhcSlice	plain;

	if (!unquote(value, copy, &plain))
		return -1;
	for (int i = 0; i < n; i++)
		if (ghc_selection_value_matches(plain, words[i]))
			return i;
	return -1;
}

static bool
parse_number(GhcSlice text, int64_t *number)
{
	int64_t		value = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
	{
		int			digit = text.data[i] - '0';

		if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

/*
 * Reads one bound.  A day without a time stands for all its seconds, hence a
 * first and a last one.
 */
static bool
parse_bound(GhcDim dim, GhcSlice text, GhcInterval *bound)
{
	bool		is_date;

	if (dim != GHC_DIM_CREATED)
	{
		if (!parse_number(text, &bound->lo))
			return false;
		bound->hi = bound->lo;
		return true;
	}
	if (!ghc_instant_parse(text, &bound->lo, &is_date))
		return false;
	bound->hi = bound->lo + (is_date ? DAY_SECONDS - 1 : 0);
	return true;
}

/* Cuts off a first character, if it is there. */
static bool
skip_char(GhcSlice *text, char c)
{
	if (text->len == 0 || text->data[0] != c)
		return false;
	text->data++;
	text->len--;
	return true;
}

/* Reads >n, >=n, <n and <=n; what nothing can match gives lo above hi. */
static bool
parse_compared(GhcDim dim, GhcSlice value, GhcInterval *out)
{
	bool		above = skip_char(&value, '>');
	bool		or_equal;
	GhcInterval bound;

	if (!above)
		skip_char(&value, '<');
	or_equal = skip_char(&value, '=');
	if (!parse_bound(dim, value, &bound))
		return false;

	if (!above)
		out->hi = or_equal ? bound.hi : bound.lo - 1;
	else if (or_equal)
		out->lo = bound.lo;
	else if (bound.hi < INT64_MAX)
		out->lo = bound.hi + 1;
	else
	{
		out->lo = 1;
		out->hi = 0;
	}
	return true;
}

/* Finds the ".." of a value; its length if there is none. */
static size_t
find_dots(GhcSlice value)
{
	for (size_t i = 0; i + 1 < value.len; i++)
		if (value.data[i] == '.' && value.data[i + 1] == '.')
			return i;
	return value.len;
}

/* Reads a..b, a..* and *..b. */
static bool
parse_ends(GhcDim dim, GhcSlice value, size_t dots, GhcInterval *out)
{
	GhcSlice	first = {value.data, dots};
	GhcSlice	last = {value.data + dots + 2, value.len - dots - 2};
	GhcInterval bound;

	if (!ghc_selection_value_matches(first, "*"))
	{
		if (!parse_bound(dim, first, &bound))
			return false;
		out->lo = bound.lo;
	}
	if (!ghc_selection_value_matches(last, "*"))
	{
		if (!parse_bound(dim, last, &bound))
			return false;
		out->hi = bound.hi;
	}
	return true;
}

bool
ghc_selection_value_interval(GhcSlice value, GhcDim dim, GhcInterval *out)
{
	char		copy[VALUE_BYTES];
	GhcSlice	plain;
	size_t		dots;

	out->lo = GHC_OPEN_LOW;
	out->hi = GHC_OPEN_HIGH;
	if (!unquote(value, copy, &plain) || plain.len == 0)
		return false;
	if (plain.data[0] == '>' || plain.data[0] == '<')
		return parse_compared(dim, plain, out);
	dots = find_dots(plain);
	if (dots < plain.len)
		return parse_ends(dim, plain, dots, out);
	return parse_bound(dim, plain, out);
}

/* All values count from 0, and the calendar ends somewhere. */
bool
ghc_selection_value_is_empty(GhcDim dim, GhcInterval interval)
{
	return interval.hi < 0 || interval.lo > interval.hi ||
		(dim == GHC_DIM_CREATED && interval.lo > LAST_MOMENT);
}
