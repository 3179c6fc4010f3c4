/*-------------------------------------------------------------------------
 *
 * api.h
 *	  What SQL-callable functions share.
 *
 * IDENTIFICATION
 *	  src/api/api.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_API_H
#define GHC_API_H

/* Throws if the server is in recovery: nothing can be written there. */
extern void ghc_api_require_primary(void);

/* Throws if the transaction can't write, there or because it is read-only. */
extern void ghc_api_require_writable(void);

/* The schema that has the data of the present ghcrawl.api_url; throws if none does. */
extern char *ghc_api_require_data(void);

#endif							/* GHC_API_H */
