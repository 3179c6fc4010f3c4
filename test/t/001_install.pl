# The extension installs on a new server, and its settings are known.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use Test::More;

my $node = new_node('main');

$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
is( $node->safe_psql('postgres',
		q{SELECT extversion FROM pg_extension WHERE extname = 'ghcrawl'}),
	'1.0', 'the extension is installed');

my ($code, $out, $err) = $node->psql('postgres',
	q{LOAD 'ghcrawl'; SET ghcrawl.no_such_setting = 1});
like($err, qr/invalid configuration parameter name/, 'the prefix is reserved');

$node->safe_psql('postgres', 'DROP EXTENSION ghcrawl CASCADE');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'ghcrawl'}),
	0, 'it leaves no control table behind');

done_testing();
