/*-------------------------------------------------------------------------
 *
 * workers.c
 *	  What each worker says of itself; see workers.h.
 *
 * IDENTIFICATION
 *	  src/store/workers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/db.h"
#include "store/workers.h"

void
ghc_workers_begin(int worker_no)
{
	static GhcStatement begin = {
		"INSERT INTO ghcrawl.worker (worker_no) VALUES ($1)"
		" ON CONFLICT (worker_no) DO UPDATE SET started_at = now(),"
		" in_flight = 0, budgets = 0, waiting_on = NULL, waiting_until = NULL,"
		" updated_at = now()", "i", NULL
	};
	Datum		values[] = {Int32GetDatum(worker_no)};

	ghc_db_run(&begin, values, NULL);
}

void
ghc_workers_report(int worker_no, int in_flight, int budgets,
				   const char *waiting_on, TimestampTz until)
{
	static GhcStatement report = {
		"UPDATE ghcrawl.worker SET in_flight = $2, budgets = $3,"
		" waiting_on = $4, waiting_until = $5, updated_at = now()"
		" WHERE worker_no = $1", "iiitz", NULL
	};
	char		nulls[] = "     ";
	Datum		values[] = {
		Int32GetDatum(worker_no), Int32GetDatum(in_flight),
		Int32GetDatum(budgets),
		waiting_on ? CStringGetTextDatum(waiting_on) : (Datum) 0,
		TimestampTzGetDatum(until)
	};

	if (waiting_on == NULL)
		nulls[3] = 'n';
	if (until == 0)
		nulls[4] = 'n';
	ghc_db_run(&report, values, nulls);
}

int
ghc_workers_pids(int *pids, int max)
{
	static GhcStatement live = {
		"SELECT pid FROM ghcrawl.live_worker ORDER BY worker_no", "", NULL
	};
	uint64		n = ghc_db_run(&live, NULL, NULL);
	int			count = 0;

	for (uint64 row = 0; row < n && count < max; row++)
		pids[count++] = ghc_db_get_int4(row, 1);
	return count;
}

bool
ghc_workers_blocked_by(int pid)
{
	static GhcStatement blocked = {
		"SELECT FROM ghcrawl.live_worker"
		" WHERE $1 = ANY (pg_blocking_pids(pid)) LIMIT 1", "i", NULL
	};
	Datum		values[] = {Int32GetDatum(pid)};

	return ghc_db_run(&blocked, values, NULL) > 0;
}
