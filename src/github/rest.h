/*-------------------------------------------------------------------------
 *
 * rest.h
 *	  Answers of GitHub's REST API: what an App needs, lists of repositories.
 *
 * Pure: no SPI, no curl, no clock, no allocation.  The JSON is read in place;
 * slices point into it.
 *
 * IDENTIFICATION
 *	  src/github/rest.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_REST_H
#define GHC_REST_H

#include "base/slice.h"

/* room for the name of an account; GitHub allows 39 characters */
#define GHC_LOGIN_BYTES 101

/* a token that was made for an installation */
typedef struct GhcRestToken
{
	GhcSlice	token;			/* visible ASCII, of any length */
	int64_t		expires_at;		/* seconds since 1970, by GitHub's clock */
} GhcRestToken;

/* one place where an App is installed */
typedef struct GhcInstallation
{
	int64_t		id;
	char		login[GHC_LOGIN_BYTES]; /* of its account; empty if not told */
	bool		suspended;
} GhcInstallation;

/* Reads a new token; false if there is none that can be used. */
extern bool ghc_rest_read_token(GhcRestToken *out, char *json, size_t len);

/*
 * Reads a page of an App's installations, "max" at most; returns how many
 * there are, -1 if it is no such list.  A member without an id is left out.
 */
extern int	ghc_rest_read_installations(GhcInstallation *out, int max,
										char *json, size_t len);

/*
 * Reads a list of repositories: the ids of the public ones in the order they
 * have, "max" at most.  Returns how many, -1 if it is no such list; *last is the
 * greatest id of all, 0 if there are none.
 */
extern int	ghc_rest_read_ids(int64_t *ids, int max, int64_t *last, char *json,
							  size_t len);

#endif							/* GHC_REST_H */
