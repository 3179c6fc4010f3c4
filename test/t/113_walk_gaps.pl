# Repositories that the database refuses are gaps of a walk, also after a worker
# died, and are asked for again when the gaps are tried again: they alone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(
	repositories => 1_500,
	users => 2,
	latency => 20,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, id => 0 + $_->{id} } } @_ ])) }

my @ids = $sim->truth('fork:true');
my @refused = @ids[ map { 30 * $_ + 5 } 0 .. 49 ];
my $rest = @ids - @refused;
sub have_stars { my ($stars) = @_; change(map { { op => 'set', id => $_, stars => $stars } } @refused); return }

# What a crawl says of it, and what is stored.
sub is_gap
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, 'done_with_gaps');
	is(sql("SELECT stored, expected, missing FROM ghcrawl.crawls WHERE crawl = $crawl"), "$rest|" . @ids . '|' . @refused, "$name: what was counted");
	is(sql("SELECT DISTINCT error FROM ghcrawl.task WHERE crawl_id = $crawl AND state = 'gap'"), 'the database refused rows', "$name: the reason");
	return;
}

sub is_whole
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	is(sql("SELECT stored, expected, missing, gaps FROM ghcrawl.crawls WHERE crawl = $crawl"), @ids . '|' . @ids . '|0|0', "$name: what was counted");
	is(sql('SELECT count(*) FROM github.repository WHERE stars = 4711'), scalar @refused, "$name: all are stored");
	return;
}

# Tries the gaps again; returns REST and other requests.
sub retried
{
	my ($crawl) = @_;

	$sim->post('/_sim/counters/reset');
	sql("SELECT ghcrawl_retry_gaps($crawl)");
	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
	my $paths = $sim->counters->{by_path};
	return map { $paths->{$_} // 0 } '/repositories', '/graphql';
}

# --- a walk of new ones, with a worker's death ---------------------------------------

have_stars(4711);
sql('SELECT ghcrawl_create_tables(); ALTER TABLE github.repository ADD CONSTRAINT few CHECK (stars <> 4711)');
# slow, so that it isn't over before its worker is killed
$sim->post('/_sim/settings', { latency => 150 });
my $crawl = start_crawl($node, 'all', 'flat');
wait_for($node, "SELECT stored > 500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
$sim->post('/_sim/settings', { latency => 20 });
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
is_gap($crawl, 'refused');
is(sql('SELECT count(*) FROM github.repository'), $rest, 'refused: the others are stored');

my ($n_rest, $n_graphql) = retried($crawl);
is_gap($crawl, 'refused again');
cmp_ok($n_rest, '<=', 3, 'refused again: nothing is listed but the end');
my $gaps = sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND state = 'gap'");
cmp_ok($n_graphql, '<=', $gaps + 2, "refused again: only what was refused is asked for: $n_graphql requests for $gaps tasks");
sql('ALTER TABLE github.repository DROP CONSTRAINT few');
($n_rest) = retried($crawl);
is_whole($crawl, 'mended');
cmp_ok($n_rest, '<=', 3, 'mended: nothing is listed but the end');

# --- a walk of known ones --------------------------------------------------------------

have_stars(17);
sql("SELECT ghcrawl_cancel(crawl_id) FROM ghcrawl.crawl WHERE state = 'running'");
$crawl = start_crawl($node, 'all', 'flat');
crawl_ends($node, $crawl);
have_stars(4711);
sql(<<'SQL');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF new.stars = 4711 THEN RAISE EXCEPTION 'too many' USING ERRCODE = 'check_violation'; END IF; RETURN new; END$$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON github.repository FOR EACH ROW EXECUTE FUNCTION refuse();
SQL
$crawl = start_crawl($node, 'all', 'flat');
is_gap($crawl, 'known');
cmp_ok(sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND kind = 'known' AND state = 'gap'"), '>', 0, 'known: they are');
is(sql('SELECT count(*) FROM github.repository WHERE stars = 17'), scalar @refused, 'known: rows stay as they were');
sql('DROP TRIGGER refuse ON github.repository');
retried($crawl);
is_whole($crawl, 'known and mended');
nothing_is_left($node, 'gaps');

# --- tables that can't be read ------------------------------------------------------------

for my $column ('repository repo_id', 'tombstone kind')
{
	my ($table, $name) = split ' ', $column;

	sql("ALTER TABLE github.$table RENAME $name TO other");
	$crawl = start_crawl($node, 'all', 'flat');
	crawl_ends($node, $crawl, 'failed');
	is(sql("SELECT reason FROM ghcrawl.crawls WHERE crawl = $crawl"), "could not store: column \"$name\" does not exist", "$column: the crawl fails, not its worker");
	sql("ALTER TABLE github.$table RENAME other TO $name");
}
no_limit_violated($sim, 'gaps');
done_testing();
