/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  From a request's body to the reply; see answer.h.
 *
 *-------------------------------------------------------------------------
 */
#include "answer.h"

#include <ctype.h>
#include <stdlib.h>

#include "github/cursor.h"
#include "github/instant.h"

#define SEARCH "search(query:"

/* what stands for a variable in a query */
enum
{
	VARIABLE_QUERY,
	VARIABLE_AFTER,
};

/* where a text of a query goes on */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

/* ---------------------------------------------------------------------------
 * the body
 * ---------------------------------------------------------------------------
 */

static const char *
find(const char *from, const char *end, const char *what)
{
	return from < end ? memmem(from, (size_t) (end - from), what, strlen(what)) : NULL;
}

/* Reads the string behind a key; false if it has none. */
static bool
read_member(const char *from, const char *end, const char *key, GhcBuffer *out)
{
	const char *at = find(from, end, key);

	ghc_buffer_reset(out);
	ghc_buffer_puts(out, "");
	if (at == NULL)
		return false;
	for (at += strlen(key); at < end && (isspace((unsigned char) *at) || *at == ':'); at++)
		;
	if (at == end || *at++ != '"')
		return false;
	while (at < end && *at != '"')
	{
		const char *stop = at;

		while (stop < end && *stop != '"' && *stop != '\\')
			stop++;
		ghc_buffer_append(out, at, (size_t) (stop - at));
		at = stop;
		if (at + 1 < end && *at == '\\')
		{
			ghc_buffer_append(out, at[1] == 'n' ? " " : at + 1, 1);
			at += 2;
		}
	}
	return true;
}

/* ---------------------------------------------------------------------------
 * a search of the query
 * ---------------------------------------------------------------------------
 */

/* Reads a text in quotes, or what a variable stands for. */
static GhcSlice
read_value(Reader *reader, const GhcBuffer *variable)
{
	GhcSlice	value = {variable->data, variable->len};
	const char *start;

	if (reader->at == reader->end || *reader->at != '"')
		return value;
	start = ++reader->at;
	while (reader->at < reader->end && *reader->at != '"')
		reader->at++;
	value = (GhcSlice) {start, (size_t) (reader->at - start)};
	if (reader->at < reader->end)
		reader->at++;
	return value;
}

/* Reads a bound of "created"; false if it is open. */
static bool
read_bound(const char *at, const char *end, int64_t *moment)
{
	bool		is_date;

	return ghc_instant_parse((GhcSlice) {at, (size_t) (end - at)}, moment, &is_date);
}

/* Which clusters a search finds. */
static void
find_clusters(const World *world, GhcSlice search, PageRequest *request)
{
	const char *end = search.data + search.len;
	const char *at = find(search.data, end, "created:");
	const char *dots;
	int64_t		lo = INT64_MIN;
	int64_t		hi = INT64_MAX;
	long		last;

	if (at != NULL)
	{
		const char *stop;

		at += strlen("created:");
		stop = memchr(at, ' ', (size_t) (end - at));
		end = stop != NULL ? stop : end;
		dots = find(at, end, "..");
		if (dots != NULL)
		{
			(void) read_bound(at, dots, &lo);
			(void) read_bound(dots + 2, end, &hi);
		}
		else if (end - at > 2 && at[0] == '>')
			(void) read_bound(at + 2, end, &lo);
		else if (end - at > 2 && at[0] == '<')
			(void) read_bound(at + 2, end, &hi);
	}
	request->first_cluster = lo == INT64_MIN ? 0 : world_first_since(world, lo);
	last = hi == INT64_MAX ? world->n_clusters : world_first_since(world, hi + 1);
	request->n_clusters = last > request->first_cluster ? last - request->first_cluster : 0;
}

/*
 * Reads a search's arguments, from behind "search(query:" to the closing
 * parenthesis.
 */
static PageRequest
read_search(const World *world, Reader *reader, const Scratch *scratch)
{
	PageRequest request = {0};
	GhcSlice	search = read_value(reader, &scratch->variables[VARIABLE_QUERY]);
	const char *stop = memchr(reader->at, ')', (size_t) (reader->end - reader->at));
	const char *first;

	find_clusters(world, search, &request);
	reader->end = stop != NULL ? stop : reader->end;
	first = find(reader->at, reader->end, "first:");
	if (first != NULL)
		request.first = atoi(first + strlen("first:"));
	reader->at = find(reader->at, reader->end, "after:");
	if (reader->at != NULL)
	{
		int			offset;

		reader->at += strlen("after:");
		offset = ghc_cursor_parse(read_value(reader, &scratch->variables[VARIABLE_AFTER]));
		request.offset = offset > 0 ? offset : 0;
	}
	return request;
}

/* ---------------------------------------------------------------------------
 * the reply
 * ---------------------------------------------------------------------------
 */

/* The name that a search's result has: the alias before it, or its own. */
static GhcSlice
name_of(const char *start, const char *search)
{
	const char *at = search;

	if (at == start || at[-1] != ':')
		return GHC_SLICE("search");
	for (at--; at > start && isalnum((unsigned char) at[-1]); at--)
		;
	return (GhcSlice) {at, (size_t) (search - 1 - at)};
}

static void
put_page(const Library *library, int generation, const PageRequest *request,
		 GhcBuffer *text, Counters *counters, Joiner *out)
{
	const Part *part = out->packed ? library_find(library, generation, request) : NULL;
	long		left = request->n_clusters * CLUSTER - request->offset;

	counters->pages++;
	counters->rows += (uint64_t) (left < 0 ? 0 : left < request->first ? left : request->first);
	if (part != NULL)
	{
		joiner_put_part(out, part);
		return;
	}
	counters->composed++;
	ghc_buffer_reset(text);
	library_put_page(library, generation, request, text);
	joiner_pack_text(out, text->data, text->len);
}

/* Writes what was put into text so far, which then begins anew. */
static void
flush_text(GhcBuffer *text, Joiner *out)
{
	joiner_put_text(out, text->data, text->len);
	ghc_buffer_reset(text);
}

/* Answers all searches of a query; false if there is none and was to be one. */
static bool
put_searches(const Library *library, int generation, Scratch *scratch,
			 Counters *counters, Joiner *out)
{
	GhcBuffer  *text = &scratch->text;
	const char *start = scratch->document.data;
	const char *end = start + scratch->document.len;
	const char *at = start;
	bool		any = find(start, end, "viewer{") != NULL;

	while ((at = find(at, end, SEARCH)) != NULL)
	{
		GhcSlice	name = name_of(start, at);
		Reader		reader = {at + strlen(SEARCH), end};
		PageRequest request = read_search(&library->world, &reader, scratch);

		any = true;
		ghc_buffer_printf(text, ",\"%.*s\":", (int) name.len, name.data);
		if (request.first > 0)
		{
			flush_text(text, out);
			put_page(library, generation, &request, text, counters, out);
			ghc_buffer_reset(text);
		}
		else
		{
			counters->counts++;
			ghc_buffer_printf(text, "{\"repositoryCount\":%ld}", request.n_clusters * CLUSTER);
		}
		at += strlen(SEARCH);
	}
	return any;
}

int
answer_graphql(const Library *library, int generation, GhcSlice body, int viewer,
			   Scratch *scratch, Counters *counters, Joiner *out)
{
	const char *end = body.data + body.len;
	const char *variables = find(body.data, end, "\"variables\"");
	const char *query = find(body.data, end, "\"query\"");
	GhcBuffer  *text = &scratch->text;

	ghc_buffer_reset(text);
	(void) read_member(variables ? variables : end, end, "\"q\"", &scratch->variables[VARIABLE_QUERY]);
	(void) read_member(variables ? variables : end, end, "\"after\"", &scratch->variables[VARIABLE_AFTER]);
	if (query == NULL || !read_member(query, end, "\"query\"", &scratch->document))
	{
		counters->not_understood++;
		joiner_put_text(out, "{\"message\":\"Problems parsing JSON\"}", 35);
		return 400;
	}
	ghc_buffer_puts(text, "{\"data\":{\"rateLimit\":null");
	if (find(scratch->document.data, scratch->document.data + scratch->document.len, "viewer{"))
		ghc_buffer_printf(text, ",\"viewer\":{\"databaseId\":%d,\"login\":\"user%d\"}",
						  1000 + viewer, viewer);
	if (!put_searches(library, generation, scratch, counters, out))
		counters->not_understood++;
	ghc_buffer_puts(text, "}}");
	flush_text(text, out);
	return 200;
}

void
answer_list_pages(const World *world, GhcBuffer *out)
{
	for (long cluster = 0; cluster < world->n_clusters; cluster++)
	{
		char		moment[GHC_INSTANT_BYTES];

		ghc_instant_format(world_created(world, cluster), moment);
		for (int offset = 0; offset < CLUSTER; offset += PAGE_ROWS)
		{
			char		cursor[GHC_CURSOR_BYTES] = "";

			if (offset > 0)
				ghc_cursor_format(offset, cursor);
			ghc_buffer_printf(out, "stars:>=0 fork:true created:%s..%s sort:updated-asc\t%s\n",
							  moment, moment, cursor);
		}
	}
}
