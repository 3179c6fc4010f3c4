/*-------------------------------------------------------------------------
 *
 * plain.c
 *	  Tables that may be read and written below SQL; see plain.h.
 *
 * Of a table with partitions only those are looked at that ids belong to, each
 * time anew, once they are locked: a judgement is kept no longer than its locks.
 * While the table is locked a partition may still be attached, which takes no
 * ids from others, and one may be waiting to be detached: then SQL knows who
 * still sees it.
 *
 * Rights are those on the table that is named, as in SQL.
 *
 * IDENTIFICATION
 *	  src/store/plain.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

#include "base/compat.h"
#include "store/plain.h"

/* Has it nothing that SQL would do besides? */
static bool
is_ordinary(Relation rel, char kind, bool is_partition)
{
	Form_pg_class form = rel->rd_rel;

	return form->relkind == kind && form->relispartition == is_partition &&
		(kind == RELKIND_PARTITIONED_TABLE || !form->relhassubclass) &&
		!form->relrowsecurity && !form->relhasrules;
}

/* Are its partitions those of a hash of repo_id? */
static bool
is_by_hash(Relation rel, AttrNumber id_number)
{
	PartitionKey key;

	if (!is_ordinary(rel, RELKIND_PARTITIONED_TABLE, false))
		return false;
	key = RelationGetPartitionKey(rel);
	return key->strategy == PARTITION_STRATEGY_HASH && key->partnatts == 1 &&
		key->partattrs[0] == id_number && key->parttypid[0] == INT8OID;
}

/* A column's number; 0 if it isn't there, is of another type, or generated. */
static AttrNumber
find_column(Relation rel, const char *name, Oid type)
{
	AttrNumber	number = get_attnum(RelationGetRelid(rel), name);
	Form_pg_attribute column;

	if (number <= 0)
		return 0;
	column = TupleDescAttr(RelationGetDescr(rel), number - 1);
	return column->atttypid == type && column->atttypmod == -1 &&
		column->attgenerated == '\0' ? number : 0;
}

static bool
find_columns(Relation rel, const char *const *columns, const Oid *types, int n,
			 AttrNumber *numbers)
{
	for (int i = 0; i < n; i++)
	{
		numbers[i] = find_column(rel, columns[i], types[i]);
		if (numbers[i] == 0)
			return false;
	}
	return true;
}

/* Finds out the partition of each id; false if one has none. */
static bool
find_parts(GhcPlain *plain, PartitionDesc desc, const int64 *ids, int n)
{
	PartitionKey key = RelationGetPartitionKey(plain->rel);
	PartitionBoundInfo bounds = desc->boundinfo;

	for (int i = 0; i < n; i++)
	{
		Datum		id = Int64GetDatum(ids[i]);
		bool		isnull = false;
		uint64		hash = compute_partition_hash_value(1, key->partsupfunc,
														key->partcollation,
														&id, &isnull);

		plain->part_of[i] = bounds->indexes[hash % bounds->nindexes];
		if (plain->part_of[i] < 0)
			return false;
		plain->parts[plain->part_of[i]].n++;
	}
	return true;
}

/* Hands the ids out to the partitions that they are in. */
static void
share_out(GhcPlain *plain, const int64 *ids, int n)
{
	int64	   *shared = palloc(n * sizeof(int64));
	int64	  **next = palloc(plain->n_parts * sizeof(int64 *));

	for (int i = 0; i < plain->n_parts; i++)
	{
		plain->parts[i].ids = next[i] = shared;
		shared += plain->parts[i].n;
	}
	for (int i = 0; i < n; i++)
		*next[plain->part_of[i]]++ = ids[i];
	pfree(next);
}

/* Opens a partition; numbers are those of the table.  False: it isn't plain. */
static bool
open_part(const GhcPlain *plain, GhcPart *part, Oid oid, AttrNumber id_number,
		  const AttrNumber *numbers, int n_columns, LOCKMODE lock)
{
	AttrMap    *map;
	AttrNumber *own;

	part->rel = table_open(oid, lock);
	if (!is_ordinary(part->rel, RELKIND_RELATION, true))
		return false;
	part->id_number = id_number;
	part->numbers = numbers;
	map = GhcBuildAttrMap(RelationGetDescr(part->rel),
						  RelationGetDescr(plain->rel));
	if (map == NULL)
		return true;

	/* its columns are in another order, or some were dropped */
	part->id_number = map->attnums[id_number - 1];
	part->numbers = own = palloc(n_columns * sizeof(AttrNumber));
	for (int i = 0; i < n_columns; i++)
		own[i] = map->attnums[numbers[i] - 1];
	free_attrmap(map);
	return true;
}

static bool
open_parts(GhcPlain *plain, AttrNumber id_number, const AttrNumber *numbers,
		   int n_columns, const int64 *ids, int n, LOCKMODE lock)
{
	PartitionDesc desc = RelationGetPartitionDesc(plain->rel, false);

	if (desc->detached_exist || desc->nparts == 0)
		return false;
	plain->parts = palloc0(desc->nparts * sizeof(GhcPart));
	plain->n_parts = desc->nparts;
	if (!find_parts(plain, desc, ids, n))
		return false;
	share_out(plain, ids, n);
	for (int i = 0; i < desc->nparts; i++)
		if (plain->parts[i].n > 0 &&
			!open_part(plain, &plain->parts[i], desc->oids[i], id_number,
					   numbers, n_columns, lock))
			return false;
	return true;
}

/* The table is its only part. */
static void
open_alone(GhcPlain *plain, AttrNumber id_number, const AttrNumber *numbers,
		   const int64 *ids, int n)
{
	plain->parts = palloc(sizeof(GhcPart));
	*plain->parts = (GhcPart) {plain->rel, id_number, numbers, ids, n};
	plain->n_parts = 1;
}

bool
ghc_plain_open(GhcPlain *plain, Oid table, const char *const *columns,
			   const Oid *types, int n_columns, const int64 *ids, int n,
			   AclMode mode)
{
	Relation	rel = table_open(table, NoLock);
	AttrNumber	id_number = find_column(rel, "repo_id", INT8OID);
	AttrNumber *numbers = palloc(n_columns * sizeof(AttrNumber));
	bool		plainly = false;

	*plain = (GhcPlain) {.rel = rel, .part_of = palloc0(n * sizeof(int))};
	if (id_number > 0 && find_columns(rel, columns, types, n_columns, numbers) &&
		pg_class_aclcheck(table, GetUserId(), mode) == ACLCHECK_OK &&
		!OidIsValid(get_extension_oid("citus", true)))
	{
		plainly = is_ordinary(rel, RELKIND_RELATION, false);
		if (plainly)
			open_alone(plain, id_number, numbers, ids, n);
		else if (is_by_hash(rel, id_number))
			plainly = open_parts(plain, id_number, numbers, n_columns, ids, n,
								 mode == ACL_SELECT ? AccessShareLock :
								 RowExclusiveLock);
	}
	if (!plainly)
		ghc_plain_close(plain);
	return plainly;
}

void
ghc_plain_close(GhcPlain *plain)
{
	for (int i = 0; i < plain->n_parts; i++)
		if (plain->parts[i].rel != NULL && plain->parts[i].rel != plain->rel)
			table_close(plain->parts[i].rel, NoLock);
	table_close(plain->rel, NoLock);
}
