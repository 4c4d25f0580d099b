# What the module exports is what the SQL script names, and nothing else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Checkout;
use Test::More;

# What the server itself looks for in a module.
my @wanted = qw(Pg_magic_func _PG_init);

# And what it looks for in a background worker's.
my @workers = map { read_file($_) =~ /bgw_function_name,\s*"(\w+)"/g } files_below('src/server', qr/\.cpp$/);
is(@workers, 1, 'there is one main function of a worker');
push @wanted, @workers;

foreach my $path (files_below('sql', qr/^[^-]*\.sql$/))
{
    my $text = read_file($path);
    my @modules = $text =~ /'MODULE_PATHNAME'/g;
    my @symbols = $text =~ /AS\s+'MODULE_PATHNAME'\s*,\s*'(\w+)'/g;
    is(@symbols, @modules, "$path names each function's symbol");
    push @wanted, map { $_, "pg_finfo_$_" } @symbols;
}
my %distinct = map { $_ => 1 } @wanted;
@wanted = sort keys %distinct;

my @listed = sort(read_file('src/server/exports.txt') =~ /^(\w+)/mg);
is_deeply(\@listed, \@wanted, 'exports.txt lists the symbols of the SQL script');

my @exported = sort map { /\s(\w+)$/ } qx(nm -D --defined-only mad_migrate.so);
is_deeply(\@exported, \@wanted, 'the built module exports them and nothing else');

done_testing();
