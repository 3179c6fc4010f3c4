/*-------------------------------------------------------------------------
 *
 * http1.c
 *	  HTTP/1.1 of the page server: one request at a time on a connection, a
 *	  body by its length.
 *
 *-------------------------------------------------------------------------
 */
#include "http.h"

#include <stdlib.h>
#include <strings.h>

/* Notes what the request line says. */
static void
read_request_line(Exchange *exchange, GhcSlice line)
{
	const char *start = memchr(line.data, ' ', line.len);
	const char *end = start ? memchr(start + 1, ' ', (size_t) (line.data + line.len - start - 1)) : NULL;
	size_t		n = end ? (size_t) (end - start - 1) : 0;

	if (n >= sizeof(exchange->path))
		n = 0;
	memcpy(exchange->path, start ? start + 1 : "", n);
	exchange->path[n] = '\0';
}

/* Reads the head of a request; returns how long its body is. */
static size_t
read_head(Exchange *exchange, const char *head, const char *end)
{
	size_t		body_len = 0;
	bool		first = true;

	while (head < end)
	{
		const char *line_end = memmem(head, (size_t) (end - head), "\r\n", 2);
		GhcSlice	line = {head, (size_t) ((line_end ? line_end : end) - head)};
		const char *colon = memchr(line.data, ':', line.len);

		if (first)
			read_request_line(exchange, line);
		else if (colon != NULL)
		{
			GhcSlice	name = {line.data, (size_t) (colon - line.data)};
			GhcSlice	value = {colon + 1, line.len - name.len - 1};

			if (name.len == 14 && strncasecmp(name.data, "content-length", 14) == 0)
				body_len = strtoul(value.data, NULL, 10);
			else
				http_read_header(exchange, name, value);
		}
		first = false;
		head += line.len + 2;
	}
	return body_len;
}

void
http1_take_in(Connection *connection)
{
	GhcBuffer  *in = &connection->in;

	while (connection->current == NULL && in->len > 0)
	{
		const char *end = memmem(in->data, in->len, "\r\n\r\n", 4);
		Exchange   *exchange;
		size_t		head_len;
		size_t		body_len;

		if (end == NULL)
			return;
		exchange = http_begin_exchange(connection);
		head_len = (size_t) (end - in->data) + 4;
		body_len = read_head(exchange, in->data, end);
		if (in->len < head_len + body_len)
		{
			http_end_exchange(exchange);
			return;				/* read once more when all of it is here */
		}
		ghc_buffer_append(&exchange->request, in->data + head_len, body_len);
		in->len -= head_len + body_len;
		memmove(in->data, in->data + head_len + body_len, in->len);
		connection->current = exchange;
		http_answer(exchange);
	}
}

void
http1_send(Exchange *exchange)
{
	Connection *connection = exchange->connection;
	GhcBuffer  *out = &connection->out;

	ghc_buffer_printf(out, "HTTP/1.1 %d %s\r\n", exchange->status,
					  exchange->status == 200 ? "OK" : "Error");
	for (int i = 0; i < N_HEADERS; i++)
		ghc_buffer_printf(out, "%s: %s\r\n", http_headers[i].name, http_headers[i].value);
	ghc_buffer_printf(out, "%scontent-length: %zu\r\n\r\n",
					  exchange->reply.packed ? "content-encoding: gzip\r\n" : "",
					  exchange->reply.body.len);
	ghc_buffer_append(out, exchange->reply.body.data, exchange->reply.body.len);
	connection->current = NULL;
	http_end_exchange(exchange);
	http1_take_in(connection);
}
