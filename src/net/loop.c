/*-------------------------------------------------------------------------
 *
 * loop.c
 *	  Runs many HTTP transfers at once inside one background worker.
 *
 * libcurl's sockets are in an epoll set (engine.c), and that one descriptor
 * hangs on a PostgreSQL WaitEventSet, beside the process latch and the
 * postmaster's death: a WaitEventSet can't drop a socket, and the latch must
 * be in every wait so that signals and barriers are seen at once.  (A worker
 * that polls by itself holds up DROP DATABASE of any database.)
 *
 * After an error of the multi handle all its transfers are undefined; they
 * are ended with that error, and a new handle is made.
 *
 * A process that exits leaves everything to the kernel: there is no exit
 * callback, and no wait for a resolver's thread.
 *
 * IDENTIFICATION
 *	  src/net/loop.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "net/engine.h"

/*
 * Memory for bodies that are in their user's hands: so many are kept, if they
 * are no larger than that.
 */
#define SPARE_BODIES 8
#define SPARE_BYTES (2 * 1024 * 1024)

/* who looks at transfers this often looks all the time */
#define PAUSE_MS 100

/* descriptors beside connections: epoll, libcurl's wake-up, a resolver's */
#define EXTRA_FDS 6

struct GhcNetLoop
{
	MemoryContext context;		/* holds the loop and its settings */
	GhcNetConfig config;
	GhcEngine	engine;
	WaitEventSet *set;
	int			reserved_fds;
	int			in_flight;		/* in "active" and "done" */
	int64		looked_ms;		/* until then nothing came unseen */

	/* a transfer is in one of these lists, or in its user's hands */
	GhcTransfer *active;
	GhcTransfer *done;
	GhcTransfer *idle;

	GhcBuffer	spare[SPARE_BODIES];
	int			n_spare;
};

StaticAssertDecl(sizeof(((GhcTransfer *) 0)->error) >= CURL_ERROR_SIZE,
				 "a transfer must have room for libcurl's words");

static void
push(GhcTransfer **list, GhcTransfer *transfer)
{
	transfer->next = *list;
	*list = transfer;
}

/* Takes a transfer out of a list; false if it isn't in it. */
static bool
unlink_from(GhcTransfer **list, GhcTransfer *transfer)
{
	while (*list != NULL && *list != transfer)
		list = &(*list)->next;
	if (*list == NULL)
		return false;
	*list = transfer->next;
	transfer->next = NULL;
	return true;
}

/* Appends, so that transfers are handed out in the order of their end. */
static void
append_done(GhcNetLoop *loop, GhcTransfer *transfer)
{
	GhcTransfer **end = &loop->done;

	while (*end != NULL)
		end = &(*end)->next;
	push(end, transfer);
}

static void
open_engine(GhcNetLoop *loop)
{
	if (!ghc_engine_open(&loop->engine, loop->config.max_connections))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("libcurl could not make a multi handle.")));
}

/* Ends all transfers after an error of the multi handle; makes a new one. */
static void
start_over(GhcNetLoop *loop, CURLMcode code)
{
	const char *reason = curl_multi_strerror(code);

	ereport(LOG,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("could not drive libcurl: %s", reason),
			 errdetail("All requests under way have failed.")));
	while (loop->active != NULL)
	{
		GhcTransfer *transfer = loop->active;

		loop->active = transfer->next;
		ghc_engine_remove(&loop->engine, transfer);
		ghc_transfer_abandon(transfer, reason);
		append_done(loop, transfer);
	}
	ghc_engine_close(&loop->engine);
	open_engine(loop);
}

/* Lets libcurl work and collects what it has finished. */
static void
turn(GhcNetLoop *loop, bool sockets)
{
	CURLMcode	code = ghc_engine_turn(&loop->engine, sockets);
	GhcTransfer *transfer;

	while ((transfer = ghc_engine_next_done(&loop->engine)) != NULL)
	{
		unlink_from(&loop->active, transfer);
		append_done(loop, transfer);
	}
	if (code != CURLM_OK)
		start_over(loop, code);
}

/*
 * Reads what came while nobody looked, if that was long: the worker waited for a
 * lock, perhaps.  libcurl would take all of it for the server's time; the kernel
 * knows when the last of it came, of all connections together.  So no answer is
 * taken for faster than it was.
 */
static void
catch_up(GhcNetLoop *loop)
{
	int64		pause_ms = ghc_engine_now_ms() - loop->looked_ms;
	int64		late_ms;

	/* what is in hand comes first: it must not grow beyond all bounds */
	if (pause_ms < PAUSE_MS || loop->done != NULL)
		return;
	late_ms = Min(pause_ms, ghc_engine_silent_ms(&loop->engine));
	for (GhcTransfer *transfer = loop->active; transfer; transfer = transfer->next)
		ghc_transfer_begin_look(transfer, pause_ms, late_ms);
	turn(loop, true);
	for (GhcTransfer *transfer = loop->active; transfer; transfer = transfer->next)
		ghc_transfer_end_look(transfer);
	loop->looked_ms = ghc_engine_now_ms();
}

static const char *
copy_text(GhcNetLoop *loop, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return NULL;
	return MemoryContextStrdup(loop->context, text);
}

static void
free_text(const char *text)
{
	if (text != NULL)
		pfree(unconstify(char *, text));
}

static void
copy_config(GhcNetLoop *loop, const GhcNetConfig *config)
{
	GhcNetConfig copy = *config;

	copy.user_agent = copy_text(loop, config->user_agent);
	copy.ca_file = copy_text(loop, config->ca_file);
	copy.proxy = copy_text(loop, config->proxy);
	free_text(loop->config.user_agent);
	free_text(loop->config.ca_file);
	free_text(loop->config.proxy);
	loop->config = copy;
}

/* Tells fd.c how many descriptors are ours, so that it leaves room. */
static void
reserve_fds(GhcNetLoop *loop, int wanted)
{
	for (; loop->reserved_fds > wanted; loop->reserved_fds--)
		ReleaseExternalFD();
	for (; loop->reserved_fds < wanted; loop->reserved_fds++)
	{
		if (!AcquireExternalFD())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("could not reserve descriptors for %d connections",
							wanted - EXTRA_FDS),
					 errdetail("There are too many open files on the local server."),
					 errhint("Raise the server's max_files_per_process and/or \"ulimit -n\" limits.")));
	}
}

void
ghc_net_configure(GhcNetLoop *loop, const GhcNetConfig *config)
{
	reserve_fds(loop, config->max_connections + EXTRA_FDS);
	copy_config(loop, config);
	ghc_engine_limit(&loop->engine, config->max_connections);
}

static void
init_library(void)
{
	const char *problem = ghc_engine_init();

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("libcurl %s can't be used",
						curl_version_info(CURLVERSION_NOW)->version),
				 errdetail_internal("%s", problem),
				 errhint("Install the flavor of libcurl that was built with OpenSSL and the threaded resolver.")));
}

static void
make_wait_set(GhcNetLoop *loop)
{
	loop->engine.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->engine.epoll_fd < 0)
		ereport(ERROR,
				(errcode_for_socket_access(),
				 errmsg("could not create an epoll set: %m")));
	loop->set = GhcCreateWaitEventSet(3);
	AddWaitEventToSet(loop->set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(loop->set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL,
					  NULL);
	AddWaitEventToSet(loop->set, WL_SOCKET_READABLE, loop->engine.epoll_fd,
					  NULL, NULL);
}

GhcNetLoop *
ghc_net_create(const GhcNetConfig *config)
{
	MemoryContext context;
	GhcNetLoop *loop;

	Assert(!IsTransactionState());
	init_library();
	ereport(DEBUG1, (errmsg_internal("ghcrawl uses %s", curl_version())));

	context = AllocSetContextCreate(TopMemoryContext, "ghcrawl network",
									ALLOCSET_SMALL_SIZES);
	loop = MemoryContextAllocZero(context, sizeof(GhcNetLoop));
	loop->context = context;
	reserve_fds(loop, config->max_connections + EXTRA_FDS);
	copy_config(loop, config);
	make_wait_set(loop);
	open_engine(loop);
	return loop;
}

GhcTransfer *
ghc_net_begin(GhcNetLoop *loop)
{
	GhcTransfer *transfer = loop->idle;

	if (transfer != NULL)
		unlink_from(&loop->idle, transfer);
	else
		transfer = ghc_transfer_create();
	if (transfer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("libcurl could not make a transfer.")));
	ghc_transfer_reset(transfer, loop->config.max_response_bytes);
	return transfer;
}

/* Gives a transfer that can't be sent back and says why. */
static void
refuse(GhcNetLoop *loop, GhcTransfer *transfer, bool no_memory,
	   const char *reason)
{
	ghc_net_release(loop, transfer);
	ereport(ERROR,
			(errcode(no_memory ? ERRCODE_OUT_OF_MEMORY :
					 ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("could not send an HTTP request"),
			 errdetail("libcurl reports: %s.", reason)));
}

void
ghc_net_send(GhcNetLoop *loop, GhcTransfer *transfer)
{
	CURLcode	code = ghc_request_prepare(transfer, &loop->config);
	CURLMcode	multi_code;

	if (code != CURLE_OK)
		refuse(loop, transfer, code == CURLE_OUT_OF_MEMORY,
			   curl_easy_strerror(code));
	catch_up(loop);
	multi_code = ghc_engine_add(&loop->engine, transfer);
	if (multi_code != CURLM_OK)
		refuse(loop, transfer, multi_code == CURLM_OUT_OF_MEMORY,
			   curl_multi_strerror(multi_code));
	push(&loop->active, transfer);
	loop->in_flight++;

	/* off it goes, so that it travels while the caller does other things */
	turn(loop, false);
}

int
ghc_net_in_flight(const GhcNetLoop *loop)
{
	return loop->in_flight;
}

/* How long to wait for whichever is first: the given time, libcurl's timer. */
static long
wait_ms(const GhcNetLoop *loop, int64 until_ms)
{
	int64		due_ms = Min(until_ms, loop->engine.due_ms);
	int64		now_ms;

	if (loop->done != NULL)
		return 0;
	if (due_ms == GHC_NEVER)
		return -1;
	now_ms = ghc_engine_now_ms();
	return due_ms <= now_ms ? 0 : (long) Min(due_ms - now_ms, INT_MAX);
}

/* Has any transfer got bytes that its user wants to have at once? */
static bool
has_streamed(const GhcNetLoop *loop)
{
	for (const GhcTransfer *transfer = loop->active; transfer; transfer = transfer->next)
		if (transfer->streams && transfer->body.len > 0)
			return true;
	return false;
}

bool
ghc_net_wait(GhcNetLoop *loop, long timeout_ms, uint32_t wait_event)
{
	int64		until_ms = GHC_NEVER;
	bool		latch = false;

	Assert(!IsTransactionState());
	if (timeout_ms >= 0)
		until_ms = ghc_engine_now_ms() + timeout_ms;
	do
	{
		WaitEvent	events[3];
		bool		sockets = false;
		int			n;

		catch_up(loop);
		n = WaitEventSetWait(loop->set, wait_ms(loop, until_ms),
							 events, lengthof(events), wait_event);
		for (int i = 0; i < n; i++)
		{
			latch = latch || (events[i].events & WL_LATCH_SET) != 0;
			sockets = sockets || (events[i].events & WL_SOCKET_READABLE) != 0;
		}
		if (latch)
			ResetLatch(MyLatch);
		/* what is in hand comes first */
		if (loop->done == NULL)
		{
			turn(loop, sockets);
			loop->looked_ms = ghc_engine_now_ms();
		}
	} while (!latch && loop->done == NULL && !has_streamed(loop) &&
			 ghc_engine_now_ms() < until_ms);
	return latch;
}

/* Lends a transfer memory for its body. */
static void
lend_body(GhcNetLoop *loop, GhcTransfer *transfer)
{
	if (transfer->body.len > 0 || loop->n_spare == 0)
		return;
	ghc_buffer_free(&transfer->body);
	loop->spare[loop->n_spare - 1].limit_bytes = transfer->body.limit_bytes;
	transfer->body = loop->spare[--loop->n_spare];
}

/* Takes the memory back. */
static void
take_body(GhcNetLoop *loop, GhcTransfer *transfer)
{
	if (loop->n_spare == SPARE_BODIES || transfer->body.data == NULL ||
		transfer->body.cap > SPARE_BYTES)
		return;
	ghc_buffer_reset(&transfer->body);
	loop->spare[loop->n_spare++] = transfer->body;
	transfer->body = (GhcBuffer) {0};
}

GhcTransfer *
ghc_net_next_done(GhcNetLoop *loop)
{
	GhcTransfer *transfer = loop->done;

	if (transfer != NULL)
	{
		unlink_from(&loop->done, transfer);
		loop->in_flight--;
		lend_body(loop, transfer);
		ghc_transfer_unpack(transfer);
	}
	return transfer;
}

void
ghc_net_release(GhcNetLoop *loop, GhcTransfer *transfer)
{
	take_body(loop, transfer);
	ghc_transfer_reset(transfer, loop->config.max_response_bytes);
	push(&loop->idle, transfer);
}
