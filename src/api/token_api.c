/*-------------------------------------------------------------------------
 *
 * token_api.c
 *	  SQL-callable functions that add and remove tokens and GitHub Apps.
 *
 * No message of theirs quotes a secret, nor what a file holds, and their
 * errors keep the statement and its parameters, which may hold one, out of the
 * server's log.
 *
 * IDENTIFICATION
 *	  src/api/token_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "base/settings.h"
#include "crawl/launch.h"
#include "github/jwt.h"
#include "store/apps.h"
#include "store/db.h"
#include "store/token_file.h"
#include "store/tokens.h"

PG_FUNCTION_INFO_V1(ghcrawl_add_token);
PG_FUNCTION_INFO_V1(ghcrawl_add_token_file);
PG_FUNCTION_INFO_V1(ghcrawl_add_app);
PG_FUNCTION_INFO_V1(ghcrawl_add_app_by_number);
PG_FUNCTION_INFO_V1(ghcrawl_add_app_by_numbers);
PG_FUNCTION_INFO_V1(ghcrawl_remove_token);

/* For errors: the statement isn't logged, nor its parameters. */
static void
hide_statement(void)
{
	errhidestmt(true);
	errhidecontext(true);
}

/* Were name and secret given the wrong way round? */
static bool
looks_secret(const char *name)
{
	return strncmp(name, "github_pat_", 11) == 0 ||
		(strncmp(name, "gh", 2) == 0 && name[2] != '\0' && name[3] == '_');
}

static void
check_name(const char *name)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 hide_statement(),
				 errmsg("a token needs a name")));
	if (looks_secret(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 hide_statement(),
				 errmsg("the name of a token must not be a token"),
				 errhint("The name comes first, the secret or its file second.")));
}

/* What is in a file goes to a server outside, or proves who we are there. */
static void
check_path(const char *path, const char *otherwise)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 hide_statement(),
				 errmsg("must have the rights of role \"%s\" to name a token file",
						"pg_read_server_files"),
				 otherwise ? errhint("%s", otherwise) : 0));
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 hide_statement(),
				 errmsg("path of a token file must be absolute")));
}

/* What others can read isn't secret, but it may be all that there is (containers). */
static void
warn_of_readers(const char *name, const char *path)
{
	if (ghc_token_file_is_exposed(path))
		ereport(WARNING,
				(errmsg("the file of \"%s\" can be read by others", name),
				 errhint("Permissions should be u=rw (0600) or less, or u=rw,g=r (0640) if it belongs to root.")));
}

/* After a token was added, or not; says if it is there under another name. */
static void
end_adding(bool added, const char *name, const char *fingerprint,
		   int64 installation_id)
{
	char	   *same;

	if (!added)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 hide_statement(),
				 errmsg("token \"%s\" already exists", name),
				 errhint("Use another name, or ghcrawl_remove_token first.")));
	same = ghc_tokens_find_same(name, ghc_api_url, fingerprint, installation_id);
	if (same != NULL)
		ereport(NOTICE,
				(hide_statement(),
				 errmsg("\"%s\" is the same as \"%s\"", name, same),
				 errhint("It brings no more quota.")));
	ghc_launch_wake();
}

/* Stores a token of which either the secret or the file is kept. */
static void
add_token(const char *name, const char *secret, const char *file,
		  const char *fingerprint)
{
	char	   *caller = GetUserNameFromId(GetUserId(), false);
	GhcDbScope	scope;

	ghc_db_enter(&scope);
	end_adding(ghc_tokens_insert(name, ghc_api_url, secret, file,
								 fingerprint, caller), name, fingerprint, 0);
	ghc_db_leave(&scope);
}

Datum
ghcrawl_add_token(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *secret = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *problem = ghc_token_problem(secret);
	char	   *fingerprint;

	ghc_api_require_writable();
	check_name(name);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 hide_statement(),
				 errmsg("secret of token \"%s\" can't be used: %s", name, problem)));
	fingerprint = ghc_token_fingerprint(secret);
	add_token(name, secret, NULL, fingerprint);
	PG_RETURN_TEXT_P(cstring_to_text(fingerprint));
}

Datum
ghcrawl_add_token_file(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *problem = NULL;
	char	   *secret;
	char	   *fingerprint;

	ghc_api_require_writable();
	check_name(name);
	check_path(path, "Or use ghcrawl_add_token.");
	secret = ghc_token_file_read(path, &problem);
	if (secret == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("token \"%s\" can't be used: %s", name, problem),
				 errhint("The server reads the file; it must hold one line, the token, and nobody but root and the server's user may own or write it.")));
	fingerprint = ghc_token_fingerprint(secret);
	explicit_bzero(secret, strlen(secret));
	add_token(name, NULL, path, fingerprint);
	warn_of_readers(name, path);
	PG_RETURN_TEXT_P(cstring_to_text(fingerprint));
}

/* The fingerprint of the key in a file; throws if it is none. */
static char *
check_key(const char *name, const char *path)
{
	char		fingerprint[GHC_JWT_FINGERPRINT_BYTES];
	char	   *problem = NULL;
	char	   *pem = ghc_token_key_read(path, &problem);
	const char *bad = NULL;

	if (pem != NULL)
	{
		bad = ghc_jwt_read_key(ghc_slice_of(pem), fingerprint);
		explicit_bzero(pem, strlen(pem));
		pfree(pem);
	}
	if (pem == NULL || bad != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key of App \"%s\" can't be used: %s", name,
						bad ? bad : problem),
				 errhint("The server reads the file; it must hold the private key that GitHub made for the App, in PEM form and without a passphrase, and nobody but root and the server's user may own or write it.")));
	return pstrdup(fingerprint);
}

/* An installation's id; 0 for all. */
static int64
parse_installation(const char *text)
{
	char	   *end;
	int64		id;

	if (strcmp(text, "all") == 0)
		return 0;
	errno = 0;
	id = strtoi64(text, &end, 10);
	if (errno != 0 || id <= 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("installation \"%s\" is neither a number nor \"all\"", text),
				 errhint("The number is at the end of the address of the installation's page on GitHub.")));
	return id;
}

static char *
add_app(char *name, char *app_id, char *path, const char *installation)
{
	GhcAppRow	app = {
		.name = name, .api_url = ghc_api_url, .app_id = app_id, .file = path
	};
	char	   *caller = GetUserNameFromId(GetUserId(), false);
	char	   *fingerprint;
	GhcDbScope	scope;

	ghc_api_require_writable();
	check_name(name);
	if (!ghc_jwt_is_issuer(ghc_slice_of(app_id)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an App's id is a number, or a client id such as \"%s\"",
						"Iv23liAbCdEfGhIjKlMn"),
				 errhint("Both are on the App's settings page on GitHub.")));
	app.installation_id = parse_installation(installation);
	check_path(path, NULL);
	fingerprint = check_key(name, path);
	ghc_db_enter(&scope);
	end_adding(ghc_apps_insert(&app, fingerprint, caller), name, fingerprint,
			   app.installation_id);
	ghc_db_leave(&scope);
	warn_of_readers(name, path);
	return fingerprint;
}

Datum
ghcrawl_add_app(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(add_app(text_to_cstring(PG_GETARG_TEXT_PP(0)),
											 text_to_cstring(PG_GETARG_TEXT_PP(1)),
											 text_to_cstring(PG_GETARG_TEXT_PP(2)),
											 text_to_cstring(PG_GETARG_TEXT_PP(3)))));
}

Datum
ghcrawl_add_app_by_number(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(add_app(text_to_cstring(PG_GETARG_TEXT_PP(0)),
											 psprintf("%lld", (long long) PG_GETARG_INT64(1)),
											 text_to_cstring(PG_GETARG_TEXT_PP(2)),
											 text_to_cstring(PG_GETARG_TEXT_PP(3)))));
}

Datum
ghcrawl_add_app_by_numbers(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(add_app(text_to_cstring(PG_GETARG_TEXT_PP(0)),
											 psprintf("%lld", (long long) PG_GETARG_INT64(1)),
											 text_to_cstring(PG_GETARG_TEXT_PP(2)),
											 psprintf("%lld", (long long) PG_GETARG_INT64(3)))));
}

Datum
ghcrawl_remove_token(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	char	   *fingerprint;
	GhcDbScope	scope;

	ghc_api_require_writable();
	check_name(name);
	ghc_db_enter(&scope);
	fingerprint = ghc_tokens_delete(name);
	if (fingerprint == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("token \"%s\" does not exist", name),
				 errhint("SELECT name FROM ghcrawl.tokens.")));
	fingerprint = MemoryContextStrdup(context, fingerprint);
	ghc_launch_wake();
	ghc_db_leave(&scope);
	PG_RETURN_TEXT_P(cstring_to_text(fingerprint));
}
