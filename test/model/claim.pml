/*
 * claim.pml
 *	  A model of claim, crash, split and finish, for spin.
 *
 * It follows src/store/tasks.c, crawls.c and locks.c and src/crawl/worker.c,
 * turn.c, refresh.c and launch.c statement by statement: each SQL statement
 * sees what was committed when it began (READ COMMITTED), waits for rows that
 * another transaction changed, and skips those that are not what it saw any
 * more.  Between two statements anything may happen: another worker's
 * statement, a user's, the death of the process, a crash of the server.
 *
 * Left out: what is stored; time (a wait may end at any moment); wake-ups by
 * latch, so that what is shown here holds without them; limits and tokens (but
 * a crawl that comes to its limit ends as one that fails does); restoring a
 * dump, so that "no task is open" says no more than "none is in queue or claim".
 *
 * scripts/run-model gives the sizes by -D and says what each run shows.
 * A mutation (-DMUTATE_...) is a fault put in on purpose: spin must find it.
 *
 * Tasks of crawl 0 are a tree: 0 may be split into 1 and 2, 2 into 3 and 4.
 * With LATE the last task isn't in the tree: it is added when all others have
 * ended.  With CRAWLS 2 the last task is the only one of crawl 1.
 */

#ifndef WORKERS
#define WORKERS 2			/* ghcrawl.workers */
#endif
#ifndef SLOTS
#define SLOTS WORKERS		/* processes that can be workers */
#endif
#ifndef LANES
#define LANES 1				/* requests that a worker may have under way */
#endif
#ifndef TREE
#define TREE 3				/* 1, 3 or 5 */
#endif
#ifndef CRAWLS
#define CRAWLS 1			/* a session that cancels cancels all, 0 last */
#endif
#ifndef LATE
#define LATE 0				/* steps of the comparison that may add a task */
#endif
#ifndef USERS
#define USERS 0				/* sessions */
#endif
#ifndef STEER
#define STEER 0				/* how often each pauses, resumes or cancels */
#endif
#ifndef START
#define START 0				/* do users start crawls, or did they before? */
#endif
#ifndef GAPS
#define GAPS 0				/* may a range end as a gap? */
#endif
#ifndef AGAIN
#define AGAIN 0				/* how often users retry gaps */
#endif
#ifndef KILLS
#define KILLS 0				/* workers that die */
#endif
#ifndef CRASHES
#define CRASHES 0			/* of the server */
#endif
#ifndef ERRORS
#define ERRORS 0			/* transactions of workers that fail */
#endif
#ifndef WAITS
#define WAITS 0			/* may a task wait for its lane? */
#endif
#ifndef BOTH
#define BOTH 0			/* may a worker look around and write answers in one go? */
#endif
#ifndef REFUSALS
#define REFUSALS 0			/* may GitHub refuse a query for good? */
#endif

#if LATE
#define TASKS (TREE + CRAWLS)
#else
#define TASKS (TREE + CRAWLS - 1)
#endif
#define TXS (SLOTS + USERS + 1)
#define BIT(i) (1 << (i))

#if CRAWLS > 1
#define crawl_of(t) ((t) == TASKS - 1)
#else
#define crawl_of(t) 0
#endif
#define can_split(t) (((t) == 0 && TREE >= 3) || ((t) == 2 && TREE >= 5))

/* where a task's row is: nowhere, in ghcrawl.queue, in ghcrawl.claim */
#define GONE 0
#define QUEUED 1
#define CLAIMED 2

/* a task's state; outcomes of a request are those from SPLIT on */
#define NONE 0
#define OPEN 1
#define SPLIT 2
#define DONE 3
#define GAP 4
#define DROPPED 5			/* 'cancelled' */
#define RETRY 6
#define REFUSED 7

/* a crawl's state; it has ended from CANCELLED on */
#define ABSENT 0
#define RUNNING 1
#define PAUSED 2
#define CANCELLED 3
#define FINISHED 4
#define WITH_GAPS 5
#define FAILED 6

/* what a lane is at */
#define READY 1				/* has a task, can't ask yet */
#define FLYING 2

/*
 * Tables as committed, and beside each row who changed it and into what.
 * A task has one row at most in queue and claim together.
 */
byte at[TASKS], by[TASKS];			/* by: the number of the worker */
byte rlock[TASKS], nat[TASKS], nby[TASKS];
byte state[TASKS], seen[TASKS];
byte tlock[TASKS], nstate[TASKS], nseen[TASKS];
byte crawl[CRAWLS], clock[CRAWLS], ncrawl[CRAWLS];
#if LATE
byte compared, ncompared;			/* steps that are done */
#endif
short n_tasks, n_ended, n_seen;		/* crawl_counter, summed, of crawl 0 */

/* rows that a statement under way saw, and that are still those */
byte saw[TXS];
/* whom a transaction waits for, all of them */
byte waits[TXS];

/*
 * Advisory locks: a worker's number, the gate, a crawl's.  The latter two have
 * many sharers; who waits for the whole of a crawl's keeps new ones out.
 */
byte shared[CRAWLS], owned[CRAWLS], wished[CRAWLS];
byte number[WORKERS + 1];
byte gate_held;
byte gate_shared;

/* the postmaster's list: who is registered, and waits for whose end */
bit registered[SLOTS + 1], leaving[SLOTS + 1], die[TXS];
byte starter[SLOTS + 1];

/* what workers have in memory; gone when they die */
#define LANE(l) ((me - 1) * LANES + (l))
byte hand[SLOTS * LANES];			/* task + 1 */
byte lane[SLOTS * LANES];
byte counted[SLOTS * LANES];		/* of seen, in the crawl's counters */

byte users_done;
byte failures = ERRORS;

#define sees(t) (rlock[t] == me -> nat[t] : at[t])
#define sees_by(t) (rlock[t] == me -> nby[t] : by[t])
#define holds(t) (sees(t) == CLAIMED && sees_by(t) == no)
#define sees_crawl(c) (clock[c] == me -> ncrawl[c] : crawl[c])
#if LANES > 1
#define has_answer (ans[0] != 0 || ans[1] != 0)
#define in_hand(t) (hand[LANE(0)] == (t) || hand[LANE(1)] == (t))
#else
#define has_answer (ans[0] != 0)
#define in_hand(t) (hand[LANE(0)] == (t))
#endif
#define has_ended(s) ((s) >= CANCELLED)
#define can_share(c) ((owned[c] == 0 || owned[c] == me) && (wished[c] == 0 || wished[c] == me))
#if CRAWLS > 1
#define any_running (crawl[0] == RUNNING || crawl[1] == RUNNING)
#define all_ended (has_ended(crawl[0]) && (has_ended(crawl[1]) || crawl[1] == ABSENT))
#else
#define any_running (crawl[0] == RUNNING)
#define all_ended has_ended(crawl[0])
#endif

/* ------------------------------------------------------------------------
 * what must always hold
 * ------------------------------------------------------------------------ */

#define ended_well(t) (state[t] == DONE || state[t] == GAP)
#if TREE >= 5
#define covered_2 (ended_well(2) || (state[2] == SPLIT && ended_well(3) && ended_well(4)))
#elif TREE >= 3
#define covered_2 ended_well(2)
#endif
#if TREE >= 3
#define covered (ended_well(0) || (state[0] == SPLIT && ended_well(1) && covered_2))
#else
#define covered ended_well(0)
#endif

/* Looks over all tables; called with each commit, in a d_step. */
inline check_tables()
{
	chk_tasks = 0; chk_ended = 0; chk_seen = 0; chk_gaps = 0;
	for (i : 0 .. TASKS - 1) {
		/* a task is in hand, or to be had, exactly as long as it is open */
		assert((at[i] != GONE) == (state[i] == OPEN));
		/* nothing is left behind by a crawl that has ended */
		assert(!(has_ended(crawl[crawl_of(i)]) && at[i] != GONE));
		if
		:: crawl_of(i) == 0 ->
			chk_tasks = chk_tasks + (state[i] != NONE);
			chk_ended = chk_ended + (state[i] >= SPLIT && state[i] != DROPPED);
			chk_gaps = chk_gaps + (state[i] == GAP);
			if
			:: state[i] == OPEN || ended_well(i) -> chk_seen = chk_seen + seen[i]
			:: else
			fi
		:: else
		fi
	}
	if
	:: crawl[0] == FINISHED || crawl[0] == WITH_GAPS ->
		assert(covered);
#if CRAWLS == 1
		assert(n_tasks == chk_tasks && n_ended == chk_ended && n_seen == chk_seen);
#endif
		assert((crawl[0] == WITH_GAPS) == (chk_gaps > 0))
	:: else
	fi;
#if CRAWLS > 1
	assert(!(crawl[1] == FINISHED) || ended_well(TASKS - 1));
#endif
	/* what a run ought to come to; the runner demands that this fails */
#if REACH == 1
	assert(!(crawl[0] == FINISHED && state[2] == SPLIT));
#elif REACH == 2
	assert(!(crawl[0] == WITH_GAPS));
#elif REACH == 4
	assert(!(crawl[0] == CANCELLED));
#elif REACH == 5
	assert(!(crawl[0] == FAILED));
#elif REACH == 6
	assert(!(crawl[0] == FINISHED && state[TASKS - 1] == DONE));
#elif REACH == 7
	assert(!(crawl[0] == FINISHED && crawl[1] == FINISHED));
#endif
	chk_tasks = 0; chk_ended = 0; chk_seen = 0; chk_gaps = 0
}

/* A crawl that runs has somebody, or somebody is on the way. */
inline check_somebody()
{
	chk_tasks = 0;
	for (i : 1 .. SLOTS) {
		chk_tasks = chk_tasks + (registered[i] && !leaving[i])
	}
	assert(!any_running || chk_tasks > 0);
	chk_tasks = 0
}

hidden byte i;
hidden short chk_tasks, chk_ended, chk_seen, chk_gaps;

/* ------------------------------------------------------------------------
 * transactions
 * ------------------------------------------------------------------------ */

/* Undoes, or takes over, what transaction x changed; in a d_step. */
inline end_of(x, commits)
{
	for (i : 0 .. TASKS - 1) {
		if
		:: rlock[i] == x ->
			if
			:: commits ->
				at[i] = nat[i];
				by[i] = nby[i];
				/* what others saw isn't there any more */
				for (j : 0 .. TXS - 1) {
					saw[j] = saw[j] & (255 - BIT(i))
				}
			:: else
			fi;
			rlock[i] = 0; nat[i] = 0; nby[i] = 0
		:: else
		fi;
		if
		:: tlock[i] == x ->
			if
			:: commits -> state[i] = nstate[i]; seen[i] = nseen[i]
			:: else
			fi;
			tlock[i] = 0; nstate[i] = 0; nseen[i] = 0
		:: else
		fi
	}
	for (i : 0 .. CRAWLS - 1) {
		if
		:: clock[i] == x ->
			if
			:: commits -> crawl[i] = ncrawl[i]
			:: else
			fi;
			clock[i] = 0; ncrawl[i] = 0;
#if LATE
			if
			:: commits -> compared = ncompared
			:: else
			fi;
			ncompared = 0
#endif
		:: else
		fi;
		shared[i] = shared[i] & (255 - BIT(x));
		owned[i] = (owned[i] == x -> 0 : owned[i]);
		wished[i] = (wished[i] == x -> 0 : wished[i])
	}
	for (i : 0 .. TXS - 1) { waits[i] = waits[i] & (255 - BIT(x)) }
	for (i : 1 .. SLOTS) {
		if
		:: starter[i] == x -> starter[i] = 0
		:: else
		fi
	}
	saw[x] = 0;
	waits[x] = 0;
	gate_shared = gate_shared & (255 - BIT(x));
	i = 0; j = 0
}

hidden byte j;

/* Waits for those in reach; PostgreSQL's search for deadlocks */
inline wait_for_all()
{
	reach = reach & (255 - BIT(me));
	waits[me] = reach;
	for (m : 1 .. 3) {
		for (j : 0 .. TXS - 1) {
			reach = reach | ((reach & BIT(j)) -> waits[j] : 0)
		}
	}
	assert(!(reach & BIT(me)));
	reach = 0; m = 0; j = 0
}

hidden byte reach, m;

/* Waits until a lock is free or ours; asserts that nobody waits in a circle. */
inline wait_for(lock)
{
	do
	:: lock == 0 || lock == me -> break
	:: lock != 0 && lock != me && waits[me] == 0 -> reach = BIT(lock); wait_for_all()
	od;
	waits[me] = 0
}

/* Takes the lock of crawl c for itself: waits for all who share it. */
inline own_crawl()
{
	atomic {
		do
		:: (shared[c] & (255 - BIT(me))) == 0 && can_share(c) -> break
		:: !((shared[c] & (255 - BIT(me))) == 0 && can_share(c)) && waits[me] == 0 ->
			wished[c] = (wished[c] == 0 -> me : wished[c]);
			reach = shared[c] | BIT(wished[c]) | (owned[c] != 0 -> BIT(owned[c]) : 0);
			wait_for_all()
		od;
		waits[me] = 0;
		wished[c] = 0;
		owned[c] = me
	}
}

/* Locks a task's own row; its values are the newest then. */
inline lock_task(t)
{
	wait_for(tlock[t]);
	if
	:: tlock[t] == 0 -> tlock[t] = me; nstate[t] = state[t]; nseen[t] = seen[t]
	:: else
	fi
}

/* Changes a task's row in queue or claim, which nobody else has locked. */
inline put_row(t, where, whose)
{
	rlock[t] = me;
	nat[t] = where;
	nby[t] = whose
}

/*
 * Takes one row that the statement saw: waits for its lock, takes it if it is
 * still that row.
 */
inline take_row(t, got)
{
	wait_for(rlock[t]);
	got = (saw[me] & BIT(t)) != 0
}

/* Makes a task, with its row in the queue. */
inline add_task(t)
{
	assert(state[t] == NONE && tlock[t] == 0);	/* never twice */
	tlock[t] = me;
	nstate[t] = OPEN;
	nseen[t] = 0;
	put_row(t, QUEUED, 0)
}

/* SELECT … FOR NO KEY UPDATE of a crawl's row: it is free, or ours */
inline lock_crawl(c)
{
	if
	:: clock[c] == 0 ->
		clock[c] = me;
		ncrawl[c] = crawl[c];
#if LATE
		ncompared = compared
#endif
	:: else
	fi
}

/* none: have all tasks ended, as a statement that begins now sees it? */
inline look_for_tasks(c)
{
	for (i : 0 .. TASKS - 1) {
		if
#ifdef MUTATE_DONE_WITHOUT_CLAIMS
		:: crawl_of(i) == (c) && sees(i) == QUEUED -> none = false
#else
		:: crawl_of(i) == (c) && sees(i) != GONE -> none = false
#endif
		:: else
		fi
	}
	i = 0
}

/*
 * ghc_crawls_set_state, of crawl c: three statements, once nobody else writes to
 * it, so that no row has to be waited for.
 */
inline drop_tasks()
{
#ifndef MUTATE_DROP_UNLOCKED
	own_crawl();
#endif
	atomic { drop_rows(QUEUED) }
	atomic { drop_rows(CLAIMED) }
	atomic {
		for (i : 0 .. TASKS - 1) {
			if
			:: crawl_of(i) == c && (tlock[i] == me -> nstate[i] : state[i]) == OPEN ->
				assert(tlock[i] == 0 || tlock[i] == me);
				tlock[i] = me; nseen[i] = seen[i]; nstate[i] = DROPPED
			:: else
			fi
		}
		i = 0
	}
}

inline drop_rows(place)
{
	for (i : 0 .. TASKS - 1) {
		if
		:: crawl_of(i) == c && sees(i) == place ->
			assert(rlock[i] == 0 || rlock[i] == me);
			put_row(i, GONE, 0)
		:: else
		fi
	}
	i = 0
}

/* Puts back into the queue what saw[me] names. */
inline release_rows()
{
	t = 0;
	do
	:: atomic {
		t < TASKS ->
		if
		:: saw[me] & BIT(t) ->
			take_row(t, got);
			if
			:: got -> put_row(t, QUEUED, 0)
			:: else
			fi
		:: else
		fi;
		t++
	}
	:: atomic { t == TASKS -> t = 0; got = 0; saw[me] = 0; break }
	od
}

/* ------------------------------------------------------------------------
 * the worker
 * ------------------------------------------------------------------------ */

/*
 * Ends a crawl if none: the statement that was begun saw no task; or adds the
 * last task.
 */
inline end_if_done(c)
{
	if
	:: none ->
		/* FOR NO KEY UPDATE SKIP LOCKED, then a look at the row as it is now */
		atomic {
			none = (clock[c] == 0 || clock[c] == me) && sees_crawl(c) == RUNNING;
			if
			:: none -> lock_crawl(c)
			:: else
			fi
		}
#ifndef MUTATE_DONE_BEFORE_LOCK
		/* the tasks that are there now that nobody can add any */
		if
		:: none -> atomic { look_for_tasks(c) }
		:: else
		fi;
#endif
		if
		:: none -> finish(c)
		:: else
		fi;
		none = 0
	:: else
	fi
}

/* What holds its row: the next step of the comparison, or the end. */
inline finish(c)
{
	atomic {
#if LATE
		if
		:: (c) == 0 && ncompared < LATE ->
			ncompared++;
			refresh = 1;
			if
			:: state[TASKS - 1] == NONE ->
				add_task(TASKS - 1);
				d_tasks++;
				none = false
			/* none is missing; is that all? */
			:: none = (ncompared == LATE)
			fi
		:: else
		fi;
#endif
		if
		:: none ->
			for (i : 0 .. TASKS - 1) {
				got = got || (crawl_of(i) == (c) &&
							  (tlock[i] == me -> nstate[i] : state[i]) == GAP)
			}
			i = 0;
			ncrawl[c] = (got -> WITH_GAPS : FINISHED);
			got = false
		:: else
		fi
	}
}

#define may_release(t) (sees(t) == CLAIMED && (known & BIT(crawl_of(t))))

/* Claims in our name that we don't have in hand: a predecessor's */
inline release_strangers()
{
	atomic {
		saw[me] = 0;
		for (i : 0 .. TASKS - 1) {
			if
			:: may_release(i) && sees_by(i) == no && !in_hand(i + 1) -> saw[me] = saw[me] | BIT(i)
			:: else
			fi
		}
		i = 0;
		got = (saw[me] != 0)
	}
	if
	:: got -> release_rows()
	:: else
	fi
}

/* Claims of workers that are no more go back. */
inline release_dead()
{
#ifdef MUTATE_RELEASE_BY_NUMBER
	/* first a list of numbers, then a statement for each */
	atomic {
		dead = 0;
		for (i : 0 .. TASKS - 1) {
			if
			:: may_release(i) && number[sees_by(i)] == 0 -> dead = dead | BIT(sees_by(i))
			:: else
			fi
		}
		i = 0
	}
	if
	:: dead != 0 ->
		atomic {
			saw[me] = 0;
			for (i : 0 .. TASKS - 1) {
				if
				:: may_release(i) && (dead & BIT(sees_by(i))) -> saw[me] = saw[me] | BIT(i)
				:: else
				fi
			}
			i = 0; dead = 0
		}
		release_rows()
	:: else
	fi
#else
	/* one statement: its snapshot, then a look at the locks */
	atomic {
		saw[me] = 0;
		for (i : 0 .. TASKS - 1) {
			if
			:: may_release(i) -> saw[me] = saw[me] | BIT(i)
			:: else
			fi
		}
		i = 0
	}
	atomic {
		for (i : 0 .. TASKS - 1) {
			if
			:: (saw[me] & BIT(i)) && number[sees_by(i)] != 0 -> saw[me] = saw[me] & (255 - BIT(i))
			:: else
			fi
		}
		i = 0;
		got = (saw[me] != 0)
	}
	if
	:: got -> release_rows()
	:: else
	fi
#endif
}

/* Back into the queue, if the claim is still ours. */
inline requeue(l)
{
		t = hand[LANE(l)] - 1;
		got = holds(t);
		saw[me] = (got -> BIT(t) : 0);
		if
		:: got ->
			take_row(t, got);
			if
			:: got -> put_row(t, QUEUED, 0)
			:: else
			fi
		:: else
		fi;
		over[l] = 1;
		saw[me] = 0; got = 0; t = 0
}

/* A task that waits for its lane, of a crawl that doesn't run any more */
inline give_back(l)
{
	atomic {
		if
		:: hand[LANE(l)] != 0 && lane[LANE(l)] == READY && ans[l] == 0 &&
		   !(known & BIT(crawl_of(hand[LANE(l)] - 1))) -> requeue(l)
		:: else
		fi
	}
}

inline send(l)
{
	if
	:: hand[LANE(l)] != 0 && lane[LANE(l)] == READY && ans[l] == 0 &&
	   (known & BIT(crawl_of(hand[LANE(l)] - 1))) ->
		if
		:: lane[LANE(l)] = FLYING
#if WAITS
		:: !late -> late = 1
#endif
		fi
	:: else
	fi;
	none = none && lane[LANE(l)] != FLYING
}

/* Ends a task that is still ours. */
inline end_task(l)
{
		t = hand[LANE(l)] - 1;
		got = holds(t);
		saw[me] = (got -> BIT(t) : 0);
#ifdef MUTATE_END_BLIND
		got = true; saw[me] = BIT(t);
#endif
		if
		:: got ->
			take_row(t, got);
#ifdef MUTATE_END_BLIND
			got = true;
#endif
			if
			:: got ->
				put_row(t, GONE, 0);
				lock_task(t);
				assert(nstate[t] == OPEN);	/* never twice */
				nstate[t] = ans[l];
				d_ended++;
				if
				:: ans[l] == SPLIT -> d_seen = d_seen - counted[LANE(l)]
				:: else ->
					nseen[t] = 1;
					d_seen = d_seen + 1 - counted[LANE(l)]
				fi
			:: else
			fi
		:: else
		fi;
		got = got && ans[l] == SPLIT;
		over[l] = 1;
		saw[me] = 0; t = 0
}

/* The parts of a range that was split just now */
inline add_children(l)
{
#ifdef MUTATE_SPLIT_APART
	atomic {
		n_ended = n_ended + d_ended; n_seen = n_seen + d_seen;
		d_ended = 0; d_seen = 0;
		end_of(me, true)
	}
#endif
	atomic {
		t = hand[LANE(l)] - 1;
		add_task(t + 1);
		add_task(t + 2);
		d_tasks = d_tasks + 2;
		exhausted = exhausted & (255 - BIT(crawl_of(t)));
		t = 0; got = 0
	}
}

/* Notes how far a task is that will be asked for again. */
inline progress(l)
{
		t = hand[LANE(l)] - 1;
		if
		:: holds(t) ->
			lock_task(t);
			nseen[t] = 1;
			d_seen = d_seen + 1 - counted[LANE(l)]
		:: else -> over[l] = 1
		fi;
		t = 0
}

/* GitHub will never take this query: the crawl fails, after the turn. */
inline fail(l)
{
	c = crawl_of(hand[LANE(l)] - 1);
	over[l] = 1;
#ifdef MUTATE_END_IN_TURN
	end_crawl();
#else
	atomic { ends = ends | BIT(c); c = 0 }
#endif
}

/* ghc_crawls_end, of crawl c */
inline end_crawl()
{
	atomic {
		got = (clock[c] == 0 || clock[c] == me) && sees_crawl(c) == RUNNING;
		if
		:: got ->
			lock_crawl(c);
			ncrawl[c] = FAILED
		:: else
		fi
	}
	if
	:: got -> drop_tasks()
	:: else
	fi;
	atomic { got = 0; c = 0; refresh = 1 }
}

/* Each in a transaction of its own */
inline end_crawls()
{
	do
	:: atomic { ends != 0 ->
		c = (ends & 1 -> 0 : 1);
		ends = ends & (255 - BIT(c)) }
		end_crawl();
		d_step { true -> end_of(me, true); check_tables() }
	:: ends == 0 -> break
	od
}

#define is_over(l) (ans[l] != 0 && (ends & BIT(crawl_of(hand[LANE(l)] - 1))))

inline write_answer(l)
{
	if
	:: ans[l] == 0
#if REFUSALS
	:: is_over(l) -> over[l] = 1
#endif
	:: atomic { ans[l] != 0 && !(known & BIT(crawl_of(hand[LANE(l)] - 1))) -> requeue(l) }
	:: atomic { ans[l] == RETRY && !is_over(l) && (known & BIT(crawl_of(hand[LANE(l)] - 1))) -> progress(l) }
#if REFUSALS
	:: ans[l] == REFUSED && !is_over(l) && (known & BIT(crawl_of(hand[LANE(l)] - 1))) -> fail(l)
#endif
	:: atomic { ans[l] != 0 && ans[l] < DROPPED && !is_over(l) && (known & BIT(crawl_of(hand[LANE(l)] - 1))) -> end_task(l) };
		if
		:: got -> add_children(l)
		:: else
		fi
	fi
}

/* Claims the first task that nobody else has locked. */
inline claim_one(l)
{
	atomic {
		c = (hand[LANE(l)] == 0 || over[l] -> 0 : CRAWLS);
		do
		:: c < CRAWLS ->
			if
			:: (known & BIT(c)) && !((exhausted | ends) & BIT(c)) && took[l] == 0 ->
				t = 0;
				do
#ifdef MUTATE_CLAIM_UNLOCKED
				:: t < TASKS && crawl_of(t) == c && at[t] == QUEUED -> break
				:: t < TASKS && !(crawl_of(t) == c && at[t] == QUEUED) -> t++
#else
				:: t < TASKS && crawl_of(t) == c && sees(t) == QUEUED &&
				   (rlock[t] == 0 || rlock[t] == me) -> break
				:: t < TASKS && !(crawl_of(t) == c && sees(t) == QUEUED &&
				   (rlock[t] == 0 || rlock[t] == me)) -> t++
#endif
				:: t == TASKS -> break
				od;
				if
				:: t == TASKS -> exhausted = exhausted | BIT(c)
				:: else ->
					put_row(t, CLAIMED, no);
					took[l] = t + 1;
					/* nobody alive has it */
					for (i : 0 .. SLOTS * LANES - 1) {
						assert(hand[i] != t + 1 || i == LANE(l) ||
							   (i / LANES == me - 1 && over[i % LANES]))
					}
					i = 0
				fi;
				t = 0
			:: else
			fi;
			c++
		:: else -> break
		od;
		c = 0
	}
}

inline settle()
{
	for (i : 0 .. LANES - 1) {
		if
		:: over[i] -> hand[LANE(i)] = 0; lane[LANE(i)] = 0; counted[LANE(i)] = 0
		:: !over[i] && ans[i] == RETRY -> counted[LANE(i)] = 1; lane[LANE(i)] = READY
		:: else
		fi;
		if
		:: took[i] != 0 ->
			hand[LANE(i)] = took[i];
			lane[LANE(i)] = READY;
			counted[LANE(i)] = seen[took[i] - 1]
		:: else
		fi;
		over[i] = 0; ans[i] = 0; took[i] = 0
	}
	i = 0
}

/* A request is answered, or time passes; but not for ever. */
inline take_in(l)
{
	if
	:: lane[LANE(l)] == FLYING ->
		if
		:: can_split(hand[LANE(l)] - 1) -> ans[l] = SPLIT
		:: ans[l] = DONE
#if GAPS
		:: ans[l] = GAP
#endif
#if REFUSALS
		:: ans[l] = REFUSED
#endif
		:: counted[LANE(l)] == 0 -> ans[l] = RETRY
		:: !late -> late = 1
		fi
	:: else
	fi
}

#if CRAWLS > 1
#define may_share(k) ((!((k) & 1) || can_share(0)) && (!((k) & 2) || can_share(1)))
#else
#define may_share(k) (!((k) & 1) || can_share(0))
#endif

/*
 * Shares the locks of crawls k.  Who can't have one gives all back, and waits
 * with nothing in hand.
 */
inline share_crawls()
{
#ifdef MUTATE_WAIT_WHILE_SHARING
	do
	:: atomic { k != 0 ->
		c = (k & 1 -> 0 : 1);
		do
		:: can_share(c) -> break
		:: !can_share(c) && waits[me] == 0 ->
			reach = (owned[c] != 0 -> BIT(owned[c]) : 0) | (wished[c] != 0 -> BIT(wished[c]) : 0);
			wait_for_all()
		od;
		waits[me] = 0;
		shared[c] = shared[c] | BIT(me);
		k = k & (255 - BIT(c));
		c = 0 }
	:: k == 0 -> break
	od
#else
	atomic {
		if
		:: !may_share(k) ->
			may_share(k);
			k = 0; looks = 0; refresh = 1;
			goto turn
		:: else ->
			for (i : 0 .. CRAWLS - 1) {
				shared[i] = shared[i] | ((k & BIT(i)) -> BIT(me) : 0)
			}
			i = 0; k = 0
		fi
	}
#endif
}

inline forget()
{
	for (i : 0 .. LANES - 1) {
		hand[LANE(i)] = 0; lane[LANE(i)] = 0; counted[LANE(i)] = 0;
		over[i] = 0; ans[i] = 0; took[i] = 0
	}
	i = 0;
	if
	:: number[no] == me -> number[no] = 0
	:: else
	fi;
	if
	:: gate_held == me -> gate_held = 0
	:: else
	fi;
	no = 0; known = 0; exhausted = 0; ends = 0; refresh = 0; looks = 0; late = 0; t = 0; c = 0; k = 0;
	got = 0; none = 0; dead = 0; d_tasks = 0; d_ended = 0; d_seen = 0;
	leaving[me] = 0; die[me] = 0
}

proctype worker(byte me)
{
	byte no, known, exhausted, ends, t, c, k, dead;
	short d_tasks, d_ended, d_seen;
	bit refresh, looks, late, got, none;
	byte over[LANES], ans[LANES], took[LANES];

end_idle:
	if
	:: atomic { die[me] -> forget(); goto end_idle }
	/* whoever started it must have ended its transaction */
	:: atomic { registered[me] && !die[me] && starter[me] == 0 ->
		/* look_for_first_work: those who count on whoever was alive are waited for */
#ifndef MUTATE_LOOK_ONCE
		k = (any_running -> 0 : gate_shared)
#endif
		}
	fi;
	{
		atomic {
			(gate_shared & k) == 0 ->
			k = 0;
			if
			:: any_running
			:: else -> leaving[me] = 1; goto bye
			fi
		}
		atomic {
			no = 1;
			do
			:: no <= WORKERS && number[no] == 0 -> number[no] = me; break
			:: no <= WORKERS && number[no] != 0 -> no++
			:: no > WORKERS -> no = 0; leaving[me] = 1; goto bye
			od
		}
#ifdef MUTATE_RELEASE_AT_BIRTH
		atomic { known = 255; }
		release_strangers();
#endif
		atomic { true -> end_of(me, true); check_tables(); refresh = 1 }

turn:
		atomic {
			take_in(0);
#if LANES > 1
			take_in(1);
#endif
			/* a turn is due if something came, or if it is time to look again */
			if
			:: refresh || !has_answer -> looks = 1
			:: !refresh && has_answer -> looks = 0
#if BOTH
			:: !refresh && has_answer -> looks = 1
#endif
			fi;
			refresh = 0;
			if
			:: looks ->
				known = 0; exhausted = 0;
				for (i : 0 .. CRAWLS - 1) {
					if
					:: crawl[i] == RUNNING -> known = known | BIT(i)
					:: else
					fi
				}
			:: else
			fi;
			/* the crawls that this turn may write to */
			k = known;
			for (i : 0 .. LANES - 1) {
				if
				:: hand[LANE(i)] != 0 -> k = k | BIT(crawl_of(hand[LANE(i)] - 1))
				:: else
				fi
			}
			i = 0
		}
		share_crawls();
		if
		:: atomic { looks -> looks = 0 }
		:: atomic { !looks -> goto answers }
		fi;
#ifndef MUTATE_NO_RELEASE
		release_dead();
		release_strangers();
#endif
		give_back(0);
#if LANES > 1
		give_back(1);
#endif
#ifndef MUTATE_NO_TIDY_END
		k = 0;
		do
		:: atomic {
			none = (known & BIT(k)) != 0;
			for (i : 0 .. LANES - 1) {
				none = none && !(hand[LANE(i)] != 0 && crawl_of(hand[LANE(i)] - 1) == k)
			}
			i = 0;
			look_for_tasks(k)
			}
			end_if_done(k);
			if
			:: k < CRAWLS - 1 -> k++
			:: else -> break
			fi
		od;
		k = 0;
#endif
answers:
		write_answer(0);
#if LANES > 1
		write_answer(1);
#endif
		claim_one(0);
#if LANES > 1
		claim_one(1);
#endif
		if
		:: d_ended > 0 ->
			k = 0;
			do
			:: atomic {
				none = (known & BIT(k)) && (exhausted & BIT(k));
				look_for_tasks(k)
				}
				end_if_done(k);
				if
				:: k < CRAWLS - 1 -> k++
				:: else -> break
				fi
			od;
			k = 0
		:: else
		fi;
		atomic {
			if
			:: d_step {
				true ->
				n_tasks = n_tasks + d_tasks;
				n_ended = n_ended + d_ended;
				n_seen = n_seen + d_seen;
				end_of(me, true);
				check_tables();
				settle()
			}
#if ERRORS
			/* memory stays as it is, and the turn is done again */
			:: d_step {
				failures > 0 ->
				failures--;
				end_of(me, false);
#ifdef MUTATE_SETTLE_FIRST
				settle();
#endif
				for (i : 0 .. LANES - 1) { over[i] = 0; took[i] = 0 }
				i = 0;
				ends = 0;
				refresh = 1
			}
#endif
			fi;
			d_tasks = 0; d_ended = 0; d_seen = 0
#if REFUSALS
			}
			end_crawls();
		atomic {
			true
#endif
			;
			none = (known == 0);
			send(0);
#if LANES > 1
			send(1);
#endif
			/* end if there is nothing to do, and nobody counts on us */
			if
			:: none && gate_held == 0 && gate_shared == 0 -> gate_held = me
			:: else -> none = 0; goto turn
			fi;
			none = 0
		}
		atomic {
			if
			:: any_running -> gate_held = 0; refresh = 1; goto turn
			:: else -> leaving[me] = 1
			fi
		}
bye:
#ifdef MUTATE_GATE_FIRST
		atomic { if :: gate_held == me -> gate_held = 0 :: else fi }
#endif
		atomic { if :: number[no] == me -> number[no] = 0 :: else fi }
		d_step {
			forget();
			end_of(me, false);
			registered[me] = 0;
			check_somebody()
		}
		goto end_idle
	}
	unless
	{
		atomic { die[me] -> forget(); goto end_idle }
	}
}

/* ------------------------------------------------------------------------
 * sessions of users
 * ------------------------------------------------------------------------ */

#define PAUSE 1
#define RESUME 2
#define CANCEL 3
#define RETRY_GAPS 4
#define BEGIN_CRAWL 5

/* Keeps workers from ending; then starts what is missing. */
inline start_workers()
{
	atomic {
		i = 0;
		do
		:: n < WORKERS -> n++; i = i + (number[n] != 0)
		:: else -> n = 0; break
		od;
		do
		:: i < WORKERS && n < SLOTS ->
			n++;
			if
			:: !registered[n] -> registered[n] = 1; starter[n] = me; i++
			:: else
			fi
		:: else -> n = 0; break
		od;
		ok = i > 0;
		i = 0
	}
}

inline close_gate()
{
#ifndef MUTATE_NO_GATE
	atomic { gate_held == 0 -> gate_shared = gate_shared | BIT(me) }
#else
	skip
#endif
}

/* retry_gaps: gaps are open again, what they counted is taken back */
inline reopen_gaps()
{
	atomic {
		t = 0;
		do
		:: t < TASKS ->
			if
			:: state[t] == GAP ->
				lock_task(t);
				nstate[t] = OPEN;
				put_row(t, QUEUED, 0);
				d_ended++
			:: else
			fi;
			t++
		:: else -> t = 0; break
		od
	}
}

/* all in a transaction; one that has ended is no error */
inline cancel()
{
	do
	:: c > 0 ->
		c--;
		atomic {
			wait_for(clock[c]);
			lock_crawl(c);
			got = !has_ended(ncrawl[c]);
			if
			:: got -> ncrawl[c] = CANCELLED; ok = 1
			:: else
			fi
		}
		if
		:: got -> drop_tasks()
		:: else
		fi;
		got = 0
	:: c == 0 -> break
	od
}

proctype user(byte me; byte mine)
{
	byte op, t, c, n, left, again;
	bit got, ok, final;
	short d_ended;

	left = STEER;
	again = AGAIN;
	if
	:: START -> goto begin_crawl
	:: else
	fi;
next:
	{
		do
		:: atomic { op == 0 && left > 0 -> left--;
			if :: op = PAUSE :: op = RESUME :: op = CANCEL :: left = 0; goto next fi }
		:: atomic { op == 0 && again > 0 -> again--;
			if :: op = RETRY_GAPS :: again = 0; goto next fi }
		:: atomic { op == 0 && left == 0 && again == 0 ->
			if
			:: crawl[0] == PAUSED -> op = RESUME; final = 1
			:: else -> break
			fi }
		:: op == CANCEL -> c = CRAWLS; cancel(); goto launch
		:: atomic { op != 0 && op != CANCEL && op != BEGIN_CRAWL ->
			ok = 1;
			wait_for(clock[0]);
			lock_crawl(0);
			if
			:: op == RETRY_GAPS -> ok = crawl[0] == WITH_GAPS; ncrawl[0] = RUNNING
			:: op == PAUSE && !has_ended(crawl[0]) -> ncrawl[0] = PAUSED
			:: op == RESUME && !has_ended(crawl[0]) -> ncrawl[0] = RUNNING
			:: else -> ok = 0
			fi }
			if
			:: ok && op == RETRY_GAPS -> reopen_gaps()
			:: else
			fi;
			goto launch
		od;
		goto finished;
begin_crawl:
		atomic {
			op = BEGIN_CRAWL;
			ok = 1;
			clock[mine] = me;
			ncrawl[mine] = RUNNING;
			if
			:: mine == 0 -> add_task(0)
			:: else -> add_task(TASKS - 1)
			fi
		}
launch:
		if
		:: ok ->
			close_gate();
			if
			:: op == RESUME || op == RETRY_GAPS || op == BEGIN_CRAWL -> start_workers()
			:: else
			fi
		:: else
		fi;
		if
		:: d_step {
			ok ->
			n_ended = n_ended - d_ended;
			n_tasks = n_tasks + (op == BEGIN_CRAWL && mine == 0);
			end_of(me, true);
			check_tables();
			check_somebody();
			op = 0; ok = 0; final = 0; d_ended = 0
		}
		/* rolled back, by the user or by an error */
		:: d_step {
			!final || !ok ->
			end_of(me, false);
			op = 0; ok = 0; final = 0; d_ended = 0
		}
		fi;
		goto next
	}
	unless
	{
		atomic {
			die[me] ->
			die[me] = 0; op = 0; t = 0; n = 0; c = 0; got = 0; ok = 0; final = 0; d_ended = 0;
			goto next
		}
	}
finished:
	users_done++
}

/* ------------------------------------------------------------------------
 * deaths
 * ------------------------------------------------------------------------ */

proctype killer()
{
	byte kills = KILLS, crashes = CRASHES;
	byte p;

	do
	/* its transaction is undone, then its locks go (in the escape) */
	:: kills > 0 ->
		d_step {
			kills--;
			p = 1
		}
		do
		:: p < SLOTS -> p++
		:: break
		od;
		atomic {
			if
			:: registered[p] -> end_of(p, false); die[p] = 1
			:: else
			fi;
			p = 0
		}
	/* of all at once; they come back, or a launcher starts one */
	:: crashes > 0 ->
		d_step {
			crashes--;
			for (p : 1 .. TXS - 1) {
				end_of(p, false);
				die[p] = 1
			}
			for (p : 1 .. WORKERS) { number[p] = 0 }
			for (p : 0 .. SLOTS * LANES - 1) { hand[p] = 0 }
			gate_held = 0;
			p = 0
		}
		if
#if SLOTS > 1
		:: d_step { true -> registered[1] = 1; for (p : 2 .. SLOTS) { registered[p] = 0 } p = 0 }
#endif
		:: skip
		fi
	:: break
	od
}

init
{
	atomic {
#if START == 0
		crawl[0] = RUNNING;
		state[0] = OPEN;
		at[0] = QUEUED;
		n_tasks = 1;
#if CRAWLS > 1
		crawl[1] = RUNNING;
		state[TASKS - 1] = OPEN;
		at[TASKS - 1] = QUEUED;
#endif
		for (i : 1 .. WORKERS) { registered[i] = 1 }
#endif
		i = 1;
		do
		:: i <= SLOTS -> run worker(i); i++
		:: else -> break
		od;
		do
		:: i < TXS -> run user(i, i - SLOTS - 1); i++
		:: else -> break
		od;
		i = 0;
		if
		:: KILLS + CRASHES > 0 -> run killer()
		:: else
		fi
	}
}

#ifdef LIVE
ltl ends { <>[] (users_done == USERS && all_ended) }
#endif
