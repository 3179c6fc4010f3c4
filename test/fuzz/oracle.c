/*-------------------------------------------------------------------------
 *
 * oracle.c
 *	  What PostgreSQL's own JSON parser makes of a text; see oracle.h.
 *
 * The parser is the one of libpgcommon, which psql and pg_basebackup link, from
 * the same source as the server's.  Its memory comes from a block that is
 * emptied before each question, because what it took isn't given back where
 * it finds an error.
 *
 * IDENTIFICATION
 *	  test/fuzz/oracle.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "oracle.h"

#define MEMORY_BYTES (64 * 1024 * 1024)
#define HEADER_BYTES 16
#define ESCAPE_BYTES 6

#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType Answer;
#define ANSWER JSON_SUCCESS
#else
typedef void Answer;
#define ANSWER
#endif

static char memory[MEMORY_BYTES] __attribute__((aligned(16)));
static size_t memory_used;

static OracleNode nodes[ORACLE_MAX_BYTES + 1];
static int	open_nodes[ORACLE_MAX_NESTING + 1];

/* ---------------------------------------------------------------------------
 * memory, in place of src/common/fe_memutils.c
 * ---------------------------------------------------------------------------
 */

void *
palloc(Size size)
{
	char	   *piece = memory + memory_used;
	size_t		need = HEADER_BYTES + (size + 15) / 16 * 16;

	if (need > MEMORY_BYTES - memory_used)
		abort();
	memory_used += need;
	*(size_t *) piece = size;
	return piece + HEADER_BYTES;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
repalloc(void *pointer, Size size)
{
	size_t		old = *(size_t *) ((char *) pointer - HEADER_BYTES);
	void	   *new = palloc(size);

	return memcpy(new, pointer, old < size ? old : size);
}

void
pfree(void *pointer)
{
	(void) pointer;
}

char *
pstrdup(const char *text)
{
	size_t		size = strlen(text) + 1;

	return memcpy(palloc(size), text, size);
}

/* ---------------------------------------------------------------------------
 * mending
 * ---------------------------------------------------------------------------
 */

static uint32_t
mend_bytes(char *json, size_t len)
{
	uint32_t	replaced = 0;

	for (size_t i = 0; i < len;)
	{
		int			n = 1;

		if (json[i] & 0x80)
			n = pg_encoding_verifymbchar(PG_UTF8, json + i, (int) (len - i));
		if (n < 0)
		{
			json[i] = '?';
			replaced++;
			n = 1;
		}
		i += (size_t) n;
	}
	return replaced;
}

/* The code of \uXXXX at i, -1 if that isn't there. */
static long
escape_at(const char *json, size_t len, size_t i)
{
	char		digits[5] = "";

	if (i + ESCAPE_BYTES > len || json[i] != '\\' || json[i + 1] != 'u')
		return -1;
	memcpy(digits, json + i + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return strtol(digits, NULL, 16);
}

static uint32_t
mend_escapes(char *json, size_t len)
{
	uint32_t	replaced = 0;
	bool		in_string = false;

	for (size_t i = 0; i < len; i++)
	{
		long		code = in_string ? escape_at(json, len, i) : -1;
		long		next;

		if (json[i] == '"')
			in_string = !in_string;
		else if (code < 0)
			i += in_string && json[i] == '\\';
		else
		{
			next = escape_at(json, len, i + ESCAPE_BYTES);
			if (code >> 10 == 0xD800 >> 10 && next >> 10 == 0xDC00 >> 10)
				i += ESCAPE_BYTES;
			else if (code == 0 || code >> 11 == 0xD800 >> 11)
			{
				memcpy(json + i + 2, "fffd", 4);
				replaced++;
			}
			i += ESCAPE_BYTES - 1;
		}
	}
	return replaced;
}

/* ---------------------------------------------------------------------------
 * the parser's calls
 * ---------------------------------------------------------------------------
 */

typedef struct State
{
	Oracle	   *oracle;
	int			depth;
	char	   *key;			/* of the value that comes next */
} State;

static OracleNode *
add_node(State *state, OracleType type)
{
	OracleNode *node = &nodes[state->oracle->n++];

	memset(node, 0, sizeof(*node));
	node->type = type;
	node->end = state->oracle->n;
	node->key = ghc_slice_of(state->key);
	state->key = NULL;
	return node;
}

static void
open_node(State *state, OracleType type)
{
	open_nodes[state->depth++] = state->oracle->n;
	if (state->depth > state->oracle->depth)
		state->oracle->depth = state->depth;
	add_node(state, type);
}

static Answer
on_object(void *state)
{
	open_node(state, ORACLE_OBJECT);
	return ANSWER;
}

static Answer
on_array(void *state)
{
	open_node(state, ORACLE_ARRAY);
	return ANSWER;
}

static Answer
on_end(void *arg)
{
	State	   *state = arg;

	nodes[open_nodes[--state->depth]].end = state->oracle->n;
	return ANSWER;
}

static Answer
on_key(void *arg, char *key, bool isnull)
{
	State	   *state = arg;

	(void) isnull;
	state->key = key;
	return ANSWER;
}

static Answer
on_scalar(void *arg, char *token, JsonTokenType type)
{
	OracleNode *node = add_node(arg, type == JSON_TOKEN_STRING ? ORACLE_STRING :
								type == JSON_TOKEN_NUMBER ? ORACLE_NUMBER :
								type == JSON_TOKEN_NULL ? ORACLE_NULL :
								ORACLE_BOOL);

	node->text = ghc_slice_of(token);
	return ANSWER;
}

static bool
parse(Oracle *oracle, char *json, size_t len)
{
	State		state = {oracle, 0, NULL};
	JsonLexContext *lex;
	JsonSemAction actions = {
		.semstate = &state,
		.object_start = on_object,
		.object_end = on_end,
		.array_start = on_array,
		.array_end = on_end,
		.object_field_start = on_key,
		.scalar = on_scalar,
	};

#if PG_VERSION_NUM >= 170000
	lex = makeJsonLexContextCstringLen(NULL, json, len, PG_UTF8, true);
#else
	lex = makeJsonLexContextCstringLen(json, (int) len, PG_UTF8, true);
#endif
	return pg_parse_json(lex, &actions) == JSON_SUCCESS;
}

static bool
is_nested_too_deep(const char *json, size_t len)
{
	int			depth = 0;

	for (size_t i = 0; i < len && depth < ORACLE_MAX_NESTING; i++)
		depth += (json[i] == '[' || json[i] == '{') -
			(json[i] == ']' || json[i] == '}');
	return depth == ORACLE_MAX_NESTING;
}

void
oracle_ask(Oracle *oracle, const char *json, size_t len, bool mend)
{
	char	   *copy;

	memset(oracle, 0, sizeof(*oracle));
	oracle->nodes = nodes;
	if (len > ORACLE_MAX_BYTES || is_nested_too_deep(json, len))
		return;
	memory_used = 0;
	copy = palloc(len + 1);
	if (len > 0)
		memcpy(copy, json, len);
	copy[len] = '\0';
	if (mend)
		oracle->replaced = mend_bytes(copy, len) + mend_escapes(copy, len);
	oracle->accepted = parse(oracle, copy, len);
	oracle->judged = true;
}

bool
oracle_is_text(GhcSlice text)
{
	return text.len == 0 ||
		pg_encoding_verifymbstr(PG_UTF8, text.data, (int) text.len) == (int) text.len;
}

bool
oracle_int(const OracleNode *node, int64_t *value)
{
	char	   *end;

	if (node->type != ORACLE_NUMBER || strpbrk(node->text.data, ".eE") != NULL)
		return false;
	errno = 0;
	*value = strtoll(node->text.data, &end, 10);
	return errno == 0 && *end == '\0';
}

int
oracle_member(const Oracle *oracle, int object, const char *key)
{
	int			found = -1;

	if (object < 0 || oracle->nodes[object].type != ORACLE_OBJECT)
		return -1;
	for (int i = object + 1; i < oracle->nodes[object].end; i = oracle->nodes[i].end)
		if (ghc_slice_equals(oracle->nodes[i].key, ghc_slice_of(key)))
			found = i;
	return found;
}
