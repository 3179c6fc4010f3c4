/*-------------------------------------------------------------------------
 *
 * popular.c
 *	  A small table of the repositories with most stars; see popular.h.
 *
 * An index on the stars of all repositories would be written with each change
 * of them, and have each change written to the other indexes, too.  One
 * repository of GitHub in a thousand has a hundred stars.
 *
 * IDENTIFICATION
 *	  src/store/popular.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "store/data.h"
#include "store/popular.h"
#include "store/values.h"

void
ghc_popular_compose(StringInfo sql, const char *schema)
{
	char	   *table = psprintf("%s.repository_popular", schema);

	appendStringInfo(sql, "CREATE TABLE %s (repo_id bigint PRIMARY KEY,"
					 " stars integer NOT NULL);\n"
					 "CREATE INDEX ON %s (stars);\n"
					 "INSERT INTO %s SELECT repo_id, stars FROM %s.repository WHERE stars >= %d;\n"
					 "GRANT SELECT ON %s TO ghcrawl_reader, ghcrawl_admin;\n",
					 table, table, table, schema, GHC_POPULAR_STARS, table);
	appendStringInfo(sql, "COMMENT ON TABLE %s IS 'Repositories with %d stars or more, for view popular';\n"
					 "COMMENT ON COLUMN %s.repo_id IS 'GitHub''s number of the repository';\n"
					 "COMMENT ON COLUMN %s.stars IS 'Stars, the same as in table repository';\n",
					 table, GHC_POPULAR_STARS, table, table);
}

void
ghc_popular_write(GhcStoreSql *sql, Oid owner, const GhcPopular *news, int n)
{
	int64	   *ids = palloc(n * sizeof(int64));
	int64	   *gone = palloc(n * sizeof(int64));
	Datum	   *stars = palloc(n * sizeof(Datum));
	int			n_in = 0;
	int			n_gone = 0;
	Datum		values[2];

	if (!ghc_data_has_table(sql->schema, "repository_popular", owner))
		return;
	for (int i = 0; i < n; i++)
	{
		if (news[i].is < GHC_POPULAR_STARS)
		{
			gone[n_gone++] = news[i].repo_id;
			continue;
		}
		stars[n_in] = Int32GetDatum(news[i].is);
		ids[n_in++] = news[i].repo_id;
	}
	if (n_in > 0)
	{
		values[0] = ghc_values_int8_array(ids, n_in);
		values[1] = PointerGetDatum(construct_array(stars, n_in, INT4OID, sizeof(int32),
													true, TYPALIGN_INT));
		ghc_db_run(&sql->promote, values, NULL);
	}
	values[0] = ghc_values_int8_array(gone, n_gone);
	if (n_gone > 0)
		ghc_db_run(&sql->demote, values, NULL);
}
