# Private PostgreSQL clusters, reached only through a socket in a folder of their own.
# shellcheck shell=bash
# A cluster lives in one folder, its home: data, log and the socket. Its port names nothing but the
# socket, so that it cannot collide with another server's.

cluster_port=5432

# What the caller's environment says about other servers must not lead us there.
forget_other_servers() {
    local variable
    for variable in "${!PG@}"; do
        [[ $variable == PG_CONFIG ]] || unset "$variable"
    done
}

# PostgreSQL refuses to run as root.
server_user() {
    if ((EUID != 0)); then
        id -un
        return
    fi
    id postgres >/dev/null 2>&1 || useradd --system --user-group postgres
    echo postgres
}

create_home() {
    install -d -m 700 -o "$(server_user)" "$1"
}

# The owner of a home runs its server, also when root or another user asks.
in_cluster() {
    local home=$1
    shift
    as_user "$(stat -c %U "$home")" "$@"
}

is_running() {
    in_cluster "$1" "$bin/pg_ctl" -D "$1/data" status >/dev/null
}

# The data folder appears complete or not at all.
create_data() {
    local home=$1
    shift
    in_cluster "$home" rm -rf "$home/unfinished"
    in_cluster "$home" "$bin/initdb" -D "$home/unfinished" -U postgres --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 --no-instructions >/dev/null
    printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$home'" \
        "port = $cluster_port" "$@" |
        in_cluster "$home" tee -a "$home/unfinished/postgresql.conf" >/dev/null
    in_cluster "$home" mv "$home/unfinished" "$home/data"
}

# start_cluster <home> [<setting>...], the settings for when it is created.
start_cluster() {
    local home=$1
    in_cluster "$home" test -d "$home/data" || create_data "$@"
    is_running "$home" ||
        in_cluster "$home" "$bin/pg_ctl" -D "$home/data" -l "$home/log" --silent -w start ||
        fail "the private server did not start" "Its log is \"$home/log\"."
}

stop_cluster() {
    ! is_running "$1" || in_cluster "$1" "$bin/pg_ctl" -D "$1/data" --silent -m fast -w stop
}
