/*-------------------------------------------------------------------------
 *
 * token_api.c
 *	  SQL-callable functions that add and remove tokens.
 *
 * No message of theirs quotes a secret, nor what a file holds, and their
 * errors keep the statement, which may hold one, out of the server's log.
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
#include "store/db.h"
#include "store/token_file.h"
#include "store/tokens.h"

PG_FUNCTION_INFO_V1(ghcrawl_add_token);
PG_FUNCTION_INFO_V1(ghcrawl_add_token_file);
PG_FUNCTION_INFO_V1(ghcrawl_remove_token);

/* Were name and secret given the wrong way round? */
static bool
looks_secret(const char *name)
{
	return strncmp(name, "github_pat_", 11) == 0 ||
		(strncmp(name, "gh", 2) == 0 && name[2] != '\0' && name[3] == '_');
}

/* Stores a token of which either the secret or the file is kept. */
static char *
add_token(const char *name, const char *secret, const char *kept_secret,
		  const char *file)
{
	char	   *fingerprint = ghc_token_fingerprint(secret);
	char	   *caller = GetUserNameFromId(GetUserId(), false);
	GhcDbScope	scope;

	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errhidestmt(true),
				 errmsg("a token needs a name")));
	if (looks_secret(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errhidestmt(true),
				 errmsg("the name of a token must not be a token"),
				 errhint("The name comes first, the secret or its file second.")));
	ghc_db_enter(&scope);
	if (!ghc_tokens_insert(name, ghc_api_url, kept_secret, file, fingerprint,
						   caller))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errhidestmt(true),
				 errmsg("token \"%s\" already exists", name),
				 errhint("Use another name, or ghcrawl_remove_token first.")));
	ghc_launch_wake();
	ghc_db_leave(&scope);
	return fingerprint;
}

Datum
ghcrawl_add_token(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *secret = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const char *problem = ghc_token_problem(secret);

	ghc_api_require_primary();
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errhidestmt(true),
				 errmsg("secret of token \"%s\" can't be used: %s", name, problem)));
	PG_RETURN_TEXT_P(cstring_to_text(add_token(name, secret, secret, NULL)));
}

Datum
ghcrawl_add_token_file(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *problem = NULL;
	char	   *secret;

	ghc_api_require_primary();
	/* what is in the file goes to a server outside */
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must have the rights of role \"%s\" to name a token file",
						"pg_read_server_files"),
				 errhint("Or use ghcrawl_add_token.")));
	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path of a token file must be absolute")));
	secret = ghc_token_file_read(path, &problem);
	if (secret == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("token \"%s\" can't be used: %s", name, problem),
				 errhint("The server reads the file; it must hold one line, the token.")));
	PG_RETURN_TEXT_P(cstring_to_text(add_token(name, secret, NULL, path)));
}

Datum
ghcrawl_remove_token(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context = CurrentMemoryContext;
	char	   *fingerprint;
	GhcDbScope	scope;

	ghc_api_require_primary();
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
