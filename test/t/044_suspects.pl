# What a crawl saw last time and doesn't see now is looked up by id before
# anything is said of it: who left the selection gets new values, who is gone is
# written down as gone, and of whom GitHub doesn't answer nothing is said.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $world = 6_000;
my $sim = start_simulator(
	repositories => $world,
	users => 1,
	latency => 5,
	unstable_order => 0,
	unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }

sub lists_asked { return json_of($sim->get('/_sim/usage'))->{totals}{parts}{nodes}{asked} }

# Crawls; returns the lists of ids that were asked for. Checks what became of suspects.
sub recrawl
{
	my ($selection, $wanted, $name, %option) = @_;
	my $before = lists_asked();
	my $crawl = start_crawl($node, $selection, $option{profile} // 'flat');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, $option{state});
	is(sql("SELECT suspects, gone FROM ghcrawl.crawls WHERE crawl = $crawl"), $wanted, "$name: suspects and gone");
	is(sql("SELECT stored - expected FROM ghcrawl.crawls WHERE crawl = $crawl"),
		'0', "$name: suspects are neither stored nor expected");
	is(sql("SELECT string_agg(DISTINCT crawl_id::text, ',') FROM ghcrawl.seen s JOIN ghcrawl.crawl USING (crawl_id)"
			. " WHERE selection = '$selection'"),
		$option{kept} // $crawl, "$name: members of one crawl are kept");
	is(sql("SELECT tasks - tasks_ended FROM ghcrawl.crawls WHERE crawl = $crawl"), '0', "$name: all tasks are counted");
	return lists_asked() - $before;
}

sub absent { return sql('SELECT string_agg(repo_id::text, \',\' ORDER BY repo_id) FROM github.repository_absence') }
sub in_order { return join ',', sort { $a <=> $b } @_ }

# --- a selection that is cut into ranges ------------------------------------

my $selection = 'stars:0..3 fork:true';
my @ids = $sim->truth($selection);
is(recrawl($selection, '0|0', 'first crawl'), 0, 'first crawl: nothing is looked up by id');
is(sql('SELECT sum(n) FROM ghcrawl.seen'), scalar @ids, 'every repository seen is kept as a member');
cmp_ok(sql('SELECT sum(length(ids))::real / sum(n) FROM ghcrawl.seen'), '<', 1.5, 'in less than 1.5 bytes');

is(recrawl($selection, '0|0', 'nothing changed'), 0, 'nothing changed: nothing is looked up by id');

# who stays, leaves, comes, and goes; the cuts change as well
my @early = splice @ids, 0, 900;
my @deleted = @early[ grep { $_ % 3 == 0 } 0 .. $#early ];
my ($private, $renamed, $left, $blocked) = splice @ids, 100, 4;
my ($came) = $sim->truth('stars:20..9000 fork:true');
my @left = @ids[ 700 .. 949 ];
change((map { { op => 'delete', id => $_ } } @deleted),
	{ op => 'private', id => $private },
	{ op => 'rename', id => $renamed, name => 'another-name' },
	(map { { op => 'set', id => $_, stars => 77 } } $left, @left),
	{ op => 'set', id => $came, stars => 2 },
	(map { { op => 'add', stars => 1 } } 1 .. 5));
my @gone = (@deleted, $private);
my $n_left = 1 + @left;
# who isn't found is asked for once more, by the legacy form
my $lists = recrawl($selection, (@gone + $n_left) . '|' . @gone, 'world changed');
cmp_ok($lists, '<=', 2 * ((@gone + $n_left) / 100 + 1), 'world changed: a list for each hundred, and one for those not found');
is(absent(), in_order(@gone), 'world changed: just those that GitHub does not show are absent');
is(sql("SELECT count(*) FROM github.repository WHERE repo_id = ANY ('{" . join(',', @gone) . "}')"),
	scalar @gone, 'world changed: their rows stay');
is(sql("SELECT count(*) FROM github.repository WHERE stars = 77 AND repo_id = ANY ('{" . join(',', $left, @left) . "}')"),
	$n_left, 'world changed: those that left have their new values');
is(sql("SELECT h.stars <= 3 FROM github.repository_history h WHERE repo_id = $left"),
	't', 'world changed: and their history');
like(sql("SELECT name_with_owner FROM github.repository WHERE repo_id = $renamed"),
	qr{/another-name$}, 'world changed: a new name is no absence');
is(sql('SELECT count(*), count(missed_at) FROM github.repositories'),
	(sql('SELECT count(*) FROM github.repository')) . '|' . @gone, 'world changed: the view shows both');
is(sql(<<'SQL'), 't', 'world changed: ranges were cut in other places');
SELECT count(*) > 0 FROM ghcrawl.task a WHERE crawl_id = 2 AND state = 'done' AND NOT EXISTS
	(SELECT FROM ghcrawl.task b WHERE b.crawl_id = 3 AND b.state = 'done' AND b.query = a.query)
SQL
is(sql("SELECT count(*) FROM ghcrawl.errors WHERE class = 'partial'"), '0', 'world changed: no error about them');

recrawl($selection, '0|0', 'crawl after that');
is(absent(), in_order(@gone), 'crawl after that: who is absent stays so');

# --- they come back ------------------------------------------------------------

my $elsewhere = shift @deleted;
change({ op => 'private', id => $private, value => \0 }, { op => 'restore', id => $deleted[0] },
	{ op => 'restore', id => $elsewhere }, { op => 'set', id => $elsewhere, stars => 5000 });
my $place = sql("SELECT ctid, xmin FROM github.repository WHERE repo_id = $private");
recrawl($selection, '0|0', 'back again');
@gone = grep { $_ != $private && $_ != $deleted[0] } @gone;
is(absent(), in_order(@gone), 'back again: they are no more absent');
is(sql("SELECT ctid, xmin FROM github.repository WHERE repo_id = $private"), $place,
	'back again: an unchanged row stays as it lies');
recrawl('stars:>=5000', '0|0', 'another selection', profile => 'stars');
@gone = grep { $_ != $elsewhere } @gone;
is(absent(), in_order(@gone), 'another selection: its crawl sees one, too');

# --- crawls that are no basis ----------------------------------------------------

my $kept = sql("SELECT max(crawl_id) FROM ghcrawl.crawl WHERE selection = '$selection'");
my $limited = sql("SELECT ghcrawl_start('$selection', 'flat', max_repositories => 50)");
crawl_ends($node, $limited);
is(sql("SELECT suspects FROM ghcrawl.crawls WHERE crawl = $limited"), '0', 'a limited crawl is not compared');
change({ op => 'delete', id => $ids[50] });
recrawl($selection, '1|1', 'after a limited crawl');
is(absent(), in_order(@gone, $ids[50]), 'after a limited crawl: the one before it was compared with');

# --- look-ups that fail -------------------------------------------------------------

my $small = 'stars:4..9';
my ($a, $b, $c, $d, $e, $f) = $sim->truth($small);
recrawl($small, '0|0', 'small selection');
recrawl($small, '0|0', 'small selection again');
my $quiet = sql('SELECT requests FROM ghcrawl.crawls ORDER BY crawl DESC LIMIT 1');
sub spoil_look_ups { return $sim->post('/_sim/script', [ map { { fault => $_ } } (undef) x $quiet, @_ ]) }

# an id as ghcrawl.seen has it
sub packed
{
	my @digits;

	for (my $id = $_[0]; $id > 0; $id >>= 7) { push @digits, $id & 0x7f }
	my $last = pop @digits;
	return unpack 'H*', pack 'C*', (map { $_ | 0x80 } @digits), $last;
}

sub is_absent { return sql("SELECT count(*) FROM github.repository_absence WHERE repo_id = $_[0]") }

change({ op => 'delete', id => $a });
spoil_look_ups('json502', 'html502', 'timeout200');
recrawl($small, '1|1', 'gateways fail');
is(is_absent($a), '1', 'gateways fail: it is gone all the same');

# hidden, not gone: nothing is said, and the next crawl asks again
for my $fault (qw(nullNodes forbiddenNodes))
{
	change({ op => 'set', id => $b, stars => 900 });
	spoil_look_ups(($fault) x 9);
	recrawl($small, '0|0', $fault, state => 'done_with_gaps');
	is(is_absent($b), '0', "$fault: nothing is said of it");
	is(sql("SELECT stars BETWEEN 4 AND 9 FROM github.repository WHERE repo_id = $b"), 't', "$fault: its row stays");
	like(sql("SELECT query || error FROM ghcrawl.partitions WHERE kind = 'nodes' ORDER BY task DESC LIMIT 1"),
		qr/^ids:$b stars:4..9 created:.*doesn't say/, "$fault: the gap tells which and why");
	if ($fault eq 'nullNodes')
	{
		recrawl($small, '1|0', "after $fault");
	}
	else
	{
		my $crawl = sql('SELECT max(crawl_id) FROM ghcrawl.crawl');
		my $members = "ghcrawl.seen WHERE crawl_id = $crawl AND task_id = (SELECT max(task_id) FROM ghcrawl.task WHERE kind = 'nodes')";

		# as if another had been asked for with it, and answered
		is(sql("SELECT n FROM $members"), '1', "after $fault: it stays a member");
		sql("UPDATE $members" =~ s/ WHERE/ SET ids = '\\x@{[ packed($d) ]}' WHERE/r);
		is(sql("SELECT ghcrawl_retry_gaps($crawl)"), '1', "after $fault: the gap is tried again");
		crawl_ends($node, $crawl);
		is(sql("SELECT suspects, gone, gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"),
			'1|0|0|0', "after $fault: and closed");
		is(sql("SELECT n, encode(ids, 'hex') FROM $members"), '1|' . packed($d),
			"after $fault: members that were not asked for again are kept");
	}
	is(sql("SELECT stars FROM github.repository WHERE repo_id = $b"), '900', "after $fault: it is asked for again");
	$b = $c;
}

# a crawl that is cancelled meanwhile leaves its basis to the next
change({ op => 'delete', id => $d });
$kept = sql("SELECT max(crawl_id) FROM ghcrawl.seen");
spoil_look_ups('stall');
my $crawl = start_crawl($node, $small, 'flat');
wait_for($node, "SELECT state FROM ghcrawl.partitions WHERE crawl = $crawl AND kind = 'nodes'", 'claimed');
sql("SELECT ghcrawl_cancel($crawl)");
is(is_absent($d), '0', 'cancelled: nothing is said');
is(sql("SELECT max(crawl_id) FROM ghcrawl.seen"), $kept, 'cancelled: the basis is the one before');
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
recrawl($small, '1|1', 'after a cancelled crawl');
is(is_absent($d), '1', 'after a cancelled crawl: it is gone');

# the worker dies between the comparison and the end
change({ op => 'delete', id => $e }, { op => 'set', id => $f, stars => 800 });
spoil_look_ups('stall');
$crawl = start_crawl($node, $small, 'flat');
wait_for($node, "SELECT state FROM ghcrawl.partitions WHERE crawl = $crawl AND kind = 'nodes'", 'claimed');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
crawl_ends($node, $crawl);
is(sql("SELECT suspects, gone FROM ghcrawl.crawls WHERE crawl = $crawl"), '2|1', 'kill -9: suspects are counted once');
is(is_absent($e) . is_absent($f), '10', 'kill -9: one is gone');
is(sql("SELECT stars FROM github.repository WHERE repo_id = $f"), '800', 'kill -9: the other has changed');
nothing_is_left($node, 'kill -9');

# --- a selection that only GitHub can evaluate ------------------------------------------

my ($other, $lost) = $sim->truth('language:Python');
recrawl('language:Python', '0|0', 'by language');
change({ op => 'set', id => $other, language => 'Ruby' }, { op => 'delete', id => $lost });
recrawl('language:Python', '2|1', 'by language, changed');
is(is_absent($other) . is_absent($lost), '01', 'by language: who is gone');
is(sql("SELECT language FROM github.repositories WHERE repo_id = $other"), 'Ruby', 'by language: who left');
recrawl('language:Python', '1|0', 'by language, once more');

no_limit_violated($sim, 'all of it');
done_testing();
