/*-------------------------------------------------------------------------
 *
 * jwt_test.c
 *	  Tests of src/github/jwt.c: keys of all kinds, and what is signed.
 *
 * IDENTIFICATION
 *	  test/unit/jwt_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/jwt.h"

#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/base64.h"
#include "tap.h"

#define NOW INT64_C(1793000000)

static EVP_PKEY *
make_rsa(int bits)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY   *key = NULL;

	if (EVP_PKEY_keygen_init(context) != 1 ||
		EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) != 1 ||
		EVP_PKEY_keygen(context, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
make_ec(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY   *key = NULL;

	if (EVP_PKEY_keygen_init(context) != 1 ||
		EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) != 1 ||
		EVP_PKEY_keygen(context, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(context);
	return key;
}

/* What was written to a BIO, as a text of our own. */
static char *
take(BIO *bio)
{
	char	   *data;
	long		len = BIO_get_mem_data(bio, &data);
	char	   *text = calloc(1, (size_t) len + 1);

	memcpy(text, data, (size_t) len);
	BIO_free(bio);
	return text;
}

static char *
pkcs8(EVP_PKEY *key, const char *passphrase)
{
	BIO		   *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
								  passphrase, passphrase ? (int) strlen(passphrase) : 0,
								  NULL, NULL);
	return take(bio);
}

static char *
pkcs1(EVP_PKEY *key, const char *passphrase)
{
	BIO		   *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey_traditional(bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
										 (unsigned char *) passphrase,
										 passphrase ? (int) strlen(passphrase) : 0,
										 NULL, NULL);
	return take(bio);
}

static char *
public_half(EVP_PKEY *key)
{
	BIO		   *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PUBKEY(bio, key);
	return take(bio);
}

static void
test_issuers(void)
{
	static const char *const good[] = {"1", "1001", "Iv23liABCDEF", "Iv1.8a61f9b3a7aba766"};
	static const char *const bad[] = {"", "0", "01", "-1", " 1", "1 ", "a\"b", "a\\b", "a\nb", "\xc3\xa4"};
	char		long_one[GHC_JWT_MAX_ISSUER + 2] = "";

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(ghc_jwt_is_issuer(ghc_slice_of(good[i])), "issuer %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!ghc_jwt_is_issuer(ghc_slice_of(bad[i])), "no issuer: %zu", i);
	memset(long_one, 'a', sizeof(long_one) - 1);
	ok(!ghc_jwt_is_issuer(ghc_slice_of(long_one)), "too long for an issuer");
	ok(ghc_jwt_is_issuer((GhcSlice) {long_one, GHC_JWT_MAX_ISSUER}), "the longest one");
}

static void
test_key(char *pem, const char *want, const char *name)
{
	char		fingerprint[GHC_JWT_FINGERPRINT_BYTES];
	GhcBuffer	out = {0};
	const char *problem = ghc_jwt_read_key(ghc_slice_of(pem), fingerprint);

	is_str(problem ? problem : "none", want, name);
	problem = ghc_jwt_sign(&out, ghc_slice_of(pem), GHC_SLICE("1"), NOW);
	is_str(problem ? problem : "none", want, "the same when it is to sign");
	ghc_buffer_free(&out);
	free(pem);
}

static void
test_keys(EVP_PKEY *rsa)
{
	EVP_PKEY   *ec = make_ec();
	char	   *cut = pkcs8(rsa, NULL);
	char	   *twice = calloc(1, 10000);
	char	   *key = pkcs1(rsa, NULL);

	test_key(pkcs8(rsa, NULL), "none", "PKCS#8");
	test_key(pkcs1(rsa, NULL), "none", "PKCS#1");
	test_key(pkcs8(rsa, "secret"), "it is protected by a passphrase", "PKCS#8 with a passphrase");
	test_key(pkcs1(rsa, "secret"), "it is protected by a passphrase", "PKCS#1 with a passphrase");
	test_key(pkcs8(ec, NULL), "its key is no RSA key", "elliptic curve");
	test_key(public_half(rsa), "it holds no private key in PEM form", "public half");
	test_key(strdup(""), "it holds no private key in PEM form", "empty");
	test_key(strdup("ghp_0123456789"), "it holds no private key in PEM form", "a token");
	cut[strlen(cut) / 2] = '\0';
	test_key(cut, "it holds no private key in PEM form", "half a key");
	sprintf(twice, "\r\nBag Attributes: none\r\n%s\n%s", key, key);
	test_key(twice, "none", "with words before and another key after");
	free(key);
	EVP_PKEY_free(ec);
}

/* Decodes a part of a JWT, which ends at a dot or the end. */
static size_t
decode(const char **at, unsigned char *out, size_t size)
{
	size_t		len = strcspn(*at, ".");
	size_t		n = ghc_base64_decode((GhcSlice) {*at, len}, ghc_base64_url_digits,
									  out, size);

	*at += len + ((*at)[len] == '.');
	return n;
}

static void
test_token(EVP_PKEY *rsa, char *pem, const char *issuer, const char *claims)
{
	unsigned char part[3][1024] = {{0}};
	GhcBuffer	out = {0};
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const char *at;
	size_t		signed_len;
	size_t		n;

	ghc_buffer_puts(&out, "Bearer ");
	ok(ghc_jwt_sign(&out, ghc_slice_of(pem), ghc_slice_of(issuer), NOW) == NULL, "signed");
	at = out.data + 7;
	ok(strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(at),
	   "nothing that a header can't hold");
	decode(&at, part[0], sizeof(part[0]) - 1);
	is_str((char *) part[0], "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "the header");
	decode(&at, part[1], sizeof(part[1]) - 1);
	is_str((char *) part[1], claims, "the claims");
	signed_len = (size_t) (at - out.data) - 7 - 1;
	n = decode(&at, part[2], sizeof(part[2]));
	is_int(*at, 0, "three parts");
	ok(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, rsa) == 1 &&
	   EVP_DigestVerify(context, part[2], n, (unsigned char *) out.data + 7, signed_len) == 1,
	   "the signature holds");
	EVP_MD_CTX_free(context);
	ghc_buffer_free(&out);
}

/* One half of a fingerprint that openssl(1) tells of a key known here. */
static void
test_fingerprint(EVP_PKEY *rsa, EVP_PKEY *other)
{
	char		one[GHC_JWT_FINGERPRINT_BYTES] = "";
	char		same[GHC_JWT_FINGERPRINT_BYTES] = "";
	char		differs[GHC_JWT_FINGERPRINT_BYTES] = "";
	char	   *pem[] = {pkcs8(rsa, NULL), pkcs1(rsa, NULL), pkcs8(other, NULL)};

	ghc_jwt_read_key(ghc_slice_of(pem[0]), one);
	ghc_jwt_read_key(ghc_slice_of(pem[1]), same);
	ghc_jwt_read_key(ghc_slice_of(pem[2]), differs);
	is_int(strlen(one), 7 + 44, "a fingerprint's length");
	ok(strncmp(one, "SHA256:", 7) == 0 && one[50] == '=', "and form");
	is_str(same, one, "is the key's, not the file's");
	ok(strcmp(differs, one) != 0, "another key has another one");
	for (int i = 0; i < 3; i++)
		free(pem[i]);
}

int
main(void)
{
	EVP_PKEY   *rsa = make_rsa(2048);
	EVP_PKEY   *small = make_rsa(1024);
	EVP_PKEY   *large = make_rsa(4096);
	char	   *pem = pkcs8(rsa, NULL);
	char	   *large_pem = pkcs1(large, NULL);
	GhcBuffer	full = {.limit_bytes = 10};

	test_issuers();
	test_keys(rsa);
	test_token(rsa, pem, "1001", "{\"iat\":1792999940,\"exp\":1793000540,\"iss\":1001}");
	test_token(rsa, pem, "Iv23liX", "{\"iat\":1792999940,\"exp\":1793000540,\"iss\":\"Iv23liX\"}");
	test_token(rsa, pem, "99999999999999999999",
			   "{\"iat\":1792999940,\"exp\":1793000540,\"iss\":\"99999999999999999999\"}");
	test_token(large, large_pem, "1", "{\"iat\":1792999940,\"exp\":1793000540,\"iss\":1}");
	test_fingerprint(rsa, small);
	ok(ghc_jwt_sign(&full, ghc_slice_of(pem), GHC_SLICE("1"), NOW) == NULL && full.failed,
	   "a buffer that can't hold it says so itself");
	ghc_buffer_free(&full);
	free(pem);
	free(large_pem);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	EVP_PKEY_free(large);
	return done_testing();
}
