// The locks by which those who queue jobs and those who do them know of each other.
//
// Advisory locks of the control database, held by processes rather than by sessions in it: who only
// waits for work must not keep anybody from dropping the database.
#pragma once

#include "engine/queue.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// One lane of one control database's queue.
struct QueueName {
    Oid database;
    Lane lane;
};

enum class Post : std::uint16_t {
    committing,  // shared by transactions that have queued jobs and are about to commit
    next,        // who begins to work when the one at work has ended
    working,
    resting,  // until a job is due
};

/// A post that this process has until the object goes.
class HeldPost {
 public:
    /// None where somebody else has it.
    static std::optional<HeldPost> try_now(QueueName queue, Post post);
    /// Of a post that the process has taken already.
    HeldPost(QueueName queue, Post post) noexcept : queue_(queue), post_(post) {}
    HeldPost(HeldPost&& other) noexcept
        : queue_(other.queue_), post_(other.post_), held_(std::exchange(other.held_, false)) {}
    HeldPost& operator=(HeldPost&& other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(post_, other.post_);
        std::swap(held_, other.held_);
        return *this;
    }
    ~HeldPost();

 private:
    QueueName queue_;
    Post post_;
    bool held_ = true;
};

/// In a transaction that has queued jobs and is about to commit. True where somebody will look at
/// the queue after that commit; otherwise somebody must be started.
bool leave_to_next(QueueName queue);

/// Outside a transaction: waits for its turn, then for the commits that it was left to see to. None
/// where another waits for that turn already.
std::optional<HeldPost> take_turn(QueueName queue);

/// At work, with nothing left to do: for this long commits leave their jobs to this process, and
/// end its wait. False where another is next already. Afterwards the queue must be looked at once
/// more.
bool wait_for_more(QueueName queue, std::chrono::milliseconds time);

/// A query for the process that rests.
std::string resting_process_sql(QueueName queue);

}  // namespace mad::pg
