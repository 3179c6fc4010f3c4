/*
 * Control tables.
 *
 * Durable ones, what a crawl is and how far it got, are part of a dump;
 * volatile ones (worker, budget, traffic) and secrets (token) are not.  No table holds a
 * pid or an expiry clock that anything relies on: who is alive is known from
 * the advisory lock that each worker holds on its number.  There are no
 * foreign keys between tables that are dumped: a parallel pg_restore fills
 * them in any order, and those written with every page would lock the crawl's
 * row each time.
 */

CREATE TABLE ghcrawl.profile (
	name		text PRIMARY KEY,
	columns		text[] NOT NULL,
	extra		text,
	builtin		boolean NOT NULL DEFAULT false,
	CHECK (columns OPERATOR(pg_catalog.@>) '{repo_id,name_with_owner}'),
	CHECK (pg_catalog.array_position(columns, NULL) IS NULL)
);
COMMENT ON TABLE ghcrawl.profile IS 'What a crawl asks of each repository; add rows of your own';
COMMENT ON COLUMN ghcrawl.profile.columns IS 'Columns of github.repository to fill; what isn''t named stays as it was';
COMMENT ON COLUMN ghcrawl.profile.extra IS 'Further GraphQL fields of Repository, e.g. watchers{totalCount}; they land in column extra';
COMMENT ON COLUMN ghcrawl.profile.builtin IS 'Comes with the extension and is not dumped';

INSERT INTO ghcrawl.profile (name, columns, builtin) VALUES
	('stars', '{repo_id,created_at,pushed_at,stars,name_with_owner}', true),
	('flat', '{repo_id,created_at,pushed_at,updated_at,archived_at,owner_id,parent_id,stars,forks,disk_kb,is_fork,is_archived,is_disabled,is_empty,is_locked,is_mirror,is_template,is_in_organization,has_issues,has_projects,has_wiki,has_discussions,name_with_owner,description,homepage,language,license,default_branch}', true),
	('full', '{repo_id,created_at,pushed_at,updated_at,archived_at,owner_id,parent_id,stars,forks,disk_kb,is_fork,is_archived,is_disabled,is_empty,is_locked,is_mirror,is_template,is_in_organization,has_issues,has_projects,has_wiki,has_discussions,name_with_owner,description,homepage,language,license,default_branch,topics,languages,language_bytes}', true);

CREATE TABLE ghcrawl.data_schema (
	schema_name	name PRIMARY KEY,
	api_url		text NOT NULL UNIQUE,
	version		int NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ghcrawl.data_schema IS 'Schemas that hold data tables, one per GitHub host: ids of two hosts never meet';
COMMENT ON COLUMN ghcrawl.data_schema.api_url IS 'Address of the API whose repositories are stored there';

CREATE SEQUENCE ghcrawl.crawl_id_seq;
COMMENT ON SEQUENCE ghcrawl.crawl_id_seq IS 'Ids of crawls';

CREATE TABLE ghcrawl.crawl (
	crawl_id	bigint PRIMARY KEY DEFAULT nextval('ghcrawl.crawl_id_seq'),
	selection	text NOT NULL,
	query		text NOT NULL,
	profile		text NOT NULL,
	priority	int NOT NULL,
	max_repositories bigint CHECK (max_repositories OPERATOR(pg_catalog.>) 0),
	state		text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY
					('{running,paused,cancelled,done,done_with_gaps,failed}')),
	reason		text,
	owner		name NOT NULL,
	api_url		text NOT NULL,
	data_schema	name NOT NULL,
	created_at	timestamptz NOT NULL DEFAULT now(),
	finished_at	timestamptz,
	compared_with bigint[],
	compared_to	bigint[],
	source		text
);
CREATE UNIQUE INDEX crawl_running ON ghcrawl.crawl (api_url, query, profile)
	WHERE state OPERATOR(pg_catalog.=) ANY ('{running,paused}');
CREATE INDEX crawl_state ON ghcrawl.crawl (state) WHERE state OPERATOR(pg_catalog.=) 'running';
COMMENT ON TABLE ghcrawl.crawl IS 'A crawl is one call of ghcrawl_start or ghcrawl_add_repositories';
COMMENT ON COLUMN ghcrawl.crawl.source IS 'Where a list of repositories comes from, as its user said; null: the crawl is of a selection';
COMMENT ON COLUMN ghcrawl.crawl.selection IS 'As the user gave it';
COMMENT ON COLUMN ghcrawl.crawl.query IS 'The same, normalised; of a list, list: and a hash of it';
COMMENT ON COLUMN ghcrawl.crawl.state IS 'planning and waiting are shown by ghcrawl.progress only, they follow from other tables';
COMMENT ON COLUMN ghcrawl.crawl.reason IS 'Why it failed';
COMMENT ON COLUMN ghcrawl.crawl.owner IS 'The role that started it';
COMMENT ON COLUMN ghcrawl.crawl.compared_with IS 'Earlier crawls of the same query whose members were compared with its own; null: not begun';
COMMENT ON COLUMN ghcrawl.crawl.compared_to IS 'How far that is: the place in compared_with, then created_lo and task_id of the last row of ghcrawl.seen; null: finished';

CREATE TABLE ghcrawl.crawl_counter (
	crawl_id	bigint NOT NULL,
	worker_no	int NOT NULL,
	requests	bigint NOT NULL DEFAULT 0,
	rest_requests bigint NOT NULL DEFAULT 0,
	points		bigint NOT NULL DEFAULT 0,
	wire_bytes	bigint NOT NULL DEFAULT 0,
	expected	bigint NOT NULL DEFAULT 0,
	seen		bigint NOT NULL DEFAULT 0,
	inserted	bigint NOT NULL DEFAULT 0,
	updated		bigint NOT NULL DEFAULT 0,
	tasks		bigint NOT NULL DEFAULT 0,
	tasks_ended	bigint NOT NULL DEFAULT 0,
	gaps		bigint NOT NULL DEFAULT 0,
	missing		bigint NOT NULL DEFAULT 0,
	read_again	bigint NOT NULL DEFAULT 0,
	narrowed	bigint NOT NULL DEFAULT 0,
	part		double precision NOT NULL DEFAULT 0,
	suspects	bigint NOT NULL DEFAULT 0,
	gone		bigint NOT NULL DEFAULT 0,
	rate		real NOT NULL DEFAULT 0,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, worker_no)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.crawl_counter IS 'What each worker did for a crawl, so that nothing need be counted and workers never wait for each other; their sum is the crawl''s';
COMMENT ON COLUMN ghcrawl.crawl_counter.expected IS 'Repositories that GitHub counts in the ranges, as a sum of differences: a split replaces its range by its parts';
COMMENT ON COLUMN ghcrawl.crawl_counter.seen IS 'Distinct repositories seen in the ranges read';
COMMENT ON COLUMN ghcrawl.crawl_counter.inserted IS 'Rows new in the data table';
COMMENT ON COLUMN ghcrawl.crawl_counter.updated IS 'Rows changed in the data table; seen rows that are in neither were unchanged';
COMMENT ON COLUMN ghcrawl.crawl_counter.gaps IS 'Ranges given up before everything promised was seen';
COMMENT ON COLUMN ghcrawl.crawl_counter.missing IS 'Repositories promised but not seen in those';
COMMENT ON COLUMN ghcrawl.crawl_counter.read_again IS 'Readings of ranges beyond the first';
COMMENT ON COLUMN ghcrawl.crawl_counter.narrowed IS 'Ranges cut because they could not be read as they were';
COMMENT ON COLUMN ghcrawl.crawl_counter.part IS 'Of the whole crawl, from 0 to 1; only grows';
COMMENT ON COLUMN ghcrawl.crawl_counter.worker_no IS '0: what users did, such as ghcrawl_retry_gaps';
COMMENT ON COLUMN ghcrawl.crawl_counter.suspects IS 'Repositories that an earlier crawl of the query saw and this one didn''t, looked up by id and answered';
COMMENT ON COLUMN ghcrawl.crawl_counter.gone IS 'Repositories that were looked up and not found: suspects, or what the crawl is about';
COMMENT ON COLUMN ghcrawl.crawl_counter.rate IS 'Repositories a second of late';

CREATE SEQUENCE ghcrawl.task_id_seq CACHE 32;
COMMENT ON SEQUENCE ghcrawl.task_id_seq IS 'Ids of tasks';

CREATE TABLE ghcrawl.task (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL DEFAULT nextval('ghcrawl.task_id_seq'),
	parent_id	bigint,
	kind		text NOT NULL,
	query		text NOT NULL,
	state		text NOT NULL DEFAULT 'ready' CHECK (state OPERATOR(pg_catalog.=) ANY
					('{ready,claimed,split,narrowed,done,gap,cancelled}')),
	promised	bigint,
	seen		bigint NOT NULL DEFAULT 0,
	counted		bigint NOT NULL DEFAULT 0,
	missing		bigint NOT NULL DEFAULT 0,
	share		double precision NOT NULL DEFAULT 1,
	part		double precision NOT NULL DEFAULT 0,
	pages		int NOT NULL DEFAULT 0,
	readings	int NOT NULL DEFAULT 0,
	attempts	int NOT NULL DEFAULT 0,
	leaky		boolean NOT NULL DEFAULT false,
	error		text,
	started_at	timestamptz,
	finished_at	timestamptz,
	PRIMARY KEY (crawl_id, task_id)
) WITH (fillfactor = 80);
/*
 * Is any left, which are gaps?  Progress changes none of its columns, and nobody
 * who looks for a task by its key is led here.
 */
CREATE INDEX task_state ON ghcrawl.task (crawl_id, state, task_id)
	WHERE state OPERATOR(pg_catalog.<>) 'done';
CREATE INDEX task_leaky ON ghcrawl.task (crawl_id) WHERE leaky;
COMMENT ON TABLE ghcrawl.task IS 'The tree of ranges of a crawl';
COMMENT ON COLUMN ghcrawl.task.state IS 'ready: in ghcrawl.queue; claimed: in ghcrawl.claim; the others are in neither';
COMMENT ON COLUMN ghcrawl.task.query IS 'The range as a complete GitHub search';
COMMENT ON COLUMN ghcrawl.task.promised IS 'What GitHub counts in the range';
COMMENT ON COLUMN ghcrawl.task.seen IS 'Most distinct repositories seen';
COMMENT ON COLUMN ghcrawl.task.counted IS 'What crawl_counter.seen has of it; a child starts with its share of what its parent had';
COMMENT ON COLUMN ghcrawl.task.missing IS 'Of a gap: promised and not seen, or refused by the database';
COMMENT ON COLUMN ghcrawl.task.share IS 'Share of the whole crawl, by what was counted';
COMMENT ON COLUMN ghcrawl.task.part IS 'Of share, so far; what crawl_counter.part has of it';
COMMENT ON COLUMN ghcrawl.task.leaky IS 'Was cut along something that can change, so that repositories may have moved between its parts unseen';
COMMENT ON COLUMN ghcrawl.task.readings IS 'How often it was begun to read';
COMMENT ON COLUMN ghcrawl.task.started_at IS 'A finished range says: everything in it was looked at between started_at and finished_at';

CREATE TABLE ghcrawl.seen (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL,
	created_lo	bigint NOT NULL,
	created_hi	bigint NOT NULL,
	n			int NOT NULL,
	ids			bytea NOT NULL,
	PRIMARY KEY (crawl_id, created_lo, task_id)
);
/* they don't get smaller */
ALTER TABLE ghcrawl.seen ALTER COLUMN ids SET STORAGE EXTERNAL;
COMMENT ON TABLE ghcrawl.seen IS 'Members of the ranges of a crawl; kept until a later crawl of the same query has been compared with them';
COMMENT ON COLUMN ghcrawl.seen.created_lo IS 'Bounds of the range, in seconds since 1970';
COMMENT ON COLUMN ghcrawl.seen.n IS 'How many ids';
COMMENT ON COLUMN ghcrawl.seen.ids IS 'Ascending repository ids: the distance of each from the one before, seven bits to a byte';

CREATE TABLE ghcrawl.listed (
	crawl_id	bigint NOT NULL,
	asked_as	text NOT NULL,
	repo_id		bigint,
	state		text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY
					('{found,not_found,forbidden,unclear}')),
	answered_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, asked_as)
);
CREATE INDEX listed_repository ON ghcrawl.listed (repo_id);
COMMENT ON TABLE ghcrawl.listed IS 'What became of repositories that somebody named; whose tasks are open are not here yet';
COMMENT ON COLUMN ghcrawl.listed.asked_as IS 'The name or id that it was asked for by';
COMMENT ON COLUMN ghcrawl.listed.repo_id IS 'Null: nothing was found by that name';
COMMENT ON COLUMN ghcrawl.listed.state IS 'found; not_found: deleted, private, blocked or never there; forbidden: its owner''s rules keep this token out; unclear: GitHub gave no answer';

CREATE TABLE ghcrawl.walked (
	data_schema	name NOT NULL,
	walked_at	timestamptz NOT NULL,
	ids			int8multirange NOT NULL,
	blocks		int8multirange NOT NULL DEFAULT '{}',
	PRIMARY KEY (data_schema, walked_at)
);
COMMENT ON TABLE ghcrawl.walked IS 'Which ids crawls of all or of ids walked through; within ghcrawl.walk_interval only those that the data table has are asked for again. What is deleted here is walked through once more';
COMMENT ON COLUMN ghcrawl.walked.walked_at IS 'When that crawl began';
COMMENT ON COLUMN ghcrawl.walked.blocks IS 'Blocks of 4,096 ids, as in ghcrawl.refresh_block, of which the crawl looked at all that is stored';

CREATE TABLE ghcrawl.queue (
	crawl_id	bigint NOT NULL,
	position	bigint NOT NULL,
	task_id		bigint NOT NULL,
	ready_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, position, task_id)
);
COMMENT ON TABLE ghcrawl.queue IS 'Tasks that no worker has claimed; rows are only inserted and deleted';
COMMENT ON COLUMN ghcrawl.queue.position IS 'Order within a crawl: start of the range in seconds, so that repository ids ascend';
COMMENT ON COLUMN ghcrawl.queue.ready_at IS 'Not to be tried again before';

CREATE TABLE ghcrawl.claim (
	crawl_id	bigint NOT NULL,
	task_id		bigint NOT NULL,
	position	bigint NOT NULL,
	worker_no	int NOT NULL,
	claimed_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (crawl_id, task_id)
);
COMMENT ON TABLE ghcrawl.claim IS 'Tasks that a worker has in hand; void once the worker''s lock is free';

CREATE TABLE ghcrawl.worker (
	worker_no	int PRIMARY KEY,
	started_at	timestamptz NOT NULL DEFAULT now(),
	in_flight	int NOT NULL DEFAULT 0,
	budgets		int NOT NULL DEFAULT 0,
	waiting_on	text,
	waiting_until timestamptz,
	updated_at	timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.worker IS 'What each worker last said of itself';

CREATE SEQUENCE ghcrawl.budget_id_seq;
COMMENT ON SEQUENCE ghcrawl.budget_id_seq IS 'Ids of budgets';

CREATE TABLE ghcrawl.budget (
	budget_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.budget_id_seq'),
	api_url		text NOT NULL,
	kind		text NOT NULL DEFAULT 'user',
	account_id	bigint NOT NULL,
	login		text NOT NULL,
	points_hour	bigint NOT NULL DEFAULT 5000 CHECK (points_hour OPERATOR(pg_catalog.>=) 0 AND points_hour OPERATOR(pg_catalog.<=) 1000000000000),
	requests_minute int NOT NULL DEFAULT 2000 CHECK (requests_minute OPERATOR(pg_catalog.>=) 0),
	response_ms_minute int NOT NULL DEFAULT 60000 CHECK (response_ms_minute OPERATOR(pg_catalog.>=) 0),
	total_ms_minute int NOT NULL DEFAULT 90000 CHECK (total_ms_minute OPERATOR(pg_catalog.>=) 0),
	window_ms	int NOT NULL DEFAULT 60000 CHECK (window_ms OPERATOR(pg_catalog.>) 0),
	concurrent	int NOT NULL DEFAULT 100 CHECK (concurrent OPERATOR(pg_catalog.>=) 1 AND concurrent OPERATOR(pg_catalog.<=) 200),
	reserve		int NOT NULL DEFAULT 0 CHECK (reserve OPERATOR(pg_catalog.>=) 0 AND reserve OPERATOR(pg_catalog.<=) 90),
	"limit"		bigint,
	remaining	bigint,
	reset_at	timestamptz,
	minute_requests int NOT NULL DEFAULT 0,
	minute_response_ms int NOT NULL DEFAULT 0,
	spent		bigint NOT NULL DEFAULT 0,
	pace		real,
	paced_by	text,
	released	boolean NOT NULL DEFAULT true,
	unmetered	boolean NOT NULL DEFAULT false,
	benched_until timestamptz,
	benched_for	text,
	points_used	bigint NOT NULL DEFAULT 0,
	requests	bigint NOT NULL DEFAULT 0,
	rest_hour	bigint NOT NULL DEFAULT 5000 CHECK (rest_hour OPERATOR(pg_catalog.>=) 0 AND rest_hour OPERATOR(pg_catalog.<=) 1000000000000),
	rest_limit	bigint,
	rest_remaining bigint,
	rest_reset_at timestamptz,
	rest_spent	bigint NOT NULL DEFAULT 0,
	rest_minute_requests int NOT NULL DEFAULT 0,
	rest_minute_ms int NOT NULL DEFAULT 0,
	rest_benched_until timestamptz,
	rest_requests bigint NOT NULL DEFAULT 0,
	not_modified bigint NOT NULL DEFAULT 0,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (api_url, kind, account_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.budget IS 'What GitHub counts against: one user or installation of an App on one host, however many tokens';
COMMENT ON COLUMN ghcrawl.budget.kind IS 'user or installation';
COMMENT ON COLUMN ghcrawl.budget.account_id IS 'Of a user or of an installation, as GitHub knows it; negative: of a token without a user';
COMMENT ON COLUMN ghcrawl.budget.points_hour IS 'GraphQL points an hour until GitHub says what they are; 0: no limit';
COMMENT ON COLUMN ghcrawl.budget.requests_minute IS 'GraphQL requests a minute, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.response_ms_minute IS 'Summed response time of GraphQL a minute in milliseconds, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.total_ms_minute IS 'The same of GraphQL and REST together';
COMMENT ON COLUMN ghcrawl.budget.window_ms IS 'How long that minute is, in milliseconds';
COMMENT ON COLUMN ghcrawl.budget.concurrent IS 'Requests at once, as GitHub publishes';
COMMENT ON COLUMN ghcrawl.budget.reserve IS 'Percent of all but concurrency left to others who use the account';
COMMENT ON COLUMN ghcrawl.budget.spent IS 'Points that we used of those that reset_at gives back';
COMMENT ON COLUMN ghcrawl.budget.pace IS 'Points an hour at the present pace; null: nothing sets one';
COMMENT ON COLUMN ghcrawl.budget.paced_by IS 'The limit that sets it: points, requests, response';
COMMENT ON COLUMN ghcrawl.budget.unmetered IS 'The server tells of no limits, so none are kept';
COMMENT ON COLUMN ghcrawl.budget.rest_hour IS 'REST requests an hour until GitHub says what they are; 0: no limit';
COMMENT ON COLUMN ghcrawl.budget.rest_limit IS 'The same for requests to the REST API, here and below: GitHub counts them apart';
COMMENT ON COLUMN ghcrawl.budget.rest_benched_until IS 'Not asked before, though GraphQL may be';
COMMENT ON COLUMN ghcrawl.budget.rest_requests IS 'Requests to the REST API, ever; "requests" are those of GraphQL';
COMMENT ON COLUMN ghcrawl.budget.not_modified IS 'Of these, those that GitHub answered by "nothing new" and doesn''t count';
COMMENT ON COLUMN ghcrawl.budget.released IS 'Its holder has written down all that it used and stopped';
COMMENT ON COLUMN ghcrawl.budget.minute_requests IS 'Requests in the minute before updated_at; a worker that takes over counts them';

CREATE SEQUENCE ghcrawl.token_id_seq;
COMMENT ON SEQUENCE ghcrawl.token_id_seq IS 'Ids of tokens';

CREATE TABLE ghcrawl.token (
	token_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.token_id_seq'),
	name		text NOT NULL UNIQUE,
	api_url		text NOT NULL,
	secret		text,
	file		text,
	fingerprint	text NOT NULL,
	budget_id	int REFERENCES ghcrawl.budget,
	added_by	name NOT NULL,
	added_at	timestamptz NOT NULL DEFAULT now(),
	refused_at	timestamptz,
	refused_for	text,
	benched_until timestamptz,
	benched_for	text,
	app_id		text,
	installation_id bigint,
	of_app		int REFERENCES ghcrawl.token ON DELETE CASCADE,
	listed_at	timestamptz,
	CHECK (pg_catalog.num_nonnulls(secret, file, of_app) OPERATOR(pg_catalog.=) 1),
	CHECK (app_id IS NULL OR file IS NOT NULL),
	UNIQUE (of_app, installation_id)
);
/* without a policy: hides it from pg_read_all_data and pg_write_all_data, too */
ALTER TABLE ghcrawl.token ENABLE ROW LEVEL SECURITY;
/* ANALYZE would write samples of them down in pg_statistic */
ALTER TABLE ghcrawl.token ALTER COLUMN secret SET STATISTICS 0;
COMMENT ON TABLE ghcrawl.token IS 'Tokens, GitHub Apps and their installations. Secrets; readable by superusers only and never dumped. The WAL and base backups hold what a table holds: use ghcrawl_add_token_file to keep a secret out of them';
COMMENT ON COLUMN ghcrawl.token.api_url IS 'The only address the token is ever sent to';
COMMENT ON COLUMN ghcrawl.token.file IS 'File on the server that holds the secret, read by the worker';
COMMENT ON COLUMN ghcrawl.token.budget_id IS 'Known once GitHub has said whose token it is';
COMMENT ON COLUMN ghcrawl.token.refused_at IS 'GitHub answered 401; the token isn''t used again';
COMMENT ON COLUMN ghcrawl.token.benched_until IS 'GitHub asked to wait, before it was known whose the token is; later that is its budget''s';
COMMENT ON COLUMN ghcrawl.token.app_id IS 'Of a GitHub App: its id or client id; the file holds its private key';
COMMENT ON COLUMN ghcrawl.token.installation_id IS 'Of an installation: its id; of an App: the only one to use, null for all';
COMMENT ON COLUMN ghcrawl.token.of_app IS 'Of an installation: its App. Its secret lives an hour, in the memory of workers only';
COMMENT ON COLUMN ghcrawl.token.listed_at IS 'Of an App: when GitHub last said where it is installed';

CREATE SEQUENCE ghcrawl.question_id_seq AS int CYCLE;
COMMENT ON SEQUENCE ghcrawl.question_id_seq IS 'Ids of questions';

CREATE TABLE ghcrawl.question (
	question_id	int PRIMARY KEY DEFAULT nextval('ghcrawl.question_id_seq'),
	kind		text NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{plan,verify}')),
	api_url		text NOT NULL,
	profile		text,
	answer		bigint[],
	attempts	int NOT NULL DEFAULT 0,
	failed		boolean NOT NULL DEFAULT false,
	error		text,
	asked_at	timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ghcrawl.question IS 'What a session waits for an answer to (ghcrawl_plan, ghcrawl_verify_tokens); void once the asker''s lock is free';
COMMENT ON COLUMN ghcrawl.question.question_id IS 'Its task, if it has one, is of crawl -question_id';
COMMENT ON COLUMN ghcrawl.question.answer IS 'Of a plan: repositories, ranges, requests, points, milliseconds of response time, bytes, requests to the REST API';
COMMENT ON COLUMN ghcrawl.question.attempts IS 'Requests in a row that brought no answer';
COMMENT ON COLUMN ghcrawl.question.failed IS 'There will be no answer';

CREATE TABLE ghcrawl.token_check (
	question_id	int NOT NULL,
	token_id	int NOT NULL,
	state		text,
	reason		text,
	"limit"		bigint,
	remaining	bigint,
	reset_at	timestamptz,
	PRIMARY KEY (question_id, token_id)
);
COMMENT ON TABLE ghcrawl.token_check IS 'Tokens that GitHub is to be asked about, for a question; state is null until it was';

CREATE TABLE ghcrawl.request_size (
	api_url		text NOT NULL,
	shape		text NOT NULL,
	kind		text NOT NULL,
	learnt		text NOT NULL,
	updated_at	timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (api_url, shape, kind)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.request_size IS 'How much workers found that a request can ask for; what is deleted is found out anew';
COMMENT ON COLUMN ghcrawl.request_size.shape IS 'What is asked of a repository: a set of columns, and a hash of what a profile adds';
COMMENT ON COLUMN ghcrawl.request_size.kind IS 'page, count or list';
COMMENT ON COLUMN ghcrawl.request_size.learnt IS 'For workers of this version';

CREATE SEQUENCE ghcrawl.error_id_seq;
COMMENT ON SEQUENCE ghcrawl.error_id_seq IS 'Ids of errors';

CREATE TABLE ghcrawl.error (
	error_id	bigint PRIMARY KEY DEFAULT nextval('ghcrawl.error_id_seq'),
	crawl_id	bigint NOT NULL DEFAULT 0,
	class		text NOT NULL,
	message		text NOT NULL,
	sample		text,
	count		bigint NOT NULL DEFAULT 1,
	first_seen	timestamptz NOT NULL DEFAULT now(),
	last_seen	timestamptz NOT NULL DEFAULT now(),
	UNIQUE (crawl_id, class, message)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.error IS 'What went wrong, alike things in one row with a count';
COMMENT ON COLUMN ghcrawl.error.crawl_id IS '0: concerns no crawl but a token or a budget';
COMMENT ON COLUMN ghcrawl.error.sample IS 'Where it happened last: a range, a repository, a request id for GitHub''s support';

CREATE TABLE ghcrawl.traffic (
	seconds		int NOT NULL CHECK (seconds OPERATOR(pg_catalog.=) ANY ('{60,3600}')),
	slot		timestamptz NOT NULL,
	worker_no	int NOT NULL,
	api_url		text NOT NULL,
	kind		text NOT NULL,
	status		text NOT NULL,
	verdict		text NOT NULL,
	count		bigint NOT NULL,
	ms			bigint NOT NULL,
	points		bigint NOT NULL,
	bytes		bigint NOT NULL,
	repositories bigint NOT NULL,
	histogram	int[] NOT NULL,
	PRIMARY KEY (seconds, slot, worker_no, api_url, kind, status, verdict)
) WITH (fillfactor = 50);
COMMENT ON TABLE ghcrawl.traffic IS 'Requests of each worker, alike ones in one row, by the minute for an hour and by the hour for a day';
COMMENT ON COLUMN ghcrawl.traffic.seconds IS 'Length of the slot; an hour has the sum of its minutes';
COMMENT ON COLUMN ghcrawl.traffic.ms IS 'Milliseconds of all of them together';
COMMENT ON COLUMN ghcrawl.traffic.histogram IS 'How their milliseconds are spread: 16 buckets to a power of ten, from 1 on; see ghcrawl.quantile';

SELECT pg_catalog.pg_extension_config_dump('ghcrawl.profile', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.data_schema', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.crawl_counter', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.task_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.task', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.seen', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.listed', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.walked', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.queue', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.claim', 'WHERE crawl_id > 0');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.error_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('ghcrawl.error', '');
