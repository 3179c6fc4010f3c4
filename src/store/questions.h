/*-------------------------------------------------------------------------
 *
 * questions.h
 *	  Questions that sessions wait for answers to.
 *
 * A question is a row of its own; to workers it is a crawl of the most urgent
 * kind, with the negative of its id, and its task stands in the queue like
 * any other.  It is its asker's, who holds a lock on it (locks.h).
 *
 * Everything here runs between ghc_db_begin and ghc_db_commit, throws on
 * errors of the database, and returns memory of the current context.
 *
 * IDENTIFICATION
 *	  src/store/questions.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_QUESTIONS_H
#define GHC_QUESTIONS_H

#include "github/estimate.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

/* how a question stands */
typedef struct GhcQuestion
{
	bool		answered;
	GhcEstimate estimate;		/* of a plan that is answered */
	int			attempts;		/* requests in a row that brought nothing; 0
								 * in the first seconds, in which requests
								 * with many tokens may fail all at once */
	bool		failed;
	char	   *error;			/* NULL: none */
} GhcQuestion;

/* what GitHub said of a token */
typedef struct GhcTokenCheck
{
	const char *state;			/* ready, refused, benched, unreachable,
								 * unreadable */
	const char *reason;			/* NULL: none */
	int64		limit;			/* -1: unknown, like the next */
	int64		remaining;
	TimestampTz reset_at;		/* 0: unknown */
} GhcTokenCheck;

/* The question of a crawl's id that is negative. */
static inline int
ghc_questions_id(int64 crawl_id)
{
	return (int) -crawl_id;
}

/* Asker: an id for a question, to be locked before the question is made. */
extern int	ghc_questions_next_id(void);

/* Asker: makes the question what crawling "root" would cost, with its task. */
extern void ghc_questions_insert_plan(int id, const char *api_url,
									  const char *profile, const char *root,
									  int64 position);

/* Asker: makes the question how the tokens of a host are. */
extern void ghc_questions_insert_verify(int id, const char *api_url);

/* Asker: reads how a question stands; false if it is gone. */
extern bool ghc_questions_read(int id, GhcQuestion *question);

/*
 * Asker: answers what can't be asked for long, because the token's budget has
 * to wait, and returns for how many tokens no answer is there yet.
 */
extern int	ghc_questions_open_checks(int id);

/*
 * columns of ghcrawl_verify_tokens, and one more: on one of the rows of tokens
 * that share a budget, the names of all these
 */
#define GHC_CHECK_COLUMNS 8

/*
 * Asker: what came of the tokens, a list of arrays of GHC_CHECK_COLUMNS texts,
 * NULL for null.
 */
extern List *ghc_questions_checks(int id);

/* Removes a question with all it has. */
extern void ghc_questions_delete(int id);

/* Worker: the ids of all questions, an integer list. */
extern List *ghc_questions_list(void);

/* Worker: answers a plan. */
extern void ghc_questions_answer(int id, const GhcEstimate *estimate);

/* Worker: says why there will be no answer. */
extern void ghc_questions_fail(int id, const char *reason);

/* Worker: a request failed, or if reason is NULL, went well. */
extern void ghc_questions_note(int id, const char *reason);

/* Worker: answers how a token is, to all who ask. */
extern void ghc_questions_check(int token_id, const GhcTokenCheck *check);

#endif							/* GHC_QUESTIONS_H */
