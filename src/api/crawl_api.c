/*-------------------------------------------------------------------------
 *
 * crawl_api.c
 *	  SQL-callable functions that start and steer crawls.
 *
 * They run in the caller's transaction; whatever they do is undone by its
 * rollback, the starting of workers included (see crawl/launch.c).
 *
 * IDENTIFICATION
 *	  src/api/crawl_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "api/crawl_api.h"
#include "api/selection_args.h"
#include "base/settings.h"
#include "crawl/launch.h"
#include "store/crawls.h"
#include "store/data.h"
#include "store/db.h"
#include "store/values.h"

PG_FUNCTION_INFO_V1(ghcrawl_start);
PG_FUNCTION_INFO_V1(ghcrawl_pause);
PG_FUNCTION_INFO_V1(ghcrawl_resume);
PG_FUNCTION_INFO_V1(ghcrawl_cancel);
PG_FUNCTION_INFO_V1(ghcrawl_retry_gaps);
PG_FUNCTION_INFO_V1(ghcrawl_ensure_workers);
PG_FUNCTION_INFO_V1(ghcrawl_begin_update);

/* the schema that is made where there is none yet */
#define DEFAULT_SCHEMA "github"

int
ghc_crawl_api_start_workers(void)
{
	int			missing;
	int			running;
	int			started = ghc_launch_missing(&missing, &running);

	if (missing > 0)
		ereport(running > 0 ? WARNING : ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no free background worker slot"),
				 errdetail("Of the %d workers wanted %d can run.",
						   ghc_workers, running),
				 errhint("You might need to increase \"%s\".",
						 "max_worker_processes")));
	return started;
}

static char *
role_name(void)
{
	return GetUserNameFromId(GetUserId(), false);
}

/* The schema for the present host, made in the caller's name if need be. */
static char *
require_schema(void)
{
	char	   *schema = ghc_data_find(ghc_api_url);

	if (schema != NULL)
		return schema;
	ghc_data_create(DEFAULT_SCHEMA, ghc_api_url, 0);
	return DEFAULT_SCHEMA;
}

void
ghc_crawl_api_prepare(GhcNewCrawl *crawl)
{
	GhcDbScope	scope;

	crawl->owner = role_name();
	crawl->api_url = ghc_api_url;
	ghc_db_enter(&scope);
	ghc_selection_args_check(crawl->profile);
	ghc_db_leave(&scope);
	crawl->data_schema = require_schema();
}

int64
ghc_crawl_api_insert(GhcNewCrawl *crawl, bool *is_new)
{
	int64		id = ghc_crawls_find_same(crawl->query, crawl->profile,
										  crawl->api_url);

	*is_new = id == 0;
	if (id == 0)
	{
		id = ghc_crawls_insert(crawl);
		if (id != 0)
		{
			ereport(NOTICE,
					(errmsg("crawl %lld is starting", (long long) id),
					 errhint("Watch it by SELECT * FROM ghcrawl.progress, or CALL ghcrawl_wait(%lld).",
							 (long long) id)));
			return id;
		}
		id = ghc_crawls_find_same(crawl->query, crawl->profile, crawl->api_url);
		*is_new = false;
		if (id == 0)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("another session started the same crawl just now"),
					 errhint("Try again.")));
	}
	ereport(NOTICE,
			(errmsg("crawl %lld of the same selection and profile is under way",
					(long long) id),
			 errhint("If it is paused, use ghcrawl_resume(%lld).", (long long) id)));
	return id;
}

Datum
ghcrawl_start(PG_FUNCTION_ARGS)
{
	GhcNewCrawl crawl = {0};
	GhcRoot		root;
	GhcDbScope	scope;
	int64		id;
	bool		is_new;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("selection, profile and priority must not be null")));
	ghc_api_require_writable();
	crawl.selection = text_to_cstring(PG_GETARG_TEXT_PP(0));
	crawl.profile = text_to_cstring(PG_GETARG_TEXT_PP(1));
	crawl.priority = PG_GETARG_INT32(2);
	crawl.max_repositories = PG_ARGISNULL(3) ? -1 : PG_GETARG_INT64(3);
	if (!PG_ARGISNULL(3) && crawl.max_repositories <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_repositories must be greater than zero")));
	ghc_selection_args_root(crawl.selection, &root);
	crawl.query = root.query;
	crawl.root = root.text;
	crawl.kind = root.kind;
	crawl.position = root.position;
	ghc_crawl_api_prepare(&crawl);

	ghc_db_enter(&scope);
	id = ghc_crawl_api_insert(&crawl, &is_new);
	ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	PG_RETURN_INT64(id);
}

/* Locks a crawl that the caller may steer; returns its state. */
static char *
lock_own_crawl(int64 crawl_id, Oid caller)
{
	char	   *owner;
	char	   *state = ghc_crawls_lock(crawl_id, &owner);
	Oid			owner_oid;
	Oid			admin = get_role_oid("ghcrawl_admin", true);

	if (state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("crawl %lld does not exist", (long long) crawl_id),
				 errhint("SELECT * FROM ghcrawl.crawls.")));
	owner_oid = get_role_oid(owner, true);
	if (!(OidIsValid(owner_oid) && has_privs_of_role(caller, owner_oid)) &&
		!(OidIsValid(admin) && has_privs_of_role(caller, admin)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of crawl %lld", (long long) crawl_id),
				 errdetail("It was started by \"%s\".", owner),
				 errhint("Members of ghcrawl_admin may steer any crawl.")));
	return state;
}

static bool
has_ended(const char *state)
{
	return strcmp(state, "running") != 0 && strcmp(state, "paused") != 0;
}

/*
 * Brings a crawl into a state; a state it has already is no error, an end
 * that it has come to is.
 */
static char *
steer(int64 crawl_id, const char *wanted)
{
	GhcDbScope	scope;
	Oid			caller = GetUserId();
	char	   *state;

	ghc_api_require_writable();
	ghc_db_enter(&scope);
	state = lock_own_crawl(crawl_id, caller);
	if (strcmp(state, wanted) != 0 && has_ended(state))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("crawl %lld has ended", (long long) crawl_id),
				 errdetail("Its state is \"%s\".", state),
				 errhint("Start it anew with ghcrawl_start.")));
	if (strcmp(state, wanted) != 0)
		ghc_crawls_set_state(crawl_id, wanted, NULL);
	if (strcmp(wanted, "running") == 0)
		ghc_crawl_api_start_workers();
	else
		ghc_launch_wake();
	ghc_db_leave(&scope);
	return pstrdup(wanted);
}

Datum
ghcrawl_pause(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(steer(PG_GETARG_INT64(0), "paused")));
}

Datum
ghcrawl_resume(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(steer(PG_GETARG_INT64(0), "running")));
}

Datum
ghcrawl_cancel(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(steer(PG_GETARG_INT64(0), "cancelled")));
}

/* Lets an ended crawl run again, unless another one does the same now. */
static void
run_again(int64 crawl_id)
{
	int64		same = ghc_crawls_find_same_as(crawl_id);

	if (same != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("crawl %lld of the same selection and profile is under way",
						(long long) same),
				 errhint("It reads what crawl %lld missed, too.",
						 (long long) crawl_id)));
	ghc_crawls_set_state(crawl_id, "running", NULL);
}

Datum
ghcrawl_retry_gaps(PG_FUNCTION_ARGS)
{
	int64		crawl_id = PG_GETARG_INT64(0);
	GhcDbScope	scope;
	Oid			caller = GetUserId();
	char	   *state;
	int64		n;

	ghc_api_require_writable();
	ghc_db_enter(&scope);
	state = lock_own_crawl(crawl_id, caller);
	if (strcmp(state, "cancelled") == 0 || strcmp(state, "failed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("crawl %lld was not read to its end", (long long) crawl_id),
				 errdetail("Its state is \"%s\".", state),
				 errhint("Start it anew with ghcrawl_start.")));
	n = ghc_crawls_open_gaps(crawl_id);
	if (n > 0 && has_ended(state))
		run_again(crawl_id);
	if (n > 0)
		ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	PG_RETURN_INT64(n);
}

Datum
ghcrawl_ensure_workers(PG_FUNCTION_ARGS)
{
	GhcDbScope	scope;
	int			started = 0;

	(void) fcinfo;
	ghc_api_require_primary();
	ghc_db_enter(&scope);
	if (ghc_crawls_count_running() > 0)
		started = ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	PG_RETURN_INT32(started);
}

/*
 * The first statement of every update script.  Versions are not compared: an
 * update may pass by one that doesn't fit.
 */
Datum
ghcrawl_begin_update(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	ghc_db_lock_out_workers();
	/* workers of the old version that ended are replaced by this one */
	if (!ghc_launch_worker(MyDatabaseId, GetTopFullTransactionId()))
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no free background worker slot"),
				 errhint("If crawls don't go on after the update, use ghcrawl_ensure_workers().")));
	PG_RETURN_VOID();
}
