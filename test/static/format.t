# Every C++ file is as .clang-format has it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Test::More;

foreach my $path (map { files_below($_, qr/\.[ch]pp$/) } qw(src test))
{
    is(system('clang-format-19', '--dry-run', '-Werror', $path), 0, "$path is formatted");
}

done_testing();
