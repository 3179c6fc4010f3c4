/*-------------------------------------------------------------------------
 *
 * freshness.h
 *	  How often repositories change, and which of them to look at again.
 *
 * The star count of a repository is taken to change as a Poisson process: a
 * copy of age a is right with probability exp(-ra), r being its rate.  What
 * is known of r is a log-normal distribution, kept as two numbers; a look
 * tells whether anything changed since the one before, and narrows it down.
 *
 * Looks are spent where they add most to the share of copies that are right,
 * weighted by importance (docs/freshness.md has the derivation): a look at a
 * copy of age a is worth
 *
 *	  weight / r * (1 - (1 + ra) exp(-ra))
 *
 * which grows with the age, from nothing up to weight / r.  So what changes all the
 * time is worth little: its copy would be wrong again at once.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/freshness.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FRESHNESS_H
#define GHC_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

/* thousandths, as it is stored */
typedef struct GhcChangeRate
{
	int16_t		log;			/* of changes a day, natural logarithm: its mean */
	int16_t		doubt;			/* its standard deviation */
} GhcChangeRate;

/*
 * What is known of a repository before it was ever looked at again: it got its
 * stars in so many days.  With less than a day nothing is known at all.
 */
extern GhcChangeRate ghc_freshness_prior(int32_t stars, double days);

/*
 * What is known after a look, so many days after one that had told all until
 * then: did anything change?
 */
extern GhcChangeRate ghc_freshness_learn(GhcChangeRate rate, double days, bool changed);

/* How much it matters that the copy of a repository is right. */
extern double ghc_freshness_weight(int32_t stars);

/*
 * What a look is worth after so many days, in weighted days that the copy will be
 * right because of it.
 */
extern double ghc_freshness_value(GhcChangeRate rate, double weight, double days);

/*
 * Whom to look at first: the worth of the look, times the root of how many times
 * the age that is asked for is over.  So what is worth least comes in the end,
 * too; without the root that would cost a fifteenth of what can be had.
 */
extern double ghc_freshness_priority(GhcChangeRate rate, int32_t stars, double days,
									 double max_days);

/*
 * Events since the copy was made say that it may be wrong: from so many days on it may
 * be looked at.  That is half of the age that is asked for, so that hints cost no more
 * than that again; less if it seems to have got many stars for one of its size: a tenth
 * more, and it is a quarter.
 */
extern double ghc_freshness_hinted_days(int32_t stars, int32_t given, double max_days);

/*
 * The same as ghc_freshness_priority, with so many events since the copy was made, "given"
 * of them stars.  They add the chance that it would be right without them, and isn't, times
 * how long it will be right then, which is no longer than until it is looked at anyway.
 * So they say nothing of what changes all the time.
 */
extern double ghc_freshness_hinted_priority(GhcChangeRate rate, int32_t stars,
											double days, double max_days,
											int32_t events, int32_t given);

#endif							/* GHC_FRESHNESS_H */
