/*-------------------------------------------------------------------------
 *
 * item.c
 *	  What people write for a repository: its name, an address, an id; see
 *	  item.h.
 *
 * IDENTIFICATION
 *	  src/github/item.c
 *
 *-------------------------------------------------------------------------
 */
#include <strings.h>

#include "github/item.h"
#include "github/node_id.h"

#define PREFIX "names:"

/* GitHub's own limits; another server may have longer logins */
#define MAX_NAME 100
#define MAX_LOGIN 39

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
equals_ignoring_case(GhcSlice a, GhcSlice b)
{
	return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static void
skip(GhcSlice *text, size_t n)
{
	text->data += n;
	text->len -= n;
}

/* Where a character first stands; the length if nowhere. */
static size_t
find(GhcSlice text, char c)
{
	const char *at = text.len > 0 ? memchr(text.data, c, text.len) : NULL;

	return at != NULL ? (size_t) (at - text.data) : text.len;
}

/* Takes what stands before a character off the front of a text, and that, too. */
static GhcSlice
take_until(GhcSlice *text, char c)
{
	GhcSlice	taken = {text->data, find(*text, c)};

	skip(text, taken.len < text->len ? taken.len + 1 : taken.len);
	return taken;
}

/* Takes a start off a text, ignoring case; false if it doesn't begin so. */
static bool
take_start(GhcSlice *text, GhcSlice start)
{
	if (text->len < start.len || strncasecmp(text->data, start.data, start.len) != 0)
		return false;
	skip(text, start.len);
	return true;
}

static GhcSlice
trim(GhcSlice text)
{
	while (text.len > 0 && is_space(text.data[0]))
		skip(&text, 1);
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Reads a positive number that is all of the text. */
static bool
read_number(GhcSlice text, int64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < text.len; i++)
	{
		int			digit = text.data[i] - '0';

		if (digit < 0 || digit > 9 || *number > (INT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *number > 0;
}

static bool
is_login(GhcSlice text, size_t longest)
{
	if (text.len == 0 || text.len > longest)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.data[i]) && text.data[i] != '-' && text.data[i] != '_')
			return false;
	return true;
}

static bool
is_name(GhcSlice text)
{
	if (text.len == 0 || text.len > MAX_NAME ||
		ghc_slice_equals(text, GHC_SLICE(".")) || ghc_slice_equals(text, GHC_SLICE("..")))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.data[i]) && text.data[i] != '-' &&
			text.data[i] != '_' && text.data[i] != '.')
			return false;
	return true;
}

GhcSlice
ghc_item_host(GhcSlice api_url)
{
	GhcSlice	host;

	if (!take_start(&api_url, GHC_SLICE("https://")))
		(void) take_start(&api_url, GHC_SLICE("http://"));
	host = take_until(&api_url, '/');
	host.len = find(host, ':');
	if (host.len > strlen("api.") && find(host, '.') < host.len)
		(void) take_start(&host, GHC_SLICE("api."));
	return host;
}

/* Reads "owner/name", and whatever follows if that may be. */
static bool
read_path(GhcSlice path, size_t longest_login, bool may_go_on, GhcItem *item)
{
	GhcName    *name = &item->name;

	name->owner = take_until(&path, '/');
	name->name = take_until(&path, '/');
	if (!may_go_on && path.len > 0)
		return false;
	if (name->name.len > 4 &&
		equals_ignoring_case((GhcSlice) {name->name.data + name->name.len - 4, 4}, GHC_SLICE(".git")))
		name->name.len -= 4;
	return is_login(name->owner, longest_login) && is_name(name->name);
}

/* Takes the host that is meant off an address; *is_api: it is that of the API. */
static bool
take_host(GhcSlice *address, char end, GhcSlice host, bool *is_api)
{
	GhcSlice	named = take_until(address, end);
	size_t		user = find(named, '@');

	if (user < named.len)
		skip(&named, user + 1);
	named.len = find(named, ':');
	*is_api = take_start(&named, GHC_SLICE("api.")) && equals_ignoring_case(named, host);
	if (*is_api)
		return true;
	(void) take_start(&named, GHC_SLICE("www."));
	return equals_ignoring_case(named, host);
}

/* Takes off what an address begins with; false if it is none. */
static bool
take_scheme(GhcSlice *text)
{
	static const char *const schemes[] = {
		"https://", "http://", "git://", "ssh://", "git+https://", "git+ssh://"
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (take_start(text, ghc_slice_of(schemes[i])))
			return true;
	return false;
}

/* Reads what stands behind the host of an address. */
static bool
read_rest(GhcSlice path, size_t longest_login, bool is_api, GhcItem *item)
{
	path.len = find(path, '?');
	path.len = find(path, '#');
	is_api |= take_start(&path, GHC_SLICE("api/v3/"));
	if (is_api && take_start(&path, GHC_SLICE("repositories/")))
		return read_number(take_until(&path, '/'), &item->id);
	if (is_api && !take_start(&path, GHC_SLICE("repos/")))
		return false;
	return read_path(path, longest_login, true, item);
}

bool
ghc_item_parse(GhcSlice text, GhcSlice host, GhcItem *item)
{
	size_t		longest = equals_ignoring_case(host, GHC_SLICE("github.com")) ? MAX_LOGIN : MAX_NAME;
	GhcSlice	rest;
	bool		is_api = false;

	memset(item, 0, sizeof(*item));
	rest = text = trim(text);
	if (take_scheme(&rest))
		return take_host(&rest, '/', host, &is_api) &&
			read_rest(rest, longest, is_api, item);
	/* git@github.com:owner/name.git */
	if (find(text, '@') < find(text, ':') && find(text, ':') < text.len)
		return take_host(&rest, ':', host, &is_api) && !is_api &&
			read_path(rest, longest, false, item);
	if (find(text, '/') == text.len)
		return read_number(text, &item->id) || ghc_node_id_parse(text, &item->id);
	/* where a host has no dot, it may be an owner */
	if (find(host, '.') < host.len && take_host(&rest, '/', host, &is_api))
		return read_rest(rest, longest, is_api, item);
	return read_path(text, longest, false, item);
}

void
ghc_names_format(const GhcNames *names, GhcBuffer *out)
{
	ghc_buffer_puts(out, PREFIX);
	for (int i = 0; i < names->n; i++)
	{
		const GhcName *name = &names->names[i];

		ghc_buffer_printf(out, "%s%.*s/%.*s", i > 0 ? "," : "",
						  (int) name->owner.len, name->owner.data,
						  (int) name->name.len, name->name.data);
	}
}

bool
ghc_names_parse(GhcSlice text, GhcNames *names)
{
	names->n = 0;
	if (text.len <= strlen(PREFIX) || memcmp(text.data, PREFIX, strlen(PREFIX)) != 0)
		return false;
	skip(&text, strlen(PREFIX));
	while (text.len > 0)
	{
		GhcSlice	one = take_until(&text, ',');
		GhcName    *name = &names->names[names->n];

		if (names->n++ == GHC_MAX_MEMBERS)
			return false;
		name->owner = take_until(&one, '/');
		name->name = one;
		if (!is_login(name->owner, MAX_NAME) || !is_name(name->name))
			return false;
	}
	return true;
}
