package GhcSmallDisk;

# Two small file systems of a test's own, in memory: for data and for WAL.  Must be
# used before all else: it starts the test anew in a mount namespace that has them,
# which ends with the test.  $ENV{GHC_SMALL_DATA} and $ENV{GHC_SMALL_WAL} are their
# folders; they aren't set where a user may not make namespaces.  "use GhcSmallDisk data_mb => 256"
# makes that for data so many MB.

use strict;
use warnings;

use File::Temp qw(tempdir);

use constant DATA_MB => 32;
use constant WAL_MB => 32;

# As root of the new namespace it mounts, then becomes the user it was.
use constant SCRIPT => 'mount -t tmpfs -o size=$3M,mode=700 tmpfs "$1" && mount -t tmpfs -o size=$4M,mode=700 tmpfs "$2" '
  . '&& shift 4 && exec unshare --user --map-user=$GHC_UID --map-group=$GHC_GID -- "$@"';

sub import
{
	my (undef, %option) = @_;
	# once is enough; and whoever only checks the syntax wants nothing started
	return if defined $ENV{GHC_UID} || $^C;
	local $ENV{GHC_UID} = $<;
	local $ENV{GHC_GID} = $( + 0;
	return if system('unshare', '--user', '--map-root-user', '--mount', 'true') != 0;
	my $top = tempdir(DIR => $ENV{TESTDIR}, CLEANUP => 0);
	my @folders = map { "$top/$_" } qw(data wal);

	mkdir $_ or die "$_: $!" for @folders;
	@ENV{qw(GHC_SMALL_DATA GHC_SMALL_WAL)} = @folders;
	exec 'unshare', '--user', '--map-root-user', '--mount', 'bash', '-c', SCRIPT, 'small-disk', @folders, $option{data_mb} // DATA_MB, WAL_MB,
	  $^X, $0, @ARGV or die "unshare: $!";
}

1;
