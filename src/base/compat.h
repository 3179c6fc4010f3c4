/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15 and later versions.
 *
 * The only file that looks at PG_VERSION_NUM.
 *
 * IDENTIFICATION
 *	  src/base/compat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_COMPAT_H
#define GHC_COMPAT_H

#include "storage/latch.h"
#include "utils/memutils.h"

/* a WaitEventSet that lives until it is freed or the process ends */
#if PG_VERSION_NUM >= 170000
#define GhcCreateWaitEventSet(n) CreateWaitEventSet(NULL, (n))
#else
#define GhcCreateWaitEventSet(n) CreateWaitEventSet(TopMemoryContext, (n))
#endif

/* an index scan with so many keys that counts nothing for EXPLAIN */
#if PG_VERSION_NUM >= 180000
#define GhcIndexBeginScan(rel, index, snapshot, n) \
	index_beginscan((rel), (index), (snapshot), NULL, (n), 0)
#else
#define GhcIndexBeginScan(rel, index, snapshot, n) \
	index_beginscan((rel), (index), (snapshot), (n), 0)
#endif

/* adds a row that was just inserted to all indexes; unique ones throw */
#if PG_VERSION_NUM >= 160000
#define GhcExecInsertIndexTuples(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL, false)
#else
#define GhcExecInsertIndexTuples(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL)
#endif

/* where the columns of a table are in a partition; NULL if at the same places */
#if PG_VERSION_NUM >= 160000
#define GhcBuildAttrMap(part, table) \
	build_attrmap_by_name_if_req((part), (table), false)
#else
#define GhcBuildAttrMap(part, table) \
	build_attrmap_by_name_if_req((part), (table))
#endif

/* may a role use what is in a schema, as far as the schema goes? */
#if PG_VERSION_NUM >= 160000
#define GhcSchemaAllowsUsage(schema, role) \
	(object_aclcheck(NamespaceRelationId, (schema), (role), ACL_USAGE) == ACLCHECK_OK)
#else
#define GhcSchemaAllowsUsage(schema, role) \
	(pg_namespace_aclcheck((schema), (role), ACL_USAGE) == ACLCHECK_OK)
#endif

#endif							/* GHC_COMPAT_H */
