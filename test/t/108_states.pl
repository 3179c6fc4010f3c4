# What becomes of repositories while crawls go on (renames with the name used
# again, transfers, deletion, private and back, blocks): the next crawl's final
# state is the truth, with why and since when something isn't shown any more.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(repositories => 3_000, users => 2, latency => 150,
	unstable_order => 0, unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'ghcrawl.absence_stars = 0');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }

my $all = 'stars:>=0';
my @ids = sort { $a <=> $b } $sim->truth($all);
my $next = 0;

# Some ids that nothing was done to yet, from all over the world.
sub some
{
	my ($n) = @_;
	return map { $ids[ ($next++ * 7) % @ids ] } 1 .. $n;
}

sub state_of
{
	my (@of) = @_;
	return sql("SELECT string_agg(DISTINCT coalesce(state, 'unknown') || ' ' || learnt_by, ',') FROM github.repository_state WHERE repo_id IN (" . join(',', @of) . ')');
}

# Crawls; the world changes as soon as so many are stored.
sub crawl_while
{
	my ($stored, @changes) = @_;
	my $crawl = start_crawl($node, $all, 'flat');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, "SELECT stored >= $stored FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	change(@changes) if @changes;
	crawl_ends($node, $crawl);
	return $crawl;
}

crawl_while(0);
is(sql("SELECT string_agg(DISTINCT state, ',' ORDER BY state) FROM github.repository_state"),
	sql("SELECT string_agg(DISTINCT CASE WHEN is_disabled THEN 'disabled' WHEN is_archived THEN 'archived' WHEN is_empty THEN 'empty' ELSE 'active' END, ',' "
		. "ORDER BY CASE WHEN is_disabled THEN 'disabled' WHEN is_archived THEN 'archived' WHEN is_empty THEN 'empty' ELSE 'active' END) FROM github.repositories"),
	'states of what is shown');
is(sql('SELECT count(*) FROM github.repository_state WHERE since IS NULL AND state <> \'disabled\''), '0', 'of all it is known since when');

my @deleted = some(20);
my @private = some(20);
my @dmca = some(10);
my @tos = some(10);
my @transferred = some(10);
my @renamed = some(10);
my @takers = some(10);
my @archived = some(10);
my %name = map { my ($id, $n) = split /\|/; ($id => $n) }
  split /\n/, sql('SELECT repo_id, name_with_owner FROM github.repository WHERE repo_id IN (' . join(',', @renamed, @takers) . ')');
my @changes = (
	(map { { op => 'delete', id => $_ } } @deleted),
	(map { { op => 'private', id => $_ } } @private),
	(map { { op => 'set', id => $_, dmca => \1 } } @dmca),
	(map { { op => 'set', id => $_, tos => \1 } } @tos),
	(map { { op => 'transfer', id => $_, owner => 'the-heir' } } @transferred),
	(map { { op => 'archive', id => $_ } } @archived),
	(map { { op => 'rename', id => $_, name => "was-renamed-$_" } } @renamed),
	(map { my ($owner, $freed) = split m{/}, $name{ $renamed[$_] }; { op => 'rename', id => $takers[$_], owner => $owner, name => $freed } } 0 .. $#takers));
crawl_while(800, @changes);
crawl_while(0);

my @gone = (@deleted, @private, @dmca, @tos);
is(sql("SELECT string_agg(repo_id::text, ',' ORDER BY repo_id) FROM github.repository_absence"),
	join(',', sort { $a <=> $b } @gone), 'absent is just what is not shown any more');
is(sql("SELECT count(*) FROM github.repository r WHERE NOT EXISTS (SELECT FROM github.repository_absence a WHERE a.repo_id = r.repo_id)"),
	$sim->count($all), 'all others are there');
is(state_of(@deleted, @private), 'private_or_deleted rest', 'deleted and private look the same');
is(state_of(@dmca), 'blocked_dmca rest', 'blocked by DMCA');
is(state_of(@tos), 'blocked_tos rest', 'blocked for its terms');
is(state_of(@archived), 'archived crawl', 'archived');
is(sql("SELECT bool_and(a.notice LIKE 'https://github.com/github/dmca/%' AND s.since = a.blocked_at AND a.blocked_at < a.missed_at) FROM github.repository_absence a"
		. ' JOIN github.repository_state s USING (repo_id) WHERE repo_id IN (' . join(',', @dmca) . ')'),
	't', 'GitHub says since when it is blocked, and why');
is(sql("SELECT count(*) FROM github.repository_state s JOIN github.repositories r USING (repo_id) WHERE s.repo_id IN (" . join(',', @archived)
		. ") AND s.since = r.archived_at"), scalar @archived, 'and since when it is archived');
is(sql("SELECT count(*) FROM github.repository_state WHERE transferred_at IS NOT NULL AND repo_id IN (" . join(',', @transferred) . ')'),
	scalar @transferred, 'transfers are known');
is(sql("SELECT count(*) FROM github.repository_state WHERE renamed_at IS NOT NULL AND repo_id IN (" . join(',', @renamed, @takers) . ')'),
	@renamed + @takers, 'and renames');
for my $i (0 .. $#takers)
{
	is(sql("SELECT string_agg(repo_id || ' ' || is_present, ',') FROM ghcrawl_find('$name{$renamed[$i]}')"),
		"$takers[$i] true,$renamed[$i] false", "a freed name is the taker's ($i)");
}
is(sql('SELECT count(*) FROM (SELECT 1 FROM github.repository GROUP BY lower(name_with_owner) HAVING count(*) > 1) x'), '0', 'no name is there twice');
is(sql('SELECT sum(rest_requests) FROM ghcrawl.crawl_counter'), scalar @gone, 'one REST request for each that is gone');
is($sim->counters->{violations}{rest_minute_points} // 0, 0, 'within the limits');

# some come back, some are deleted for good while they were private
change((map { { op => 'private', id => $_, value => \0 } } @private[ 0 .. 9 ]),
	(map { { op => 'set', id => $_, dmca => \0 } } @dmca),
	(map { { op => 'restore', id => $_ } } @deleted[ 0 .. 4 ]));
crawl_while(0);
is(sql('SELECT count(*) FROM github.repository_absence'), @gone - 25, 'who is back is absent no more');
is(sql("SELECT count(*) FROM github.repository_state WHERE learnt_by = 'crawl'"), $sim->count($all), 'all that is shown is there');

# tables made before have no room for reasons, until they are completed
sql('DROP VIEW github.repository_state; TRUNCATE github.repository_absence;'
	. ' ALTER TABLE github.repository_absence DROP COLUMN reason, DROP COLUMN checked_at, DROP COLUMN blocked_at, DROP COLUMN notice');
change({ op => 'delete', id => $renamed[1] });
crawl_while(0);
is(sql('SELECT repo_id FROM github.repository_absence'), $renamed[1], 'without room for a reason it is absent all the same');
sql('SELECT ghcrawl_create_tables()');
is(state_of($renamed[1]), 'private_or_deleted id', 'its state is known by the look by id');
change({ op => 'delete', id => $renamed[2] });
crawl_while(0);
is(state_of($renamed[2]), 'private_or_deleted rest', 'then reasons are asked for again');

# it isn't asked about those that few care for
my ($poor) = grep { my $id = $_; !grep { $_ == $id } @gone, @renamed } $sim->truth('stars:0..9');
my ($rich) = grep { my $id = $_; !grep { $_ == $id } @gone, @renamed } $sim->truth('stars:10..500');
$node->append_conf('postgresql.conf', 'ghcrawl.absence_stars = 10');
$node->reload;
change(map { { op => 'delete', id => $_ } } $poor, $rich);
crawl_while(0);
is(state_of($poor), 'private_or_deleted id', 'with few stars it is not asked why');
is(state_of($rich), 'private_or_deleted rest', 'with enough it is');
done_testing();
