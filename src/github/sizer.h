/*-------------------------------------------------------------------------
 *
 * sizer.h
 *	  How much to ask of GitHub in one request.
 *
 * More pages and longer pages bring more repositories for a point and for a
 * second of response time, until GitHub gives up: after ten seconds, or at a
 * limit that it keeps secret (github-api.md 2.4, 2.5).  Where that is, is found
 * by asking: more as long as all goes well, less after a failure, and then
 * nearer by halves.  The price is known (price.h), the time is fitted
 * (latency.h); of the sizes that are proven, and those one step beyond, the one
 * is taken that should bring most repositories out of the budget.
 *
 * One sizer serves one host, one shape of query and one kind of part.  Three
 * bounds are kept: of parts, of the rows of a part, of the rows in all.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/sizer.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SIZER_H
#define GHC_SIZER_H

#include "base/buffer.h"
#include "github/latency.h"
#include "github/price.h"

/* what the requests consist of */
typedef enum GhcSizerKind
{
	GHC_SIZER_PAGES,			/* 1 to 10 pages of 1 to 100 rows */
	GHC_SIZER_COUNTS,			/* 1 to 64 counts; they have no rows */
	GHC_SIZER_IDS,				/* 1 to 10 lists of 1 to 100 ids */
} GhcSizerKind;

/* how much is asked at once; rows are those of one part, 0 for counts */
typedef struct GhcSize
{
	int			parts;
	int			rows;
} GhcSize;

/* what a budget gives */
typedef struct GhcFlow
{
	double		points_per_s;	/* 0: unlimited, like the next */
	double		response_per_ms;	/* response time, in ms, for each ms */
	int64_t		minute_ms;		/* how long GitHub's minute is; 0: a minute */
} GhcFlow;

typedef struct GhcBound
{
	int			good;			/* the most that went well, 0: nothing yet */
	int			bad;			/* the least that failed, 0: nothing did */
	int			failures;		/* that say so */
	int			hoped;			/* the most that went well elsewhere, where as
								 * little failed */
} GhcBound;

typedef struct GhcSizer
{
	GhcSizerKind kind;
	GhcBound	parts;
	GhcBound	rows;
	GhcBound	all;			/* parts times rows */
	bool		in_doubt;		/* one of parts.bad and all.bad may be wrong */
	double		suspicion;		/* failures of late at proven sizes */
	int64_t		good;			/* replies */
	int64_t		good_since;		/* ditto, since a bound moved down */
	GhcLatency	latency;
} GhcSizer;

/* A sizer that knows nothing yet. */
extern void ghc_sizer_init(GhcSizer *sizer, GhcSizerKind kind);

/*
 * The size of the next request.  It may be asked as often as one likes; the
 * answer changes with what is noted, with the price and with the pace.
 */
extern GhcSize ghc_sizer_choose(const GhcSizer *sizer, const GhcPrice *price,
								const GhcFlow *pace);

/* Is a size known to work, or one that is to be found out about? */
extern bool ghc_sizer_is_proven(const GhcSizer *sizer, GhcSize size);

/* The best of the sizes that are known to work; 0 parts if none is. */
extern GhcSize ghc_sizer_best_proven(const GhcSizer *sizer,
									 const GhcPrice *price,
									 const GhcFlow *pace);

/*
 * The size that requests should come to, if nothing fails that hasn't failed
 * before: what a long crawl may reckon with.
 */
extern GhcSize ghc_sizer_outlook(const GhcSizer *sizer, const GhcPrice *price,
								 const GhcFlow *pace);

/*
 * Learns from a good reply.  "asked" is what really went out, which may be
 * less than was chosen; rows_got are those that came, of all parts.
 */
extern void ghc_sizer_note(GhcSizer *sizer, GhcSize asked, int64_t rows_got,
						   int64_t took_ms);

/*
 * Learns that GitHub gave up on a request, or refused it for its size.
 * may_be_chance: it was a time-out, which happens to requests of any size.
 */
extern void ghc_sizer_fail(GhcSizer *sizer, GhcSize asked, bool may_be_chance);

/*
 * Takes over what failed when the same host was asked for something else: for
 * other fields, or, as far as parts go, for another kind of thing.  So the same
 * needn't be learnt anew, and what works there may soon be tried here.  What is
 * lighter, as it asks for less, tells as much as
 * a failure of one's own; what isn't will soon be tried again.
 */
extern void ghc_sizer_hint(GhcSizer *sizer, const GhcSizer *other,
						   bool is_lighter);

/* What a request of that size should take, and how far off that may be. */
extern double ghc_sizer_expected_ms(const GhcSizer *sizer, GhcSize size);
extern double ghc_sizer_deviation_ms(const GhcSizer *sizer, GhcSize size);

/* What a request of that size costs, in points. */
extern int	ghc_sizer_points(const GhcSizer *sizer, const GhcPrice *price,
							 GhcSize size);

/* How long a budget needs for so many points and so much response time. */
extern double ghc_sizer_budget_ms(const GhcFlow *pace, double points,
								  double response_ms);

/* Appends what was learned as a line of text, to be kept over restarts. */
extern void ghc_sizer_format(const GhcSizer *sizer, GhcBuffer *out);

/*
 * Reads such a text.  If it isn't one, is of another kind or makes no sense,
 * returns false and leaves a sizer that knows nothing.
 */
extern bool ghc_sizer_parse(GhcSizer *sizer, GhcSizerKind kind, GhcSlice text);

#endif							/* GHC_SIZER_H */
