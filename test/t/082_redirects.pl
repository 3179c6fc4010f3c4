# Redirects and links to elsewhere, of answers of either API: nothing of ours
# goes there, least of all a token, neither to another host nor without TLS.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcFault;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(tls => 1, repositories => 5000, users => 4, latency => 10, limits => 'wide',
	apps => 1, installations => 2);
my $elsewhere = start_simulator(tls => 1, repositories => 10);
my $dir = PostgreSQL::Test::Utils::tempdir();

# both are trusted, so that nothing but good sense keeps us from there
append_to_file("$dir/ca.pem", slurp_file($_->ca)) for $sim, $elsewhere;
my $node = new_node('main',
	"ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '$dir/ca.pem'",
	'ghcrawl.pages_per_request = 1');
install($node, $sim);

sub nobody_was_lured
{
	my ($name) = @_;
	my @stray = grep { $_->{scheme} ne 'https' || $_->{path} !~ m{^/(?:graphql|app/|app$)} } @{ $sim->json('/_sim/requests?last=5000') };

	is($elsewhere->counters->{requests}, 0, "$name: nothing arrives at the other host");
	is(join(' ', map { "$_->{scheme} $_->{path}" } @stray), '', "$name: nor at other addresses of this one, nor without TLS");
	return;
}

(my $host = $sim->https) =~ s{^https://}{};
my @locations = (
	$elsewhere->http . '/graphql', $elsewhere->https . '/graphql',
	$sim->http . '/graphql', $sim->https . '/elsewhere', $sim->https . '/graphql',
	'/elsewhere', '//' . substr($elsewhere->http, 7) . '/graphql', 'elsewhere?a=b', '',
	'file:///etc/passwd', 'gopher://127.0.0.1/', "http://user:password\@$host/graphql");
my @statuses = (301, 302, 303, 307, 308);
my @script = map { { fault => 'redirect', status => $statuses[ $_ % 5 ], location => $locations[$_] } } 0 .. $#locations;

# the first is the answer to whose token it is
$sim->post('/_sim/script', [ map { ($_, { fault => undef }) } @script ]);
my $crawl = start_crawl($node, EVERYTHING, 'flat');
my $watched = watch($node, $crawl);
is($sim->counters->{faults}{redirect}, scalar @locations, 'every redirect was sent');
invariants($node, $sim, $crawl, $watched, name => 'redirects',
	errors => { '^value: description' => 1, '^garbage: HTTP #?\d* ?\d*:? ?.*redirect refused' => 15 });
is($node->safe_psql('postgres', q{SELECT count(*) FROM ghcrawl.errors WHERE message ~ 'password|etc/|a=b|elsewhere' OR sample ~ 'password|etc/'}),
	'0', 'redirects: their targets, which may hold secrets, are not written down but for the host');
nobody_was_lured('redirects');

# an App's list of installations is read page by page, and each page says that
# there is another, elsewhere
my ($app) = $sim->apps;
my $key = "$dir/app.pem";
append_to_file($key, slurp_file($app->{key}));
chmod 0600, $key;
set_faults($sim, foreignLink => { rate => 1, location => $elsewhere->http });
$node->safe_psql('postgres', 'SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens');
$node->safe_psql('postgres', "SELECT ghcrawl_add_app('bot', $app->{id}, '$key')");
$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
$crawl = start_crawl($node, 'stars:>=1', 'flat');
$watched = watch($node, $crawl);
invariants($node, $sim, $crawl, $watched, name => 'links', selection => 'stars:>=1',
	errors => { '^value: description' => 1 });
cmp_ok($sim->counters->{by_path}{'/app/installations'} // 0, '<=', 20, 'links: pages without end are not read without end');
nobody_was_lured('links');

# every request of an App meets a redirect, that for its list and that for a
# token of an installation, which a new worker needs
sub verify
{
	return $node->safe_psql('postgres', q{SET statement_timeout = '60s';
		SELECT state, reason, count(*) FROM ghcrawl_verify_tokens() GROUP BY state, reason ORDER BY state});
}

wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
set_faults($sim, redirect => { rate => 1, location => $elsewhere->https . '/app/installations?page=2' });
my %before = %{ $sim->counters->{by_path} };
like(verify(), qr/\Aunreachable\|HTTP 307: redirect refused, it leads to 127.0.0.1:\d+\|3\z/,
	'Apps: whoever asks of one and its installations gets an answer');
my %after = %{ $sim->counters->{by_path} };
is($after{'/app/installations'} - $before{'/app/installations'}, 1, 'Apps: the list was asked for');
is($after{'/app/installations/:id/access_tokens'} - $before{'/app/installations/:id/access_tokens'}, 1,
	'Apps: and a token, though there was no list');
nobody_was_lured('Apps');
set_faults($sim);
is(verify(), 'ready||3', 'Apps: they are of use again at once');

done_testing();
