/*-------------------------------------------------------------------------
 *
 * transfer.c
 *	  One HTTP transfer: its libcurl handle, its buffers, how it ended.
 *
 * libcurl calls the two on_… functions while it is on the stack.  They keep
 * to buffers on malloc and to return codes: a longjmp through libcurl would
 * leave the multi handle unusable for good, and even a debug message could
 * process an interrupt and with it end the process from inside of libcurl.
 *
 * Of a request's secrets libcurl's own copies can't be wiped; ours are, as
 * soon as the transfer is over.
 *
 * IDENTIFICATION
 *	  src/net/transfer.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "net/inflate.h"

/* header lines of one transfer; GitHub sends 1 to 2 kB */
#define HEADERS_LIMIT_BYTES 65536

/* memory of one transfer's body that is kept for the next */
#define KEPT_BYTES 4096

void
ghc_transfer_wipe(GhcBuffer *buf)
{
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->cap);
	ghc_buffer_reset(buf);
}

/* Forgets the request's header lines, of which one is the authorization. */
static void
wipe_lines(GhcTransferState *state)
{
	for (struct curl_slist *line = state->lines; line != NULL; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(state->lines);
	state->lines = NULL;
	curl_easy_setopt(state->public.easy, CURLOPT_HTTPHEADER, NULL);
}

static void
wipe_secrets(GhcTransferState *state)
{
	ghc_transfer_wipe(&state->public.authorization);
	wipe_lines(state);
}

/* True if the line is a header of this (lower-case) name; finds its value. */
static bool
header_value(GhcSlice line, const char *name, GhcSlice *value)
{
	size_t		len = strlen(name);

	if (line.len <= len || line.data[len] != ':' ||
		strncasecmp(line.data, name, len) != 0)
		return false;

	*value = ghc_slice_trim((GhcSlice) {line.data + len + 1, line.len - len - 1});
	return true;
}

static GhcEncoding
read_encoding(GhcSlice value)
{
	if (value.len == 0 ||
		(value.len == 8 && strncasecmp(value.data, "identity", 8) == 0))
		return GHC_ENCODING_NONE;
	if (value.len == 4 && strncasecmp(value.data, "gzip", 4) == 0)
		return GHC_ENCODING_GZIP;
	return GHC_ENCODING_UNKNOWN;
}

/* libcurl has one header line (or status line), with its line end */
size_t
ghc_transfer_on_header(char *data, size_t size, size_t n, void *arg)
{
	GhcTransferState *state = arg;
	GhcSlice	line = {data, size * n};
	GhcSlice	value;

	if (line.len >= 5 && strncmp(line.data, "HTTP/", 5) == 0)
		state->encoding = GHC_ENCODING_NONE;	/* of the next response */
	else if (header_value(line, "content-encoding", &value))
		state->encoding = read_encoding(value);

	if (!ghc_buffer_put_slice(&state->public.headers, line))
		return 0;
	return line.len;
}

static void
read_status(GhcTransfer *transfer)
{
	long		status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->status = (int) status;
}

/* libcurl has some bytes of the body */
size_t
ghc_transfer_on_body(char *data, size_t size, size_t n, void *arg)
{
	GhcTransferState *state = arg;
	GhcBuffer  *target = &state->public.body;

	if (state->public.streams)
		read_status(&state->public);
	else if (state->encoding == GHC_ENCODING_GZIP)
		target = &state->packed;
	if (!ghc_buffer_append(target, data, size * n))
		return 0;				/* libcurl ends the transfer */
	return size * n;
}

GhcTransfer *
ghc_transfer_create(void)
{
	GhcTransferState *state = calloc(1, sizeof(GhcTransferState));

	if (state == NULL)
		return NULL;
	state->public.easy = curl_easy_init();
	if (state->public.easy == NULL)
	{
		free(state);
		return NULL;
	}
	state->public.headers.limit_bytes = HEADERS_LIMIT_BYTES;
	return &state->public;
}

/* Empties a buffer, and frees its memory if that is much. */
static void
empty(GhcBuffer *buf)
{
	if (buf->cap > KEPT_BYTES)
		ghc_buffer_free(buf);
	else
		ghc_buffer_reset(buf);
}

void
ghc_transfer_reset(GhcTransfer *transfer, size_t limit_bytes)
{
	GhcTransferState *state = (GhcTransferState *) transfer;

	wipe_secrets(state);
	ghc_buffer_reset(&transfer->url);
	ghc_buffer_reset(&transfer->request_body);
	ghc_buffer_reset(&transfer->line);
	ghc_buffer_reset(&transfer->headers);
	empty(&transfer->body);
	empty(&state->packed);
	transfer->body.limit_bytes = limit_bytes;
	state->packed.limit_bytes = limit_bytes;
	state->encoding = GHC_ENCODING_NONE;
	state->repeated = false;
	state->late_ms = 0;
	state->maybe_late_ms = 0;
	transfer->lines = NULL;
	transfer->owner = NULL;
	transfer->streams = false;
	transfer->result = GHC_NET_OTHER;
	transfer->status = 0;
	transfer->error[0] = '\0';
	transfer->took_ms = 0;
	transfer->wire_bytes = 0;
}

/* What a code of libcurl means, where the transfer itself doesn't say more. */
static GhcNetResult
map_code(CURLcode code)
{
	switch (code)
	{
		case CURLE_OK:
			return GHC_NET_OK;
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_INTERFACE_FAILED:
#if CURL_AT_LEAST_VERSION(7, 73, 0)
		case CURLE_PROXY:
#endif
			return GHC_NET_REFUSED;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CRL_BADFILE:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_ENGINE_NOTFOUND:
		case CURLE_SSL_ENGINE_SETFAILED:
			return GHC_NET_TLS;
		case CURLE_OPERATION_TIMEDOUT:
			return GHC_NET_TIMEOUT;
		case CURLE_PARTIAL_FILE:
		case CURLE_GOT_NOTHING:
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_FAIL_REWIND:
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_WRITE_ERROR:
		case CURLE_HTTP2:
		case CURLE_HTTP2_STREAM:
			return GHC_NET_BROKEN;
		default:
			return GHC_NET_OTHER;
	}
}

/* Ends a transfer with words of our own. */
static void
set_result(GhcTransfer *transfer, GhcNetResult result, const char *words)
{
	transfer->result = result;
	snprintf(transfer->error, sizeof(transfer->error), "%s", words);
}

/* True if libcurl refused what a server said, and not what it was asked. */
static bool
is_foreign_answer(GhcTransfer *transfer, CURLcode code)
{
	curl_off_t	connect_us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	return code == CURLE_UNSUPPORTED_PROTOCOL && connect_us > 0;
}

void
ghc_transfer_unpack(GhcTransfer *transfer)
{
	GhcTransferState *state = (GhcTransferState *) transfer;
	GhcSlice	packed = {state->packed.data, state->packed.len};

	if (transfer->result != GHC_NET_OK || packed.len == 0)
		return;

	switch (ghc_inflate(packed, &state->public.body))
	{
		case GHC_INFLATED_OK:
			break;
		case GHC_INFLATED_BROKEN:
			set_result(&state->public, GHC_NET_BROKEN,
					   "the gzip body is damaged or cut short");
			break;
		case GHC_INFLATED_TOO_LARGE:
			set_result(&state->public, GHC_NET_TOO_LARGE,
					   "the response is too large");
			break;
		case GHC_INFLATED_NO_MEMORY:
			set_result(&state->public, GHC_NET_OTHER, "out of memory");
			break;
	}
}

void
ghc_transfer_begin_look(GhcTransfer *transfer, int64_t pause_ms, int64_t late_ms)
{
	GhcTransferState *state = (GhcTransferState *) transfer;

	state->maybe_late_ms = late_ms;
	if (transfer->streams)
		return;
	state->timeout_ms += (long) pause_ms;
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, state->timeout_ms);
}

/*
 * An answer that has begun was there, whole or as much of it as goes unread.  Where
 * nothing of it is there yet, the server had all the time to itself.
 */
void
ghc_transfer_end_look(GhcTransfer *transfer)
{
	GhcTransferState *state = (GhcTransferState *) transfer;

	if (transfer->headers.len > 0)
		state->late_ms += state->maybe_late_ms;
	state->maybe_late_ms = 0;
}

/* Reads status, size and times off the handle. */
static void
read_figures(GhcTransfer *transfer)
{
	GhcTransferState *state = (GhcTransferState *) transfer;
	curl_off_t	wire = 0;
	curl_off_t	total_us = 0;
	curl_off_t	before_us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &before_us);
	read_status(transfer);
	transfer->wire_bytes = wire;
	transfer->took_ms = (total_us - before_us + 500) / 1000 - state->late_ms;
	if (transfer->took_ms < 0)
		transfer->took_ms = 0;
}

/*
 * A server ends an HTTP/2 connection when it has served enough of it.  libcurl
 * repeats by itself the requests that were not looked at any more, but some
 * versions (7.88 for one) forget the last of them.
 */
bool
ghc_transfer_repeats(GhcTransfer *transfer, CURLcode code)
{
	GhcTransferState *state = (GhcTransferState *) transfer;
	long		connects = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (code != CURLE_HTTP2 || connects > 0 || transfer->headers.len > 0 ||
		state->repeated)
		return false;
	state->repeated = true;
	return true;
}

void
ghc_transfer_finish(GhcTransfer *transfer, CURLcode code)
{
	GhcTransferState *state = (GhcTransferState *) transfer;

	ghc_transfer_end_look(transfer);
	read_figures(transfer);
	transfer->result = map_code(code);
	if (is_foreign_answer(transfer, code))
		transfer->result = GHC_NET_BROKEN;
	if (code == CURLE_OK)
		transfer->error[0] = '\0';
	else if (transfer->error[0] == '\0')
		set_result(transfer, transfer->result, curl_easy_strerror(code));

	if (transfer->body.overflow || transfer->headers.overflow ||
		state->packed.overflow)
		set_result(transfer, GHC_NET_TOO_LARGE, "the response is too large");
	else if (transfer->body.failed || transfer->headers.failed ||
			 state->packed.failed)
		set_result(transfer, GHC_NET_OTHER, "out of memory");
	else if (code == CURLE_OK && state->encoding == GHC_ENCODING_UNKNOWN)
		set_result(transfer, GHC_NET_BROKEN,
				   "the response has a content encoding that was not asked for");
	wipe_secrets(state);
}

void
ghc_transfer_abandon(GhcTransfer *transfer, const char *reason)
{
	set_result(transfer, GHC_NET_OTHER, reason);
	wipe_secrets((GhcTransferState *) transfer);
}
