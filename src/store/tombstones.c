/*-------------------------------------------------------------------------
 *
 * tombstones.c
 *	  Repositories and owners that are never to be stored again; see
 *	  tombstones.h.
 *
 * A repository is known by its id whatever is asked for, an owner only where his
 * is.  So while owners are forgotten, crawls ask for it whatever their profile
 * says; what was asked before that and would be a new row is refused, and so
 * a gap that is read again.
 *
 * IDENTIFICATION
 *	  src/store/tombstones.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/data.h"
#include "store/tombstones.h"
#include "store/values.h"

#define REPOSITORY "repository"
#define OWNER "owner"

void
ghc_tombstones_compose(StringInfo sql, const char *schema)
{
	static const char *const comments[][2] = {
		{"kind", "repository or owner"},
		{"id", "GitHub''s number of it"},
		{"forgotten_at", "When ghcrawl_forget was called"},
		{"reason", "As given then; nothing about a person should stand here"},
	};

	appendStringInfo(sql, "CREATE TABLE %s." GHC_TOMBSTONES_TABLE " (\n"
					 "kind text CHECK (kind = ANY ('{" REPOSITORY "," OWNER "}')),\n"
					 "id bigint,\n"
					 "forgotten_at timestamptz NOT NULL DEFAULT now(),\n"
					 "reason text,\n"
					 "PRIMARY KEY (kind, id));\n"
					 "GRANT SELECT ON %s." GHC_TOMBSTONES_TABLE " TO ghcrawl_admin;\n"
					 "COMMENT ON TABLE %s." GHC_TOMBSTONES_TABLE " IS 'Repositories and owners that"
					 " ghcrawl_forget erased: they are never stored again. Delete a row to take that back';\n",
					 schema, schema, schema);
	for (size_t i = 0; i < lengthof(comments); i++)
		appendStringInfo(sql, "COMMENT ON COLUMN %s." GHC_TOMBSTONES_TABLE ".%s IS '%s';\n",
						 schema, comments[i][0], comments[i][1]);
}

/* Is the id among n ascending ones? */
static bool
is_among(int64 id, const int64 *ids, uint64 n)
{
	while (n > 0)
	{
		uint64		half = n / 2;

		if (ids[half] == id)
			return true;
		if (ids[half] < id)
		{
			ids += half + 1;
			n -= half + 1;
		}
		else
			n = half;
	}
	return false;
}

/* Those of some ids that have a tombstone, ascending, palloc'd; how many. */
static uint64
find_buried(GhcStoreSql *sql, const char *kind, const int64 *ids, int n,
			int64 **buried)
{
	Datum		values[] = {CStringGetTextDatum(kind), ghc_values_int8_array(ids, n)};
	uint64		n_buried = ghc_db_run(&sql->buried, values, NULL);

	*buried = palloc(Max(n_buried, 1) * sizeof(int64));
	for (uint64 i = 0; i < n_buried; i++)
		(*buried)[i] = ghc_db_get_int8(i, 1);
	return n_buried;
}

/* The owner that a row tells of; 0: none, or it doesn't tell. */
static int64
owner_of(const GhcRow *row)
{
	const GhcRepository *repo = row->row->repo;

	return repo->set & GHC_FIELD_BIT(GHC_FIELD_OWNER_ID) ?
		repo->value[GHC_FIELD_OWNER_ID].number : 0;
}

static void
drop(GhcStore *store, const int64 *repos, uint64 n_repos,
	 const int64 *owners, uint64 n_owners)
{
	int			kept = 0;

	for (int i = 0; i < store->n; i++)
	{
		GhcRow	   *row = &store->rows[i];

		if (is_among(row->row->repo->repo_id, repos, n_repos) ||
			is_among(owner_of(row), owners, n_owners))
		{
			row->row->stored = GHC_STORED_STALE;
			row->row->lacking = false;
		}
		else
			store->rows[kept++] = *row;
	}
	store->n = kept;
}

void
ghc_tombstones_drop(GhcStore *store)
{
	GhcStoreSql *sql = store->sql;
	int64	   *ids = palloc(store->n * sizeof(int64));
	int64	   *repos;
	int64	   *owners = NULL;
	uint64		n_repos;
	uint64		n_owners = 0;
	bool		isnull;

	if (!ghc_data_has_table(sql->schema, GHC_TOMBSTONES_TABLE, store->owner) ||
		ghc_db_run(&sql->any_buried, NULL, NULL) == 0)
		return;
	store->minds_owners = DatumGetBool(ghc_db_get(0, 1, &isnull));
	for (int i = 0; i < store->n; i++)
		ids[i] = store->rows[i].row->repo->repo_id;
	n_repos = find_buried(sql, REPOSITORY, ids, store->n, &repos);
	if (store->minds_owners)
	{
		for (int i = 0; i < store->n; i++)
			ids[i] = owner_of(&store->rows[i]);
		n_owners = find_buried(sql, OWNER, ids, store->n, &owners);
	}
	if (n_repos + n_owners > 0)
		drop(store, repos, n_repos, owners, n_owners);
}

int
ghc_tombstones_refuse_unowned(GhcStore *store)
{
	int			n = 0;

	if (!store->minds_owners || store->apart->now)
		return 0;
	for (int i = 0; i < store->n; i++)
	{
		GhcStoreRow *row = store->rows[i].row;
		GhcFieldSet told = row->repo->set | row->repo->null;

		if (row->stored != GHC_STORED_NEW ||
			(told & GHC_FIELD_BIT(GHC_FIELD_OWNER_ID)) != 0)
			continue;
		row->stored = GHC_STORED_REFUSED;
		n++;
	}
	return n;
}

bool
ghc_tombstones_has_owners(const char *schema)
{
	Oid			owner = ghc_data_owner(schema);
	GhcDbScope	scope;
	bool		any;

	if (!OidIsValid(owner) ||
		!ghc_data_has_table(schema, GHC_TOMBSTONES_TABLE, owner))
		return false;
	ghc_db_become(owner, &scope);
	any = ghc_db_run_text(psprintf("SELECT FROM %s." GHC_TOMBSTONES_TABLE
								   " WHERE kind = '" OWNER "' LIMIT 1",
								   quote_identifier(schema))) > 0;
	ghc_db_restore_user(&scope);
	return any;
}
