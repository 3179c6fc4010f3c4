/*-------------------------------------------------------------------------
 *
 * db.h
 *	  Transactions, statements and identities: the only way to the database.
 *
 * A worker brackets each piece of work by ghc_db_begin and ghc_db_commit; a
 * SQL-callable function, which runs in its caller's transaction, by
 * ghc_db_enter and ghc_db_leave.  Between these, statements are run by
 * ghc_db_run.  Nobody else starts transactions, connects to SPI or changes
 * the user.
 *
 * IDENTIFICATION
 *	  src/store/db.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_DB_H
#define GHC_DB_H

#include "executor/spi.h"
#include "utils/tuplestore.h"

/* most parameters a statement takes */
#define GHC_MAX_ARGS 24

/*
 * A fixed statement, prepared on its first use in a process.  args names the
 * parameter types by a letter each: i int4, b int8, t text, n name, z timestamptz,
 * v interval, l bool, r float4, d float8, y bytea,
 * I int4[], B int8[], D float8[], T text[].
 */
typedef struct GhcStatement
{
	const char *sql;
	const char *args;
	SPIPlanPtr	plan;			/* private */
} GhcStatement;

/*
 * Who runs the statements of a SQL-callable function: the extension's owner,
 * with a pinned search_path.
 */
typedef struct GhcDbScope
{
	Oid			user;
	int			security;
	int			guc_level;
} GhcDbScope;

/*
 * Pins what ALTER ROLE or ALTER DATABASE may have planted: search_path,
 * time-outs, isolation, read-only.  Once per worker, after connecting.
 */
extern void ghc_db_pin_settings(void);

/*
 * Worker: CHECK_FOR_INTERRUPTS between transactions.  There is nothing to cancel
 * then: that would end the worker, as an error outside of a transaction.
 */
extern void ghc_db_check_interrupts(void);

/*
 * Worker: begins a transaction with SPI and a snapshot, in "activity" (a
 * constant) as others see it.  False, with no transaction open, if the
 * extension is gone, was changed, or is of a version that this library can't work
 * with: the worker has to end.
 */
extern bool ghc_db_begin(const char *activity);

/*
 * Worker: looks, in a transaction of its own that waits for nobody's lock,
 * whether ghc_db_begin would say true.  Costs one index look-up.
 */
extern bool ghc_db_check(void);

/*
 * Worker: after either said false, was the extension updated or made anew?
 * Then the worker has to be started anew, with the library as it is now.
 */
extern bool ghc_db_is_changed(void);

/*
 * Function: waits until no worker has a transaction open, and keeps them from
 * beginning one before the current transaction's end.
 */
extern void ghc_db_lock_out_workers(void);

/* Worker: commits it; the memory context is the one before ghc_db_begin. */
extern void ghc_db_commit(void);

/* Worker: rolls back whatever is open, for use in PG_CATCH. */
extern void ghc_db_abort(void);

/* Function: becomes the extension's owner, connects to SPI. */
extern void ghc_db_enter(GhcDbScope *scope);

/* Function: connects to SPI as the caller, with a pinned search_path. */
extern void ghc_db_enter_as_caller(GhcDbScope *scope);

/* Function: undoes either; not needed when an error is thrown. */
extern void ghc_db_leave(GhcDbScope *scope);

/*
 * Runs a statement; values as its args say, nulls as SPI takes them or NULL.
 * Returns the number of rows (SPI_tuptable holds them, valid until the next
 * statement or the end).  The memory context stays as it is.  Throws on any
 * error.
 */
extern uint64 ghc_db_run(GhcStatement *statement, Datum *values,
						 const char *nulls);

/*
 * The same for a statement whose rows are taken some at a time: opens a cursor,
 * to be closed by SPI_cursor_close, and fetches up to "limit" rows, 0 at the end.
 */
extern Portal ghc_db_open(GhcStatement *statement, Datum *values);
extern uint64 ghc_db_fetch(Portal cursor, int limit);

/* The same for text composed at run time, without parameters; not cached. */
extern uint64 ghc_db_run_text(const char *sql);

/* The same with parameters, as of a GhcStatement. */
extern uint64 ghc_db_run_once(const char *sql, const char *args, Datum *values,
							  const char *nulls);

/* The same; its rows, which have the types of a descriptor, go to a tuplestore. */
extern void ghc_db_fill(const char *sql, const char *args, Datum *values,
						const char *nulls, Tuplestorestate *store, TupleDesc desc);

/* A column (from 1) of a row of the last result. */
extern Datum ghc_db_get(uint64 row, int column, bool *isnull);

/* The same; NULL or 0 for null.  Text is palloc'd. */
extern char *ghc_db_get_text(uint64 row, int column);
extern int64 ghc_db_get_int8(uint64 row, int column);
extern double ghc_db_get_float8(uint64 row, int column);
extern int32 ghc_db_get_int4(uint64 row, int column);

/*
 * Runs what follows as "owner", in a security-restricted operation.  Pair
 * with ghc_db_restore_user; an error restores by itself.
 */
extern void ghc_db_become(Oid owner, GhcDbScope *scope);
extern void ghc_db_restore_user(GhcDbScope *scope);

/*
 * Will the same statements go through if they are tried again?  True for
 * deadlocks, cancelled statements, lack of space or memory, broken
 * connections; a shutdown is not among them.
 */
extern bool ghc_db_is_passing(int sqlerrcode);

/*
 * Does some work in a subtransaction.  NULL if it went well; else all of it is
 * undone, and the error is returned, palloc'd in the caller's memory context.
 */
extern ErrorData *ghc_db_attempt(void (*work) (void *state), void *state);

/*
 * Does some work that only looks, in a subtransaction that is undone: locks it took are free
 * then.  For a function that waits long afterwards.
 */
extern void ghc_db_glance(void (*work) (void *state), void *state);

#endif							/* GHC_DB_H */
