/*-------------------------------------------------------------------------
 *
 * http2.c
 *	  HTTP/2 of the page server, by libnghttp2.
 *
 *-------------------------------------------------------------------------
 */
#include "http.h"

#include <err.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

/* as GitHub allows */
#define MAX_STREAMS 100

/* what is put into "out" before it is written */
#define OUT_BYTES 262144

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	Exchange   *exchange;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	exchange = http_begin_exchange(arg);
	exchange->stream_id = frame->hd.stream_id;
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, exchange);
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		  const uint8_t *value, size_t value_len, uint8_t flags, void *arg)
{
	Exchange   *exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void) flags;
	(void) arg;
	if (exchange == NULL)
		return 0;
	if (name_len == 5 && memcmp(name, ":path", 5) == 0)
		snprintf(exchange->path, sizeof(exchange->path), "%.*s", (int) value_len, (const char *) value);
	else
		http_read_header(exchange, (GhcSlice) {(const char *) name, name_len},
						 (GhcSlice) {(const char *) value, value_len});
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t len,
		void *arg)
{
	Exchange   *exchange = nghttp2_session_get_stream_user_data(session, stream_id);

	(void) flags;
	(void) arg;
	if (exchange != NULL)
		ghc_buffer_append(&exchange->request, (const char *) data, len);
	return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	Exchange   *exchange;

	(void) arg;
	if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
		(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (exchange != NULL)
		http_answer(exchange);
	return 0;
}

/* A stream whose reply waits for its time ends when that has come. */
static int
on_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *arg)
{
	Exchange   *exchange = nghttp2_session_get_stream_user_data(session, stream_id);

	(void) code;
	(void) arg;
	if (exchange == NULL)
		return 0;
	if (exchange->due_ns > http_now_ns())
		exchange->closed = true;
	else
		http_end_exchange(exchange);
	return 0;
}

void
http2_begin(Connection *connection)
{
	nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS}};
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		errx(1, "out of memory");
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	if (nghttp2_session_server_new(&connection->h2, callbacks, connection) != 0)
		errx(1, "out of memory");
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(connection->h2, NGHTTP2_FLAG_NONE, settings, 1);
}

void
http2_take_in(Connection *connection, const char *data, size_t len)
{
	if (nghttp2_session_mem_recv(connection->h2, (const uint8_t *) data, len) < 0)
		connection->broken = true;
}

static ssize_t
read_body(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t room, uint32_t *flags,
		  nghttp2_data_source *source, void *arg)
{
	Exchange   *exchange = source->ptr;
	const GhcBuffer *body = &exchange->reply.body;
	size_t		n = body->len - exchange->sent;

	(void) session;
	(void) stream_id;
	(void) arg;
	n = n < room ? n : room;
	memcpy(buf, body->data + exchange->sent, n);
	exchange->sent += n;
	if (exchange->sent == body->len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t) n;
}

static nghttp2_nv
make_header(const char *name, const char *value)
{
	return (nghttp2_nv) {
		(uint8_t *) name, (uint8_t *) value, strlen(name), strlen(value),
		NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE
	};
}

void
http2_send(Exchange *exchange)
{
	nghttp2_data_provider provider = {.source.ptr = exchange, .read_callback = read_body};
	nghttp2_nv	headers[N_HEADERS + 2];
	size_t		n = 0;

	headers[n++] = make_header(":status", exchange->status == 200 ? "200" : "404");
	for (int i = 0; i < N_HEADERS; i++)
		headers[n++] = make_header(http_headers[i].name, http_headers[i].value);
	if (exchange->reply.packed)
		headers[n++] = make_header("content-encoding", "gzip");
	nghttp2_submit_response(exchange->connection->h2, exchange->stream_id, headers, n, &provider);
}

void
http2_fill_out(Connection *connection)
{
	while (connection->out.len < OUT_BYTES)
	{
		const uint8_t *data;
		ssize_t		n = nghttp2_session_mem_send(connection->h2, &data);

		if (n < 0)
			connection->broken = true;
		if (n <= 0)
			break;
		ghc_buffer_append(&connection->out, (const char *) data, (size_t) n);
	}
}

void
http2_end(Connection *connection)
{
	nghttp2_session_del(connection->h2);
	connection->h2 = NULL;
}
