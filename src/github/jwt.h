/*-------------------------------------------------------------------------
 *
 * jwt.h
 *	  The signed claims by which a GitHub App proves who it is.
 *
 * A JWT of the kind RS256 (github-api.md 8), signed by libcrypto.  Keys come
 * as the text of a PEM file (PKCS#1 or PKCS#8) and are kept nowhere.  Pure but
 * for libcrypto: no SPI, no curl, no clock, no palloc.
 *
 * IDENTIFICATION
 *	  src/github/jwt.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_JWT_H
#define GHC_JWT_H

#include "base/buffer.h"

/* "SHA256:", the hash as base64, NUL */
#define GHC_JWT_FINGERPRINT_BYTES 64

/* longest App id or client id that is taken */
#define GHC_JWT_MAX_ISSUER 100

/* Is it an App's number, or looks it like a client id ("Iv23…")? */
extern bool ghc_jwt_is_issuer(GhcSlice issuer);

/*
 * NULL if the text of a file is a key that GitHub's Apps sign with, and its
 * fingerprint: the SHA-256 of the public half, as openssl(1) computes it from
 * the DER form.  Otherwise what is wrong with it (static text that quotes
 * nothing).
 */
extern const char *ghc_jwt_read_key(GhcSlice pem,
									char fingerprint[GHC_JWT_FINGERPRINT_BYTES]);

/*
 * Appends a JWT of an issuer that ghc_jwt_is_issuer accepts.  "now" is the
 * server's clock in seconds since 1970.  NULL, or what is wrong with the key
 * (static text).  Whether memory ran out is known from the buffer.
 */
extern const char *ghc_jwt_sign(GhcBuffer *out, GhcSlice pem, GhcSlice issuer,
								int64_t now);

#endif							/* GHC_JWT_H */
