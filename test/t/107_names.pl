# Names that repositories have and had: a name is found whoever has it or had
# it, in any case; one that was freed and taken by another repository gives the
# present holder first, also while the row of the former one is out of date.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(repositories => 1_500, users => 1, latency => 2,
	unstable_order => 0, unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, id => 0 + $_->{id} } } @_ ])) }
sub now { return sql('SELECT clock_timestamp()') }

sub crawl
{
	my ($selection) = @_;
	crawl_ends($node, start_crawl($node, $selection, 'flat'));
	return;
}

# Who has or had a name, first the holder: ids with p for present, s for stale.
sub found
{
	my ($name, $at) = @_;
	return sql("SELECT string_agg(repo_id || CASE WHEN is_present THEN 'p' WHEN is_stale THEN 's' ELSE '' END, ' ' ORDER BY i)"
		. " FROM ghcrawl_find('$name'" . ($at ? ", '$at'" : '') . ') WITH ORDINALITY'
		. ' AS f (repo_id, now, found, is_present, is_stale, valid_from, valid_to, ended_by, missed_at, i)');
}

my $all = 'stars:>=0';
crawl($all);
my ($one, $two, $three, $four) = map { sql("SELECT repo_id FROM github.repository WHERE stars = 0 AND flags & 1 = 0 ORDER BY repo_id OFFSET $_ LIMIT 1") } 0 .. 3;
my %name = map { $_ => sql("SELECT name_with_owner FROM github.repository WHERE repo_id = $_") } $one, $two, $three, $four;
my ($owner) = split m{/}, $name{$one};

is(found($name{$one}), "${one}p", 'a name is found');
is(found(uc $name{$one}), "${one}p", 'in any case');
is(found('nobody/nothing'), '', 'one that nobody has is not');
is(sql("SELECT count(*) FROM github.names WHERE valid_to IS NULL"), sql('SELECT count(*) FROM github.repository'), 'each row has a present name');

# renamed, transferred, only in case; each found by a crawl
my $before = now();
change({ op => 'rename', id => $one, name => 'Second-Name' },
	{ op => 'transfer', id => $two, owner => 'somebody-else' },
	{ op => 'rename', id => $three, name => ucfirst uc((split m{/}, $name{$three})[1]) });
crawl($all);
my $between = now();
is(found($name{$one}), $one, 'a former name is found');
is(found("$owner/second-name"), "${one}p", 'and the present one');
is(found($name{$one}, $before), $one, 'the former name, at a moment when it was the name');
is(found($name{$one}, $between), '', 'and not at one when it was none any more');
is(found("$owner/second-name", $before), '', 'nor the present one at a moment before');
is(sql("SELECT string_agg(ended_by, ',' ORDER BY ended_by) FROM github.names WHERE valid_to IS NOT NULL"),
	'case,renamed,transferred', 'what ended them');
is(sql("SELECT bool_and(p.valid_from = f.valid_to AND f.valid_from IS NULL AND p.valid_from > '$before') FROM github.names f"
		. ' JOIN github.names p USING (repo_id) WHERE f.valid_to IS NOT NULL AND p.valid_to IS NULL'),
	't', 'one name begins when the other ends');

# the freed name is taken by another repository
change({ op => 'rename', id => $four, owner => $owner, name => (split m{/}, $name{$one})[1] });
crawl($all);
is(found($name{$one}), "${four}p $one", 'a freed name that another took: its holder first, the former one after him');
is(found($name{$one}, $before), $one, 'at a moment before, only the former one');
is(found($name{$four}), $four, "the holder's own former name");
is(sql("SELECT ended_by FROM github.names WHERE repo_id = $four AND valid_to IS NOT NULL"),
	sql("SELECT CASE WHEN (SELECT count(DISTINCT owner_id) FROM (SELECT owner_id FROM github.repository WHERE repo_id IN ($one, $four)) x) = 1"
		. " AND EXISTS (SELECT FROM github.history WHERE repo_id = $four AND owner_id IS NOT NULL) THEN 'transferred' ELSE 'renamed' END"),
	'and what ended it');

# a name taken while the row of who had it is out of date: only one of both is looked at
change({ op => 'rename', id => $four, name => 'third-name', owner => $owner },
	{ op => 'set', id => $two, stars => 5000 });
change({ op => 'rename', id => $two, name => (split m{/}, $name{$one})[1], owner => $owner });
crawl('stars:5000');
is(sql("SELECT count(*) FROM github.repository WHERE name_with_owner = '$name{$one}'"), '2', 'two rows say the same name');
is(found($name{$one}), "${two}p ${four}s $one", 'who was found with it later is the holder; the other one is out of date');
is(sql("SELECT s.valid_to = p.valid_from FROM ghcrawl_find('$name{$one}') s, ghcrawl_find('$name{$one}') p WHERE s.is_stale AND p.is_present"),
	't', 'since the holder was found with it');
crawl($all);
is(found($name{$one}), "${two}p $four $one", 'when it is looked at again, it has its new name');

# and one that is gone isn't the holder
change({ op => 'delete', id => $two }, { op => 'set', id => $three, stars => 6000 },
	{ op => 'rename', id => $three, owner => $owner, name => (split m{/}, $name{$one})[1] });
crawl($all);
is(found($name{$one}), "${three}p ${two}s $four $one", 'who is gone has no name that another has');

# by indexes
$node->safe_psql('postgres', q{SELECT ghcrawl_index_statements('{names}') \gexec});
is(sql(q{SELECT count(*) FROM ghcrawl_index_statements('{names}')}), '0', 'the indexes are there');
my $plan = sql(<<SQL);
SET enable_seqscan = off;
EXPLAIN SELECT repo_id FROM github.repository WHERE lower(name_with_owner) = 'a/b'
UNION ALL SELECT repo_id FROM github.repository_history WHERE lower(name_with_owner) = 'a/b' AND name_with_owner IS NOT NULL;
EXPLAIN SELECT * FROM github.names WHERE repo_id = ANY (ARRAY(SELECT 5::bigint));
SQL
like($plan, qr/repository_lower_name_idx/, 'a name is found by an index of the table');
like($plan, qr/repository_history_default_lower_name_idx/, 'and by one of the history');
like($plan, qr/repository_history_default_named_idx/, 'so are the names of a repository');
is(found(uc $name{$one}), "${three}p ${two}s $four $one", 'the same is found by them');

# readers may, others not
$node->safe_psql('postgres', 'CREATE ROLE reader IN ROLE ghcrawl_reader; CREATE ROLE nobody');
is(sql("SET ROLE reader; SELECT count(*) FROM ghcrawl_find('$name{$one}')"), '4', 'a reader finds names');
like(error_of($node, "SET ROLE nobody; SELECT ghcrawl_find('a/b')"), qr/permission denied/, 'others do not');
sql('REVOKE SELECT ON github.repository_history FROM ghcrawl_reader');
like(error_of($node, "SET ROLE reader; SELECT ghcrawl_find('a/b')"), qr/permission denied for table repository_history/,
	'nor who may not read the tables');
done_testing();
