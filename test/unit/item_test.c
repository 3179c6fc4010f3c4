/*-------------------------------------------------------------------------
 *
 * item_test.c
 *	  What people write for a repository, and the text of tasks by name.
 *
 * IDENTIFICATION
 *	  test/unit/item_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>

#include "github/item.h"
#include "tap.h"

/* The item as a name or a number; "" if it is none. */
static const char *
read_item(const char *text, const char *host)
{
	static char out[300];
	GhcItem		item;

	if (!ghc_item_parse(ghc_slice_of(text), ghc_slice_of(host), &item))
		return "";
	if (item.id > 0)
		snprintf(out, sizeof(out), "%" PRId64, item.id);
	else
		snprintf(out, sizeof(out), "%.*s/%.*s", (int) item.name.owner.len, item.name.owner.data,
				 (int) item.name.name.len, item.name.name.data);
	return out;
}

static void
test_forms(void)
{
	static const char *const same[] = {
		"a-b/c.d_e", " a-b/c.d_e\r\n", "a-b/c.d_e/", "a-b/c.d_e.git", "a-b/c.d_e.GIT",
		"https://github.com/a-b/c.d_e", "http://github.com/a-b/c.d_e/", "HTTPS://GitHub.com/a-b/c.d_e.git",
		"https://www.github.com/a-b/c.d_e", "https://github.com:443/a-b/c.d_e", "https://me:pw@github.com/a-b/c.d_e",
		"https://github.com/a-b/c.d_e/tree/main/x", "https://github.com/a-b/c.d_e?tab=readme", "https://github.com/a-b/c.d_e#readme",
		"git://github.com/a-b/c.d_e.git", "ssh://git@github.com/a-b/c.d_e.git", "git+https://github.com/a-b/c.d_e.git",
		"git+ssh://git@github.com/a-b/c.d_e.git", "git@github.com:a-b/c.d_e.git", "git@github.com:a-b/c.d_e",
		"github.com/a-b/c.d_e", "www.github.com/a-b/c.d_e/issues", "api.github.com/repos/a-b/c.d_e",
		"https://api.github.com/repos/a-b/c.d_e", "https://api.github.com/repos/a-b/c.d_e/tags"
	};
	static const char *const seven[] = {
		"7", "007", " 7 ", "R_kgAH", "MDEwOlJlcG9zaXRvcnk3", "https://api.github.com/repositories/7",
		"https://api.github.com/repositories/7/languages"
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		is_str(read_item(same[i], "github.com"), "a-b/c.d_e", same[i]);
	for (size_t i = 0; i < sizeof(seven) / sizeof(seven[0]); i++)
		is_str(read_item(seven[i], "github.com"), "7", seven[i]);
	is_str(read_item("9223372036854775807", "github.com"), "9223372036854775807", "the largest id");
	is_str(read_item("12/34", "github.com"), "12/34", "numbers may be names");
	is_str(read_item("a/.git", "github.com"), "a/.git", "a name needn't be more than an ending");
	is_str(read_item("a/b.git.git", "github.com"), "a/b.git", "one ending is taken off");
	is_str(read_item("me_corp/x", "github.com"), "me_corp/x", "a managed user's login");
}

static void
test_others(void)
{
	static const char *const bad[] = {
		"", " ", "/", "a", "a/", "/b", "a//b", "a/b/c", "a/b//", "0", "-1", "1.5", "9223372036854775808",
		"a b/c", "a/b c", "a/b,c/d", "a/b\"", "a/b'", "a/b\\", "a/b{", "a/b\nc", "a.b/c", "a/.", "a/..", "a/\xc3\xa4", "a/b%20",
		"https://elsewhere.org/a/b", "https://github.com.elsewhere.org/a/b", "https://github.com@elsewhere.org/a/b",
		"https://github.com", "https://github.com/", "https://github.com/a", "https://github.com/a/", "ftp://github.com/a/b",
		"https://gist.github.com/a/b", "git@elsewhere.org:a/b", "git@github.com:a/b/c", "git@github.com:a", "git@api.github.com:a/b",
		"https://api.github.com/users/a", "https://api.github.com/repositories/", "https://api.github.com/repositories/x",
		"R_", "R_kgA", "U_kgAC", "MDQ6VXNlcjE="
	};
	char		name[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_str(read_item(bad[i], "github.com"), "", bad[i]);
	memset(name, 'x', sizeof(name));
	memcpy(name, "a/", 2);
	name[102] = '\0';
	ok(read_item(name, "github.com")[0] != '\0', "a name of a hundred characters");
	name[102] = 'x';
	name[103] = '\0';
	is_str(read_item(name, "github.com"), "", "one more");
	memset(name, 'x', sizeof(name));
	memcpy(name + 40, "/b", 3);
	is_str(read_item(name, "github.com"), "", "a login of forty characters");
	ok(read_item(name, "git.corp.example")[0] != '\0', "which another server may have");
	ok(read_item(name + 1, "github.com")[0] != '\0', "one of thirty-nine");
}

static void
test_hosts(void)
{
	static const char *const hosts[][2] = {
		{"https://api.github.com", "github.com"}, {"https://git.corp.example/api/v3", "git.corp.example"},
		{"https://api.corp.ghe.com", "corp.ghe.com"}, {"http://127.0.0.1:8080", "127.0.0.1"}, {"http://localhost:1/api", "localhost"},
		{"http://api.test", "test"}, {"http://api", "api"}
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		GhcSlice	host = ghc_item_host(ghc_slice_of(hosts[i][0]));

		ok(ghc_slice_equals(host, ghc_slice_of(hosts[i][1])), "%s", hosts[i][0]);
	}
	is_str(read_item("https://git.corp.example/a/b", "git.corp.example"), "a/b", "an address on another server");
	is_str(read_item("https://git.corp.example/api/v3/repos/a/b", "git.corp.example"), "a/b", "and of its API");
	is_str(read_item("https://github.com/a/b", "git.corp.example"), "", "where GitHub's are none");
	is_str(read_item("git/git", "git"), "git/git", "a host without a dot may be an owner");
}

static void
test_names(void)
{
	static const char *const bad[] = {
		"", "names:", "ids:1", "names:a", "names:a/", "names:/b", "names:a/b/c", "names:a/b,,c/d", "names:a/b c/d", "names:a/b\"", "names:../x"
	};
	static GhcNames names;
	GhcBuffer	text = {0};

	ok(ghc_names_parse(GHC_SLICE("names:a/b,C-d/e.f_g"), &names), "names are read");
	is_int(names.n, 2, "both");
	ok(ghc_slice_equals(names.names[1].name, GHC_SLICE("e.f_g")), "and whole");
	ghc_names_format(&names, &text);
	is_str(text.data, "names:a/b,C-d/e.f_g", "and written back");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!ghc_names_parse(ghc_slice_of(bad[i]), &names), "no names: \"%s\"", bad[i]);
	ghc_buffer_reset(&text);
	ghc_buffer_puts(&text, "names:a/b");
	for (int i = 1; i < GHC_MAX_MEMBERS; i++)
		ghc_buffer_printf(&text, ",a/b%d", i);
	ok(ghc_names_parse((GhcSlice) {text.data, text.len}, &names) && names.n == GHC_MAX_MEMBERS, "a hundred names");
	ghc_buffer_puts(&text, ",a/c");
	ok(!ghc_names_parse((GhcSlice) {text.data, text.len}, &names), "one more is too many");
	ghc_buffer_free(&text);
}

int
main(void)
{
	test_forms();
	test_others();
	test_hosts();
	test_names();
	return done_testing();
}
