// The background worker's life: its turn, the queue, a rest until the next job is due.
#include "server/worker.hpp"

#include <algorithm>

#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/loopback.hpp"
#include "server/queue_lock.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

constexpr auto longest_pause = 60s;
constexpr auto longest_rest = 1h;
constexpr auto time_to_linger = 100ms;

/// Set by a signal from another worker. A latch alone may be set for nothing: each CREATE or DROP
/// DATABASE sets them all.
volatile sig_atomic_t is_asked_to_look = 0;

extern "C" {
static void ask_to_look(int) {
    const int saved = errno;
    is_asked_to_look = 1;
    SetLatch(MyLatch);
    errno = saved;
}
}

/// In a process that is in no transaction.
template <typename Body>
auto in_transaction(Body&& body) {
    call([] { StartTransactionCommand(); });
    auto result = body();
    call([] { CommitTransactionCommand(); });
    return result;
}

void reload_configuration() {
    if (ConfigReloadPending == 0) return;
    ConfigReloadPending = 0;
    call([] { ProcessConfigFile(PGC_SIGHUP); });
}

/// Connected to no database, but by a session of its own while it works.
class Worker {
 public:
    explicit Worker(const WorkerOrder& order) : order_(order) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void operator()() {
        do {
            reload_configuration();
            look();
        } while (rest());
    }

 private:
    struct Place {
        QueueName queue;
        std::string database;
        std::string owner;  // of the extension
    };

    /// Does what is due, and knows afterwards when to look again.
    void look() {
        again_.reset();
        try {
            const std::optional<Place> place = order_.is_standing ? ask_for_place() : find_place();
            if (place) take_turn_at(*place);
            failures_ = 0;
        } catch (const Failure& failure) {
            if (!is_gone(failure) && (order_.is_standing || find_place())) try_later(failure);
        }
    }

    void take_turn_at(const Place& place) {
        const std::optional<HeldPost> working = take_turn(place.queue);
        if (!working) return;
        const std::unique_ptr<Executor> session = reactor_.complete(
            connect_loopback(reactor_, place.owner, place.database, bookkeeping_settings()));
        QueueOrder order;
        order.lane = order_.lane;
        order.attempts = settings::job_attempts();
        const Drained drained = drain_again_and_again(*session, place.queue, order);
        if (!drained.next && !order_.is_standing) return;
        resting_ = HeldPost::try_now(place.queue, Post::resting);
        if (!resting_) wake_resting(*session, place.queue);
        if (drained.next && resting_) again_ = host_.now() + *drained.next;
    }

    /// Of many commits in a row the first one starts a worker, and the others find it.
    Drained drain_again_and_again(Executor& session, QueueName queue, const QueueOrder& order) {
        Drained drained = reactor_.complete(drain(session, host_, order));
        while (wait_for_more(queue, time_to_linger)) {
            drained = reactor_.complete(drain(session, host_, order));
            if (drained.done == 0) break;
        }
        return drained;
    }

    /// It rests until a later time than this one would, perhaps.
    void wake_resting(Executor& session, QueueName queue) {
        const Rows rows = reactor_.complete(session.run(resting_process_sql(queue)));
        for (const Row& row : rows) {
            const int process = std::stoi(row.at(0).value());
            call([&] {
                const char* const type = GetBackgroundWorkerTypeByPid(process);
                if (type != nullptr && strcmp(type, worker_type) == 0) (void)kill(process, SIGUSR2);
            });
        }
    }

    void try_later(const Failure& failure) {
        host_.say({Notice::Level::warning,
                   mad::format("could not work on the queue: {}", failure.report().message),
                   failure.report().detail, failure.report().hint});
        ++failures_;
        if (failures_ >= settings::job_attempts()) return;
        again_ = host_.now() + std::min(1s * (1 << std::min(failures_, 6)), longest_pause);
    }

    /// False where there is nothing to wait for.
    bool rest() {
        if (!again_ && !order_.is_standing) return false;
        const TimePoint until = again_.value_or(host_.now() + longest_rest);
        while (is_asked_to_look == 0 && host_.now() < until) sleep_until_woken(until);
        is_asked_to_look = 0;
        resting_.reset();
        return true;
    }

    /// None where the database is there no more.
    std::optional<Place> find_place() const {
        return in_transaction([&]() -> std::optional<Place> {
            const char* const name = call([&] { return get_database_name(order_.database); });
            if (name == nullptr) return std::nullopt;
            return Place{{order_.database, order_.lane}, name, role_name(order_.owner)};
        });
    }

    /// None where the extension is not there yet. Databases cannot be looked up by name here: the
    /// server's first process has no index of them.
    std::optional<Place> ask_for_place() {
        const std::string name = settings::control_database();
        const std::string superuser =
            in_transaction([] { return role_name(Oid{BOOTSTRAP_SUPERUSERID}); });
        const std::unique_ptr<Executor> session =
            reactor_.complete(connect_loopback(reactor_, superuser, name, bookkeeping_settings()));
        const Rows rows = reactor_.complete(session->run(
            "SELECT d.oid, pg_get_userbyid(n.nspowner) FROM pg_database d, pg_namespace n WHERE "
            "d.datname = current_database() AND n.nspname = 'mad_migrate' AND EXISTS (SELECT FROM "
            "pg_extension WHERE extname = 'mad_migrate')"));
        if (rows.empty()) return std::nullopt;
        const Oid database = static_cast<Oid>(std::stoul(rows[0][0].value()));
        return Place{{database, order_.lane}, name, rows[0][1].value()};
    }

    const WorkerOrder order_;
    ServerHost host_;
    Reactor reactor_{host_};
    std::optional<HeldPost> resting_;
    Deadline again_;
    int failures_ = 0;
};

}  // namespace

}  // namespace mad::pg

extern "C" {
PGDLLEXPORT void mad_migrate_worker_main(Datum);

void mad_migrate_worker_main(Datum) {
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGUSR2, mad::pg::ask_to_look);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    mad::pg::enter([] {
        mad::pg::Worker worker(mad::pg::order_of_this_worker());
        worker();
    });
}
}
