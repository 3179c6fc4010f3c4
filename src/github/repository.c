/*-------------------------------------------------------------------------
 *
 * repository.c
 *	  Reads one repository of a reply; see repository.h and reply.h.
 *
 * All repositories of a reply answer one query and so have their keys in one
 * order.  Which key stood at which place is therefore kept from one to the
 * next and tried first; only where that fails is a key read and looked up.
 *
 * Nothing is trusted: a value is noted or dropped where it isn't what was
 * asked for.  What comes twice ends the scan: which of the two is meant?
 *
 * IDENTIFICATION
 *	  src/github/repository.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/repository.h"

#include "github/node_id.h"

/* keys that are no field's */
#define KEY_NODE_ID GHC_FIELD_COUNT
#define KEY_TYPENAME (GHC_FIELD_COUNT + 1)
#define KEY_UNKNOWN GHC_KNOWN_KEYS
#define KEY_END (-1)

void
ghc_repository_begin(GhcRepositoryReader *reader, GhcScan *scan,
					 GhcArena *arena, bool extra)
{
	memset(reader, 0, sizeof(*reader));
	reader->scan = scan;
	reader->arena = arena;
	reader->extra = extra;
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
	{
		reader->keys[i] = ghc_slice_of(ghc_fields[i].key);
		reader->members[i] = ghc_slice_of(ghc_fields[i].member);
	}
	reader->keys[KEY_NODE_ID] = GHC_SLICE("id");
	reader->keys[KEY_TYPENAME] = GHC_SLICE("__typename");
}

void
ghc_repository_end(GhcRepositoryReader *reader)
{
	ghc_buffer_free(&reader->extra_json);
}

static void
fail_memory(GhcRepositoryReader *reader)
{
	reader->out_of_memory = true;
	ghc_scan_fail(reader->scan, "out of memory");
}

void *
ghc_repository_alloc(GhcRepositoryReader *reader, size_t size)
{
	void	   *piece = ghc_arena_alloc(reader->arena, size);

	if (piece == NULL)
		fail_memory(reader);
	return piece;
}

static int
find_key(const GhcRepositoryReader *reader, GhcSlice name)
{
	for (int i = 0; i < GHC_KNOWN_KEYS; i++)
		if (reader->keys[i].len > 0 && ghc_slice_equals(reader->keys[i], name))
			return i;
	return KEY_UNKNOWN;
}

/* Reads the key at this place of a repository; *name is set if unknown. */
static inline int
next_field(GhcRepositoryReader *reader, bool *first, int place, GhcSlice *name)
{
	int			key;

	if (place < GHC_ORDER_PLACES && reader->order[place] != KEY_UNKNOWN)
	{
		key = reader->order[place];
		if (ghc_scan_try_key(reader->scan, first, reader->keys[key]))
			return key;
	}
	if (!ghc_scan_next_key(reader->scan, first, name))
		return KEY_END;
	key = find_key(reader, *name);
	if (place < GHC_ORDER_PLACES)
		reader->order[place] = (unsigned char) key;
	return key;
}

/* Adds an unknown member to the extra ones, or passes over it. */
static void
read_extra(GhcRepositoryReader *reader, GhcRepository *repo, GhcSlice name)
{
	GhcBuffer  *json = &reader->extra_json;
	uint32_t	replaced = reader->scan->replaced;
	GhcSlice	value;

	if (!reader->extra)
	{
		ghc_scan_skip(reader->scan);
		return;
	}
	if (!ghc_scan_raw(reader->scan, &value))
	{
		repo->noted |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
		return;
	}
	ghc_buffer_puts(json, json->len == 0 ? "{\"" : ",\"");
	ghc_buffer_put_json(json, name);
	ghc_buffer_puts(json, "\":");
	ghc_buffer_put_slice(json, value);
	if (reader->scan->replaced != replaced)
		repo->noted |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
}

/* Turns the extra members into a value. */
static void
finish_extra(GhcRepositoryReader *reader, GhcRepository *repo)
{
	GhcBuffer  *json = &reader->extra_json;
	char	   *text;

	if (!reader->extra)
		return;
	if (json->len == 0)
	{
		repo->null |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
		return;
	}
	if (!ghc_buffer_puts(json, "}"))
	{
		fail_memory(reader);
		return;
	}
	text = ghc_repository_alloc(reader, json->len);
	if (text == NULL)
		return;
	memcpy(text, json->data, json->len);
	repo->value[GHC_FIELD_EXTRA].text.data = text;
	repo->value[GHC_FIELD_EXTRA].text.len = json->len;
	repo->set |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
}

/* Gives a repository its id, by databaseId or else by node id. */
static bool
identify(GhcRepositoryReader *reader, GhcRepository *repo)
{
	GhcFieldSet bit = GHC_FIELD_BIT(GHC_FIELD_REPO_ID);
	int64_t    *id = &repo->value[GHC_FIELD_REPO_ID].number;

	if ((repo->set & bit) == 0)
	{
		if (!ghc_node_id_parse(reader->node_id, id) || *id > GHC_MAX_ID)
			return false;
		repo->null &= ~bit;
		repo->set |= bit;
	}
	repo->repo_id = *id;
	return true;
}

GhcMember
ghc_repository_read(GhcRepositoryReader *reader, GhcRepository *repo)
{
	GhcScanType type = ghc_scan_peek(reader->scan);
	GhcSlice	name;
	uint64_t	came = 0;
	bool		first = true;
	int			place = 0;
	int			key;

	if (type != GHC_SCAN_OBJECT)
	{
		ghc_scan_skip(reader->scan);
		return type == GHC_SCAN_NULL ? GHC_MEMBER_NULL : GHC_MEMBER_DROPPED;
	}
	repo->set = repo->null = repo->noted = 0;
	reader->node_id.len = 0;
	ghc_buffer_reset(&reader->extra_json);

	ghc_scan_enter_object(reader->scan);
	while ((key = next_field(reader, &first, place, &name)) != KEY_END)
	{
		place++;
		if (key < GHC_FIELD_COUNT)
			ghc_value_read(reader, repo, key);
		else if (key == KEY_UNKNOWN)
			read_extra(reader, repo, name);
		else if (key == KEY_TYPENAME)
			ghc_scan_skip(reader->scan);
		else if (ghc_scan_once(reader->scan, &came, 0))
			(void) ghc_scan_string(reader->scan, &reader->node_id);
	}
	if (place == 0)
		return GHC_MEMBER_NULL;
	if (!identify(reader, repo))
		return GHC_MEMBER_DROPPED;
	finish_extra(reader, repo);
	return GHC_MEMBER_REPOSITORY;
}
