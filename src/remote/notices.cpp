// libpq's notice receiver is a C callback: nothing may leave it, and nobody bounds what comes in.
#include "remote/notices.hpp"

#include <utility>

#include "core/format.hpp"
#include "remote/result.hpp"

namespace mad::remote {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} * 1024;

}  // namespace

void Notices::receive_from(PGconn* connection) noexcept {
    PQsetNoticeReceiver(connection, receive, this);
}

void Notices::receive(void* notices, const PGresult* notice) noexcept {
    auto& self = *static_cast<Notices*>(notices);
    try {
        self.keep(notice);
    } catch (...) {
        ++self.dropped_;
    }
}

void Notices::keep(const PGresult* result) {
    const std::string severity = diagnostic(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool is_warning = severity == "WARNING";
    if (!is_warning && severity != "NOTICE") return;
    Notice notice{.level = is_warning ? Notice::Level::warning : Notice::Level::notice,
                  .message = diagnostic(result, PG_DIAG_MESSAGE_PRIMARY),
                  .detail = diagnostic(result, PG_DIAG_MESSAGE_DETAIL),
                  .hint = diagnostic(result, PG_DIAG_MESSAGE_HINT)};
    const std::size_t bytes = notice.message.size() + notice.detail.size() + notice.hint.size();
    if (kept_bytes_ + bytes > most_bytes) {
        ++dropped_;
        return;
    }
    kept_.push_back(std::move(notice));
    kept_bytes_ += bytes;
}

void Notices::say_all(Host& host) {
    const std::vector<Notice> notices = std::exchange(kept_, {});
    const std::size_t dropped = std::exchange(dropped_, 0);
    kept_bytes_ = 0;
    for (const Notice& notice : notices) host.say(notice);
    if (dropped > 0) {
        host.say({.level = Notice::Level::notice,
                  .message = mad::format("{} more notices are not shown", dropped),
                  .detail = {},
                  .hint = {}});
    }
}

}  // namespace mad::remote
