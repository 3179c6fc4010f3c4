/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Measures what reading a reply costs, in nanoseconds a repository.
 *
 * A synthetic page of 100 repositories with every field, in GitHub's form, is
 * read again and again: by the scanner alone, which looks at every byte but
 * keeps nothing, and by the whole of ghc_reply_read.  The copy of the page
 * that each turn needs (strings are decoded in place) is measured apart and
 * taken off.  The best of several rounds counts, because a busy machine only
 * ever adds.
 *
 *	  cd src/github && gcc -O2 -I.. ../../bench/scan.c *.c \
 *		  ../base/buffer.c ../base/arena.c -o /tmp/bench && /tmp/bench
 *
 * IDENTIFICATION
 *	  bench/scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/reply.h"
#include "github/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REPOSITORIES 100
#define TURNS 500
#define ROUNDS 15

static const char *const descriptions[] = {
	"null",
	"\"A small tool that does one thing\"",
	"\"The \\\"best\\\" parser for C\\/C++, with Python bindings\"",
	"\"\xe4\xb8\xad\xe6\x96\x87 notes \xf0\x9f\x9a\x80\"",
};

static const char *const languages[] = {"C", "Python", "TypeScript", "HTML"};

static void
put_scalars(GhcBuffer *out, int i)
{
	static const char *const flags[] = {
		"isFork", "isArchived", "isDisabled", "isEmpty", "isLocked",
		"isMirror", "isTemplate", "isInOrganization", "hasIssuesEnabled",
		"hasProjectsEnabled", "hasWikiEnabled", "hasDiscussionsEnabled",
	};

	ghc_buffer_printf(out, "{\"id\":\"R_kgDOABPH%c%c\",\"databaseId\":%d,",
					  'a' + i % 26, 'A' + i / 26, 1296269 + 977 * i);
	ghc_buffer_printf(out, "\"createdAt\":\"2011-01-26T19:%02d:12Z\","
					  "\"pushedAt\":\"2026-09-03T16:09:%02dZ\","
					  "\"updatedAt\":\"2026-09-03T16:09:14Z\","
					  "\"archivedAt\":null,", i % 60, i % 60);
	ghc_buffer_printf(out, "\"owner\":{\"databaseId\":%d},\"parent\":null,"
					  "\"stargazerCount\":%d,\"forkCount\":%d,"
					  "\"diskUsage\":%d,", 583231 + i, i * i, i, 1000 + i * 37);
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
		ghc_buffer_printf(out, "\"%s\":%s,", flags[f],
						  (i + f) % 3 == 0 ? "true" : "false");
}

static void
put_repository(GhcBuffer *out, int i)
{
	put_scalars(out, i);
	ghc_buffer_printf(out, "\"nameWithOwner\":\"octocat-%d/Hello-World-%d\","
					  "\"description\":%s,\"homepageUrl\":%s,", i, i * 7,
					  descriptions[i % 4],
					  i % 3 == 0 ? "\"https://example.org/\"" : "null");
	ghc_buffer_printf(out, "\"primaryLanguage\":{\"name\":\"%s\"},"
					  "\"licenseInfo\":%s,"
					  "\"defaultBranchRef\":{\"name\":\"main\"},",
					  languages[i % 4],
					  i % 2 == 0 ? "{\"key\":\"mit\"}" : "null");
	ghc_buffer_puts(out, "\"repositoryTopics\":{\"nodes\":[");
	for (int t = 0; t < i % 4; t++)
		ghc_buffer_printf(out, "%s{\"topic\":{\"name\":\"topic-%d\"}}",
						  t > 0 ? "," : "", t);
	ghc_buffer_puts(out, "]},\"languages\":{\"edges\":[");
	for (int l = 0; l < 1 + i % 3; l++)
		ghc_buffer_printf(out, "%s{\"size\":%d,\"node\":{\"name\":\"%s\"}}",
						  l > 0 ? "," : "", 12345 - l, languages[(i + l) % 4]);
	ghc_buffer_puts(out, "]}}");
}

static void
put_reply(GhcBuffer *out)
{
	ghc_buffer_puts(out, "{\"data\":{\"rateLimit\":{\"cost\":1,\"limit\":5000,"
					"\"remaining\":4999,\"used\":1,"
					"\"resetAt\":\"2026-09-03T17:09:14Z\"},"
					"\"p0\":{\"repositoryCount\":998,\"pageInfo\":"
					"{\"hasNextPage\":true,\"endCursor\":\"Y3Vyc29yOjEwMA==\"},"
					"\"nodes\":[");
	for (int i = 0; i < REPOSITORIES; i++)
	{
		ghc_buffer_puts(out, i > 0 ? "," : "");
		put_repository(out, i);
	}
	ghc_buffer_puts(out, "]}}}");
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* What is measured; each gets a fresh copy of the page. */
typedef bool (*GhcMeasured) (char *body, size_t len);

static GhcReply reply;
static GhcArena arena;

static bool
only_copy(char *body, size_t len)
{
	return body[len - 1] == '}';
}

static bool
only_scan(char *body, size_t len)
{
	GhcScan		scan;

	ghc_scan_init(&scan, body, len);
	return ghc_scan_skip(&scan) && ghc_scan_finished(&scan);
}

static bool
read_reply(char *body, size_t len)
{
	ghc_arena_reset(&arena);
	return ghc_reply_read(&reply, body, len, true, &arena) &&
		reply.pages[0].complete && reply.pages[0].n == REPOSITORIES;
}

/* The best time of one call, in nanoseconds a repository. */
static double
measure(const GhcBuffer *page, GhcMeasured measured)
{
	char	   *body = aligned_alloc(4096, (page->len + 4095) / 4096 * 4096);
	double		best = 1e9;

	for (int round = 0; round < ROUNDS; round++)
	{
		double		began = seconds();
		double		took;

		for (int turn = 0; turn < TURNS; turn++)
		{
			memcpy(body, page->data, page->len);
			if (!measured(body, page->len))
			{
				fprintf(stderr, "the page was not read\n");
				exit(1);
			}
		}
		took = (seconds() - began) / TURNS / REPOSITORIES * 1e9;
		if (took < best)
			best = took;
	}
	free(body);
	return best;
}

int
main(void)
{
	GhcBuffer	page = {0};
	double		copy;

	put_reply(&page);
	copy = measure(&page, only_copy);
	printf("bytes a repository    %8.0f\n", (double) page.len / REPOSITORIES);
	printf("copying, ns           %8.0f\n", copy);
	printf("scanning, ns          %8.0f\n", measure(&page, only_scan) - copy);
	printf("reading a reply, ns   %8.0f\n", measure(&page, read_reply) - copy);
	ghc_arena_free(&arena);
	ghc_buffer_free(&page);
	return 0;
}
