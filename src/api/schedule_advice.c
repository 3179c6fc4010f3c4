/*-------------------------------------------------------------------------
 *
 * schedule_advice.c
 *	  What keeps schedules from running, and what exactly to do about it.
 *
 * pg_cron takes several steps to set up, and most of what may be wrong shows
 * only when a job doesn't run.  Each hint is the next step, to be copied.
 *
 * IDENTIFICATION
 *	  src/api/schedule_advice.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "postmaster/postmaster.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "api/schedule_advice.h"

/* The present list with pg_cron, as ALTER SYSTEM takes it. */
static char *
preload_list(void)
{
	const char *present = GetConfigOption("shared_preload_libraries", true, false);
	List	   *names = NIL;
	ListCell   *cell;
	StringInfoData list;

	initStringInfo(&list);
	if (present != NULL)
		(void) SplitDirectoriesString(pstrdup(present), ',', &names);
	foreach(cell, names)
		appendStringInfo(&list, "%s, ", quote_literal_cstr(lfirst(cell)));
	appendStringInfoString(&list, "'pg_cron'");
	return list.data;
}

/*
 * A setting of pg_cron's, unless it is in postgresql.conf already.  Without SET
 * before it, ALTER SYSTEM doesn't know the name while pg_cron isn't loaded.
 */
static void
add_setting(StringInfo steps, const char *name, const char *value)
{
	if (GetConfigOption(name, true, false) == NULL)
		appendStringInfo(steps, "SET %s = %s; ALTER SYSTEM SET %s = %s;\n",
						 name, value, name, value);
}

static char *
database_literal(void)
{
	return quote_literal_cstr(get_database_name(MyDatabaseId));
}

static void
report_not_installed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron is not installed on this server"),
			 errdetail("It is an extension of its own, which runs the schedules."),
			 errhint("Install its package (Debian, Ubuntu: apt install postgresql-%d-cron;"
					 " RHEL, Fedora: dnf install pg_cron_%d), then call this again.",
					 PG_MAJORVERSION_NUM, PG_MAJORVERSION_NUM)));
}

static void
report_not_loaded(void)
{
	StringInfoData steps;

	initStringInfo(&steps);
	add_setting(&steps, "cron.database_name", database_literal());
	/* jobs in sessions fail wherever pg_hba.conf asks for a password */
	add_setting(&steps, "cron.use_background_workers", "on");
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron is installed, but not loaded"),
			 errhint("As a superuser:\n"
					 "ALTER SYSTEM SET shared_preload_libraries = %s;\n%s"
					 "Restart the server, and then: CREATE EXTENSION pg_cron;",
					 preload_list(), steps.data)));
}

static void
report_nowhere(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron is set to work in database \"%s\", which does not exist",
					ghc_cron_setting("cron.database_name")),
			 errhint("As a superuser: ALTER SYSTEM SET cron.database_name = %s;\n"
					 "Restart the server, and then: CREATE EXTENSION pg_cron;",
					 database_literal())));
}

static void
report_elsewhere(const char *statement)
{
	const char *there = ghc_cron_setting("cron.database_name");

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron works in database \"%s\", not in this one", there),
			 errdetail("A server's pg_cron has one database for the jobs of all of them."),
			 errhint("In database \"%s\", as a superuser:\n"
					 "CREATE EXTENSION IF NOT EXISTS pg_cron;\n%s", there, statement)));
}

static void
report_denied(void)
{
	char	   *user = GetUserNameFromId(GetUserId(), false);

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for schema cron"),
			 errhint("As a superuser: GRANT USAGE ON SCHEMA cron TO %s;",
					 quote_identifier(user))));
}

void
ghc_schedule_require_cron(const char *statement)
{
	switch (ghc_cron_state())
	{
		case GHC_CRON_READY:
			break;
		case GHC_CRON_NOT_INSTALLED:
			report_not_installed();
			break;
		case GHC_CRON_NOT_LOADED:
			report_not_loaded();
			break;
		case GHC_CRON_NOWHERE:
			report_nowhere();
			break;
		case GHC_CRON_ELSEWHERE:
			report_elsewhere(statement);
			break;
		case GHC_CRON_NOT_CREATED:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("extension \"pg_cron\" does not exist in this database"),
					 errhint("As a superuser: CREATE EXTENSION pg_cron;")));
			break;
		case GHC_CRON_TOO_OLD:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("extension \"pg_cron\" is older than 1.4"),
					 errhint("As a superuser: ALTER EXTENSION pg_cron UPDATE;")));
			break;
		case GHC_CRON_DENIED:
			report_denied();
			break;
	}
}

/* False as well for a role that is gone. */
static bool
may_log_in(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool		may;

	if (!HeapTupleIsValid(tuple))
		return false;
	may = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	ReleaseSysCache(tuple);
	return may;
}

void
ghc_schedule_require_login(void)
{
	char	   *user = GetUserNameFromId(GetUserId(), false);

	if (!may_log_in(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("role \"%s\" is not permitted to log in", user),
				 errdetail("pg_cron runs the command in the name of who scheduled it."),
				 errhint("ALTER ROLE %s LOGIN, or SET ROLE to one that may.",
						 quote_identifier(user))));
}

static bool
uses_workers(void)
{
	const char *value = ghc_cron_setting("cron.use_background_workers");

	return value != NULL && strcmp(value, "on") == 0;
}

bool
ghc_schedule_is_here(const GhcCronJob *job)
{
	const char *host = ghc_cron_setting("cron.host");

	return get_database_oid(job->database, true) == MyDatabaseId &&
		(uses_workers() ||
		 (job->port == PostPortNumber && host != NULL && strcmp(job->host, host) == 0));
}

/* About a run that failed before it began. */
static const char *
advice_on_failure(const GhcCronJob *job)
{
	if (strncmp(job->message, "connection failed", 17) == 0 ||
		strncmp(job->message, "job startup timeout", 19) == 0)
		return psprintf("pg_cron could not connect to %s:%d as %s without being asked for a password:"
						" in pg_hba.conf trust it, or put a password into the .pgpass of the server's user,"
						" or set cron.use_background_workers = on and restart the server",
						job->host, job->port, job->user);
	if (strncmp(job->message, "could not start background process", 34) == 0)
		return "there was no free background worker: raise max_worker_processes and restart the server";
	return NULL;
}

static const char *
advice_on_job(const GhcCronJob *job)
{
	if (!may_log_in(get_role_oid(job->user, true)))
		return psprintf("role \"%s\" is gone or may not log in, which may keep pg_cron from running anything:"
						" SELECT cron.unschedule(%lld)",
						job->user, (long long) job->job_id);
	if (!OidIsValid(get_database_oid(job->database, true)))
		return psprintf("database \"%s\" does not exist: SELECT cron.unschedule(%lld)",
						job->database, (long long) job->job_id);
	if (!job->active)
		return psprintf("switched off: SELECT cron.alter_job(%lld, active := true)",
						(long long) job->job_id);
	if (!uses_workers() && job->port != PostPortNumber)
		return psprintf("it would run on port %d, which is not this server: call ghcrawl_schedule again",
						job->port);
	if (job->status != NULL && job->message != NULL && strcmp(job->status, "failed") == 0)
		return advice_on_failure(job);
	return NULL;
}

const char *
ghc_schedule_advice(const GhcCronJob *job, GhcCronState state)
{
	const char *launches = ghc_cron_setting("cron.launch_active_jobs");

	if (state == GHC_CRON_NOT_LOADED || state == GHC_CRON_NOT_INSTALLED)
		return psprintf("pg_cron is not loaded: ALTER SYSTEM SET shared_preload_libraries = %s,"
						" and restart the server", preload_list());
	if (state == GHC_CRON_ELSEWHERE || state == GHC_CRON_NOWHERE)
		return psprintf("pg_cron works in database \"%s\" now: ALTER SYSTEM SET cron.database_name = %s,"
						" and restart the server, or schedule it there",
						ghc_cron_setting("cron.database_name"), database_literal());
	if (launches != NULL && strcmp(launches, "off") == 0)
		return "pg_cron runs nothing: ALTER SYSTEM RESET cron.launch_active_jobs, and reload";
	return advice_on_job(job);
}

const char *
ghc_schedule_syntax(void)
{
	return "Five fields, minute hour day month weekday: '0 3 * * *' is every day at 3:00 GMT"
		" (or as cron.timezone says); or '@hourly', '@daily', '@weekly', '@monthly', '@reboot';"
		" pg_cron 1.5 also takes '30 seconds', 1.6 '$' for a month's last day.";
}
