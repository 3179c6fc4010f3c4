/*-------------------------------------------------------------------------
 *
 * transfer.h
 *	  One HTTP transfer: its libcurl handle, its buffers, how it ended.
 *
 * The inside of net.  Plain C on malloc: nothing here throws, allocates in a
 * memory context or looks at interrupts, because most of it runs below
 * libcurl.
 *
 * IDENTIFICATION
 *	  src/net/transfer.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NET_TRANSFER_H
#define GHC_NET_TRANSFER_H

#include <curl/curl.h>

#include "net/loop.h"

typedef enum GhcEncoding
{
	GHC_ENCODING_NONE,
	GHC_ENCODING_GZIP,
	GHC_ENCODING_UNKNOWN,		/* one that was not asked for */
} GhcEncoding;

typedef struct GhcTransferState
{
	GhcTransfer public;			/* first, so that either pointer is both */
	struct curl_slist *lines;	/* the request's header lines */
	GhcBuffer	packed;			/* a gzip body before it is inflated */
	GhcEncoding encoding;
	bool		repeated;		/* sent a second time */
	long		timeout_ms;		/* as libcurl has it */
	int64_t		late_ms;		/* it lay there unread for so long */
	int64_t		maybe_late_ms;	/* likewise, if it turns out to be there */
} GhcTransferState;

/* An empty transfer with a handle, or NULL if memory ran out. */
extern GhcTransfer *ghc_transfer_create(void);

/* Empties a transfer for its next use; the response may have so many bytes. */
extern void ghc_transfer_reset(GhcTransfer *transfer, size_t limit_bytes);

/* Empties a buffer and overwrites what it held. */
extern void ghc_transfer_wipe(GhcBuffer *buf);

/* libcurl's callbacks; "arg" is the transfer. */
extern size_t ghc_transfer_on_header(char *data, size_t size, size_t n, void *arg);
extern size_t ghc_transfer_on_body(char *data, size_t size, size_t n, void *arg);

/*
 * Around a look at a transfer under way that nobody has looked at for so long: what
 * is found is late by so much.  That is neither the server's time nor a reason to
 * give up.
 */
extern void ghc_transfer_begin_look(GhcTransfer *transfer, int64_t pause_ms,
									int64_t late_ms);
extern void ghc_transfer_end_look(GhcTransfer *transfer);

/* True, once, if a request that ended so is to be sent again as it is. */
extern bool ghc_transfer_repeats(GhcTransfer *transfer, CURLcode code);

/* Fills the result from what libcurl says, wipes secrets; the body stays packed. */
extern void ghc_transfer_finish(GhcTransfer *transfer, CURLcode code);

/* Unpacks the body, if it is packed; that may turn out to be a bad result. */
extern void ghc_transfer_unpack(GhcTransfer *transfer);

/* Ends a transfer that libcurl had no chance to end, likewise. */
extern void ghc_transfer_abandon(GhcTransfer *transfer, const char *reason);

/*
 * Sets the handle up for the request that an emptied and then filled transfer
 * holds (request.c).
 */
extern CURLcode ghc_request_prepare(GhcTransfer *transfer,
									const GhcNetConfig *config);

#endif							/* GHC_NET_TRANSFER_H */
