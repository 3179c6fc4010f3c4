/*-------------------------------------------------------------------------
 *
 * db.c
 *	  Transactions, statements and identities: the only way to the database.
 *
 * A worker must never hold a transaction while it waits for the network, and
 * must notice when its extension was dropped, updated or made anew under it.
 * Both are settled here: each bracket first locks the extension object, as DROP
 * EXTENSION does, and compares it with what the process saw at first.
 *
 * A library works with objects of its own version and of later ones with the
 * same major number: their update scripts only add.
 *
 * IDENTIFICATION
 *	  src/store/db.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/version.h"
#include "store/db.h"

static MemoryContext context_before;

/* our row of pg_extension */
typedef struct Extension
{
	Oid			oid;
	Oid			owner;
	char		version[32];
} Extension;

/* as this process saw it at first, and why it has to end */
static Extension first_seen;
static bool is_changed;

/* Settings of a worker, whatever its role or database was given. */
void
ghc_db_pin_settings(void)
{
	static const char *const pins[][2] = {
		{"role", "none"},
		{"search_path", "pg_catalog, pg_temp"},
		{"statement_timeout", "0"},
		{"lock_timeout", "0"},
		{"transaction_timeout", "0"},	/* since PostgreSQL 17 */
		{"idle_in_transaction_session_timeout", "0"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"row_security", "on"},
		{"jit", "off"},
		{"synchronous_commit", "on"},
		{"session_replication_role", "origin"},
		{"DateStyle", "ISO"},
		{"TimeZone", "UTC"},
		{"bytea_output", "hex"},

		/*
		 * Plans are made once, some while their tables are still empty, and
		 * must be right for tables of any size: always by index.
		 */
		{"plan_cache_mode", "force_generic_plan"},
		{"enable_seqscan", "off"},
		{"enable_bitmapscan", "off"},
		{"enable_hashjoin", "off"},
		{"enable_mergejoin", "off"},
	};

	for (int i = 0; i < (int) lengthof(pins); i++)
		if (GetConfigOption(pins[i][0], true, false) != NULL)
			SetConfigOption(pins[i][0], pins[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/* Reads our row of pg_extension; false if there is none. */
static bool
read_extension(Extension *extension)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("ghcrawl"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion,
										   RelationGetDescr(rel), &isnull);

		found = true;
		extension->oid = form->oid;
		extension->owner = form->extowner;
		strlcpy(extension->version, isnull ? "" : TextDatumGetCString(version),
				sizeof(extension->version));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/* Can this library work with objects of that version? */
static bool
is_fitting(const char *version)
{
	int			major;
	int			minor;

	return sscanf(version, "%d.%d", &major, &minor) == 2 &&
		major == GHC_VERSION_MAJOR && minor >= GHC_VERSION_MINOR;
}

/*
 * Is it the extension that this process began with?  If not, says why the
 * process ends, except for its being gone, which is what its owner wanted.
 */
static bool
is_still_ours(const Extension *extension)
{
	if (!OidIsValid(first_seen.oid))
	{
		if (!is_fitting(extension->version))
		{
			ereport(LOG,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("ghcrawl worker ends: the library is of version %s, the extension of version %s",
							GHC_VERSION, extension->version),
					 errhint("Use ALTER EXTENSION ghcrawl UPDATE after installing a new version, and restart the server if the library is preloaded.")));
			return false;
		}
		first_seen = *extension;
	}
	is_changed = extension->oid != first_seen.oid ||
		strcmp(extension->version, first_seen.version) != 0;
	if (is_changed)
		ereport(LOG,
				(errmsg("ghcrawl worker starts anew: the extension was changed to version %s",
						extension->version)));
	return !is_changed;
}

bool
ghc_db_is_changed(void)
{
	return is_changed;
}

/*
 * Locks our extension against being dropped until the transaction's end.  It
 * may have been dropped, and even made anew, while we waited for the lock.
 */
static bool
lock_extension(void)
{
	Extension	extension = {0};
	Oid			locked;

	do
	{
		if (!read_extension(&extension))
			return false;
		locked = extension.oid;
		LockDatabaseObject(ExtensionRelationId, locked, 0, AccessShareLock);
		if (!read_extension(&extension))
			return false;
	} while (extension.oid != locked);
	return is_still_ours(&extension);
}

void
ghc_db_check_interrupts(void)
{
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
}

bool
ghc_db_check(void)
{
	Extension	extension = {0};
	bool		ours;

	ghc_db_check_interrupts();
	context_before = CurrentMemoryContext;
	StartTransactionCommand();
	ours = read_extension(&extension) && is_still_ours(&extension);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context_before);
	return ours;
}

void
ghc_db_lock_out_workers(void)
{
	Extension	extension;

	if (read_extension(&extension))
		LockDatabaseObject(ExtensionRelationId, extension.oid, 0,
						   AccessExclusiveLock);
}

bool
ghc_db_begin(const char *activity)
{
	ghc_db_check_interrupts();
	context_before = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, activity);
	if (!lock_extension())
	{
		ghc_db_abort();
		return false;
	}
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	return true;
}

void
ghc_db_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	/* releases before 18 leave us in TopMemoryContext */
	MemoryContextSwitchTo(context_before);
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

void
ghc_db_abort(void)
{
	AbortOutOfAnyTransaction();
	MemoryContextSwitchTo(context_before);
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static void
pin_search_path(void)
{
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
ghc_db_enter(GhcDbScope *scope)
{
	Extension	extension;

	if (!read_extension(&extension))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"ghcrawl\" does not exist in this database"),
				 errhint("Use CREATE EXTENSION ghcrawl.")));
	if (!is_fitting(extension.version))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("ghcrawl's library is of version %s, its extension in this database of version %s",
						GHC_VERSION, extension.version),
				 errhint("Use ALTER EXTENSION ghcrawl UPDATE, or connect anew, or restart the server if the library is preloaded.")));
	ghc_db_enter_as_caller(scope);
	SetUserIdAndSecContext(extension.owner,
						   scope->security | SECURITY_LOCAL_USERID_CHANGE);
}

void
ghc_db_enter_as_caller(GhcDbScope *scope)
{
	GetUserIdAndSecContext(&scope->user, &scope->security);
	scope->guc_level = NewGUCNestLevel();
	pin_search_path();
	SPI_connect();
}

void
ghc_db_leave(GhcDbScope *scope)
{
	SPI_finish();
	SetUserIdAndSecContext(scope->user, scope->security);
	AtEOXact_GUC(false, scope->guc_level);
}

void
ghc_db_become(Oid owner, GhcDbScope *scope)
{
	GetUserIdAndSecContext(&scope->user, &scope->security);
	scope->guc_level = NewGUCNestLevel();
	pin_search_path();
	SetUserIdAndSecContext(owner,
						   scope->security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
}

void
ghc_db_restore_user(GhcDbScope *scope)
{
	SetUserIdAndSecContext(scope->user, scope->security);
	AtEOXact_GUC(false, scope->guc_level);
}

static Oid
type_of_letter(char letter)
{
	switch (letter)
	{
		case 'i':
			return INT4OID;
		case 'b':
			return INT8OID;
		case 't':
			return TEXTOID;
		case 'n':
			return NAMEOID;
		case 'z':
			return TIMESTAMPTZOID;
		case 'v':
			return INTERVALOID;
		case 'l':
			return BOOLOID;
		case 'r':
			return FLOAT4OID;
		case 'd':
			return FLOAT8OID;
		case 'y':
			return BYTEAOID;
		case 'I':
			return INT4ARRAYOID;
		case 'B':
			return INT8ARRAYOID;
		case 'D':
			return FLOAT8ARRAYOID;
		case 'T':
			return TEXTARRAYOID;
	}
	elog(ERROR, "unknown parameter type \"%c\"", letter);
	return InvalidOid;			/* keep compilers quiet */
}

/* The types of parameters; how many. */
static int
read_types(const char *args, Oid types[GHC_MAX_ARGS])
{
	int			nargs = (int) strlen(args);

	Assert(nargs <= GHC_MAX_ARGS);
	for (int i = 0; i < nargs; i++)
		types[i] = type_of_letter(args[i]);
	return nargs;
}

static void
prepare(GhcStatement *statement)
{
	Oid			types[GHC_MAX_ARGS];
	int			nargs = read_types(statement->args, types);
	SPIPlanPtr	plan;

	plan = SPI_prepare(statement->sql, nargs, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	statement->plan = plan;
}

uint64
ghc_db_run(GhcStatement *statement, Datum *values, const char *nulls)
{
	MemoryContext before = CurrentMemoryContext;
	int			rc;

	if (statement->plan == NULL)
		prepare(statement);
	rc = SPI_execute_plan(statement->plan, values, nulls, false, 0);
	MemoryContextSwitchTo(before);	/* SPI leaves us in its own */
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

Portal
ghc_db_open(GhcStatement *statement, Datum *values)
{
	MemoryContext before = CurrentMemoryContext;
	Portal		cursor;

	if (statement->plan == NULL)
		prepare(statement);
	cursor = SPI_cursor_open(NULL, statement->plan, values, NULL, false);
	MemoryContextSwitchTo(before);
	if (cursor == NULL)
		elog(ERROR, "SPI_cursor_open failed: %s", SPI_result_code_string(SPI_result));
	return cursor;
}

uint64
ghc_db_fetch(Portal cursor, int limit)
{
	MemoryContext before = CurrentMemoryContext;

	SPI_cursor_fetch(cursor, true, limit);
	MemoryContextSwitchTo(before);
	return SPI_processed;
}

uint64
ghc_db_run_text(const char *sql)
{
	MemoryContext before = CurrentMemoryContext;
	int			rc = SPI_execute(sql, false, 0);

	MemoryContextSwitchTo(before);
	if (rc < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

uint64
ghc_db_run_once(const char *sql, const char *args, Datum *values,
				const char *nulls)
{
	MemoryContext before = CurrentMemoryContext;
	Oid			types[GHC_MAX_ARGS];
	int			nargs = read_types(args, types);
	int			rc = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);

	MemoryContextSwitchTo(before);
	if (rc < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

void
ghc_db_fill(const char *sql, const char *args, Datum *values,
			const char *nulls, Tuplestorestate *store, TupleDesc desc)
{
	MemoryContext before = CurrentMemoryContext;
	Oid			types[GHC_MAX_ARGS];
	int			nargs = read_types(args, types);
	ParamListInfo params = makeParamList(nargs);
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);
	SPIExecuteOptions options = {.params = params,.read_only = true,.dest = dest};
	int			rc;

	for (int i = 0; i < nargs; i++)
		params->params[i] = (ParamExternData) {
			values[i], nulls != NULL && nulls[i] == 'n', PARAM_FLAG_CONST, types[i]
		};
	SetTuplestoreDestReceiverParams(dest, store, before, false, desc,
									"the statement gives other columns");
	rc = SPI_execute_extended(sql, &options);
	MemoryContextSwitchTo(before);
	if (rc < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(rc));
	dest->rDestroy(dest);
}

Datum
ghc_db_get(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

char *
ghc_db_get_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

int64
ghc_db_get_int8(uint64 row, int column)
{
	bool		isnull;
	Datum		value = ghc_db_get(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

double
ghc_db_get_float8(uint64 row, int column)
{
	bool		isnull;
	Datum		value = ghc_db_get(row, column, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

int32
ghc_db_get_int4(uint64 row, int column)
{
	bool		isnull;
	Datum		value = ghc_db_get(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

bool
ghc_db_is_passing(int sqlerrcode)
{
	switch (sqlerrcode)
	{
		case ERRCODE_T_R_DEADLOCK_DETECTED:
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
		case ERRCODE_LOCK_NOT_AVAILABLE:
		case ERRCODE_QUERY_CANCELED:
		case ERRCODE_READ_ONLY_SQL_TRANSACTION:
			return true;
	}
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_CONNECTION_EXCEPTION:
		case ERRCODE_SYSTEM_ERROR:
			return true;
	}
	return false;
}

ErrorData *
ghc_db_attempt(void (*work) (void *state), void *state)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(state);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

void
ghc_db_glance(void (*work) (void *state), void *state)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	work(state);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}
