/*-------------------------------------------------------------------------
 *
 * ages.c
 *	  How old what is stored is, measured for view ghcrawl.freshness; see ages.h.
 *
 * IDENTIFICATION
 *	  src/store/ages.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "store/ages.h"
#include "store/db.h"

/* more rows than that are sampled */
#define SAMPLE_ROWS 300000

/* what is written of a band; moments in seconds since 2000 */
typedef struct Ages
{
	int32		band;
	double		repositories;
	double		half;
	double		tenth;
	double		oldest;
	double		in_time;
} Ages;

static double
seconds_of(TimestampTz moment)
{
	return floor((double) moment / USECS_PER_SEC);
}

/* The share of table repository_look that is read, in percent. */
static double
sample_of(const char *quoted)
{
	double		rows;

	ghc_db_run_text(psprintf("SELECT greatest(reltuples, 0)::float8 FROM pg_catalog.pg_class"
							 " WHERE oid = %s::pg_catalog.regclass",
							 quote_literal_cstr(psprintf("%s.repository_look", quoted))));
	rows = ghc_db_get_float8(0, 1);
	return rows <= SAMPLE_ROWS ? 100 : 100 * SAMPLE_ROWS / rows;
}

/* "CASE … END" with a value for each segment, by their stars. */
static void
append_case(StringInfo sql, const GhcTargets *targets,
			void (*append) (StringInfo sql, const GhcSegment *segment, TimestampTz now),
			TimestampTz now)
{
	appendStringInfoString(sql, "CASE");
	for (int i = targets->n - 1; i >= 0; i--)
	{
		appendStringInfo(sql, " WHEN stars >= %d THEN ", targets->segments[i].from);
		append(sql, &targets->segments[i], now);
	}
	appendStringInfoString(sql, " END");
}

static void
append_band(StringInfo sql, const GhcSegment *segment, TimestampTz now)
{
	(void) now;
	appendStringInfo(sql, "%d", segment->band);
}

static void
append_seen(StringInfo sql, const GhcSegment *segment, TimestampTz now)
{
	(void) now;
	appendStringInfo(sql, "CASE WHEN is_fork THEN %.0f ELSE %.0f END",
					 seconds_of(segment->seen[1]), seconds_of(segment->seen[0]));
}

static void
append_limit(StringInfo sql, const GhcSegment *segment, TimestampTz now)
{
	appendStringInfo(sql, "%.0f", seconds_of(now) - segment->max_days * SECS_PER_DAY);
}

/* Reads a row (repositories, half, tenth, oldest, in_time), from a column on. */
static Ages
read_ages(uint64 row, int column, int32 band)
{
	return (Ages) {
		band, ghc_db_get_float8(row, column), ghc_db_get_float8(row, column + 1),
		ghc_db_get_float8(row, column + 2), ghc_db_get_float8(row, column + 3),
		ghc_db_get_float8(row, column + 4)
	};
}

/* As the tables' owner: the bands of those with stars. */
static int
measure_looks(const char *quoted, const GhcTargets *targets, TimestampTz now,
			  Ages *ages)
{
	double		sample = sample_of(quoted);
	StringInfoData sql;
	int			n;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT band, count(*)::float8 * %.9g,"
					 " (percentile_disc(0.5) WITHIN GROUP (ORDER BY seen))::float8,"
					 " (percentile_disc(0.1) WITHIN GROUP (ORDER BY seen))::float8,"
					 " min(seen)::float8, avg((seen >= due)::int)::float8 FROM (SELECT ",
					 100 / sample);
	append_case(&sql, targets, append_band, now);
	appendStringInfoString(&sql, " AS band, greatest(looked_at, ");
	append_case(&sql, targets, append_seen, now);
	appendStringInfoString(&sql, ") AS seen, ");
	append_case(&sql, targets, append_limit, now);
	appendStringInfo(&sql, " AS due FROM %s.repository_look", quoted);
	if (sample < 100)
		appendStringInfo(&sql, " TABLESAMPLE SYSTEM (%.9g)", sample);
	appendStringInfo(&sql, " WHERE stars >= %d) r GROUP BY band", targets->least_stars);
	n = (int) ghc_db_run_text(sql.data);
	for (int i = 0; i < n; i++)
		ages[i] = read_ages(i, 2, ghc_db_get_int4(i, 1));
	return n;
}

/* The lowest band; what crawls saw of all of it counts. */
static Ages
measure_blocks(const char *schema, const GhcTargets *targets, TimestampTz now)
{
	static GhcStatement measure = {
		"WITH b AS (SELECT repositories::float8 AS n,"
		" greatest(extract(epoch FROM looked_at)::float8 - 946684800, $2) AS seen"
		" FROM ghcrawl.refresh_block WHERE data_schema = $1),"
		" s AS (SELECT n, seen, sum(n) OVER (ORDER BY seen) AS so_far,"
		" sum(n) OVER () AS whole FROM b)"
		" SELECT coalesce(max(whole), 0),"
		" min(seen) FILTER (WHERE so_far >= 0.5 * whole),"
		" min(seen) FILTER (WHERE so_far >= 0.1 * whole), min(seen),"
		" coalesce(sum(n) FILTER (WHERE seen >= $3), 0) / nullif(max(whole), 0) FROM s",
		"ndd", NULL
	};
	const GhcSegment *lowest = &targets->segments[0];
	TimestampTz seen = lowest->seen[0];
	NameData	name;
	Datum		values[3];

	for (int i = 0; i < targets->n && targets->segments[i].band == lowest->band; i++)
		for (int fork = 0; fork < 2; fork++)
			seen = Min(seen, targets->segments[i].seen[fork]);
	namestrcpy(&name, schema);
	values[0] = NameGetDatum(&name);
	values[1] = Float8GetDatum(seconds_of(seen));
	values[2] = Float8GetDatum(seconds_of(now) - lowest->max_days * SECS_PER_DAY);
	ghc_db_run(&measure, values, NULL);
	return read_ages(0, 1, lowest->band);
}

static void
write_ages(const char *schema, const Ages *ages)
{
	static GhcStatement write = {
		"INSERT INTO ghcrawl.refresh_age AS a (data_schema, stars_from, repositories,"
		" half, tenth, oldest, in_time, measured_at)"
		" SELECT $1, $2, $3, CASE WHEN $3 > 0 THEN to_timestamp(946684800 + $4) END,"
		" CASE WHEN $3 > 0 THEN to_timestamp(946684800 + $5) END,"
		" CASE WHEN $3 > 0 THEN to_timestamp(946684800 + $6) END,"
		" CASE WHEN $3 > 0 THEN $7 END, now()"
		" ON CONFLICT (data_schema, stars_from) DO UPDATE SET"
		" repositories = excluded.repositories, half = excluded.half,"
		" tenth = excluded.tenth, oldest = excluded.oldest,"
		" in_time = excluded.in_time, measured_at = excluded.measured_at",
		"nibdddd", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), Int32GetDatum(ages->band),
		Int64GetDatum((int64) ages->repositories), Float8GetDatum(ages->half),
		Float8GetDatum(ages->tenth), Float8GetDatum(ages->oldest),
		Float8GetDatum(ages->in_time)
	};

	namestrcpy(&name, schema);
	ghc_db_run(&write, values, NULL);
}

/* Strikes out what was said before. */
static void
clear_ages(const char *schema)
{
	static GhcStatement clear = {
		"DELETE FROM ghcrawl.refresh_age WHERE data_schema = $1", "n", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};

	namestrcpy(&name, schema);
	ghc_db_run(&clear, values, NULL);
}

void
ghc_ages_measure(const char *schema, Oid owner, const GhcTargets *targets,
				 TimestampTz now)
{
	Ages	   *ages = palloc0((targets->n + 1) * sizeof(Ages));
	int			n = 0;
	GhcDbScope	scope;

	clear_ages(schema);
	for (int i = 0; i < targets->n; i++)
		if (i == 0 || targets->segments[i].band != targets->segments[i - 1].band)
			write_ages(schema, &(Ages) {.band = targets->segments[i].band});
	if (targets->least_stars < PG_INT32_MAX)
	{
		ghc_db_become(owner, &scope);
		n = measure_looks(quote_identifier(schema), targets, now, ages);
		ghc_db_restore_user(&scope);
	}
	for (int i = 0; i < n; i++)
		write_ages(schema, &ages[i]);
	if (targets->n > 0 && !targets->segments[0].singly)
	{
		ages[0] = measure_blocks(schema, targets, now);
		write_ages(schema, &ages[0]);
	}
}
