/*-------------------------------------------------------------------------
 *
 * engine.c
 *	  libcurl's multi handle with the sockets and the timer it wants watched.
 *
 * libcurl tells us, through two callbacks, which sockets and which timer it
 * wants watched.  The sockets are kept in an epoll set, the timer as an
 * absolute time.  libcurl is never called from its own callbacks.
 *
 * libcurl looks host names up in threads of its own.  They inherit the
 * signal mask, and a handler that ran in one of them would touch the
 * backend's state without a lock; hence signals are blocked around every
 * call that may start a thread.
 *
 * This file knows nothing of PostgreSQL, so that nothing below libcurl can
 * throw: a longjmp through it leaves the multi handle unusable for good.
 *
 * IDENTIFICATION
 *	  src/net/engine.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

/*
 * Requests on one HTTP/2 connection.  Whenever some bytes come, libcurl looks
 * at all of them, with a system call each.
 */
#define MAX_STREAMS 10L

/* sockets looked at in one turn; more come in the next */
#define MAX_EVENTS 64

int64_t
ghc_engine_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Blocks all signals that a handler could be called for, SIGQUIT included;
 * those of a fault must stay.
 */
static void
block_signals(sigset_t *saved)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
	SIGTRAP};
	sigset_t	mask;

	sigfillset(&mask);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&mask, faults[i]);
	sigprocmask(SIG_SETMASK, &mask, saved);
}

static void
restore_signals(const sigset_t *saved)
{
	sigprocmask(SIG_SETMASK, saved, NULL);
}

/* libcurl says what it wants to know of a socket */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	GhcEngine  *engine = arg;
	struct epoll_event event = {0};

	(void) easy;
	(void) socket_arg;
	event.data.fd = fd;
	if (what == CURL_POLL_REMOVE)
	{
		/* a closed socket has left the set by itself */
		epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	if (errno == EEXIST &&
		epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	return -1;					/* an error code comes out of the turn */
}

/* libcurl says when it wants to be called without a socket */
static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	GhcEngine  *engine = arg;

	(void) multi;
	engine->due_ms = timeout_ms < 0 ? GHC_NEVER :
		ghc_engine_now_ms() + timeout_ms;
	return 0;
}

const char *
ghc_engine_init(void)
{
	static bool done = false;
	const curl_version_info_data *info;
	sigset_t	saved;
	CURLcode	code;

	if (done)
		return NULL;
	block_signals(&saved);
	code = curl_global_init(CURL_GLOBAL_DEFAULT);
	restore_signals(&saved);
	if (code != CURLE_OK)
		return "It could not be initialized.";

	info = curl_version_info(CURLVERSION_NOW);
	if ((info->features & CURL_VERSION_ASYNCHDNS) == 0)
		return "It was built without an asynchronous resolver.";
	if ((info->features & CURL_VERSION_SSL) == 0)
		return "It was built without TLS.";
	done = true;
	return NULL;
}

void
ghc_engine_limit(GhcEngine *engine, int max_connections)
{
	long		n = max_connections;

	curl_multi_setopt(engine->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, n);
	curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, n);
}

bool
ghc_engine_open(GhcEngine *engine, int max_connections)
{
	engine->due_ms = GHC_NEVER;
	engine->multi = curl_multi_init();
	if (engine->multi == NULL)
		return false;
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_PIPELINING,
					  (long) CURLPIPE_MULTIPLEX);
#if CURL_AT_LEAST_VERSION(7, 67, 0)
	curl_multi_setopt(engine->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
					  MAX_STREAMS);
#endif
	ghc_engine_limit(engine, max_connections);
	return true;
}

void
ghc_engine_close(GhcEngine *engine)
{
	sigset_t	saved;

	if (engine->multi == NULL)
		return;

	/* libcurl would report the end of each socket */
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, NULL);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, NULL);
	block_signals(&saved);
	curl_multi_cleanup(engine->multi);
	restore_signals(&saved);
	engine->multi = NULL;
}

CURLMcode
ghc_engine_add(GhcEngine *engine, GhcTransfer *transfer)
{
	sigset_t	saved;
	CURLMcode	code;

	block_signals(&saved);
	code = curl_multi_add_handle(engine->multi, transfer->easy);
	restore_signals(&saved);
	return code;
}

void
ghc_engine_remove(GhcEngine *engine, GhcTransfer *transfer)
{
	sigset_t	saved;

	block_signals(&saved);
	curl_multi_remove_handle(engine->multi, transfer->easy);
	restore_signals(&saved);
}

static CURLMcode
drive(GhcEngine *engine, curl_socket_t fd, int bits)
{
	sigset_t	saved;
	CURLMcode	code;
	int			running;

	block_signals(&saved);
	code = curl_multi_socket_action(engine->multi, fd, bits, &running);
	restore_signals(&saved);
	return code;
}

static CURLMcode
drive_sockets(GhcEngine *engine)
{
	struct epoll_event events[MAX_EVENTS];
	int			n = epoll_wait(engine->epoll_fd, events, MAX_EVENTS, 0);
	CURLMcode	code = CURLM_OK;

	for (int i = 0; i < n && code == CURLM_OK; i++)
	{
		int			bits = 0;

		if (events[i].events & EPOLLIN)
			bits |= CURL_CSELECT_IN;
		if (events[i].events & EPOLLOUT)
			bits |= CURL_CSELECT_OUT;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			bits |= CURL_CSELECT_ERR;
		code = drive(engine, events[i].data.fd, bits);
	}
	return code;
}

CURLMcode
ghc_engine_turn(GhcEngine *engine, bool sockets)
{
	CURLMcode	code = CURLM_OK;

	if (sockets)
		code = drive_sockets(engine);
	if (code != CURLM_OK || ghc_engine_now_ms() < engine->due_ms)
		return code;

	/* one shot; libcurl sets the next one while it is being driven */
	engine->due_ms = GHC_NEVER;
	return drive(engine, CURL_SOCKET_TIMEOUT, 0);
}

int64_t
ghc_engine_silent_ms(const GhcEngine *engine)
{
	struct epoll_event events[MAX_EVENTS];
	int			n = epoll_wait(engine->epoll_fd, events, MAX_EVENTS, 0);
	int64_t		silent_ms = -1;

	for (int i = 0; i < n; i++)
	{
		struct tcp_info info = {0};
		socklen_t	len = sizeof(info);

		/* a resolver's thread has no connection */
		if (getsockopt(events[i].data.fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
			(silent_ms < 0 || info.tcpi_last_data_recv < silent_ms))
			silent_ms = info.tcpi_last_data_recv;
	}
	/* there may be more that have something */
	return n == MAX_EVENTS || silent_ms < 0 ? 0 : silent_ms;
}

/* The next transfer that libcurl is through with, taken off; or NULL. */
static GhcTransfer *
next_message(GhcEngine *engine, CURLcode *code)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(engine->multi, &left)) != NULL)
	{
		char	   *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		*code = message->data.result;	/* gone once the handle is removed */
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		ghc_engine_remove(engine, (GhcTransfer *) transfer);
		return (GhcTransfer *) transfer;
	}
	return NULL;
}

GhcTransfer *
ghc_engine_next_done(GhcEngine *engine)
{
	GhcTransfer *transfer;
	CURLcode	code;

	while ((transfer = next_message(engine, &code)) != NULL)
	{
		if (ghc_transfer_repeats(transfer, code) &&
			ghc_engine_add(engine, transfer) == CURLM_OK)
			continue;
		ghc_transfer_finish(transfer, code);
		return transfer;
	}
	return NULL;
}
