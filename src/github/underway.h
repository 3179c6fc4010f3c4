/*-------------------------------------------------------------------------
 *
 * underway.h
 *	  Requests under way, and the response time of a window.
 *
 * GitHub sums response time over a minute, but doesn't say at which moment it
 * books a request: at its start, at its end, or as time goes by.  So all of
 * these are kept below the limit, with what is under way at what it is
 * expected to take, or has taken if that is more, and a margin as large as
 * expectations have been wrong lately.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/underway.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_UNDERWAY_H
#define GHC_UNDERWAY_H

#include "github/window.h"

/* no more requests are under way than this */
#define GHC_UNDERWAY_SLOTS 200

/* what is counted apart */
typedef enum GhcKind
{
	GHC_KIND_GRAPHQL,
	GHC_KIND_REST,
} GhcKind;

#define GHC_KIND_BIT(kind) (1U << (kind))
#define GHC_KIND_COUNT (GHC_KIND_REST + 1)

/* names a request under way */
typedef struct GhcReservation
{
	int			slot;
	uint32_t	serial;			/* 0: none */
} GhcReservation;

typedef struct GhcUnderwaySlot
{
	uint32_t	serial;			/* 0: free */
	int			resource;
	int			points;
	int64_t		sent_ms;
	int64_t		expected_ms;
	int64_t		counted_ms;		/* expected, or more if it takes longer */
} GhcUnderwaySlot;

/* sums over the requests of a kind that are under way */
typedef struct GhcUnderwaySums
{
	int			n;
	int64_t		sent_ms;
	int64_t		counted_ms;
	double		squares;		/* of counted_ms */
} GhcUnderwaySums;

typedef struct GhcUnderway
{
	int			n;
	uint32_t	next_serial;
	int64_t		overdue_ms;		/* no request takes longer than it is counted
								 * before this */
	double		deviation;		/* of response times, as a share of what was
								 * expected */
	double		worst;			/* share that one took lately, 1 or more */
	GhcUnderwaySums sums[GHC_KIND_COUNT];
	GhcWindow	windows[GHC_KIND_COUNT];
	GhcUnderwaySlot slots[GHC_UNDERWAY_SLOTS];
} GhcUnderway;

/* Nothing is under way, and nothing was. */
extern void ghc_underway_init(GhcUnderway *flight, int64_t window_ms,
							int64_t now_ms);

/* Brings it up to now; amortised O(1). */
extern void ghc_underway_roll(GhcUnderway *flight, int64_t now_ms);

/* The clock jumped by so much. */
extern void ghc_underway_shift(GhcUnderway *flight, int64_t by_ms);

/* Notes a request that goes out; there is a slot for it. */
extern void ghc_underway_send(GhcUnderway *flight, const GhcUnderwaySlot *request,
							GhcReservation *out);

/*
 * Notes its end.  False if it isn't under way (any more); else *request is
 * what was noted.
 */
extern bool ghc_underway_settle(GhcUnderway *flight, const GhcReservation *which,
							  int64_t took_ms, int64_t now_ms,
							  GhcUnderwaySlot *request);

/* Books what somebody else used at a moment. */
extern void ghc_underway_book(GhcUnderway *flight, GhcKind kind, int64_t at_ms,
							int64_t requests, int64_t response_ms);

/*
 * When a request of the expected length may go, if nothing else is sent before,
 * so that the response time of a set of kinds (bits) stays within the limit;
 * "now": at once.  One that is longer than the limit may go alone.
 */
extern int64_t ghc_underway_until_ms(const GhcUnderway *flight, unsigned kinds,
								   int64_t limit_ms, int64_t expected_ms,
								   int64_t now_ms);

/*
 * What the window loses by a request of the expected length, as nobody knows
 * when exactly it will end: at most its length.
 */
extern int64_t ghc_underway_spread_ms(const GhcUnderway *flight,
									int64_t expected_ms);

/* When one more request of a kind may go, as far as their number goes. */
extern int64_t ghc_underway_requests_until_ms(const GhcUnderway *flight,
											GhcKind kind, int64_t limit,
											int64_t now_ms);

/* What counts in the window: requests, and their response time. */
extern void ghc_underway_count(const GhcUnderway *flight, unsigned kinds,
							 int64_t now_ms, int64_t *requests,
							 int64_t *response_ms);

#endif							/* GHC_UNDERWAY_H */
