/*
 * Functions about who a repository is: its names, and that it is to be forgotten.
 */

CREATE FUNCTION @extschema@.ghcrawl_find(name text, at timestamptz DEFAULT NULL)
RETURNS TABLE (
	repo_id bigint,
	name_with_owner text,
	found_name text,
	is_present boolean,
	is_stale boolean,
	valid_from timestamptz,
	valid_to timestamptz,
	ended_by text,
	missed_at timestamptz)
LANGUAGE c VOLATILE ROWS 2
AS 'MODULE_PATHNAME', 'ghcrawl_find';
COMMENT ON FUNCTION @extschema@.ghcrawl_find(text, timestamptz) IS
'Finds repositories by a name (owner/name, in any case) that they have or had, at a moment or ever; who has it now comes first';

CREATE FUNCTION @extschema@.ghcrawl_forget(repository text, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget(text, text) IS
'Erases a repository (owner/name, as it is or was called) from data and history, and keeps it from ever being stored again; tells how many rows that were. The statement may show in logs: the same by id is safer';

CREATE FUNCTION @extschema@.ghcrawl_forget(repository bigint, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget(bigint, text) IS
'The same by GitHub''s number of the repository, be it stored or not';

CREATE FUNCTION @extschema@.ghcrawl_forget_owner(owner text, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_owner';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget_owner(text, text) IS
'Erases all repositories of an owner (his login), and keeps them and those he will have from ever being stored; tells how many rows that were';

CREATE FUNCTION @extschema@.ghcrawl_forget_owner(owner bigint, reason text DEFAULT NULL)
RETURNS TABLE (erased_from text, n bigint)
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'ghcrawl_forget_owner_by_id';
COMMENT ON FUNCTION @extschema@.ghcrawl_forget_owner(bigint, text) IS
'The same by GitHub''s number of the owner, be anything of his stored or not';
