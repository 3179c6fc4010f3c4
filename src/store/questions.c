/*-------------------------------------------------------------------------
 *
 * questions.c
 *	  Questions that sessions wait for answers to; see questions.h.
 *
 * IDENTIFICATION
 *	  src/store/questions.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/db.h"
#include "store/questions.h"
#include "store/values.h"

#define N_ANSWERS 7

int
ghc_questions_next_id(void)
{
	static GhcStatement next = {
		"SELECT nextval('ghcrawl.question_id_seq')::int", "", NULL
	};

	ghc_db_run(&next, NULL, NULL);
	return ghc_db_get_int4(0, 1);
}

void
ghc_questions_insert_plan(int id, const char *api_url, const char *profile,
						  const char *root, int64 position)
{
	static GhcStatement insert = {
		"WITH q AS (INSERT INTO ghcrawl.question (question_id, kind, api_url, profile)"
		" VALUES ($1, 'plan', $2, $3)),"
		" t AS (INSERT INTO ghcrawl.task (crawl_id, kind, query)"
		" VALUES (-$1, CASE WHEN $4 LIKE 'ids:%' THEN 'survey' ELSE 'plan' END, $4) RETURNING crawl_id, task_id)"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT crawl_id, $5, task_id FROM t", "itttb", NULL
	};
	Datum		values[] = {
		Int32GetDatum(id), CStringGetTextDatum(api_url),
		CStringGetTextDatum(profile), CStringGetTextDatum(root),
		Int64GetDatum(position)
	};

	ghc_db_run(&insert, values, NULL);
}

void
ghc_questions_insert_verify(int id, const char *api_url)
{
	static GhcStatement insert = {
		"WITH q AS (INSERT INTO ghcrawl.question (question_id, kind, api_url)"
		" VALUES ($1, 'verify', $2))"
		" INSERT INTO ghcrawl.token_check (question_id, token_id)"
		" SELECT $1, token_id FROM ghcrawl.token WHERE api_url = $2", "it", NULL
	};
	Datum		values[] = {Int32GetDatum(id), CStringGetTextDatum(api_url)};

	ghc_db_run(&insert, values, NULL);
}

static void
read_answer(Datum answer, GhcEstimate *estimate)
{
	ArrayType  *array = DatumGetArrayTypeP(answer);
	const int64 *numbers = (const int64 *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != N_ANSWERS ||
		ARR_HASNULL(array))
		elog(ERROR, "unexpected answer");
	*estimate = (GhcEstimate) {
		numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5],
		numbers[6]
	};
}

bool
ghc_questions_read(int id, GhcQuestion *question)
{
	static GhcStatement read = {
		"SELECT answer, CASE WHEN asked_at < now() - interval '5 s'"
		" THEN attempts ELSE 0 END, failed, error FROM ghcrawl.question"
		" WHERE question_id = $1", "i", NULL
	};
	Datum		values[] = {Int32GetDatum(id)};
	Datum		answer;
	bool		isnull;

	if (ghc_db_run(&read, values, NULL) == 0)
		return false;
	answer = ghc_db_get(0, 1, &isnull);
	question->answered = !isnull;
	if (!isnull)
		read_answer(answer, &question->estimate);
	question->attempts = ghc_db_get_int4(0, 2);
	question->failed = DatumGetBool(ghc_db_get(0, 3, &isnull));
	question->error = ghc_db_get_text(0, 4);
	return true;
}

int
ghc_questions_open_checks(int id)
{
	static GhcStatement bench = {
		"UPDATE ghcrawl.token_check k SET state = 'benched',"
		" reason = coalesce(CASE WHEN n.until > now() + interval '65 s'"
		" THEN n.why END, 'no points left'), \"limit\" = b.\"limit\","
		" remaining = b.remaining, reset_at = b.reset_at"
		" FROM ghcrawl.token t LEFT JOIN ghcrawl.budget b USING (budget_id),"
		" LATERAL (SELECT coalesce(b.benched_until, t.benched_until) AS until,"
		" coalesce(b.benched_for, t.benched_for) AS why) n"
		" WHERE k.question_id = $1 AND k.state IS NULL"
		" AND t.token_id = k.token_id AND t.refused_at IS NULL"
		" AND (n.until > now() + interval '65 s'"
		" OR (b.remaining < 1 AND b.reset_at > now() + interval '65 s'))",
		"i", NULL
	};
	static GhcStatement count = {
		"SELECT count(*)::int FROM ghcrawl.token_check k"
		" JOIN ghcrawl.token t USING (token_id)"
		" WHERE k.question_id = $1 AND k.state IS NULL", "i", NULL
	};
	Datum		values[] = {Int32GetDatum(id)};

	ghc_db_run(&bench, values, NULL);
	ghc_db_run(&count, values, NULL);
	return ghc_db_get_int4(0, 1);
}

List *
ghc_questions_checks(int id)
{
	static GhcStatement read = {
		"SELECT t.name, b.login, k.state, k.\"limit\", k.remaining, k.reset_at,"
		" k.reason, CASE WHEN row_number() OVER (w ORDER BY t.name) = 2"
		" AND b.budget_id IS NOT NULL AND k.state = 'ready'"
		" THEN string_agg('\"' || t.name || '\"', ', ') OVER w END"
		" FROM ghcrawl.token_check k JOIN ghcrawl.token t USING (token_id)"
		" LEFT JOIN ghcrawl.budget b USING (budget_id) WHERE k.question_id = $1"
		" WINDOW w AS (PARTITION BY b.budget_id, k.state) ORDER BY t.name",
		"i", NULL
	};
	Datum		values[] = {Int32GetDatum(id)};
	uint64		n = ghc_db_run(&read, values, NULL);
	List	   *rows = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		char	  **fields = palloc(GHC_CHECK_COLUMNS * sizeof(char *));

		for (int i = 0; i < GHC_CHECK_COLUMNS; i++)
			fields[i] = ghc_db_get_text(row, i + 1);
		rows = lappend(rows, fields);
	}
	return rows;
}

/*
 * Workers may be moving its task between queue and claims: what one of these
 * statements doesn't see, a later one waits for, or the next tidying finds.
 */
void
ghc_questions_delete(int id)
{
	static GhcStatement drop[] = {
		{"DELETE FROM ghcrawl.question WHERE question_id = $1", "i", NULL},
		{"DELETE FROM ghcrawl.token_check WHERE question_id = $1", "i", NULL},
		{"DELETE FROM ghcrawl.queue WHERE crawl_id = -$1", "i", NULL},
		{"DELETE FROM ghcrawl.claim WHERE crawl_id = -$1", "i", NULL},
		{"DELETE FROM ghcrawl.queue WHERE crawl_id = -$1", "i", NULL},
		{"DELETE FROM ghcrawl.task WHERE crawl_id = -$1", "i", NULL},
	};
	Datum		values[] = {Int32GetDatum(id)};

	for (int i = 0; i < (int) lengthof(drop); i++)
		ghc_db_run(&drop[i], values, NULL);
}

List *
ghc_questions_list(void)
{
	static GhcStatement list = {
		"SELECT question_id FROM ghcrawl.question"
		" UNION SELECT -crawl_id::int FROM ghcrawl.queue WHERE crawl_id < 0"
		" UNION SELECT -crawl_id::int FROM ghcrawl.claim WHERE crawl_id < 0"
		" UNION SELECT -crawl_id::int FROM ghcrawl.task WHERE crawl_id < 0",
		"", NULL
	};
	uint64		n = ghc_db_run(&list, NULL, NULL);
	List	   *ids = NIL;

	for (uint64 row = 0; row < n; row++)
		ids = lappend_int(ids, ghc_db_get_int4(row, 1));
	return ids;
}

void
ghc_questions_answer(int id, const GhcEstimate *estimate)
{
	static GhcStatement answer = {
		"UPDATE ghcrawl.question SET answer = $2 WHERE question_id = $1",
		"iB", NULL
	};
	const int64 numbers[N_ANSWERS] = {
		estimate->repositories, estimate->ranges, estimate->requests,
		estimate->points, estimate->response_ms, estimate->bytes,
		estimate->rest_requests
	};
	Datum		values[] = {
		Int32GetDatum(id), ghc_values_int8_array(numbers, N_ANSWERS)
	};

	ghc_db_run(&answer, values, NULL);
}

void
ghc_questions_fail(int id, const char *reason)
{
	static GhcStatement fail = {
		"UPDATE ghcrawl.question SET failed = true, error = $2"
		" WHERE question_id = $1", "it", NULL
	};
	Datum		values[] = {Int32GetDatum(id), CStringGetTextDatum(reason)};

	ghc_db_run(&fail, values, NULL);
}

void
ghc_questions_note(int id, const char *reason)
{
	static GhcStatement note = {
		"UPDATE ghcrawl.question SET error = $2,"
		" attempts = CASE WHEN $2 IS NULL THEN 0 ELSE attempts + 1 END"
		" WHERE question_id = $1 AND ($2 IS NOT NULL OR attempts > 0)", "it", NULL
	};
	Datum		values[] = {
		Int32GetDatum(id), reason ? CStringGetTextDatum(reason) : (Datum) 0
	};

	ghc_db_run(&note, values, reason ? NULL : " n");
}

void
ghc_questions_check(int token_id, const GhcTokenCheck *check)
{
	static GhcStatement answer = {
		"UPDATE ghcrawl.token_check SET state = $2, reason = $3,"
		" \"limit\" = nullif($4, -1), remaining = nullif($5, -1), reset_at = $6"
		" WHERE token_id = $1 AND state IS NULL", "ittbbz", NULL
	};
	char		nulls[] = "      ";
	Datum		values[] = {
		Int32GetDatum(token_id), CStringGetTextDatum(check->state),
		check->reason ? CStringGetTextDatum(check->reason) : (Datum) 0,
		Int64GetDatum(check->limit), Int64GetDatum(check->remaining),
		TimestampTzGetDatum(check->reset_at)
	};

	if (check->reason == NULL)
		nulls[2] = 'n';
	if (check->reset_at == 0)
		nulls[5] = 'n';
	ghc_db_run(&answer, values, nulls);
}
