/*-------------------------------------------------------------------------
 *
 * latency.c
 *	  How long GitHub takes for a request; see latency.h.
 *
 * Least squares over sums that fade.  Each solution is drawn a little towards
 * the one before, which decides where the sums do not; terms are never
 * negative.
 *
 * IDENTIFICATION
 *	  src/github/latency.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/latency.h"

#define TERMS GHC_LATENCY_TERMS

/* how much of the past is left after a reply */
#define KEEP 0.96

/*
 * Once settled, a reply that is off by so many deviations (which are at least
 * so large) is an outlier; but so many of them in a row are a new truth.
 */
#define SETTLED 10
#define SURPRISE 4
#define LEAST_DEVIATION 0.1
#define NO_OUTLIERS 3

#define DEVIATION_WEIGHT 0.1

/* what nothing is told of, as rows by counts, doesn't grow for ever with each start */
#define MOST_MS 1e6

/* time is not put down to parts as long as rows explain it */
static const double pull[TERMS] = {0.02, 0.08, 0.02};

void
ghc_latency_init(GhcLatency *latency)
{
	memset(latency, 0, sizeof(*latency));
	latency->deviation = 0.5;
	latency->ms[0] = 450;
	latency->ms[1] = 100;
	latency->ms[2] = 450;
}

double
ghc_latency_expect(const GhcLatency *latency, int parts, int64_t rows)
{
	double		ms = latency->ms[0] + latency->ms[1] * parts +
		latency->ms[2] * (double) rows / 100;

	return fmax(ms, 1);
}

/* Fixes one unknown of a system of equations. */
static void
fix_term(double m[TERMS][TERMS + 1], int term, double value)
{
	for (int i = 0; i < TERMS; i++)
	{
		m[i][TERMS] -= m[i][term] * value;
		m[i][term] = 0;
		m[term][i] = 0;
	}
	m[term][term] = 1;
	m[term][TERMS] = value;
}

/*
 * Solves the normal equations by elimination.  They are positive definite, so
 * no pivot is looked for.
 */
static void
solve(double m[TERMS][TERMS + 1], double result[TERMS])
{
	for (int k = 0; k < TERMS; k++)
		for (int i = k + 1; i < TERMS; i++)
		{
			double		factor = m[i][k] / m[k][k];

			for (int j = k; j <= TERMS; j++)
				m[i][j] -= factor * m[k][j];
		}
	for (int i = TERMS - 1; i >= 0; i--)
	{
		result[i] = m[i][TERMS];
		for (int j = i + 1; j < TERMS; j++)
			result[i] -= m[i][j] * result[j];
		result[i] /= m[i][i];
	}
}

/* Fits the terms to the sums; those that come out negative are 0, worst first. */
static void
fit(GhcLatency *latency)
{
	bool		zero[TERMS] = {false};
	double		result[TERMS];

	for (int round = 0; round <= TERMS; round++)
	{
		double		m[TERMS][TERMS + 1];
		int			worst = 0;

		for (int i = 0; i < TERMS; i++)
		{
			double		weight = pull[i] * latency->squares[i][i];

			for (int j = 0; j < TERMS; j++)
				m[i][j] = latency->squares[i][j];
			m[i][i] += weight;
			m[i][TERMS] = latency->products[i] + weight * latency->ms[i];
		}
		for (int i = 0; i < TERMS; i++)
			if (zero[i] || m[i][i] <= 0)
				fix_term(m, i, zero[i] ? 0 : latency->ms[i]);
		solve(m, result);

		for (int i = 1; i < TERMS; i++)
			if (result[i] < result[worst])
				worst = i;
		if (result[worst] >= 0)
			break;
		zero[worst] = true;
	}
	for (int i = 0; i < TERMS; i++)
		latency->ms[i] = fmax(result[i], 0);
}

/*
 * Starts anew from one reply: that tells how fast the server is, but not why,
 * so the terms keep their proportions.
 */
static void
start(GhcLatency *latency, double times)
{
	for (int i = 0; i < TERMS; i++)
		latency->ms[i] = fmin(latency->ms[i] * times, MOST_MS);
	memset(latency->squares, 0, sizeof(latency->squares));
	memset(latency->products, 0, sizeof(latency->products));
	latency->deviation = 0.25;
	latency->surprises = 0;
}

/* Is a reply to be left out, because it is like none before?  */
static bool
is_outlier(GhcLatency *latency, double error)
{
	if (latency->n < SETTLED ||
		error <= SURPRISE * fmax(latency->deviation, LEAST_DEVIATION))
		latency->surprises = 0;
	else
		latency->surprises++;
	return latency->surprises > 0;
}

void
ghc_latency_note(GhcLatency *latency, int parts, int64_t rows, int64_t took_ms)
{
	double		x[TERMS] = {1, parts, (double) rows / 100};
	double		took = fmax((double) took_ms, 1);
	double		expected = ghc_latency_expect(latency, parts, rows);
	double		error = fabs(took - expected) / expected;
	double		weight;

	if (is_outlier(latency, error) && latency->surprises < NO_OUTLIERS)
		return;
	if (latency->n == 0 || latency->surprises > 0)
	{
		start(latency, took / expected);
		expected = took;
	}
	else
		latency->deviation += DEVIATION_WEIGHT * (error - latency->deviation);
	latency->n++;

	weight = 1 / (expected * expected);
	for (int i = 0; i < TERMS; i++)
	{
		for (int j = 0; j < TERMS; j++)
			latency->squares[i][j] = latency->squares[i][j] * KEEP +
				x[i] * x[j] * weight;
		latency->products[i] = latency->products[i] * KEEP + x[i] * took * weight;
	}
	fit(latency);
}
