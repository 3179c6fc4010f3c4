/*-------------------------------------------------------------------------
 *
 * page.c
 *	  Reads one page of a search, or one list, out of a reply; see
 *	  repository.h and reply.h.
 *
 * IDENTIFICATION
 *	  src/github/page.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/repository.h"

/* GitHub's largest page; a larger one is read all the same, within reason */
#define FIRST_REPOSITORIES 100

/* Reads pageInfo; false if it doesn't say whether and how to go on. */
static bool
read_page_info(GhcScan *scan, GhcPage *page)
{
	GhcSlice	key;
	bool		first = true;
	bool		has_next = false;

	page->has_next = false;
	page->end_cursor = GHC_SLICE("");
	if (!ghc_scan_object(scan))
		return false;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("hasNextPage")))
			has_next = ghc_scan_bool(scan, &page->has_next);
		else if (ghc_slice_equals(key, GHC_SLICE("endCursor")))
		{
			if (!ghc_scan_string(scan, &page->end_cursor))
				page->end_cursor.len = 0;
		}
		else
			ghc_scan_skip(scan);
	}
	return has_next && (!page->has_next || page->end_cursor.len > 0);
}

/* Makes room for one more repository; false if memory ran out. */
static bool
grow_page(GhcRepositoryReader *reader, GhcPage *page)
{
	size_t		n = (size_t) page->n;
	size_t		capacity = n == 0 ? FIRST_REPOSITORIES : n * 2;
	GhcRepository *repos;

	if (page->n < page->capacity)
		return true;
	repos = ghc_repository_alloc(reader, capacity * sizeof(*repos));
	if (repos == NULL)
		return false;
	if (n > 0)
		memcpy(repos, page->repos, n * sizeof(*repos));
	page->repos = repos;
	page->capacity = (int) capacity;
	return true;
}

/*
 * A repository takes thirty times the memory of the shortest text that makes
 * one, so there is an end to how many are read.
 */
static bool
read_nodes(GhcRepositoryReader *reader, GhcPage *page)
{
	GhcScan    *scan = reader->scan;
	bool		first = true;

	if (!ghc_scan_array(scan))
		return false;
	while (ghc_scan_next_element(scan, &first) && grow_page(reader, page))
	{
		if (page->n == GHC_MAX_PAGE_ROWS)
		{
			page->dropped++;
			ghc_scan_skip(scan);
			continue;
		}
		switch (ghc_repository_read(reader, &page->repos[page->n]))
		{
			case GHC_MEMBER_REPOSITORY:
				page->n++;
				break;
			case GHC_MEMBER_NULL:
				page->nulls++;
				break;
			case GHC_MEMBER_DROPPED:
				page->dropped++;
				break;
		}
	}
	return true;
}

void
ghc_page_read(GhcRepositoryReader *reader, GhcPage *page)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	uint64_t	came = 0;
	bool		first = true;
	bool		has_count = false;
	bool		has_info = false;
	bool		has_nodes = false;

	memset(page, 0, sizeof(*page));
	if (!ghc_scan_object(scan))
		return;
	page->present = true;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("repositoryCount")))
			has_count = ghc_scan_once(scan, &came, 0) &&
				ghc_scan_int(scan, &page->count) &&
				page->count >= 0 && page->count <= GHC_MAX_COUNT;
		else if (ghc_slice_equals(key, GHC_SLICE("pageInfo")))
			has_info = ghc_scan_once(scan, &came, 1) &&
				read_page_info(scan, page);
		else if (ghc_slice_equals(key, GHC_SLICE("nodes")))
			has_nodes = ghc_scan_once(scan, &came, 2) &&
				read_nodes(reader, page);
		else
			ghc_scan_skip(scan);
	}
	page->complete = has_count && has_info && has_nodes;
}

void
ghc_list_read_member(GhcRepositoryReader *reader, GhcList *list, int member)
{
	GhcPage    *found = &list->found;

	/* one that comes again is passed over */
	if ((member < list->n_members && list->repo[member] >= 0) || !grow_page(reader, found))
	{
		ghc_scan_skip(reader->scan);
		return;
	}
	list->present = true;
	while (list->n_members <= member)
		list->repo[list->n_members++] = -1;
	if (ghc_repository_read(reader, &found->repos[found->n]) == GHC_MEMBER_REPOSITORY)
		list->repo[member] = found->n++;
}

void
ghc_list_read(GhcRepositoryReader *reader, GhcList *list)
{
	GhcScan    *scan = reader->scan;
	GhcPage    *found = &list->found;
	bool		first = true;

	memset(list, 0, sizeof(*list));
	if (!ghc_scan_array(scan))
		return;
	list->present = true;
	while (ghc_scan_next_element(scan, &first) && grow_page(reader, found))
	{
		if (list->n_members == GHC_MAX_MEMBERS)
			ghc_scan_skip(scan);
		else if (ghc_repository_read(reader, &found->repos[found->n]) ==
				 GHC_MEMBER_REPOSITORY)
			list->repo[list->n_members++] = found->n++;
		else
			list->repo[list->n_members++] = -1;
	}
}
