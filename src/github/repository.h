/*-------------------------------------------------------------------------
 *
 * repository.h
 *	  How a page of repositories is read; for reply.c, page.c, repository.c
 *	  and value.c alone.
 *
 * IDENTIFICATION
 *	  src/github/repository.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_REPOSITORY_H
#define GHC_REPOSITORY_H

#include "github/reply.h"
#include "github/scan.h"

/* keys with a meaning: those of fields, "id" and "__typename" */
#define GHC_KNOWN_KEYS (GHC_FIELD_COUNT + 2)

/* members of a repository whose order is remembered */
#define GHC_ORDER_PLACES 64

/* What a member of nodes turned out to be. */
typedef enum GhcMember
{
	GHC_MEMBER_REPOSITORY,
	GHC_MEMBER_NULL,			/* null or {}, which GitHub gives instead */
	GHC_MEMBER_DROPPED,			/* no object, or without an id */
} GhcMember;

/* Names, with or without numbers, that are being collected into an array. */
typedef struct GhcItems
{
	int			n;
	int			capacity;
	GhcSlice   *names;
	int64_t    *numbers;
} GhcItems;

/* What the repositories of one reply have in common. */
typedef struct GhcRepositoryReader
{
	GhcScan    *scan;
	GhcArena   *arena;
	bool		extra;
	bool		out_of_memory;	/* the scan then ends with an error, too */
	GhcSlice	keys[GHC_KNOWN_KEYS];
	GhcSlice	members[GHC_FIELD_COUNT];
	unsigned char order[GHC_ORDER_PLACES];	/* keys of the one before */
	GhcSlice	node_id;
	GhcItems	items;
	GhcBuffer	extra_json;
} GhcRepositoryReader;

/* Prepares for reading the repositories of one reply. */
extern void ghc_repository_begin(GhcRepositoryReader *reader, GhcScan *scan,
								 GhcArena *arena, bool extra);

/* Reads the value at the scan's cursor, whatever it is, into *page. */
extern void ghc_page_read(GhcRepositoryReader *reader, GhcPage *page);

/* The same into *list. */
extern void ghc_list_read(GhcRepositoryReader *reader, GhcList *list);

/* The same into a list as one of its members, below GHC_MAX_MEMBERS. */
extern void ghc_list_read_member(GhcRepositoryReader *reader, GhcList *list,
								 int member);

/* Reads the value at the scan's cursor, whatever it is, into *repo. */
extern GhcMember ghc_repository_read(GhcRepositoryReader *reader,
									 GhcRepository *repo);

/* Frees what the arena doesn't hold. */
extern void ghc_repository_end(GhcRepositoryReader *reader);

/* Allocates from the arena; NULL also ends the scan. */
extern void *ghc_repository_alloc(GhcRepositoryReader *reader, size_t size);

/* Reads the value at the scan's cursor as that of a field with a key. */
extern void ghc_value_read(GhcRepositoryReader *reader, GhcRepository *repo,
						   int field);

#endif							/* GHC_REPOSITORY_H */
