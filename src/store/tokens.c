/*-------------------------------------------------------------------------
 *
 * tokens.c
 *	  Tokens and the budgets they belong to; see tokens.h.
 *
 * IDENTIFICATION
 *	  src/store/tokens.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "store/batch.h"
#include "store/db.h"
#include "store/tokens.h"

/* columns of a new token */
#define N_NEW 6

/* The one row of a batch: a new token's texts. */
static void
fill_new(void *state, int row, Datum *values, bool *isnull)
{
	const char *const *texts = state;

	(void) row;
	for (int i = 0; i < N_NEW; i++)
	{
		isnull[i] = texts[i] == NULL;
		values[i] = isnull[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
}

/*
 * As a batch, because parameters are in the plans that auto_explain and
 * debug_print_plan log.
 */
bool
ghc_tokens_insert(const char *name, const char *api_url, const char *secret,
				  const char *file, const char *fingerprint,
				  const char *added_by)
{
	static const Oid types[N_NEW] = {
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
	};
	static GhcStatement insert = {
		"INSERT INTO ghcrawl.token (name, api_url, secret, file, fingerprint,"
		" added_by) SELECT b.name, b.api_url, b.secret, b.file, b.fingerprint,"
		" b.added_by::name FROM ghcrawl.batch() AS b (name text, api_url text,"
		" secret text, file text, fingerprint text, added_by text)"
		" ON CONFLICT (name) DO NOTHING RETURNING 1", "", NULL
	};
	const char *texts[N_NEW] = {
		name, api_url, secret, file, fingerprint, added_by
	};
	GhcBatch	batch = {1, N_NEW, types, fill_new, texts};

	return ghc_batch_run(&batch, &insert) > 0;
}

char *
ghc_tokens_find_same(const char *name, const char *api_url,
					 const char *fingerprint, int64 installation_id)
{
	static GhcStatement find = {
		"SELECT name FROM ghcrawl.token WHERE name <> $1 AND api_url = $2"
		" AND fingerprint = $3 AND of_app IS NULL"
		" AND ($4 = 0 OR coalesce(installation_id, $4) = $4)"
		" ORDER BY name LIMIT 1", "tttb", NULL
	};
	Datum		values[] = {
		CStringGetTextDatum(name), CStringGetTextDatum(api_url),
		CStringGetTextDatum(fingerprint), Int64GetDatum(installation_id)
	};

	return ghc_db_run(&find, values, NULL) ? ghc_db_get_text(0, 1) : NULL;
}

char *
ghc_tokens_delete(const char *name)
{
	static GhcStatement drop = {
		"DELETE FROM ghcrawl.token WHERE name = $1 RETURNING fingerprint",
		"t", NULL
	};
	Datum		values[] = {CStringGetTextDatum(name)};

	return ghc_db_run(&drop, values, NULL) ? ghc_db_get_text(0, 1) : NULL;
}

int
ghc_tokens_count(const char *api_url)
{
	static GhcStatement count = {
		"SELECT count(*)::int FROM ghcrawl.token"
		" WHERE api_url = $1 AND refused_at IS NULL", "t", NULL
	};
	Datum		values[] = {CStringGetTextDatum(api_url)};

	ghc_db_run(&count, values, NULL);
	return ghc_db_get_int4(0, 1);
}

List *
ghc_tokens_hosts(void)
{
	static GhcStatement hosts = {
		"SELECT DISTINCT api_url FROM ghcrawl.token ORDER BY api_url", "", NULL
	};
	uint64		n = ghc_db_run(&hosts, NULL, NULL);
	List	   *urls = NIL;

	for (uint64 row = 0; row < n; row++)
		urls = lappend(urls, ghc_db_get_text(row, 1));
	return urls;
}

TimestampTz
ghc_tokens_ready_at(const char *api_url)
{
	static GhcStatement ready = {
		"SELECT min(greatest(now(), b.benched_until, t.benched_until,"
		" CASE WHEN b.remaining < 2 AND b.reset_at > now() THEN b.reset_at END))"
		" FROM ghcrawl.token t LEFT JOIN ghcrawl.budget b USING (budget_id)"
		" WHERE t.api_url = $1 AND t.refused_at IS NULL"
		/* an App has no budget, but its installations have */
		" AND NOT EXISTS (SELECT FROM ghcrawl.token i WHERE i.of_app = t.token_id)",
		"t", NULL
	};
	Datum		values[] = {CStringGetTextDatum(api_url)};

	ghc_db_run(&ready, values, NULL);
	return ghc_db_get_int8(0, 1);
}

List *
ghc_tokens_load(void)
{
	static GhcStatement load = {
		"SELECT t.token_id, CASE WHEN t.refused_at IS NULL THEN t.budget_id END,"
		" t.name, t.api_url, t.secret, t.file, k.newest, t.of_app,"
		" t.installation_id, t.benched_until, t.benched_for FROM ghcrawl.token t,"
		" LATERAL (SELECT coalesce(max(k.question_id), 0) AS newest FROM ghcrawl.token_check k"
		" WHERE k.token_id = t.token_id AND k.state IS NULL) k"
		" WHERE t.app_id IS NULL AND (t.refused_at IS NULL OR k.newest > 0)"
		" ORDER BY t.token_id",
		"", NULL
	};
	uint64		n = ghc_db_run(&load, NULL, NULL);
	List	   *tokens = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		GhcToken   *token = palloc0(sizeof(GhcToken));

		token->token_id = ghc_db_get_int4(row, 1);
		token->budget_id = ghc_db_get_int4(row, 2);
		token->name = ghc_db_get_text(row, 3);
		token->api_url = ghc_db_get_text(row, 4);
		token->secret = ghc_db_get_text(row, 5);
		token->file = ghc_db_get_text(row, 6);
		token->check = ghc_db_get_int4(row, 7);
		token->of_app = ghc_db_get_int4(row, 8);
		token->installation_id = ghc_db_get_int8(row, 9);
		token->benched_until = ghc_db_get_int8(row, 10);
		token->benched_for = ghc_db_get_text(row, 11);
		tokens = lappend(tokens, token);
	}
	return tokens;
}

int
ghc_tokens_set_budget(int token_id, const char *api_url, int64 account_id,
					  const char *login)
{
	static GhcStatement set = {
		"WITH b AS (INSERT INTO ghcrawl.budget AS b (api_url, account_id, login)"
		" VALUES ($2, $3, $4) ON CONFLICT (api_url, kind, account_id)"
		" DO UPDATE SET login = excluded.login RETURNING budget_id)"
		" UPDATE ghcrawl.token t SET budget_id = b.budget_id,"
		" refused_at = NULL, refused_for = NULL,"
		" benched_until = NULL, benched_for = NULL FROM b"
		" WHERE t.token_id = $1 RETURNING b.budget_id", "itbt", NULL
	};
	Datum		values[] = {
		Int32GetDatum(token_id), CStringGetTextDatum(api_url),
		Int64GetDatum(account_id), CStringGetTextDatum(login)
	};

	return ghc_db_run(&set, values, NULL) ? ghc_db_get_int4(0, 1) : 0;
}

void
ghc_tokens_bench(int token_id, TimestampTz until, const char *reason)
{
	static GhcStatement bench = {
		"UPDATE ghcrawl.token SET benched_until = $2, benched_for = $3"
		" WHERE token_id = $1", "izt", NULL
	};
	Datum		values[] = {
		Int32GetDatum(token_id), TimestampTzGetDatum(until),
		CStringGetTextDatum(reason)
	};

	ghc_db_run(&bench, values, NULL);
}

void
ghc_tokens_accept(int token_id)
{
	static GhcStatement accept = {
		"UPDATE ghcrawl.token SET refused_at = NULL, refused_for = NULL"
		" WHERE token_id = $1 AND refused_at IS NOT NULL", "i", NULL
	};
	Datum		values[] = {Int32GetDatum(token_id)};

	ghc_db_run(&accept, values, NULL);
}

char *
ghc_tokens_find_fellow(int token_id, int budget_id)
{
	static GhcStatement find = {
		"SELECT name FROM ghcrawl.token WHERE budget_id = $2 AND token_id <> $1"
		" AND refused_at IS NULL ORDER BY token_id LIMIT 1", "ii", NULL
	};
	Datum		values[] = {Int32GetDatum(token_id), Int32GetDatum(budget_id)};

	return ghc_db_run(&find, values, NULL) ? ghc_db_get_text(0, 1) : NULL;
}

void
ghc_tokens_refuse(int token_id, const char *reason)
{
	static GhcStatement refuse = {
		"UPDATE ghcrawl.token SET refused_at = now(),"
		" refused_for = CASE WHEN token_id = $1 THEN $2"
		" ELSE " GHC_TOKENS_APP_REFUSED " END"
		" WHERE token_id = $1 OR (of_app = $1 AND refused_at IS NULL)", "it", NULL
	};
	Datum		values[] = {Int32GetDatum(token_id), CStringGetTextDatum(reason)};

	ghc_db_run(&refuse, values, NULL);
}

bool
ghc_tokens_find_budget(const char *name, int *budget_id)
{
	static GhcStatement find = {
		"SELECT budget_id FROM ghcrawl.token WHERE name = $1", "t", NULL
	};
	Datum		values[] = {CStringGetTextDatum(name)};

	if (ghc_db_run(&find, values, NULL) == 0)
		return false;
	*budget_id = ghc_db_get_int4(0, 1);
	return true;
}

void
ghc_budgets_set_limits(int budget_id, const GhcLimitsChange *change)
{
	static GhcStatement set = {
		"UPDATE ghcrawl.budget SET"
		" points_hour = coalesce(nullif($2, -1), points_hour),"
		" requests_minute = coalesce(nullif($3, -1), requests_minute),"
		" response_ms_minute = coalesce(nullif($4, -1), response_ms_minute),"
		" total_ms_minute = CASE WHEN $4 = 0 OR total_ms_minute = 0 THEN 0"
		" ELSE greatest($4, total_ms_minute) END,"
		" concurrent = coalesce(nullif($5, -1), concurrent),"
		" reserve = coalesce(nullif($6, -1), reserve)"
		" WHERE budget_id = $1", "ibiiii", NULL
	};
	Datum		values[] = {
		Int32GetDatum(budget_id), Int64GetDatum(change->points_hour),
		Int32GetDatum(change->requests_minute),
		Int32GetDatum(change->response_ms_minute),
		Int32GetDatum(change->concurrent), Int32GetDatum(change->reserve)
	};

	ghc_db_run(&set, values, NULL);
}

static int64
get_int8_or(uint64 row, int column, int64 otherwise)
{
	bool		isnull;
	Datum		value = ghc_db_get(row, column, &isnull);

	return isnull ? otherwise : DatumGetInt64(value);
}

List *
ghc_budgets_load(void)
{
	static GhcStatement load = {
		"SELECT budget_id, api_url, login, points_hour, requests_minute,"
		" response_ms_minute, \"limit\", remaining, reset_at, minute_requests,"
		" minute_response_ms, benched_until, updated_at, total_ms_minute,"
		" window_ms, concurrent, reserve, spent, released::int,"
		" benched_for, unmetered::int, rest_hour, rest_limit, rest_remaining,"
		" rest_reset_at, rest_spent, rest_minute_requests, rest_minute_ms,"
		" rest_benched_until FROM ghcrawl.budget b"
		" WHERE EXISTS (SELECT FROM ghcrawl.token t"
		" WHERE t.budget_id = b.budget_id AND t.refused_at IS NULL)"
		" ORDER BY budget_id", "", NULL
	};
	uint64		n = ghc_db_run(&load, NULL, NULL);
	List	   *budgets = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		GhcBudgetRow *budget = palloc0(sizeof(GhcBudgetRow));

		budget->budget_id = ghc_db_get_int4(row, 1);
		budget->api_url = ghc_db_get_text(row, 2);
		budget->login = ghc_db_get_text(row, 3);
		budget->points_hour = ghc_db_get_int8(row, 4);
		budget->requests_minute = ghc_db_get_int4(row, 5);
		budget->response_ms_minute = ghc_db_get_int4(row, 6);
		budget->limit = get_int8_or(row, 7, -1);
		budget->remaining = get_int8_or(row, 8, -1);
		budget->reset_at = get_int8_or(row, 9, 0);
		budget->minute_requests = ghc_db_get_int4(row, 10);
		budget->minute_response_ms = ghc_db_get_int4(row, 11);
		budget->benched_until = get_int8_or(row, 12, 0);
		budget->updated_at = get_int8_or(row, 13, 0);
		budget->total_ms_minute = ghc_db_get_int4(row, 14);
		budget->window_ms = ghc_db_get_int4(row, 15);
		budget->concurrent = ghc_db_get_int4(row, 16);
		budget->reserve = ghc_db_get_int4(row, 17);
		budget->spent = ghc_db_get_int8(row, 18);
		budget->released = ghc_db_get_int4(row, 19) != 0;
		budget->benched_for = ghc_db_get_text(row, 20);
		budget->unmetered = ghc_db_get_int4(row, 21) != 0;
		budget->rest_hour = ghc_db_get_int8(row, 22);
		budget->rest_limit = get_int8_or(row, 23, -1);
		budget->rest_remaining = get_int8_or(row, 24, -1);
		budget->rest_reset_at = get_int8_or(row, 25, 0);
		budget->rest_spent = ghc_db_get_int8(row, 26);
		budget->rest_minute_requests = ghc_db_get_int4(row, 27);
		budget->rest_minute_ms = ghc_db_get_int4(row, 28);
		budget->rest_benched_until = get_int8_or(row, 29, 0);
		budgets = lappend(budgets, budget);
	}
	return budgets;
}

void
ghc_budgets_save(const GhcBudgetRow *budget)
{
	static GhcStatement save = {
		"UPDATE ghcrawl.budget SET \"limit\" = nullif($2, -1),"
		" remaining = nullif($3, -1), reset_at = $4, minute_requests = $5,"
		" minute_response_ms = $6, benched_until = $7, benched_for = $8,"
		" points_used = points_used + $9, requests = requests + $10,"
		" spent = $11, paced_by = $12, pace = $13, released = $14, unmetered = $15,"
		" rest_limit = nullif($16, -1), rest_remaining = nullif($17, -1),"
		" rest_reset_at = $18, rest_spent = $19, rest_minute_requests = $20,"
		" rest_minute_ms = $21, rest_benched_until = $22,"
		" rest_requests = rest_requests + $23, not_modified = not_modified + $24,"
		" updated_at = clock_timestamp() WHERE budget_id = $1",
		"ibbziiztbbbtdllbbzbiizbb", NULL
	};
	char		nulls[] = "                        ";
	Datum		values[] = {
		Int32GetDatum(budget->budget_id), Int64GetDatum(budget->limit),
		Int64GetDatum(budget->remaining), TimestampTzGetDatum(budget->reset_at),
		Int32GetDatum(budget->minute_requests),
		Int32GetDatum(budget->minute_response_ms),
		TimestampTzGetDatum(budget->benched_until),
		budget->benched_for ? CStringGetTextDatum(budget->benched_for) : (Datum) 0,
		Int64GetDatum(budget->points_used), Int64GetDatum(budget->requests),
		Int64GetDatum(budget->spent),
		budget->paced_by ? CStringGetTextDatum(budget->paced_by) : (Datum) 0,
		Float8GetDatum(budget->pace), BoolGetDatum(budget->released),
		BoolGetDatum(budget->unmetered), Int64GetDatum(budget->rest_limit),
		Int64GetDatum(budget->rest_remaining),
		TimestampTzGetDatum(budget->rest_reset_at),
		Int64GetDatum(budget->rest_spent),
		Int32GetDatum(budget->rest_minute_requests),
		Int32GetDatum(budget->rest_minute_ms),
		TimestampTzGetDatum(budget->rest_benched_until),
		Int64GetDatum(budget->rest_requests), Int64GetDatum(budget->not_modified)
	};

	if (budget->reset_at == 0)
		nulls[3] = 'n';
	if (budget->benched_until == 0)
		nulls[6] = 'n';
	if (budget->benched_for == NULL)
		nulls[7] = 'n';
	if (budget->paced_by == NULL)
		nulls[11] = nulls[12] = 'n';
	if (budget->rest_reset_at == 0)
		nulls[17] = 'n';
	if (budget->rest_benched_until == 0)
		nulls[21] = 'n';
	ghc_db_run(&save, values, nulls);
}
