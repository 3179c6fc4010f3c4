/*-------------------------------------------------------------------------
 *
 * token_file.c
 *	  Secrets that are kept in files on the server, and their fingerprints.
 *
 * A file that holds anything but one token must not be sent to anybody, so
 * what it holds is checked before it is used, and no message quotes it.
 * GitHub's tokens have no fixed length (github-api.md 8); only what can't go
 * into a header is refused.
 *
 * IDENTIFICATION
 *	  src/store/token_file.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "storage/fd.h"

#include "store/token_file.h"

#define MAX_TOKEN_BYTES 8192

/* the PEM form of an RSA key of 16384 bits has 13,000 */
#define MAX_KEY_BYTES 16384

#define FINGERPRINT_BYTES 4

const char *
ghc_token_problem(const char *secret)
{
	size_t		len = strlen(secret);

	if (len == 0)
		return "it is empty";
	if (len > MAX_TOKEN_BYTES)
		return "it is too long for a token";
	if (strpbrk(secret, "\r\n") != NULL)
		return "it has more than one line";
	for (size_t i = 0; i < len; i++)
		if (secret[i] <= ' ' || secret[i] > '~')
			return "it has characters that no token has";
	return NULL;
}

/*
 * What keeps a regular file from being believed: whoever may write it has the
 * server send what is in it, or in the file that he puts a link to in its place.
 */
static const char *
file_problem(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "its file is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "its file belongs to somebody else than the server's user or root";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "its file may be written by others";
	return NULL;
}

/* Opens a file without waiting for anybody; -1 and what is wrong. */
static int
open_file(const char *path, char **problem)
{
	struct stat st;
	/* a pipe would keep us waiting for its writer, a terminal become ours */
	int			fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | PG_BINARY);
	const char *bad;

	if (fd < 0 || fstat(fd, &st) != 0)
		*problem = psprintf("could not open its file: %m");
	else if ((bad = file_problem(&st)) != NULL)
		*problem = pstrdup(bad);
	else
		return fd;
	if (fd >= 0)
		CloseTransientFile(fd);
	return -1;
}

/*
 * Reads a file of no more than "max" bytes, with its NUL, into text; its
 * length, or -1 and what is wrong.  Of a longer one there are max + 1.  Not by
 * stdio, whose buffer would keep the secret.
 */
static ssize_t
read_file(const char *path, char *text, size_t max, char **problem)
{
	int			fd = open_file(path, problem);
	ssize_t		len = 0;
	ssize_t		n = 1;

	if (fd < 0)
		return -1;
	while (n > 0 && (size_t) len <= max)
	{
		n = read(fd, text + len, max + 1 - len);
		len += Max(n, 0);
	}
	if (n < 0)
		*problem = psprintf("could not read its file: %m");
	CloseTransientFile(fd);
	text[len] = '\0';
	return n < 0 ? -1 : len;
}

char *
ghc_token_file_read(const char *path, char **problem)
{
	char		text[MAX_TOKEN_BYTES + 2];
	ssize_t		len = read_file(path, text, MAX_TOKEN_BYTES, problem);
	const char *bad;
	char	   *secret = NULL;

	if (len < 0)
		return NULL;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = '\0';
	bad = strlen(text) < (size_t) len ? "it has characters that no token has" :
		ghc_token_problem(text);
	if (bad != NULL)
		*problem = psprintf("its file does not hold one token: %s", bad);
	else
		secret = pstrdup(text);
	explicit_bzero(text, sizeof(text));
	return secret;
}

char *
ghc_token_key_read(const char *path, char **problem)
{
	char	   *text = palloc(MAX_KEY_BYTES + 2);
	ssize_t		len = read_file(path, text, MAX_KEY_BYTES, problem);

	if (len >= 0 && len <= MAX_KEY_BYTES && strlen(text) == (size_t) len)
		return text;
	if (len >= 0)
	{
		explicit_bzero(text, (size_t) len);
		*problem = pstrdup("its file does not hold one private key");
	}
	pfree(text);
	return NULL;
}

bool
ghc_token_file_is_exposed(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	return (st.st_mode & S_IROTH) != 0 ||
		((st.st_mode & S_IRGRP) != 0 && st.st_uid != 0);
}

char *
ghc_token_fingerprint(const char *secret)
{
	uint8		hash[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);
	const char *underscore = strchr(secret, '_');
	int			kind = underscore && underscore - secret < 12 ?
		(int) (underscore - secret) + 1 : 0;
	char	   *out;

	if (pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) secret, strlen(secret)) < 0 ||
		pg_cryptohash_final(ctx, hash, sizeof(hash)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(ctx));
	pg_cryptohash_free(ctx);
	out = psprintf("%.*s…", kind, secret);
	for (int i = 0; i < FINGERPRINT_BYTES; i++)
		out = psprintf("%s%02x", out, hash[i]);
	return out;
}
