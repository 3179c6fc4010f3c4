/*-------------------------------------------------------------------------
 *
 * sizer_text.c
 *	  What a sizer learned, as a line of text; see sizer.h.
 *
 * Numbers with blanks between them: version of the form, kind, bounds, the
 * rest of the sizer, the latency without its sums, which soon fill again.  All
 * of them are within their bounds or nothing is taken: a worker that starts anew
 * is slow for a while, one that believes nonsense may be so for good.
 *
 * IDENTIFICATION
 *	  src/github/sizer_text.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "github/reply.h"
#include "github/sizer.h"

#define FORM 1
#define MOST_BYTES 1024

/* nothing is larger: numbers of replies, times, deviations, suspicion */
#define MOST 1e15
#define MOST_MS 1e6
#define MOST_DEVIATION 10
#define MOST_SUSPICION 2

static void
put(GhcBuffer *out, double value)
{
	ghc_buffer_printf(out, " %.15g", value);
}

void
ghc_sizer_format(const GhcSizer *sizer, GhcBuffer *out)
{
	const GhcLatency *latency = &sizer->latency;
	const GhcBound *bounds[] = {&sizer->parts, &sizer->rows, &sizer->all};

	ghc_buffer_printf(out, "%d %d", FORM, (int) sizer->kind);
	for (int i = 0; i < 3; i++)
	{
		put(out, bounds[i]->good);
		put(out, bounds[i]->bad);
		put(out, bounds[i]->failures);
	}
	put(out, sizer->in_doubt);
	put(out, sizer->suspicion);
	put(out, (double) sizer->good);
	put(out, (double) sizer->good_since);

	put(out, (double) latency->n);
	put(out, latency->deviation);
	for (int i = 0; i < GHC_LATENCY_TERMS; i++)
		put(out, latency->ms[i]);
}

/* Takes the next number, 0 to "most"; -1 and no more text if there is none. */
static double
take(const char **cur, double most)
{
	char	   *end;
	double		value = strtod(*cur, &end);

	if (end == *cur || !(value >= 0 && value <= most) ||
		(*end != ' ' && *end != '\0'))
	{
		*cur = NULL;
		return -1;
	}
	*cur = end;
	return value;
}

/* Takes n numbers; false if one is missing or out of bounds. */
static bool
take_all(const char **cur, double *values, int n, double most)
{
	for (int i = 0; i < n; i++)
	{
		values[i] = take(cur, most);
		if (*cur == NULL)
			return false;
	}
	return true;
}

static bool
take_bound(const char **cur, GhcBound *bound, int most)
{
	double		values[3];

	if (!take_all(cur, values, 2, most) ||
		!take_all(cur, &values[2], 1, INT32_MAX))
		return false;
	bound->good = (int) values[0];
	bound->bad = (int) values[1];
	bound->failures = (int) values[2];
	return bound->bad == 0 || bound->bad > bound->good;
}

static bool
take_latency(const char **cur, GhcLatency *latency)
{
	double		values[2];

	if (!take_all(cur, &values[0], 1, MOST) ||
		!take_all(cur, &values[1], 1, MOST_DEVIATION) ||
		!take_all(cur, latency->ms, GHC_LATENCY_TERMS, MOST_MS))
		return false;
	latency->n = (int64_t) values[0];
	latency->deviation = values[1];
	return true;
}

static bool
take_sizer(const char *cur, GhcSizer *sizer)
{
	double		head[2];
	double		rest[4];
	int			parts = sizer->kind == GHC_SIZER_PAGES ? GHC_MAX_PAGES :
		sizer->kind == GHC_SIZER_COUNTS ? GHC_MAX_COUNTS : GHC_MAX_LISTS;

	if (!take_all(&cur, head, 2, MOST) || head[0] != FORM ||
		head[1] != (double) sizer->kind ||
		!take_bound(&cur, &sizer->parts, parts) ||
		!take_bound(&cur, &sizer->rows, GHC_MAX_MEMBERS) ||
		!take_bound(&cur, &sizer->all, parts * GHC_MAX_MEMBERS) ||
		!take_all(&cur, rest, 1, 1) ||
		!take_all(&cur, rest + 1, 1, MOST_SUSPICION) ||
		!take_all(&cur, rest + 2, 2, MOST) ||
		!take_latency(&cur, &sizer->latency) || *cur != '\0')
		return false;

	sizer->in_doubt = rest[0] != 0 && sizer->parts.bad > 0 &&
		sizer->all.bad > 0;
	sizer->suspicion = rest[1];
	sizer->good = (int64_t) rest[2];
	sizer->good_since = (int64_t) rest[3];
	return sizer->good_since <= sizer->good;
}

bool
ghc_sizer_parse(GhcSizer *sizer, GhcSizerKind kind, GhcSlice text)
{
	char		copy[MOST_BYTES];

	ghc_sizer_init(sizer, kind);
	if (text.len < sizeof(copy))
	{
		memcpy(copy, text.data, text.len);
		copy[text.len] = '\0';
		if (take_sizer(copy, sizer))
			return true;
	}
	ghc_sizer_init(sizer, kind);
	return false;
}
