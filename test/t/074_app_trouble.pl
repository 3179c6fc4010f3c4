# GitHub Apps that are refused: wrong keys and ids, a server whose clock is
# wrong, one installation of several, two names of one App; and crawls by an
# Enterprise Server's addresses.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my %common = (tls => 1, users => 1, latency => 5, apps => 1, installations => 2);
my $sim = start_simulator(%common, repositories => 40_000, apps => 2, limits => 'off');
my $slow = start_simulator(%common, repositories => 1_000, 'clock_skew' => -600);
my $fast = start_simulator(%common, repositories => 1_000, 'clock_skew' => 600, installations => 120);
my ($app, $other) = $sim->apps;
my $dir = PostgreSQL::Test::Utils::tempdir();

# each simulator has an authority of its own
append_to_file("$dir/ca.pem", slurp_file($_->ca)) for $sim, $slow, $fast;
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->https . "/api/v3'", "ghcrawl.ca_file = '$dir/ca.pem'");

sub sql { return $node->safe_psql('postgres', $_[0]) }

# what ghcrawl_verify_tokens says, line by line, and its notices
sub verify
{
	my (undef, $out, $err) = $node->psql('postgres',
		q{SELECT name, login, state, coalesce(reason, '-') FROM ghcrawl_verify_tokens()});
	return ($out, $err);
}

sub requests_of
{
	my ($sim_asked, $path) = @_;
	return $sim_asked->counters->{by_path}{$path} // 0;
}

sql('CREATE EXTENSION ghcrawl');

# asked about before any crawl, its installations are told, too
my ($one, $two) = @{ $app->{installations} };
sql("SELECT ghcrawl_add_app('bot', '$app->{client_id}', '$app->{key_pkcs8}')");
my ($rows, $notices) = verify();
is($rows, "bot||ready|-\nbot:crawler-org-$one|crawler-org-$one|ready|-\n"
	  . "bot:crawler-org-$two|crawler-org-$two|ready|-", 'a new App and its installations');
is($notices, '', 'of which none is somebody else\'s');

# Enterprise addresses, with limits that are off
my $crawl = start_crawl($node, 'stars:>=20 fork:true', 'stars');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=20 fork:true', 'Enterprise Server');
is(sql(q{SELECT DISTINCT api_url LIKE 'https://127.0.0.1:%/api/v3' FROM ghcrawl.budget}), 't',
	'budgets are of that address');
is(sql('SELECT count(*) FROM ghcrawl.errors'), '0', 'nothing went wrong');
no_limit_violated($sim, 'Enterprise Server');

# the same App under another name, and one installation of it
my (undef, undef, $err) = $node->psql('postgres',
	"SELECT ghcrawl_add_app('again', $app->{id}, '$app->{key}', '$two')");
like($err, qr/NOTICE:  "again" is the same as "bot"/, 'the same App again');
($rows, $notices) = verify();
is($rows, "again||ready|-\nagain:crawler-org-$two|crawler-org-$two|ready|-\n"
	  . "bot||ready|-\nbot:crawler-org-$one|crawler-org-$one|ready|-\nbot:crawler-org-$two|crawler-org-$two|ready|-",
	'with one installation only');
like($notices, qr/^psql:<stdin>:1: NOTICE:  tokens "again:crawler-org-$two", "bot:crawler-org-$two" share one budget, that of "crawler-org-$two"/,
	'which is one budget under two names');
is(scalar(() = $notices =~ /NOTICE/g), 1, 'said once');
is(sql('SELECT count(*) FROM ghcrawl.budget'), '2', 'there are two budgets');
sql(q{SELECT ghcrawl_remove_token('again'), ghcrawl_remove_token('bot')});

# a key that is another App's, an App that isn't there, an installation neither
my $before = requests_of($sim, '/app/installations');
sql("SELECT ghcrawl_add_app('wrong key', $app->{id}, '$other->{key}'); SELECT ghcrawl_add_app('wrong id', 77, '$app->{key}');"
	. " SELECT ghcrawl_add_app('elsewhere', $app->{id}, '$app->{key}', '77')");
($rows) = verify();
like($rows, qr/^elsewhere\|\|ready\|it has no installation 77$/m, 'an installation that is none of its');
like($rows, qr/^wrong key\|\|refused\|HTTP 401/m, 'a wrong key');
like($rows, qr/^wrong id\|\|refused\|HTTP 401/m, 'a wrong id');
is(sql(q{SELECT string_agg(name || ' ' || state, ', ' ORDER BY name) FROM ghcrawl.tokens}),
	'elsewhere ready, wrong id refused, wrong key refused', 'the view agrees');
is(requests_of($sim, '/app/installations') - $before, 5, 'a claim that is refused is made once more, not again');
is(sql(q{SELECT sum(count) FROM ghcrawl.errors WHERE class = 'bad_token'}), '2', 'each said once');
sql(q{SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens});

# an App that was refused is used again when it works
sql("SELECT ghcrawl_add_app('mended', $app->{id}, '$dir/key')") if !copy_key($other->{key});
($rows) = verify();
is($rows, 'mended||refused|HTTP 401: A JSON web token could not be decoded', 'a key that was replaced');
copy_key($app->{key});
($rows) = verify();
like($rows, qr/^mended\|\|ready\|-\nmended:crawler-org-$one\|crawler-org-$one\|ready/, 'by the right one');
unlink "$dir/key";
($rows) = verify();
like($rows, qr/^mended\|\|unreadable\|could not open its file: No such file/, 'or was removed');
is(sql(q{SELECT count(*) FROM ghcrawl.tokens WHERE state = 'refused'}), '0', 'which is no reason to refuse it');
sql(q{SELECT ghcrawl_remove_token('mended')});

# clocks that are off by ten minutes: one claim is refused, the next isn't
my ($theirs) = $slow->apps;
sql("SET ghcrawl.api_url = '" . $slow->https . "'; SELECT ghcrawl_add_app('slow', $theirs->{id}, '$theirs->{key}')");
($rows) = verify();
is($rows, "slow||ready|-\n" . join("\n",
	map { "slow:crawler-org-$_|crawler-org-$_|ready|-" } @{ $theirs->{installations} }), 'a clock that is slow');
is(requests_of($slow, '/app/installations'), 2, 'the claim was made anew');
is(requests_of($slow, '/app/installations/:id/access_tokens'), 2, 'and then the clock was known');
sql(q{SELECT ghcrawl_remove_token('slow')});

# likewise, with one installation of many, which is on the second page
($theirs) = $fast->apps;
my $last = $theirs->{installations}[119];
sql("SET ghcrawl.api_url = '" . $fast->https . "'; SELECT ghcrawl_add_app('fast', $theirs->{id}, '$theirs->{key}', '$last')");
($rows) = verify();
is($rows, "fast||ready|-\nfast:crawler-org-$last|crawler-org-$last|ready|-", 'a clock that is fast, and the last of many');
is(requests_of($fast, '/app/installations'), 3, 'the claim was made anew, and two pages were read');
is(requests_of($fast, '/app/installations/:id/access_tokens'), 1, 'one token was made');
sql(q{SELECT ghcrawl_remove_token('fast')});

is(sql(q{SELECT count(*) FROM ghcrawl.errors WHERE class NOT IN ('bad_token', 'token')}), '0', 'all is as expected');

# where limits are off, more is asked in a few seconds than GitHub would allow in a minute
sql("SELECT ghcrawl_add_app('bot', $app->{id}, '$app->{key}', '$one')");
$sim->post('/_sim/settings', { latency => 400 });
$crawl = start_crawl($node, 'forks:>=0 fork:true', 'full');
crawl_ends($node, $crawl);
cmp_ok(sql('SELECT max(minute_response_ms) FROM ghcrawl.budget'), '>', 60_000, 'nothing is paced');
is(crawl_column($node, $crawl, 'stored'), 40_000, 'and all is there');

sub copy_key
{
	my ($from) = @_;

	open my $out, '>', "$dir/key" or die "$dir/key: $!";
	print $out slurp_file($from);
	close $out or die "$dir/key: $!";
	return;
}

done_testing();
