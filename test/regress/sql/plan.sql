-- Plans: every wrong argument.  None gets as far as asking.
\set SHOW_CONTEXT never
SET ghcrawl.api_url = 'https://api.github.com';

SELECT * FROM ghcrawl_plan('stars:0..10');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT ghcrawl_add_token('regress', 'ghp_regress') IS NOT NULL AS added;
SELECT * FROM ghcrawl_plan(NULL);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT * FROM ghcrawl_plan('stars:1', NULL);
SELECT * FROM ghcrawl_plan('');
SELECT * FROM ghcrawl_plan('stars:0..10 sort:stars');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
SELECT * FROM ghcrawl_plan('created:2999-01-01..2999-12-31');
SELECT * FROM ghcrawl_plan('stars:1', 'none');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
INSERT INTO ghcrawl.profile VALUES ('regress', '{repo_id,name_with_owner,colour}');
SELECT * FROM ghcrawl_plan('stars:1', 'regress');
\echo SQLSTATE :LAST_ERROR_SQLSTATE
DELETE FROM ghcrawl.profile WHERE name = 'regress';

-- nothing was written
SELECT count(*) FROM ghcrawl.question;
SELECT to_regnamespace('github');
SELECT ghcrawl_remove_token('regress') IS NOT NULL AS removed;
SELECT count(*) FROM ghcrawl_verify_tokens();
