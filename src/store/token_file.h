/*-------------------------------------------------------------------------
 *
 * token_file.h
 *	  Secrets that are kept in files on the server, and their fingerprints.
 *
 * IDENTIFICATION
 *	  src/store/token_file.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TOKEN_FILE_H
#define GHC_TOKEN_FILE_H

/*
 * Reads a token from a file: one line of printable characters, which nobody but
 * root and the server's user may write.  Returns the
 * token, palloc'd, or NULL and in *problem why; never a piece of the file.
 * Needs no transaction.
 */
extern char *ghc_token_file_read(const char *path, char **problem);

/*
 * Reads the text of a file that should be a private key, unseen; palloc'd, to
 * be overwritten before it is freed.  NULL and the reason as above.
 */
extern char *ghc_token_key_read(const char *path, char **problem);

/*
 * May others read the file?  A group's reading is taken for meant if root gave it,
 * as PostgreSQL does with keys.
 */
extern bool ghc_token_file_is_exposed(const char *path);

/* Why a text can't be a token (a static text), or NULL if it can. */
extern const char *ghc_token_problem(const char *secret);

/*
 * What a token is known by: its kind, the part up to the first underscore,
 * and some digits of its SHA-256; palloc'd.
 */
extern char *ghc_token_fingerprint(const char *secret);

#endif							/* GHC_TOKEN_FILE_H */
