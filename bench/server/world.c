/*-------------------------------------------------------------------------
 *
 * world.c
 *	  Repositories made from their numbers; see world.h.
 *
 * How texts are spread follows what is known of GitHub: a third without
 * description, 8 % of them with Chinese, emoji or escapes; 0 to 10 languages,
 * 2.5 on average; mostly no topics, some with many, 3.1 on average.
 *
 *-------------------------------------------------------------------------
 */
#include "world.h"

#include <inttypes.h>
#include <stdlib.h>

#include "github/instant.h"
#include "github/node_id.h"

/* 2008-01-01 to 2025-01-01 */
#define FIRST_CREATED INT64_C(1199145600)
#define LAST_CREATED INT64_C(1735689600)

/* GitHub's ids go up to about here */
#define LAST_ID INT64_C(1100000000)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const adjectives[] = {
	"agile", "amber", "ancient", "awesome", "basic", "better", "big", "blue",
	"bold", "brave", "bright", "calm", "clean", "clever", "compact", "cool",
	"crisp", "curious", "daily", "dark", "deep", "distributed", "dynamic",
	"early", "easy", "elastic", "elegant", "fancy", "fast", "flat", "fresh",
	"fuzzy", "generic", "golden", "happy", "hidden", "hybrid", "ideal",
	"instant", "lazy", "lean", "linear", "little", "local", "magic", "micro",
	"mini", "mobile", "modern", "native", "open", "plain", "pure", "quick",
	"quiet", "rapid", "reactive", "remote", "robust", "safe", "scalable",
	"sharp", "simple", "small", "smart", "stable", "static", "super", "tiny",
	"typed", "unified", "universal", "virtual", "wild", "zero"
};

static const char *const subjects[] = {
	"android", "api", "arduino", "auth", "aws", "bitcoin", "blog", "bot",
	"browser", "build", "cache", "calendar", "camera", "canvas", "chat",
	"chess", "cloud", "config", "crypto", "data", "dataset", "desktop",
	"discord", "django", "docker", "email", "event", "express", "file",
	"finance", "flask", "flutter", "game", "git", "graph", "graphql", "grid",
	"health", "image", "ios", "java", "jekyll", "json", "kafka", "kernel",
	"kubernetes", "laravel", "layout", "learning", "log", "machine", "map",
	"markdown", "media", "message", "metrics", "mongo", "movie", "music",
	"network", "neural", "news", "node", "notes", "parser", "payment", "pdf",
	"photo", "player", "portfolio", "postgres", "proxy", "python", "queue",
	"react", "redis", "robot", "rust", "school", "search", "security",
	"server", "shell", "shop", "sql", "stream", "task", "terminal", "test",
	"text", "theme", "token", "twitter", "unity", "user", "video", "vue",
	"weather", "web", "wiki"
};

static const char *const kinds[] = {
	"adapter", "admin", "agent", "analyzer", "app", "backend", "bench",
	"bindings", "board", "boilerplate", "box", "bridge", "builder", "bundle",
	"cli", "client", "collection", "compiler", "console", "converter", "core",
	"course", "crawler", "dashboard", "demo", "detector", "driver", "editor",
	"engine", "example", "exercises", "explorer", "exporter", "extension",
	"finder", "framework", "frontend", "gateway", "generator", "guide",
	"handler", "helper", "hub", "kit", "lab", "launcher", "library", "loader",
	"manager", "mapper", "middleware", "mirror", "module", "monitor",
	"optimizer", "pipeline", "platform", "playground", "plugin", "practice",
	"project", "reader", "recipes", "recorder", "registry", "renderer",
	"reporter", "resources", "router", "runner", "samples", "scanner",
	"scheduler", "sdk", "service", "simulator", "site", "starter", "store",
	"suite", "template", "toolkit", "tools", "tracker", "tutorial", "utils",
	"validator", "viewer", "widget", "workshop", "wrapper"
};

static const char *const phrases[] = {
	"A library for", "Simple and fast", "My solutions to", "Source code of",
	"An opinionated starter for", "Yet another tool for", "Experiments with",
	"Bindings to", "Course work on", "Docker image with",
	"Command line client for", "Unofficial SDK of", "Personal notes on",
	"This repository contains", "Archived. Used to be", "Proof of concept of",
	"Implementation of", "The official", "A collection of", "Learn how to use"
};

static const char *const links[] = {
	"for", "with", "and", "in", "using", "that helps with", "on top of",
	"without", "based on", "to manage", "made for", "inspired by"
};

/* what people write beside plain words, as JSON has it */
static const char *const odd_texts[] = {
	"\xe4\xb8\x80\xe4\xb8\xaa\xe7\xae\x80\xe5\x8d\x95\xe8\x80\x8c\xe5\xbf\xab\xe9\x80\x9f\xe7\x9a\x84\xe7\xbd\x91\xe7\xbb\x9c\xe7\x88\xac\xe8\x99\xab\xe6\xa1\x86\xe6\x9e\xb6",
	"\xe3\x82\xb7\xe3\x83\xb3\xe3\x83\x97\xe3\x83\xab\xe3\x81\xaa\xe3\x82\xa6\xe3\x82\xa7\xe3\x83\x96\xe3\x83\x95\xe3\x83\xac\xe3\x83\xbc\xe3\x83\xa0\xe3\x83\xaf\xe3\x83\xbc\xe3\x82\xaf",
	"\xf0\x9f\x9a\x80 Fast, \xe2\x9c\xa8 small and \xf0\x9f\x90\x98 durable",
	"\\\"Quoted\\\" and C:\\\\path\\\\to",
	"Tom \\u0026 Jerry \\u003ctom@example.com\\u003e",
	"First line\\r\\nsecond line\\twith a tab",
	"\xd0\x91\xd0\xb8\xd0\xb1\xd0\xbb\xd0\xb8\xd0\xbe\xd1\x82\xd0\xb5\xd0\xba\xd0\xb0 \xd0\xb4\xd0\xbb\xd1\x8f"
};

static const char *const languages[] = {
	"JavaScript", "Python", "HTML", "CSS", "Java", "TypeScript", "Shell",
	"C++", "C", "Go", "PHP", "Ruby", "C#", "Rust", "Dockerfile", "Makefile",
	"Jupyter Notebook", "Kotlin", "Swift", "SCSS", "Vue", "Dart", "Batchfile",
	"CMake", "Objective-C", "R", "Scala", "PowerShell", "Lua", "Perl",
	"Haskell", "Less", "Elixir", "TeX", "HCL", "PLpgSQL", "Assembly", "Vim Script",
	"Clojure", "Procfile", "MATLAB", "Solidity", "Svelte", "Julia", "Zig"
};

static const char *const licenses[] = {
	"mit", "mit", "mit", "mit", "mit", "apache-2.0", "apache-2.0", "gpl-3.0",
	"gpl-3.0", "other", "other", "bsd-3-clause", "agpl-3.0", "unlicense",
	"gpl-2.0", "cc0-1.0", "lgpl-3.0", "mpl-2.0", "bsd-2-clause", "isc"
};

static const char *const branches[] = {
	"main", "main", "main", "main", "master", "master", "master", "develop",
	"dev", "gh-pages"
};

/* ---------------------------------------------------------------------------
 * chance
 * ---------------------------------------------------------------------------
 */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t
draw(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(*state);
}

static int
below(uint64_t *state, int n)
{
	return (int) ((draw(state) >> 33) % (uint64_t) n);
}

static bool
chance(uint64_t *state, int percent)
{
	return below(state, 100) < percent;
}

#define pick(state, array) ((array)[below(state, LENGTH(array))])

/* How many, "max" at most, if each is followed by another with this chance. */
static int
run_length(uint64_t *state, int percent, int max)
{
	int			n = 0;

	while (n < max && chance(state, percent))
		n++;
	return n;
}

/* A number that thins out as stars and sizes do, up to 2^bits. */
static int
thinning(uint64_t *state, int bits)
{
	int			zeros = __builtin_ctzll(draw(state) | (UINT64_C(1) << bits));

	return below(state, 1 << zeros);
}

/* ---------------------------------------------------------------------------
 * time and ids
 * ---------------------------------------------------------------------------
 */

int64_t
world_created(const World *world, long cluster)
{
	return FIRST_CREATED +
		(int64_t) ((double) (LAST_CREATED - FIRST_CREATED) * (double) cluster /
				   (double) world->n_clusters);
}

long
world_first_since(const World *world, int64_t moment)
{
	double		share = (double) (moment - FIRST_CREATED) /
		(double) (LAST_CREATED - FIRST_CREATED);
	long		cluster = (long) (share * (double) world->n_clusters) - 1;

	if (cluster < 0)
		cluster = 0;
	while (cluster < world->n_clusters && world_created(world, cluster) < moment)
		cluster++;
	return cluster < world->n_clusters ? cluster : world->n_clusters;
}

/* Ids ascend from cluster to cluster, with gaps; within one they are mixed. */
static int64_t
id_of(const World *world, long cluster, int place)
{
	int64_t		gap = LAST_ID / (world->n_clusters * CLUSTER);
	int64_t		i = cluster * CLUSTER + (place * 275 + cluster * 41) % CLUSTER;

	return 1000 + i * gap + (gap > 1 ? (int64_t) (mix((uint64_t) i + world->seed) % (uint64_t) gap) : 0);
}

/* ---------------------------------------------------------------------------
 * members
 * ---------------------------------------------------------------------------
 */

static void
put_time(GhcBuffer *out, const char *key, int64_t moment)
{
	char		text[GHC_INSTANT_BYTES];

	ghc_instant_format(moment, text);
	ghc_buffer_printf(out, ",\"%s\":\"%s\"", key, text);
}

static void
put_flag(GhcBuffer *out, uint64_t *state, const char *key, int percent)
{
	ghc_buffer_printf(out, ",\"%s\":%s", key, chance(state, percent) ? "true" : "false");
}

/* A made-up word, which squeezes as badly as people's names do. */
static void
put_name(GhcBuffer *out, uint64_t *state)
{
	static const char consonants[] = "bcdfghjklmnprstvwxzbdlmnrstk";
	static const char vowels[] = "aeiouaeioy";
	int			n = 2 + below(state, 3);

	while (n-- > 0)
		ghc_buffer_printf(out, "%c%c%s", consonants[below(state, sizeof(consonants) - 1)],
						  vowels[below(state, sizeof(vowels) - 1)],
						  chance(state, 25) ? "n" : "");
	if (chance(state, 35))
		ghc_buffer_printf(out, "%d", below(state, 1000));
}

static void
put_full_name(GhcBuffer *out, uint64_t *state)
{
	const char *joint = chance(state, 75) ? "-" : chance(state, 50) ? "_" : "";

	ghc_buffer_puts(out, ",\"nameWithOwner\":\"");
	put_name(out, state);
	ghc_buffer_puts(out, "/");
	if (chance(state, 30))
		ghc_buffer_printf(out, "%s%s", pick(state, adjectives), joint);
	ghc_buffer_printf(out, "%s%s", pick(state, subjects), joint);
	if (chance(state, 25))
		put_name(out, state);
	else
		ghc_buffer_puts(out, pick(state, kinds));
	if (chance(state, 20))
		ghc_buffer_printf(out, "%s%d", joint, below(state, 2030));
	ghc_buffer_puts(out, "\"");
}

static void
put_description(GhcBuffer *out, uint64_t *state)
{
	int			n;

	ghc_buffer_puts(out, ",\"description\":");
	if (chance(state, 33))
	{
		ghc_buffer_puts(out, "null");
		return;
	}
	ghc_buffer_printf(out, "\"%s", pick(state, phrases));
	if (chance(state, 8))
		ghc_buffer_printf(out, " %s", pick(state, odd_texts));
	n = 1 + run_length(state, 60, 6);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			ghc_buffer_printf(out, " %s", pick(state, links));
		if (chance(state, 50))
			ghc_buffer_printf(out, " %s", pick(state, adjectives));
		ghc_buffer_puts(out, " ");
		if (chance(state, 50))
			put_name(out, state);
		else
			ghc_buffer_printf(out, "%s %s", pick(state, subjects), pick(state, kinds));
	}
	ghc_buffer_puts(out, chance(state, 40) ? ".\"" : "\"");
}

static void
put_homepage(GhcBuffer *out, uint64_t *state)
{
	ghc_buffer_puts(out, ",\"homepageUrl\":");
	if (!chance(state, 18))
	{
		ghc_buffer_puts(out, chance(state, 60) ? "null" : "\"\"");
		return;
	}
	ghc_buffer_puts(out, "\"https://");
	put_name(out, state);
	ghc_buffer_printf(out, ".%s/%s\"", chance(state, 50) ? "github.io" : "com",
					  pick(state, subjects));
}

static void
put_topics(GhcBuffer *out, uint64_t *state)
{
	int			n = chance(state, 60) ? 0 : 1 + run_length(state, 88, 19);

	ghc_buffer_puts(out, ",\"repositoryTopics\":{\"nodes\":[");
	for (int i = 0; i < n; i++)
	{
		ghc_buffer_printf(out, "%s{\"topic\":{\"name\":\"%s", i > 0 ? "," : "",
						  pick(state, subjects));
		if (chance(state, 40))
			ghc_buffer_printf(out, "-%s", pick(state, kinds));
		else if (chance(state, 30))
			put_name(out, state);
		ghc_buffer_puts(out, "\"}}");
	}
	ghc_buffer_puts(out, "]}");
}

/*
 * Languages, most bytes first, and before them the one with the most and what
 * else stands between.
 */
static void
put_languages(const World *world, GhcBuffer *out, uint64_t *state)
{
	int			n = chance(state, 12) ? 0 : 1 + run_length(state, 65, 9);
	int			size = 1000 + thinning(state, 12) * 997 + below(state, 10000);
	int			first = below(state, 100) * below(state, 100) / 223;
	GhcBuffer	edges = {0};

	for (int i = 0; i < n; i++)
	{
		const char *name = languages[(first + i * (1 + i % 3)) % (int) LENGTH(languages)];

		if (i == 0)
			ghc_buffer_printf(out, ",\"primaryLanguage\":{\"name\":\"%s\"}", name);
		ghc_buffer_printf(&edges, "%s{\"size\":%d,\"node\":{\"name\":\"%s\"}}",
						  i > 0 ? "," : "", size, name);
		size = size / 3 + below(state, size / 3 + 1);
	}
	if (n == 0)
		ghc_buffer_puts(out, ",\"primaryLanguage\":null");
	if (chance(state, 45))
		ghc_buffer_printf(out, ",\"licenseInfo\":{\"key\":\"%s\"}", pick(state, licenses));
	else
		ghc_buffer_puts(out, ",\"licenseInfo\":null");
	ghc_buffer_printf(out, ",\"defaultBranchRef\":{\"name\":\"%s\"}", pick(state, branches));
	if (world->profile == PROFILE_FULL)
	{
		put_topics(out, state);
		ghc_buffer_printf(out, ",\"languages\":{\"edges\":[%s]}", n > 0 ? edges.data : "");
	}
	ghc_buffer_free(&edges);
}

static void
put_numbers(const World *world, GhcBuffer *out, uint64_t *state, int64_t id, int stars)
{
	int64_t		people = 1 + (int64_t) (mix((uint64_t) id) % 200000000);

	if (world->profile != PROFILE_STARS)
	{
		ghc_buffer_printf(out, ",\"owner\":{\"databaseId\":%" PRId64 "}", people);
		if (chance(state, 30))
			ghc_buffer_printf(out, ",\"parent\":{\"databaseId\":%d}", 1 + below(state, (int) LAST_ID));
		else
			ghc_buffer_puts(out, ",\"parent\":null");
	}
	ghc_buffer_printf(out, ",\"stargazerCount\":%d", stars);
	if (world->profile != PROFILE_STARS)
		ghc_buffer_printf(out, ",\"forkCount\":%d,\"diskUsage\":%d",
						  thinning(state, 12), thinning(state, 20) + below(state, 3000));
}

static void
put_flags(GhcBuffer *out, uint64_t *state, bool archived)
{
	put_flag(out, state, "isFork", 30);
	ghc_buffer_printf(out, ",\"isArchived\":%s", archived ? "true" : "false");
	put_flag(out, state, "isDisabled", 0);
	put_flag(out, state, "isEmpty", 3);
	put_flag(out, state, "isLocked", 0);
	put_flag(out, state, "isMirror", 1);
	put_flag(out, state, "isTemplate", 2);
	put_flag(out, state, "isInOrganization", 20);
	put_flag(out, state, "hasIssuesEnabled", 80);
	put_flag(out, state, "hasProjectsEnabled", 95);
	put_flag(out, state, "hasWikiEnabled", 85);
	put_flag(out, state, "hasDiscussionsEnabled", 4);
}

void
world_put(const World *world, int generation, long cluster, int place, GhcBuffer *out)
{
	int64_t		id = id_of(world, cluster, place);
	int64_t		created = world_created(world, cluster);
	int64_t		updated = LAST_CREATED + place * 9973 + (int64_t) (mix((uint64_t) id) % 9973);
	uint64_t	state = mix(world->seed + (uint64_t) id * 2654435761U);
	uint64_t	fate = mix(state ^ 1);
	bool		archived = world->profile != PROFILE_STARS && chance(&state, 4);
	int			stars = thinning(&state, 14);
	char		node_id[GHC_NODE_ID_BYTES];

	if (generation > 0 && (double) (fate % 1000000) < world->changed * 1000000)
		stars += 1 + (int) (fate >> 40) % 9;
	ghc_node_id_format(id, node_id);
	ghc_buffer_printf(out, "{\"id\":\"%s\",\"databaseId\":%" PRId64, node_id, id);
	put_time(out, "createdAt", created);
	put_time(out, "pushedAt", updated - 1 - below(&state, (int) (updated - created)));
	if (world->profile == PROFILE_STARS)
	{
		put_numbers(world, out, &state, id, stars);
		put_full_name(out, &state);
		ghc_buffer_puts(out, "}");
		return;
	}
	put_time(out, "updatedAt", updated);
	if (archived)
		put_time(out, "archivedAt", updated);
	else
		ghc_buffer_puts(out, ",\"archivedAt\":null");
	put_numbers(world, out, &state, id, stars);
	put_flags(out, &state, archived);
	put_full_name(out, &state);
	put_description(out, &state);
	put_homepage(out, &state);
	put_languages(world, out, &state);
	ghc_buffer_puts(out, "}");
}
