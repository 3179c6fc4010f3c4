/*-------------------------------------------------------------------------
 *
 * engine.h
 *	  libcurl's multi handle with the sockets and the timer it wants watched.
 *
 * The inside of net.  Plain C: nothing here throws.
 *
 * IDENTIFICATION
 *	  src/net/engine.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NET_ENGINE_H
#define GHC_NET_ENGINE_H

#include "net/transfer.h"

/* no time: of a timer that isn't set, of a wait without end */
#define GHC_NEVER INT64_MAX

typedef struct GhcEngine
{
	CURLM	   *multi;
	int			epoll_fd;		/* readable when a socket is ready */
	int64_t		due_ms;			/* libcurl's timer by ghc_engine_now_ms */
} GhcEngine;

/*
 * Initialises libcurl, once in the life of a process.  NULL, or what is wrong
 * with it.
 */
extern const char *ghc_engine_init(void);

/* Milliseconds of a clock that is never set. */
extern int64_t ghc_engine_now_ms(void);

/* Makes a multi handle; epoll_fd must be open.  False if memory ran out. */
extern bool ghc_engine_open(GhcEngine *engine, int max_connections);

/* Frees the multi handle, from which all transfers have been removed. */
extern void ghc_engine_close(GhcEngine *engine);

/* Sets how many connections may be open at once. */
extern void ghc_engine_limit(GhcEngine *engine, int max_connections);

/* Adds a prepared transfer. */
extern CURLMcode ghc_engine_add(GhcEngine *engine, GhcTransfer *transfer);

/* Takes a transfer off, whatever its state. */
extern void ghc_engine_remove(GhcEngine *engine, GhcTransfer *transfer);

/* Lets libcurl work: on sockets if they are ready, on its timer if due. */
extern CURLMcode ghc_engine_turn(GhcEngine *engine, bool sockets);

/*
 * For how long nothing has come on any connection: all that can be read now was
 * there by then.  0 if nothing can be read.
 */
extern int64_t ghc_engine_silent_ms(const GhcEngine *engine);

/* Takes off and ends the next transfer that libcurl is through with, or NULL. */
extern GhcTransfer *ghc_engine_next_done(GhcEngine *engine);

#endif							/* GHC_NET_ENGINE_H */
