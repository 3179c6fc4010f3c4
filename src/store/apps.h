/*-------------------------------------------------------------------------
 *
 * apps.h
 *	  GitHub Apps and where they are installed.
 *
 * An App is a row of ghcrawl.token that holds its id and names the file of its
 * key; each of its installations is one as well, with a budget from the
 * start, whose secret is in no table.
 *
 * Everything here runs between ghc_db_enter and ghc_db_leave or ghc_db_begin
 * and ghc_db_commit, throws on errors of the database, and returns memory of
 * the current context.
 *
 * IDENTIFICATION
 *	  src/store/apps.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_APPS_H
#define GHC_APPS_H

#include "github/rest.h"
#include "nodes/pg_list.h"

typedef struct GhcAppRow
{
	int			token_id;
	char	   *name;
	char	   *api_url;
	char	   *app_id;			/* or client id */
	char	   *file;			/* holds the private key */
	int64		installation_id;	/* the only one to use; 0: all */
	int			check;			/* the newest question about it; 0: none */
} GhcAppRow;

/* Adds an App; false if the name is taken.  The token_id isn't looked at. */
extern bool ghc_apps_insert(const GhcAppRow *app, const char *fingerprint,
							const char *added_by);

/* Asker, worker: the Apps that may be used, and those to be checked (GhcAppRow). */
extern List *ghc_apps_load(void);

/*
 * Worker: takes over what GitHub says of an App's installations: new ones are
 * added, those that can't be used are marked, and others that were marked so
 * are used again.  What isn't listed is gone if the list is whole.  Whoever
 * asks about the App is told of the new ones, too.
 */
extern void ghc_apps_write_list(int token_id, const GhcInstallation *list, int n,
								bool whole);

#endif							/* GHC_APPS_H */
