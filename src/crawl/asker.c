/*-------------------------------------------------------------------------
 *
 * asker.c
 *	  The asker: a process that asks the workers on behalf of a session.
 *
 * It lives as long as one call of a function that asks (ask.h).  It writes
 * the question, makes sure that a worker runs, looks for the answer now and
 * then, removes the question and hands over what came.  Workers do all the
 * asking of GitHub, within the budgets they hold; a question is merely more
 * urgent to them than any crawl.
 *
 * Cases that must come out right:
 *
 * - The session goes away: each look sends a sign of life, which fails then.
 * - The asker is killed: its lock on the question is free, and the worker,
 *	 which runs because there is a question, removes it (asked.c); the session
 *	 gets an error because the queue is detached.
 * - The session's transaction holds locks that a worker waits for: nobody
 *	 else could see that this is a deadlock, so it is looked for.
 * - Somebody else holds such a lock, or waits for the session, as DROP EXTENSION
 *	 does: we don't wait long for locks.
 * - What the session has not committed yet, a token or a profile, can't be
 *	 seen here and is an error.
 *
 * It reads archives as well (archive.c), which takes neither tokens nor workers.
 *
 * IDENTIFICATION
 *	  src/crawl/asker.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/settings.h"
#include "crawl/archive.h"
#include "crawl/ask.h"
#include "crawl/launch.h"
#include "store/apps.h"
#include "store/clock.h"
#include "store/crawls.h"
#include "store/db.h"
#include "store/locks.h"
#include "store/questions.h"
#include "store/token_file.h"
#include "store/tokens.h"
#include "store/workers.h"

/* how often it looks for the answer */
#define LOOK_MS 100

/* every so-manieth look it also looks for locks */
#define LOOKS_PER_SECOND 10

/* requests in a row that may fail before the session is told */
#define MAX_ATTEMPTS 4

/* how long it waits for a lock */
#define LOCK_TIMEOUT_MS "3000"

/* how long a session waits for GitHub's limits without being told */
#define PATIENCE_MS (2 * 60 * 1000)

PGDLLEXPORT void ghcrawl_asker_main(Datum arg);

static const GhcAskSegment *asked;
static shm_mq_handle *queue;
static bool sign_is_cut;		/* a sign of life didn't fit in whole */
static List *questions;			/* ids of ours */
static MemoryContext context;	/* as long as the process lives */

static const char *
text_at(Size at)
{
	return (const char *) asked + at;
}

/* ---------------------------------------------------------------------------
 * what the session gets
 * ---------------------------------------------------------------------------
 */

/* Sends a message; if the session is gone, so is the reason to go on. */
static void
send_message(const char *data, Size len)
{
	char		sign = GHC_ASK_WAITING;

	if (sign_is_cut)
		(void) shm_mq_send(queue, 1, &sign, false, true);
	sign_is_cut = false;
	if (shm_mq_send(queue, len, data, false, true) != SHM_MQ_SUCCESS)
		proc_exit(0);
}

/* Says that the answer is still being waited for; false: to nobody. */
static bool
send_sign(void)
{
	char		sign = GHC_ASK_WAITING;
	shm_mq_result result = shm_mq_send(queue, 1, &sign, true, true);

	sign_is_cut = result == SHM_MQ_WOULD_BLOCK;
	return result != SHM_MQ_DETACHED;
}

static void
put_field(StringInfo message, const char *text)
{
	appendStringInfoChar(message, text ? 'v' : 'n');
	if (text != NULL)
		appendBinaryStringInfo(message, text, (int) strlen(text) + 1);
}

static void
send_fields(char kind, const char *const *fields, int n)
{
	StringInfoData message;

	initStringInfo(&message);
	appendStringInfoChar(&message, kind);
	for (int i = 0; i < n; i++)
		put_field(&message, fields[i]);
	send_message(message.data, message.len);
	pfree(message.data);
}

static void
send_error(const ErrorData *error)
{
	const char *fields[] = {
		unpack_sql_state(error->sqlerrcode), error->message, error->detail,
		error->hint
	};

	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
	{
		fields[1] = "ghcrawl's tables are locked";
		fields[2] = "Somebody changes, locks or drops them, or waits for this transaction to do so.";
		fields[3] = "Try again.";
	}
	send_fields(GHC_ASK_ERROR, fields, lengthof(fields));
}

/* ---------------------------------------------------------------------------
 * the question
 * ---------------------------------------------------------------------------
 */

/* Begins a transaction; what it finds stays until the next look. */
static void
begin(const char *activity)
{
	MemoryContext before = CurrentMemoryContext;

	if (!ghc_db_begin(activity))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"ghcrawl\" was dropped or replaced")));
	MemoryContextSwitchTo(before);
}

/* A new question's id, locked for as long as we live. */
static int
new_question(void)
{
	int			id = ghc_questions_next_id();
	MemoryContext before = MemoryContextSwitchTo(context);

	if (!ghc_locks_take(GHC_LOCK_QUESTION, id))
		elog(ERROR, "question %d is somebody else's", id);
	questions = lappend_int(questions, id);
	MemoryContextSwitchTo(before);
	return id;
}

/* Throws if no token of the host can be used, and no App. */
static void
require_token(const char *api_url)
{
	char	   *problem = NULL;
	ListCell   *cell;

	foreach(cell, ghc_apps_load())
		if (strcmp(((GhcAppRow *) lfirst(cell))->api_url, api_url) == 0)
			return;

	foreach(cell, ghc_tokens_load())
	{
		GhcToken   *token = lfirst(cell);

		if (strcmp(token->api_url, api_url) == 0 &&
			(token->file == NULL || ghc_token_file_read(token->file, &problem)))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("no usable token for \"%s\"", api_url),
			 problem ? errdetail("The last one can't be used: %s.", problem) :
			 errdetail("What a transaction added can be used once it has committed."),
			 errhint("SELECT * FROM ghcrawl.tokens.")));
}

static void
insert_plan(void)
{
	const char *profile = text_at(asked->profile_at);
	char	   *unknown;

	require_token(text_at(asked->api_url_at));
	if (!ghc_crawls_profile_exists(profile, &unknown))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("profile \"%s\" does not exist", profile),
				 errdetail("What a transaction added can be used once it has committed.")));
	ghc_questions_insert_plan(new_question(), text_at(asked->api_url_at),
							  profile, text_at(asked->root_at), asked->position);
}

static void
insert_verify(void)
{
	ListCell   *cell;

	foreach(cell, ghc_tokens_hosts())
		ghc_questions_insert_verify(new_question(), lfirst(cell));
}

/* Writes the question, for workers that are there. */
static void
ask(void)
{
	int			missing;
	int			running = 0;

	begin("ghcrawl: asking");
	if (asked->kind == GHC_ASK_PLAN)
		insert_plan();
	else
		insert_verify();
	if (questions != NIL)
		(void) ghc_launch_missing(&missing, &running);
	if (questions != NIL && running == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no free background worker slot"),
				 errdetail("GitHub is asked by a worker, and none can run."),
				 errhint("You might need to increase \"%s\".",
						 "max_worker_processes")));
	ghc_db_commit();
}

static void
drop_questions(void)
{
	ListCell   *cell;

	if (questions == NIL)
		return;
	if (ghc_db_begin("ghcrawl: done with asking"))
	{
		foreach(cell, questions)
			ghc_questions_delete(lfirst_int(cell));
		ghc_launch_wake();
		ghc_db_commit();
	}
	foreach(cell, questions)
		ghc_locks_release(GHC_LOCK_QUESTION, lfirst_int(cell));
	questions = NIL;
}

/* ---------------------------------------------------------------------------
 * waiting
 * ---------------------------------------------------------------------------
 */

/* Throws if GitHub's limits make everybody wait for long. */
static void
check_limits(void)
{
	const char *api_url = text_at(asked->api_url_at);
	TimestampTz until = ghc_tokens_ready_at(api_url);

	if (until == 0)
		require_token(api_url);
	else if (ghc_clock_ms(until) > ghc_clock_now_ms() + PATIENCE_MS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no token may be used before %s",
						timestamptz_to_str(until)),
				 errdetail("GitHub's limits are used up for now."),
				 errhint("SELECT * FROM ghcrawl.tokens.")));
}

/* Throws if the session's transaction holds up a worker. */
static void
check_locks(void)
{
	if (ghc_workers_blocked_by(asked->caller_pid))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_DEADLOCK_DETECTED),
				 errmsg("this transaction holds a lock that a worker waits for"),
				 errdetail("GitHub is asked by a worker, which would never come to it."),
				 errhint("Call the function in a transaction of its own.")));
}

static void
check_workers(void)
{
	if (ghc_workers == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no worker may run any more"),
				 errhint("Set \"%s\" to 1 or more.", "ghcrawl.workers")));
}

/* Throws if there will be no answer to a plan. */
static void
check_question(const GhcQuestion *question)
{
	if (question->failed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("GitHub could not answer: %s", question->error)));
	if (question->attempts >= MAX_ATTEMPTS)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("GitHub could not be asked: %s", question->error),
				 errdetail("%d requests failed, one after the other.",
						   question->attempts),
				 errhint("SELECT * FROM ghcrawl.errors.")));
}

static bool
look_for_plan(GhcQuestion *question)
{
	if (!ghc_questions_read(linitial_int(questions), question))
		elog(ERROR, "the question is gone");
	if (question->answered)
		return true;
	check_question(question);
	check_limits();
	return false;
}

static bool
look_for_checks(void)
{
	int			open = 0;
	ListCell   *cell;

	foreach(cell, questions)
		open += ghc_questions_open_checks(lfirst_int(cell));
	return open == 0;
}

/* Looks once; true if the answer is there. */
static bool
look(GhcQuestion *question, int looks)
{
	bool		answered;

	begin("ghcrawl: looking for an answer");
	answered = asked->kind == GHC_ASK_PLAN ? look_for_plan(question) :
		look_for_checks();
	if (!answered && looks % LOOKS_PER_SECOND == 0)
		check_locks();
	ghc_db_commit();
	check_workers();
	return answered;
}

/* Waits for the answer; false if nobody else does any more. */
static bool
wait_for_answer(GhcQuestion *question)
{
	for (int looks = 1; !look(question, looks); looks++)
	{
		MemoryContextReset(CurrentMemoryContext);
		if (!send_sign())
			return false;
		/* not for our latch: the session sets it when it reads the sign */
		(void) WaitLatch(NULL, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_MS,
						 PG_WAIT_EXTENSION);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	return true;
}

/* ---------------------------------------------------------------------------
 * the answer
 * ---------------------------------------------------------------------------
 */

/* What the budgets of the host allow, n of them. */
static GhcAllowance *
load_allowances(int *n)
{
	List	   *budgets = ghc_budgets_load();
	GhcAllowance *allowances = palloc0((list_length(budgets) + 1) *
									   sizeof(GhcAllowance));
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	*n = 0;
	foreach(cell, budgets)
	{
		const GhcBudgetRow *row = lfirst(cell);

		if (strcmp(row->api_url, text_at(asked->api_url_at)) == 0)
			allowances[(*n)++] = (GhcAllowance) {
				.points_hour = row->limit >= 0 ? row->limit : row->points_hour,
				.remaining = row->remaining,
				.reset_ms = Max(0, ghc_clock_ms(row->reset_at) - now_ms),
				.benched_ms = Max(0, ghc_clock_ms(row->benched_until) - now_ms),
				.requests_minute = row->requests_minute,
				.response_ms_minute = row->response_ms_minute,
				.rest_hour = row->rest_limit >= 0 ? row->rest_limit : row->rest_hour,
				.rest_remaining = row->rest_remaining,
				.rest_reset_ms = Max(0, ghc_clock_ms(row->rest_reset_at) - now_ms),
				.rest_benched_ms = Max(0, Max(ghc_clock_ms(row->benched_until),
											  ghc_clock_ms(row->rest_benched_until)) - now_ms),
			};
	}
	return allowances;
}

static void
send_plan(const GhcEstimate *estimate)
{
	int			n;
	GhcAllowance *allowances;
	int64		duration_ms;
	const char *fields[8];

	begin("ghcrawl: looking at budgets");
	allowances = load_allowances(&n);
	ghc_db_commit();
	duration_ms = ghc_estimate_duration_ms(estimate, allowances, n);
	fields[0] = psprintf(INT64_FORMAT, estimate->repositories);
	fields[1] = psprintf(INT64_FORMAT, estimate->ranges);
	fields[2] = psprintf(INT64_FORMAT, estimate->requests);
	fields[3] = psprintf(INT64_FORMAT, estimate->points);
	fields[4] = psprintf(INT64_FORMAT " milliseconds", estimate->response_ms);
	fields[5] = duration_ms < 0 ? NULL :
		psprintf(INT64_FORMAT " milliseconds", duration_ms);
	fields[6] = psprintf(INT64_FORMAT, estimate->bytes);
	fields[7] = psprintf(INT64_FORMAT, estimate->rest_requests);
	drop_questions();
	send_fields(GHC_ASK_ROW, fields, lengthof(fields));
}

static void
send_checks(void)
{
	List	   *rows = NIL;
	ListCell   *cell;

	begin("ghcrawl: reading answers");
	foreach(cell, questions)
		rows = list_concat(rows, ghc_questions_checks(lfirst_int(cell)));
	ghc_db_commit();
	drop_questions();
	foreach(cell, rows)
		send_fields(GHC_ASK_ROW, lfirst(cell), GHC_CHECK_COLUMNS);
}

/* Hours of an archive, one after the other; no worker is asked. */
static void
read_archive(void)
{
	GhcArchive	archive = {
		.schema = text_at(asked->schema_at), .place = text_at(asked->root_at),
		.is_file = asked->kind == GHC_ASK_FILE, .from = asked->from, .to = asked->to,
		.again = asked->again, .send_row = send_fields, .send_sign = send_sign
	};

	ghc_archive_read(&archive);
}

static void
run(void)
{
	GhcQuestion question = {0};
	char		end = GHC_ASK_END;

	if (asked->kind == GHC_ASK_ARCHIVE || asked->kind == GHC_ASK_FILE)
	{
		read_archive();
		send_message(&end, 1);
		return;
	}
	ask();
	if (!wait_for_answer(&question))
	{
		drop_questions();
		return;
	}
	if (asked->kind == GHC_ASK_PLAN)
		send_plan(&question.estimate);
	else
		send_checks();
	send_message(&end, 1);
}

/* Attaches to what the session shares with us; false if it is gone. */
static bool
attach(Datum arg)
{
	dsm_segment *segment = dsm_attach(DatumGetUInt32(arg));
	shm_mq	   *shared;

	if (segment == NULL)
		return false;
	asked = dsm_segment_address(segment);
	shared = (shm_mq *) ((char *) asked + asked->queue_at);
	shm_mq_set_sender(shared, MyProc);
	queue = shm_mq_attach(shared, segment, NULL);
	return true;
}

void
ghcrawl_asker_main(Datum arg)
{
	MemoryContext work;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	context = AllocSetContextCreate(TopMemoryContext, "ghcrawl asker",
									ALLOCSET_DEFAULT_SIZES);
	work = AllocSetContextCreate(context, "ghcrawl looks",
								 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	if (!attach(arg))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(asked->database, InvalidOid, 0);
	pgstat_report_appname("ghcrawl asker");
	ghc_db_pin_settings();
	SetConfigOption("lock_timeout", LOCK_TIMEOUT_MS, PGC_SUSET, PGC_S_OVERRIDE);
	MemoryContextSwitchTo(work);
	PG_TRY();
	{
		run();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		ghc_db_abort();
		/* the session may hold what hinders us from cleaning up */
		send_error(error);
		drop_questions();
	}
	PG_END_TRY();
	proc_exit(0);
}
