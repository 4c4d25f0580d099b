# A test without its expected output, or the reverse, would silently not be a test.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Test::More;

sub names
{
    my ($folder, $extension) = @_;
    return [ map { m{([^/]+)\.$extension$} ? $1 : () } files_below($folder, qr/\.$extension$/) ];
}

# An alternative expected file, name_1.out, belongs to the test "name".
sub expected_names
{
    my %names = map { s/_[0-9]$//r => 1 } @{ names(@_) };
    return [ sort keys %names ];
}

is_deeply(names('test/sql', 'sql'), expected_names('expected', 'out'),
    'each regression test has an expected file, and the reverse');
my %subjects = map { $_ => 1 } @{ names('sql', 'sql') };
is_deeply([ grep { $subjects{$_} } @{ names('test/sql', 'sql') } ], [],
    'no regression test has the name of a file in sql/, which pg_regress would run instead');
is_deeply(names('test/isolation/specs', 'spec'), expected_names('test/isolation/expected', 'out'),
    'each isolation test has an expected file, and the reverse');

# Up to PostgreSQL 15, pg_regress takes ./sql/name.sql for the test of that name.
my %installed = map { $_ => 1 } @{ names('sql', 'sql') };
is_deeply([ grep { $installed{$_} } @{ names('test/sql', 'sql') } ], [],
    'no regression test bears the name of a part of the install script');

my @unreached = grep { !m{_test\.cpp$} } files_below('test/unit/core', qr/\.cpp$/),
  files_below('test/unit/engine', qr/\.cpp$/), files_below('test/unit/remote', qr/\.cpp$/);
is_deeply(\@unreached, [], 'each unit test file bears the name that the build looks for');

done_testing();
