-- What CREATE EXTENSION makes, who may use it, what a dump takes along.
\set SHOW_CONTEXT never

SELECT extversion, n.nspname AS schema, extrelocatable
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE extname = 'ghcrawl';

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'ghcrawl' AND d.deptype = 'e'
-- row types and array types, which PostgreSQL 17 counts as members, hang on others
AND NOT EXISTS (SELECT FROM pg_depend i
	WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i');

SELECT object FROM member ORDER BY object COLLATE "C";

-- everything that belongs to the extension is explained
SELECT object AS "without comment" FROM member
WHERE obj_description(objid, classid::regclass::name) IS NULL
ORDER BY 1;

-- nothing is PUBLIC's
SELECT object AS "open to public", a.privilege_type
FROM member m
LEFT JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
LEFT JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
LEFT JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid,
LATERAL aclexplode(CASE
	WHEN p.oid IS NOT NULL THEN coalesce(p.proacl, acldefault('f', p.proowner))
	WHEN c.oid IS NOT NULL THEN coalesce(c.relacl,
		acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
	ELSE coalesce(n.nspacl, acldefault('n', n.nspowner)) END) a
WHERE a.grantee = 0
ORDER BY 1, 2;

-- what the two roles may do
SELECT grantee::regrole::text COLLATE "C" AS role, object COLLATE "C", string_agg(privilege_type, ', ' ORDER BY privilege_type) AS may
FROM (SELECT a.grantee, object, a.privilege_type
	  FROM member m
	  LEFT JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
	  LEFT JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
	  LEFT JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid,
	  LATERAL aclexplode(coalesce(p.proacl, c.relacl, n.nspacl)) a
	  UNION ALL
	  SELECT a.grantee, format('column %s of %s', t.attname, object), a.privilege_type
	  FROM member m
	  JOIN pg_attribute t ON m.classid = 'pg_class'::regclass AND t.attrelid = m.objid,
	  LATERAL aclexplode(t.attacl) a) g
WHERE grantee::regrole::text IN ('ghcrawl_admin', 'ghcrawl_reader')
GROUP BY 1, 2
ORDER BY 1, 2;

-- how functions are declared
SELECT proname, prokind, prosecdef, lanname, provolatile, proparallel, proisstrict
FROM member m
JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
JOIN pg_language l ON l.oid = p.prolang
ORDER BY proname COLLATE "C";

-- a dump takes along what a crawl is and how far it got, but no secret
SELECT unnest(extconfig)::regclass::text COLLATE "C" AS dumped, unnest(extcondition) AS rows
FROM pg_extension WHERE extname = 'ghcrawl'
ORDER BY 1;

-- all of a builtin profile's columns exist
SELECT name, cardinality(columns) AS columns, builtin FROM ghcrawl.profile ORDER BY name;

-- views answer at once on an empty database
SELECT * FROM ghcrawl.progress;
SELECT * FROM ghcrawl.partitions;
SELECT * FROM ghcrawl.tokens;
SELECT * FROM ghcrawl.errors;
SELECT * FROM ghcrawl.requests;
SELECT * FROM ghcrawl.requests_by_hour;

-- quantiles of summed histograms: 10 requests of a millisecond, 10 of a second
BEGIN;
INSERT INTO ghcrawl.traffic
SELECT 60, now(), no, 'https://api.github.com', 'page', '2xx', 'ok', 10, ms, 10, 4000, 1000,
	   (SELECT array_agg(CASE bucket WHEN b THEN 10 ELSE 0 END ORDER BY b) FROM generate_series(0, 95) b)
FROM (VALUES (1, 10, 0), (2, 10000, 48)) x(no, ms, bucket);
SELECT * FROM ghcrawl.requests;
SELECT ghcrawl.quantile(ghcrawl.sum_histogram(histogram), share)
FROM ghcrawl.traffic, unnest('{0,0.5,0.51,1}'::float8[]) share GROUP BY share ORDER BY share;
SELECT ghcrawl.sum_histogram(histogram) = ghcrawl.add_histograms(min(histogram), max(histogram)) AS "same sum" FROM ghcrawl.traffic;
SELECT sum(x) FROM (SELECT unnest(histogram) AS x FROM ghcrawl.traffic) u;
ROLLBACK;
SELECT ghcrawl.quantile(array_fill(0, '{96}'), 0.5) IS NULL AS none;
SELECT ghcrawl.quantile('{1,2,3}', 0.5);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl.quantile(array_fill(NULL::int, '{96}'), 0.5);
SELECT ghcrawl.quantile(array_fill(1, '{2,48}'), 0.5);
SELECT ghcrawl.quantile(array_fill(1, '{96}'), 1.5);
SELECT ghcrawl.quantile(array_fill(1, '{96}'), 'NaN');

-- ghcrawl.batch has rows only while a worker stores
SELECT * FROM ghcrawl.batch() AS b (repo_id bigint);

-- DROP EXTENSION leaves nothing, and there is a way back
BEGIN;
DROP EXTENSION ghcrawl;
SELECT count(*) FROM pg_namespace WHERE nspname = 'ghcrawl';
SELECT count(*) FROM pg_proc WHERE proname LIKE 'ghcrawl%';
CREATE SCHEMA "My Tools";
CREATE EXTENSION ghcrawl SCHEMA "My Tools";
SELECT "My Tools".ghcrawl_ensure_workers();
ROLLBACK;

-- GitHub's texts need UTF-8
SELECT current_database() AS here \gset
CREATE DATABASE regress_ghcrawl_latin1 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0;
CREATE DATABASE regress_ghcrawl_ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0;
\c regress_ghcrawl_latin1
SET lc_messages = 'C';
\set VERBOSITY terse
CREATE EXTENSION ghcrawl;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\c regress_ghcrawl_ascii
SET lc_messages = 'C';
CREATE EXTENSION ghcrawl;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\set VERBOSITY default
\c :here
DROP DATABASE regress_ghcrawl_latin1;
DROP DATABASE regress_ghcrawl_ascii;
