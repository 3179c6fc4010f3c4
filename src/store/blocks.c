/*-------------------------------------------------------------------------
 *
 * blocks.c
 *	  When repositories without a row of their own were looked at; see blocks.h.
 *
 * IDENTIFICATION
 *	  src/store/blocks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/blocks.h"
#include "store/db.h"
#include "store/values.h"

/* more than a run ever looks into */
#define MAX_DUE 50000

/*
 * A gap stands for few repositories that GitHub doesn't show: the others of the
 * block were seen.
 */
void
ghc_blocks_settle(const char *schema)
{
	static GhcStatement settle = {
		"UPDATE ghcrawl.refresh_block b SET crawl_id = NULL, then_at = NULL,"
		" looked_at = CASE WHEN c.state = ANY ('{done,done_with_gaps}')"
		" THEN greatest(b.looked_at, b.then_at) ELSE b.looked_at END"
		" FROM (SELECT s.crawl_id, coalesce(c.state, 'cancelled') AS state"
		" FROM (SELECT DISTINCT crawl_id FROM ghcrawl.refresh_block"
		" WHERE data_schema = $1 AND crawl_id IS NOT NULL) s"
		" LEFT JOIN ghcrawl.crawl c USING (crawl_id)) c"
		" WHERE b.data_schema = $1 AND b.crawl_id = c.crawl_id"
		" AND c.state <> ALL ('{running,paused}')", "n", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};

	namestrcpy(&name, schema);
	ghc_db_run(&settle, values, NULL);
}

void
ghc_blocks_take_walks(const char *schema)
{
	static GhcStatement take = {
		"UPDATE ghcrawl.refresh_block b SET looked_at = w.walked_at"
		" FROM (SELECT w.walked_at, lower(r) AS first, coalesce(upper(r), $2) - 1 AS last"
		" FROM ghcrawl.walked w, unnest(w.blocks) r WHERE w.data_schema = $1) w"
		" WHERE b.data_schema = $1 AND b.block BETWEEN w.first AND w.last"
		" AND b.looked_at < w.walked_at", "nb", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name), Int64GetDatum(PG_INT64_MAX)};

	namestrcpy(&name, schema);
	ghc_db_run(&take, values, NULL);
}

/* Moments go in as microseconds since 2000, which both sides reckon in. */
static void
run_with(GhcStatement *statement, const char *schema, const GhcBlock *blocks,
		 int n, int64 crawl_id)
{
	int64	   *numbers = palloc(Max(n, 1) * sizeof(int64));
	int64	   *repositories = palloc(Max(n, 1) * sizeof(int64));
	double	   *seconds = palloc(Max(n, 1) * sizeof(double));
	NameData	name;
	Datum		values[5];

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		numbers[i] = blocks[i].block;
		repositories[i] = blocks[i].repositories;
		seconds[i] = (double) (blocks[i].then_at != 0 ? blocks[i].then_at :
							   blocks[i].looked_at) / USECS_PER_SEC;
	}
	namestrcpy(&name, schema);
	values[0] = NameGetDatum(&name);
	values[1] = ghc_values_int8_array(numbers, n);
	values[2] = ghc_values_int8_array(repositories, n);
	values[3] = ghc_values_float8_array(seconds, n);
	values[4] = Int64GetDatum(crawl_id);
	ghc_db_run(statement, values, NULL);
}

void
ghc_blocks_add(const char *schema, const GhcBlock *blocks, int n)
{
	static GhcStatement add = {
		"INSERT INTO ghcrawl.refresh_block AS b (data_schema, block, repositories, looked_at)"
		" SELECT $1, u.block, u.n, to_timestamp(946684800 + u.at)"
		" FROM unnest($2, $3, $4) AS u (block, n, at) WHERE $5 IS NOT NULL"
		" ON CONFLICT (data_schema, block) DO UPDATE SET repositories = excluded.repositories"
		" WHERE b.repositories <> excluded.repositories", "nBBDb", NULL
	};

	run_with(&add, schema, blocks, n, 0);
}

GhcBlock *
ghc_blocks_due(const char *schema, TimestampTz before, int *n)
{
	static GhcStatement due = {
		"SELECT block, repositories, looked_at FROM ghcrawl.refresh_block"
		" WHERE data_schema = $1 AND looked_at < $2 AND crawl_id IS NULL"
		" ORDER BY looked_at, block LIMIT $3", "nzi", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), TimestampTzGetDatum(before), Int32GetDatum(MAX_DUE)
	};
	GhcBlock   *blocks;

	namestrcpy(&name, schema);
	*n = (int) ghc_db_run(&due, values, NULL);
	blocks = palloc0(Max(*n, 1) * sizeof(GhcBlock));
	for (int i = 0; i < *n; i++)
	{
		bool		isnull;

		blocks[i].block = ghc_db_get_int8(i, 1);
		blocks[i].repositories = ghc_db_get_int4(i, 2);
		blocks[i].looked_at = DatumGetTimestampTz(ghc_db_get(i, 3, &isnull));
	}
	return blocks;
}

void
ghc_blocks_begin(const char *schema, const GhcBlock *blocks, int n,
				 int64 crawl_id)
{
	static GhcStatement begin = {
		"UPDATE ghcrawl.refresh_block b SET crawl_id = $5, repositories = u.n,"
		" then_at = to_timestamp(946684800 + u.at)"
		" FROM unnest($2, $3, $4) AS u (block, n, at)"
		" WHERE b.data_schema = $1 AND b.block = u.block", "nBBDb", NULL
	};

	run_with(&begin, schema, blocks, n, crawl_id);
}

void
ghc_blocks_note(const char *schema, const GhcBlock *blocks, int n)
{
	static GhcStatement note = {
		"UPDATE ghcrawl.refresh_block b SET repositories = u.n,"
		" looked_at = to_timestamp(946684800 + u.at)"
		" FROM unnest($2, $3, $4) AS u (block, n, at)"
		" WHERE b.data_schema = $1 AND b.block = u.block AND $5 IS NOT NULL", "nBBDb", NULL
	};

	run_with(&note, schema, blocks, n, 0);
}
