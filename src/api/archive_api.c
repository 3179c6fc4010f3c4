/*-------------------------------------------------------------------------
 *
 * archive_api.c
 *	  SQL-callable functions that read GH Archive.
 *
 * A user's backend never speaks to the network, and rows it wrote would be locked
 * until its transaction ends; so a process reads for it (crawl/archive.h), and
 * what that finds stays, whatever becomes of the caller's transaction.
 *
 * IDENTIFICATION
 *	  src/api/archive_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "api/api.h"
#include "base/compat.h"
#include "base/settings.h"
#include "crawl/ask.h"
#include "github/event.h"
#include "store/db.h"

PG_FUNCTION_INFO_V1(ghcrawl_read_archive);
PG_FUNCTION_INFO_V1(ghcrawl_read_archive_file);

#define HOUR_S 3600

/* hours of a call: more than there are */
#define MAX_HOURS (100 * 366 * 24)

typedef struct Rows
{
	ReturnSetInfo *info;
	AttInMetadata *types;
} Rows;

static void
add_row(void *state, char **values)
{
	Rows	   *rows = state;

	tuplestore_puttuple(rows->info->setResult, BuildTupleFromCStrings(rows->types, values));
}

static void
find_schema(void *state)
{
	((GhcAsk *) state)->schema = ghc_api_require_data();
}

/* Hours may take hours: of the tables nothing stays locked meanwhile. */
static Datum
return_hours(FunctionCallInfo fcinfo, GhcAsk *ask)
{
	Rows		rows;

	ghc_api_require_primary();
	ghc_db_glance(find_schema, ask);
	ask->api_url = ghc_api_url;
	ask->profile = "";
	InitMaterializedSRF(fcinfo, 0);
	rows.info = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.types = TupleDescGetAttInMetadata(rows.info->setDesc);
	ghc_ask(ask, add_row, &rows);
	return (Datum) 0;
}

/* The beginning of the hour that a moment is in, in seconds since 1970. */
static int64
hour_of(TimestampTz at)
{
	int64		seconds;

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("hours must be finite")));
	seconds = at / USECS_PER_SEC +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	if (seconds < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no archive of a time before 1970")));
	return seconds - seconds % HOUR_S;
}

/*
 * ghcrawl_read_archive(from_hour timestamptz, to_hour timestamptz, again boolean)
 */
Datum
ghcrawl_read_archive(PG_FUNCTION_ARGS)
{
	GhcAsk		ask = {GHC_ASK_ARCHIVE,.root = ghc_archive_url};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("from_hour and again must not be null")));
	ask.from = hour_of(PG_GETARG_TIMESTAMPTZ(0));
	ask.to = PG_ARGISNULL(1) ? ask.from : hour_of(PG_GETARG_TIMESTAMPTZ(1));
	ask.again = PG_GETARG_BOOL(2);
	if (ask.to < ask.from || (ask.to - ask.from) / HOUR_S >= MAX_HOURS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_hour must not be before from_hour, nor a hundred years later")));
	return return_hours(fcinfo, &ask);
}

/*
 * ghcrawl_read_archive_file(path text)
 *		What COPY requires of who reads files is required here, too.
 */
Datum
ghcrawl_read_archive_file(PG_FUNCTION_ARGS)
{
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	GhcAsk		ask = {GHC_ASK_FILE,.root = path,.again = true};

	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser or have privileges of the pg_read_server_files role to read a file"),
				 errhint("ghcrawl_read_archive() reads from \"%s\".", "ghcrawl.archive_url")));
	canonicalize_path(path);
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("relative path not allowed"),
				 errhint("Say where the file is from the root on.")));
	ask.from = ask.to = ghc_event_file_hour(last_dir_separator(path) + 1);
	return return_hours(fcinfo, &ask);
}
