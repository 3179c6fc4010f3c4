/*-------------------------------------------------------------------------
 *
 * jwt.c
 *	  The signed claims by which a GitHub App proves who it is; see jwt.h.
 *
 * libcrypto would ask the terminal for the passphrase of a key that has one,
 * hence a callback of our own.  What goes wrong there is left in a queue of the
 * process, which is emptied: libcurl and the server use the same library.
 *
 * IDENTIFICATION
 *	  src/github/jwt.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/jwt.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/base64.h"

/* GitHub refuses claims that are from the future or live over ten minutes */
#define ISSUED_BEFORE_S 60
#define LIFE_S 540

/* a key of 16384 bits */
#define MAX_SIGNATURE_BYTES 2048

#define MAX_CLAIMS_BYTES (GHC_JWT_MAX_ISSUER + 100)

bool
ghc_jwt_is_issuer(GhcSlice issuer)
{
	if (issuer.len == 0 || issuer.len > GHC_JWT_MAX_ISSUER ||
		issuer.data[0] == '0')
		return false;
	for (size_t i = 0; i < issuer.len; i++)
	{
		char		c = issuer.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			  (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
			  (c == '-' && i > 0)))
			return false;
	}
	return true;
}

static bool
is_number(GhcSlice text)
{
	/* what is longer than any 64-bit number is not */
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.len <= 19;
}

/* libcrypto wants a passphrase: there is none */
static int
no_passphrase(char *buf, int size, int writing, void *wanted)
{
	(void) buf;
	(void) size;
	(void) writing;
	*(bool *) wanted = true;
	return -1;
}

/* The key in a PEM text; NULL, and what is wrong with it. */
static EVP_PKEY *
read_key(GhcSlice pem, const char **problem)
{
	bool		wanted = false;
	EVP_PKEY   *key = NULL;
	BIO		   *bio = pem.len <= INT32_MAX ?
		BIO_new_mem_buf(pem.data, (int) pem.len) : NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &wanted);
	BIO_free(bio);
	ERR_clear_error();
	if (wanted)
		*problem = "it is protected by a passphrase";
	else if (key == NULL)
		*problem = "it holds no private key in PEM form";
	else if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		*problem = "its key is no RSA key";
	else if (EVP_PKEY_size(key) > MAX_SIGNATURE_BYTES)
		*problem = "its key is too large";
	else
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

const char *
ghc_jwt_read_key(GhcSlice pem, char fingerprint[GHC_JWT_FINGERPRINT_BYTES])
{
	static const char prefix[] = "SHA256:";
	const char *problem = NULL;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int hash_len = 0;
	unsigned char *der = NULL;
	EVP_PKEY   *key = read_key(pem, &problem);
	char	   *text = fingerprint + sizeof(prefix) - 1;
	int			der_len;

	if (key == NULL)
		return problem;
	der_len = i2d_PUBKEY(key, &der);
	if (der_len <= 0 ||
		EVP_Digest(der, (size_t) der_len, hash, &hash_len, EVP_sha256(), NULL) != 1)
		problem = "its public half can't be computed";
	else
	{
		memcpy(fingerprint, prefix, sizeof(prefix));
		ghc_base64_pad(text, ghc_base64_encode(hash, hash_len,
											   ghc_base64_digits, text));
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return problem;
}

/* Appends bytes in the alphabet of URLs, without padding. */
static void
put_base64(GhcBuffer *out, const void *bytes, size_t n)
{
	char		text[GHC_BASE64_BYTES(MAX_SIGNATURE_BYTES)];

	ghc_base64_encode(bytes, n, ghc_base64_url_digits, text);
	ghc_buffer_puts(out, text);
}

static void
put_claims(GhcBuffer *out, GhcSlice issuer, int64_t now)
{
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	const char *quote = is_number(issuer) ? "" : "\"";
	char		claims[MAX_CLAIMS_BYTES];
	int			n = snprintf(claims, sizeof(claims),
							 "{\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"iss\":%s%.*s%s}",
							 now - ISSUED_BEFORE_S, now + LIFE_S, quote,
							 (int) issuer.len, issuer.data, quote);

	put_base64(out, header, sizeof(header) - 1);
	ghc_buffer_puts(out, ".");
	put_base64(out, claims, (size_t) n);
}

/* Signs what is in a buffer; the signature's length, 0 if that fails. */
static size_t
sign(EVP_PKEY *key, const char *data, size_t len,
	 unsigned char signature[MAX_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t		n = MAX_SIGNATURE_BYTES;
	bool		done = context != NULL &&
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(context, signature, &n, (const unsigned char *) data,
					   len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done ? n : 0;
}

const char *
ghc_jwt_sign(GhcBuffer *out, GhcSlice pem, GhcSlice issuer, int64_t now)
{
	const char *problem = NULL;
	unsigned char signature[MAX_SIGNATURE_BYTES];
	EVP_PKEY   *key = read_key(pem, &problem);
	size_t		start = out->len;
	size_t		n = 0;

	if (key == NULL)
		return problem;
	put_claims(out, issuer, now);
	if (!out->failed)
	{
		n = sign(key, out->data + start, out->len - start, signature);
		if (n == 0)
			problem = "its key can't sign";
		ghc_buffer_puts(out, ".");
		put_base64(out, signature, n);
	}
	EVP_PKEY_free(key);
	return problem;
}
