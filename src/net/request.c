/*-------------------------------------------------------------------------
 *
 * request.c
 *	  Sets a libcurl handle up for the request that a transfer holds.
 *
 * The environment is never read: libcurl would take a proxy from it.
 *
 * Nothing here throws; the first setting that libcurl refuses is reported.
 *
 * IDENTIFICATION
 *	  src/net/request.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/transfer.h"

/*
 * A transfer that is this slow for so long is ended before its time-out.
 * GitHub thinks for up to 10 s before the first byte, and then gives up.
 */
#define LOW_SPEED_BYTES_S 16
#define LOW_SPEED_S 12

/*
 * libcurl copies each request into a buffer of its own before it encrypts it, and
 * keeps that with the handle: 64 kB if not told otherwise.  Longer requests are
 * sent in pieces.
 */
#define UPLOAD_BUFFER_BYTES (16 * 1024)

/* and each connection has one for what it reads */
#define READ_BUFFER_BYTES (8 * 1024)

/*
 * The first release of libcurl that HTTP/2 was found to work well with, driven
 * by sockets.  7.88 stops where an answer with its headers fills its buffer of
 * 16 kB in mid-frame: it sees the stream's end only once the server sends
 * something else, which it doesn't as long as nothing else is asked.
 */
#define HTTP2_SINCE 0x080e00	/* 8.14 */

/* a handle, and the first error of a row of settings */
typedef struct Setter
{
	CURL	   *easy;
	CURLcode	code;
} Setter;

static void
set_long(Setter *setter, CURLoption option, long value)
{
	if (setter->code == CURLE_OK)
		setter->code = curl_easy_setopt(setter->easy, option, value);
}

static void
set_pointer(Setter *setter, CURLoption option, const void *value)
{
	if (setter->code == CURLE_OK)
		setter->code = curl_easy_setopt(setter->easy, option, value);
}

static long
http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version_num >= HTTP2_SINCE ?
		CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

/* what every transfer of a loop has in common, except for addresses */
static void
set_behaviour(Setter *setter, GhcTransferState *state)
{
	set_pointer(setter, CURLOPT_PRIVATE, state);
	set_pointer(setter, CURLOPT_ERRORBUFFER, state->public.error);
	set_pointer(setter, CURLOPT_HEADERFUNCTION, ghc_transfer_on_header);
	set_pointer(setter, CURLOPT_HEADERDATA, state);
	set_pointer(setter, CURLOPT_WRITEFUNCTION, ghc_transfer_on_body);
	set_pointer(setter, CURLOPT_WRITEDATA, state);

	/* no signals of libcurl's own: they would be the server's */
	set_long(setter, CURLOPT_NOSIGNAL, 1);

	/* a redirect is a response like any other, for the caller to judge */
	set_long(setter, CURLOPT_FOLLOWLOCATION, 0);
	set_long(setter, CURLOPT_NETRC, CURL_NETRC_IGNORED);

	set_long(setter, CURLOPT_HTTP_VERSION, http_version());
	set_long(setter, CURLOPT_TCP_KEEPALIVE, 1);
	set_long(setter, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
	set_long(setter, CURLOPT_BUFFERSIZE, READ_BUFFER_BYTES);

	/* content encodings are ours, see inflate.c */
	set_long(setter, CURLOPT_HTTP_CONTENT_DECODING, 0);

#if CURL_AT_LEAST_VERSION(7, 85, 0)
	set_pointer(setter, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	set_long(setter, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif

	/*
	 * A transfer may end (time-out, cancel) while its host name is still
	 * being looked up.  libcurl would then wait for the resolver's thread,
	 * which can take half a minute during which no interrupt is served; with
	 * this option it lets the thread end and clean up by itself.
	 */
#if CURL_AT_LEAST_VERSION(7, 87, 0)
	set_long(setter, CURLOPT_QUICK_EXIT, 1);
#endif
}

static void
set_config(Setter *setter, const GhcNetConfig *config, long timeout_ms)
{
	set_pointer(setter, CURLOPT_USERAGENT, config->user_agent);
	if (config->ca_file != NULL)
		set_pointer(setter, CURLOPT_CAINFO, config->ca_file);

	/* empty texts: libcurl looks into the environment for NULL only */
	set_pointer(setter, CURLOPT_PROXY, config->proxy ? config->proxy : "");
	set_pointer(setter, CURLOPT_NOPROXY, "");

	set_long(setter, CURLOPT_CONNECTTIMEOUT_MS, config->connect_timeout_ms);
	set_long(setter, CURLOPT_TIMEOUT_MS, timeout_ms);
	set_long(setter, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES_S);
	set_long(setter, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
}

static bool
add_line(GhcTransferState *state, const char *line)
{
	struct curl_slist *lines = curl_slist_append(state->lines, line);

	if (lines == NULL)
		return false;
	state->lines = lines;
	return true;
}

/* Makes the request's header lines; false if memory ran out. */
static bool
make_lines(GhcTransferState *state)
{
	static const char *const accept[] = {"Accept: application/json", NULL};
	const char *const *own = state->public.lines ? state->public.lines : accept;
	GhcBuffer  *authorization = &state->public.authorization;
	GhcBuffer	line = {0};
	bool		done;

	done = add_line(state, "Accept-Encoding: gzip") &&
		add_line(state, "Expect:");
	for (; *own != NULL; own++)
		done = done && add_line(state, *own);
	if (state->public.request_body.len > 0)
		done = done && add_line(state, "Content-Type: application/json");
	if (state->public.line.len > 0)
		done = done && add_line(state, state->public.line.data);
	if (authorization->len > 0)
	{
		done = done && ghc_buffer_puts(&line, "Authorization: ") &&
			ghc_buffer_append(&line, authorization->data, authorization->len) &&
			add_line(state, line.data);
		ghc_transfer_wipe(&line);
		ghc_buffer_free(&line);
	}
	return done;
}

static void
set_request(Setter *setter, GhcTransferState *state)
{
	GhcTransfer *transfer = &state->public;

	if (transfer->url.failed || transfer->authorization.failed ||
		transfer->request_body.failed || transfer->line.failed ||
		!make_lines(state))
	{
		setter->code = CURLE_OUT_OF_MEMORY;
		return;
	}
	set_pointer(setter, CURLOPT_URL, transfer->url.data);

	/*
	 * Wait for the first connection's handshake: it may carry all.  Without
	 * TLS there is none, and libcurl would wait for a whole response.
	 */
	set_long(setter, CURLOPT_PIPEWAIT,
			 strncmp(transfer->url.data, "https:", 6) == 0);
	set_pointer(setter, CURLOPT_HTTPHEADER, state->lines);
	if (transfer->request_body.len > 0)
	{
		set_long(setter, CURLOPT_POST, 1);
		set_pointer(setter, CURLOPT_POSTFIELDS, transfer->request_body.data);
		set_long(setter, CURLOPT_POSTFIELDSIZE, (long) transfer->request_body.len);
	}
	else
		set_long(setter, CURLOPT_HTTPGET, 1);
}

/*
 * Makes a handle as good as new; false if memory ran out.  One that ended while
 * it waited for a free connection has its buffer for reading still, and libcurl
 * refuses to be told that buffer's size: another takes its place.
 */
static bool
reset_handle(GhcTransfer *transfer)
{
	CURL	   *another;

	curl_easy_reset(transfer->easy);
	if (curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE,
						 (long) READ_BUFFER_BYTES) == CURLE_OK)
		return true;
	another = curl_easy_init();
	if (another == NULL)
		return false;
	curl_easy_cleanup(transfer->easy);
	transfer->easy = another;
	return true;
}

CURLcode
ghc_request_prepare(GhcTransfer *transfer, const GhcNetConfig *config)
{
	GhcTransferState *state = (GhcTransferState *) transfer;
	Setter		setter = {NULL, CURLE_OK};

	state->timeout_ms = transfer->streams ? 0 : config->request_timeout_ms;
	if (!reset_handle(transfer))
		return CURLE_OUT_OF_MEMORY;
	setter.easy = transfer->easy;
	set_behaviour(&setter, state);
	set_config(&setter, config, state->timeout_ms);
	set_request(&setter, state);
	return setter.code;
}
