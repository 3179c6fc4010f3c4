/*-------------------------------------------------------------------------
 *
 * locks.c
 *	  Who is alive and who holds what; see locks.h.
 *
 * IDENTIFICATION
 *	  src/store/locks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"

#include "store/locks.h"

/* SQL's advisory locks have 1 or 2 here; ghcrawl.live_worker has ours */
#define LOCK_FIELD4 71

static LOCKTAG
make_tag(GhcLockKind kind, int number)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) kind, (uint32) number,
						 LOCK_FIELD4);
	return tag;
}

bool
ghc_locks_take(GhcLockKind kind, int number)
{
	LOCKTAG		tag = make_tag(kind, number);

	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
ghc_locks_release(GhcLockKind kind, int number)
{
	LOCKTAG		tag = make_tag(kind, number);

	LockRelease(&tag, ExclusiveLock, true);
}

void
ghc_locks_close_gate(void)
{
	LOCKTAG		tag = make_tag(GHC_LOCK_GATE, 0);

	(void) LockAcquire(&tag, ShareLock, false, false);
}

void
ghc_locks_wait_for_gate(void)
{
	LOCKTAG		tag = make_tag(GHC_LOCK_GATE, 0);

	WaitForLockers(tag, ExclusiveLock, false);
}

/* Two crawls may share a lock: they wait for each other, and that is all. */
static bool
lock_crawl(int64 crawl_id, LOCKMODE mode, bool waits)
{
	LOCKTAG		tag = make_tag(GHC_LOCK_CRAWL, (int) (uint32) crawl_id);

	return LockAcquire(&tag, mode, false, !waits) != LOCKACQUIRE_NOT_AVAIL;
}

bool
ghc_locks_share_crawl(int64 crawl_id)
{
	return lock_crawl(crawl_id, ShareLock, false);
}

void
ghc_locks_own_crawl(int64 crawl_id)
{
	(void) lock_crawl(crawl_id, ExclusiveLock, true);
}

void
ghc_locks_wait_for_data(void)
{
	LOCKTAG		tag = make_tag(GHC_LOCK_DATA, 0);

	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

void
ghc_locks_wait_for_schedule(uint32 hash)
{
	LOCKTAG		tag = make_tag(GHC_LOCK_SCHEDULE, (int) hash);

	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}
