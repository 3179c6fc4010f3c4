# Limits and tokens: a user who is exhausted or benched is left alone until his
# time, others go on; when all wait, the view says until when.  Tokens that
# GitHub refuses are tried once.  No secret shows anywhere.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $selection = 'stars:>=0 fork:true';

# Every text that views and sessions show, once.
sub texts_on_show
{
	my ($node) = @_;
	my $views = join '; ', map { "SELECT v FROM ghcrawl.$_ v" }
	  qw(crawls progress partitions workers tokens errors);
	return $node->safe_psql('postgres', "$views; SELECT a FROM pg_stat_activity a");
}

sub shows_no_secret
{
	my ($text, $where, @secrets) = @_;
	my @shown = grep { index($text, substr $_, 4) >= 0 } @secrets;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar(@shown), 0, "no secret in $where");
	return;
}

# ---------------------------------------------------------------------------
# An hour of 40 points: two users are used evenly, and wait when told to be dry.
# ---------------------------------------------------------------------------

# 600 times faster: the hour lasts 6 s
my $sim = start_simulator(
	repositories => 15_000,
	users => 2,
	latency => 20,
	time_scale => 600,
	points => 40);
my $node = new_node('dry', "ghcrawl.api_url = '" . $sim->http . "'",
	'ghcrawl.pages_per_request = 1');
install($node, $sim);
my $start = time;
my $crawl = start_crawl($node, $selection);
wait_for($node, "SELECT stored > 1000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');

# GitHub says that there is nothing left although headers say that there is
$sim->post('/_sim/script', [ map { { fault => $_ } } qw(rateLimited rateLimit) ]);
wait_for($node, <<SQL, qr/^waiting\|points until \d\d:\d\d:\d\d\|t\|waiting\|t$/);
SELECT p.state, p.waiting_on, p.eta IS NULL, w.state,
	w.waiting_until BETWEEN now() - interval '1 s' AND now() + interval '8 s'
FROM ghcrawl.progress p, ghcrawl.workers w WHERE p.crawl = $crawl
SQL
crawl_ends($node, $crawl);
diag(sprintf '%d requests with 40 points per 6 s and user, %.1f s',
	$sim->counters->{requests}, time - $start);
ids_are_exact($node, $sim, $selection, 'told to be dry');
no_limit_violated($sim, 'told to be dry');
is($node->safe_psql('postgres', "SELECT sum(count) FROM ghcrawl.errors WHERE class = 'exhausted'"),
	'2', 'told to be dry: it is counted');
$sim->stop;
$node->stop;

# ---------------------------------------------------------------------------
# Secondary limits, with and without a word on how long; bad tokens.
# ---------------------------------------------------------------------------

# 20 times faster: a minute on the bench lasts 3 s
$sim = start_simulator(
	repositories => 30_000,
	users => 8,
	tokens_per_user => 2,
	latency => 200,
	time_scale => 20);
$node = new_node('benched', "ghcrawl.api_url = '" . $sim->http . "'");
$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');

# two tokens of a user are one budget; odd ones are kept in files
my @tokens = $sim->tokens;
my $unknown = 'ghp_' . 'MarkerOfASecret' x 2 . 'NobodyKnows';
my $folder = PostgreSQL::Test::Utils::tempdir();
for my $i (0 .. $#tokens)
{
	append_to_file("$folder/$i.token", "$tokens[$i]\n");
	$node->safe_psql('postgres', $i % 2
		? "SELECT ghcrawl_add_token_file('user$i', '$folder/$i.token')"
		: "SELECT ghcrawl_add_token('user$i', '$tokens[$i]')");
}

# one request at a time: what is on its way already when a refusal comes can't be taken back
$node->safe_psql('postgres', 'SELECT ghcrawl_verify_tokens()');
$node->safe_psql('postgres', "SELECT ghcrawl_set_limits('user$_', concurrent => 1)") for 0 .. $#tokens;
$node->safe_psql('postgres', "SELECT ghcrawl_add_token('unknown', '$unknown')");

$start = time;
$crawl = start_crawl($node, $selection, 'flat');
wait_for($node, "SELECT stored > 500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
wait_for($node, "SELECT count(*) FROM ghcrawl.tokens WHERE login IS NOT NULL", '16');
$sim->post('/_sim/faults', { secondary => 0.03 });
my $seen = texts_on_show($node);

# three users in mid-crawl: two benched for who knows how long, one revoked
$sim->post('/_sim/script', [ map { { fault => $_ } } qw(secondaryBare secondary200 unauthorized) ]);
wait_for($node, "SELECT count(*) FROM ghcrawl.tokens WHERE state = 'refused'", '2');
$seen .= texts_on_show($node);
is($node->safe_psql('postgres', <<'SQL'), "unknown\nuser", 'refused are the unknown token and a revoked one');
SELECT regexp_replace(name, '\d+', '') FROM ghcrawl.tokens WHERE state = 'refused' ORDER BY 1
SQL
wait_for($node, <<'SQL', '2', 20);
SELECT count(DISTINCT login) FROM ghcrawl.tokens
WHERE benched_until BETWEEN now() + interval '30 s' AND now() + interval '90 s'
	AND reason ~ 'secondary rate limit'
SQL
crawl_ends($node, $crawl);
$seen .= texts_on_show($node);
my $counters = $sim->counters;
diag(sprintf 'benched: %d requests, %.1f s, faults %s', $counters->{requests}, time - $start,
	join ', ', map { "$_ $counters->{faults}{$_}" } sort keys %{ $counters->{faults} });
ids_are_exact($node, $sim, $selection, 'benched');
values_are_true($node, $sim, $selection, 'flat', 'benched');
no_limit_violated($sim, 'benched', unauthorized => 1);
is($node->safe_psql('postgres',
		'SELECT count(DISTINCT login), count(*) FILTER (WHERE login IS NULL) FROM ghcrawl.tokens'),
	'8|1', 'tokens of a user are known as one');
is($node->safe_psql('postgres', "SELECT sum(count) FROM ghcrawl.errors WHERE class = 'bad_token'"),
	'2', 'each refused token was tried once');
is( $node->safe_psql('postgres', "SELECT sum(count) FROM ghcrawl.errors WHERE class = 'secondary'"),
	$counters->{faults}{secondary} + 2, 'each secondary limit is counted');

# refused tokens aren't tried again in the next crawl
$sim->post('/_sim/faults', { secondary => 0 });
$crawl = start_crawl($node, 'stars:>=5', 'flat');
crawl_ends($node, $crawl);
no_limit_violated($sim, 'the next crawl', unauthorized => 1);

my @secrets = (@tokens, $unknown);
shows_no_secret($seen . texts_on_show($node), 'views and sessions', @secrets);
shows_no_secret(slurp_file($node->logfile), 'the server log', @secrets);
my ($dump) = run_command([ 'pg_dump', '--dbname', $node->connstr('postgres') ]);
like($dump, qr/COPY github\.repository /, 'a dump has the data');
shows_no_secret($dump, 'a dump', @secrets);
my ($code, undef, $error) = $node->psql('postgres', 'SELECT * FROM ghcrawl.token');
is($code, 0, 'a superuser may read the table');
$node->safe_psql('postgres', 'CREATE ROLE chief LOGIN IN ROLE ghcrawl_admin');
($code, undef, $error) = $node->psql('postgres', 'SELECT * FROM ghcrawl.token',
	extra_params => [ '-U', 'chief' ]);
like($error, qr/permission denied for table token/, 'an administrator may not');
ok((grep { /^ghp_.{1,12}$/ } split /\n/,
		$node->safe_psql('postgres', 'SELECT fingerprint FROM ghcrawl.tokens')) == @secrets,
	'tokens are known by short fingerprints');

done_testing();
