/*-------------------------------------------------------------------------
 *
 * freshness.c
 *	  How often repositories change, and which of them to look at again; see
 *	  freshness.h.
 *
 * Whether something changed says less than how often, but it is all that
 * two looks tell (Cho and Garcia-Molina, "Estimating Frequency of Change",
 * 2003): stars come in bursts, and some of those that came are gone again.  The
 * likelihood of "changed within t" is 1 - exp(-rt), for which no distribution
 * of r keeps its form; so after each look the posterior is replaced by the log-normal
 * one of the same mean and deviation of log r, found on a grid.
 *
 * IDENTIFICATION
 *	  src/github/freshness.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/freshness.h"

#define UNIT 1000.0

/* the grid, in standard deviations: -REACH to REACH */
#define POINTS 15
#define REACH 3.5

/* one change a month, give or take a factor of seven, is no knowledge at all */
#define UNKNOWN_LOG -3.4
#define UNKNOWN_DOUBT 2.0

/* growth over a whole life says this much of growth now */
#define LIFETIME_DOUBT 1.5

/* rates change themselves: what was known grows old, by this variance a day */
#define DRIFT 0.0002

/* limits of what is kept: once in 30,000 years, 60 a second; and of conviction */
#define MOST_LOG 15.0
#define LEAST_DOUBT 0.1
#define MOST_DOUBT 3.0

/* what a look is worth is reckoned for some of the rates that may be */
#define CASES 5

/* of one event: the chance that stars are others than before; some are taken back */
#define STAR_TELLS 0.9
#define OTHER_TELLS 0.2

/* stars that came count so many times against those that were there */
#define GROWTH 10.0

static double
clamp(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

static GhcChangeRate
make_rate(double log, double doubt)
{
	return (GhcChangeRate) {
		(int16_t) lrint(clamp(log, -MOST_LOG, MOST_LOG) * UNIT),
		(int16_t) lrint(clamp(doubt, LEAST_DOUBT, MOST_DOUBT) * UNIT)
	};
}

GhcChangeRate
ghc_freshness_prior(int32_t stars, double days)
{
	if (!(days >= 1))
		return make_rate(UNKNOWN_LOG, UNKNOWN_DOUBT);
	return make_rate(log((stars + 0.5) / days), LIFETIME_DOUBT);
}

GhcChangeRate
ghc_freshness_learn(GhcChangeRate rate, double days, bool changed)
{
	double		mean = rate.log / UNIT;
	double		doubt = sqrt(rate.doubt / UNIT * (rate.doubt / UNIT) + DRIFT * days);
	double		sum = 0;
	double		first = 0;
	double		second = 0;

	/* two looks in one moment tell nothing */
	if (!(days > 0))
		return rate;
	for (int i = 0; i < POINTS; i++)
	{
		double		x = REACH * (2.0 * i / (POINTS - 1) - 1);
		double		same = exp(-exp(mean + doubt * x) * days);
		double		p = exp(-x * x / 2) * (changed ? 1 - same : same);

		sum += p;
		first += p * x;
		second += p * x * x;
	}
	/* what can't be told from impossible is no evidence */
	if (sum < 1e-12)
		return rate;
	first /= sum;
	second = second / sum - first * first;
	return make_rate(mean + doubt * first, doubt * sqrt(second > 0 ? second : 0));
}

double
ghc_freshness_weight(int32_t stars)
{
	return (stars > 0 ? stars : 0) + 1.0;
}

/* The same for a rate that is known. */
static double
value_of(double changes, double weight, double days)
{
	double		x = changes * days;

	/* 1 - (1 + x) exp(-x) loses its digits where x is small */
	if (x < 1e-3)
		return weight * days * x * (0.5 - x / 3);
	return weight / changes * (1 - (1 + x) * exp(-x));
}

/* places and weights of Gauss and Hermite's quadrature */
static const double at[CASES] = {-2.856970, -1.355626, 0, 1.355626, 2.856970};
static const double share[CASES] = {
	0.01125741, 0.22207592, 0.53333333, 0.22207592, 0.01125741
};

double
ghc_freshness_value(GhcChangeRate rate, double weight, double days)
{
	double		sum = 0;

	for (int i = 0; i < CASES; i++)
		sum += share[i] * value_of(exp((rate.log + rate.doubt * at[i]) / UNIT),
								   weight, days);
	return sum;
}

double
ghc_freshness_priority(GhcChangeRate rate, int32_t stars, double days,
					   double max_days)
{
	double		overdue = max_days > 0 ? days / max_days : 1;

	return ghc_freshness_value(rate, ghc_freshness_weight(stars), days) * sqrt(overdue);
}

double
ghc_freshness_hinted_days(int32_t stars, int32_t given, double max_days)
{
	return max_days / 2 / (1 + GROWTH * given / ghc_freshness_weight(stars));
}

double
ghc_freshness_hinted_priority(GhcChangeRate rate, int32_t stars, double days,
							  double max_days, int32_t events, int32_t given)
{
	double		wrong = 1 - pow(1 - STAR_TELLS, given) * pow(1 - OTHER_TELLS, events - given);
	double		overdue = max_days > 0 ? days / max_days : 1;
	double		sum = 0;

	for (int i = 0; i < CASES; i++)
	{
		double		changes = exp((rate.log + rate.doubt * at[i]) / UNIT);

		/* right until now, and for so long from now on */
		sum += share[i] * exp(-changes * days) * -expm1(-changes * max_days) / changes;
	}
	return ghc_freshness_priority(rate, stars, days, max_days) +
		ghc_freshness_weight(stars) * wrong * sum * sqrt(overdue);
}
