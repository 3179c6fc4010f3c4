/*-------------------------------------------------------------------------
 *
 * tokens.h
 *	  Tokens and the budgets they belong to.
 *
 * Everything here runs between ghc_db_enter and ghc_db_leave or ghc_db_begin
 * and ghc_db_commit, throws on errors of the database, and returns memory of
 * the current context.  A secret is never part of a message.
 *
 * IDENTIFICATION
 *	  src/store/tokens.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TOKENS_H
#define GHC_TOKENS_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

typedef struct GhcToken
{
	int			token_id;
	int			budget_id;		/* 0: not known yet */
	char	   *name;
	char	   *api_url;
	char	   *secret;			/* NULL: it is in the file */
	char	   *file;
	int			of_app;			/* the App that makes its secrets; 0: none */
	int64		installation_id;
	int			check;			/* the newest question about it; 0: none */
	TimestampTz benched_until;	/* while it has no budget; 0: it isn't */
	char	   *benched_for;
} GhcToken;

/* a budget as it is stored; the worker's meter is GhcBudget */
typedef struct GhcBudgetRow
{
	int			budget_id;
	char	   *api_url;
	char	   *login;
	int64		points_hour;	/* limits; 0: none */
	int			requests_minute;
	int			response_ms_minute;
	int			total_ms_minute;
	int			window_ms;
	int			concurrent;
	int			reserve;		/* percent */
	int64		limit;			/* -1: unknown, like the next */
	int64		remaining;
	TimestampTz reset_at;		/* 0: unknown */
	int			minute_requests;
	int			minute_response_ms;
	TimestampTz benched_until;	/* 0: not benched */
	char	   *benched_for;
	int64		spent;			/* points, of those that reset_at gives back */
	const char *paced_by;		/* NULL: nothing sets a pace; not loaded */
	double		pace;			/* points an hour; not loaded */
	bool		released;		/* its holder has stopped using it */
	bool		unmetered;		/* the server tells of no limits */
	TimestampTz updated_at;
	int64		points_used;	/* to add, when saved */
	int64		requests;		/* to add, when saved */

	/* the same of the REST API */
	int64		rest_hour;
	int64		rest_limit;
	int64		rest_remaining;
	TimestampTz rest_reset_at;
	int64		rest_spent;
	int			rest_minute_requests;
	int			rest_minute_ms;
	TimestampTz rest_benched_until;
	int64		rest_requests;
	int64		not_modified;	/* of these */
} GhcBudgetRow;

/* the largest that ghcrawl.budget takes */
#define GHC_MAX_CONCURRENT 200
#define GHC_MAX_RESERVE 90

/* limits that somebody sets; -1: stays as it is */
typedef struct GhcLimitsChange
{
	int64		points_hour;
	int			requests_minute;
	int			response_ms_minute;
	int			concurrent;
	int			reserve;
} GhcLimitsChange;

/* Adds a token by its secret or its file; false if the name is taken. */
extern bool ghc_tokens_insert(const char *name, const char *api_url,
							  const char *secret, const char *file,
							  const char *fingerprint, const char *added_by);

/*
 * The name of another token that has the same fingerprint, or NULL; of Apps, if
 * both may use the same installation (0: all).
 */
extern char *ghc_tokens_find_same(const char *name, const char *api_url,
								  const char *fingerprint,
								  int64 installation_id);

/* Removes a token; its fingerprint, or NULL if there is none of that name. */
extern char *ghc_tokens_delete(const char *name);

/* How many tokens of a host may be used. */
extern int	ghc_tokens_count(const char *api_url);

/* Addresses of all hosts that tokens were added for, a list of strings. */
extern List *ghc_tokens_hosts(void);

/*
 * When the first token of a host may be used as far as limits go; 0 if there
 * is none.
 */
extern TimestampTz ghc_tokens_ready_at(const char *api_url);

/*
 * Worker: the tokens that may be used (GhcToken), and those that are to be
 * checked; refused ones of these without a budget.
 */
extern List *ghc_tokens_load(void);

/* Worker: notes whose token it is, and that it works; returns the budget's id. */
extern int	ghc_tokens_set_budget(int token_id, const char *api_url,
								  int64 account_id, const char *login);

/* Worker: a token whose budget is known was refused and works again. */
extern void ghc_tokens_accept(int token_id);

/* The name of another token of a budget that may be used, or NULL. */
extern char *ghc_tokens_find_fellow(int token_id, int budget_id);

/* why the installations of an App that is refused are so, in SQL */
#define GHC_TOKENS_APP_REFUSED "'its App is refused'"

/* Worker: GitHub lets a token wait of which it isn't known yet whose it is. */
extern void ghc_tokens_bench(int token_id, TimestampTz until, const char *reason);

/*
 * Worker: GitHub refuses the token for good, or the App and with it its
 * installations.
 */
extern void ghc_tokens_refuse(int token_id, const char *reason);

/* Does a token of that name exist?  *budget_id is 0 if it isn't known yet. */
extern bool ghc_tokens_find_budget(const char *name, int *budget_id);

/*
 * Changes limits of a budget.  The limit of GraphQL and REST together is raised
 * where it would be below that of GraphQL.
 */
extern void ghc_budgets_set_limits(int budget_id, const GhcLimitsChange *change);

/* Worker: all budgets that have a token (GhcBudgetRow). */
extern List *ghc_budgets_load(void);

/* Worker: writes down a budget's meter. */
extern void ghc_budgets_save(const GhcBudgetRow *budget);

#endif							/* GHC_TOKENS_H */
