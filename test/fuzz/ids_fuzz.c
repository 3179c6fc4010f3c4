/*-------------------------------------------------------------------------
 *
 * ids_fuzz.c
 *	  Small texts that stand for numbers: node ids, cursors, moments, base64,
 *	  the lists of ids that are stored (node_id.c, cursor.c, instant.c,
 *	  base64.c, idlist.c, idset.c), and issuers and keys of Apps (jwt.c).
 *
 * The first byte chooses, the rest is the text.  For any bytes:
 *
 *	- a node id or a cursor that is read is written back to the same text, and
 *	  what is written is read back;
 *	- a moment that is read is the one that the C library reads, less its
 *	  offset; what is written is what the C library writes;
 *	- base64 is written as OpenSSL writes it, and read back;
 *	- a stored list that is read ascends, and is written back the same; whatever
 *	  ascends is read back; a set holds what was added and nothing else;
 *	- an issuer that is accepted has characters that JSON takes as they are;
 *	  text that is no key is said to be none, both for reading and signing;
 *	- what a key signs is a token of three parts, whose claims are the issuer
 *	  and moments around now, and the key's public half verifies it; a key with
 *	  other bytes in its text is refused or signs likewise.
 *
 * The key is made at the start, as no key should lie about in a repository.  So
 * what a damaged one does isn't the same each time; all else is.
 *
 * IDENTIFICATION
 *	  test/fuzz/ids_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
/* strptime, timegm */
#define _GNU_SOURCE

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <time.h>

#include "base/base64.h"
#include "base/idlist.h"
#include "base/idset.h"
#include "fuzz.h"
#include "github/cursor.h"
#include "github/instant.h"
#include "github/jwt.h"
#include "github/node_id.h"

#define LAST_SECOND INT64_C(253402300799)
#define MAX_IDS 64

static void
check_node_id(GhcSlice text)
{
	FuzzBytes	bytes = {(const uint8_t *) text.data, text.len};
	char		out[GHC_NODE_ID_BYTES];
	char		legacy[GHC_NODE_ID_BYTES];
	int64_t		id = 0;
	int64_t		again = 0;

	if (ghc_node_id_parse(text, &id))
	{
		check(id > 0);
		ghc_node_id_format(id, out);
		ghc_node_id_format_legacy(id, legacy);
		check(ghc_slice_equals(text, ghc_slice_of(out)) ||
			  ghc_slice_equals(text, ghc_slice_of(legacy)));
	}
	id = fuzz_int64(&bytes);
	if (id <= 0)
		return;
	ghc_node_id_format(id, out);
	check(ghc_node_id_parse(ghc_slice_of(out), &again) && again == id);
	ghc_node_id_format_legacy(id, legacy);
	check(ghc_node_id_parse(ghc_slice_of(legacy), &again) && again == id);
}

static void
check_cursor(GhcSlice text)
{
	char		out[GHC_CURSOR_BYTES];
	int			offset = ghc_cursor_parse(text);

	check(offset >= -1);
	if (offset >= 0)
	{
		ghc_cursor_format(offset, out);
		check(ghc_slice_equals(text, ghc_slice_of(out)));
	}
	offset = text.len < 2 ? 0 : (unsigned char) text.data[0] << 8 | (unsigned char) text.data[1];
	offset %= 10000;
	ghc_cursor_format(offset, out);
	check(ghc_cursor_parse(ghc_slice_of(out)) == offset);
}

/* The fixed part of a moment as the C library reads it; -1 if it doesn't. */
static int64_t
read_by_libc(GhcSlice text, size_t len, const char *form)
{
	char		copy[32] = "";
	char		again[32];
	struct tm	tm = {0};
	time_t		at;

	memcpy(copy, text.data, len);
	if (strptime(copy, form, &tm) == NULL)
		return -1;
	at = timegm(&tm);
	gmtime_r(&at, &tm);
	strftime(again, sizeof(again), form, &tm);
	return strcmp(again, copy) == 0 ? (int64_t) at : -1;
}

static void
check_instant(GhcSlice text)
{
	FuzzBytes	bytes = {(const uint8_t *) text.data, text.len};
	int64_t		seconds = -1;
	int64_t		number = fuzz_int64(&bytes);
	bool		is_date;
	char		out[GHC_INSTANT_BYTES];
	struct tm	tm;
	char		want[32];
	time_t		at;

	if (ghc_instant_parse(text, &seconds, &is_date))
	{
		check(seconds >= 0 && seconds <= LAST_SECOND);
		if (is_date)
			check(read_by_libc(text, 10, "%Y-%m-%d") == seconds);
		else
		{
			int64_t		local = read_by_libc(text, 19, "%Y-%m-%dT%H:%M:%S");
			char		end = text.data[text.len - 1];

			check(end == 'Z' ? local == seconds :
				  local - seconds < 16 * 3600 && seconds - local < 16 * 3600);
		}
	}
	else if (text.len == 20 && text.data[19] == 'Z')
		check(read_by_libc(text, 19, "%Y-%m-%dT%H:%M:%S") < 0);
	else if (text.len == 10)
		check(read_by_libc(text, 10, "%Y-%m-%d") < 0);

	ghc_instant_format(number, out);
	at = (time_t) (number < 0 ? 0 : number > LAST_SECOND ? LAST_SECOND : number);
	gmtime_r(&at, &tm);
	strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
	check(strcmp(want, out) == 0);
	check(ghc_instant_parse(ghc_slice_of(out), &seconds, &is_date) &&
		  seconds == (int64_t) at);
}

static void
check_base64(GhcSlice text)
{
	char	   *out = malloc(GHC_BASE64_BYTES(text.len));
	char	   *want = malloc(GHC_BASE64_BYTES(text.len));
	unsigned char *plain = malloc(text.len + 1);
	size_t		len;

	len = ghc_base64_encode((const unsigned char *) text.data, text.len,
							ghc_base64_digits, out);
	check(len == strlen(out));
	check(ghc_base64_decode((GhcSlice) {out, len}, ghc_base64_digits, plain, text.len) == text.len);
	check(text.len == 0 || memcmp(plain, text.data, text.len) == 0);
	if (text.len > 0)
		check(ghc_base64_decode((GhcSlice) {out, len}, ghc_base64_digits, plain, text.len - 1) == 0);
	ghc_base64_pad(out, len);
	EVP_EncodeBlock((unsigned char *) want, (const unsigned char *) text.data, (int) text.len);
	check(strcmp(out, want) == 0);

	/* whatever the text, it is read within bounds */
	check(ghc_base64_decode(text, ghc_base64_url_digits, plain, text.len) <= text.len);
	free(out);
	free(want);
	free(plain);
}

static void
check_idlist(GhcSlice text)
{
	FuzzBytes	bytes = {(const uint8_t *) text.data, text.len};
	int64_t		ids[MAX_IDS];
	int64_t		again[MAX_IDS];
	GhcBuffer	out = {0};
	GhcIdSet	set = {0};
	int			n = ghc_idlist_decode(text, ids, MAX_IDS);

	check(n >= -1 && n <= MAX_IDS);
	for (int i = 0; i < n; i++)
		check(ids[i] > (i > 0 ? ids[i - 1] : 0));

	/* any ids, sorted and without those that are twice or no ids */
	n = 0;
	while (bytes.left > 0 && n < MAX_IDS)
	{
		ids[n] = fuzz_int64(&bytes);
		if (ids[n] > 0 && ghc_idset_add(&set, ids[n]))
			n++;
		else
			check(ids[n] <= 0 || ghc_idset_has(&set, ids[n]));
	}
	ghc_idlist_sort(ids, (size_t) n);
	check(set.n == (size_t) n);
	ghc_idlist_encode(ids, (size_t) n, &out);
	check(ghc_idlist_decode((GhcSlice) {out.data, out.len}, again, n) == n);
	for (int i = 0; i < n; i++)
	{
		check(i == 0 || ids[i] > ids[i - 1]);
		check(again[i] == ids[i] && ghc_idset_has(&set, ids[i]));
		if (ids[i] < INT64_MAX && (i == n - 1 || ids[i + 1] > ids[i] + 1))
			check(!ghc_idset_has(&set, ids[i] + 1));
	}
	if (n > 0)
		check(ghc_idlist_decode((GhcSlice) {out.data, out.len}, again, n - 1) == -1);
	ghc_idset_free(&set);
	ghc_buffer_free(&out);
}

/* A key, and its text. */
typedef struct Key
{
	EVP_PKEY   *key;
	char	   *pem;
	size_t		len;
} Key;

/* The smallest that signs: the fewest bytes for inputs to damage. */
static const Key *
the_key(void)
{
	static Key	made;
	EVP_PKEY_CTX *context;
	BIO		   *bio;
	char	   *data;

	if (made.key != NULL)
		return &made;
	context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	bio = BIO_new(BIO_s_mem());
	if (EVP_PKEY_keygen_init(context) != 1 ||
		EVP_PKEY_CTX_set_rsa_keygen_bits(context, 512) != 1 ||
		EVP_PKEY_keygen(context, &made.key) != 1 ||
		PEM_write_bio_PrivateKey(bio, made.key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	made.len = (size_t) BIO_get_mem_data(bio, &data);
	made.pem = fuzz_copy(data, made.len);
	BIO_free(bio);
	EVP_PKEY_CTX_free(context);
	return &made;
}

/* Whether a token is what its key says of these claims. */
static void
check_token(EVP_PKEY *key, GhcSlice token, GhcSlice issuer, int64_t now)
{
	GhcSlice	part[3] = {token};
	unsigned char bytes[3][512];
	char		want[512];
	size_t		n[3];
	const char *quote = strspn(issuer.data, "0123456789") == issuer.len && issuer.len <= 19 ? "" : "\"";
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	for (int i = 0; i < 3; i++)
	{
		const char *dot = memchr(part[i].data, '.', part[i].len);

		check((dot == NULL) == (i == 2));
		if (dot != NULL)
		{
			part[i + 1] = (GhcSlice) {dot + 1, part[i].len - (size_t) (dot + 1 - part[i].data)};
			part[i].len = (size_t) (dot - part[i].data);
		}
		n[i] = ghc_base64_decode(part[i], ghc_base64_url_digits, bytes[i], sizeof(bytes[i]));
	}
	snprintf(want, sizeof(want), "{\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"iss\":%s%s%s}",
			 now - 60, now + 540, quote, issuer.data, quote);
	check(n[1] == strlen(want) && memcmp(bytes[1], want, n[1]) == 0);
	check(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestVerify(context, bytes[2], n[2], (const unsigned char *) token.data,
						   part[0].len + 1 + part[1].len) == 1);
	EVP_MD_CTX_free(context);
}

/* Signs with the key, and with it after some of its bytes were changed. */
static void
check_signing(FuzzBytes bytes)
{
	const Key  *key = the_key();
	char	   *pem = fuzz_copy(key->pem, key->len);
	GhcSlice	text = {pem, key->len};
	int64_t		now = fuzz_int64(&bytes) & INT64_C(0xFFFFFFFFFF);
	int			changes = fuzz_byte(&bytes) % 4;
	char		issuer[GHC_JWT_MAX_ISSUER + 1] = "1";
	char		fingerprint[GHC_JWT_FINGERPRINT_BYTES];
	GhcBuffer	out = {0};
	const char *error;

	for (int i = 0; i < changes; i++)
	{
		size_t		at = (size_t) fuzz_byte(&bytes) << 8 | fuzz_byte(&bytes);

		pem[at % key->len] = (char) fuzz_byte(&bytes);
	}
	if (bytes.left < sizeof(issuer) &&
		ghc_jwt_is_issuer((GhcSlice) {(const char *) bytes.data, bytes.left}))
		snprintf(issuer, sizeof(issuer), "%.*s", (int) bytes.left, (const char *) bytes.data);
	error = ghc_jwt_read_key(text, fingerprint);
	check(changes > 0 || error == NULL);
	error = ghc_jwt_sign(&out, text, ghc_slice_of(issuer), now);
	check(changes > 0 || error == NULL);
	if (changes == 0)
		check_token(key->key, (GhcSlice) {out.data, out.len}, ghc_slice_of(issuer), now);
	ghc_buffer_free(&out);
	free(pem);
}

static void
check_jwt(GhcSlice text)
{
	char		fingerprint[GHC_JWT_FINGERPRINT_BYTES];
	GhcBuffer	out = {0};
	const char *error;

	if (ghc_jwt_is_issuer(text))
		for (size_t i = 0; i < text.len; i++)
			check(text.data[i] > ' ' && text.data[i] <= '~' &&
				  text.data[i] != '"' && text.data[i] != '\\');
	error = ghc_jwt_read_key(text, fingerprint);
	check((error == NULL) ==
		  (ghc_jwt_sign(&out, text, GHC_SLICE("1"), 1700000000) == NULL));
	ghc_buffer_free(&out);
	check_signing((FuzzBytes) {(const uint8_t *) text.data, text.len});
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[]) (GhcSlice) = {
		check_node_id, check_cursor, check_instant, check_base64, check_idlist,
		check_jwt,
	};
	char	   *copy;

	if (size == 0)
		return 0;
	copy = fuzz_copy(data + 1, size - 1);
	checks[data[0] % (sizeof(checks) / sizeof(checks[0]))] ((GhcSlice) {copy, size - 1});
	free(copy);
	return 0;
}
