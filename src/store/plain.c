/*-------------------------------------------------------------------------
 *
 * plain.c
 *	  Tables that may be read and written below SQL; see plain.h.
 *
 * IDENTIFICATION
 *	  src/store/plain.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "store/plain.h"

bool
ghc_plain_is(Relation rel, AclMode mode)
{
	Form_pg_class form = rel->rd_rel;

	return form->relkind == RELKIND_RELATION && !form->relhassubclass &&
		!form->relispartition && !form->relrowsecurity && !form->relhasrules &&
		pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), mode) == ACLCHECK_OK &&
		!OidIsValid(get_extension_oid("citus", true));
}

bool
ghc_plain_columns(Oid table, const char *const *columns, int n,
				  AttrNumber *numbers)
{
	for (int i = 0; i < n; i++)
	{
		numbers[i] = get_attnum(table, columns[i]);
		if (numbers[i] <= 0)
			return false;
	}
	return true;
}
