# GitHub Apps over TLS: their installations are found and crawl with budgets of
# their own; tokens are renewed in time, and made anew if they are refused; a
# key that is gone; and no token or key text shows anywhere.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use File::Copy;
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# A token lives eight seconds.  GitHub's other limits would be as short as that, so
# it doesn't watch them; we do.  Repositories take time, and tokens none.
my $sim = start_simulator(tls => 1, repositories => 5_000, users => 1, apps => 1, installations => 2,
	suspended => 1, 'time_scale' => 450, timeout => 1e9,
	'graphql_seconds' => 1e9, 'total_seconds' => 1e9,
	map { ("latency_$_" => 0) } qw(base node count connection alias jitter));
my ($app) = $sim->apps;
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->https . "'", "ghcrawl.ca_file = '" . $sim->ca . "'");
my $key = PostgreSQL::Test::Utils::tempdir() . '/app.pem';
my ($one, $two) = @{ $app->{installations} };
my $suspended = $app->{suspended}[0];

sub sql { return $node->safe_psql('postgres', $_[0]) }

# how often tokens were asked for
sub minted { return $sim->counters->{by_path}{'/app/installations/:id/access_tokens'} // 0 }

# How long each repository takes, in milliseconds of ours.
sub set_latency { return $sim->post('/_sim/settings', { latency => { node => 450 * $_[0] } }) }

# Waits until so many tokens were asked for.
sub wait_for_minted
{
	my ($wanted, $name) = @_;
	my $deadline = time + 60;

	sleep 0.1 while minted() < $wanted && time < $deadline;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(minted(), '>=', $wanted, $name);
	return;
}

# Everything that a table of ours holds, that the log says, that others see.
sub all_texts
{
	my @tables = split /\n/, sql(q{SELECT c.oid::regclass FROM pg_class c
		WHERE relnamespace IN ('ghcrawl'::regnamespace, 'github'::regnamespace) AND relkind IN ('r', 'v')});
	return slurp_file($node->logfile)
	  . sql(join ';', 'SELECT a FROM pg_stat_activity a', map { "SELECT t FROM $_ t" } @tables);
}

# No token that was ever handed out, nor a line of the key, is in any of them.
sub nothing_leaks
{
	my ($name) = @_;
	my $texts = all_texts();
	my @secrets = grep { /^ghs_/ } map { $_->{token} } @{ $sim->json('/_sim/tokens') };
	my @lines = grep { length > 30 } split /\n/, slurp_file($app->{key});

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(length $texts, '>', 10_000, "$name: there is something to look at");
	cmp_ok(scalar @secrets, '>', 2, "$name: tokens were made");
	is(scalar(grep { index($texts, $_) >= 0 } @secrets, @lines), 0, "$name: no secret shows");
	# neither a part of one, nor claims that an App signed
	unlike($texts, qr/ghs_|eyJ|PRIVATE/, "$name: nor a piece of one");
	return;
}

sql('CREATE EXTENSION ghcrawl');
copy($app->{key}, $key) or die "$key: $!";
my $fingerprint = sql("SELECT ghcrawl_add_app('bot', $app->{id}, '$key')");
run_command([ 'openssl', 'rsa', '-in', $key, '-pubout', '-outform', 'DER', '-out', "$key.der" ]);
my ($hash) = run_command([ 'sh', '-c', "openssl sha256 -binary '$key.der' | openssl base64" ]);
is($fingerprint, "SHA256:$hash", 'the fingerprint is what openssl says');
is(sql('SELECT name, kind, state, login, kept_in FROM ghcrawl.tokens'), 'bot|app|new||file',
	'an App that nobody asked about');

# the first crawl finds its installations, and outlives their first tokens
set_latency(6);
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'stars');
wait_for_minted(4, 'tokens are renewed in the middle of the crawl');
nothing_leaks('in the middle of a crawl');
set_latency(0);
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'by installations');
is(sql(q{SELECT name, kind, state, login, coalesce(reason, '-'), kept_in FROM ghcrawl.tokens ORDER BY name}),
	<<"OUT" =~ s/\n\z//r, 'its installations are known');
bot|app|ready||-|file
bot:crawler-org-$one|installation|ready|crawler-org-$one|-|memory
bot:crawler-org-$two|installation|ready|crawler-org-$two|-|memory
bot:crawler-org-$suspended|installation|refused|crawler-org-$suspended|the installation is suspended|memory
OUT
is( sql(q{SELECT count(*) FILTER (WHERE b.requests > 0), sum(b.requests) = (SELECT requests FROM ghcrawl.crawls)
		FROM ghcrawl.budget b WHERE kind = 'installation'}), '2|t', 'both were used, each a budget');
is( sql(q{SELECT string_agg(account_id::text, ' ' ORDER BY account_id) FROM ghcrawl.budget}),
	"$one $two $suspended", 'known by the ids of installations');
is(join(' ', sort grep { /^installation/ } keys %{ $sim->counters->{by_user} }),
	"installation:$one installation:$two", 'and GitHub saw them ask');
is(sql('SELECT count(*) FROM ghcrawl.errors'), '0', 'nothing went wrong');
no_limit_violated($sim, 'no token was used that had ended, nor a suspended one');

# good tokens are refused
my $before = minted();
$sim->post('/_sim/script', [ ({ fault => 'unauthorized' }) x 3 ]);
$crawl = start_crawl($node, 'stars:>=1 fork:true', 'stars');
crawl_ends($node, $crawl);
cmp_ok(minted(), '>=', $before + 3, 'others are made');
is(sql(q{SELECT class, count FROM ghcrawl.errors}), 'bad_token|3', 'which is noted');
is(sql(q{SELECT count(*) FROM ghcrawl.tokens WHERE state = 'refused'}), '1', 'and no reason to refuse anybody');
is(crawl_column($node, $crawl, 'stored'), $sim->count('stars:>=1 fork:true'), 'the crawl is whole');

# the key is gone: what there is is used up, then it waits until the key is back
set_latency(6);
$crawl = start_crawl($node, 'forks:>=0 fork:true', 'stars');
wait_for($node, "SELECT requests > 0 FROM ghcrawl.crawls WHERE crawl = $crawl", 't', 20);
unlink $key;
wait_for($node, "SELECT waiting_on FROM ghcrawl.progress WHERE crawl = $crawl", 'a token', 30);
set_latency(0);
is(sql(q{SELECT message ~ 'No such file', count FROM ghcrawl.errors WHERE class = 'token'}), 't|1', 'said once');
copy($app->{key_pkcs8}, $key) or die "$key: $!";
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'with the key in another form');
nothing_leaks('at the end');

is(sql(q{SELECT ghcrawl_remove_token('bot')}), $fingerprint, 'removed');
is(sql('SELECT count(*) FROM ghcrawl.token'), '0', 'with its installations');

done_testing();
