-- Starting and steering crawls: every wrong argument, and what a crawl is
-- before any worker has seen it.  No crawl is ever committed, so no worker
-- finds anything to do.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';

-- no token
SELECT ghcrawl_start('stars:0..10');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('regress', 'ghp_regress') IS NOT NULL AS added;
SET ghcrawl.api_url = 'https://ghe.example.org/api/v3';
SELECT ghcrawl_start('stars:0..10');
SET ghcrawl.api_url = 'https://api.github.com';

-- a refused token is none
BEGIN;
UPDATE ghcrawl.token SET refused_at = now();
SELECT ghcrawl_start('stars:0..10');
ROLLBACK;

-- what isn't a selection
SELECT ghcrawl_start('');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('   ');
SELECT ghcrawl_start('stars:many');
SELECT ghcrawl_start('stars:10..0');
SELECT ghcrawl_start('stars: 10');
SELECT ghcrawl_start('stars:1 stars:2');
SELECT ghcrawl_start('created:yesterday');
SELECT ghcrawl_start('created:2020-02-30');
SELECT ghcrawl_start('created:2999-01-01..2999-12-31');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('created:<2007-01-01');
SELECT ghcrawl_start('stars:0..10 sort:stars');
SELECT ghcrawl_start('postgres OR mysql');
SELECT ghcrawl_start('postgres AND mysql');
SELECT ghcrawl_start('(postgres)');
SELECT ghcrawl_start('"postgres');
SELECT ghcrawl_start(E'postgres\nmysql');
SELECT ghcrawl_start('NOT');
SELECT ghcrawl_start('fork:maybe');
SELECT ghcrawl_start('archived:maybe');
SELECT ghcrawl_start('all stars:1');
SELECT ghcrawl_start('ids:1000..1');
SELECT ghcrawl_start(repeat('x', 257));
SELECT ghcrawl_start('topic:' || repeat('x', 3000));

-- other arguments
SELECT ghcrawl_start('stars:0..10', 'everything');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('stars:0..10', max_repositories => 0);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('stars:0..10', max_repositories => -1);
SELECT ghcrawl_start(NULL);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_start('stars:0..10', NULL);
SELECT ghcrawl_start('stars:0..10', priority => NULL);

-- nothing of this left a trace
SELECT count(*) FROM ghcrawl.crawl;
SELECT to_regnamespace('github') IS NULL AS "no data tables";

-- crawls that are not there
SELECT ghcrawl_pause(4711);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_resume(4711);
SELECT ghcrawl_cancel(4711);
CALL ghcrawl_wait(4711);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
CALL ghcrawl_wait(NULL);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_pause(NULL) IS NULL AS nothing;
SELECT ghcrawl_ensure_workers();

-- a crawl: its row, its root task, its place in the queue
\set ON_ERROR_ROLLBACK on
BEGIN;
ALTER SEQUENCE ghcrawl.crawl_id_seq RESTART;
ALTER SEQUENCE ghcrawl.task_id_seq RESTART;
SELECT ghcrawl_start('  stars:0..10   language:"C" created:2020-01-01..2020-06-30 fork:true', 'flat', 3, 500);
SELECT crawl, selection, profile, priority, max_repositories, state, owner = current_user AS mine,
	api_url, data_schema, stored, expected, tasks FROM ghcrawl.crawls;
SELECT query FROM ghcrawl.crawl;
SELECT crawl, task, parent, kind, state, promised, seen, query FROM ghcrawl.partitions;
SELECT crawl_id, task_id, to_timestamp(position) AT TIME ZONE 'UTC' AS position FROM ghcrawl.queue;
SELECT crawl, state, bar, percent, stored, expected, rate, eta FROM ghcrawl.progress;

-- the same selection, however it is written, is the same crawl
SELECT ghcrawl_start('language:"C" fork:true stars:0..10 created:2020-01-01T00:00:00Z..2020-06-30T23:59:59Z', 'flat');
SELECT count(*) FROM ghcrawl.crawl;
-- another profile or host isn't
SELECT ghcrawl_start('language:"C" fork:true stars:0..10 created:2020-01-01..2020-06-30', 'stars');

-- steering
SELECT ghcrawl_pause(1);
SELECT ghcrawl_pause(1);
SELECT state FROM ghcrawl.progress WHERE crawl = 1;
SELECT ghcrawl_start('stars:0..10 language:"C" created:2020-01-01..2020-06-30 fork:true', 'flat');
SELECT ghcrawl_resume(1);
SELECT ghcrawl_resume(1);
SELECT ghcrawl_cancel(1);
SELECT ghcrawl_cancel(1);
SELECT ghcrawl_resume(1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_pause(1);
SELECT state, bar, percent FROM ghcrawl.progress WHERE crawl = 1;
SELECT finished_at = now() AS finished FROM ghcrawl.crawls WHERE crawl = 1;
SELECT task, state FROM ghcrawl.partitions WHERE crawl = 1;
SELECT count(*) FROM ghcrawl.queue WHERE crawl_id = 1;
-- what was cancelled is begun anew
SELECT ghcrawl_start('stars:0..10 language:"C" created:2020-01-01..2020-06-30 fork:true', 'flat');

-- waiting would keep the transaction
CALL ghcrawl_wait(1);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
ROLLBACK;

-- bounds of time: from GitHub's beginning to now
BEGIN;
SELECT ghcrawl_start('stars:>=0') > 0 AS started;
SELECT regexp_replace(query, '\.\..*', '..') AS query,
	substring(query FROM '\.\.(.*)')::timestamptz BETWEEN now() - interval '5 seconds' AND clock_timestamp() AS "up to now"
FROM ghcrawl.task;
SELECT query FROM ghcrawl.crawl;
ROLLBACK;

-- a qualifier that is not known is passed on
BEGIN;
SELECT ghcrawl_start('stars:>100 shoe-size:42 colour:red') > 0 AS started;
SELECT query FROM ghcrawl.crawl;
ROLLBACK;

-- an own profile
BEGIN;
INSERT INTO ghcrawl.profile (name, columns) VALUES ('short', '{repo_id}');
INSERT INTO ghcrawl.profile (name, columns, extra)
VALUES ('mine', '{repo_id,name_with_owner,stars}', 'watchers{totalCount}');
SELECT ghcrawl_start('stars:>100', 'mine') > 0 AS started;
SELECT ghcrawl_start('stars:>100', 'his');
INSERT INTO ghcrawl.profile (name, columns) VALUES ('typo', '{repo_id,name_with_owner,starz}');
SELECT ghcrawl_start('stars:5', 'typo');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DELETE FROM ghcrawl.profile WHERE name IN ('mine', 'typo');
SELECT waiting_on FROM ghcrawl.progress JOIN ghcrawl.crawls USING (crawl) WHERE profile = 'mine';
ROLLBACK;
\set ON_ERROR_ROLLBACK off

-- a crawl undone with its savepoint
BEGIN;
SAVEPOINT a;
SELECT ghcrawl_start('stars:>100') > 0 AS started;
ROLLBACK TO a;
SELECT count(*) FROM ghcrawl.crawl;
COMMIT;

-- read only
BEGIN READ ONLY;
SELECT ghcrawl_start('stars:>100');
ROLLBACK;

SELECT ghcrawl_remove_token('regress') IS NOT NULL AS removed;
