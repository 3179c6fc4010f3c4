/*-------------------------------------------------------------------------
 *
 * looks.c
 *	  A small table of when repositories were looked at one by one; see looks.h.
 *
 * Every look writes a row, so it is narrow, has no index but its key, and room
 * for the next version of a row on the same page: an update then touches
 * nothing else.
 *
 * IDENTIFICATION
 *	  src/store/looks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/data.h"
#include "store/looks.h"
#include "store/stored.h"
#include "store/values.h"

#define TABLE "repository_look"

/* what is kept of a repository */
typedef struct Known
{
	int64		repo_id;
	TimestampTz looked_at;
	GhcChangeRate		rate;
} Known;

void
ghc_looks_compose(StringInfo sql, const char *schema)
{
	char	   *table = psprintf("%s." TABLE, schema);

	appendStringInfo(sql, "CREATE TABLE %s (repo_id bigint PRIMARY KEY,"
					 " looked_at integer NOT NULL, stars integer NOT NULL,"
					 " log_rate smallint NOT NULL, doubt smallint NOT NULL,"
					 " is_fork boolean NOT NULL) WITH (fillfactor = 80);\n"
					 "GRANT SELECT ON %s TO ghcrawl_reader, ghcrawl_admin;\n",
					 table, table);
	appendStringInfo(sql, "COMMENT ON TABLE %s IS 'When repositories with stars were last looked at by their id, and how often they change';\n"
					 "COMMENT ON COLUMN %s.repo_id IS 'GitHub''s number of the repository';\n"
					 "COMMENT ON COLUMN %s.looked_at IS 'Seconds since 2000-01-01 UTC; crawls that saw it in a range are not noted';\n"
					 "COMMENT ON COLUMN %s.stars IS 'Stars at that time';\n"
					 "COMMENT ON COLUMN %s.log_rate IS 'Natural logarithm of how often a day its stars change, in thousandths: what looks tell of it';\n"
					 "COMMENT ON COLUMN %s.doubt IS 'Standard deviation of that';\n"
					 "COMMENT ON COLUMN %s.is_fork IS 'Searches leave forks out';\n",
					 table, table, table, table, table, table, table);
}

void
ghc_looks_init(GhcLooks *looks, int n)
{
	int64	  **arrays[] = {
		&looks->repo_id, &looks->looked_at, &looks->stars, &looks->log_rate,
		&looks->doubt, &looks->is_fork
	};

	looks->n = 0;
	for (size_t i = 0; i < lengthof(arrays); i++)
		*arrays[i] = palloc(Max(n, 1) * sizeof(int64));
}

void
ghc_looks_add(GhcLooks *looks, int64 repo_id, TimestampTz looked_at,
			  int32 stars, GhcChangeRate rate, bool is_fork)
{
	int			i = looks->n++;

	looks->repo_id[i] = repo_id;
	looks->looked_at[i] = looked_at / USECS_PER_SEC;
	looks->stars[i] = stars;
	looks->log_rate[i] = rate.log;
	looks->doubt[i] = rate.doubt;
	looks->is_fork[i] = is_fork;
}

double
ghc_looks_days(TimestampTz from, TimestampTz to)
{
	return (double) (to - from) / USECS_PER_DAY;
}

int32
ghc_looks_least_stars(void)
{
	static GhcStatement least = {
		"SELECT coalesce(min(stars_from), 2147483647)"
		" FROM ghcrawl.freshness_target WHERE stars_from > 0", "", NULL
	};

	ghc_db_run(&least, NULL, NULL);
	return ghc_db_get_int4(0, 1);
}

void
ghc_looks_write(const char *schema, const GhcLooks *looks)
{
	GhcStatement *write = &ghc_store_sql(schema, 0, 0)->look;
	Datum		values[] = {
		ghc_values_int8_array(looks->repo_id, looks->n),
		ghc_values_int8_array(looks->looked_at, looks->n),
		ghc_values_int8_array(looks->stars, looks->n),
		ghc_values_int8_array(looks->log_rate, looks->n),
		ghc_values_int8_array(looks->doubt, looks->n),
		ghc_values_int8_array(looks->is_fork, looks->n)
	};

	if (looks->n > 0)
		ghc_db_run(write, values, NULL);
}

/* What is kept of the rows in hand that were looked at alone, by ascending id. */
static Known *
load_known(GhcStore *store, int *n_known)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	int			n = 0;
	Datum		values[1];
	Known	   *known;

	for (int i = 0; i < store->n; i++)
		if (store->rows[i].row->alone)
			ids[n++] = store->rows[i].row->repo->repo_id;
	values[0] = ghc_values_int8_array(ids, n);
	*n_known = (int) ghc_db_run(&store->sql->looks, values, NULL);
	known = palloc(Max(*n_known, 1) * sizeof(Known));
	for (int i = 0; i < *n_known; i++)
		known[i] = (Known) {
			ghc_db_get_int8(i, 1),
			ghc_db_get_int4(i, 2) * USECS_PER_SEC,
			{(int16) ghc_db_get_int4(i, 3), (int16) ghc_db_get_int4(i, 4)}
		};
	return known;
}

/* Are its stars others than were stored? */
static bool
has_other_stars(GhcStore *store, const GhcRow *row)
{
	bool		isnull;
	Datum		was;

	if (row->row->stored != GHC_STORED_CHANGED || row->old == NULL)
		return false;
	was = ghc_stored_value(store, row, GHC_FIELD_STARS, &isnull);
	return !isnull &&
		DatumGetInt32(was) != row->row->repo->value[GHC_FIELD_STARS].number;
}

/* What is known of a row's rate after this look; "known" is NULL at the first one. */
static GhcChangeRate
learn(GhcStore *store, const GhcRow *row, const Known *known)
{
	const GhcRepository *repo = row->row->repo;
	TimestampTz now = row->row->observed_at;
	TimestampTz since = row->row->changed_before;
	GhcChangeRate		rate;

	if (known != NULL)
		rate = known->rate;
	else if (repo->set & GHC_FIELD_BIT(GHC_FIELD_CREATED_AT))
		rate = ghc_freshness_prior((int32) repo->value[GHC_FIELD_STARS].number,
								   ghc_looks_days(ghc_values_timestamp(repo->value[GHC_FIELD_CREATED_AT].number),
												  now));
	else
		rate = ghc_freshness_prior(0, 0);
	if (known != NULL)
		since = Max(since, known->looked_at);
	/* a row that is new was never looked at before */
	if (row->row->stored == GHC_STORED_NEW)
		return rate;
	return ghc_freshness_learn(rate, ghc_looks_days(since, now),
							   has_other_stars(store, row));
}

void
ghc_looks_learn(GhcStore *store, int32 least_stars)
{
	GhcLooks	looks;
	Known	   *known;
	int			n_known;
	int			at = 0;

	if (!ghc_data_has_table(store->sql->schema, TABLE, store->owner))
		return;
	known = load_known(store, &n_known);
	ghc_looks_init(&looks, store->n);
	for (int i = 0; i < store->n; i++)
	{
		const GhcRow *row = &store->rows[i];
		const GhcRepository *repo = row->row->repo;
		int32		stars = (int32) repo->value[GHC_FIELD_STARS].number;
		const Known *of = NULL;

		if (!row->row->alone || row->row->stored == GHC_STORED_STALE ||
			row->row->stored == GHC_STORED_REFUSED ||
			(repo->set & GHC_FIELD_BIT(GHC_FIELD_STARS)) == 0)
			continue;
		while (at < n_known && known[at].repo_id < repo->repo_id)
			at++;
		if (at < n_known && known[at].repo_id == repo->repo_id)
			of = &known[at];
		if (of == NULL && stars < least_stars)
			continue;
		ghc_looks_add(&looks, repo->repo_id, row->row->observed_at, stars,
					  learn(store, row, of),
					  (repo->set & GHC_FIELD_BIT(GHC_FIELD_IS_FORK)) != 0 &&
					  repo->value[GHC_FIELD_IS_FORK].number != 0);
	}
	ghc_looks_write(store->sql->schema, &looks);
}

void
ghc_looks_note(const char *schema, const int64 *ids, const TimestampTz *looked_at,
			   int n)
{
	int64	   *seconds = palloc(Max(n, 1) * sizeof(int64));
	Datum		values[2];

	for (int i = 0; i < n; i++)
		seconds[i] = looked_at[i] / USECS_PER_SEC;
	values[0] = ghc_values_int8_array(ids, n);
	values[1] = ghc_values_int8_array(seconds, n);
	if (n > 0)
		ghc_db_run(&ghc_store_sql(schema, 0, 0)->looked, values, NULL);
}

void
ghc_looks_forget(const char *schema, const int64 *ids, int n)
{
	Datum		values[] = {ghc_values_int8_array(ids, n)};

	if (n > 0)
		ghc_db_run(&ghc_store_sql(schema, 0, 0)->unlooked, values, NULL);
}

void
ghc_looks_missed(const char *schema, const int64 *ids, int n,
				 TimestampTz asked_at)
{
	Oid			owner = ghc_data_owner(schema);
	TimestampTz *looked_at = palloc(Max(n, 1) * sizeof(TimestampTz));
	GhcDbScope	scope;

	if (!OidIsValid(owner) || !ghc_data_has_table(schema, TABLE, owner))
		return;
	for (int i = 0; i < n; i++)
		looked_at[i] = asked_at;
	ghc_db_become(owner, &scope);
	ghc_looks_note(schema, ids, looked_at, n);
	ghc_db_restore_user(&scope);
}
