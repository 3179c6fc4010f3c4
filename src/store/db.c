/*-------------------------------------------------------------------------
 *
 * db.c
 *	  Transactions, statements and identities: the only way to the database.
 *
 * A worker must never hold a transaction while it waits for the network, and
 * must notice when its extension was dropped or replaced under it.  Both are
 * settled here: each bracket first locks the extension object, as DROP
 * EXTENSION does, and compares its version with the one compiled in.
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
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/version.h"
#include "store/db.h"

static MemoryContext context_before;

/* Settings of a worker, whatever its role or database was given. */
void
ghc_db_pin_settings(void)
{
	static const char *const pins[][2] = {
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
		{"enable_hashjoin", "off"},
		{"enable_mergejoin", "off"},
	};

	for (int i = 0; i < (int) lengthof(pins); i++)
		if (GetConfigOption(pins[i][0], true, false) != NULL)
			SetConfigOption(pins[i][0], pins[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/* Reads our row of pg_extension; false if there is none. */
static bool
read_extension(Oid *oid, Oid *owner, bool *same_version)
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
		*oid = form->oid;
		*owner = form->extowner;
		*same_version = !isnull &&
			strcmp(TextDatumGetCString(version), GHC_VERSION) == 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

Oid
ghc_db_extension_owner(void)
{
	Oid			oid;
	Oid			owner;
	bool		same;

	return read_extension(&oid, &owner, &same) ? owner : InvalidOid;
}

/*
 * Locks our extension against being dropped until the transaction's end.  It
 * may have been dropped, and even made anew, while we waited for the lock.
 */
static bool
lock_extension(void)
{
	Oid			oid;
	Oid			oid_after;
	Oid			owner;
	bool		same;

	if (!read_extension(&oid, &owner, &same))
		return false;
	LockDatabaseObject(ExtensionRelationId, oid, 0, AccessShareLock);
	return read_extension(&oid_after, &owner, &same) && oid_after == oid && same;
}

bool
ghc_db_begin(const char *activity)
{
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
	Oid			owner = ghc_db_extension_owner();

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"ghcrawl\" does not exist in this database"),
				 errhint("Use CREATE EXTENSION ghcrawl.")));
	ghc_db_enter_as_caller(scope);
	SetUserIdAndSecContext(owner,
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

static void
prepare(GhcStatement *statement)
{
	Oid			types[GHC_MAX_ARGS];
	int			nargs = (int) strlen(statement->args);
	SPIPlanPtr	plan;

	Assert(nargs <= GHC_MAX_ARGS);
	for (int i = 0; i < nargs; i++)
		types[i] = type_of_letter(statement->args[i]);
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
