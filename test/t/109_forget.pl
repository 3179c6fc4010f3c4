# What was forgotten is erased from data and history, and no way stores it again:
# a search, a look-up by id, another profile, another crawl, after DROP and
# CREATE EXTENSION; also not while workers are storing it at that moment.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(repositories => 2_000, users => 2, latency => 2,
	unstable_order => 0, unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }

sub crawl
{
	my ($selection, $profile, $state) = @_;
	my $crawl = start_crawl($node, $selection, $profile // 'flat');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, $state);
	return $crawl;
}

# How many rows of the data schema and of the control tables know a repository.
sub known
{
	my ($id, $name) = @_;
	my $dump = sql(<<SQL);
SELECT (SELECT count(*) FROM github.repository WHERE repo_id = $id)
	+ (SELECT count(*) FROM github.repository_history WHERE repo_id = $id)
	+ (SELECT count(*) FROM github.repository_popular WHERE repo_id = $id)
	+ (SELECT count(*) FROM github.repository_absence WHERE repo_id = $id)
	+ (SELECT count(*) FROM ghcrawl.error WHERE strpos(lower(sample), lower('$name')) > 0)
SQL
	return $dump;
}

my $all = 'stars:>=0';
crawl($all);
my $one = sql("SELECT repo_id FROM github.repository WHERE stars >= 100 ORDER BY repo_id LIMIT 1");
my $name = sql("SELECT name_with_owner FROM github.repository WHERE repo_id = $one");
change({ op => 'rename', id => $one, name => 'newer' }, { op => 'set', id => $one, stars => 777 });
crawl($all);
change({ op => 'delete', id => $one });
crawl($all);
sql("INSERT INTO ghcrawl.error (class, message, sample) VALUES ('repository', 'no', 'repository $one $name'), ('other', 'no', 'in uc(\U$name\E)'),"
	. " ('repository', 'no, by id', 'repository $one'), ('repository', 'yes', 'repository ${one}0 a/b')");
my $changes = sql("SELECT count(*) FROM github.repository_history WHERE repo_id = $one");
cmp_ok($changes, '>=', 1, 'it has a history');
is(known($one, $name), 5 + $changes, 'it is known in all tables');
change({ op => 'restore', id => $one });

sql("INSERT INTO ghcrawl.listed (crawl_id, asked_as, repo_id, state) VALUES (1, 'x', $one, 'found'), (1, '\U$name\E', NULL, 'not_found'), (1, 'y', ${one}0, 'found')");
# whatever a backslash means to the session
is(sql("SET standard_conforming_strings = off; SELECT string_agg(erased_from || ' ' || n, ', ' ORDER BY erased_from) FROM ghcrawl_forget('$name', 'asked by letter 17')"),
	"error 3, hint 0, listed 2, repository 1, repository_absence 1, repository_history $changes, repository_look 0, repository_popular 1, repository_star_history 0",
	'forgotten by a former name; it tells how much that was');
is(known($one, $name), '0', 'nothing of it is left');
is(sql("SELECT count(sample) FROM ghcrawl.error WHERE message IN ('no', 'no, by id', 'yes')"), '1', 'what is about others stays');
is(sql('SELECT asked_as FROM ghcrawl.listed'), 'y', 'nor in lists');
is(sql('SELECT kind, id, reason FROM github.tombstone'), "repository|$one|asked by letter 17", 'its tombstone has a number and no name');
is(sql('SELECT count(*) FROM github.names WHERE repo_id = ' . $one), '0', 'its names are gone');

# no way back
crawl($all);
crawl($all, 'stars');
crawl('stars:777', 'full');
is(known($one, $name), '0', 'no search stores it, by no profile');
is(sql('SELECT count(*) FROM github.repository'), $sim->count($all) - 1, 'all others are there');
change({ op => 'set', id => $one, stars => 778 });
crawl('stars:777', 'full');
is(known($one, $name), '0', 'nor does a look-up of a suspect');
sql("SELECT ghcrawl_forget($one)");
is(sql('SELECT reason FROM github.tombstone'), 'asked by letter 17', 'to forget it twice is to forget it');

# an owner: his repositories, those he had, those he will have
my ($owner, $login, $n) = split /\|/, sql(<<'SQL');
SELECT owner_id, split_part(min(name_with_owner), '/', 1), count(*) FROM github.repository
GROUP BY owner_id HAVING count(*) BETWEEN 3 AND 8 ORDER BY owner_id LIMIT 1
SQL
my ($given, @his) = split ' ', sql("SELECT string_agg(repo_id::text, ' ' ORDER BY repo_id) FROM github.repository WHERE owner_id = $owner");
change({ op => 'transfer', id => $given, owner => 'the-heir' });
crawl($all);
is(sql("SELECT count(*) FROM github.names WHERE name_with_owner LIKE '$login/%' AND ended_by = 'transferred'"), '1', 'one was given away');
is(sql("SELECT n FROM ghcrawl_forget_owner('\U$login\E', 'letter 18') WHERE erased_from = 'repository'"), scalar @his, 'an owner is forgotten by his login');
is(sql("SELECT string_agg(kind || ' ' || id, ',' ORDER BY kind, id) FROM github.tombstone WHERE reason = 'letter 18'"),
	join(',', "owner $owner", map { "repository $_" } @his), 'he and each of his have tombstones');
is(sql("SELECT count(*) FROM github.names WHERE name_with_owner LIKE '$login/%'"), '0', 'no name tells of him, nor that one was his');
is(sql("SELECT count(*) FROM github.repository WHERE repo_id = $given"), '1', 'which is there, as it is another\'s');
my $others = sql('SELECT count(*) FROM github.repository');
my ($new) = @{ change({ op => 'add', stars => 3, owner => $login, name => 'brand-new' })->{ids} };
crawl($all, 'stars');
crawl($all, 'flat');
is(sql('SELECT count(*) FROM github.repository'), $others, 'a new one of his is not stored, by a profile without owners neither');
is(sql("SELECT count(*) FROM github.repository WHERE name_with_owner ILIKE '$login/%'"), '0', 'nor any other of his');
change({ op => 'transfer', id => $given, owner => $login });
crawl($all, 'flat');
is(sql("SELECT count(*) FROM github.repository WHERE owner_id = $owner OR name_with_owner ILIKE '$login/%'"), '0', 'nor one that he gets back');

# dropped and made anew
$node->safe_psql('postgres', 'DROP EXTENSION ghcrawl');
install($node, $sim);
crawl($all, 'stars');
crawl($all, 'full');
is(known($one, $name), '0', 'after DROP and CREATE EXTENSION it is not stored either');
is(sql("SELECT count(*) FROM github.repository WHERE owner_id = $owner OR repo_id = $new"), '0', 'nor what is the owner\'s');
is(sql('SELECT count(*) FROM github.tombstone'), 2 + @his, 'the tombstones are as they were');

# while workers store: whoever comes second sees the other
sql('TRUNCATE github.repository, github.repository_history, github.repository_popular');
my @victims = split ' ', sql("SELECT string_agg(repo_id::text, ' ') FROM (SELECT repo_id FROM unnest('{"
		. join(',', $sim->truth($all)) . "}'::bigint[]) repo_id ORDER BY random() LIMIT 60) x WHERE repo_id <> ALL ('{$one,$new," . join(',', @his) . "}')");
my $crawl = start_crawl($node, $all, 'full');
sql("SELECT ghcrawl_forget($_, 'in a hurry')") for @victims;
crawl_ends($node, $crawl);
is(sql("SELECT count(*) FROM github.repository WHERE repo_id = ANY ('{" . join(',', @victims) . "}')"), '0', 'none is left of those that were forgotten meanwhile');
is(sql('SELECT count(*) FROM github.repository r JOIN github.tombstone t ON t.id IN (r.repo_id)'), '0', 'nor any that has a tombstone');

# held up by one that isn't committed yet, workers store nothing of it afterwards
sql('TRUNCATE github.repository, github.repository_history, github.repository_popular');
$sim->post('/_sim/settings', { latency => 300 });
my ($victim) = sort { $b <=> $a } grep { my $id = $_; !grep { $_ == $id } @victims, @his, $one, $new } $sim->truth($all);
$crawl = start_crawl($node, $all, 'full');
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe("SELECT ghcrawl_forget($victim)");
wait_for($node, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'github.repository'::regclass AND mode = 'RowExclusiveLock' AND NOT granted}, 't');
$session->query_safe('COMMIT');
$session->quit;
crawl_ends($node, $crawl);
$sim->post('/_sim/settings', { latency => 2 });
is(sql("SELECT count(*) FROM github.repository WHERE repo_id = $victim"), '0', 'the one that a worker was held up by is not stored');
is(sql('SELECT count(*) FROM github.repository'),
	sql("SELECT count(*) FROM unnest('{" . join(',', $sim->truth($all)) . "}'::bigint[]) i"
		. " WHERE i NOT IN (SELECT id FROM github.tombstone WHERE kind = 'repository') AND i NOT IN ($new, $given)"),
	'and all others are');

# an owner who gives one away and gets another one meanwhile
my ($away, $got) = split ' ', sql("SELECT string_agg(repo_id::text, ' ') FROM (SELECT repo_id FROM github.repository ORDER BY repo_id LIMIT 2) x");
sql(<<"SQL");
UPDATE github.repository SET owner_id = 1000000007 WHERE repo_id = $away;
INSERT INTO github.repository_history (repo_id, changed_at, stars) VALUES ($got, now() - interval '1 day', 5);
SQL
$session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe("UPDATE github.repository SET owner_id = CASE repo_id WHEN $got THEN 1000000007 ELSE 1000000008 END WHERE repo_id IN ($away, $got)");
my $other = $node->background_psql('postgres');
$other->query_until(qr/begins/, "\\echo begins\nSELECT ghcrawl_forget_owner(1000000007);\n");
wait_for($node, q{SELECT count(*) FROM pg_locks WHERE relation = 'github.repository'::regclass AND NOT granted}, '1');
$session->query_safe('COMMIT');
$session->quit;
$other->quit;
is(sql("SELECT count(*) FROM github.tombstone WHERE id = $got"), '1', 'what he got meanwhile is forgotten');
is(sql("SELECT count(*) FROM github.repository_history WHERE repo_id = $got"), '0', 'with all of its history');

# what can go wrong
like(error_of($node, "SELECT ghcrawl_forget('nobody/nothing')"), qr/42704.*number/s, 'an unknown name');
like(error_of($node, "SELECT ghcrawl_forget('nobody')"), qr/22023.*ghcrawl_forget_owner/s, 'a login where a repository is meant');
like(error_of($node, "SELECT ghcrawl_forget_owner('a/b')"), qr/22023/, 'and the other way round');
like(error_of($node, 'SELECT ghcrawl_forget(0)'), qr/22023/, 'no number');
like(error_of($node, 'SELECT ghcrawl_forget(NULL::bigint)'), qr/22004/, 'nothing');
like(error_of($node, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT ghcrawl_forget(5)'), qr/READ COMMITTED/, 'a snapshot that would not see what workers add');
my ($first, $second) = split ' ', sql("SELECT string_agg(repo_id::text, ' ' ORDER BY repo_id) FROM (SELECT repo_id FROM github.repository ORDER BY repo_id LIMIT 2) x");
sql("UPDATE github.repository SET name_with_owner = 'the/same' WHERE repo_id IN ($first, $second)");
like(error_of($node, "SELECT ghcrawl_forget('the/Same')"), qr/42P08.*$second, $first|42P08.*$first, $second/s, 'a name of two: the numbers are told');
$node->safe_psql('postgres', 'CREATE ROLE boss IN ROLE ghcrawl_admin; CREATE ROLE reader IN ROLE ghcrawl_reader');
like(error_of($node, "SET ROLE reader; SELECT ghcrawl_forget($first)"), qr/42501/, 'a reader may not');
is(sql("SET ROLE boss; SELECT n FROM ghcrawl_forget($first) WHERE erased_from = 'repository'"), '1', 'an administrator may');
done_testing();
