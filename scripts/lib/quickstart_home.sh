# Where quickstart's cluster lives: .pg/home, or a link of that name to a folder that serves better.
# shellcheck shell=bash

# A socket's path, "<home>/.s.PGSQL.5432", must stay within 107 bytes, and neither the server's
# settings nor libpq's host may misread it.
bears_a_socket() {
    local LC_ALL=C
    ((${#1} + 14 <= 107)) && [[ $1 != *[\"\'\\\$\`,]* ]]
}

quickstart_home() {
    local home=$repository/.pg/home elsewhere
    mkdir -p "$repository/.pg"
    if [[ ! -d $home ]]; then
        rm -f "$home"
        if bears_a_socket "$home" && as_user "$(server_user)" test -x "$repository/.pg"; then
            create_home "$home"
        else
            elsewhere=/var/tmp
            ((EUID != 0)) || elsewhere=/var/lib
            elsewhere=$(mktemp -d "$elsewhere/mad_migrate.XXXXXX")
            create_home "$elsewhere"
            ln -s "$elsewhere" "$home"
        fi
    fi
    readlink -f "$home"
}

connect_command() {
    local owner prefix=
    owner=$(stat -c %U "$1")
    ((EUID == 0)) || [[ $owner == "$(id -un)" ]] || prefix="sudo -u $owner "
    printf '%spsql -h %q -p %s -U postgres mad' "$prefix" "$1" "$cluster_port"
}

stop_quickstart() {
    local home=$repository/.pg/home
    [[ -d $home ]] || fail "no private server was ever started here"
    home=$(readlink -f "$home")
    locate_postgresql
    stop_cluster "$home"
    say "stopped; its data stays in $home"
}
