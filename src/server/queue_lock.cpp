// The locks by which those who queue jobs and those who do them know of each other.
#include "server/queue_lock.hpp"

#include "server/compat.hpp"
#include "server/host.hpp"

namespace mad::pg {

namespace {

/// The first half of the locks' keys, to be told from other people's.
constexpr std::uint32_t queue_key = 0x6d61646a;  // "madj"

constexpr std::uint32_t key_of(QueueName queue, Post post) noexcept {
    return static_cast<std::uint32_t>(queue.lane) << 16 | static_cast<std::uint32_t>(post);
}

/// As pg_advisory_lock(int, int) would make it in the control database.
LOCKTAG tag_of(QueueName queue, Post post) noexcept {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, queue.database, queue_key, key_of(queue, post), 2);
    return tag;
}

constexpr bool for_the_session = true;
constexpr bool for_the_transaction = false;
constexpr bool do_not_wait = true;
constexpr bool wait = false;

/// Opens a transaction, with whose end it is over.
bool become_next(QueueName queue) {
    const LOCKTAG next = tag_of(queue, Post::next);
    StartTransactionCommand();
    return LockAcquire(&next, ExclusiveLock, for_the_transaction, do_not_wait) !=
           LOCKACQUIRE_NOT_AVAIL;
}

/// For those that left their jobs to who was next until now.
void wait_for_committing(QueueName queue) {
    StartTransactionCommand();
    WaitForLockers(tag_of(queue, Post::committing), ExclusiveLock, false);
    CommitTransactionCommand();
}

/// A latch may be set for nothing.
void wake_process_of(const VirtualTransactionId& transaction) {
    PGPROC* const process = process_of(transaction);
    if (process != nullptr) SetLatch(&process->procLatch);
}

}  // namespace

std::optional<HeldPost> HeldPost::try_now(QueueName queue, Post post) {
    const LOCKTAG tag = tag_of(queue, post);
    const bool taken = call([&] {
        return LockAcquire(&tag, ExclusiveLock, for_the_session, do_not_wait) !=
               LOCKACQUIRE_NOT_AVAIL;
    });
    std::optional<HeldPost> held;
    if (taken) held.emplace(queue, post);
    return held;
}

HeldPost::~HeldPost() {
    if (!held_) return;
    contain([this] {
        const LOCKTAG tag = tag_of(queue_, post_);
        call([&] { LockRelease(&tag, ExclusiveLock, for_the_session); });
    });
}

// Whoever is next looks at the queue after all who have the shared lock at that time have ended. So
// the lock comes first, then the question whether somebody is next: who is next afterwards sees the
// lock. The one who is next is in a transaction for as long as it is, or the server would not count
// it among the conflicts.
bool leave_to_next(QueueName queue) {
    const LOCKTAG committing = tag_of(queue, Post::committing);
    const LOCKTAG next = tag_of(queue, Post::next);
    return call([&] {
        (void)LockAcquire(&committing, ShareLock, for_the_transaction, wait);
        int count = 0;
        const VirtualTransactionId* const holders = GetLockConflicts(&next, ExclusiveLock, &count);
        for (int i = 0; i < count; ++i) wake_process_of(holders[i]);
        return count > 0;
    });
}

std::optional<HeldPost> take_turn(QueueName queue) {
    const LOCKTAG working = tag_of(queue, Post::working);
    const bool taken = call([&] {
        const bool is_next = become_next(queue);
        if (is_next) (void)LockAcquire(&working, ExclusiveLock, for_the_session, wait);
        CommitTransactionCommand();
        if (is_next) wait_for_committing(queue);
        return is_next;
    });
    std::optional<HeldPost> held;
    if (taken) held.emplace(queue, Post::working);
    return held;
}

bool wait_for_more(QueueName queue, std::chrono::milliseconds time) {
    const bool is_next = call([&] { return become_next(queue); });
    if (is_next) sleep_until_woken(Clock::now() + time);
    call([&] {
        CommitTransactionCommand();
        if (is_next) wait_for_committing(queue);
    });
    return is_next;
}

std::string resting_process_sql(QueueName queue) {
    return mad::format(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = {} AND "
        "classid = {} AND objid = {} AND objsubid = 2",
        queue.database, queue_key, key_of(queue, Post::resting));
}

}  // namespace mad::pg
