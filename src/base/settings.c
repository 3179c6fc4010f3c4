/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The settings of ghcrawl (GUCs).
 *
 * ghcrawl.api_url may be set per database or session by a superuser: it says
 * which host tokens and crawls are added for, and is stamped on both.  All
 * others belong to the workers and follow a reload.
 *
 * IDENTIFICATION
 *	  src/base/settings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "base/settings.h"
#include "utils/guc.h"

char	   *ghc_api_url;
char	   *ghc_archive_url;
char	   *ghc_databases;
char	   *ghc_ca_file;
char	   *ghc_proxy;
char	   *ghc_user_agent_contact;
int			ghc_workers = 1;
int			ghc_connect_timeout_ms = 10000;
int			ghc_request_timeout_ms = 30000;
int			ghc_max_response_kb = 16384;
int			ghc_max_connections = 100;
int			ghc_pages_per_request = 0;
int			ghc_page_size = 0;
int			ghc_details = GHC_DETAILS_AUTO;
int			ghc_retention_min = 90 * 24 * 60;
int			ghc_history_retention_min = -1;
int			ghc_walk_interval_min = 180 * 24 * 60;
int			ghc_absence_stars = 10;

static const struct config_enum_entry details_options[] = {
	{"auto", GHC_DETAILS_AUTO, false},
	{"nested", GHC_DETAILS_NESTED, false},
	{"later", GHC_DETAILS_LATER, false},
	{NULL, 0, false}
};

static bool
is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		size_t		len = strlen(names[i]);

		if (strncmp(host, names[i], len) == 0 &&
			(host[len] == '\0' || host[len] == ':' || host[len] == '/'))
			return true;
	}
	return false;
}

/*
 * Tokens travel to this address: nothing but https, or http that doesn't
 * leave the machine; no user name, query or fragment that a token could be
 * smuggled out by.  A slash at the end is dropped, so that equal addresses
 * are equal texts.
 */
static bool
check_api_url(char **newval, void **extra, GucSource source)
{
	char	   *url = *newval;
	size_t		len = strlen(url);
	const char *host;

	(void) extra;
	(void) source;
	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
	if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncmp(url, "http://", 7) == 0 && is_loopback(url + 7))
		host = url + 7;
	else
	{
		GUC_check_errdetail("It must begin with \"https://\"; plain \"http://\" is for addresses of this machine only.");
		return false;
	}
	if (*host == '\0' || *host == '/' || strpbrk(host, "@?#\\ \t\r\n\"'") != NULL)
	{
		GUC_check_errdetail("It must be a host with an optional port and path, nothing else.");
		return false;
	}
	return true;
}

/* Goes into a header: printable characters only. */
static bool
check_contact(char **newval, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	for (const char *p = *newval; *p; p++)
	{
		if ((unsigned char) *p < 0x20 || (unsigned char) *p > 0x7e)
		{
			GUC_check_errdetail("Only printable ASCII characters can be sent in a header.");
			return false;
		}
	}
	return true;
}

static void
define_text_settings(void)
{
	DefineCustomStringVariable("ghcrawl.api_url",
							   "Sets the address of the GitHub API that tokens and crawls are added for.",
							   "Tokens are never sent to any other address than the one they were added under.",
							   &ghc_api_url,
							   "https://api.github.com",
							   PGC_SUSET, 0,
							   check_api_url, NULL, NULL);
	DefineCustomStringVariable("ghcrawl.archive_url",
							   "Sets where hours of GH Archive are fetched from.",
							   "Any place that keeps them by the same names, such as a mirror.",
							   &ghc_archive_url,
							   "https://data.gharchive.org",
							   PGC_SUSET, 0,
							   check_api_url, NULL, NULL);
	DefineCustomStringVariable("ghcrawl.databases",
							   "Sets the databases, separated by commas, that the launcher looks after.",
							   "Empty means all; used only when the library is in shared_preload_libraries.",
							   &ghc_databases,
							   "",
							   PGC_SIGHUP, GUC_LIST_INPUT,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("ghcrawl.ca_file",
							   "Sets a file of certificate authorities to trust instead of the system's.",
							   NULL,
							   &ghc_ca_file,
							   "",
							   PGC_SIGHUP, 0,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("ghcrawl.proxy",
							   "Sets the address of a proxy; the environment is never looked at.",
							   NULL,
							   &ghc_proxy,
							   "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("ghcrawl.user_agent_contact",
							   "Sets how GitHub can reach you, sent with every request.",
							   "An e-mail address or a URL; GitHub asks for it.",
							   &ghc_user_agent_contact,
							   "",
							   PGC_SIGHUP, 0,
							   check_contact, NULL, NULL);
}

static void
define_network_settings(void)
{
	DefineCustomIntVariable("ghcrawl.connect_timeout",
							"Sets how long a connection may take to be made.",
							NULL,
							&ghc_connect_timeout_ms,
							10000, 100, 600000,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.request_timeout",
							"Sets how long a request may take in all.",
							"GitHub itself gives up after 10 seconds.",
							&ghc_request_timeout_ms,
							30000, 100, 600000,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.max_response_size",
							"Sets the largest response body that is accepted, unpacked.",
							"A larger one is an error and its rest isn't read.",
							&ghc_max_response_kb,
							16384, 64, 1024 * 1024,
							PGC_SIGHUP, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.max_connections",
							"Sets how many connections a worker may hold open.",
							"GitHub allows 100 requests at once.",
							&ghc_max_connections,
							100, 1, 1000,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
}

static void
define_number_settings(void)
{
	DefineCustomIntVariable("ghcrawl.workers",
							"Sets how many workers crawl in each database.",
							"One takes in more than fifty budgets of github.com allow; 0 stops them all.",
							&ghc_workers,
							1, 0, 64,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.retention",
							"Sets how long ranges of ended crawls, and errors, are kept.",
							"-1 means for ever. Crawls, their sums and their gaps stay.",
							&ghc_retention_min,
							90 * 24 * 60, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.history_retention",
							"Sets how long the history of repositories is kept.",
							"-1 means for ever. Whole months are dropped.",
							&ghc_history_retention_min,
							-1, -1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.absence_stars",
							"Sets how many stars a repository that is gone must have for the REST API to be asked why.",
							"A crawl waits for these requests, of which GitHub allows 5,000 an hour. -1 means that it isn't asked.",
							&ghc_absence_stars,
							10, -1, INT_MAX,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.walk_interval",
							"Sets how long ids that were walked through aren't walked through again.",
							"Those that are stored are asked for meanwhile. 0 means that all are walked each time.",
							&ghc_walk_interval_min,
							180 * 24 * 60, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.pages_per_request",
							"Sets how many pages of searches are asked for in a request.",
							"0 means as many as turn out to bring most.",
							&ghc_pages_per_request,
							0, 0, 10,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("ghcrawl.page_size",
							"Sets how many repositories are asked for in a page.",
							"0 means as many as turn out to bring most.",
							&ghc_page_size,
							0, 0, 100,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomEnumVariable("ghcrawl.details",
							 "Sets how fields that cost points, such as topics, are asked for.",
							 "With the pages of a search, or later by id; auto means whatever is cheaper.",
							 &ghc_details,
							 GHC_DETAILS_AUTO, details_options,
							 PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
}

void
ghc_settings_define(void)
{
	define_text_settings();
	define_network_settings();
	define_number_settings();
	MarkGUCPrefixReserved("ghcrawl");
}

static bool
ends_with(const char *text, const char *end)
{
	size_t		a = strlen(text);
	size_t		b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

char *
ghc_settings_graphql_url(const char *api_url)
{
	if (ends_with(api_url, "/api/v3"))
		return psprintf("%.*s/graphql", (int) (strlen(api_url) - 3), api_url);
	return psprintf("%s/graphql", api_url);
}

bool
ghc_settings_may_be_unlimited(const char *api_url)
{
	return !ends_with(api_url, "://api.github.com") &&
		!ends_with(api_url, ".ghe.com");
}

char *
ghc_settings_rest_url(const char *api_url, const char *path)
{
	return psprintf("%s%s%s", api_url, ends_with(api_url, "/api") ? "/v3" : "",
					path);
}
