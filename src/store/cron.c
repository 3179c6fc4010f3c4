/*-------------------------------------------------------------------------
 *
 * cron.c
 *	  pg_cron: is it there, and our jobs in its tables; see cron.h.
 *
 * IDENTIFICATION
 *	  src/store/cron.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "store/cron.h"
#include "store/db.h"
#include "store/locks.h"

const char *
ghc_cron_setting(const char *name)
{
	/* written in postgresql.conf only, it is a placeholder */
	if (GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER)
		return NULL;
	return GetConfigOption(name, true, false);
}

/* Is schema "cron" of the extension, which only a superuser can have made? */
static bool
schema_is_its(Oid extension)
{
	Oid			schema = get_namespace_oid("cron", true);

	return OidIsValid(schema) &&
		getExtensionOfObject(NamespaceRelationId, schema) == extension;
}

/* The same of the function that makes jobs, which came with 1.4. */
static bool
function_is_its(Oid extension)
{
	Oid			args[] = {TEXTOID, TEXTOID, TEXTOID};
	List	   *name = list_make2(makeString("cron"), makeString("schedule"));
	Oid			function = LookupFuncName(name, lengthof(args), args, true);

	return OidIsValid(function) &&
		getExtensionOfObject(ProcedureRelationId, function) == extension;
}

static bool
may_use_schema(void)
{
	return GhcSchemaAllowsUsage(get_namespace_oid("cron", false), GetUserId());
}

static bool
is_available(void)
{
	static GhcStatement look = {
		"SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_cron'",
		"", NULL
	};

	return ghc_db_run(&look, NULL, NULL) > 0;
}

GhcCronState
ghc_cron_state(void)
{
	const char *database = ghc_cron_setting("cron.database_name");
	Oid			extension;

	if (database == NULL)
		return is_available() ? GHC_CRON_NOT_LOADED : GHC_CRON_NOT_INSTALLED;
	if (get_database_oid(database, true) != MyDatabaseId)
		return OidIsValid(get_database_oid(database, true)) ?
			GHC_CRON_ELSEWHERE : GHC_CRON_NOWHERE;
	extension = get_extension_oid("pg_cron", true);
	if (!OidIsValid(extension))
		return GHC_CRON_NOT_CREATED;
	/* looking for the function takes the right to look into the schema */
	if (schema_is_its(extension) && !may_use_schema())
		return GHC_CRON_DENIED;
	return schema_is_its(extension) && function_is_its(extension) ?
		GHC_CRON_READY : GHC_CRON_TOO_OLD;
}

bool
ghc_cron_is_readable(void)
{
	Oid			extension = get_extension_oid("pg_cron", true);

	return OidIsValid(extension) && schema_is_its(extension) &&
		may_use_schema() && function_is_its(extension);
}

static Datum
job_name(const char *name)
{
	return CStringGetTextDatum(psprintf(GHC_CRON_PREFIX "%s", name));
}

void
ghc_cron_lock(const char *name)
{
	uint32		hash = string_hash(name, strlen(name) + 1);

	ghc_locks_wait_for_schedule(hash_combine(hash, (uint32) GetUserId()));
}

/* The columns that both statements below begin with. */
#define JOB_COLUMNS \
	"j.jobid, substr(j.jobname::text, 9), j.schedule, j.command, j.database," \
	" j.username, j.nodename, j.nodeport, j.active"

static void
read_job(uint64 row, GhcCronJob *job)
{
	bool		isnull;

	memset(job, 0, sizeof(*job));
	job->job_id = ghc_db_get_int8(row, 1);
	job->name = ghc_db_get_text(row, 2);
	job->schedule = ghc_db_get_text(row, 3);
	job->command = ghc_db_get_text(row, 4);
	job->database = ghc_db_get_text(row, 5);
	job->user = ghc_db_get_text(row, 6);
	job->host = ghc_db_get_text(row, 7);
	job->port = ghc_db_get_int4(row, 8);
	job->active = DatumGetBool(ghc_db_get(row, 9, &isnull));
}

bool
ghc_cron_find(const char *name, GhcCronJob *job)
{
	static GhcStatement find = {
		"SELECT " JOB_COLUMNS " FROM cron.job j"
		" WHERE j.jobname::text = $1 AND j.username = current_user",
		"t", NULL
	};
	Datum		values[] = {job_name(name)};

	if (ghc_db_run(&find, values, NULL) == 0)
		return false;
	read_job(0, job);
	return true;
}

char *
ghc_cron_names(void)
{
	static GhcStatement list = {
		"SELECT string_agg(substr(jobname::text, 9), ', ' ORDER BY jobname::text)"
		" FROM cron.job"
		" WHERE starts_with(jobname::text, '" GHC_CRON_PREFIX "') AND username = current_user",
		"", NULL
	};

	ghc_db_run(&list, NULL, NULL);
	return ghc_db_get_text(0, 1);
}

typedef struct GhcNewJob
{
	Datum		values[3];
	int64		job_id;
} GhcNewJob;

static void
make_job(void *state)
{
	static GhcStatement make = {
		"SELECT cron.schedule($1, $2, $3)",
		"ttt", NULL
	};
	GhcNewJob  *job = state;

	ghc_db_run(&make, job->values, NULL);
	job->job_id = ghc_db_get_int8(0, 1);
}

int64
ghc_cron_schedule(const char *name, const char *schedule,
				  const char *command, const char *hint)
{
	GhcNewJob	job = {{job_name(name), CStringGetTextDatum(schedule),
	CStringGetTextDatum(command)}, 0};
	ErrorData  *error = ghc_db_attempt(make_job, &job);

	if (error != NULL)
	{
		if (error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE)
			error->hint = pstrdup(hint);
		ReThrowError(error);
	}
	return job.job_id;
}

void
ghc_cron_unschedule(int64 job_id)
{
	static GhcStatement remove = {
		"SELECT cron.unschedule($1)",
		"b", NULL
	};
	Datum		values[] = {Int64GetDatum(job_id)};

	ghc_db_run(&remove, values, NULL);
}

static void
read_runs(uint64 row, GhcCronJob *job)
{
	bool		isnull;

	job->started_at = DatumGetTimestampTz(ghc_db_get(row, 10, &isnull));
	job->has_started = !isnull;
	job->finished_at = DatumGetTimestampTz(ghc_db_get(row, 11, &isnull));
	job->has_finished = !isnull;
	job->status = ghc_db_get_text(row, 12);
	job->message = ghc_db_get_text(row, 13);
	job->runs = ghc_db_get_int8(row, 14);
	job->failures = ghc_db_get_int8(row, 15);
}

void
ghc_cron_each(void (*emit) (const GhcCronJob *job, void *state), void *state)
{
	/* the log has no index on jobs: it is gone through once for all of them */
	static GhcStatement list = {
		"SELECT " JOB_COLUMNS ", r.start_time, r.end_time, r.status,"
		" r.return_message, a.runs, a.failures"
		" FROM cron.job j"
		" LEFT JOIN (SELECT jobid, count(*) AS runs, max(runid) AS last,"
		"    count(*) FILTER (WHERE status = 'failed') AS failures"
		"  FROM cron.job_run_details GROUP BY jobid) a ON a.jobid = j.jobid"
		" LEFT JOIN cron.job_run_details r ON r.runid = a.last"
		" WHERE starts_with(j.jobname::text, '" GHC_CRON_PREFIX "')"
		" ORDER BY j.jobname::text, j.username",
		"", NULL
	};
	uint64		n = ghc_db_run(&list, NULL, NULL);

	for (uint64 row = 0; row < n; row++)
	{
		GhcCronJob	job;

		read_job(row, &job);
		read_runs(row, &job);
		emit(&job, state);
	}
}
