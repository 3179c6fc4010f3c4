/*-------------------------------------------------------------------------
 *
 * apps.c
 *	  GitHub Apps and where they are installed; see apps.h.
 *
 * IDENTIFICATION
 *	  src/store/apps.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/apps.h"
#include "store/db.h"
#include "store/tokens.h"
#include "store/values.h"

/* why an installation isn't used, as long as it lasts */
#define GONE "'the App is not installed there any more'"
#define SUSPENDED "'the installation is suspended'"

bool
ghc_apps_insert(const GhcAppRow *app, const char *fingerprint,
				const char *added_by)
{
	static GhcStatement insert = {
		"INSERT INTO ghcrawl.token (name, api_url, app_id, file,"
		" installation_id, fingerprint, added_by)"
		" VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7)"
		" ON CONFLICT (name) DO NOTHING RETURNING 1", "ttttbtn", NULL
	};
	NameData	role;
	Datum		values[] = {
		CStringGetTextDatum(app->name), CStringGetTextDatum(app->api_url),
		CStringGetTextDatum(app->app_id), CStringGetTextDatum(app->file),
		Int64GetDatum(app->installation_id), CStringGetTextDatum(fingerprint),
		NameGetDatum(&role)
	};

	namestrcpy(&role, added_by);
	return ghc_db_run(&insert, values, NULL) > 0;
}

List *
ghc_apps_load(void)
{
	static GhcStatement load = {
		"SELECT t.token_id, t.name, t.api_url, t.app_id, t.file,"
		" t.installation_id, k.newest FROM ghcrawl.token t,"
		" LATERAL (SELECT coalesce(max(k.question_id), 0) AS newest FROM ghcrawl.token_check k"
		" WHERE k.token_id = t.token_id AND k.state IS NULL) k"
		" WHERE t.app_id IS NOT NULL"
		" AND (t.refused_at IS NULL OR k.newest > 0) ORDER BY t.token_id",
		"", NULL
	};
	uint64		n = ghc_db_run(&load, NULL, NULL);
	List	   *apps = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		GhcAppRow  *app = palloc0(sizeof(GhcAppRow));

		app->token_id = ghc_db_get_int4(row, 1);
		app->name = ghc_db_get_text(row, 2);
		app->api_url = ghc_db_get_text(row, 3);
		app->app_id = ghc_db_get_text(row, 4);
		app->file = ghc_db_get_text(row, 5);
		app->installation_id = ghc_db_get_int8(row, 6);
		app->check = ghc_db_get_int4(row, 7);
		apps = lappend(apps, app);
	}
	return apps;
}

/* Budgets and rows of installations that are not known yet. */
static void
add_installations(Datum *values)
{
	static GhcStatement budgets = {
		"INSERT INTO ghcrawl.budget (api_url, kind, account_id, login)"
		" SELECT a.api_url, 'installation', l.id, l.login FROM ghcrawl.token a,"
		" unnest($2, $3) l(id, login) WHERE a.token_id = $1 ORDER BY l.id"
		" ON CONFLICT (api_url, kind, account_id) DO NOTHING", "iBTBl", NULL
	};
	static GhcStatement renamed = {
		"UPDATE ghcrawl.budget b SET login = l.login FROM ghcrawl.token a,"
		" unnest($2, $3) l(id, login) WHERE a.token_id = $1"
		" AND b.api_url = a.api_url AND b.kind = 'installation'"
		" AND b.account_id = l.id AND b.login <> l.login", "iBTBl", NULL
	};
	static GhcStatement rows = {
		"INSERT INTO ghcrawl.token (name, api_url, of_app, installation_id,"
		" fingerprint, budget_id, added_by)"
		" SELECT CASE WHEN EXISTS (SELECT FROM ghcrawl.token t"
		" WHERE t.name = a.name || ':' || b.login)"
		" THEN a.name || ':' || b.account_id ELSE a.name || ':' || b.login END,"
		" a.api_url, $1, b.account_id, a.fingerprint, b.budget_id, a.added_by"
		" FROM ghcrawl.token a JOIN ghcrawl.budget b"
		" ON b.api_url = a.api_url AND b.kind = 'installation'"
		" WHERE a.token_id = $1 AND b.account_id = ANY ($2)"
		" AND NOT EXISTS (SELECT FROM ghcrawl.token t"
		" WHERE t.of_app = $1 AND t.installation_id = b.account_id)"
		" ORDER BY b.account_id ON CONFLICT DO NOTHING", "iBTBl", NULL
	};

	ghc_db_run(&budgets, values, NULL);
	ghc_db_run(&renamed, values, NULL);
	ghc_db_run(&rows, values, NULL);
}

/* Which of them can't be used, and which can be used again. */
static void
mark_installations(Datum *values)
{
	static GhcStatement mark = {
		"UPDATE ghcrawl.token t SET refused_for = w.why,"
		" refused_at = CASE WHEN w.why IS NOT NULL THEN now() END"
		" FROM (SELECT i.token_id, CASE WHEN l.id IS NULL THEN " GONE
		" WHEN l.suspended > 0 THEN " SUSPENDED " END AS why"
		" FROM ghcrawl.token i LEFT JOIN unnest($2, $4) l(id, suspended)"
		" ON l.id = i.installation_id"
		" WHERE i.of_app = $1 AND (l.id IS NOT NULL OR $5)) w"
		" WHERE t.token_id = w.token_id AND t.refused_for IS DISTINCT FROM w.why"
		" AND (w.why IS NOT NULL OR t.refused_for IN (" GONE ", " SUSPENDED ", "
		GHC_TOKENS_APP_REFUSED "))", "iBTBl", NULL
	};
	static GhcStatement listed = {
		"UPDATE ghcrawl.token SET listed_at = now(), refused_at = NULL,"
		" refused_for = NULL WHERE token_id = $1", "i", NULL
	};
	static GhcStatement checks = {
		"INSERT INTO ghcrawl.token_check (question_id, token_id)"
		" SELECT k.question_id, t.token_id FROM ghcrawl.token_check k,"
		" ghcrawl.token t WHERE k.token_id = $1 AND k.state IS NULL"
		" AND t.of_app = $1 ON CONFLICT DO NOTHING", "i", NULL
	};

	ghc_db_run(&mark, values, NULL);
	ghc_db_run(&listed, values, NULL);
	ghc_db_run(&checks, values, NULL);
}

void
ghc_apps_write_list(int token_id, const GhcInstallation *list, int n,
					bool whole)
{
	int64	   *ids = palloc((n + 1) * sizeof(int64));
	int64	   *suspended = palloc((n + 1) * sizeof(int64));
	Datum	   *logins = palloc((n + 1) * sizeof(Datum));
	Datum		values[5];

	for (int i = 0; i < n; i++)
	{
		ids[i] = list[i].id;
		suspended[i] = list[i].suspended;
		logins[i] = list[i].login[0] ? CStringGetTextDatum(list[i].login) :
			CStringGetTextDatum(psprintf("installation %lld", (long long) list[i].id));
	}
	values[0] = Int32GetDatum(token_id);
	values[1] = ghc_values_int8_array(ids, n);
	values[2] = PointerGetDatum(construct_array(logins, n, TEXTOID, -1, false,
												TYPALIGN_INT));
	values[3] = ghc_values_int8_array(suspended, n);
	values[4] = BoolGetDatum(whole);
	add_installations(values);
	mark_installations(values);
}
