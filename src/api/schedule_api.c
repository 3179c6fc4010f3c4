/*-------------------------------------------------------------------------
 *
 * schedule_api.c
 *	  SQL-callable functions about schedules, which are jobs of pg_cron.
 *
 * A command is stored as it was given, with nothing wrapped around it.  pg_cron
 * itself never runs a job beside itself (a tick that falls due meanwhile waits
 * until it is over), and two jobs at once can do no more than two sessions can.
 *
 * IDENTIFICATION
 *	  src/api/schedule_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "api/schedule_advice.h"
#include "base/timetable.h"
#include "store/cron.h"
#include "store/db.h"

PG_FUNCTION_INFO_V1(ghcrawl_schedule);
PG_FUNCTION_INFO_V1(ghcrawl_unschedule);
PG_FUNCTION_INFO_V1(ghcrawl_cron_jobs);

#define N_COLUMNS 15

static char *
text_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static void
check_name(const char *name)
{
	if (name[0] == '\0' || strlen(name) > GHC_CRON_NAME_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule needs a name of at most %d bytes",
						GHC_CRON_NAME_BYTES)));
}

/* An error's position is one in the command, not in the statement with it. */
static void
set_position(void *command)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(command);
	}
}

/* What can't be parsed would fail at every tick, unseen. */
static void
check_command(char *command)
{
	ErrorContextCallback callback = {error_context_stack, set_position, command};

	error_context_stack = &callback;
	if (pg_parse_query(command) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the command is empty")));
	error_context_stack = callback.previous;
}

/*
 * A job's name in pg_cron's database if that is another one, where all databases'
 * names meet.
 */
static char *
foreign_name(const char *name)
{
	return quote_literal_cstr(psprintf(GHC_CRON_PREFIX "%s:%s",
									   get_database_name(MyDatabaseId), name));
}

static char *
caller_literal(void)
{
	return quote_literal_cstr(GetUserNameFromId(GetUserId(), false));
}

static char *
foreign_schedule(const char *name, const char *schedule, const char *command)
{
	return psprintf("SELECT cron.schedule_in_database(%s, %s, %s, %s, %s);",
					foreign_name(name), quote_literal_cstr(schedule),
					quote_literal_cstr(command),
					quote_literal_cstr(get_database_name(MyDatabaseId)),
					caller_literal());
}

static char *
foreign_unschedule(const char *name)
{
	return psprintf("SELECT cron.unschedule(jobid) FROM cron.job"
					" WHERE jobname::text = %s AND username = %s;",
					foreign_name(name), caller_literal());
}

/* Makes, changes or leaves alone; returns the job's id. */
static int64
put_schedule(const char *name, const char *schedule, const char *command)
{
	GhcCronJob	job;

	ghc_cron_lock(name);
	if (ghc_cron_find(name, &job))
	{
		/* where a job runs, pg_cron doesn't change: one that was restored, say */
		if (!ghc_schedule_is_here(&job))
			ghc_cron_unschedule(job.job_id);
		else if (!job.active)
			/* somebody's intention, so it isn't undone */
			ereport(NOTICE,
					(errmsg("schedule \"%s\" is switched off", name),
					 errhint("SELECT cron.alter_job(%lld, active := true), or ghcrawl_unschedule first.",
							 (long long) job.job_id)));
		else if (strcmp(job.schedule, schedule) == 0 &&
				 strcmp(job.command, command) == 0)
			return job.job_id;
	}
	return ghc_cron_schedule(name, schedule, command, ghc_schedule_syntax());
}

/*
 * ghcrawl_schedule(name text, schedule text, command text) returns bigint
 *		Has pg_cron run a command in the caller's name.
 */
Datum
ghcrawl_schedule(PG_FUNCTION_ARGS)
{
	char	   *name = text_argument(fcinfo, 0, "name");
	char	   *schedule = text_argument(fcinfo, 1, "schedule");
	char	   *command = text_argument(fcinfo, 2, "command");
	GhcDbScope	scope;
	int64		job_id;

	ghc_api_require_writable();
	check_name(name);
	check_command(command);
	ghc_db_enter_as_caller(&scope);
	ghc_schedule_require_cron(foreign_schedule(name, schedule, command));
	ghc_schedule_require_login();
	job_id = put_schedule(name, schedule, command);
	ghc_db_leave(&scope);
	PG_RETURN_INT64(job_id);
}

/*
 * ghcrawl_unschedule(name text) returns bigint
 *		Removes the caller's schedule of that name; returns the job's id.
 */
Datum
ghcrawl_unschedule(PG_FUNCTION_ARGS)
{
	char	   *name = text_argument(fcinfo, 0, "name");
	GhcDbScope	scope;
	GhcCronJob	job;

	ghc_api_require_writable();
	ghc_db_enter_as_caller(&scope);
	ghc_schedule_require_cron(foreign_unschedule(name));
	ghc_cron_lock(name);
	if (!ghc_cron_find(name, &job))
	{
		char	   *names = ghc_cron_names();

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("you have no schedule \"%s\"", name),
				 names ? errhint("Yours are: %s.", names) :
				 errhint("You have none.")));
	}
	ghc_cron_unschedule(job.job_id);
	ghc_db_leave(&scope);
	PG_RETURN_INT64(job.job_id);
}

/* What all rows of the view need. */
typedef struct GhcJobsResult
{
	ReturnSetInfo *info;
	GhcCronState state;
	pg_tz	   *zone;			/* pg_cron's */
	TimestampTz now;
} GhcJobsResult;

static int64
offset_at(const void *zone, int64 moment)
{
	pg_time_t	time = (pg_time_t) moment;
	struct pg_tm *tm = pg_localtime(&time, zone);

	return tm != NULL ? tm->tm_gmtoff : 0;
}

/* When a job will run next; false if that can't be told, or it won't. */
static bool
next_run(const GhcCronJob *job, const GhcJobsResult *result, TimestampTz *next)
{
	GhcZone		zone = {offset_at, result->zone};
	const char *both_days = ghc_cron_setting("cron.match_dom_and_dow");
	GhcTimetable table;
	int64		moment;

	if (!job->active || result->state != GHC_CRON_READY ||
		!ghc_timetable_read(job->schedule, &table))
		return false;
	if (table.seconds > 0)
	{
		*next = job->has_started ?
			Max(result->now, job->started_at + table.seconds * USECS_PER_SEC) :
			result->now;
		return true;
	}
	table.both_days |= both_days != NULL && strcmp(both_days, "on") == 0;
	moment = ghc_timetable_next(&table, zone, timestamptz_to_time_t(result->now));
	*next = time_t_to_timestamptz((pg_time_t) moment);
	return moment >= 0;
}

static void
set_text(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL;
	*value = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
emit_job(const GhcCronJob *job, void *state)
{
	GhcJobsResult *result = state;
	Datum		values[N_COLUMNS];
	bool		isnull[N_COLUMNS] = {false};
	TimestampTz next = 0;

	values[0] = Int64GetDatum(job->job_id);
	set_text(&values[1], &isnull[1], job->name);
	set_text(&values[2], &isnull[2], job->schedule);
	set_text(&values[3], &isnull[3], job->command);
	set_text(&values[4], &isnull[4], job->database);
	set_text(&values[5], &isnull[5], job->user);
	values[6] = BoolGetDatum(job->active);
	isnull[7] = !job->has_started;
	values[7] = TimestampTzGetDatum(job->started_at);
	isnull[8] = !job->has_finished;
	values[8] = TimestampTzGetDatum(job->finished_at);
	set_text(&values[9], &isnull[9], job->status);
	set_text(&values[10], &isnull[10], job->message);
	isnull[11] = !next_run(job, result, &next);
	values[11] = TimestampTzGetDatum(next);
	values[12] = Int64GetDatum(job->runs);
	values[13] = Int64GetDatum(job->failures);
	set_text(&values[14], &isnull[14], ghc_schedule_advice(job, result->state));
	tuplestore_putvalues(result->info->setResult, result->info->setDesc,
						 values, isnull);
}

/*
 * ghcrawl.cron_jobs() returns table
 *		The schedules that pg_cron lets the caller see, for the view.
 */
Datum
ghcrawl_cron_jobs(PG_FUNCTION_ARGS)
{
	GhcJobsResult result = {0};
	const char *zone = ghc_cron_setting("cron.timezone");
	GhcDbScope	scope;

	InitMaterializedSRF(fcinfo, 0);
	result.info = (ReturnSetInfo *) fcinfo->resultinfo;
	result.zone = pg_tzset(zone != NULL ? zone : "GMT");
	if (result.zone == NULL)
		result.zone = pg_tzset("GMT");
	result.now = GetCurrentTimestamp();
	ghc_db_enter_as_caller(&scope);
	if (ghc_cron_is_readable())
	{
		result.state = ghc_cron_state();
		ghc_cron_each(emit_job, &result);
	}
	ghc_db_leave(&scope);
	return (Datum) 0;
}
