/*-------------------------------------------------------------------------
 *
 * locks.h
 *	  Who is alive and who holds what: advisory locks of our own kind.
 *
 * A lock dies with its process, survives errors and needs no clock.  Ours
 * use a fourth lock-tag field that the SQL functions can't produce, so no user
 * can take them.  View ghcrawl.live_worker reads them from pg_locks.
 *
 * IDENTIFICATION
 *	  src/store/locks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LOCKS_H
#define GHC_LOCKS_H

typedef enum GhcLockKind
{
	GHC_LOCK_WORKER = 1,		/* a worker's number */
	GHC_LOCK_BUDGET,			/* a budget, by its id */
	GHC_LOCK_TOKEN,				/* a token whose user isn't known yet */
	GHC_LOCK_GATE,				/* shared: workers may not end; number 0 */
	GHC_LOCK_DATA,				/* making data tables; number 0 */
	GHC_LOCK_QUESTION,			/* a question, held by its asker */
	GHC_LOCK_CRAWL,				/* shared: its ranges are being written; its id */
	GHC_LOCK_APP,				/* an App: asking where it is installed */
	GHC_LOCK_SCHEDULE,			/* changing a schedule; hash of its name and user */
} GhcLockKind;

/* Takes a lock for the session if it is free; needs no transaction. */
extern bool ghc_locks_take(GhcLockKind kind, int number);

/* Gives a session lock back. */
extern void ghc_locks_release(GhcLockKind kind, int number);

/*
 * Keeps workers from ending until the current transaction's end, so that
 * one which is alive now will see what this transaction commits.
 */
extern void ghc_locks_close_gate(void);

/*
 * Waits for the end of all transactions that hold the gate now, prepared ones
 * included, without keeping others from closing it; needs a transaction.
 */
extern void ghc_locks_wait_for_gate(void);

/*
 * Until the transaction's end, nobody ends the crawl and drops what is left of
 * it.  False if one is doing that, or waits to: who holds anything must not
 * wait for a session that may come to end other crawls as well.
 */
extern bool ghc_locks_share_crawl(int64 crawl_id);

/*
 * Until the transaction's end, nobody else writes ranges of the crawl.  Waits
 * for those who do, so it is not for who has written rows they may wait for.
 */
extern void ghc_locks_own_crawl(int64 crawl_id);

/* Waits for its turn at making data tables, until the transaction's end. */
extern void ghc_locks_wait_for_data(void);

/* The same for changing a schedule, whose name and user have a hash. */
extern void ghc_locks_wait_for_schedule(uint32 hash);

#endif							/* GHC_LOCKS_H */
